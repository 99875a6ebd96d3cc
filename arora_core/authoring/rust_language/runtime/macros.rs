//! Tables of ids, and the code that they stand for.
//!
//! They name this module `arora`, as it is called where they are used.

/// Reads fields of a structure that come in any order, each into a variable of its name.
///
/// `name "label" = "id" or default` has the label in errors, and the default where the field is missing.
macro_rules! fields {
    ($reader:ident; $($name:ident $($label:literal)? = $id:literal $(or $default:expr)?),*) => {
        $(let mut $name = None;)*
        for _ in 0..$reader.fields()? {
            match $reader.uuid()? {
                $(id if $name.is_none() && id == arora::id!($id) => {
                    let value = arora::Read::read($reader);
                    let name = arora::field_name!($name $($label)?);
                    $name = Some(value.map_err(|error: arora::Error| error.within(name))?);
                })*
                _ => $reader.skip()?,
            }
        }
        $(let $name = match $name {
            Some(value) => value,
            None => arora::field_default!(arora::field_name!($name $($label)?); $($default)?),
        };)*
    };
}

macro_rules! field_name {
    ($name:ident) => {
        stringify!($name)
    };
    ($name:ident $label:literal) => {
        $label
    };
}

macro_rules! field_default {
    ($name:expr;) => {
        return Err(arora::Error::missing($name).into())
    };
    ($name:expr; $default:expr) => {
        $default
    };
}

/// Makes a type one whose values can be read and written as a structure.
///
/// `field "label" = "id"` is a field, and the label its name in errors.
macro_rules! structure {
    (
        $type:ident $name:literal = $id:literal;
        $($field:ident $($label:literal)? = $field_id:literal,)*
    ) => {
        impl $type {
            fn arora_read(reader: &mut arora::Reader<'_>) -> Result<Self, arora::Error> {
                arora::fields!(reader; $($field $($label)? = $field_id),*);
                Ok(Self { $($field),* })
            }

            fn arora_write(&self, writer: &mut arora::Writer) {
                writer.count(<[&str]>::len(&[$(stringify!($field)),*]));
                $(
                    writer.uuid(arora::id!($field_id));
                    arora::Write::write(&self.$field, writer);
                )*
            }
        }

        arora::record!($type $name $id STRUCTURE);
    };
}

/// Makes a type one whose values can be read and written as an enumeration.
///
/// `Variant = "id"` is a variant that carries nothing, `Variant "label"(payload) = "id"` one that does.
macro_rules! enumeration {
    (
        $type:ident $name:literal = $id:literal;
        $($variant:ident $($label:literal)? $(($payload:ident))? = $variant_id:literal,)*
    ) => {
        impl $type {
            fn arora_read(reader: &mut arora::Reader<'_>) -> Result<Self, arora::Error> {
                match reader.uuid()? {
                    $(id if id == arora::id!($variant_id) => arora::variant!(
                        reader $variant (arora::field_name!($variant $($label)?)) $($payload)?
                    ),)*
                    _ => Err(reader.failure("expected the id of a variant of ", $name)),
                }
            }

            fn arora_write(&self, writer: &mut arora::Writer) {
                match *self {
                    $(Self::$variant $((ref $payload))? => {
                        writer.uuid(arora::id!($variant_id));
                        arora::Write::write(arora::payload!($($payload)?), writer);
                    })*
                }
            }
        }

        arora::record!($type $name $id ENUMERATION);
    };
}

macro_rules! variant {
    ($reader:ident $variant:ident $name:tt) => {
        $reader.unit().map(|()| Self::$variant)
    };
    ($reader:ident $variant:ident $name:tt $payload:ident) => {
        match arora::Read::read($reader) {
            Ok(value) => Ok(Self::$variant(value)),
            Err(error) => Err(arora::Error::within(error, $name)),
        }
    };
}

macro_rules! payload {
    () => {
        &()
    };
    ($payload:ident) => {
        $payload
    };
}

/// Reads and writes records. Functions with type parameters would call one another as deeply as records are nested,
/// which the compiler limits.
macro_rules! record {
    ($type:ident $name:literal $id:literal $tag:ident) => {
        impl arora::Read for $type {
            const NAME: &'static str = $name;

            fn read(reader: &mut arora::Reader<'_>) -> Result<Self, arora::Error> {
                reader.record(arora::tags::$tag, arora::id!($id), $name)?;
                reader.enter()?;
                let value = Self::arora_read(reader)?;
                reader.leave();
                Ok(value)
            }

            fn read_items(
                reader: &mut arora::Reader<'_>,
                length: Option<usize>,
            ) -> Result<arora::Vec<Self>, arora::Error> {
                let id = arora::id!($id);
                reader.records(arora::tags::$tag, id, $name, length, Self::arora_read)
            }
        }

        impl arora::Write for $type {
            fn write(&self, writer: &mut arora::Writer) {
                writer.record(arora::tags::$tag, arora::id!($id));
                if writer.enter() {
                    self.arora_write(writer);
                    writer.leave();
                }
            }

            fn write_items(items: &[Self], writer: &mut arora::Writer) {
                writer.records(arora::tags::$tag, arora::id!($id), items, Self::arora_write);
            }
        }
    };
}

/// Makes a function of `Module` one that reads its arguments and writes its result.
///
/// `name "label" = "id" or default` is a parameter, `name "label" = &mut "id" or default` a mutable one.
macro_rules! export_function {
    (
        $function:ident = $id:literal;
        $($name:ident $($label:literal)? = $(&$mutable:ident)? $parameter:literal $(or $default:expr)?,)*
    ) => {
        #[allow(unused_mut, clippy::let_unit_value)]
        pub fn $function<M: Module>(
            mut arguments: arora::Reader<'_>,
        ) -> Result<arora::Writer, arora::String> {
            const FUNCTION: arora::Uuid = arora::Uuid::parse($id);
            let reader = &mut arguments;
            reader.arguments()?;
            arora::fields!(reader; $($name $($label)? = $parameter $(or $default)?),*);
            reader.finish()?;
            $(let mut $name = $name;)*
            let returned = M::$function($(arora::pass!($($mutable)? $name)),*)?;
            let mutable = <[&str]>::len(&[$($(stringify!($mutable $name),)?)*]);
            let mut writer = arora::Writer::result(FUNCTION, mutable, &returned);
            $($(arora::mutated!($mutable writer $parameter $name);)?)*
            Ok(writer)
        }
    };
}

macro_rules! pass {
    ($name:ident) => {
        $name
    };
    (mut $name:ident) => {
        &mut $name
    };
}

macro_rules! mutated {
    (mut $writer:ident $id:literal $name:ident) => {
        $writer.field(arora::id!($id), &$name)
    };
}

/// Calls a function of another module: the body of a function with these parameters.
macro_rules! import_function {
    (
        $name:literal = $id:literal of $module:literal;
        $($parameter:ident $($label:literal)? = $(&$mutable:ident)? $parameter_id:literal,)*
    ) => {{
        const FUNCTION: arora::Uuid = arora::Uuid::parse($id);
        let count = <[&str]>::len(&[$(stringify!($parameter)),*]);
        let call = arora::Call::new(FUNCTION, count);
        $(let call = call.argument(arora::id!($parameter_id), &$parameter);)*
        let answer = call.send(arora::id!($module))?;
        let returned = answer.field(FUNCTION, $name)?;
        $($(arora::assign!($mutable answer $name $parameter_id $parameter);)?)*
        Ok(returned)
    }};
}

macro_rules! assign {
    (mut $answer:ident $name:literal $id:literal $parameter:ident) => {
        *$parameter = $answer.field(arora::id!($id), $name)?
    };
}

/// Exports the functions of a module, each under its symbol. Of components, `component.rs` has this.
#[cfg(not(target_env = "p2"))]
macro_rules! export_functions {
    ($panics:ident $module:ty; $($name:ident = $id:literal as $symbol:literal,)*) => {
        $(generated::arora::export_symbol!($panics $symbol $name $module);)*
    };
}

/// Exports a function. A panic becomes an error where there is `std`; otherwise it has to abort.
macro_rules! export_symbol {
    (std $symbol:literal $function:ident $module:ty) => {
        #[export_name = $symbol]
        pub unsafe extern "C" fn $function(argument: *const u8) -> *mut u8 {
            let function = generated::functions::$function::<$module>;
            match ::std::panic::catch_unwind(|| generated::arora::run(argument, function)) {
                Ok(buffer) => buffer,
                Err(payload) => generated::arora::panicked(&*payload),
            }
        }
    };
    (no_std $symbol:literal $function:ident $module:ty) => {
        #[export_name = $symbol]
        pub unsafe extern "C" fn $function(argument: *const u8) -> *mut u8 {
            generated::arora::run(argument, generated::functions::$function::<$module>)
        }
    };
}

/// A UUID, parsed when it is compiled.
macro_rules! id {
    ($id:literal) => {{
        const ID: arora::Uuid = arora::Uuid::parse($id);
        ID
    }};
}

#[cfg(not(target_env = "p2"))]
pub(crate) use export_functions;
pub(crate) use {
    assign, enumeration, export_function, export_symbol, field_default, field_name, fields, id,
    import_function, mutated, pass, payload, record, structure, variant,
};

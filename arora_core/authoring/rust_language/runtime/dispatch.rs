//! Calls of other modules, and of what the host has registered.

use super::{buffer, tags, Error, Read, Reader, String, Uuid, Write, Writer};

#[cfg(target_env = "p2")]
use super::component as host;

#[cfg(all(target_arch = "wasm32", not(target_env = "p2")))]
mod host {
    #[link(wasm_import_module = "env")]
    extern "C" {
        pub fn arora_dispatch(
            module: *const u8,
            function: *const u8,
            argument: *const u8,
        ) -> *mut u8;
        pub fn arora_dispatch_indirect(callable: u64) -> *mut u8;
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod host {
    use core::mem::transmute;
    use core::ptr;
    use core::sync::atomic::{AtomicPtr, Ordering};

    type Dispatch = unsafe extern "C" fn(*const u8, *const u8, *const u8) -> *mut u8;
    type DispatchIndirect = unsafe extern "C" fn(u64) -> *mut u8;

    // A library cannot import from its host portably: the host sets these after loading.
    #[no_mangle]
    pub static arora_dispatch_fn: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());
    #[no_mangle]
    pub static arora_dispatch_indirect_fn: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

    pub unsafe fn arora_dispatch(
        module: *const u8,
        function: *const u8,
        argument: *const u8,
    ) -> *mut u8 {
        let set = arora_dispatch_fn.load(Ordering::Relaxed);
        if set.is_null() {
            return ptr::null_mut();
        }
        transmute::<*mut (), Dispatch>(set)(module, function, argument)
    }

    pub unsafe fn arora_dispatch_indirect(callable: u64) -> *mut u8 {
        let set = arora_dispatch_indirect_fn.load(Ordering::Relaxed);
        if set.is_null() {
            return ptr::null_mut();
        }
        transmute::<*mut (), DispatchIndirect>(set)(callable)
    }
}

/// A call of another module's function.
pub struct Call {
    function: Uuid,
    arguments: Writer,
}

impl Call {
    /// A call with that many arguments, which are written next.
    pub fn new(function: Uuid, count: usize) -> Self {
        let mut arguments = Writer::new();
        arguments.record(tags::STRUCTURE, function);
        arguments.count(count);
        arguments.enter();
        Self {
            function,
            arguments,
        }
    }

    #[must_use]
    pub fn argument(mut self, id: Uuid, value: &(impl Write + ?Sized)) -> Self {
        self.arguments.field(id, value);
        self
    }

    /// Makes the call. The error is that of the called function, or says why it was not called.
    pub fn send(self, module: Uuid) -> Result<Answer, String> {
        let function = self.function;
        let argument = Owned(self.arguments.finish()?);
        // SAFETY: both ids have 16 bytes, and the argument is a buffer.
        let answer =
            unsafe { host::arora_dispatch(module.0.as_ptr(), function.0.as_ptr(), argument.0) };
        Answer::new(answer)
    }
}

/// Calls what the host has registered under that id.
pub fn dispatch_indirect<T: Read>(callable: u64) -> Result<T, String> {
    // SAFETY: a callable is a number.
    let answer = Answer::new(unsafe { host::arora_dispatch_indirect(callable) })?;
    Ok(answer.reader()?.named("answer")?)
}

/// A buffer that is freed when it goes out of scope.
struct Owned(*mut u8);

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: the host allocates the buffers that it gives with `arora_buffer_alloc`.
        unsafe { buffer::free(self.0) };
    }
}

/// The result of a call.
pub struct Answer(Owned);

impl Answer {
    fn new(buffer: *mut u8) -> Result<Self, String> {
        if buffer.is_null() {
            return Err(String::from("the host offers no such call"));
        }
        let answer = Self(Owned(buffer));
        let mut reader = answer.reader()?;
        if reader.peek() == Some(tags::ERROR) {
            reader.expect(tags::ERROR, "an error")?;
            return Err(String::from(reader.text()?));
        }
        Ok(answer)
    }

    fn reader(&self) -> Result<Reader<'_>, Error> {
        // SAFETY: the host gives buffers that have the size that they say.
        unsafe { Reader::open(self.0 .0) }
    }

    /// The return value, whose id is that of the function, or a mutable parameter.
    pub fn field<T: Read>(&self, id: Uuid, name: &str) -> Result<T, Error> {
        let mut reader = self.reader()?;
        reader.expect(tags::STRUCTURE, "a structure of results")?;
        reader.uuid()?;
        reader.enter()?;
        for _ in 0..reader.fields()? {
            if reader.uuid()? == id {
                return reader.named(name);
            }
            reader.skip()?;
        }
        Err(Error::missing(name))
    }
}

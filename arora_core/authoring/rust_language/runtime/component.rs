//! The exports and imports of a component (`wasm32-wasip2`), in place of those of a core module.
//!
//! `module.wit` describes them. How values cross the border is the Canonical ABI:
//! <https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md>

use super::alloc::alloc::{alloc, realloc, Layout};
use super::{buffer, Box, Function, Reader, String, Uuid, Writer};
use core::arch::wasm32;
use core::hint::black_box;
use core::mem::MaybeUninit;
use core::ptr;
use core::slice;
use core::sync::atomic::{AtomicPtr, Ordering};

/// A `result<list<u8>, string>` as it lies in memory.
#[repr(C)]
pub struct Outcome {
    failed: bool,
    data: *mut u8,
    size: usize,
}

/// Memory for what the host passes.
///
/// It is exactly as large as asked for, because the standard library gets what it asks WASI for here
/// as well, and frees it as a `Vec`. There is no way to refuse but a trap: any pointer would be taken
/// for memory.
///
/// # Safety
///
/// `old` is memory from here of that size and alignment, if the size is not 0.
#[no_mangle]
pub unsafe extern "C" fn cabi_realloc(
    old: *mut u8,
    old_size: usize,
    alignment: usize,
    size: usize,
) -> *mut u8 {
    if size == 0 {
        return ptr::null_mut::<u8>().wrapping_add(alignment);
    }
    let memory = if old_size == 0 {
        alloc(Layout::from_size_align_unchecked(size, alignment))
    } else {
        let layout = Layout::from_size_align_unchecked(old_size, alignment);
        realloc(old, layout, size)
    };
    if memory.is_null() {
        wasm32::unreachable();
    }
    memory
}

/// The owner of bytes that have an allocation of their own.
unsafe fn list(data: *mut u8, size: usize) -> Box<[u8]> {
    Box::from_raw(ptr::slice_from_raw_parts_mut(data, size))
}

/// A call in progress.
///
/// What unwinds a call (a trap, an exception of the host) drops nothing. The host may go on then, and
/// the next call frees the argument.
struct Running {
    argument: Box<[u8]>,
    /// An address in the stack frame of the call: the stack grows downwards.
    frame: usize,
    outer: *mut Running,
}

/// The innermost call in progress.
static INNERMOST: AtomicPtr<Running> = AtomicPtr::new(ptr::null_mut());

impl Running {
    unsafe fn begin(argument: Box<[u8]>, frame: usize) -> *mut Self {
        let mut outer = INNERMOST.load(Ordering::Relaxed);
        // A call that still runs has its frame above those of the calls inside it: any other has been
        // unwound.
        while !outer.is_null() && (*outer).frame <= frame {
            outer = Self::end(outer);
        }
        let call = Box::into_raw(Box::new(Self {
            argument,
            frame,
            outer,
        }));
        INNERMOST.store(call, Ordering::Relaxed);
        call
    }

    /// Frees the call and its argument, and returns the one that it was made in.
    unsafe fn end(call: *mut Self) -> *mut Self {
        let outer = Box::from_raw(call).outer;
        INNERMOST.store(outer, Ordering::Relaxed);
        outer
    }
}

/// Calls the function whose UUID has these halves. `cabi_post_dispatch` frees what is returned.
///
/// # Safety
///
/// `argument` is memory of that size from `cabi_realloc`, which this function frees.
pub unsafe fn answer(
    high: u64,
    low: u64,
    argument: *mut u8,
    size: usize,
    functions: &[(Uuid, Function)],
) -> *mut Outcome {
    let frame = 0_u8;
    let frame = black_box(ptr::addr_of!(frame)) as usize;
    let call = Running::begin(list(argument, size), frame);
    let id = Uuid((u128::from(high) << 64 | u128::from(low)).to_be_bytes());
    let found = functions.iter().find(|(each, _)| *each == id);
    let result = match found {
        Some((_, function)) => whole(&(*call).argument).and_then(function),
        None => Err(String::from("this module has no function with that id")),
    };
    let outcome = Outcome::of(result.and_then(Writer::finish));
    while INNERMOST.load(Ordering::Relaxed) != call {
        Running::end(INNERMOST.load(Ordering::Relaxed));
    }
    Running::end(call);
    Box::into_raw(Box::new(outcome))
}

/// A reader of a buffer that says its size rightly.
fn whole(bytes: &[u8]) -> Result<Reader<'_>, String> {
    let reader = Reader::of(bytes)?;
    if size_of_buffer(bytes) != bytes.len() {
        return Err(String::from("the buffer has another size than it says"));
    }
    Ok(reader)
}

/// The size that a buffer says it has.
fn size_of_buffer(bytes: &[u8]) -> usize {
    let size = [bytes[0], bytes[1], bytes[2], bytes[3]];
    usize::try_from(u32::from_le_bytes(size)).unwrap_or(0)
}

impl Outcome {
    fn of(result: Result<*mut u8, String>) -> Self {
        match result {
            // SAFETY: every buffer starts with its size.
            Ok(buffer) => Self {
                failed: false,
                data: buffer,
                size: size_of_buffer(unsafe { slice::from_raw_parts(buffer, 4) }),
            },
            Err(message) => {
                let message = Box::leak(message.into_boxed_str());
                Self {
                    failed: true,
                    data: message.as_mut_ptr(),
                    size: message.len(),
                }
            }
        }
    }

    /// What the host answered, as a buffer of this module.
    unsafe fn into_buffer(self) -> *mut u8 {
        let data = list(self.data, self.size);
        let message = if self.failed {
            String::from_utf8_lossy(&data).into_owned()
        } else {
            match whole(&data) {
                Ok(_) => return copied(&data),
                Err(message) => ["the answer of the host: ", &*message].concat(),
            }
        };
        Writer::error(&message).finish().unwrap_or(ptr::null_mut())
    }
}

unsafe fn copied(bytes: &[u8]) -> *mut u8 {
    let copy = buffer::allocate(bytes.len());
    if !copy.is_null() {
        ptr::copy_nonoverlapping(bytes.as_ptr(), copy, bytes.len());
    }
    copy
}

/// Frees what `dispatch` returned.
///
/// # Safety
///
/// It is that, and is not used afterwards.
#[no_mangle]
pub unsafe extern "C" fn cabi_post_dispatch(outcome: *mut Outcome) {
    let Outcome { failed, data, size } = *Box::from_raw(outcome);
    if failed {
        drop(list(data, size));
    } else {
        buffer::free(data);
    }
}

mod host {
    #[link(wasm_import_module = "arora:module/host@0.1.0")]
    extern "C" {
        pub fn dispatch(
            module_high: u64,
            module_low: u64,
            function_high: u64,
            function_low: u64,
            argument: *const u8,
            size: usize,
            outcome: *mut super::Outcome,
        );
        #[link_name = "dispatch-indirect"]
        pub fn dispatch_indirect(callable: u64, outcome: *mut super::Outcome);
    }
}

/// Calls another module, as the function of that name that core modules import.
pub unsafe fn arora_dispatch(
    module: *const u8,
    function: *const u8,
    argument: *const u8,
) -> *mut u8 {
    let size = size_of_buffer(slice::from_raw_parts(argument, 4));
    let mut outcome = MaybeUninit::uninit();
    host::dispatch(
        half(module),
        half(module.add(8)),
        half(function),
        half(function.add(8)),
        argument,
        size,
        outcome.as_mut_ptr(),
    );
    outcome.assume_init().into_buffer()
}

/// Calls what the host has registered, as the function of that name that core modules import.
pub unsafe fn arora_dispatch_indirect(callable: u64) -> *mut u8 {
    let mut outcome = MaybeUninit::uninit();
    host::dispatch_indirect(callable, outcome.as_mut_ptr());
    outcome.assume_init().into_buffer()
}

/// The half of a UUID that starts here.
unsafe fn half(bytes: *const u8) -> u64 {
    u64::from_be_bytes(bytes.cast::<[u8; 8]>().read())
}

/// Exports the functions of a module, through the one function that a component has.
macro_rules! export_functions {
    ($panics:ident $module:ty; $($name:ident = $id:literal as $symbol:literal,)*) => {
        #[export_name = "dispatch"]
        pub unsafe extern "C" fn dispatch(
            high: u64,
            low: u64,
            argument: *mut u8,
            size: usize,
        ) -> *mut generated::arora::Outcome {
            use generated::arora;
            const FUNCTIONS: &[(arora::Uuid, arora::Function)] =
                &[$((arora::id!($id), generated::functions::$name::<$module>)),*];
            arora::answer(high, low, argument, size, FUNCTIONS)
        }
    };
}

pub(crate) use export_functions;

//! Memory for buffers. Each allocation starts with its size, which freeing it needs.

use super::alloc::alloc::{alloc, dealloc, realloc, Layout};
use core::mem::size_of;
use core::ptr;

const ALIGNMENT: usize = 8;
/// Bytes before a buffer, for the size of its allocation.
const HEADER: usize = 8;
/// Bytes after a buffer, which readers of it may touch.
const SLACK: usize = 8;

type Size = [u8; size_of::<usize>()];

fn layout(size: usize) -> Option<Layout> {
    Layout::from_size_align(size.checked_add(HEADER + SLACK)?, ALIGNMENT).ok()
}

/// Returns memory for `size` bytes, aligned to 8, or null if there is none.
pub fn allocate(size: usize) -> *mut u8 {
    match layout(size) {
        // SAFETY: the layout is not of size 0.
        Some(layout) => unsafe { after_header(alloc(layout), layout) },
        None => ptr::null_mut(),
    }
}

/// Returns the memory moved to where `size` bytes are, or null if there is none; then it is as it was.
///
/// # Safety
///
/// `buffer` comes from this file.
pub unsafe fn reallocate(buffer: *mut u8, size: usize) -> *mut u8 {
    match layout(size) {
        Some(layout) => {
            let (start, old) = allocation(buffer);
            after_header(realloc(start, old, layout.size()), layout)
        }
        None => ptr::null_mut(),
    }
}

/// Frees the memory.
///
/// # Safety
///
/// `buffer` comes from this file, or is null.
pub unsafe fn free(buffer: *mut u8) {
    if !buffer.is_null() {
        let (start, layout) = allocation(buffer);
        dealloc(start, layout);
    }
}

unsafe fn after_header(start: *mut u8, layout: Layout) -> *mut u8 {
    if start.is_null() {
        return start;
    }
    start.cast::<Size>().write(layout.size().to_ne_bytes());
    start.add(HEADER)
}

unsafe fn allocation(buffer: *mut u8) -> (*mut u8, Layout) {
    let start = buffer.sub(HEADER);
    let size = usize::from_ne_bytes(start.cast::<Size>().read());
    (start, Layout::from_size_align_unchecked(size, ALIGNMENT))
}

/// Returns memory for a buffer of `size` bytes that the host will write, or null if there is none.
#[no_mangle]
pub extern "C" fn arora_buffer_alloc(size: u32) -> *mut u8 {
    usize::try_from(size).map_or(ptr::null_mut(), allocate)
}

/// Frees a buffer. Null is allowed.
///
/// # Safety
///
/// `buffer` is null or a buffer of this module.
#[no_mangle]
pub unsafe extern "C" fn arora_buffer_free(buffer: *mut u8) {
    free(buffer);
}

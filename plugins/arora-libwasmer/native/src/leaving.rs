//! The end of the process, while guests still run in other threads.
//!
//! When Python ends, it ends other threads as soon as they ask for its lock, by unwinding their stacks. Threads that
//! answer an import have frames of Rust on theirs, which may not be unwound so: the process would abort. So from a
//! certain moment on, no other thread begins to answer an import: it stops there, and ends with the process.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{ThreadId, current, park};

/// The thread that ends the process, once it does.
static LEAVING: OnceLock<ThreadId> = OnceLock::new();
/// Imports that are being answered.
static ANSWERING: AtomicUsize = AtomicUsize::new(0);

/// Runs `answer`, which answers an import by calling Python and does not unwind. Does not return if the process is
/// ending.
pub fn answering<R>(answer: impl FnOnce() -> R) -> R {
    // Counted before it looks, so that `aw_leave` sees it or it sees `aw_leave`.
    ANSWERING.fetch_add(1, Ordering::SeqCst);
    if LEAVING.get().is_some_and(|leaving| *leaving != current().id()) {
        ANSWERING.fetch_sub(1, Ordering::SeqCst);
        loop {
            park();
        }
    }
    let answered = answer();
    ANSWERING.fetch_sub(1, Ordering::SeqCst);
    answered
}

/// Says that this thread ends the process. Returns how many imports are being answered at this moment.
#[unsafe(no_mangle)]
pub extern "C" fn aw_leave() -> usize {
    let _ = LEAVING.set(current().id());
    ANSWERING.load(Ordering::SeqCst)
}

//! Ends the program with a message and exit code 3 where the system refuses memory.
//!
//! The standard library aborts there. What ends the program must not allocate: the message lies ready, and its number
//! is written into an array.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::is_refused_stack;

use super::interrupt;

/// The system's allocator, which the program asks for all memory. The library does not: its callers have their own.
#[derive(Debug)]
pub struct ProgramAllocator;

// SAFETY: every call goes to the system's allocator with the arguments as they are, and what that gives is returned;
// only a null pointer is not, and then the process has ended.
unsafe impl GlobalAlloc for ProgramAllocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of this method, which is that of the system's.
        granted(unsafe { System.alloc(layout) }, layout.size())
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        granted(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    #[inline]
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        granted(unsafe { System.realloc(memory, layout, size) }, size)
    }

    #[inline]
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[inline]
fn granted(memory: *mut u8, size: usize) -> *mut u8 {
    if memory.is_null() {
        end(Some(size));
    }
    memory
}

/// Lets a panic end the program the same way where the system refused the stack of a deep recursion or of a thread,
/// for which memory is mapped without the allocator.
pub(super) fn watch_stacks() {
    let others = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if is_of_stack(panic) {
            end(None);
        }
        others(panic);
    }));
}

/// Whether a piece of stack was refused to a recursion, or to the standard library as it started a thread.
fn is_of_stack(panic: &PanicHookInfo<'_>) -> bool {
    let file = panic.location().map_or("", |place| place.file());
    is_refused_stack(file) || file.ends_with("stack_overflow.rs")
}

/// Says that memory is not enough, and ends the process. Threads that come together say it once.
#[cold]
fn end(size: Option<usize>) -> ! {
    static BEGUN: AtomicBool = AtomicBool::new(false);
    static SAID: AtomicBool = AtomicBool::new(false);
    if BEGUN.swap(true, Ordering::SeqCst) {
        while !SAID.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        exit();
    }
    say("error[E0607]: the system has not enough memory for this");
    if let Some(size) = size {
        say("\n  = note: it refused ");
        let mut digits = [0; DIGITS];
        say(decimal(size, &mut digits));
        say(" bytes");
    }
    say(
        "\n  = help: give the process more memory (`ulimit -v`, the limit of its container), or less to do at once\n",
    );
    SAID.store(true, Ordering::SeqCst);
    interrupt::remove_unfinished();
    exit()
}

/// The most digits of a size.
const DIGITS: usize = usize::MAX.ilog10() as usize + 1;

fn decimal(mut number: usize, digits: &mut [u8; DIGITS]) -> &str {
    let mut first = DIGITS;
    loop {
        first -= 1;
        digits[first] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    std::str::from_utf8(&digits[first..]).unwrap_or("many")
}

/// Writes to stderr, past the locks and buffers of the standard library, which another thread may hold.
fn say(text: &str) {
    // SAFETY: the pointer and the length are those of `text`; the descriptor is no memory.
    let _ = unsafe { libc::write(2, text.as_ptr().cast(), text.len() as _) };
}

fn exit() -> ! {
    // SAFETY: nothing of this process runs any more, so that nothing sees what is left unfinished.
    unsafe { libc::_exit(3) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_in_full() {
        for number in [0, 7, 10, 9_600_000_000, usize::MAX] {
            assert_eq!(decimal(number, &mut [0; DIGITS]), number.to_string());
        }
    }
}

//! Ends the program with a message and exit code 3 where the system refuses memory.
//!
//! The standard library aborts there. The code that ends the program must not allocate: it builds its message in an
//! array on the stack.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::is_refused_stack;

use super::interrupt;

/// The allocator of the program: the system's, which here explains itself when it fails. The library leaves the choice
/// of an allocator to its callers.
#[derive(Debug)]
pub struct ProgramAllocator;

// SAFETY: every call passes its arguments on to the system's allocator and returns the result, except a null pointer,
// at which the process ends.
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

/// Lets a panic end the program in the same way if the system refused the stack of a deep recursion or of a thread.
/// Stacks are mapped without the allocator.
pub(super) fn watch_stacks() {
    let others = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if is_of_stack(panic) {
            end(None);
        }
        others(panic);
    }));
}

/// Returns whether a piece of stack was refused to a recursion, or to the standard library as it started a thread.
fn is_of_stack(panic: &PanicHookInfo<'_>) -> bool {
    let file = panic.location().map_or("", |place| place.file());
    is_refused_stack(file) || file.ends_with("stack_overflow.rs")
}

/// Lets the C library end the program the same way: it aborts where it has no memory for the needs of a new thread.
#[cfg(unix)]
pub(super) fn watch_aborts() {
    let handler: extern "C" fn(libc::c_int) = aborted;
    // SAFETY: the handler does only what may be done in one: system calls, and atomics.
    unsafe { libc::signal(libc::SIGABRT, handler as libc::sighandler_t) };
}

/// Handles an abort. If the system maps no further memory, the abort is for want of memory, and the program says so; any
/// other abort takes its course.
#[cfg(unix)]
extern "C" fn aborted(_: libc::c_int) {
    const PROBE: usize = 16 << 20;
    // SAFETY: new memory at a place of the system's choice concerns no other.
    let memory = unsafe {
        let kind = libc::MAP_PRIVATE | libc::MAP_ANON;
        libc::mmap(std::ptr::null_mut(), PROBE, libc::PROT_READ, kind, -1, 0)
    };
    if memory == libc::MAP_FAILED {
        end(None);
    }
}

/// Writes that memory is not enough, and ends the process. If several threads arrive here, one of them writes.
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
    // A single write cannot be interrupted by the message of another thread.
    let mut digits = [0; DIGITS];
    let mut message = Message { bytes: [0; ROOM], length: 0 };
    message.add("error[E0607]: the system has not enough memory for this");
    if let Some(size) = size {
        message.add("\n  = note: it refused ");
        message.add(decimal(size, &mut digits));
        message.add(" bytes");
    }
    message.add("\n  = help: give the process more memory (`ulimit -v`, the limit of its container), or less to do at once\n");
    message.say();
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

/// The most bytes of the message.
const ROOM: usize = 256;

/// A text that is built without the allocator.
struct Message {
    bytes: [u8; ROOM],
    length: usize,
}

impl Message {
    /// Appends as much of a part as there is room for.
    fn add(&mut self, part: &str) {
        let room = &mut self.bytes[self.length..];
        let length = part.len().min(room.len());
        room[..length].copy_from_slice(&part.as_bytes()[..length]);
        self.length += length;
    }

    /// Writes it to stderr, past the locks and buffers of the standard library, which another thread may hold.
    fn say(&self) {
        // SAFETY: the pointer is that of `bytes`, of which `length` bytes are written; the descriptor is no memory.
        let _ = unsafe { libc::write(2, self.bytes.as_ptr().cast(), self.length as _) };
    }
}

fn exit() -> ! {
    // SAFETY: `_exit` takes a number, touches no memory of this process, and does not return.
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

//! Memory that the threads of an executor share.
//!
//! It is zeroed and begins at a cache line. Tasks read and write it through pointers. No two tasks write the same
//! element at the same time: the plan gives disjoint memory to values that are in use at the same step, and the tasks
//! of a phase write disjoint elements.
#![allow(unsafe_code)]

use std::ptr::NonNull;

use ndarray::ArrayD;

use crate::diag::{Code, Failure};
use crate::lower::Tensor;

/// Bytes of a cache line, the alignment of all memory.
const LINE: usize = 64;

/// Zeroed, aligned elements of f32.
#[derive(Debug)]
pub(in crate::exec) struct Memory {
    start: NonNull<f32>,
    len: usize,
}

// SAFETY: the memory is plain numbers owned by this value; accesses from several threads are kept apart as the
// head of this module says.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Memory {
    /// Allocates zeros.
    ///
    /// # Errors
    /// E0607 where there is too little memory.
    pub(in crate::exec) fn zeroed(len: usize) -> Result<Memory, Failure> {
        let failed = || Failure::new(Code::E0607, format!("cannot allocate {} bytes", len as u128 * 4));
        if len == 0 {
            return Ok(Memory { start: NonNull::dangling(), len });
        }
        let bytes = Memory::bytes(len).ok_or_else(failed)?;
        let start = pages::zeroed(bytes).ok_or_else(failed)?;
        Ok(Memory { start: start.cast(), len })
    }

    /// The number of elements.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The size in bytes of `len` elements, rounded up to whole cache lines.
    fn bytes(len: usize) -> Option<usize> {
        len.checked_mul(4)?.checked_next_multiple_of(LINE).filter(|&bytes| isize::try_from(bytes).is_ok())
    }

    /// A pointer to the element at `index`, which may be one past the end.
    pub(super) fn at(&self, index: usize) -> *mut f32 {
        debug_assert!(index <= self.len, "{index} lies beyond {}", self.len);
        self.start.as_ptr().wrapping_add(index)
    }

    /// The elements from `start` on.
    ///
    /// # Safety
    /// Nobody writes them while the slice is in use.
    pub(super) unsafe fn slice(&self, start: usize, len: usize) -> &[f32] {
        assert!(start <= self.len && len <= self.len - start, "a tensor lies in its memory");
        // SAFETY: in bounds, initialised, and not written by promise of the caller.
        unsafe { std::slice::from_raw_parts(self.at(start), len) }
    }

    /// The elements from `start` on, mutable.
    ///
    /// # Safety
    /// Nobody else accesses them while the slice is in use.
    #[allow(clippy::mut_from_ref)]
    pub(super) unsafe fn slice_mut(&self, start: usize, len: usize) -> &mut [f32] {
        assert!(start <= self.len && len <= self.len - start, "a tensor lies in its memory");
        // SAFETY: in bounds, initialised, and not shared by promise of the caller.
        unsafe { std::slice::from_raw_parts_mut(self.at(start), len) }
    }

    /// All elements, mutable; the memory is not shared yet.
    pub(super) fn all_mut(&mut self) -> &mut [f32] {
        // SAFETY: the exclusive borrow.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }

    /// Writes an N×C×H×W tensor from an array of as many elements. Called between runs.
    pub(in crate::exec) fn fill(&self, tensor: &Tensor, batch: usize, array: &ArrayD<f32>) {
        let len = tensor.layout.picture() * batch;
        assert!(tensor.layout.lanes == 1 && array.len() == len, "an input has the size of its port");
        // SAFETY: between runs no thread touches the arena; the executor is borrowed exclusively.
        let target = unsafe { self.slice_mut(tensor.offset, len) };
        match array.as_slice() {
            Some(values) => target.copy_from_slice(values),
            None => target.iter_mut().zip(array).for_each(|(slot, &value)| *slot = value),
        }
    }

    /// The elements of a tensor in the order N×C×H×W. Called between runs.
    pub(in crate::exec) fn read(&self, tensor: &Tensor, batch: usize) -> Vec<f32> {
        let layout = tensor.layout;
        let channels = tensor.shape.channels() as usize;
        let mut values = Vec::with_capacity(batch * channels * layout.height * layout.width);
        for picture in 0..batch {
            for channel in 0..channels {
                for row in 0..layout.height {
                    let start = tensor.offset + layout.at(picture, channel / layout.lanes, row);
                    // SAFETY: between runs no thread writes the arena.
                    let line = unsafe { self.slice(start, layout.width * layout.lanes) };
                    values.extend(line.iter().skip(channel % layout.lanes).step_by(layout.lanes));
                }
            }
        }
        values
    }
}

/// Returns to the system what the allocator keeps of freed arrays: after reading weights that is as much as the largest
/// tensors take, and nothing as large is asked for again.
pub(in crate::exec) fn return_freed() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: memory that is in use is left alone.
    unsafe {
        libc::malloc_trim(0);
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if let Some(bytes) = Memory::bytes(self.len).filter(|&bytes| bytes > 0) {
            // SAFETY: `zeroed` got so many bytes there.
            unsafe { pages::free(self.start.cast(), bytes) }
        }
    }
}

/// Memory from the allocator, and on Linux large memory from the system in large pages: weights stream through
/// the processor, and with small pages the look-up of addresses slows them down.
mod pages {
    use std::alloc::{Layout, alloc_zeroed, dealloc};
    use std::ptr::NonNull;

    use super::LINE;

    /// The size in bytes from which memory comes from the system.
    #[cfg(target_os = "linux")]
    const LARGE: usize = 1 << 20;
    /// The size of a large page in bytes.
    #[cfg(target_os = "linux")]
    const PAGE: usize = 2 << 20;

    /// Allocates `bytes` zeros; at least one.
    pub(super) fn zeroed(bytes: usize) -> Option<NonNull<u8>> {
        #[cfg(target_os = "linux")]
        if bytes >= LARGE {
            return mapped(bytes);
        }
        let layout = Layout::from_size_align(bytes, LINE).ok()?;
        // SAFETY: the layout has at least one byte.
        NonNull::new(unsafe { alloc_zeroed(layout) })
    }

    /// # Safety
    /// `zeroed` returned this memory for as many bytes, and nobody uses it any more.
    pub(super) unsafe fn free(start: NonNull<u8>, bytes: usize) {
        #[cfg(target_os = "linux")]
        if bytes >= LARGE {
            // SAFETY: this range was mapped by `mapped`.
            unsafe { libc::munmap(start.as_ptr().cast(), bytes) };
            return;
        }
        if let Ok(layout) = Layout::from_size_align(bytes, LINE) {
            // SAFETY: allocated with this layout.
            unsafe { dealloc(start.as_ptr(), layout) }
        }
    }

    /// Maps memory that is aligned to a large page, and advises the system to use large pages.
    #[cfg(target_os = "linux")]
    fn mapped(bytes: usize) -> Option<NonNull<u8>> {
        let wanted = bytes.checked_add(PAGE)?;
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a new anonymous mapping touches no memory of anybody; its ends beyond the aligned range, in
        // whole pages, are given back; advice changes no contents.
        unsafe {
            let start = libc::mmap(std::ptr::null_mut(), wanted, access, kind, -1, 0);
            if start == libc::MAP_FAILED {
                return None;
            }
            let start = start.cast::<u8>();
            let before = start.align_offset(PAGE);
            if before > 0 {
                libc::munmap(start.cast(), before);
            }
            let aligned = start.wrapping_add(before);
            let end = aligned.wrapping_add(bytes.next_multiple_of(1 << 12));
            let behind = wanted.next_multiple_of(1 << 12) - before - bytes.next_multiple_of(1 << 12);
            if behind > 0 {
                libc::munmap(end.cast(), behind);
            }
            libc::madvise(aligned.cast(), bytes, libc::MADV_HUGEPAGE);
            NonNull::new(aligned)
        }
    }
}

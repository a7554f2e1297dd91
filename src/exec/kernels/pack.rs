//! Packing of constants, block by block on all threads.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicUsize, Ordering};

use ndarray::ArrayD;

use crate::diag::Failure;
use crate::lower::LANES;

use super::memory::Memory;

/// Calls `work` once for each index below `count`, on several threads.
pub(super) fn on_threads(threads: usize, count: usize, work: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    let take = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return;
            }
            work(index);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(count) {
            // If a thread cannot be started, the others do its work.
            let _ = std::thread::Builder::new().spawn_scoped(scope, take);
        }
        take();
    });
}

/// Packs `count` blocks of `len` elements, each by one call of `pack`.
///
/// # Errors
/// E0607 where there is too little memory.
pub(super) fn blocks(
    threads: usize,
    count: usize,
    len: usize,
    pack: impl Fn(usize, &mut [f32]) + Sync,
) -> Result<Memory, Failure> {
    let packed = Memory::zeroed(count * len)?;
    on_threads(threads, count, |block| {
        // SAFETY: blocks are disjoint, and each is packed by one call.
        pack(block, unsafe { packed.slice_mut(block * len, len) });
    });
    Ok(packed)
}

/// The number of elements that [`given_back`] packs before it frees their source.
const AT_ONCE: usize = 1 << 20;

/// Packs as [`blocks`] does, a tensor of which each `source` elements make a block of `len`. It starts at the end and
/// frees each packed part of the source, so that a large tensor is never in memory twice.
///
/// # Errors
/// E0607 where there is too little memory.
pub(super) fn given_back(
    threads: usize,
    mut tensor: Vec<f32>,
    source: usize,
    len: usize,
    pack: impl Fn(&[f32], &mut [f32]) + Sync,
) -> Result<Memory, Failure> {
    let mut end = tensor.len().div_ceil(source);
    let packed = Memory::zeroed(end * len)?;
    let at_once = (AT_ONCE / source).max(1);
    while end > 0 {
        let first = end.saturating_sub(at_once);
        on_threads(threads, end - first, |index| {
            let block = first + index;
            let values = &tensor[block * source..tensor.len().min((block + 1) * source)];
            // SAFETY: blocks are disjoint, and each is packed by one call.
            pack(values, unsafe { packed.slice_mut(block * len, len) });
        });
        tensor.truncate(first * source);
        tensor.shrink_to_fit();
        end = first;
    }
    Ok(packed)
}

/// The factor and the summand of each channel, padded as by [`channels`]: the first and second constant, or 1 and 0
/// where they are missing.
///
/// # Errors
/// E0607 where there is too little memory.
pub(super) fn factors_and_summands(constants: &[ArrayD<f32>], count: usize) -> Result<Vec<Memory>, Failure> {
    let of = |index: usize| channels(constants.get(index).and_then(|values| values.as_slice()), count);
    let (mut factors, summands) = (of(0)?, of(1)?);
    if constants.is_empty() {
        factors.all_mut().fill(1.0);
    }
    Ok(vec![factors, summands])
}

/// One number for each channel, padded with zeros to whole blocks plus one further block.
///
/// # Errors
/// E0607 where there is too little memory.
pub(super) fn channels(values: Option<&[f32]>, channels: usize) -> Result<Memory, Failure> {
    let mut packed = Memory::zeroed(channels.next_multiple_of(LANES) + LANES)?;
    if let Some(values) = values {
        packed.all_mut()[..values.len()].copy_from_slice(values);
    }
    Ok(packed)
}

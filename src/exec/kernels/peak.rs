//! Measures the peak rates of the machine: multiply-accumulates in registers, and bytes read from memory.
#![allow(unsafe_code)]

use std::time::Instant;

use crate::diag::Failure;

use super::lanes::{Body, Isa, Lanes, with};
use super::memory::Memory;
use super::pack::on_threads;

/// Independent sums, enough to hide the latency of every processor that was tried.
const SUMS: usize = 12;
/// Multiply-accumulates of each sum in one measurement.
const STEPS: usize = 1 << 18;
/// The number of measurements; the best of them is reported.
const ROUNDS: usize = 12;

/// Measures the floating-point operations a second of `threads` threads, in 10⁹.
pub fn gflops(isa: Isa, threads: usize) -> f64 {
    let operations = (threads * SUMS * STEPS * 16 * 2) as f64;
    best(operations, || on_threads(threads, threads, |_| with(isa, Sums)))
}

/// Measures the bytes that `threads` threads read from memory a second, in 10⁹.
///
/// # Errors
/// E0607 where there is too little memory for the measurement (256 MiB).
pub fn bandwidth(isa: Isa, threads: usize) -> Result<f64, Failure> {
    let elements = 64 << 20;
    let mut memory = Memory::zeroed(elements)?;
    memory.all_mut().fill(1.0);
    let part = elements / threads / 128 * 128;
    let bytes = (part * threads * 4) as f64;
    let read = |thread: usize| with(isa, Read { start: memory.at(thread * part), len: part });
    Ok(best(bytes, || on_threads(threads, threads, read)))
}

/// The best rate of several measurements, in 10⁹ a second.
fn best(amount: f64, work: impl Fn()) -> f64 {
    let times = (0..ROUNDS).map(|_| {
        let started = Instant::now();
        work();
        started.elapsed().as_secs_f64()
    });
    amount / times.fold(f64::INFINITY, f64::min) / 1e9
}

struct Sums;

impl Body for Sums {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let factor = V::splat(std::hint::black_box(0.5));
        let mut sums = [V::splat(std::hint::black_box(1.0)); SUMS];
        for _ in 0..STEPS {
            for sum in &mut sums {
                *sum = factor.mac(*sum, factor);
            }
        }
        keep(&sums);
    }
}

struct Read {
    start: *const f32,
    len: usize,
}

impl Body for Read {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let mut sums = [V::splat(0.0); 8];
        for index in (0..self.len).step_by(128) {
            for (part, sum) in sums.iter_mut().enumerate() {
                // SAFETY: the memory has `len` elements, a multiple of 128.
                *sum = sum.add(unsafe { V::load(self.start.wrapping_add(index + part * 16)) });
            }
        }
        keep(&sums);
    }
}

/// Keeps the compiler from removing the computation of the sums.
#[inline(always)]
fn keep<V: Lanes, const N: usize>(sums: &[V; N]) {
    let total = sums.iter().copied().reduce(V::add).unwrap_or_else(|| V::splat(0.0));
    let mut lanes = [0.0f32; 16];
    // SAFETY: there are sixteen lanes.
    unsafe { total.store(lanes.as_mut_ptr()) };
    std::hint::black_box(lanes);
}

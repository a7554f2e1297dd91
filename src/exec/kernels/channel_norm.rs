//! Normalisations over the channels at each position, sixteen channels at once, a row of positions at a time.
//!
//! A row is read three times – for the means, for the squares, and to be written –, but only the first time from memory:
//! its blocks then lie in the cache. Each position has a vector of sums in the thread's scratch memory, whose lanes are
//! added in the end, so that the order of additions depends on the shape alone.
#![allow(unsafe_code)]

use ndarray::ArrayD;

use crate::diag::Failure;
use crate::lower::{ChannelNorm, LANES, Step, Tensor};

use super::activate::Epilogue;
use super::lanes::{Body, Isa, Lanes, with};
use super::memory::Memory;
use super::{CompiledStep, halo, pack};

pub(super) struct ChannelNormalisation {
    isa: Isa,
    input: Tensor,
    output: Tensor,
    norm: ChannelNorm,
    /// A factor and a summand for each channel.
    factors: Memory,
    summands: Memory,
    epilogue: Epilogue,
    channels: usize,
    phases: [usize; 1],
}

impl ChannelNormalisation {
    pub(super) fn new(
        isa: Isa,
        step: &Step,
        norm: ChannelNorm,
        batch: usize,
        constants: &[ArrayD<f32>],
    ) -> Result<ChannelNormalisation, Failure> {
        let channels = step.output.shape.channels() as usize;
        let (factors, summands) = pack::factors_and_summands(constants, channels)?;
        let phases = [batch * step.output.layout.height];
        let (input, output) = (step.inputs[0], step.output);
        let epilogue = Epilogue::of(step.activation);
        Ok(ChannelNormalisation { isa, input, output, norm, factors, summands, epilogue, channels, phases })
    }
}

impl CompiledStep for ChannelNormalisation {
    fn phases(&self) -> &[usize] {
        &self.phases
    }

    fn run(&self, _phase: usize, task: usize, arena: &Memory, scratch: &Memory) {
        let height = self.output.layout.height;
        let (picture, row) = (task / height, task % height);
        if row == 0 {
            for block in 0..self.channels.div_ceil(LANES) {
                // SAFETY: no other task has the first row.
                unsafe { halo::clear(arena, &self.output, picture, block) };
            }
        }
        with(self.isa, Row { of: self, arena, scratch, picture, row });
    }
}

struct Row<'a> {
    of: &'a ChannelNormalisation,
    arena: &'a Memory,
    scratch: &'a Memory,
    picture: usize,
    row: usize,
}

impl Body for Row<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let ChannelNormalisation { isa, input, output, norm, factors, summands, epilogue, channels, .. } =
            self.of;
        let (width, blocks) = (output.layout.width, channels.div_ceil(LANES));
        let start = |tensor: &Tensor| tensor.offset + tensor.layout.at(self.picture, 0, self.row);
        let (from, to) = (start(input), start(output));
        let source = |block: usize| self.arena.at(from + block * input.layout.block()).cast_const();
        let sums = self.scratch.at(0);
        // SAFETY: the plan gives each thread the scratch memory that `sizes::per_thread` says.
        let (means, scales) = unsafe {
            let rest = self.scratch.slice_mut(width * LANES, 2 * width);
            rest.split_at_mut(width)
        };
        means.fill(0.0);
        // SAFETY: blocks of the input can be read, those of the output are written by no other task; sums and packed
        // constants have whole vectors.
        unsafe {
            if norm.subtracts_mean() {
                self.add_up::<V>(sums, source, |value, _| value);
                for (column, mean) in means.iter_mut().enumerate() {
                    *mean = total(sums.wrapping_add(column * LANES)) / *channels as f32;
                }
            }
            self.add_up::<V>(sums, source, |value, column| {
                let distance = value.sub(V::splat(means[column]));
                distance.mul(distance)
            });
            for (column, scale) in scales.iter_mut().enumerate() {
                *scale = norm.scale(total(sums.wrapping_add(column * LANES)), *channels);
            }
            let (min, max) = (V::splat(epilogue.min), V::splat(epilogue.max));
            for block in 0..blocks {
                let (factor, summand) =
                    (V::load(factors.at(block * LANES)), V::load(summands.at(block * LANES)));
                let target = self.arena.at(to + block * output.layout.block());
                for column in 0..width {
                    let value = V::load(source(block).wrapping_add(column * LANES));
                    let value = value.sub(V::splat(means[column])).mul(V::splat(scales[column]));
                    let value = summand.mac(value, factor).at_least(min).at_most(max);
                    value.store(target.wrapping_add(column * LANES));
                }
                epilogue.after(*isa, target, width * LANES);
            }
        }
    }
}

impl Row<'_> {
    /// Adds up a function of the values of each position, lane by lane. Lanes behind the last channel count as zero,
    /// whatever they hold.
    ///
    /// # Safety
    /// `sums` has a vector for each position of the row, and the blocks of `source` can be read.
    #[inline(always)]
    unsafe fn add_up<V: Lanes>(
        &self,
        sums: *mut f32,
        source: impl Fn(usize) -> *const f32,
        of: impl Fn(V, usize) -> V,
    ) {
        let channels = self.of.channels;
        let mut present = [0.0f32; LANES];
        let last = (channels - 1) / LANES;
        present[..channels - last * LANES].fill(1.0);
        // SAFETY: the caller's promise; the array has sixteen lanes.
        unsafe {
            let (zero, present) = (V::splat(0.0), V::load(present.as_ptr()));
            for column in 0..self.of.output.layout.width {
                zero.store(sums.wrapping_add(column * LANES));
            }
            for block in 0..=last {
                for column in 0..self.of.output.layout.width {
                    let sum = sums.wrapping_add(column * LANES);
                    let mut value = of(V::load(source(block).wrapping_add(column * LANES)), column);
                    if block == last {
                        value = value.where_equal(present, zero, zero);
                    }
                    V::load(sum).add(value).store(sum);
                }
            }
        }
    }
}

/// The sum of sixteen values: halves are added until one is left, so that sums of neighbouring positions overlap.
///
/// # Safety
/// They can be read.
#[inline(always)]
unsafe fn total(lanes: *const f32) -> f32 {
    // SAFETY: the caller's promise; arrays of f32 have the alignment of f32.
    let mut values = unsafe { lanes.cast::<[f32; LANES]>().read() };
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            values[lane] += values[lane + half];
        }
        half /= 2;
    }
    values[0]
}

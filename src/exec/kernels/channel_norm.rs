//! Normalisations over the channels at each position, sixteen channels at once, a few neighbouring positions at a time.
//!
//! The blocks of these positions are read three times – for the means, for the squares, and to be written –, but only
//! the first time from memory: they then lie in the nearest cache.
#![allow(unsafe_code)]

use std::sync::Arc;

use crate::lower::{ChannelNorm, LANES, Step, Tensor};

use super::activate::Epilogue;
use super::channel_sums::{Blocks, Squares, Sum, TOGETHER, in_runs};
use super::lanes::{Body, Isa, Lanes, with};
use super::memory::Memory;
use super::{CompiledStep, halo};

pub(super) struct ChannelNormalisation {
    isa: Isa,
    input: Tensor,
    output: Tensor,
    norm: ChannelNorm,
    /// A factor and a summand for each channel.
    factors: Arc<Memory>,
    summands: Arc<Memory>,
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
        packed: &[Arc<Memory>],
    ) -> ChannelNormalisation {
        let channels = step.output.shape.channels() as usize;
        let (factors, summands) = (Arc::clone(&packed[0]), Arc::clone(&packed[1]));
        let phases = [batch * step.output.layout.height];
        let (input, output) = (step.inputs[0], step.output);
        let epilogue = Epilogue::of(step.activation);
        ChannelNormalisation { isa, input, output, norm, factors, summands, epilogue, channels, phases }
    }
}

impl CompiledStep for ChannelNormalisation {
    fn phases(&self) -> &[usize] {
        &self.phases
    }

    fn run(&self, _phase: usize, task: usize, arena: &Memory, _scratch: &Memory) {
        let height = self.output.layout.height;
        let (picture, row) = (task / height, task % height);
        if row == 0 {
            for block in 0..self.channels.div_ceil(LANES) {
                // SAFETY: no other task has the first row.
                unsafe { halo::clear(arena, &self.output, picture, block) };
            }
        }
        let start = |tensor: &Tensor| arena.at(tensor.offset + tensor.layout.at(picture, 0, row));
        let blocks = Blocks {
            start: start(&self.input).cast_const(),
            distance: self.input.layout.block(),
            channels: self.channels,
        };
        with(self.isa, Row { of: self, blocks, output: start(&self.output) });
    }
}

struct Row<'a> {
    of: &'a ChannelNormalisation,
    blocks: Blocks,
    output: *mut f32,
}

impl Body for Row<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let ChannelNormalisation { isa, output, epilogue, .. } = self.of;
        let width = output.layout.width;
        in_runs!(width, |first, COUNT| {
            // SAFETY: the row has these positions, and no other task writes them.
            unsafe { self.run_of::<V, COUNT>(first) }
        });
        for block in 0..self.blocks.count() {
            let target = self.output.wrapping_add(block * output.layout.block());
            // SAFETY: no other task writes this row.
            unsafe { epilogue.after(*isa, target, width * LANES) };
        }
    }
}

impl Row<'_> {
    /// Normalises `N` positions, from `first` on.
    ///
    /// # Safety
    /// The row has these positions, and no other task writes them.
    #[inline(always)]
    unsafe fn run_of<V: Lanes, const N: usize>(&self, first: usize) {
        let ChannelNormalisation { output, norm, factors, summands, epilogue, channels, .. } = self.of;
        let blocks = Blocks { start: self.blocks.start.wrapping_add(first * LANES), ..self.blocks };
        // SAFETY: the caller's promise; packed constants have whole vectors.
        unsafe {
            let mut means = [0.0; N];
            if norm.subtracts_mean() {
                means = blocks.joined::<V, Sum, N>(&Sum);
                for mean in &mut means {
                    *mean /= *channels as f32;
                }
            }
            let mut scales: [f32; N] = blocks.joined::<V, Squares<N>, N>(&Squares(means));
            for scale in &mut scales {
                *scale = norm.scale(*scale, *channels);
            }
            let (min, max) = (V::splat(epilogue.min), V::splat(epilogue.max));
            for block in 0..blocks.count() {
                let (factor, summand) =
                    (V::load(factors.at(block * LANES)), V::load(summands.at(block * LANES)));
                let target = self.output.wrapping_add(block * output.layout.block() + first * LANES);
                for position in 0..N {
                    let value = blocks.at::<V>(block, position).sub(V::splat(means[position]));
                    let value = summand.mac(value.mul(V::splat(scales[position])), factor);
                    value.at_least(min).at_most(max).store(target.wrapping_add(position * LANES));
                }
            }
        }
    }
}

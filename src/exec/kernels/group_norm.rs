//! Normalisations of groups of channels over all positions, sixteen channels at once.
//!
//! Three phases: each band of rows of a block gives a mean and a sum of squared distances from it for each channel;
//! those of the bands and channels of a group are merged; each band is normalised. A band is read twice from memory.
//! Short runs of positions are merged by the formula of Chan, Golub & LeVeque (1979), so that no squares of large
//! numbers are subtracted; the order of additions depends on the shape alone.
#![allow(unsafe_code)]

use std::sync::Arc;

use crate::lower::{LANES, MomentBands, Step, Tensor};

use super::activate::Epilogue;
use super::lanes::{Body, Isa, Lanes, with};
use super::memory::Memory;
use super::{CompiledStep, halo};

/// Positions of a run: they are read twice, from the first-level cache the second time.
const RUN: usize = 64;

pub(super) struct GroupNormalisation {
    isa: Isa,
    input: Tensor,
    output: Tensor,
    groups: usize,
    eps: f32,
    /// A factor and a summand for each channel.
    factors: Arc<Memory>,
    summands: Arc<Memory>,
    epilogue: Epilogue,
    bands: MomentBands,
    /// The offset in the arena of the means and sums of squares.
    moments: usize,
    phases: [usize; 3],
}

impl GroupNormalisation {
    pub(super) fn new(
        isa: Isa,
        step: &Step,
        (groups, eps): (usize, f64),
        batch: usize,
        packed: &[Arc<Memory>],
    ) -> GroupNormalisation {
        let bands = MomentBands::new(step.output.shape);
        let pieces = batch * bands.of_picture();
        GroupNormalisation {
            isa,
            input: step.inputs[0],
            output: step.output,
            groups,
            eps: eps as f32,
            factors: Arc::clone(&packed[0]),
            summands: Arc::clone(&packed[1]),
            epilogue: Epilogue::of(step.activation),
            bands,
            moments: step.scratch.0,
            phases: [pieces, batch, pieces],
        }
    }

    /// The offset in the arena of the two moments, a vector each, of one band of one block of a picture.
    fn moments_of(&self, picture: usize, block: usize, band: usize) -> usize {
        let MomentBands { blocks, bands, .. } = self.bands;
        self.moments + ((picture * blocks + block) * bands + band) * 2 * LANES
    }

    /// Merges the moments of the bands and channels of each group of a picture. Those of the
    /// first band of each block are then overwritten by the mean of each channel's group, and by the factor for
    /// distances from that mean.
    fn merge(&self, arena: &Memory, picture: usize) {
        let channels = self.output.shape.channels() as usize;
        let MomentBands { blocks, bands, .. } = self.bands;
        let start = self.moments_of(picture, 0, 0);
        // SAFETY: a picture is one task of this phase.
        let moments = unsafe { arena.slice_mut(start, blocks * bands * 2 * LANES) };
        let at = |channel: usize, band: usize| (channel / LANES * bands + band) * 2 * LANES + channel % LANES;
        let of_group = channels / self.groups;
        for group in 0..self.groups {
            let members = group * of_group..(group + 1) * of_group;
            let parts = || members.clone().flat_map(|channel| (0..bands).map(move |band| (channel, band)));
            let positions = |band: usize| {
                let (first, end) = self.bands.rows(band);
                ((end - first) * self.output.layout.width) as f64
            };
            let elements = (of_group * self.output.layout.height * self.output.layout.width) as f64;
            let weighted =
                |(channel, band): (usize, usize)| positions(band) * f64::from(moments[at(channel, band)]);
            let mean = parts().map(weighted).sum::<f64>() / elements;
            let squares = parts().map(|(channel, band)| {
                let distance = f64::from(moments[at(channel, band)]) - mean;
                f64::from(moments[at(channel, band) + LANES]) + positions(band) * distance * distance
            });
            // In f32, so that it overflows where the definition does.
            let variance = squares.sum::<f64>() as f32 / elements as f32;
            let scale = 1.0 / (variance + self.eps).sqrt();
            for channel in members {
                moments[at(channel, 0)] = mean as f32;
                moments[at(channel, 0) + LANES] = scale;
            }
        }
    }
}

impl CompiledStep for GroupNormalisation {
    fn phases(&self) -> &[usize] {
        &self.phases
    }

    fn run(&self, phase: usize, task: usize, arena: &Memory, _scratch: &Memory) {
        if phase == 1 {
            return self.merge(arena, task);
        }
        let (picture, piece) = (task / self.bands.of_picture(), task % self.bands.of_picture());
        let (block, band) = (piece / self.bands.bands, piece % self.bands.bands);
        let band = Band { of: self, arena, picture, block, band };
        if phase == 0 {
            return with(self.isa, Moments(band));
        }
        if band.band == 0 {
            // SAFETY: no other task has the first band of this block.
            unsafe { halo::clear(arena, &self.output, picture, block) };
        }
        with(self.isa, Normalise(band));
    }
}

struct Band<'a> {
    of: &'a GroupNormalisation,
    arena: &'a Memory,
    picture: usize,
    block: usize,
    band: usize,
}

impl Band<'_> {
    /// The first elements of the rows of this band in a tensor.
    fn rows(&self, tensor: &Tensor) -> impl Iterator<Item = *mut f32> {
        let (first, end) = self.of.bands.rows(self.band);
        (first..end).map(|row| self.arena.at(tensor.offset + tensor.layout.at(self.picture, self.block, row)))
    }
}

/// Computes the mean and the sum of squared distances for each channel of a band.
struct Moments<'a>(Band<'a>);

impl Body for Moments<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let band = self.0;
        let width = band.of.output.layout.width;
        let (mut mean, mut squares) = (V::splat(0.0), V::splat(0.0));
        let mut before = 0;
        for row in band.rows(&band.of.input) {
            for first in (0..width).step_by(RUN) {
                let count = RUN.min(width - first);
                let from = row.wrapping_add(first * LANES).cast_const();
                // SAFETY: the positions of a row can be read.
                let (own_mean, own_squares) = unsafe {
                    let sum = add_up::<V>(from, count, |value| value);
                    let own_mean = sum.div(V::splat(count as f32));
                    let square = |value: V| {
                        let distance = value.sub(own_mean);
                        distance.mul(distance)
                    };
                    (own_mean, add_up::<V>(from, count, square))
                };
                let after = before + count;
                if before == 0 {
                    (mean, squares) = (own_mean, own_squares);
                } else {
                    let distance = own_mean.sub(mean);
                    mean = mean.mac(distance, V::splat(count as f32 / after as f32));
                    let share = before as f32 * (count as f32 / after as f32);
                    squares = squares.add(own_squares).mac(distance.mul(distance), V::splat(share));
                }
                before = after;
            }
        }
        let target = band.arena.at(band.of.moments_of(band.picture, band.block, band.band));
        // SAFETY: the plan gives room for two vectors of each band; no other task writes these.
        unsafe {
            mean.store(target);
            squares.store(target.wrapping_add(LANES));
        }
    }
}

/// Adds up a function of neighbouring vectors in four independent sums, so that the additions overlap in the pipeline.
///
/// # Safety
/// `count` vectors can be read.
#[inline(always)]
unsafe fn add_up<V: Lanes>(from: *const f32, count: usize, of: impl Fn(V) -> V) -> V {
    let mut sums = [V::splat(0.0); 4];
    let whole = count / 4 * 4;
    // SAFETY: the caller's promise.
    unsafe {
        for first in (0..whole).step_by(4) {
            for (index, sum) in sums.iter_mut().enumerate() {
                *sum = sum.add(of(V::load(from.wrapping_add((first + index) * LANES))));
            }
        }
        for index in whole..count {
            sums[0] = sums[0].add(of(V::load(from.wrapping_add(index * LANES))));
        }
    }
    sums[0].add(sums[1]).add(sums[2].add(sums[3]))
}

/// Normalises a band and writes it.
struct Normalise<'a>(Band<'a>);

impl Body for Normalise<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let band = self.0;
        let GroupNormalisation { isa, input, output, factors, summands, epilogue, .. } = band.of;
        let moments = band.arena.at(band.of.moments_of(band.picture, band.block, 0)).cast_const();
        let width = output.layout.width;
        // SAFETY: the moments were merged in the phase before; packed constants have whole vectors; rows of the input
        // can be read, and no other task writes those of the output.
        unsafe {
            let (mean, scale) = (V::load(moments), V::load(moments.wrapping_add(LANES)));
            let at = band.block * LANES;
            let (factor, summand) = (V::load(factors.at(at)), V::load(summands.at(at)));
            let (min, max) = (V::splat(epilogue.min), V::splat(epilogue.max));
            for (from, to) in band.rows(input).zip(band.rows(output)) {
                for column in 0..width {
                    let value = V::load(from.wrapping_add(column * LANES)).sub(mean).mul(scale);
                    let value = summand.mac(value, factor).at_least(min).at_most(max);
                    value.store(to.wrapping_add(column * LANES));
                }
                epilogue.after(*isa, to, width * LANES);
            }
        }
    }
}

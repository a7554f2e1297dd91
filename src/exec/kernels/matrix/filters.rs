//! The filters of a convolution on a matrix unit: blocks of sixteen, each step after step, part after part, as a tile of
//! sixteen rows; a row holds two channels of all sixteen filters, side by side.

use std::sync::Arc;

use ndarray::ArrayD;

use crate::diag::Failure;
use crate::lower::strips::{STEP, TILE, is_dense, steps};
use crate::lower::{Convolution, LANES, Products, Step};

use super::super::memory::Memory;
use super::super::{bf16, pack};

/// Elements of f32 that a tile of parts takes.
const TILE_LEN: usize = STEP * TILE / 2;

pub(super) struct PartedFilters {
    pub(super) weights: Arc<Memory>,
    pub(super) bias: Arc<Memory>,
    /// Elements of a block of filters.
    pub(super) block_len: usize,
    /// Blocks of filters of a group.
    blocks: usize,
    groups: usize,
}

/// One or two neighbouring blocks of filters of one group.
#[derive(Clone, Copy)]
pub(super) struct BlockPair {
    pub(super) group: usize,
    pub(super) first: usize,
    pub(super) count: usize,
}

impl PartedFilters {
    /// Wraps what [`PartedFilters::pack`] packed.
    pub(super) fn new(
        step: &Step,
        convolution: &Convolution,
        products: Products,
        packed: &[Arc<Memory>],
    ) -> PartedFilters {
        let filters = step.output.shape.channels() as usize;
        PartedFilters {
            weights: Arc::clone(&packed[0]),
            bias: Arc::clone(&packed[1]),
            block_len: steps(convolution, &step.inputs[0]) * products.parts() * TILE_LEN,
            blocks: (filters / convolution.groups).div_ceil(LANES),
            groups: convolution.groups,
        }
    }

    /// Packs the weight, filters × channels of a group × rows × columns, and the bias.
    ///
    /// # Errors
    /// E0607 where there is too little memory.
    pub(super) fn pack(
        step: &Step,
        convolution: &Convolution,
        products: Products,
        constants: &[ArrayD<f32>],
        threads: usize,
    ) -> Result<Vec<Memory>, Failure> {
        let weight = constants[0].as_slice().expect("constants are loaded in standard layout");
        let filters = step.output.shape.channels() as usize;
        let source = StepSource::new(step, convolution);
        let (steps, parts) = (steps(convolution, &step.inputs[0]), products.parts());
        let of_filter = source.channels * source.taps.0 * source.taps.1;
        let len = steps * parts * TILE_LEN;
        let weights = pack::blocks(threads, filters.div_ceil(LANES), len, |block, packed| {
            for (step, packed) in packed.chunks_exact_mut(parts * TILE_LEN).enumerate() {
                for lane in 0..LANES.min(filters - block * LANES) {
                    let filter = &weight[(block * LANES + lane) * of_filter..][..of_filter];
                    for pair in 0..STEP / 2 {
                        let of = |value: usize| {
                            let place = source.place(step, value);
                            split(place.map_or(0.0, |place| filter[source.weight(place)]))
                        };
                        let (even, odd) = (of(2 * pair), of(2 * pair + 1));
                        for part in 0..parts {
                            packed[part * TILE_LEN + pair * TILE + lane] = bf16::pair(even[part], odd[part]);
                        }
                    }
                }
            }
        })?;
        let bias = constants.get(1).and_then(|bias| bias.as_slice());
        Ok(vec![weights, pack::channels(bias, filters)?])
    }

    /// The number of pairs of blocks.
    pub(super) fn pairs(&self) -> usize {
        self.groups * self.blocks.div_ceil(2)
    }

    pub(super) fn pair(&self, pair: usize) -> BlockPair {
        let (group, local) = (pair / self.blocks.div_ceil(2), pair % self.blocks.div_ceil(2));
        BlockPair { group, first: group * self.blocks + 2 * local, count: 2.min(self.blocks - 2 * local) }
    }
}

/// Splits a weight into parts whose sum it is. One that would round to infinity is cut off instead; infinities and NaN
/// are their own first part.
fn split(weight: f32) -> [u16; 3] {
    let mut first = bf16::nearest_normal(weight);
    if !weight.is_finite() {
        return [first, 0, 0];
    }
    if !bf16::value(first).is_finite() {
        first = (weight.to_bits() >> 16) as u16;
    }
    let rest = weight - bf16::value(first);
    let second = bf16::nearest_normal(rest);
    [first, second, bf16::nearest_normal(rest - bf16::value(second))]
}

/// The sum of parts that [`split`] made.
pub(super) fn joined(parts: impl DoubleEndedIterator<Item = u16>) -> f32 {
    parts.rev().fold(0.0, |sum, part| sum + bf16::value(part))
}

/// A channel of a group, and a row and column of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) channel: usize,
    pub(super) row: usize,
    pub(super) column: usize,
}

/// What the values of each step are.
pub(super) struct StepSource {
    /// Channels of a group.
    pub(super) channels: usize,
    /// Rows and columns of the kernel.
    pub(super) taps: (usize, usize),
    dense: bool,
}

impl StepSource {
    pub(super) fn new(step: &Step, convolution: &Convolution) -> StepSource {
        StepSource::of(&step.inputs[0], convolution)
    }

    pub(super) fn of(input: &crate::lower::Tensor, convolution: &Convolution) -> StepSource {
        StepSource {
            channels: input.shape.channels() as usize / convolution.groups,
            taps: (convolution.rows.kernel as usize, convolution.columns.kernel as usize),
            dense: is_dense(input),
        }
    }

    /// The place of one of the 32 values of a step; `None` for padding.
    pub(super) fn place(&self, step: usize, value: usize) -> Option<Place> {
        let (rows, columns) = self.taps;
        if self.dense {
            let of_row = (columns * self.channels).div_ceil(STEP);
            let index = step % of_row * STEP + value;
            let (column, channel) = (index / self.channels, index % self.channels);
            return (column < columns).then_some(Place { channel, row: step / of_row, column });
        }
        let channel = step / (rows * columns) * STEP + value;
        let tap = step % (rows * columns);
        (channel < self.channels).then_some(Place { channel, row: tap / columns, column: tap % columns })
    }

    /// The index of a place within the weights of a filter.
    fn weight(&self, place: Place) -> usize {
        (place.channel * self.taps.0 + place.row) * self.taps.1 + place.column
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_the_sum_of_their_parts() {
        for weight in [0.0, 1.0 / 3.0, -1e-20, 3e38, f32::MAX, f32::MIN, f32::INFINITY, f32::NEG_INFINITY] {
            let parts = split(weight);
            assert_eq!(joined(parts.into_iter()), weight);
            assert!(!weight.is_finite() || parts.iter().all(|&part| bf16::value(part).is_finite()));
        }
        assert!(joined(split(f32::NAN).into_iter()).is_nan());
    }

    #[test]
    fn steps_cover_every_place_once() {
        for (dense, channels) in [(true, 3), (true, 1), (false, 48), (false, 16)] {
            let source = StepSource { channels, taps: (3, 5), dense };
            let steps = if dense { 3 * (5 * channels).div_ceil(STEP) } else { 15 * channels.div_ceil(STEP) };
            let mut hits = vec![0; channels * 15];
            for step in 0..steps {
                for place in (0..STEP).filter_map(|value| source.place(step, value)) {
                    hits[source.weight(place)] += 1;
                }
            }
            assert!(hits.iter().all(|&hit| hit == 1), "{dense} {channels}");
        }
    }
}

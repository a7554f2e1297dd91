//! Sums as the definition says, for outputs whose sum of parts is not finite. Zero times a value that is infinite or NaN
//! is NaN, a value near the largest f32 rounds to an infinite part, and parts of an infinite value cancel; by the
//! definition such values reach only what reads them, as what they are.
#![allow(unsafe_code)]

use crate::lower::LANES;
use crate::lower::strips::{STEP, TILE, is_dense};

use super::super::memory::Memory;
use super::filters::{BlockPair, StepSource, joined};
use super::unit::{MatrixUnit, Sums, TILE_BYTES};
use super::{MatrixConv, PositionTiles, Rows};

/// An output, the sums of its sixteen filters so far, and where they belong.
struct Redone {
    row: usize,
    column: usize,
    position: usize,
    sums: [f32; LANES],
}

impl<U: MatrixUnit> MatrixConv<U> {
    /// Replaces the sums that are not finite, of the outputs of one tile that are stored.
    pub(super) fn define(
        &self,
        arena: &Memory,
        rows: Rows,
        (pair, half): (BlockPair, usize),
        (tiles, tile): (&PositionTiles, usize),
        sums: &mut Sums,
    ) {
        for index in 0..pair.count {
            let mut redone = Vec::new();
            for (position, row, column, len) in tiles.runs(tile) {
                for offset in 0..len {
                    let place = sums.at(half, index, position + offset).cast::<[f32; LANES]>();
                    // SAFETY: there are sixteen sums.
                    if unsafe { *place }.iter().any(|sum| !sum.is_finite()) {
                        redone.push(Redone {
                            row: rows.first + row,
                            column: column + offset,
                            position: position + offset,
                            sums: [0.0; LANES],
                        });
                    }
                }
            }
            if redone.is_empty() {
                continue;
            }
            self.sum(arena, rows.picture, (pair.group, pair.first + index), &mut redone);
            for one in redone {
                let place = sums.at(half, index, one.position).cast::<[f32; LANES]>();
                // SAFETY: as above.
                unsafe { *place = one.sums };
            }
        }
    }

    /// Sums products of f32 for some outputs of one block of filters.
    fn sum(&self, arena: &Memory, picture: usize, (group, block): (usize, usize), outputs: &mut [Redone]) {
        let MatrixConv { tensors, convolution, filters, products, .. } = self;
        let input = &tensors.input;
        let source = StepSource::of(input, convolution);
        let parts = products.parts();
        let inside = |output: usize, tap: usize, window: &crate::tensor::Window, extent: usize| {
            let place = output * window.stride as usize + tap * window.dilation as usize;
            place.checked_sub(window.pad_before as usize).filter(|&place| place < extent)
        };
        for step in 0..self.steps.len() {
            let tiles = filters.weights.at(block * filters.block_len).cast_const().cast::<u8>();
            let tiles = tiles.wrapping_add(step * parts * TILE_BYTES).cast::<u16>();
            for value in 0..STEP {
                let Some(place) = source.place(step, value) else { continue };
                let weight = |filter: usize| {
                    let at = (value / 2 * TILE + filter) * 2 + value % 2;
                    // SAFETY: the filters have a tile for each step and part.
                    joined((0..parts).map(|part| unsafe { *tiles.wrapping_add(part * TILE_BYTES / 2 + at) }))
                };
                let weights: [f32; LANES] = std::array::from_fn(weight);
                for output in &mut *outputs {
                    let row = inside(output.row, place.row, &convolution.rows, input.layout.height);
                    let column =
                        inside(output.column, place.column, &convolution.columns, input.layout.width);
                    let (Some(row), Some(column)) = (row, column) else { continue };
                    let lanes = input.layout.lanes;
                    let channel = group * source.channels + place.channel;
                    let (in_block, lane) =
                        if is_dense(input) { (0, channel) } else { (channel / lanes, channel % lanes) };
                    let at = input.offset + input.layout.at(picture, in_block, row) + column * lanes + lane;
                    // SAFETY: the place lies in the map, which nobody writes during this step.
                    let x = unsafe { *arena.at(at) };
                    output.sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += x * weight);
                }
            }
        }
    }
}

//! Multiplies the copy of a strip with two blocks of filters, and stores the results.
#![allow(unsafe_code)]

use crate::lower::LANES;
use crate::lower::strips::{STEP, TILE, is_dense};

use super::super::halo;
use super::super::lanes::{Body, Lanes};
use super::super::memory::Memory;
use super::filters::BlockPair;
use super::unit::{MatrixUnit, Sums, Tiles};
use super::{MatrixConv, PositionTiles, Rows};

/// The products of a band of tiles.
pub(super) struct StripProducts<'a, U: MatrixUnit> {
    pub(super) of: &'a MatrixConv<U>,
    pub(super) arena: &'a Memory,
    /// The copy of the input that these rows read.
    pub(super) copy: *const u8,
    pub(super) rows: Rows,
    /// Which two blocks of filters.
    pub(super) pair: usize,
    pub(super) tiles: PositionTiles,
    /// Which band of how many.
    pub(super) band: (usize, usize),
}

impl<U: MatrixUnit> Body for StripProducts<'_, U> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let MatrixConv { strips, filters, products, tensors, .. } = self.of;
        let pair = filters.pair(self.pair);
        if self.rows.first == 0 && self.band.0 == 0 {
            for block in pair.first..pair.first + pair.count {
                // SAFETY: no other task has the first band of this block.
                unsafe { halo::clear(self.arena, &tensors.output, self.rows.picture, block) };
            }
        }
        let _ready = U::ready();
        let mut sums = Sums::zeroed();
        let block = |index: usize| filters.weights.at(index * filters.block_len).cast_const().cast::<u8>();
        let copy = self.copy.wrapping_add(pair.group * self.of.group_len());
        let cells = self.tiles.count.div_ceil(2);
        let (band, bands) = self.band;
        for cell in band * cells / bands..(band + 1) * cells / bands {
            // A last tile without a neighbour is its own; the second result is not stored.
            let pairs = [2 * cell, (2 * cell + 1).min(self.tiles.count - 1)];
            let tiles = Tiles {
                positions: pairs.map(|tile| copy.wrapping_add(self.tiles.tile(tile).0 * strips.pixel)),
                pixel: strips.pixel,
                part: strips.part,
                steps: &self.of.steps,
                filters: [block(pair.first), block(pair.first + pair.count - 1)],
            };
            let stored = if pairs[0] == pairs[1] { 1 } else { 2 };
            // SAFETY: the unit is ready; the copy has what the steps read, the filters a tile for each step.
            unsafe { U::multiply(*products, &tiles, &mut sums) };
            if is_any_not_finite::<V>(&mut sums) {
                for (half, &tile) in pairs[..stored].iter().enumerate() {
                    self.of.define(self.arena, self.rows, (pair, half), (&self.tiles, tile), &mut sums);
                }
            }
            for (half, &tile) in pairs[..stored].iter().enumerate() {
                self.store::<V>(pair, half, tile, &mut sums);
            }
        }
    }
}

impl<U: MatrixUnit> StripProducts<'_, U> {
    /// Stores the outputs of a tile, with bias, addend and activation.
    #[inline(always)]
    fn store<V: Lanes>(&self, pair: BlockPair, half: usize, tile: usize, sums: &mut Sums) {
        let MatrixConv { tensors, filters, epilogue, isa, .. } = self.of;
        let (min, max) = (V::splat(epilogue.min), V::splat(epilogue.max));
        for (position, row, column, len) in self.tiles.runs(tile) {
            for index in 0..pair.count {
                let block = pair.first + index;
                let at = |tensor: &crate::lower::Tensor| {
                    let row = tensor.layout.at(self.rows.picture, block, self.rows.first + row);
                    self.arena.at(tensor.offset + row + column * LANES)
                };
                let output = at(&tensors.output);
                let from = sums.at(half, index, position).cast_const();
                // SAFETY: the run lies in the maps and in the tile, and no other task writes these outputs.
                unsafe {
                    let bias = V::load(filters.bias.at(block * LANES));
                    match tensors.addend.as_ref().map(at) {
                        None => {
                            for offset in (0..len * LANES).step_by(LANES) {
                                let sum = V::load(from.wrapping_add(offset)).add(bias);
                                sum.at_least(min).at_most(max).store(output.wrapping_add(offset));
                            }
                        }
                        Some(addend) => {
                            for offset in (0..len * LANES).step_by(LANES) {
                                let sum = V::load(from.wrapping_add(offset)).add(bias);
                                let sum = sum.add(V::load(addend.wrapping_add(offset)));
                                sum.at_least(min).at_most(max).store(output.wrapping_add(offset));
                            }
                        }
                    }
                    epilogue.after(*isa, output, len * LANES);
                }
            }
        }
    }
}

/// Returns whether a sum is infinite or NaN: such a number times zero is NaN.
#[inline(always)]
fn is_any_not_finite<V: Lanes>(sums: &mut Sums) -> bool {
    let zero = V::splat(0.0);
    let mut checks = [zero; 4];
    let from = sums.all_mut().cast_const();
    for position in 0..TILE {
        for (tile, check) in checks.iter_mut().enumerate() {
            // SAFETY: there are four tiles of sixteen vectors.
            let sums = unsafe { V::load(from.wrapping_add((tile * TILE + position) * LANES)) };
            *check = check.mac(sums, zero);
        }
    }
    checks[0].add(checks[1]).add(checks[2].add(checks[3])).any_nan()
}

impl<U: MatrixUnit> MatrixConv<U> {
    /// Bytes from the blocks of one group to those of the next.
    fn group_len(&self) -> usize {
        let planes = self.strips.down.remainders.len() * self.strips.across.remainders.len();
        self.strips.blocks / self.convolution.groups * planes * self.strips.plane
    }

    /// For each step the bytes from a position of the first plane to the values that it reads.
    pub(super) fn steps_of(&self) -> Vec<usize> {
        let strips = &self.strips;
        let across = strips.across.remainders.len();
        let shift = |(plane, rows): (usize, usize)| {
            plane * across * strips.plane + rows * strips.pitch * strips.pixel
        };
        if is_dense(&self.tensors.input) {
            let channels = self.tensors.input.shape.channels() as usize;
            let of_row = (self.convolution.columns.kernel as usize * channels).div_ceil(STEP);
            let row = |&tap: &(usize, usize)| (0..of_row).map(move |step| shift(tap) + step * 2 * STEP);
            return strips.down.taps.iter().flat_map(row).collect();
        }
        let planes = strips.down.remainders.len() * across * strips.plane;
        let blocks = strips.blocks / self.convolution.groups;
        let mut steps = Vec::with_capacity(blocks * strips.down.taps.len() * strips.across.taps.len());
        for block in 0..blocks {
            for &down in &strips.down.taps {
                for &(plane, columns) in &strips.across.taps {
                    steps.push(block * planes + shift(down) + plane * strips.plane + columns * strips.pixel);
                }
            }
        }
        steps
    }
}

//! Transforms tiles of the input, and products back to tiles of the output.
#![allow(unsafe_code)]

use super::Winograd;
use crate::exec::kernels::lanes::{Body, Lanes};
use crate::exec::kernels::memory::Memory;
use crate::exec::kernels::transform::Transform;
use crate::lower::{LANES, Tensor};

/// Elements of the largest tile of inputs.
const BORDER: usize = 36 * LANES;

/// Transforms some tiles of one block of channels; `task` is the range of tiles that lie in `target`.
pub(super) struct Inputs<'a, T: Transform> {
    pub(super) of: &'a Winograd<T>,
    pub(super) arena: &'a Memory,
    pub(super) block: usize,
    pub(super) tiles: (usize, usize),
    pub(super) task: (usize, usize),
    pub(super) target: *mut f32,
}

impl<T: Transform> Body for Inputs<'_, T> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Winograd { input, filters, before, .. } = self.of;
        let count = self.task.1 - self.task.0;
        let (height, width) = (input.layout.height as isize, input.layout.width as isize);
        let row_len = input.layout.row() as isize;
        let size = self.of.tiles.tile.input_size();
        let size = (size.0 as isize, size.1 as isize);
        for tile in self.tiles.0..self.tiles.1 {
            let (picture, row, column) = self.of.tile(tile);
            let top = (row * T::OUTPUTS.0) as isize - before.0 as isize;
            let left = (column * T::OUTPUTS.1) as isize - before.1 as isize;
            let origin = self.arena.at(input.offset + input.layout.at(picture, self.block, 0));
            let inside = top >= 0 && left >= 0 && top + size.0 <= height && left + size.1 <= width;
            let at = |y: isize, x: isize| origin.wrapping_offset(y * row_len + x * LANES as isize);
            let target = self.target.wrapping_add((self.block * count + tile - self.task.0) * LANES);
            let position = filters.channels * count * LANES;
            // SAFETY: what lies inside the map is read; the target has room for all positions.
            unsafe {
                if inside {
                    T::input::<V>(at(top, left), row_len as usize, target, position);
                    continue;
                }
                // A tile that reaches beyond the map is copied, with zeros in place of the outside.
                let mut copied = [0.0f32; BORDER];
                for y in 0..size.0 {
                    for x in 0..size.1 {
                        let (row, column) = (top + y, left + x);
                        if row >= 0 && row < height && column >= 0 && column < width {
                            let to = copied.as_mut_ptr().wrapping_offset((y * size.1 + x) * LANES as isize);
                            V::load(at(row, column)).store(to);
                        }
                    }
                }
                T::input::<V>(copied.as_ptr(), size.1 as usize * LANES, target, position);
            }
        }
    }
}

/// Transforms the products of some tiles of one block of filters back.
pub(super) struct Outputs<'a, T: Transform> {
    pub(super) of: &'a Winograd<T>,
    pub(super) arena: &'a Memory,
    pub(super) block: usize,
    pub(super) tiles: (usize, usize),
    pub(super) products: *const f32,
}

impl<T: Transform> Body for Outputs<'_, T> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Winograd { output, addend, filters, epilogue, tiles, isa, .. } = self.of;
        let count = self.tiles.1 - self.tiles.0;
        let (min, max) = (V::splat(epilogue.min), V::splat(epilogue.max));
        for tile in self.tiles.0..self.tiles.1 {
            let (picture, row, column) = self.of.tile(tile);
            let (top, left) = (row * T::OUTPUTS.0, column * T::OUTPUTS.1);
            let rows = T::OUTPUTS.0.min(output.layout.height - top);
            let columns = T::OUTPUTS.1.min(output.layout.width - left);
            let start = |tensor: &Tensor| {
                self.arena.at(tensor.offset + tensor.layout.at(picture, self.block, top) + left * LANES)
            };
            let target = start(output);
            let products = self.products.wrapping_add((tile - self.tiles.0) * LANES);
            // SAFETY: the products have all positions; outputs beyond the map are not written, and no other
            // task writes these.
            unsafe {
                let bias = V::load(filters.bias.at(self.block * LANES));
                let mut results = [0.0f32; BORDER];
                T::output::<V>(products, tiles.group * count * LANES, results.as_mut_ptr());
                let mut probe = V::splat(0.0);
                for result in results.chunks_exact(LANES).take(T::OUTPUTS.0 * T::OUTPUTS.1) {
                    probe = probe.mac(V::load(result.as_ptr()), V::splat(0.0));
                }
                if probe.any_nan() {
                    self.defined::<V>(picture, (top, left), (rows, columns), &mut results);
                }
                for y in 0..rows {
                    for x in 0..columns {
                        let mut value =
                            V::load(results.as_ptr().wrapping_add((y * T::OUTPUTS.1 + x) * LANES)).add(bias);
                        if let Some(addend) = addend {
                            let at = start(addend).wrapping_add(y * addend.layout.row() + x * LANES);
                            value = value.add(V::load(at));
                        }
                        let to = target.wrapping_add(y * output.layout.row() + x * LANES);
                        value.at_least(min).at_most(max).store(to);
                    }
                }
                if epilogue.then.is_some() {
                    for y in 0..rows {
                        epilogue.after(*isa, target.wrapping_add(y * output.layout.row()), columns * LANES);
                    }
                }
            }
        }
    }
}

impl<T: Transform> Outputs<'_, T> {
    /// Computes the outputs of a tile by the definition, for tiles with a value that is not finite or grew too large.
    /// The transforms would spread such a value over the whole tile; by the definition it reaches only the outputs
    /// whose windows contain it.
    ///
    /// # Safety
    /// As for the transforms: nobody writes the input meanwhile.
    #[inline(always)]
    unsafe fn defined<V: Lanes>(
        &self,
        picture: usize,
        (top, left): (usize, usize),
        (rows, columns): (usize, usize),
        results: &mut [f32; BORDER],
    ) {
        let Winograd { input, filters, before, .. } = self.of;
        let first = filters.first_channels(self.block);
        let mut sums = [V::splat(0.0); BORDER / LANES];
        for channel in 0..filters.of_group {
            // SAFETY: each position has a vector of weights for each block of filters and channel.
            let taps = T::taps(|position| unsafe {
                V::load(filters.weights.at(filters.vector(position, self.block, channel)))
            });
            for (index, sum) in sums.iter_mut().enumerate().take(rows * T::OUTPUTS.1) {
                let (y, x) = (index / T::OUTPUTS.1, index % T::OUTPUTS.1);
                for (tap, &weight) in taps.iter().enumerate().take(T::TAPS.0 * T::TAPS.1) {
                    let (row, column) = (top + y + tap / T::TAPS.1, left + x + tap % T::TAPS.1);
                    let (Some(row), Some(column)) = (row.checked_sub(before.0), column.checked_sub(before.1))
                    else {
                        continue;
                    };
                    if x < columns && row < input.layout.height && column < input.layout.width {
                        let start = input.offset + input.layout.at(picture, first + channel / LANES, row);
                        let value = self.arena.at(start + column * LANES + channel % LANES);
                        // SAFETY: the position lies inside the map.
                        *sum = sum.mac(V::splat(unsafe { *value }), weight);
                    }
                }
            }
        }
        for (sum, result) in sums.iter().zip(results.chunks_exact_mut(LANES)) {
            // SAFETY: a chunk has sixteen elements.
            unsafe { sum.store(result.as_mut_ptr()) };
        }
    }
}

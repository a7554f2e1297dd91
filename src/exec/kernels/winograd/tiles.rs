//! Transforms tiles of the input, and products back to tiles of the output.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use super::Winograd;
use crate::exec::kernels::lanes::{Body, Lanes};
use crate::exec::kernels::memory::Memory;
use crate::exec::kernels::transform::Transform;
use crate::lower::{LANES, Tensor, WinogradSchedule};

/// Elements of the largest tile of inputs.
const LARGEST: usize = 36 * LANES;

/// One block of channels of a tensor, for all pictures.
struct Plane {
    /// The first position of the first picture.
    start: *mut f32,
    /// Elements from one picture to the next.
    picture: usize,
    /// Elements from one row to the next.
    row: usize,
}

impl Plane {
    fn of(arena: &Memory, tensor: &Tensor, block: usize) -> Plane {
        let layout = &tensor.layout;
        let start = arena.at(tensor.offset + layout.at(0, block, 0));
        Plane { start, picture: layout.picture(), row: layout.row() }
    }

    /// Points to a position. The arithmetic wraps because this is computed for each tile; the plan has checked the sizes
    /// of all tensors.
    #[inline(always)]
    fn at(&self, picture: usize, row: usize, column: usize) -> *mut f32 {
        let picture = self.start.wrapping_add(picture.wrapping_mul(self.picture));
        picture.wrapping_add(row.wrapping_mul(self.row)).wrapping_add(column.wrapping_mul(LANES))
    }
}

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
        let plane = Plane::of(self.arena, input, self.block);
        let row_len = plane.row as isize;
        let size = self.of.tiles.tile.input_size();
        let size = (size.0 as isize, size.1 as isize);
        let position = WinogradSchedule::position(count, filters.channels);
        let mut target = self.target.wrapping_add((self.block * count + self.tiles.0 - self.task.0) * LANES);
        for (picture, row, column) in self.of.places(self.tiles) {
            let top = (row * T::OUTPUTS.0) as isize - before.0 as isize;
            let left = (column * T::OUTPUTS.1) as isize - before.1 as isize;
            let origin = plane.at(picture, 0, 0);
            let inside = top >= 0 && left >= 0 && top + size.0 <= height && left + size.1 <= width;
            let at = |y: isize, x: isize| {
                origin
                    .wrapping_offset(y.wrapping_mul(row_len))
                    .wrapping_offset(x.wrapping_mul(LANES as isize))
            };
            // SAFETY: what lies inside the map is read; the target has room for all positions.
            unsafe {
                if inside {
                    T::input::<V>(at(top, left), plane.row, target, position);
                } else {
                    // A tile that reaches beyond the map is copied, with zeros in place of the outside.
                    let mut copied = MaybeUninit::<[f32; LARGEST]>::uninit();
                    let copied = copied.as_mut_ptr().cast::<f32>();
                    let mut to = copied;
                    for row in top..top + size.0 {
                        for column in left..left + size.1 {
                            let inside = row >= 0 && row < height && column >= 0 && column < width;
                            if inside { V::load(at(row, column)) } else { V::splat(0.0) }.store(to);
                            to = to.wrapping_add(LANES);
                        }
                    }
                    T::input::<V>(copied, size.1 as usize * LANES, target, position);
                }
            }
            target = target.wrapping_add(LANES);
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
        let position = WinogradSchedule::position(self.tiles.1 - self.tiles.0, tiles.group);
        let (min, max) = (V::splat(epilogue.min), V::splat(epilogue.max));
        let target = Plane::of(self.arena, output, self.block);
        let addend = addend.as_ref().map(|addend| Plane::of(self.arena, addend, self.block));
        let mut products = self.products;
        for (picture, row, column) in self.of.places(self.tiles) {
            let (top, left) = (row * T::OUTPUTS.0, column * T::OUTPUTS.1);
            let rows = T::OUTPUTS.0.min(output.layout.height - top);
            let columns = T::OUTPUTS.1.min(output.layout.width - left);
            // SAFETY: the products have all positions; outputs beyond the map are not written, and no other
            // task writes these.
            unsafe {
                let bias = V::load(filters.bias.at(self.block * LANES));
                let mut results = MaybeUninit::<[f32; LARGEST]>::uninit();
                let results = results.as_mut_ptr().cast::<f32>();
                if T::output::<V>(products, position, results).any_nan() {
                    self.defined::<V>(picture, (top, left), (rows, columns), results);
                }
                for y in 0..rows {
                    let line = results.cast_const().wrapping_add(y * T::OUTPUTS.1 * LANES);
                    let to = target.at(picture, top + y, left);
                    let added = addend.as_ref().map(|addend| addend.at(picture, top + y, left).cast_const());
                    for x in 0..columns {
                        let mut value = V::load(line.wrapping_add(x * LANES)).add(bias);
                        if let Some(added) = added {
                            value = value.add(V::load(added.wrapping_add(x * LANES)));
                        }
                        value.at_least(min).at_most(max).store(to.wrapping_add(x * LANES));
                    }
                    epilogue.after(*isa, to, columns * LANES);
                }
            }
            products = products.wrapping_add(LANES);
        }
    }
}

impl<T: Transform> Outputs<'_, T> {
    /// Computes the outputs of a tile by the definition, for tiles with a value that is not finite or grew too large.
    /// The transforms would spread such a value over the whole tile; by the definition it reaches only the outputs
    /// whose windows contain it.
    ///
    /// # Safety
    /// As for the transforms: nobody writes the input meanwhile; `results` has room for the largest tile.
    #[inline(always)]
    unsafe fn defined<V: Lanes>(
        &self,
        picture: usize,
        (top, left): (usize, usize),
        (rows, columns): (usize, usize),
        results: *mut f32,
    ) {
        let Winograd { input, filters, before, .. } = self.of;
        let first = filters.first_channels(self.block);
        let mut sums = [V::splat(0.0); LARGEST / LANES];
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
        for (index, sum) in sums.iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { sum.store(results.wrapping_add(index * LANES)) };
        }
    }
}

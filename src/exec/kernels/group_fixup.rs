//! Keeps the groups of a convolution apart where a block of 16 filters is also multiplied with channels of other
//! groups, by weights of zero. Zero times an infinite or NaN value is NaN, so that such a value would reach groups
//! that never read it: each NaN among the results is computed again from the channels of its own group. Results
//! without NaN cost one comparison each.
#![allow(unsafe_code)]

use crate::lower::{ChannelRange, LANES};

use super::tile::{IterationSpace, TilePointers, packed_position};

pub(super) struct GroupFixup {
    /// Channels and filters of a group.
    pub channels: usize,
    pub filters: usize,
    /// Filters of all groups.
    pub all_filters: usize,
    /// Rows and columns of the kernel.
    pub kernel: (usize, usize),
    /// Channels of a block of the input.
    pub lanes: usize,
}

impl GroupFixup {
    /// Recomputes each NaN among the results of a tile from the channels of its own group.
    ///
    /// # Safety
    /// As for the tile; `pointers` are the tile's, and it had no addend.
    pub(super) unsafe fn recompute_nans(
        &self,
        space: &IterationSpace,
        pointers: TilePointers,
        (rows, columns): (usize, usize),
        range: &ChannelRange,
        block: usize,
    ) {
        let lanes = LANES.min(self.all_filters - block * LANES);
        for row in 0..rows {
            for column in 0..columns {
                let output =
                    pointers.output.wrapping_add(row * space.output_row + column * space.output_pixel);
                // SAFETY: the caller's promise: the tile wrote these sixteen.
                let values = unsafe { std::slice::from_raw_parts_mut(output, LANES) };
                if !values.iter().fold(false, |any, value| any | value.is_nan()) {
                    continue;
                }
                let input = pointers.input.wrapping_add(row * space.input_row + column * space.pixel);
                for (lane, value) in
                    values.iter_mut().enumerate().take(lanes).filter(|(_, value)| value.is_nan())
                {
                    // SAFETY: the caller's promise.
                    let sum =
                        unsafe { self.sum(space, TilePointers { input, ..pointers }, range, (block, lane)) };
                    *value = sum.clamp(space.min, space.max);
                }
            }
        }
    }

    /// The sum of one filter at one position.
    ///
    /// # Safety
    /// As for [`GroupFixup::recompute_nans`].
    unsafe fn sum(
        &self,
        space: &IterationSpace,
        pointers: TilePointers,
        range: &ChannelRange,
        (block, lane): (usize, usize),
    ) -> f32 {
        let group = (block * LANES + lane) / self.filters;
        let first = group * self.channels - range.first(block) * self.lanes;
        let (rows, columns) = self.kernel;
        // SAFETY: the tile read all of this, and more.
        unsafe {
            let mut sum = *pointers.bias.wrapping_add(lane);
            for channel in first..first + self.channels {
                let (start, step) = packed_position(channel, range.multiplied(), self.lanes, rows * columns);
                let input =
                    pointers.input.wrapping_add(channel / self.lanes * space.block + channel % self.lanes);
                for row in 0..rows {
                    for column in 0..columns {
                        let weight = (start + (row * columns + column) * step) * LANES + lane;
                        let input = input.wrapping_add(row * space.kernel_row + column * space.segment);
                        sum += *input * *pointers.weights.wrapping_add(weight);
                    }
                }
            }
            sum
        }
    }
}

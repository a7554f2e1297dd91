//! Groups of a convolution whose blocks of 16 filters multiply channels of other groups by zero. Zero times a value
//! that is not finite is NaN, so that such a value would spoil groups that never read it: each NaN among the
//! results is computed again as it is defined. Where there is none, this costs a look at the results.
#![allow(unsafe_code)]

use crate::lower::{LANES, Reach};

use super::tile::{Place, Walk, place_of};

pub(super) struct Groups {
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

impl Groups {
    /// Computes each NaN of a tile again.
    ///
    /// # Safety
    /// As for the tile; `place` is where it read and wrote, without an addend that it wrote over.
    pub(super) unsafe fn mend(
        &self,
        walk: &Walk,
        place: Place,
        (rows, columns): (usize, usize),
        reach: &Reach,
        block: usize,
    ) {
        let lanes = LANES.min(self.all_filters - block * LANES);
        for row in 0..rows {
            for column in 0..columns {
                let output = place.output.wrapping_add(row * walk.out_line + column * LANES);
                // SAFETY: the caller's promise: the tile wrote these sixteen.
                let values = unsafe { std::slice::from_raw_parts_mut(output, LANES) };
                if !values.iter().fold(false, |any, value| any | value.is_nan()) {
                    continue;
                }
                let input = place.input.wrapping_add(row * walk.line + column * walk.pixel);
                for (lane, value) in
                    values.iter_mut().enumerate().take(lanes).filter(|(_, value)| value.is_nan())
                {
                    // SAFETY: the caller's promise.
                    let sum = unsafe { self.sum(walk, Place { input, ..place }, reach, (block, lane)) };
                    *value = sum.clamp(walk.least, walk.most);
                }
            }
        }
    }

    /// The sum of one filter at one position.
    ///
    /// # Safety
    /// As for [`Groups::mend`].
    unsafe fn sum(&self, walk: &Walk, place: Place, reach: &Reach, (block, lane): (usize, usize)) -> f32 {
        let group = (block * LANES + lane) / self.filters;
        let first = group * self.channels - reach.first(block) * self.lanes;
        let (rows, columns) = self.kernel;
        // SAFETY: the tile read all of this, and more.
        unsafe {
            let mut sum = *place.bias.wrapping_add(lane);
            for channel in first..first + self.channels {
                let (start, step) = place_of(channel, reach.multiplied(), self.lanes, rows * columns);
                let input =
                    place.input.wrapping_add(channel / self.lanes * walk.block + channel % self.lanes);
                for row in 0..rows {
                    for column in 0..columns {
                        let weight = (start + (row * columns + column) * step) * LANES + lane;
                        let input = input.wrapping_add(row * walk.row + column * walk.segment);
                        sum += *input * *place.weights.wrapping_add(weight);
                    }
                }
            }
            sum
        }
    }
}

//! Sums and greatest values over the channels at a position, sixteen channels at once. A few neighbouring positions are
//! computed together, with a vector for each in registers, so that nothing but the input is read. The lanes of a vector
//! are joined in the end: the order of additions depends on the number of channels alone.
#![allow(unsafe_code)]

use crate::lower::LANES;

use super::lanes::Lanes;

/// The number of positions that are computed together.
pub(super) const TOGETHER: usize = 8;

/// Cuts a row of positions into runs that are computed together: [`TOGETHER`] positions, then single ones.
macro_rules! in_runs {
    ($width:expr, |$first:ident, $count:ident| $body:block) => {
        let (width, mut $first) = ($width, 0);
        while width - $first >= TOGETHER {
            const $count: usize = TOGETHER;
            $body
            $first += TOGETHER;
        }
        while $first < width {
            const $count: usize = 1;
            $body
            $first += 1;
        }
    };
}
pub(super) use in_runs;

/// The blocks of channels at neighbouring positions.
#[derive(Clone, Copy)]
pub(super) struct Blocks {
    /// The first block at the first position.
    pub(super) start: *const f32,
    /// Elements from one block to the next.
    pub(super) distance: usize,
    pub(super) channels: usize,
}

impl Blocks {
    /// The number of blocks.
    pub(super) fn count(&self) -> usize {
        self.channels.div_ceil(LANES)
    }

    /// Loads the vector of a block at a position.
    ///
    /// # Safety
    /// The vector can be read.
    #[inline(always)]
    pub(super) unsafe fn at<V: Lanes>(&self, block: usize, position: usize) -> V {
        // SAFETY: the caller's promise.
        unsafe { V::load(self.start.wrapping_add(block * self.distance + position * LANES)) }
    }

    /// Joins all channels at `N` positions. Lanes behind the last channel may hold anything; they are replaced by the
    /// neutral element.
    ///
    /// # Safety
    /// The blocks can be read at these positions.
    #[inline(always)]
    pub(super) unsafe fn joined<V: Lanes, J: Joining, const N: usize>(&self, joining: &J) -> [f32; N] {
        let last = self.count() - 1;
        let mut present = [0.0f32; LANES];
        present[..self.channels - last * LANES].fill(1.0);
        let neutral = V::splat(J::NEUTRAL);
        let mut sums = [neutral; N];
        let mut joined = [0.0; N];
        // SAFETY: the caller's promise; the array has sixteen lanes.
        unsafe {
            for block in 0..last {
                for (position, sum) in sums.iter_mut().enumerate() {
                    *sum = J::join(*sum, joining.of(self.at(block, position), position));
                }
            }
            let (zero, present) = (V::splat(0.0), V::load(present.as_ptr()));
            for position in 0..N {
                let value: V = joining.of(self.at(last, position), position);
                let sum = J::join(sums[position], value.where_equal(present, zero, neutral));
                // Eight pairs, four pairs of these, and so on.
                let sum = J::join(sum, sum.swapped::<8>());
                let sum = J::join(sum, sum.swapped::<4>());
                let sum = J::join(sum, sum.swapped::<2>());
                joined[position] = J::join(sum, sum.swapped::<1>()).first();
            }
        }
        joined
    }
}

/// The operation that joins channels. The methods are `#[inline(always)]`, so that they are compiled with the caller's
/// instructions; for closures the compiler does not guarantee that.
pub(super) trait Joining {
    /// The neutral element.
    const NEUTRAL: f32;
    /// The term of a channel's value at a position.
    fn of<V: Lanes>(&self, value: V, position: usize) -> V;
    /// Joins two terms.
    fn join<V: Lanes>(a: V, b: V) -> V;
}

/// Adds up the values.
pub(super) struct Sum;

impl Joining for Sum {
    const NEUTRAL: f32 = 0.0;

    #[inline(always)]
    fn of<V: Lanes>(&self, value: V, _position: usize) -> V {
        value
    }

    #[inline(always)]
    fn join<V: Lanes>(a: V, b: V) -> V {
        a.add(b)
    }
}

/// Adds up the squares of the distances from a number for each position.
pub(super) struct Squares<const N: usize>(pub(super) [f32; N]);

impl<const N: usize> Joining for Squares<N> {
    const NEUTRAL: f32 = 0.0;

    #[inline(always)]
    fn of<V: Lanes>(&self, value: V, position: usize) -> V {
        let distance = value.sub(V::splat(self.0[position]));
        distance.mul(distance)
    }

    #[inline(always)]
    fn join<V: Lanes>(a: V, b: V) -> V {
        a.add(b)
    }
}

/// Takes the greatest value; NaN if any value is NaN.
pub(super) struct Greatest;

impl Joining for Greatest {
    const NEUTRAL: f32 = f32::NEG_INFINITY;

    #[inline(always)]
    fn of<V: Lanes>(&self, value: V, _position: usize) -> V {
        value
    }

    #[inline(always)]
    fn join<V: Lanes>(a: V, b: V) -> V {
        a.greater(b)
    }
}

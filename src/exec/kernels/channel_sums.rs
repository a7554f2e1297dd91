//! Sums and greatest values over the channels at a position, sixteen channels at once. A few neighbouring positions are
//! computed together, with a vector for each in registers, so that nothing but the input is read. The lanes of a vector
//! are joined in the end: the order of additions depends on the number of channels alone.
#![allow(unsafe_code)]

use crate::lower::LANES;

use super::lanes::Lanes;

/// Positions that are computed together at most.
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
    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.channels.div_ceil(LANES)
    }

    /// The vector of a block at a position.
    ///
    /// # Safety
    /// It can be read.
    #[inline(always)]
    pub(super) unsafe fn at<V: Lanes>(&self, block: usize, position: usize) -> V {
        // SAFETY: the caller's promise.
        unsafe { V::load(self.start.wrapping_add(block * self.distance + position * LANES)) }
    }

    /// Joins a function of all blocks at `N` positions: lane by lane with `join`, beginning with `neutral`, which also
    /// stands for the lanes behind the last channel, whatever they hold.
    ///
    /// # Safety
    /// The blocks can be read at these positions.
    #[inline(always)]
    unsafe fn joined<V: Lanes, const N: usize>(
        &self,
        neutral: f32,
        of: impl Fn(V, usize) -> V,
        join: impl Fn(V, V) -> V,
    ) -> [[f32; LANES]; N] {
        let last = self.count() - 1;
        let mut present = [0.0f32; LANES];
        present[..self.channels - last * LANES].fill(1.0);
        let neutral = V::splat(neutral);
        let mut sums = [neutral; N];
        let mut lanes = [[0.0; LANES]; N];
        // SAFETY: the caller's promise; the arrays have sixteen lanes.
        unsafe {
            for block in 0..last {
                for (position, sum) in sums.iter_mut().enumerate() {
                    *sum = join(*sum, of(self.at(block, position), position));
                }
            }
            let (zero, present) = (V::splat(0.0), V::load(present.as_ptr()));
            for (position, (sum, lanes)) in sums.iter().zip(&mut lanes).enumerate() {
                let value = of(self.at(last, position), position).where_equal(present, zero, neutral);
                join(*sum, value).store(lanes.as_mut_ptr());
            }
        }
        lanes
    }

    /// The sums over all channels of a function of the values at `N` positions.
    ///
    /// # Safety
    /// The blocks can be read at these positions.
    #[inline(always)]
    pub(super) unsafe fn sums<V: Lanes, const N: usize>(&self, of: impl Fn(V, usize) -> V) -> [f32; N] {
        // SAFETY: the caller's promise.
        let lanes = unsafe { self.joined::<V, N>(0.0, of, |a, b| a.add(b)) };
        lanes.map(|lanes| halved(lanes, |a, b| a + b))
    }

    /// The greatest of all channels at `N` positions; NaN where one is.
    ///
    /// # Safety
    /// The blocks can be read at these positions.
    #[inline(always)]
    pub(super) unsafe fn greatest<V: Lanes, const N: usize>(&self) -> [f32; N] {
        // SAFETY: the caller's promise.
        let lanes = unsafe { self.joined::<V, N>(f32::NEG_INFINITY, |value, _| value, |a, b| a.greater(b)) };
        lanes.map(|lanes| halved(lanes, |a, b| if a >= b || a.is_nan() { a } else { b }))
    }
}

/// Joins sixteen values: halves are joined until one is left, so that those of neighbouring positions overlap.
#[inline(always)]
fn halved(mut values: [f32; LANES], join: impl Fn(f32, f32) -> f32) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            values[lane] = join(values[lane], values[lane + half]);
        }
        half /= 2;
    }
    values[0]
}

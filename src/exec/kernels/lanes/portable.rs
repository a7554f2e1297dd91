//! Vectors without special instructions.
#![allow(unsafe_code)]

use super::{Lanes, TileLanes};

/// Sixteen numbers, which the compiler maps to the vectors of the target. Products are rounded before they are added,
/// unless the target is known to fuse both.
#[derive(Clone, Copy)]
pub(in crate::exec::kernels) struct Portable([f32; 16]);

impl Portable {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Portable(std::array::from_fn(|lane| f(self.0[lane], other.0[lane])))
    }
}

impl TileLanes for Portable {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        Portable([value; 16])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller promises sixteen readable values; arrays of f32 have the alignment of f32.
        unsafe { Portable(from.cast::<[f32; 16]>().read()) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller promises sixteen writable values.
        unsafe { to.cast::<[f32; 16]>().write(self.0) }
    }
    #[inline(always)]
    fn mac(self, a: Self, b: Self) -> Self {
        if cfg!(target_arch = "aarch64") {
            Portable(std::array::from_fn(|lane| a.0[lane].mul_add(b.0[lane], self.0[lane])))
        } else {
            self.add(a.mul(b))
        }
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
    #[inline(always)]
    fn at_least(self, least: Self) -> Self {
        self.zip(least, |a, b| if a < b { b } else { a })
    }
    #[inline(always)]
    fn at_most(self, most: Self) -> Self {
        self.zip(most, |a, b| if a > b { b } else { a })
    }
    #[inline(always)]
    fn prefetch(_from: *const f32) {}
    #[inline(always)]
    fn prefetch_far(_from: *const f32) {}
}

impl Lanes for Portable {
    const REGISTERS: usize = 4;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        self.zip(other, |a, b| a / b)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        self.zip(self, |a, _| a.sqrt())
    }
    #[inline(always)]
    fn inverse_root(self) -> Self {
        self.zip(self, |a, _| 1.0 / a.sqrt())
    }
    #[inline(always)]
    fn greater(self, other: Self) -> Self {
        self.zip(other, |a, b| if a >= b || a.is_nan() { a } else { b })
    }
    #[inline(always)]
    fn where_equal(self, a: Self, b: Self, then: Self) -> Self {
        let choose = |lane: usize| if a.0[lane] == b.0[lane] { then.0[lane] } else { self.0[lane] };
        Portable(std::array::from_fn(choose))
    }
    #[inline(always)]
    fn round(self) -> Self {
        self.zip(self, |a, _| a.round_ties_even())
    }
    #[inline(always)]
    fn exp2_whole(self) -> Self {
        self.zip(self, |a, _| f32::from_bits(((a as i32 + 127) as u32) << 23))
    }
    #[inline(always)]
    fn any_nan(self) -> bool {
        self.0.iter().any(|lane| lane.is_nan())
    }
    #[inline(always)]
    fn swapped<const BIT: usize>(self) -> Self {
        Portable(std::array::from_fn(|lane| self.0[lane ^ BIT]))
    }
    #[inline(always)]
    fn lower_bf16(self) -> Self {
        self.zip(self, |a, _| f32::from_bits(a.to_bits() << 16))
    }
    #[inline(always)]
    fn upper_bf16(self) -> Self {
        self.zip(self, |a, _| f32::from_bits(a.to_bits() & 0xffff_0000))
    }
    #[inline(always)]
    fn first(self) -> f32 {
        self.0[0]
    }
}

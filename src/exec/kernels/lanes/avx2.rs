//! Vectors of AVX2 and FMA.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::{Lanes, TileLanes};

/// Two 256-bit registers.
#[derive(Clone, Copy)]
pub(in crate::exec::kernels) struct Avx2(__m256, __m256);

macro_rules! halves {
    ($intrinsic:ident $(::<$constant:literal>)? ($($operand:expr),*)) => {
        unsafe {
            Avx2(
                $intrinsic$(::<$constant>)?($($operand.0),*),
                $intrinsic$(::<$constant>)?($($operand.1),*),
            )
        }
    };
}

// SAFETY of the blocks below: as for `Avx512`.
impl TileLanes for Avx2 {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        unsafe { Avx2(_mm256_set1_ps(value), _mm256_set1_ps(value)) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        unsafe { Avx2(_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe {
            _mm256_storeu_ps(to, self.0);
            _mm256_storeu_ps(to.add(8), self.1);
        }
    }
    #[inline(always)]
    fn mac(self, a: Self, b: Self) -> Self {
        halves!(_mm256_fmadd_ps(a, b, self))
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        halves!(_mm256_add_ps(self, other))
    }
    #[inline(always)]
    fn at_least(self, least: Self) -> Self {
        halves!(_mm256_max_ps(least, self))
    }
    #[inline(always)]
    fn at_most(self, most: Self) -> Self {
        halves!(_mm256_min_ps(most, self))
    }
    #[inline(always)]
    fn prefetch(from: *const f32) {
        unsafe { _mm_prefetch::<_MM_HINT_T0>(from.cast()) }
    }
    #[inline(always)]
    fn prefetch_far(from: *const f32) {
        unsafe { _mm_prefetch::<_MM_HINT_T1>(from.cast()) }
    }
}

impl Lanes for Avx2 {
    const REGISTERS: usize = 8;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        halves!(_mm256_sub_ps(self, other))
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        halves!(_mm256_mul_ps(self, other))
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        halves!(_mm256_div_ps(self, other))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        halves!(_mm256_sqrt_ps(self))
    }
    #[inline(always)]
    fn inverse_root(self) -> Self {
        let estimate: Self = halves!(_mm256_rsqrt_ps(self));
        estimate.refined_root(self).refined_root(self)
    }
    #[inline(always)]
    fn greater(self, other: Self) -> Self {
        let half = |a: __m256, b: __m256| unsafe {
            _mm256_blendv_ps(_mm256_max_ps(a, b), a, _mm256_cmp_ps::<_CMP_UNORD_Q>(a, a))
        };
        Avx2(half(self.0, other.0), half(self.1, other.1))
    }
    #[inline(always)]
    fn where_equal(self, a: Self, b: Self, then: Self) -> Self {
        let half = |own: __m256, a: __m256, b: __m256, then: __m256| unsafe {
            _mm256_blendv_ps(own, then, _mm256_cmp_ps::<_CMP_EQ_OQ>(a, b))
        };
        Avx2(half(self.0, a.0, b.0, then.0), half(self.1, a.1, b.1, then.1))
    }
    #[inline(always)]
    fn round(self) -> Self {
        unsafe { Avx2(_mm256_round_ps::<0>(self.0), _mm256_round_ps::<0>(self.1)) }
    }
    #[inline(always)]
    fn exp2_whole(self) -> Self {
        let half = |part: __m256| unsafe {
            let biased = _mm256_add_epi32(_mm256_cvtps_epi32(part), _mm256_set1_epi32(127));
            _mm256_castsi256_ps(_mm256_slli_epi32::<23>(biased))
        };
        Avx2(half(self.0), half(self.1))
    }
    #[inline(always)]
    fn any_nan(self) -> bool {
        unsafe { _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_UNORD_Q>(self.0, self.1)) != 0 }
    }
    #[inline(always)]
    fn swapped<const BIT: usize>(self) -> Self {
        match BIT {
            8 => Avx2(self.1, self.0),
            4 => halves!(_mm256_permute2f128_ps::<1>(self, self)),
            2 => halves!(_mm256_permute_ps::<0x4e>(self)),
            _ => halves!(_mm256_permute_ps::<0xb1>(self)),
        }
    }
    #[inline(always)]
    fn lower_bf16(self) -> Self {
        let half =
            |part: __m256| unsafe { _mm256_castsi256_ps(_mm256_slli_epi32::<16>(_mm256_castps_si256(part))) };
        Avx2(half(self.0), half(self.1))
    }
    #[inline(always)]
    fn upper_bf16(self) -> Self {
        let half = |part: __m256| unsafe {
            let upper = _mm256_set1_epi32(0xffff_0000_u32.cast_signed());
            _mm256_castsi256_ps(_mm256_and_si256(_mm256_castps_si256(part), upper))
        };
        Avx2(half(self.0), half(self.1))
    }
    #[inline(always)]
    fn first(self) -> f32 {
        unsafe { _mm256_cvtss_f32(self.0) }
    }
}

//! Vectors of AVX-512.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::{Lanes, TileLanes};

/// One 512-bit register.
#[derive(Clone, Copy)]
pub(in crate::exec::kernels) struct Avx512(__m512);

// SAFETY of the blocks below: the trait's callers guarantee that the machine has the instructions; `load` and `store`
// pass their own contract on.
impl TileLanes for Avx512 {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        unsafe { Avx512(_mm512_set1_ps(value)) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        unsafe { Avx512(_mm512_loadu_ps(from)) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { _mm512_storeu_ps(to, self.0) }
    }
    #[inline(always)]
    fn mac(self, a: Self, b: Self) -> Self {
        unsafe { Avx512(_mm512_fmadd_ps(a.0, b.0, self.0)) }
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        unsafe { Avx512(_mm512_add_ps(self.0, other.0)) }
    }
    #[inline(always)]
    fn at_least(self, least: Self) -> Self {
        unsafe { Avx512(_mm512_max_ps(least.0, self.0)) }
    }
    #[inline(always)]
    fn at_most(self, most: Self) -> Self {
        unsafe { Avx512(_mm512_min_ps(most.0, self.0)) }
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

impl Lanes for Avx512 {
    const REGISTERS: usize = 32;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        unsafe { Avx512(_mm512_sub_ps(self.0, other.0)) }
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        unsafe { Avx512(_mm512_mul_ps(self.0, other.0)) }
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        unsafe { Avx512(_mm512_div_ps(self.0, other.0)) }
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        unsafe { Avx512(_mm512_sqrt_ps(self.0)) }
    }
    #[inline(always)]
    fn inverse_root(self) -> Self {
        unsafe { Avx512(_mm512_rsqrt14_ps(self.0)) }.refined_root(self)
    }
    #[inline(always)]
    fn greater(self, other: Self) -> Self {
        unsafe {
            let own_nan = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(self.0, self.0);
            Avx512(_mm512_mask_mov_ps(_mm512_max_ps(self.0, other.0), own_nan, self.0))
        }
    }
    #[inline(always)]
    fn where_equal(self, a: Self, b: Self, then: Self) -> Self {
        unsafe { Avx512(_mm512_mask_mov_ps(self.0, _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a.0, b.0), then.0)) }
    }
    #[inline(always)]
    fn round(self) -> Self {
        unsafe { Avx512(_mm512_roundscale_ps::<0>(self.0)) }
    }
    #[inline(always)]
    fn exp2_whole(self) -> Self {
        unsafe {
            let biased = _mm512_add_epi32(_mm512_cvtps_epi32(self.0), _mm512_set1_epi32(127));
            Avx512(_mm512_castsi512_ps(_mm512_slli_epi32::<23>(biased)))
        }
    }
    #[inline(always)]
    fn any_nan(self) -> bool {
        unsafe { _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(self.0, self.0) != 0 }
    }
    #[inline(always)]
    fn swapped<const BIT: usize>(self) -> Self {
        unsafe {
            Avx512(match BIT {
                8 => _mm512_shuffle_f32x4::<0x4e>(self.0, self.0),
                4 => _mm512_shuffle_f32x4::<0xb1>(self.0, self.0),
                2 => _mm512_permute_ps::<0x4e>(self.0),
                _ => _mm512_permute_ps::<0xb1>(self.0),
            })
        }
    }
    #[inline(always)]
    fn lower_bf16(self) -> Self {
        unsafe { Avx512(_mm512_castsi512_ps(_mm512_slli_epi32::<16>(_mm512_castps_si512(self.0)))) }
    }
    #[inline(always)]
    fn upper_bf16(self) -> Self {
        unsafe {
            let upper = _mm512_set1_epi32(0xffff_0000_u32.cast_signed());
            Avx512(_mm512_castsi512_ps(_mm512_and_si512(_mm512_castps_si512(self.0), upper)))
        }
    }
    #[inline(always)]
    fn first(self) -> f32 {
        unsafe { _mm512_cvtss_f32(self.0) }
    }
}

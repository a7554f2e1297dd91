//! The first eight lanes in a 256-bit register, with the 32 registers of AVX-512.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::TileLanes;

/// The lanes 0 to 7; the others are zero in memory.
#[derive(Clone, Copy)]
pub(in crate::exec::kernels) struct Half(__m256);

// SAFETY of the blocks below: as in [`super::avx512`].
impl TileLanes for Half {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        unsafe { Half(_mm256_set1_ps(value)) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        unsafe { Half(_mm256_loadu_ps(from)) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { _mm512_storeu_ps(to, _mm512_zextps256_ps512(self.0)) }
    }
    #[inline(always)]
    fn mac(self, a: Self, b: Self) -> Self {
        unsafe { Half(_mm256_fmadd_ps(a.0, b.0, self.0)) }
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        unsafe { Half(_mm256_add_ps(self.0, other.0)) }
    }
    #[inline(always)]
    fn at_least(self, least: Self) -> Self {
        unsafe { Half(_mm256_max_ps(least.0, self.0)) }
    }
    #[inline(always)]
    fn at_most(self, most: Self) -> Self {
        unsafe { Half(_mm256_min_ps(most.0, self.0)) }
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

//! Vectors of sixteen f32: one 512-bit register, two of 256 bits, or plain numbers.
//!
//! Kernels are written once over [`Lanes`]. A [`Body`] is compiled for each kind of instructions, all of it inlined
//! into one function that enables them; nothing outside such a function may call the methods of a vector type.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// Kinds of instructions, from the fewest to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// The baseline of the target, which every processor has.
    Portable,
    /// AVX2 and FMA.
    Avx2,
    /// AVX-512.
    Avx512,
}

impl Isa {
    /// The best kind that this machine supports.
    pub fn best() -> Isa {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                return Isa::Avx512;
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return Isa::Avx2;
            }
        }
        Isa::Portable
    }
}

/// Sixteen f32. The methods must be inlined into code that has the instructions.
pub(super) trait Lanes: Copy {
    /// All sixteen lanes with one value.
    fn splat(value: f32) -> Self;
    /// Loads sixteen values.
    ///
    /// # Safety
    /// They can be read.
    unsafe fn load(from: *const f32) -> Self;
    /// Stores sixteen values.
    ///
    /// # Safety
    /// They can be written.
    unsafe fn store(self, to: *mut f32);
    /// `self + a · b`
    fn mac(self, a: Self, b: Self) -> Self;
    /// Sums.
    fn add(self, other: Self) -> Self;
    /// Differences.
    fn sub(self, other: Self) -> Self;
    /// Products.
    fn mul(self, other: Self) -> Self;
    /// Quotients.
    fn div(self, other: Self) -> Self;
    /// Square roots.
    fn sqrt(self) -> Self;
    /// The greater of each value and `least`; NaN stays.
    fn at_least(self, least: Self) -> Self;
    /// The smaller of each value and `most`; NaN stays.
    fn at_most(self, most: Self) -> Self;
    /// The greater of two values; NaN if one of them is NaN.
    fn greater(self, other: Self) -> Self;
    /// `then` in lanes where `a` equals `b`, else `self`.
    fn where_equal(self, a: Self, b: Self, then: Self) -> Self;
    /// Rounds to the nearest whole number.
    fn round(self) -> Self;
    /// Two to the power of whole numbers in −126 to 127; infinite for 128.
    fn exp2_whole(self) -> Self;
    /// Returns whether any of the values is NaN.
    fn any_nan(self) -> bool;
    /// Each lane gets the value of the lane whose number differs in the bit `BIT`: 8, 4, 2 or 1.
    fn swapped<const BIT: usize>(self) -> Self;
    /// The first value.
    fn first(self) -> f32;
    /// Prefetches a cache line; the address need not be valid.
    fn prefetch(from: *const f32);
}

/// Code that is generic over the kind of vectors.
pub(super) trait Body {
    /// Runs the code. Implementations are `#[inline(always)]`, so that it is compiled with the right instructions.
    fn run<V: Lanes>(self);
}

/// Runs a body, compiled for a kind of instructions.
pub(super) fn with<B: Body>(isa: Isa, body: B) {
    #[cfg(target_arch = "x86_64")]
    match isa {
        // SAFETY: an executor uses at most the instructions of `Isa::best`.
        Isa::Avx512 => return unsafe { with_avx512(body) },
        // SAFETY: as above.
        Isa::Avx2 => return unsafe { with_avx2(body) },
        Isa::Portable => {}
    }
    let _ = isa;
    body.run::<Portable>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn with_avx512<B: Body>(body: B) {
    body.run::<Avx512>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn with_avx2<B: Body>(body: B) {
    body.run::<Avx2>();
}

/// One 512-bit register.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct Avx512(__m512);

// SAFETY of the blocks below: the trait's callers guarantee that the machine has the instructions; `load` and `store`
// pass their own contract on.
#[cfg(target_arch = "x86_64")]
impl Lanes for Avx512 {
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
    fn at_least(self, least: Self) -> Self {
        unsafe { Avx512(_mm512_max_ps(least.0, self.0)) }
    }
    #[inline(always)]
    fn at_most(self, most: Self) -> Self {
        unsafe { Avx512(_mm512_min_ps(most.0, self.0)) }
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
    fn first(self) -> f32 {
        unsafe { _mm512_cvtss_f32(self.0) }
    }
    #[inline(always)]
    fn prefetch(from: *const f32) {
        unsafe { _mm_prefetch::<_MM_HINT_T0>(from.cast()) }
    }
}

/// Two 256-bit registers.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct Avx2(__m256, __m256);

#[cfg(target_arch = "x86_64")]
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
#[cfg(target_arch = "x86_64")]
impl Lanes for Avx2 {
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
    fn at_least(self, least: Self) -> Self {
        halves!(_mm256_max_ps(least, self))
    }
    #[inline(always)]
    fn at_most(self, most: Self) -> Self {
        halves!(_mm256_min_ps(most, self))
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
    fn first(self) -> f32 {
        unsafe { _mm256_cvtss_f32(self.0) }
    }
    #[inline(always)]
    fn prefetch(from: *const f32) {
        unsafe { _mm_prefetch::<_MM_HINT_T0>(from.cast()) }
    }
}

/// Sixteen numbers, which the compiler maps to the vectors of the target. Products are rounded before they are added,
/// unless the target is known to fuse both.
#[derive(Clone, Copy)]
pub(super) struct Portable([f32; 16]);

impl Portable {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Portable(std::array::from_fn(|lane| f(self.0[lane], other.0[lane])))
    }
}

impl Lanes for Portable {
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
    fn at_least(self, least: Self) -> Self {
        self.zip(least, |a, b| if a < b { b } else { a })
    }
    #[inline(always)]
    fn at_most(self, most: Self) -> Self {
        self.zip(most, |a, b| if a > b { b } else { a })
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
    fn first(self) -> f32 {
        self.0[0]
    }
    #[inline(always)]
    fn prefetch(_from: *const f32) {}
}

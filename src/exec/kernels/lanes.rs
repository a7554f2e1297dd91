//! Vectors of sixteen f32: one 512-bit register, two of 256 bits, or plain numbers.
//!
//! Kernels are written once over [`Lanes`]. A [`Body`] is compiled for each kind of instructions, all of it inlined
//! into one function that enables them; nothing outside such a function may call the methods of a vector type.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod half;
mod portable;

#[cfg(target_arch = "x86_64")]
pub(super) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(super) use avx512::Avx512;
#[cfg(target_arch = "x86_64")]
pub(super) use half::Half;
pub(super) use portable::Portable;

#[cfg(target_arch = "x86_64")]
use super::tile_state;

/// Kinds of instructions, from the fewest to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// The baseline of the target, which every processor has.
    Portable,
    /// AVX2 and FMA.
    Avx2,
    /// AVX-512, also for registers of 256 bits.
    Avx512,
    /// AVX-512 with conversions to bf16, and the matrix unit AMX with products of bf16.
    Amx,
    /// The vectors of this machine, and a matrix unit in plain numbers. It computes on every machine what AMX computes,
    /// slowly.
    MatrixModel,
}

impl Isa {
    /// All kinds.
    pub const ALL: [Isa; 5] = [Isa::Portable, Isa::Avx2, Isa::Avx512, Isa::Amx, Isa::MatrixModel];

    /// The word for it in reports.
    pub fn word(self) -> &'static str {
        match self {
            Isa::Portable => "portable",
            Isa::Avx2 => "avx2",
            Isa::Avx512 => "avx512",
            Isa::Amx => "amx",
            Isa::MatrixModel => "amx-model",
        }
    }

    /// The best kind that this machine supports and the system permits.
    pub fn best() -> Isa {
        let vectors = Isa::best_vectors();
        #[cfg(target_arch = "x86_64")]
        if vectors == Isa::Avx512 && tile_state::exists() && tile_state::permitted() {
            return Isa::Amx;
        }
        vectors
    }

    fn best_vectors() -> Isa {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl") {
                return Isa::Avx512;
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return Isa::Avx2;
            }
        }
        Isa::Portable
    }

    /// This kind, or the best one where this machine lacks it. For AMX the system's permission decides, not what the
    /// processor says of itself, so that an emulator can provide the instructions.
    pub fn available(self) -> Isa {
        match self {
            Isa::MatrixModel => self,
            #[cfg(target_arch = "x86_64")]
            Isa::Amx if tile_state::permitted() => self,
            _ => self.min(Isa::best()),
        }
    }

    /// Returns whether there is a matrix unit, for which a network is planned otherwise.
    pub fn has_matrix_unit(self) -> bool {
        matches!(self, Isa::Amx | Isa::MatrixModel)
    }

    /// The kind of vectors: `Portable`, `Avx2` or `Avx512`.
    pub(super) fn vectors(self) -> Isa {
        match self {
            Isa::Amx => Isa::Avx512,
            Isa::MatrixModel => Isa::best_vectors(),
            vectors => vectors,
        }
    }
}

/// The operations on vectors that a register tile needs. A vector has all sixteen lanes in its registers, or only the
/// first ones; the others are zeros in memory. The methods must be inlined into code that has the instructions.
pub(super) trait TileLanes: Copy {
    /// All lanes with one value.
    fn splat(value: f32) -> Self;
    /// Loads a vector.
    ///
    /// # Safety
    /// Sixteen values can be read.
    unsafe fn load(from: *const f32) -> Self;
    /// Stores a vector.
    ///
    /// # Safety
    /// Sixteen values can be written.
    unsafe fn store(self, to: *mut f32);
    /// `self + a · b`
    fn mac(self, a: Self, b: Self) -> Self;
    /// Sums.
    fn add(self, other: Self) -> Self;
    /// The greater of each value and `least`; NaN stays.
    fn at_least(self, least: Self) -> Self;
    /// The smaller of each value and `most`; NaN stays.
    fn at_most(self, most: Self) -> Self;
    /// Prefetches a cache line; the address need not be valid.
    fn prefetch(from: *const f32);
    /// Prefetches a cache line into the second cache only.
    fn prefetch_far(from: *const f32);
}

/// Sixteen f32, with all operations.
pub(super) trait Lanes: TileLanes {
    /// The number of these that the registers hold.
    const REGISTERS: usize;

    /// Differences.
    fn sub(self, other: Self) -> Self;
    /// Products.
    fn mul(self, other: Self) -> Self;
    /// Quotients.
    fn div(self, other: Self) -> Self;
    /// Square roots.
    fn sqrt(self) -> Self;
    /// One over the square roots, to a few units in the last place; NaN for values below zero, and for zero and infinity
    /// where the machine has no exact instruction.
    fn inverse_root(self) -> Self;
    /// Newton's step from an estimate of the inverse root of `of`: doubles the number of bits that are right.
    #[inline(always)]
    fn refined_root(self, of: Self) -> Self {
        let error = Self::splat(1.0).mac(of.mul(self), self.mul(Self::splat(-1.0)));
        self.mac(self.mul(Self::splat(0.5)), error)
    }
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
    /// The values of bf16 in the lower halves of the lanes.
    fn lower_bf16(self) -> Self;
    /// The values of bf16 in the upper halves of the lanes.
    fn upper_bf16(self) -> Self;
    /// The first value.
    fn first(self) -> f32;
}

/// Code that is generic over the kind of vectors.
pub(super) trait Body {
    /// Runs the code. Implementations are `#[inline(always)]`, so that it is compiled with the right instructions.
    fn run<V: Lanes>(self);
}

/// Runs a body, compiled for a kind of instructions.
pub(super) fn with<B: Body>(isa: Isa, body: B) {
    #[cfg(target_arch = "x86_64")]
    match isa.vectors() {
        // SAFETY: an executor uses only instructions that are available.
        Isa::Avx512 => return unsafe { with_avx512(body) },
        // SAFETY: as above.
        Isa::Avx2 => return unsafe { with_avx2(body) },
        _ => {}
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

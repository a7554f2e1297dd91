//! Seeded tensors: the values of an element follow from the seed, the tensor's key and the element's index.
//!
//! The bits come from the splitmix64 finaliser (Steele, Lea, Flood 2014) over a counter, starting from a
//! hash (FNV-1a) of the key. Every conversion to f32 is exact or a single rounded operation, so that
//! another implementation in 64-bit integer and IEEE 754 arithmetic gives the same bits.

use ndarray::{ArrayD, IxDyn};

use crate::ops::{Init, digit_codes};

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// The tensor of this key; `random_norm` chooses the second alternative of the `Norm…` kinds.
///
/// # Panics
/// Where the shape has more elements than fit in memory: the caller has checked its size.
pub fn fill(seed: u64, key: &str, init: &Init, random_norm: bool, shape: &[usize]) -> ArrayD<f32> {
    if *init == Init::DigitCodes {
        let mut codes = digit_codes().into_iter();
        return ArrayD::from_shape_simple_fn(IxDyn(shape), || codes.next().unwrap_or(0.0));
    }
    let base = base(seed, key);
    let law = Law::of(init, random_norm);
    let mut index = 0;
    ArrayD::from_shape_simple_fn(IxDyn(shape), || {
        let bits = bits(base, index);
        index += 1;
        match law {
            Law::Symmetric(bound) => bound * symmetric(bits),
            Law::AroundOne => 0.5 + unit(bits),
            Law::Constant(value) => value,
        }
    })
}

/// The distribution that the 24 bits of an element are mapped to.
#[derive(Clone, Copy)]
enum Law {
    /// Uniform in ±bound.
    Symmetric(f32),
    /// Uniform in [0.5, 1.5).
    AroundOne,
    Constant(f32),
}

impl Law {
    fn of(init: &Init, random_norm: bool) -> Law {
        match *init {
            Init::Kaiming { fan_in } => Law::Symmetric((6.0 / fan_in as f64).sqrt() as f32),
            Init::Bias { fan_in } => Law::Symmetric((1.0 / (fan_in as f64).sqrt()) as f32),
            Init::Input => Law::Symmetric(1.0),
            Init::Constant(value) => Law::Constant(value),
            // Filled above, element by element.
            Init::DigitCodes => Law::Constant(0.0),
            Init::NormWeight | Init::NormVariance if random_norm => Law::AroundOne,
            Init::NormWeight | Init::NormVariance => Law::Constant(1.0),
            Init::NormBias | Init::NormMean if random_norm => Law::Symmetric(0.5),
            Init::NormBias | Init::NormMean => Law::Constant(0.0),
        }
    }
}

/// The 24 bits, as a number in [0, 1); exact.
fn unit(bits: u32) -> f32 {
    bits as f32 / 16_777_216.0
}

/// The 24 bits, as a number in [-1, 1); exact.
fn symmetric(bits: u32) -> f32 {
    (bits as f32 - 8_388_608.0) / 8_388_608.0
}

/// The 24 bits of an element, by its index in C order.
fn bits(base: u64, index: u64) -> u32 {
    (mix(base.wrapping_add(index.wrapping_add(1).wrapping_mul(GOLDEN))) >> 40) as u32
}

fn base(seed: u64, key: &str) -> u64 {
    mix(fnv(key) ^ mix(seed.wrapping_add(GOLDEN)))
}

/// The finaliser of splitmix64.
fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// FNV-1a, 64 bits.
fn fnv(key: &str) -> u64 {
    key.bytes()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits_of(seed: u64, key: &str, init: Init, random_norm: bool) -> Vec<u32> {
        fill(seed, key, &init, random_norm, &[2, 2]).iter().map(|value| value.to_bits()).collect()
    }

    /// Computed with numpy 2.4 from the definition in the module's comment.
    #[test]
    fn bits_are_those_of_numpy() {
        let kaiming = bits_of(0, "conv1.weight", Init::Kaiming { fan_in: 27 }, false);
        assert_eq!(kaiming, [0xbdf41615, 0x3dd53cac, 0xbe92713d, 0x3e8e445c]);
        let bias = bits_of(1, "fc.bias", Init::Bias { fan_in: 84 }, false);
        assert_eq!(bias, [0xbd381854, 0x3d8dc1f1, 0xbca8e636, 0x3b956761]);
        let input = bits_of(u64::MAX, "input", Init::Input, false);
        assert_eq!(input, [0xbf3b935c, 0x3f5780f2, 0x3e20a000, 0x3f66bb5a]);
        let not_ascii = bits_of(7, "höhe", Init::Input, false);
        assert_eq!(not_ascii, [0xbdbbf2e0, 0xbf6c662e, 0xbf15676a, 0x3f52a922]);
        for init in [Init::NormWeight, Init::NormVariance] {
            assert_eq!(
                bits_of(7, "bn1.weight", init, true),
                [0x3f9657c8, 0x3f8918ca, 0x3f4b77c3, 0x3fa9e0d2]
            );
        }
        for init in [Init::NormBias, Init::NormMean] {
            assert_eq!(bits_of(7, "bn1.bias", init, true), [0x3bfa4b80, 0xbe01cf60, 0x3e0ac73c, 0xbe25ff6c]);
        }
    }

    #[test]
    fn norms_are_neutral_unless_asked() {
        let first = |init| fill(1, "bn1.weight", &init, false, &[3])[0];
        assert_eq!(first(Init::NormWeight), 1.0);
        assert_eq!(first(Init::NormBias), 0.0);
        assert_eq!(first(Init::NormMean), 0.0);
        assert_eq!(first(Init::NormVariance), 1.0);
        assert_eq!(first(Init::Constant(0.25)), 0.25);
    }

    #[test]
    fn values_do_not_depend_on_the_shape() {
        let flat = fill(3, "input", &Init::Input, false, &[24]);
        let deep = fill(3, "input", &Init::Input, false, &[2, 3, 4]);
        assert!(flat.iter().eq(deep.iter()));
        assert!(flat.iter().all(|value| (-1.0..1.0).contains(value)));
    }

    #[test]
    fn an_empty_tensor_and_a_scalar_are_filled() {
        assert_eq!(fill(0, "a", &Init::Input, false, &[0, 3]).len(), 0);
        assert_eq!(fill(0, "a", &Init::Input, false, &[]).len(), 1);
    }
}

//! bf16: the upper half of an f32, with its exponent and 8 bits of its mantissa.

/// The bits of the nearest value of bf16; of two that are as near, of the even one. NaN stays NaN, and finite values
/// beyond the largest of bf16 become infinite.
pub(super) fn nearest(value: f32) -> u16 {
    let bits = value.to_bits();
    let upper = |bits: u32| (bits >> 16) as u16;
    if value.is_nan() {
        // The bits of a payload may all be in the lower half.
        return upper(bits) | 0x0040;
    }
    upper(bits + 0x7fff + ((bits >> 16) & 1))
}

/// As [`nearest`], but denormals become zero, as in the instructions that convert.
pub(super) fn nearest_normal(value: f32) -> u16 {
    nearest(if value.abs() < f32::MIN_POSITIVE { 0.0f32.copysign(value) } else { value })
}

/// The value of these bits.
pub(super) fn value(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// Returns whether a finite value rounds to infinity.
pub(super) fn overflows(value: f32) -> bool {
    value.is_finite() && nearest(value.abs()) == 0x7f80
}

/// Two values of bf16 in one element, as `Lanes::lower_bf16`, `Lanes::upper_bf16` and the matrix unit read them.
pub(super) fn pair(lower: u16, upper: u16) -> f32 {
    f32::from_bits(u32::from(lower) | u32::from(upper) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_round_to_the_nearest_and_ties_to_even() {
        let rounded = |number: f32| value(nearest(number));
        let step = 1.0 / 128.0;
        assert_eq!(rounded(1.0 + 0.49 * step), 1.0);
        assert_eq!(rounded(1.0 + 0.5 * step), 1.0);
        assert_eq!(rounded(1.0 + 0.51 * step), 1.0 + step);
        assert_eq!(rounded(1.0 + 1.5 * step), 1.0 + 2.0 * step);
        assert_eq!(rounded(-1.0 - 1.5 * step), -1.0 - 2.0 * step);
        assert_eq!(rounded(-0.0).to_bits(), (-0.0_f32).to_bits());
    }

    #[test]
    fn values_that_are_not_finite_stay_what_they_are() {
        let rounded = |number: f32| value(nearest(number));
        assert_eq!(rounded(f32::INFINITY), f32::INFINITY);
        assert_eq!(rounded(f32::NEG_INFINITY), f32::NEG_INFINITY);
        for bits in [0x7f80_0001, 0x7fff_ffff, 0xff80_0001, 0xffff_ffff] {
            assert!(rounded(f32::from_bits(bits)).is_nan(), "{bits:x}");
        }
    }

    #[test]
    fn only_finite_values_overflow() {
        let largest = f32::from_bits(0x7f7f_0000);
        for (value, expected) in [
            (largest, false),
            (f32::from_bits(0x7f7f_7fff), false),
            (f32::from_bits(0x7f7f_8000), true),
            (f32::MAX, true),
            (f32::MIN, true),
            (f32::INFINITY, false),
            (f32::NAN, false),
            (0.0, false),
        ] {
            assert_eq!(overflows(value), expected, "{value:e}");
        }
    }

    #[test]
    fn denormals_round_like_other_values() {
        let rounded = |number: f32| value(nearest(number)).to_bits();
        assert_eq!(rounded(f32::from_bits(0x0001_0000)), 0x0001_0000);
        assert_eq!(rounded(f32::from_bits(0x0000_8001)), 0x0001_0000);
        assert_eq!(rounded(f32::from_bits(0x0000_8000)), 0);
    }

    #[test]
    fn denormals_become_zero_where_instructions_convert() {
        let cases = [
            (0x3f80_8000, 0x3f80),
            (0x3f81_8000, 0x3f82),
            (0x3f80_8001, 0x3f81),
            (0x7f7f_ffff, 0x7f80),
            (0xff80_0000, 0xff80),
            (0x7f80_0001, 0x7fc0),
            (0x0000_0001, 0),
            (0x807f_ffff, 0x8000),
            (0x0080_0000, 0x0080),
        ];
        for (bits, expected) in cases {
            assert_eq!(nearest_normal(f32::from_bits(bits)), expected, "{bits:08x}");
        }
    }
}

//! The numbers that reference kernels compute with: `f32`, `f64`, and in tests a type that counts operations.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// A number of a reference kernel.
pub trait Number:
    Copy
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// A constant.
    fn from_f64(value: f64) -> Self;
    /// `self + a · b`: one multiply-accumulate.
    fn mac(self, a: Self, b: Self) -> Self;
    /// The greater; NaN if one is NaN.
    fn max(self, other: Self) -> Self;
    /// The lesser; NaN if one is NaN.
    fn min(self, other: Self) -> Self;
    /// e to the power of this.
    fn exp(self) -> Self;
    /// The natural logarithm.
    fn ln(self) -> Self;
    /// The natural logarithm of one more than this.
    fn ln_1p(self) -> Self;
    /// The hyperbolic tangent.
    fn tanh(self) -> Self;
    /// The error function.
    fn erf(self) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// This to a constant power.
    fn powf(self, exponent: f64) -> Self;
}

/// Implements [`Number`] for a primitive float. `erf` and the transcendental functions are computed in `f64` and
/// rounded once.
macro_rules! float_number {
    ($float:ty) => {
        impl Number for $float {
            fn from_f64(value: f64) -> Self {
                value as $float
            }

            fn mac(self, a: Self, b: Self) -> Self {
                a.mul_add(b, self)
            }

            fn max(self, other: Self) -> Self {
                if self.is_nan() || self >= other { self } else { other }
            }

            fn min(self, other: Self) -> Self {
                if self.is_nan() || self <= other { self } else { other }
            }

            fn exp(self) -> Self {
                f64::from(self).exp() as $float
            }

            fn ln(self) -> Self {
                f64::from(self).ln() as $float
            }

            fn ln_1p(self) -> Self {
                f64::from(self).ln_1p() as $float
            }

            fn tanh(self) -> Self {
                f64::from(self).tanh() as $float
            }

            fn erf(self) -> Self {
                erf(f64::from(self)) as $float
            }

            fn sqrt(self) -> Self {
                <$float>::sqrt(self)
            }

            fn powf(self, exponent: f64) -> Self {
                f64::from(self).powf(exponent) as $float
            }
        }
    };
}

float_number!(f32);
float_number!(f64);

/// The error function: the Maclaurin series below 3, the continued fraction of erfc beyond; the error is
/// below 1e-15 in the tests' table.
fn erf(x: f64) -> f64 {
    let magnitude = x.abs();
    let value = if x.is_nan() {
        return x;
    } else if magnitude < 3.0 {
        let square = x * x;
        let (mut term, mut sum, mut n) = (magnitude, magnitude, 0.0);
        while term.abs() > sum.abs() * 1e-17 {
            n += 1.0;
            term *= -square / n;
            sum += term / (2.0 * n + 1.0);
        }
        sum * std::f64::consts::FRAC_2_SQRT_PI
    } else if magnitude < 6.0 {
        let mut fraction = 0.0;
        for k in (1..=60).rev() {
            fraction = f64::from(k) / 2.0 / (magnitude + fraction);
        }
        1.0 - (-magnitude * magnitude).exp() / ((magnitude + fraction) * std::f64::consts::PI.sqrt())
    } else {
        1.0
    };
    value.copysign(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn erf_agrees_with_the_tables() {
        // Abramowitz & Stegun, table 7.1 and wider tables.
        let table = [
            (0.0, 0.0),
            (0.1, 0.112_462_916_018_284_9),
            (0.5, 0.520_499_877_813_046_5),
            (1.0, 0.842_700_792_949_714_9),
            (2.0, 0.995_322_265_018_952_7),
            (3.0, 0.999_977_909_503_001_4),
            (4.0, 0.999_999_984_582_742_1),
        ];
        for (x, expected) in table {
            assert!((erf(x) - expected).abs() < 1e-13, "erf({x}) = {}", erf(x));
            assert_eq!(erf(-x), -erf(x));
        }
        assert!(erf(f64::NAN).is_nan());
    }

    #[test]
    fn the_greater_of_a_number_and_nan_is_nan() {
        assert!(Number::max(f32::NAN, 1.0).is_nan());
        assert!(Number::max(1.0, f32::NAN).is_nan());
        assert!(Number::min(1.0, f32::NAN).is_nan());
        assert_eq!(Number::max(2.0, 1.0), 2.0);
    }
}

//! The numbers of expressions. Whole numbers are exact; a result that is too large is an error, never rounded.

use std::fmt;

use crate::syntax::ast::{BinaryOp, ConstantFunction};

/// A number of an expression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// A whole number.
    Int(i128),
    /// A real number, finite.
    Real(f64),
}

/// The reason why an operation has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArithmeticError {
    /// The divisor is zero.
    DivisionByZero,
    /// A quotient of whole numbers that is not whole.
    Inexact,
    /// Out of range.
    Overflow,
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scalar::Int(int) => write!(f, "{int}"),
            Scalar::Real(real) => write!(f, "{real:?}"),
        }
    }
}

impl Scalar {
    /// Reads a setting such as `16`, `-1` or `0.5`.
    pub fn parse(text: &str) -> Option<Scalar> {
        let digits: String = text.chars().filter(|&c| c != '_').collect();
        if let Ok(int) = digits.parse::<i128>() {
            return i64::try_from(int).is_ok().then_some(Scalar::Int(int));
        }
        let plain =
            digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'-' | b'+'));
        digits.parse::<f64>().ok().filter(|real| plain && real.is_finite()).map(Scalar::Real)
    }

    fn real(self) -> f64 {
        match self {
            Scalar::Int(int) => int as f64,
            Scalar::Real(real) => real,
        }
    }

    fn finite(real: f64) -> Result<Scalar, ArithmeticError> {
        if real.is_finite() { Ok(Scalar::Real(real)) } else { Err(ArithmeticError::Overflow) }
    }

    /// `−self`
    pub fn negate(self) -> Result<Scalar, ArithmeticError> {
        match self {
            Scalar::Int(int) => int.checked_neg().map(Scalar::Int).ok_or(ArithmeticError::Overflow),
            Scalar::Real(real) => Ok(Scalar::Real(-real)),
        }
    }

    /// `self op other`; whole numbers stay whole.
    pub fn binary(self, op: BinaryOp, other: Scalar) -> Result<Scalar, ArithmeticError> {
        match (self, other) {
            (Scalar::Int(a), Scalar::Int(b)) => int_binary(op, a, b),
            _ => real_binary(op, self.real(), other.real()),
        }
    }

    /// `function(self)` for the functions of one argument.
    pub fn rounded(self, function: ConstantFunction) -> Result<Scalar, ArithmeticError> {
        let Scalar::Real(real) = self else { return Ok(self) };
        let rounded = match function {
            ConstantFunction::Ceil => real.ceil(),
            ConstantFunction::Floor => real.floor(),
            // f64::round goes half away from zero.
            _ => real.round(),
        };
        if rounded.abs() < 1e30 { Ok(Scalar::Int(rounded as i128)) } else { Err(ArithmeticError::Overflow) }
    }

    /// Returns whether this number is less than `other`.
    pub fn less(self, other: Scalar) -> bool {
        match (self, other) {
            (Scalar::Int(a), Scalar::Int(b)) => a < b,
            _ => self.real() < other.real(),
        }
    }
}

fn int_binary(op: BinaryOp, a: i128, b: i128) -> Result<Scalar, ArithmeticError> {
    let result = match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Subtract => a.checked_sub(b),
        BinaryOp::Multiply => a.checked_mul(b),
        BinaryOp::Divide | BinaryOp::FloorDivide | BinaryOp::Remainder if b == 0 => {
            return Err(ArithmeticError::DivisionByZero);
        }
        BinaryOp::Divide if a.checked_rem(b) != Some(0) => return Err(ArithmeticError::Inexact),
        BinaryOp::Divide => a.checked_div(b),
        BinaryOp::FloorDivide => floor_div(a, b),
        BinaryOp::Remainder => floor_div(a, b).and_then(|quotient| a.checked_sub(quotient.checked_mul(b)?)),
        BinaryOp::Power if b < 0 => return real_binary(op, a as f64, b as f64),
        BinaryOp::Power => u32::try_from(b).ok().and_then(|exponent| a.checked_pow(exponent)),
    };
    result.map(Scalar::Int).ok_or(ArithmeticError::Overflow)
}

fn floor_div(a: i128, b: i128) -> Option<i128> {
    let quotient = a.checked_div(b)?;
    let exact = quotient.checked_mul(b)? == a;
    if exact || (a < 0) == (b < 0) { Some(quotient) } else { quotient.checked_sub(1) }
}

fn real_binary(op: BinaryOp, a: f64, b: f64) -> Result<Scalar, ArithmeticError> {
    let divides = matches!(op, BinaryOp::Divide | BinaryOp::FloorDivide | BinaryOp::Remainder);
    if divides && b == 0.0 || op == BinaryOp::Power && a == 0.0 && b < 0.0 {
        return Err(ArithmeticError::DivisionByZero);
    }
    Scalar::finite(match op {
        BinaryOp::Add => a + b,
        BinaryOp::Subtract => a - b,
        BinaryOp::Multiply => a * b,
        BinaryOp::Divide => a / b,
        BinaryOp::FloorDivide => (a / b).floor(),
        BinaryOp::Remainder => a - (a / b).floor() * b,
        BinaryOp::Power => a.powf(b),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_stay_exact() {
        let int = |a, op, b| Scalar::Int(a).binary(op, Scalar::Int(b));
        assert_eq!(int(7, BinaryOp::Divide, 2), Err(ArithmeticError::Inexact));
        assert_eq!(int(8, BinaryOp::Divide, 2), Ok(Scalar::Int(4)));
        assert_eq!(int(-7, BinaryOp::FloorDivide, 2), Ok(Scalar::Int(-4)));
        assert_eq!(int(-7, BinaryOp::Remainder, 2), Ok(Scalar::Int(1)));
        assert_eq!(int(7, BinaryOp::Remainder, 0), Err(ArithmeticError::DivisionByZero));
        assert_eq!(int(10, BinaryOp::Power, 60), Err(ArithmeticError::Overflow));
        assert_eq!(int(2, BinaryOp::Power, 10), Ok(Scalar::Int(1024)));
    }

    #[test]
    fn halves_round_away_from_zero() {
        assert_eq!(Scalar::Real(2.5).rounded(ConstantFunction::Round), Ok(Scalar::Int(3)));
        assert_eq!(Scalar::Real(-2.5).rounded(ConstantFunction::Round), Ok(Scalar::Int(-3)));
        assert_eq!(Scalar::Real(2.1).rounded(ConstantFunction::Ceil), Ok(Scalar::Int(3)));
    }
}

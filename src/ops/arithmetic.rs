//! The kinds of arithmetic that costs count besides multiply-accumulates, and a count for each kind.

use std::ops::{AddAssign, Mul};

/// A kind of floating-point operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// Additions and subtractions.
    Add,
    /// Multiplications.
    Mul,
    /// Divisions.
    Div,
    /// Square roots.
    Sqrt,
    /// Exponentials and other transcendental functions.
    Exp,
    /// Comparisons (max, clamp).
    Cmp,
}

impl Arithmetic {
    /// Every kind, in the order of reports.
    pub const ALL: [Arithmetic; 6] = [
        Arithmetic::Add,
        Arithmetic::Mul,
        Arithmetic::Div,
        Arithmetic::Sqrt,
        Arithmetic::Exp,
        Arithmetic::Cmp,
    ];

    /// The name of its column in reports.
    pub fn name(self) -> &'static str {
        match self {
            Arithmetic::Add => "add",
            Arithmetic::Mul => "mul",
            Arithmetic::Div => "div",
            Arithmetic::Sqrt => "sqrt",
            Arithmetic::Exp => "exp",
            Arithmetic::Cmp => "cmp",
        }
    }

    /// The description of its column.
    pub fn summary(self) -> &'static str {
        match self {
            Arithmetic::Add => "Other additions and subtractions.",
            Arithmetic::Mul => "Other multiplications.",
            Arithmetic::Div => "Divisions.",
            Arithmetic::Sqrt => "Square roots.",
            Arithmetic::Exp => "Exponentials and other transcendental functions.",
            Arithmetic::Cmp => "Comparisons.",
        }
    }
}

/// The number of operations of each kind, in the order of [`Arithmetic::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Operations(pub [u128; 6]);

impl Operations {
    /// The kinds with their counts.
    pub fn kinds(&self) -> impl Iterator<Item = (Arithmetic, u128)> {
        Arithmetic::ALL.into_iter().zip(self.0)
    }

    /// All operations together.
    pub fn total(&self) -> u128 {
        self.0.iter().sum()
    }
}

impl AddAssign for Operations {
    fn add_assign(&mut self, other: Operations) {
        self.0.iter_mut().zip(other.0).for_each(|(count, more)| *count += more);
    }
}

impl Mul<u128> for Operations {
    type Output = Operations;

    fn mul(self, times: u128) -> Operations {
        Operations(self.0.map(|count| count * times))
    }
}

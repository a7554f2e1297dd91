//! The cost of an operator for one picture.
//!
//! Counts are `u128`: values and parameters have at most 2⁴⁸ elements, so no product within an operator and no sum over
//! a graph can overflow.

use std::fmt;

use super::arithmetic::Operations;

/// The operations of one operator for one picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Multiply-accumulates, taps on padding included, bias excluded.
    pub macs: Product,
    /// As `macs`, without the taps that fall on padding.
    pub macs_useful: u128,
    /// Additions and subtractions besides those of `macs`.
    pub add: u128,
    /// Multiplications besides those of `macs`.
    pub mul: u128,
    /// Divisions.
    pub div: u128,
    /// Square roots.
    pub sqrt: u128,
    /// Exponentials and other transcendental functions.
    pub exp: u128,
    /// Comparisons (max, clamp).
    pub cmp: u128,
    /// LeCun's count of connections: outputs × (fan-in + 1 for a bias).
    pub connections: u128,
}

/// The cost of no work; a base for constants.
pub(crate) const ZERO: Cost = Cost {
    macs: Product { positions: Vec::new(), each: Vec::new() },
    macs_useful: 0,
    add: 0,
    mul: 0,
    div: 0,
    sqrt: 0,
    exp: 0,
    cmp: 0,
    connections: 0,
};

impl Cost {
    /// A cost without multiply-accumulates.
    pub fn of(operations: Operations) -> Cost {
        let Operations([add, mul, div, sqrt, exp, cmp]) = operations;
        Cost { add, mul, div, sqrt, exp, cmp, ..ZERO }
    }

    /// The operations besides the multiply-accumulates, by kind.
    pub fn operations(&self) -> Operations {
        Operations([self.add, self.mul, self.div, self.sqrt, self.exp, self.cmp])
    }

    /// Floating-point operations besides the multiply-accumulates.
    pub fn other(&self) -> u128 {
        self.operations().total()
    }

    /// The cost of `count` elements with this cost each, without multiply-accumulates.
    pub fn times(&self, count: u64) -> Cost {
        Cost::of(self.operations() * u128::from(count))
    }

    /// All floating-point operations: `2·macs + other`.
    pub fn flops(&self) -> u128 {
        2 * self.macs.value() + self.other()
    }
}

/// A count in factors: a number of positions, times the operations at each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Product {
    /// The factors that count positions, such as output height, width and channels.
    pub positions: Vec<u64>,
    /// The factors that count operations at one position, such as kernel height, width and input channels.
    pub each: Vec<u64>,
}

impl Product {
    /// `positions × each`.
    pub fn new(positions: &[u64], each: &[u64]) -> Product {
        Product { positions: positions.to_vec(), each: each.to_vec() }
    }

    /// The value of the product; 0 if there are no factors.
    pub fn value(&self) -> u128 {
        if self.positions.is_empty() && self.each.is_empty() {
            return 0;
        }
        self.positions.iter().chain(&self.each).map(|&factor| u128::from(factor)).product()
    }
}

impl fmt::Display for Product {
    /// `28·28·32 × 5·5·192`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = |factors: &[u64]| factors.iter().map(u64::to_string).collect::<Vec<_>>().join("·");
        match (self.positions.is_empty(), self.each.is_empty()) {
            (true, true) => f.write_str("0"),
            (false, true) => f.write_str(&join(&self.positions)),
            (true, false) => f.write_str(&join(&self.each)),
            (false, false) => write!(f, "{} × {}", join(&self.positions), join(&self.each)),
        }
    }
}

//! `expect`: a metric of the network or of a part of it, and the value that it must have.

use crate::base::{Span, Spanned};

use super::{Expr, Path, ShapePattern};

/// An expectation: `expect layer3.params <= 8M`.
#[derive(Debug)]
pub struct Expect {
    /// The path of the part; its last word is the metric.
    pub path: Path,
    /// The comparison.
    pub comparison: Spanned<ComparisonOp>,
    /// The right side.
    pub value: ExpectValue,
    /// The place of the right side.
    pub value_span: Span,
}

/// The comparison between the metric and the right side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparisonOp {
    /// `==`
    Equal,
    /// `<=`
    AtMost,
    /// `>=`
    AtLeast,
}

/// The right side of an expectation.
#[derive(Debug)]
pub enum ExpectValue {
    /// `61_706`, `4.1G`, `20MiB`: the literal without its suffix (underscores removed), and the suffix.
    Number {
        /// Digits, perhaps with a point and an exponent.
        literal: String,
        /// One of `K M G T KiB MiB GiB`, or empty.
        suffix: String,
    },
    /// `28x28x256`, `?x?x10`
    Shape(ShapePattern),
    /// `( … )`
    Expr(Expr),
}

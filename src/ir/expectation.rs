//! An `expect` statement after expansion, with names resolved and the right side evaluated.

use crate::base::Span;

/// `expect layer3.params <= 8M`
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// The part of the network, by path; `None` is the network.
    pub part: Option<String>,
    /// The metric as written: `params`, `macs`, `out` ….
    pub metric: String,
    /// The place of the metric's word.
    pub metric_span: Span,
    /// The comparison between the figure and the target.
    pub comparison: Comparison,
    /// The value that the figure is compared with.
    pub target: Target,
    /// The place of the right side.
    pub target_span: Span,
    /// The whole statement.
    pub span: Span,
}

/// The comparison of an expectation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `<=`
    AtMost,
    /// `>=`
    AtLeast,
}

/// The right side of an expectation.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A number, suffix applied, as an exact fraction: the value is `number / divisor`
    /// (`4.1G` is 4 100 000 000 / 1, `0.5` is 5 / 10).
    Number {
        /// The numerator.
        number: i128,
        /// The denominator, a power of ten.
        divisor: u128,
    },
    /// A shape with open dimensions: one for a vector, three for a map.
    Shape(Vec<Option<u64>>),
}

//! The arguments of an operator after the binder has checked them.

use std::sync::Arc;

use crate::base::Span;

use super::{ConnectionTable, Op, OpError, Spec, construct};

/// A checked value.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// A whole number.
    Count(u64),
    /// A finite number.
    Real(f64),
    /// Height and width.
    Pair((u64, u64)),
    /// Top, bottom, left, right.
    Pads([u64; 4]),
    /// Several numbers.
    Reals(Vec<f64>),
    /// A connection table.
    Table(Arc<ConnectionTable>),
    /// Several whole numbers.
    Counts(Vec<u64>),
    /// A word of a [`Kind::Choice`](super::Kind::Choice).
    Word(&'static str),
}

/// The arguments of an operator, checked against its spec, with defaults filled in.
///
/// [`bind`](super::bind) makes them of a text, and [`Op::bound`] of an operator. Arguments that stand in no text have
/// the span [`Span::MADE`].
#[derive(Clone, Debug)]
pub struct Bound {
    pub(super) spec: &'static Spec,
    pub(super) word: Span,
    pub(super) dims: Vec<u64>,
    pub(super) stride: Vec<u64>,
    pub(super) adaptive: Option<Vec<u64>>,
    pub(super) given: Vec<(&'static str, Option<Literal>, Option<Span>)>,
}

impl Bound {
    /// The arguments of an operator before any is set, without defaults.
    pub(super) fn new(spec: &'static Spec, word: Span) -> Bound {
        Bound { spec, word, dims: Vec::new(), stride: Vec::new(), adaptive: None, given: Vec::new() }
    }

    /// Makes the operator.
    ///
    /// # Errors
    /// If the arguments contradict each other, and for forms and `input`, which are not operators.
    pub fn operator(&self) -> Result<Op, OpError> {
        construct(self)
    }

    /// Sets an argument; one that equals the declared default counts as not given.
    pub(super) fn set(&mut self, name: &'static str, literal: Literal) {
        let span = (self.spec.default(name).as_ref() != Some(&literal)).then_some(Span::MADE);
        self.given.push((name, Some(literal), span));
    }

    /// Adds a flag.
    pub(super) fn set_flag(&mut self, name: &'static str) {
        self.given.push((name, None, Some(Span::MADE)));
    }

    /// Sets the size; the stride is omitted if it is `default`.
    pub(super) fn set_size(&mut self, dims: &[u64], stride: (u64, u64), default: (u64, u64)) {
        self.given.push(("size", None, Some(Span::MADE)));
        self.dims = dims.to_vec();
        if stride != default {
            self.stride = vec![stride.0, stride.1];
        }
    }

    /// Appends a dimension to the size.
    pub(super) fn push_dimension(&mut self, dimension: u64) {
        self.dims.push(dimension);
    }

    /// Sets `to HxW`.
    pub(super) fn set_adaptive(&mut self, (height, width): (u64, u64)) {
        self.set_flag("to");
        self.adaptive = Some(vec![height, width]);
    }

    /// The dimensions of the size as written; empty without a size.
    pub fn dims(&self) -> &[u64] {
        &self.dims
    }

    /// The first two dimensions; a single number is square.
    pub fn window(&self) -> (u64, u64) {
        square(&self.dims)
    }

    /// The stride along height and width; `default` where none is written.
    pub fn stride_or(&self, default: (u64, u64)) -> (u64, u64) {
        if self.stride.is_empty() { default } else { square(&self.stride) }
    }

    /// The size behind `to`.
    pub fn adaptive(&self) -> Option<(u64, u64)> {
        self.adaptive.as_deref().map(square)
    }

    /// Returns whether a flag is given.
    pub fn flag(&self, name: &'static str) -> bool {
        debug_assert!(self.spec.has_flag(name), "`{name}` is no flag of `{}`", self.spec.name);
        self.span(name).is_some()
    }

    /// A `Kind::Count`.
    pub fn count(&self, name: &'static str) -> Option<u64> {
        match self.literal(name)? {
            Literal::Count(count) => Some(*count),
            _ => None,
        }
    }

    /// A `Kind::Real`.
    pub fn real(&self, name: &'static str) -> Option<f64> {
        match self.literal(name)? {
            Literal::Real(real) => Some(*real),
            _ => None,
        }
    }

    /// A `Kind::Pair`.
    pub fn pair(&self, name: &'static str) -> Option<(u64, u64)> {
        match self.literal(name)? {
            Literal::Pair(pair) => Some(*pair),
            _ => None,
        }
    }

    /// A `Kind::Pads` or `Kind::FourPads`: top, bottom, left, right.
    pub fn pads(&self, name: &'static str) -> Option<[u64; 4]> {
        match self.literal(name)? {
            Literal::Pads(pads) => Some(*pads),
            _ => None,
        }
    }

    /// A `Kind::Reals`.
    pub fn reals(&self, name: &'static str) -> Option<&[f64]> {
        match self.literal(name)? {
            Literal::Reals(reals) => Some(reals),
            _ => None,
        }
    }

    /// A `Kind::Table`.
    pub fn table(&self, name: &'static str) -> Option<&Arc<ConnectionTable>> {
        match self.literal(name)? {
            Literal::Table(table) => Some(table),
            _ => None,
        }
    }

    /// A `Kind::Counts`.
    pub fn counts(&self, name: &'static str) -> Option<&[u64]> {
        match self.literal(name)? {
            Literal::Counts(counts) => Some(counts),
            _ => None,
        }
    }

    /// A `Kind::Choice`.
    pub fn choice(&self, name: &'static str) -> Option<&'static str> {
        match self.literal(name)? {
            Literal::Word(word) => Some(word),
            _ => None,
        }
    }

    /// The span of an argument (`"size"`, `"lone value"`, or its name); `None` if it is not written.
    pub fn span(&self, name: &str) -> Option<Span> {
        self.given.iter().find(|(known, _, _)| *known == name).and_then(|(_, _, span)| *span)
    }

    /// The span of the operator's word.
    pub fn word(&self) -> Span {
        self.word
    }

    /// The spec that the arguments were checked against.
    pub fn spec(&self) -> &'static Spec {
        self.spec
    }

    /// The value of `"lone value"` or an attribute, given or default.
    pub fn literal(&self, name: &str) -> Option<&Literal> {
        self.given.iter().find(|(known, _, _)| *known == name).and_then(|(_, literal, _)| literal.as_ref())
    }
}

fn square(dims: &[u64]) -> (u64, u64) {
    match dims {
        [] => (1, 1),
        [side] => (*side, *side),
        [height, width, ..] => (*height, *width),
    }
}

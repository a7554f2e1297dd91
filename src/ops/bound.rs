//! The arguments of an operator after the binder has checked them.

use std::sync::Arc;

use crate::base::Span;

use super::{ConnectionTable, Spec};

/// A checked value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Count(u64),
    Counts(Vec<u64>),
    Real(f64),
    Pair(u64, u64),
    Pads([u64; 4]),
    Reals(Vec<f64>),
    Table(Arc<ConnectionTable>),
}

/// The arguments of an operator, checked against its spec, defaults filled in.
#[derive(Debug)]
pub struct Bound {
    pub(super) spec: &'static Spec,
    pub(super) word: Span,
    pub(super) dims: Vec<u64>,
    pub(super) stride: Vec<u64>,
    pub(super) adaptive: Option<Vec<u64>>,
    pub(super) named: Vec<(&'static str, Option<Literal>, Option<Span>)>,
}

impl Bound {
    /// The dimensions of the size as written; empty where there is none.
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

    /// Whether a flag is given.
    pub fn flag(&self, name: &'static str) -> bool {
        debug_assert!(
            self.spec.flags.iter().any(|flag| flag.name == name),
            "`{name}` is no flag of `{}`",
            self.spec.name
        );
        self.span(name).is_some()
    }

    /// A `Kind::Count`.
    pub fn count(&self, name: &'static str) -> Option<u64> {
        match self.literal(name)? {
            Literal::Count(count) => Some(*count),
            _ => None,
        }
    }

    /// A `Kind::Counts`; a single number is a list of one.
    pub fn counts(&self, name: &'static str) -> Option<&[u64]> {
        match self.literal(name)? {
            Literal::Counts(counts) => Some(counts),
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
            Literal::Pair(height, width) => Some((*height, *width)),
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

    /// Where an argument stands (`"size"`, `"value"`, or its name); `None` where it is not written.
    pub fn span(&self, name: &str) -> Option<Span> {
        self.named.iter().find(|(known, _, _)| *known == name).and_then(|(_, _, span)| *span)
    }

    /// The place of the operator's word.
    pub fn word(&self) -> Span {
        self.word
    }

    /// The spec that the arguments were checked against.
    pub fn spec(&self) -> &'static Spec {
        self.spec
    }

    fn literal(&self, name: &str) -> Option<&Literal> {
        self.named.iter().find(|(known, _, _)| *known == name).and_then(|(_, literal, _)| literal.as_ref())
    }
}

fn square(dims: &[u64]) -> (u64, u64) {
    match dims {
        [] => (1, 1),
        [side] => (*side, *side),
        [height, width, ..] => (*height, *width),
    }
}

//! Paths, and the names that statements get by `as`.

use ecow::EcoString;

use crate::base::Span;

use super::Expr;

/// A part of a path.
#[derive(Clone, Debug, PartialEq)]
pub struct PathPart {
    /// The part, without quotes.
    pub value: EcoString,
    /// The place of the part, quotes included.
    pub span: Span,
    /// Whether it was written in quotes.
    pub quoted: bool,
}

/// The name behind `as`.
#[derive(Debug)]
pub struct Name {
    /// The parts; a part with `*` and the `[]` are not among them.
    pub parts: Box<[PathPart]>,
    /// The names of the members, where the statement is a sequence.
    pub sequence: Option<Sequence>,
    /// The number of the first member, the `1` of `as s."b*" from 1`.
    pub first: Option<Expr>,
    /// The whole path.
    pub span: Span,
}

/// The way in which the members of a sequence are named.
#[derive(Clone, Debug, PartialEq)]
pub enum Sequence {
    /// `s[]` or `[]`: by their number.
    Brackets,
    /// `"block1-*"`: what stands before and behind the number.
    Pattern(String, String),
}

/// A path after `@`, `shared` or `expect`.
#[derive(Debug)]
pub struct Path {
    /// Its parts.
    pub parts: Box<[PathPart]>,
    /// The whole path, without the `@` or `shared`.
    pub span: Span,
}

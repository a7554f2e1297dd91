//! The arguments behind an operator before any check: words, and the values of evaluated expressions.

use std::sync::Arc;

use ecow::EcoString;

use crate::base::{Span, Spanned};

use super::Spec;

/// Row i lists the input maps that feed output map i.
#[derive(Debug, PartialEq)]
pub struct ConnectionTable {
    /// Number of input maps.
    pub inputs: u64,
    /// One row for each output map: ascending input maps, each once.
    pub rows: Vec<Vec<u64>>,
}

impl ConnectionTable {
    /// The number of kernels: all entries of all rows.
    pub fn kernels(&self) -> u64 {
        self.rows.iter().map(|row| row.len() as u64).sum()
    }
}

/// An argument with its expressions evaluated.
#[derive(Clone, Debug)]
pub enum RawArgument {
    /// A flag, a trailing operator, or a mistake.
    Word(Spanned<EcoString>),
    /// `5x5x16/2`.
    Size {
        /// Before the `/`.
        dims: Vec<u64>,
        /// Behind it: none, one or two.
        stride: Vec<u64>,
        /// The token.
        span: Span,
    },
    /// A lone value.
    Value(Spanned<RawValue>),
    /// `name=value`.
    Attribute {
        /// The name.
        name: Spanned<EcoString>,
        /// The value.
        value: Spanned<RawValue>,
    },
    /// An argument without a value: its expression is wrong, which was reported, or it depends on a parameter that has
    /// no argument.
    Unknown,
}

/// The value of an argument.
#[derive(Clone, Debug, PartialEq)]
pub enum RawValue {
    /// A whole number.
    Int(i128),
    /// A real number.
    Real(f64),
    /// Several numbers.
    Tuple(Vec<RawValue>),
    /// A word that is no known table.
    Word(EcoString),
    /// A connection table.
    Table(Arc<ConnectionTable>),
}

/// The arguments of one operator word of a statement.
#[derive(Debug)]
pub struct Segment<'a> {
    /// The operator's word; `None` for the head, whose word is kept elsewhere.
    pub word: Option<&'a Spanned<EcoString>>,
    /// The arguments that belong to the word.
    pub arguments: &'a [RawArgument],
}

/// The operator that a word begins behind the arguments of `owner`; `None` for a flag of `owner` and for any other
/// word.
pub fn trailing_word(word: &str, owner: Option<&Spec>) -> Option<&'static Spec> {
    let is_flag = owner.is_some_and(|spec| spec.has_flag(word));
    super::find(word).filter(|spec| spec.trailing && !is_flag)
}

/// Splits a flat list of arguments at its [trailing words](trailing_word).
pub fn segments<'a>(arguments: &'a [RawArgument], head: Option<&Spec>) -> Vec<Segment<'a>> {
    let mut segments = Vec::new();
    let mut current: Option<&Spec> = head;
    let (mut word, mut start) = (None, 0);
    for (index, argument) in arguments.iter().enumerate() {
        let RawArgument::Word(candidate) = argument else { continue };
        if let Some(spec) = trailing_word(&candidate.value, current) {
            segments.push(Segment { word, arguments: &arguments[start..index] });
            (word, start) = (Some(candidate), index + 1);
            current = Some(spec);
        }
    }
    segments.push(Segment { word, arguments: &arguments[start..] });
    segments
}

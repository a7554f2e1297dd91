//! What the words of a text mean and which shapes pass its statements, kept as they are resolved: for editors.
//!
//! A statement of a block that is called often is seen with many values; the first expansion wins. The tables are
//! filled as far as the expansion comes, so that a text with errors has them too.

use std::collections::BTreeMap;

use crate::base::Span;
use crate::tensor::Shape;

use super::number::Scalar;

/// What a word means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Definition {
    /// A block that is named at this place.
    Block(Span),
    /// A network that is named at this place.
    Network(Span),
    /// A constant that is named at this place.
    Constant(Span),
    /// A parameter of a block or network that is named at this place.
    Parameter(Span),
    /// A connection table that is named at this place.
    Table(Span),
    /// A value.
    Value {
        /// Its name after `as`.
        named: Span,
        /// Its path in the network.
        path: String,
    },
    /// An operator or trailing word.
    Operator(&'static str),
    /// A branch form.
    Form(&'static str),
    /// A flag or attribute.
    Argument {
        /// The operator, form or statement that takes it.
        of: &'static str,
        /// Its name.
        name: &'static str,
    },
    /// A metric of an expectation.
    Metric(String),
}

/// What arrives at a statement and what leaves it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passage {
    /// The shape that arrives; `None` before the first value and where it is not known.
    pub arriving: Option<Shape>,
    /// The shape that leaves, trailing words and all copies of a repetition included.
    pub leaving: Option<Shape>,
    /// How often the network holds the statement.
    pub copies: u64,
}

/// The words and statements of a program that an expansion met; none where nobody asked for them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Uses {
    asked: bool,
    definitions: BTreeMap<Span, Definition>,
    passages: BTreeMap<Span, Passage>,
    values: BTreeMap<Span, Scalar>,
}

impl Uses {
    /// Empty tables, which are filled where `asked` says so.
    pub(super) fn new(asked: bool) -> Uses {
        Uses { asked, ..Uses::default() }
    }

    /// What each word means, by the place of the word.
    pub fn definitions(&self) -> &BTreeMap<Span, Definition> {
        &self.definitions
    }

    /// The shapes at each statement, by its place.
    pub fn passages(&self) -> &BTreeMap<Span, Passage> {
        &self.passages
    }

    /// The value of each constant and parameter where it is first used, by the place that gives its name.
    pub fn values(&self) -> &BTreeMap<Span, Scalar> {
        &self.values
    }

    /// Adds what another expansion found; what is known already stays.
    pub fn merge(&mut self, other: Uses) {
        add_unknown(&mut self.definitions, other.definitions);
        add_unknown(&mut self.passages, other.passages);
        add_unknown(&mut self.values, other.values);
    }

    pub(super) fn word(&mut self, word: Span, definition: impl FnOnce() -> Definition) {
        if self.asked {
            self.definitions.entry(word).or_insert_with(definition);
        }
    }

    pub(super) fn value(&mut self, name: Span, value: Scalar) {
        if self.asked {
            self.values.entry(name).or_insert(value);
        }
    }

    pub(super) fn statement(&mut self, statement: Span, passage: Passage) {
        if !self.asked {
            return;
        }
        let known = self.passages.entry(statement).or_insert(Passage { copies: 0, ..passage });
        known.copies = known.copies.saturating_add(passage.copies);
    }
}

/// Adds the entries of `more` whose place `known` does not have. An empty table takes over the other one whole.
fn add_unknown<V>(known: &mut BTreeMap<Span, V>, more: BTreeMap<Span, V>) {
    if known.is_empty() {
        *known = more;
        return;
    }
    for (place, value) in more {
        known.entry(place).or_insert(value);
    }
}

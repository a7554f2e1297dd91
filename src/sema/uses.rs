//! The meaning of the words of a text and the shapes at its statements, recorded for editors as they are resolved.
//!
//! A statement of a block that is called several times is expanded with several values; the first expansion is kept.
//! The tables are filled as far as the expansion comes, so that a text with errors has them too.

use std::collections::BTreeMap;

use crate::base::Span;
use crate::tensor::Shape;

use super::number::Scalar;

/// The meaning of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Definition {
    /// A block, whose name stands at this place.
    Block(Span),
    /// A network, whose name stands at this place.
    Network(Span),
    /// A constant, whose name stands at this place.
    Constant(Span),
    /// A parameter of a block or network, whose name stands at this place.
    Parameter(Span),
    /// A connection table, whose name stands at this place.
    Table(Span),
    /// A value.
    Value {
        /// The place of its name after `as`.
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

/// The shapes that arrive at a statement and leave it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passage {
    /// The shape that arrives; `None` before the first value and where it is not known.
    pub arriving: Option<Shape>,
    /// The shape that leaves, trailing words and all copies of a repetition included.
    pub leaving: Option<Shape>,
    /// The number of copies of the statement in the network.
    pub copies: u64,
}

/// The words and statements that an expansion met; empty where they were not asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Uses {
    asked: bool,
    definitions: BTreeMap<Span, Definition>,
    passages: BTreeMap<Span, Passage>,
    values: BTreeMap<Span, Scalar>,
}

impl Uses {
    /// Empty tables. They stay empty unless they are asked for.
    pub(super) fn new(asked: bool) -> Uses {
        Uses { asked, ..Uses::default() }
    }

    /// The meaning of each word, by its place.
    pub fn definitions(&self) -> &BTreeMap<Span, Definition> {
        &self.definitions
    }

    /// The shapes at each statement, by its place.
    pub fn passages(&self) -> &BTreeMap<Span, Passage> {
        &self.passages
    }

    /// The value of each constant and parameter at its first use, by the place of its declaration.
    pub fn values(&self) -> &BTreeMap<Span, Scalar> {
        &self.values
    }

    /// Adds the results of another expansion. Entries that are known already stay.
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

/// Adds the entries of `more` whose place is not in `known`. An empty table takes over the other one as a whole.
fn add_unknown<V>(known: &mut BTreeMap<Span, V>, more: BTreeMap<Span, V>) {
    if known.is_empty() {
        *known = more;
        return;
    }
    for (place, value) in more {
        known.entry(place).or_insert(value);
    }
}

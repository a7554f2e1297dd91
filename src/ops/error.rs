//! Why an operator cannot be made or cannot take its input; the caller knows the places in the source.

use crate::diag::Code;

/// Which part of the statement is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The operator's word.
    Operator,
    /// The size, the value (both `"size"`, `"lone value"`), a flag or an attribute by its name.
    Argument(&'static str),
}

/// A rule of an operator that does not hold.
#[derive(Clone, Debug, PartialEq)]
pub struct OpError {
    /// The code.
    pub code: Code,
    /// The headline.
    pub message: String,
    /// What to mark.
    pub at: At,
    /// What is true at the marked place.
    pub here: String,
    /// The rule, with the numbers in it.
    pub notes: Vec<String>,
    /// What to do.
    pub helps: Vec<String>,
}

impl OpError {
    /// An error that marks the operator.
    pub fn new(code: Code, message: impl Into<String>) -> OpError {
        let message = message.into();
        OpError { code, message, at: At::Operator, here: String::new(), notes: Vec::new(), helps: Vec::new() }
    }

    /// Marks an argument instead of the operator.
    pub fn at(mut self, argument: &'static str) -> OpError {
        self.at = At::Argument(argument);
        self
    }

    /// What is true at the marked place.
    pub fn here(mut self, text: impl Into<String>) -> OpError {
        self.here = text.into();
        self
    }

    /// Adds the rule with the numbers in it.
    pub fn note(mut self, text: impl Into<String>) -> OpError {
        self.notes.push(text.into());
        self
    }

    /// Adds what to do.
    pub fn help(mut self, text: impl Into<String>) -> OpError {
        self.helps.push(text.into());
        self
    }
}

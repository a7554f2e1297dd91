//! Errors of making an operator or of its shape rule; the caller knows the spans.

use crate::diag::Code;

/// The part of the statement that an error marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The operator's word.
    Operator,
    /// The size, the value (both `"size"`, `"lone value"`), a flag or an attribute by its name.
    Argument(&'static str),
}

/// A violated rule of an operator.
#[derive(Clone, Debug, PartialEq)]
pub struct OpError {
    /// The code.
    pub code: Code,
    /// The headline.
    pub message: String,
    /// The marked part.
    pub at: At,
    /// The label of the marked part.
    pub here: String,
    /// Notes: the rule, with its numbers.
    pub notes: Vec<String>,
    /// Helps: actions that mend it.
    pub helps: Vec<String>,
}

impl OpError {
    /// Makes an error that marks the operator.
    pub fn new(code: Code, message: impl Into<String>) -> OpError {
        let message = message.into();
        OpError { code, message, at: At::Operator, here: String::new(), notes: Vec::new(), helps: Vec::new() }
    }

    /// Marks an argument instead of the operator.
    pub fn at(mut self, argument: &'static str) -> OpError {
        self.at = At::Argument(argument);
        self
    }

    /// Sets the label of the marked part.
    pub fn here(mut self, text: impl Into<String>) -> OpError {
        self.here = text.into();
        self
    }

    /// Adds a note with the rule and its numbers.
    pub fn note(mut self, text: impl Into<String>) -> OpError {
        self.notes.push(text.into());
        self
    }

    /// Adds a help.
    pub fn help(mut self, text: impl Into<String>) -> OpError {
        self.helps.push(text.into());
        self
    }
}

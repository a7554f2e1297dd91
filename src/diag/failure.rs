//! A failure at the edge: a file, weights or the machine are not as they must be.

use std::fmt;

use crate::base::safe;

use super::{Advice, Code};

/// An error of a file, of weights or of the environment; ends the command with exit code 3.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The code, which names the page that explains it.
    pub code: Code,
    /// One line: what is wrong, with the name of the file and the numbers.
    pub message: String,
    /// Further facts, one line each.
    pub notes: Vec<String>,
    /// Steps to take, one line each.
    pub helps: Vec<FailureHelp>,
}

/// Something to do about a failure.
#[derive(Clone, Debug, PartialEq)]
pub enum FailureHelp {
    /// In words.
    Text(String),
    /// As a fact, which every caller words with the names of its own options.
    Advice(Advice),
}

impl fmt::Display for FailureHelp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FailureHelp::Text(text) => f.write_str(text),
            FailureHelp::Advice(advice) => advice.fmt(f),
        }
    }
}

impl Failure {
    /// A failure with its headline.
    pub fn new(code: Code, message: impl Into<String>) -> Failure {
        Failure { code, message: message.into(), notes: Vec::new(), helps: Vec::new() }
    }

    /// Adds a fact.
    pub fn note(mut self, text: impl Into<String>) -> Failure {
        self.notes.push(text.into());
        self
    }

    /// Adds an action.
    pub fn help(mut self, text: impl Into<String>) -> Failure {
        self.helps.push(FailureHelp::Text(text.into()));
        self
    }

    /// Adds an action that every caller calls differently.
    pub fn advise(mut self, advice: Advice) -> Failure {
        self.helps.push(FailureHelp::Advice(advice));
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names of files and of tensors are part of the lines.
        write!(f, "error[{}]: {}", self.code, safe::line(&self.message))?;
        for note in &self.notes {
            write!(f, "\n  = note: {}", safe::line(note))?;
        }
        for help in &self.helps {
            write!(f, "\n  = help: {}", safe::line(&help.to_string()))?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

//! The file that is being parsed and the sink that takes what is wrong with it.

use crate::base::{FileId, Span};
use crate::diag::{Builder, Code, Sink};

/// One file and its sink.
pub(super) struct Session<'a> {
    /// The file.
    pub(super) file: FileId,
    /// Its text.
    pub(super) source: &'a str,
    /// Takes the diagnostics.
    pub(super) sink: &'a mut Sink,
    /// Whether an error was reported.
    pub(super) failed: bool,
}

impl Session<'_> {
    /// The bytes `start..end` of the file.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    /// Starts an error.
    pub(super) fn error(&mut self, code: Code, span: Span, message: impl Into<String>) -> Builder<'_> {
        self.failed = true;
        self.sink.error(code, span, message)
    }
}

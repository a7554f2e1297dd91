//! The file that is being parsed, with the sink for its diagnostics.

use crate::base::{FileId, Span};
use crate::diag::{Builder, Code, Sink};

/// One file and its sink.
pub(crate) struct Session<'a> {
    /// The file.
    pub(crate) file: FileId,
    /// Its text.
    pub(crate) source: &'a str,
    /// The sink that takes its diagnostics.
    pub(crate) sink: &'a mut Sink,
    /// Whether an error was reported.
    pub(crate) failed: bool,
}

impl Session<'_> {
    /// The place of the bytes `start..end` of the file.
    pub(crate) fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    /// Starts an error.
    pub(crate) fn error(&mut self, code: Code, span: Span, message: impl Into<String>) -> Builder<'_> {
        self.failed = true;
        self.sink.error(code, span, message)
    }
}

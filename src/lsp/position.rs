//! Converts between byte offsets and the positions that the client counts.

use gen_lsp_types::{Location, Position, PositionEncodingKind, Range};
use serde_json::Value;

use crate::base::{FileId, SourceMap, Span};

use super::uri;

/// The unit in which the client counts columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Bytes.
    Utf8,
    /// UTF-16 code units.
    Utf16,
}

impl Encoding {
    /// UTF-8 where the client offers it, else UTF-16, which every client supports.
    pub(super) fn choose(offered: Option<&Value>) -> Encoding {
        let offered = offered.and_then(Value::as_array);
        let utf8 = offered.is_some_and(|all| all.iter().any(|one| one == "utf-8"));
        if utf8 { Encoding::Utf8 } else { Encoding::Utf16 }
    }

    /// Its name in the protocol.
    pub(super) fn kind(self) -> PositionEncodingKind {
        match self {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
        }
    }

    /// The number of units in a character.
    pub(super) fn units(self) -> fn(char) -> usize {
        match self {
            Encoding::Utf8 => char::len_utf8,
            Encoding::Utf16 => char::len_utf16,
        }
    }
}

/// Converts spans of a source map to positions of the protocol and back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places<'a> {
    pub map: &'a SourceMap,
    pub encoding: Encoding,
}

impl Places<'_> {
    /// The position of a byte offset.
    pub(super) fn position(self, file: FileId, offset: u32) -> Position {
        match self.encoding {
            Encoding::Utf16 => {
                let at = self.map.utf16_position(file, offset);
                Position::new(at.line, at.character)
            }
            Encoding::Utf8 => {
                let line = self.map.locate(file, offset).line - 1;
                Position::new(line, self.map.byte_column(file, offset) - 1)
            }
        }
    }

    /// The range of a span.
    pub(super) fn range(self, span: Span) -> Range {
        Range::new(self.position(span.file, span.start), self.position(span.file, span.end))
    }

    /// The location of a span, with the address of its file.
    pub(super) fn location(self, span: Span) -> Location {
        Location::new(uri::of_path(self.map.name(span.file)).into(), self.range(span))
    }

    /// The byte offset of a position.
    pub(super) fn offset(self, file: FileId, at: Position) -> u32 {
        self.map.offset_at(file, at.line, at.character, self.encoding.units())
    }

    /// The span of a range.
    pub(super) fn span(self, file: FileId, range: Range) -> Span {
        let (start, end) = (self.offset(file, range.start), self.offset(file, range.end));
        Span { file, start: start.min(end), end: start.max(end) }
    }
}

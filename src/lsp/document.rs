//! The open texts of the client, and the edits that it makes.

use std::ops::Range;
use std::sync::Arc;

use gen_lsp_types::{Position, TextDocumentContentChangeEvent, Uri};

use crate::base::column_offset;

use super::position::Encoding;

/// An open text.
#[derive(Debug)]
pub(super) struct Document {
    /// Its address as the client writes it.
    pub uri: Uri,
    /// The version number that the client counts up.
    pub version: i32,
    /// Its text.
    pub text: Arc<str>,
}

impl Document {
    /// Applies edits in order: the positions of each refer to the text after the one before.
    pub(super) fn change(&mut self, changes: Vec<TextDocumentContentChangeEvent>, encoding: Encoding) {
        let mut text = String::from(&*self.text);
        for change in changes {
            match change {
                TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => {
                    text = whole.text;
                }
                TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => {
                    let range = byte_range(&text, part.range.start, part.range.end, encoding);
                    text.replace_range(range, &part.text);
                }
            }
        }
        self.text = text.into();
    }
}

/// The byte range between two positions, which are swapped if they are in the wrong order.
fn byte_range(text: &str, start: Position, end: Position, encoding: Encoding) -> Range<usize> {
    let (start, end) = (byte_at(text, start, encoding), byte_at(text, end, encoding));
    start.min(end)..start.max(end)
}

/// The byte offset of a position; one beyond the end of the text is clamped.
fn byte_at(text: &str, at: Position, encoding: Encoding) -> usize {
    let mut start = 0;
    for _ in 0..at.line {
        match text[start..].find('\n') {
            Some(newline) => start += newline + 1,
            None => return text.len(),
        }
    }
    start + column_offset(&text[start..], at.character, encoding.units())
}

#[cfg(test)]
mod tests {
    use gen_lsp_types::{Range, TextDocumentContentChangePartial, TextDocumentContentChangeWholeDocument};

    use super::*;

    /// The line and column of the beginning, those of the end, and the replacement.
    type Edit<'a> = ((u32, u32), (u32, u32), &'a str);

    fn edited(text: &str, encoding: Encoding, edits: &[Edit<'_>]) -> String {
        let mut document = Document { uri: "x:y".into(), version: 1, text: text.into() };
        let change = |&((line, column), (end_line, end_column), text): &Edit<'_>| {
            let range = Range::new(Position::new(line, column), Position::new(end_line, end_column));
            let text = text.to_owned();
            #[expect(deprecated, reason = "the field is part of the structure")]
            let part = TextDocumentContentChangePartial { range, range_length: None, text };
            TextDocumentContentChangeEvent::from(part)
        };
        document.change(edits.iter().map(change).collect(), encoding);
        document.text.to_string()
    }

    #[test]
    fn edits_speak_of_the_text_before_them() {
        let edits = [((0, 1), (0, 2), "XY"), ((0, 3), (0, 3), "\n"), ((1, 0), (1, 0), "> ")];
        assert_eq!(edited("abc\nd", Encoding::Utf16, &edits), "aXY\n> c\nd");
        let whole = TextDocumentContentChangeWholeDocument { text: "all".to_owned() };
        let mut document = Document { uri: "x:y".into(), version: 1, text: "old".into() };
        document.change(vec![whole.into()], Encoding::Utf16);
        assert_eq!(&*document.text, "all");
    }

    #[test]
    fn columns_are_counted_in_the_agreed_units() {
        assert_eq!(edited("𝄞é|", Encoding::Utf16, &[((0, 2), (0, 3), "_")]), "𝄞_|");
        assert_eq!(edited("𝄞é|", Encoding::Utf8, &[((0, 4), (0, 6), "_")]), "𝄞_|");
        assert_eq!(edited("𝄞|", Encoding::Utf16, &[((0, 1), (0, 2), "_")]), "_|");
    }

    #[test]
    fn places_outside_of_the_text_are_moved_into_it() {
        assert_eq!(edited("a\r\nb", Encoding::Utf16, &[((0, 9), (0, 9), "!")]), "a!\r\nb");
        assert_eq!(edited("a\nb", Encoding::Utf16, &[((7, 0), (9, 9), "!")]), "a\nb!");
        assert_eq!(edited("abc", Encoding::Utf16, &[((0, 2), (0, 1), "-")]), "a-c");
    }
}

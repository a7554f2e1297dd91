//! Source files, byte spans in them, and their line and column numbers.
//!
//! A [`Span`] is a byte range of one file; only the [`SourceMap`] turns it into lines and columns,
//! and only when somebody reads them.

use std::ops::Range;
use std::sync::Arc;

/// The most bytes that a source and the files that it uses may have together; a larger one is refused unread.
pub const MAX_SOURCE_BYTES: usize = 4 << 20;

/// A file in the [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

/// A byte range of one source file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file that the range lies in.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The place of what no text says, such as a node that a program made. It lies in no file of any map.
    pub const MADE: Span = Span { file: FileId(u32::MAX), start: 0, end: 0 };

    /// Returns whether no text stands behind it.
    pub fn is_made(self) -> bool {
        self == Span::MADE
    }

    /// The range `start..end` of `file`; offsets beyond 4 GiB are clamped (sources are limited far below).
    pub fn new(file: FileId, start: usize, end: usize) -> Span {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Span { file, start: clamp(start), end: clamp(end) }
    }

    /// The smallest span that covers both; `self` where they lie in different files.
    pub fn to(self, other: Span) -> Span {
        if self.file != other.file {
            return self;
        }
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The empty span just behind this one.
    pub fn after(self) -> Span {
        Span { start: self.end, ..self }
    }

    /// Returns whether `other` lies within this span.
    pub fn contains(self, other: Span) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }

    /// The bytes as a range of indices.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A value and the place where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// The place of the value.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// `value`, written at `span`.
    pub fn new(value: T, span: Span) -> Spanned<T> {
        Spanned { value, span }
    }
}

/// A line and column, both counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// Line number.
    pub line: u32,
    /// Column number in characters.
    pub column: u32,
}

/// A place as editors count it: both numbers from 0, columns in UTF-16 code units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Utf16Position {
    /// Line number, from 0.
    pub line: u32,
    /// UTF-16 code units before the place in its line.
    pub character: u32,
}

/// A named text and the beginnings of its lines. It is scanned once and then shared: any number of maps may hold it.
#[derive(Debug)]
pub struct SourceText {
    name: String,
    text: Arc<str>,
    line_starts: Vec<u32>,
    /// The characters before each block of [`BLOCK`] bytes, so that no column is counted through a long line.
    characters: Vec<u32>,
    /// The UTF-16 code units before each block.
    units: Vec<u32>,
}

const BLOCK: usize = 1024;

impl SourceText {
    /// Scans a text; `name` is what diagnostics show.
    pub fn new(name: impl Into<String>, text: impl Into<Arc<str>>) -> Arc<SourceText> {
        let text: Arc<str> = text.into();
        let mut line_starts = vec![0];
        line_starts.extend(text.match_indices('\n').map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX)));
        let (mut characters, mut units) = (vec![0], vec![0]);
        for block in text.as_bytes().chunks(BLOCK) {
            characters.push(characters[characters.len() - 1] + beginnings(block));
            units.push(units[units.len() - 1] + utf16_units(block));
        }
        Arc::new(SourceText { name: name.into(), text, line_starts, characters, units })
    }

    /// The text.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// The line that holds a byte offset, from 0.
    fn line_of(&self, offset: u32) -> usize {
        self.line_starts.partition_point(|&start| start <= offset).max(1) - 1
    }

    /// The number of characters that begin before a byte offset.
    fn characters_before(&self, offset: usize) -> u32 {
        let block = offset / BLOCK;
        let rest = self.text.as_bytes().get(block * BLOCK..offset).unwrap_or_default();
        self.characters[block] + beginnings(rest)
    }

    /// The number of UTF-16 code units of the characters that begin before a byte offset.
    fn units_before(&self, offset: usize) -> u32 {
        let block = offset / BLOCK;
        let rest = self.text.as_bytes().get(block * BLOCK..offset).unwrap_or_default();
        self.units[block] + utf16_units(rest)
    }
}

/// The UTF-16 code units of the characters that begin in these bytes of UTF-8: those of four bytes take two.
fn utf16_units(bytes: &[u8]) -> u32 {
    beginnings(bytes) + bytes.iter().filter(|&&byte| byte >= 0xf0).count() as u32
}

/// The number of characters that begin in these bytes of UTF-8.
fn beginnings(bytes: &[u8]) -> u32 {
    bytes.iter().filter(|&&byte| byte & 0xc0 != 0x80).count() as u32
}

/// Source texts by [`FileId`]. A clone shares the texts, so that it costs little and keeps them as they are now.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<Arc<SourceText>>,
}

impl SourceMap {
    /// Takes in a text under the name that diagnostics show.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        self.share(SourceText::new(name, text))
    }

    /// Takes in a text that was scanned before.
    pub fn share(&mut self, text: Arc<SourceText>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(text);
        id
    }

    /// Gives a file another text. Spans of the text before lose their meaning in this map.
    pub fn replace(&mut self, file: FileId, text: impl Into<Arc<str>>) {
        let name = self.source(file).name.clone();
        self.files[file.0 as usize] = SourceText::new(name, text);
    }

    fn source(&self, file: FileId) -> &SourceText {
        &self.files[file.0 as usize]
    }

    /// Every file, in the order in which it was added.
    pub fn files(&self) -> impl Iterator<Item = FileId> + '_ {
        (0..self.files.len()).map(|index| FileId(index as u32))
    }

    /// The name of a file as diagnostics show it.
    pub fn name(&self, file: FileId) -> &str {
        &self.source(file).name
    }

    /// The text of a file.
    pub fn text(&self, file: FileId) -> &Arc<str> {
        &self.source(file).text
    }

    /// The text that a span covers; empty where the span does not fall on characters.
    pub fn snippet(&self, span: Span) -> &str {
        self.source(span.file).text.get(span.range()).unwrap_or("")
    }

    /// The line and column at which a span starts.
    pub fn location(&self, span: Span) -> Location {
        self.locate(span.file, span.start)
    }

    /// The column of a byte offset in bytes of its line, from 1.
    pub fn byte_column(&self, file: FileId, offset: u32) -> u32 {
        let source = self.source(file);
        offset - source.line_starts[source.line_of(offset)] + 1
    }

    /// The line and column of a byte offset.
    pub fn locate(&self, file: FileId, offset: u32) -> Location {
        let source = self.source(file);
        let line = source.line_of(offset);
        let line_start = source.line_starts[line] as usize;
        let until = (offset as usize).min(source.text.len());
        let column = match source.text.as_bytes().get(line_start..until) {
            Some(line) if line.len() <= BLOCK => beginnings(line),
            _ => source.characters_before(until).saturating_sub(source.characters_before(line_start)),
        };
        Location { line: line as u32 + 1, column: column + 1 }
    }

    /// The position of a byte offset as editors count it. An offset within a character counts as the beginning of the
    /// character, one beyond the text as its end.
    pub fn utf16_position(&self, file: FileId, offset: u32) -> Utf16Position {
        let source = self.source(file);
        let end = floor_character(&source.text, offset as usize);
        let line = source.line_of(end as u32);
        let start = source.line_starts[line] as usize;
        let units = if end - start <= BLOCK {
            utf16_units(&source.text.as_bytes()[start..end])
        } else {
            source.units_before(end) - source.units_before(start)
        };
        Utf16Position { line: line as u32, character: units }
    }

    /// The byte offset of a place as editors count it: [`SourceMap::offset_at`] in UTF-16 code units.
    pub fn utf16_offset(&self, file: FileId, position: Utf16Position) -> u32 {
        self.offset_at(file, position.line, position.character, char::len_utf16)
    }

    /// The byte offset of a line and column, both from 0; `units` is how much of a column a character takes. A line
    /// beyond the last one counts as the end of the text; see [`column_offset`] for columns.
    pub fn offset_at(&self, file: FileId, line: u32, column: u32, units: fn(char) -> usize) -> u32 {
        let source = self.source(file);
        let Some(&start) = source.line_starts.get(line as usize) else {
            return source.text.len() as u32;
        };
        start + column_offset(&source.text[start as usize..], column, units) as u32
    }
}

/// The byte offset of a column, from 0, in the first line of a text; `units` is how much of a column a character takes.
/// A column beyond the line counts as its end, before the line break, and one within a character as its beginning.
pub fn column_offset(text: &str, column: u32, units: fn(char) -> usize) -> usize {
    let line = text.split('\n').next().unwrap_or_default();
    let line = line.strip_suffix('\r').unwrap_or(line);
    let mut passed = 0;
    for (at, character) in line.char_indices() {
        passed += units(character);
        if passed > column as usize {
            return at;
        }
    }
    line.len()
}

/// The largest boundary between characters that is not beyond `offset`.
fn floor_character(text: &str, offset: usize) -> usize {
    let offset = offset.min(text.len());
    (0..=offset).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_count_characters_from_one() {
        let mut map = SourceMap::default();
        let file = map.add("a.cnn", "é x\nsecond\n");
        assert_eq!(map.locate(file, 3), Location { line: 1, column: 3 });
        assert_eq!(map.locate(file, 5), Location { line: 2, column: 1 });
        assert_eq!(map.locate(file, 400), Location { line: 3, column: 1 });
    }

    #[test]
    fn columns_of_a_long_line_are_its_characters() {
        let text = format!("x\n{}", "aé€".repeat(2000));
        let mut map = SourceMap::default();
        let file = map.add("a.cnn", text.as_str());
        for (at, _) in text.char_indices().skip(2) {
            let column = text[2..at].chars().count() as u32 + 1;
            assert_eq!(map.locate(file, at as u32), Location { line: 2, column });
        }
        assert_eq!(map.locate(file, text.len() as u32), Location { line: 2, column: 6001 });
    }

    #[test]
    fn utf16_columns_of_a_long_line_are_its_units() {
        let text = format!("x\n{}", "aé€𝄞".repeat(1000));
        let mut map = SourceMap::default();
        let file = map.add("a.cnn", text.as_str());
        for (at, _) in text.char_indices().skip(2) {
            let character = text[2..at].encode_utf16().count() as u32;
            assert_eq!(map.utf16_position(file, at as u32), Utf16Position { line: 1, character });
        }
    }

    #[test]
    fn editors_count_utf16_units_from_zero() {
        let text = "é𝄞x\r\n\nend";
        let mut map = SourceMap::default();
        let file = map.add("a.cnn", text);
        let position = |line, character| Utf16Position { line, character };
        for (at, _) in text.char_indices().filter(|&(_, one)| one != '\n' && one != '\r') {
            let there = map.utf16_position(file, at as u32);
            assert_eq!(map.utf16_offset(file, there), at as u32, "{there:?}");
        }
        assert_eq!(map.utf16_position(file, 6), position(0, 3));
        assert_eq!(map.utf16_position(file, 4), position(0, 1), "within a character");
        assert_eq!(map.utf16_offset(file, position(0, 2)), 2, "within a surrogate pair");
        assert_eq!(map.utf16_offset(file, position(0, 99)), 7, "before the line break");
        assert_eq!(map.utf16_offset(file, position(1, 0)), 9);
        assert_eq!(map.utf16_offset(file, position(7, 0)), text.len() as u32);
        assert_eq!(map.utf16_position(file, 400), position(2, 3));
    }

    #[test]
    fn a_clone_keeps_the_text_that_is_replaced() {
        let mut map = SourceMap::default();
        let file = map.add("a.cnn", "old");
        let before = map.clone();
        map.replace(file, "new\n");
        assert_eq!((&**before.text(file), &**map.text(file)), ("old", "new\n"));
        assert_eq!(map.name(file), "a.cnn");
        assert_eq!(map.utf16_position(file, 4), Utf16Position { line: 1, character: 0 });
    }

    #[test]
    fn an_empty_file_has_a_first_line() {
        let mut map = SourceMap::default();
        let file = map.add("empty.cnn", "");
        assert_eq!(map.location(Span::new(file, 0, 0)), Location { line: 1, column: 1 });
    }
}

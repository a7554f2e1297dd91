//! Cuts out the lines of a source that a diagnostic shows, makes hidden characters visible and crops long lines.
//!
//! An excerpt is a text of its own, to which the places of the labels are mapped. A span over several lines is
//! shown by its first line only.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::base::{FileId, Location, SourceMap, Span, push_visible};

/// Some lines of one file.
#[derive(Debug)]
pub(super) struct Excerpt {
    /// The file.
    pub(super) file: FileId,
    /// The lines, one after the other.
    pub(super) text: String,
    /// The bytes of each line, line feed included, by its number in the file, counted from 0.
    lines: BTreeMap<usize, Range<usize>>,
    /// The spans as ranges of the excerpt, and where they begin in the file.
    places: Vec<(Range<usize>, Location)>,
}

/// A line of a file: its number counted from 0 and its bytes.
#[derive(Clone)]
struct SourceLine {
    index: usize,
    range: Range<usize>,
}

impl Excerpt {
    /// The lines on which the spans begin, of which the first is the most important one, at most `width` characters
    /// of each; all spans lie in `file`.
    pub(super) fn new(map: &SourceMap, file: FileId, spans: &[Span], width: usize) -> Excerpt {
        let source: &str = map.text(file);
        let lines: Vec<SourceLine> = spans.iter().map(|span| line_of(map, *span)).collect();
        let mut excerpt = Excerpt { file, text: String::new(), lines: BTreeMap::new(), places: Vec::new() };
        let mut wanted: BTreeMap<usize, (SourceLine, Vec<usize>)> = BTreeMap::new();
        for (number, line) in lines.iter().enumerate() {
            wanted.entry(line.index).or_insert_with(|| (line.clone(), Vec::new())).1.push(number);
            // The renderer shows the line between two lines.
            if let Some(next) = line_behind(source, line) {
                wanted.entry(next.index).or_insert_with(|| (next, Vec::new()));
            }
        }
        let mut places = vec![0..0; spans.len()];
        for (index, (line, numbers)) in wanted {
            let inside: Vec<Range<usize>> =
                numbers.iter().map(|&number| clip(spans[number], &line)).collect();
            let start = excerpt.text.len();
            let shown = excerpt.push_line(&source[line.range.clone()], line.range.start, &inside, width);
            for (&number, range) in numbers.iter().zip(shown) {
                places[number] = range;
            }
            excerpt.lines.insert(index, start..excerpt.text.len());
        }
        excerpt.places = places.into_iter().zip(spans.iter().map(|span| map.location(*span))).collect();
        excerpt
    }

    /// The range of the excerpt that shows a span.
    pub(super) fn place(&self, number: usize) -> Range<usize> {
        self.places[number].0.clone()
    }

    /// The number of the line, counted from 0, that a byte of the excerpt shows.
    pub(super) fn line_index(&self, at: usize) -> usize {
        let found = self.lines.iter().find(|(_, line)| at < line.end);
        found.or(self.lines.iter().next_back()).map_or(0, |(&index, _)| index)
    }

    /// The bytes of the excerpt that show a line of the file.
    pub(super) fn line_range(&self, index: usize) -> Option<Range<usize>> {
        self.lines.get(&index).cloned()
    }

    /// The column in the file of a place that begins at this byte of the excerpt.
    pub(super) fn column(&self, at: usize) -> usize {
        let place = self.places.iter().find(|(range, _)| range.start == at);
        place.map_or(1, |(_, location)| location.column as usize)
    }

    /// Appends a line; gives the ranges of the excerpt that show those of the source.
    fn push_line(
        &mut self,
        line: &str,
        offset: usize,
        spans: &[Range<usize>],
        width: usize,
    ) -> Vec<Range<usize>> {
        let window = spans
            .first()
            .map_or(0..line.len(), |focus| window(line, focus.start - offset, focus.end - offset, width));
        let window = if spans.is_empty() { window.start..floor_columns(line, width) } else { window };
        if window.start > 0 {
            self.text.push('…');
        }
        // The column at which each character of the window begins, and the end of the last one.
        let mut starts = Vec::new();
        for (at, character) in line[window.clone()].char_indices() {
            starts.push((offset + window.start + at, self.text.len()));
            push_visible(&mut self.text, character);
        }
        starts.push((offset + window.end, self.text.len()));
        if window.end < line.len() {
            self.text.push('…');
        }
        self.text.push('\n');
        let shown = |at: usize| {
            let index = starts.partition_point(|&(byte, _)| byte < at).min(starts.len() - 1);
            starts[index].1
        };
        spans.iter().map(|span| shown(span.start)..shown(span.end)).collect()
    }
}

fn line_of(map: &SourceMap, span: Span) -> SourceLine {
    let source: &str = map.text(span.file);
    let at = floor_boundary(source, span.start as usize);
    let start = source[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let index = map.location(span).line as usize - 1;
    SourceLine { index, range: start..line_end(source, start) }
}

fn line_behind(source: &str, line: &SourceLine) -> Option<SourceLine> {
    let rest = &source[line.range.end..];
    let start = line.range.end + rest.find('\n')? + 1;
    Some(SourceLine { index: line.index + 1, range: start..line_end(source, start) })
}

/// The end of a line without its line feed.
fn line_end(source: &str, start: usize) -> usize {
    let rest = &source[start..];
    let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
    start + line.strip_suffix('\r').unwrap_or(line).len()
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The part of a span that lies on a line.
fn clip(span: Span, line: &SourceLine) -> Range<usize> {
    let start = (span.start as usize).clamp(line.range.start, line.range.end);
    let end = (span.end as usize).clamp(start, line.range.end);
    start..end
}

/// The first `columns` characters.
fn floor_columns(line: &str, columns: usize) -> usize {
    line.char_indices().nth(columns).map_or(line.len(), |(at, _)| at)
}

/// The part of a line that is shown: at most `width` characters around `start..end`.
fn window(line: &str, start: usize, end: usize, width: usize) -> Range<usize> {
    let (start, end) = (floor_boundary(line, start), floor_boundary(line, end));
    let whole = floor_columns(line, width) == line.len();
    if whole {
        return 0..line.len();
    }
    let focus = line[start..end].chars().take(width).count();
    let room = width - focus;
    let before = line[..start].chars().rev().take(room / 2).map(char::len_utf8).sum::<usize>();
    let from = start - before;
    from..from + floor_columns(&line[from..], width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(text: &str, start: usize, end: usize, width: usize) -> (String, String) {
        let mut map = SourceMap::default();
        let file = map.add("a.cnn", text);
        let excerpt = Excerpt::new(&map, file, &[Span::new(file, start, end)], width);
        let marked = excerpt.text[excerpt.place(0)].to_owned();
        (excerpt.text, marked)
    }

    #[test]
    fn hidden_characters_keep_their_places() {
        assert_eq!(
            excerpt("a\u{1b}b\u{202e}c\r\nnext", 2, 7, 80),
            ("a␛b<U+202E>c\nnext\n".into(), "b<U+202E>c".into())
        );
    }

    #[test]
    fn long_lines_are_cropped_around_the_span() {
        let text = format!("{}here{}", "a".repeat(500), "b".repeat(500));
        let (shown, marked) = excerpt(&text, 500, 504, 20);
        assert_eq!(shown, "…aaaaaaaaherebbbbbbbb…\n");
        assert_eq!(marked, "here");
        assert_eq!(excerpt(&text, 0, 1000, 20).1.len(), 20);
        assert_eq!(excerpt(&text, 1004, 1004, 20).1, "");
    }

    #[test]
    fn a_span_over_lines_is_shown_by_its_first() {
        let (_, marked) = excerpt("first <\n second >", 0, 16, 80);
        assert_eq!(marked, "first <");
    }

    #[test]
    fn places_at_and_beyond_the_end_are_shown() {
        assert_eq!(excerpt("", 0, 0, 80).0, "\n");
        assert_eq!(excerpt("a\n", 2, 9, 80), ("\n".into(), String::new()));
        assert_eq!(excerpt("é", 1, 1, 80).0, "é\n");
    }
}

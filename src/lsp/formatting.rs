//! Formats a whole text, or the items that a selection meets, as edits of lines.
//!
//! Unchanged lines are not part of an edit, so the cursor and folded ranges stay where they are. Line ends stay as they
//! are in the editor's text. A text with syntax errors is left unchanged.

use gen_lsp_types::{Range, TextEdit};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::base::{SourceMap, Span};
use crate::diag::Sink;
use crate::driver::Session;
use crate::sema::canonical;
use crate::syntax::{Parsed, parse};

use super::position::{Encoding, Places};
use super::tree;

/// The limit for a line-by-line comparison, as a product of the numbers of old and new lines. Beyond it one edit covers
/// everything between the first and the last change.
const MOST_COMPARED: usize = 16_000_000;

/// The edits that make a document canonical; none where it has syntax errors.
pub(super) fn document(session: &Session, encoding: Encoding) -> Vec<TextEdit> {
    let parsed = session.program().root();
    let Some(formatted) = canonical(parsed) else { return Vec::new() };
    let whole = Span::new(parsed.file, 0, parsed.text.len());
    edits(Places { map: session.sources(), encoding }, parsed, whole, &formatted)
}

/// The edits that make the items canonical which a selection meets. A run of statements outside of items counts as one
/// item.
pub(super) fn range(session: &Session, encoding: Encoding, selected: Range) -> Vec<TextEdit> {
    let parsed = session.program().root();
    let places = Places { map: session.sources(), encoding };
    let lines = whole_items(parsed, places.span(parsed.file, selected));
    let mut map = SourceMap::default();
    let piece = map.add(session.sources().name(parsed.file), places.map.snippet(lines));
    let read = parse(&map, piece, &mut Sink::default());
    let Some(formatted) = canonical(&read) else { return Vec::new() };
    edits(places, parsed, lines, &formatted)
}

/// Extends a selection to whole items, without empty lines at either end.
fn whole_items(parsed: &Parsed, selected: Span) -> Span {
    let text: &str = &parsed.text;
    let line_start = |at: usize| text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let line_end = |at: usize| text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1);
    let items: Vec<Span> = tree::roots(parsed).iter().map(|node| node.span()).collect();
    let (mut start, mut end) = (line_start(selected.start as usize), line_end(selected.end as usize));
    // Items may share a line, so the extended lines may meet further items: repeat until nothing is added.
    loop {
        let met = |item: &&Span| (item.start as usize) < end && start < item.end as usize;
        let (first, last) = items
            .iter()
            .filter(met)
            .fold((start, end), |(a, b), item| (a.min(item.start as usize), b.max(item.end as usize)));
        let grown = (line_start(first), if last == end { end } else { line_end(last) });
        if grown == (start, end) {
            break;
        }
        (start, end) = grown;
    }
    let piece = &text[start..end];
    let empty = piece.len() - piece.trim_start().len();
    start += piece[..empty].rfind('\n').map_or(0, |newline| newline + 1);
    let full = start + text[start..end].trim_end().len();
    Span::new(parsed.file, start, end.min(line_end(full)))
}

/// The edits that turn a range of whole lines into the formatted text.
fn edits(places: Places<'_>, parsed: &Parsed, lines: Span, formatted: &str) -> Vec<TextEdit> {
    let before = places.map.snippet(lines);
    let windows = before.find('\n').is_some_and(|newline| before[..newline].ends_with('\r'));
    let after = if windows { formatted.replace('\n', "\r\n") } else { formatted.to_owned() };
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let new: Vec<&str> = after.split_inclusive('\n').collect();
    // The offset at which each line begins, and the end of the last one.
    let starts: Vec<usize> = std::iter::once(lines.start as usize)
        .chain(old.iter().scan(lines.start as usize, |at, line| {
            *at += line.len();
            Some(*at)
        }))
        .collect();
    let edit = |first: usize, count: usize, text: String| TextEdit {
        range: places.range(Span::new(parsed.file, starts[first], starts[first + count])),
        new_text: text,
    };
    let mut found = Vec::new();
    for change in changes(&old, &new) {
        let (_, from, to) = change.as_tag_tuple();
        if from.len() == to.len() {
            // Equal numbers of lines are replaced one by one, so that a cursor keeps its line.
            let pairs = from.zip(to).filter(|&(one, other)| old[one] != new[other]);
            found.extend(pairs.map(|(one, other)| edit(one, 1, new[other].to_owned())));
        } else {
            found.push(edit(from.start, from.len(), new[to].concat()));
        }
    }
    found
}

/// The differing runs of lines.
fn changes(old: &[&str], new: &[&str]) -> Vec<DiffOp> {
    let first = old.iter().zip(new).take_while(|(one, other)| one == other).count();
    let pairs = old[first..].iter().rev().zip(new[first..].iter().rev());
    let last = pairs.take_while(|(one, other)| one == other).count();
    let (old_len, new_len) = (old.len() - first - last, new.len() - first - last);
    if old_len.saturating_mul(new_len) > MOST_COMPARED {
        return vec![DiffOp::Replace { old_index: first, old_len, new_index: first, new_len }];
    }
    let all = capture_diff_slices(Algorithm::Myers, old, new);
    all.into_iter().filter(|one| !matches!(one, DiffOp::Equal { .. })).collect()
}

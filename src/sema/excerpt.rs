//! Cuts out of a file the items that one of its networks needs.

use std::collections::BTreeSet;

use crate::syntax::ast;

/// The text of a file with those of its items only that a network needs: what is not reached from it by name is left
/// out, with the comments above it.
pub(super) fn excerpt(items: &[ast::Item], network: &str, text: &str) -> String {
    // An item's part of the text begins behind the one before, so that comments above belong to it.
    let ends: Vec<usize> = items.iter().map(|item| behind(text, item.span.range().end)).collect();
    let start = |index: usize| if index == 0 { 0 } else { ends[index - 1] };
    let mut wanted: BTreeSet<&str> = BTreeSet::from([network]);
    let mut kept: BTreeSet<usize> = BTreeSet::new();
    loop {
        let is_wanted = |index: &usize| match items[*index].name() {
            Some(name) => wanted.contains(name.value.as_str()),
            None => true,
        };
        let Some(index) = (0..items.len()).filter(is_wanted).find(|index| !kept.contains(index)) else {
            break;
        };
        kept.insert(index);
        let own = text.get(items[index].span.range()).unwrap_or_default();
        wanted.extend(own.split(|one: char| !one.is_alphanumeric() && one != '_'));
    }
    let mut excerpt = String::new();
    for index in 0..items.len() {
        let part = &text[start(index)..ends[index]];
        if kept.contains(&index) {
            excerpt.push_str(part);
        } else if index == 0 {
            // The comment at the head of the file stands before an empty line.
            excerpt.push_str(part.rsplit_once("\n\n").map_or("", |(head, _)| head));
            excerpt.push('\n');
        }
    }
    excerpt.push_str(text.get(start(items.len())..).unwrap_or_default());
    excerpt
}

/// The end of an item with the `;` and the rest of the line behind it.
fn behind(text: &str, end: usize) -> usize {
    let rest = text.get(end..).unwrap_or_default();
    let line = rest.find('\n').map_or(rest.len(), |at| at + 1);
    let blank = |part: &str| part.trim_matches([' ', '\t', '\r', '\n', ';']).is_empty();
    if blank(&rest[..line]) || rest[..line].trim_start_matches([' ', ';']).starts_with('#') {
        end + line
    } else {
        end
    }
}

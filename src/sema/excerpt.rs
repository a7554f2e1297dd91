//! Extracts from a file the items that one of its networks needs.

use std::collections::BTreeSet;

use crate::syntax::ast;

/// The text of a file without the items that the network does not reach by name; comments above an item go with it.
pub(super) fn excerpt(items: &[ast::Item], network: &str, text: &str) -> String {
    // The text of an item begins where the one before ends, so that comments above belong to it.
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
            // Keep the comment at the head of the file, which an empty line follows.
            excerpt.push_str(part.rsplit_once("\n\n").map_or("", |(head, _)| head));
            excerpt.push('\n');
        }
    }
    excerpt.push_str(text.get(start(items.len())..).unwrap_or_default());
    excerpt
}

/// The end of the line on which an item and its `;` end.
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

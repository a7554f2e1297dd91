//! Folding ranges: items, bodies, statements of several lines, and runs of comments.

use gen_lsp_types::{FoldingRange, FoldingRangeKind};

use super::analysis::View;
use super::tree::{self, Node};

/// The ranges of whole lines that can be folded, by their beginning.
pub(super) fn ranges(view: View<'_>) -> Vec<FoldingRange> {
    let (parsed, places) = (view.parsed(), view.places());
    let line = |offset: u32| places.position(view.file(), offset).line;
    let mut lines: Vec<(u32, u32, Option<FoldingRangeKind>)> = Vec::new();
    for node in tree::nodes(parsed) {
        let span = match node {
            Node::Item(item) => item.span,
            Node::Stmt(stmt) => stmt.span,
            Node::Body(body) => body.span,
            _ => continue,
        };
        // The line with the closing bracket stays visible.
        let closes = view.text()[..span.end as usize].ends_with(['}', ']', '>', ')']);
        let (first, last) = (line(span.start), line(span.end).saturating_sub(u32::from(closes)));
        if last > first {
            lines.push((first, last, None));
        }
    }
    let mut run: Option<(u32, u32)> = None;
    let comments =
        parsed.comments.iter().filter(|comment| comment.own_line).map(|comment| line(comment.start));
    for at in comments.chain([u32::MAX]) {
        match &mut run {
            Some((_, last)) if *last + 1 == at => *last = at,
            _ => {
                let done = run.replace((at, at));
                let done = done.filter(|(first, last)| last > first);
                lines.extend(done.map(|(first, last)| (first, last, Some(FoldingRangeKind::Comment))));
            }
        }
    }
    // Editors show one handle a line, so the longest range that begins on a line is kept.
    lines.sort_by_key(|&(first, last, _)| (first, std::cmp::Reverse(last)));
    lines.dedup_by_key(|&mut (first, _, _)| first);
    let range = |(start_line, end_line, kind)| FoldingRange {
        start_line,
        start_character: None,
        end_line,
        end_character: None,
        kind,
        collapsed_text: None,
    };
    lines.into_iter().map(range).collect()
}

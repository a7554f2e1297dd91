//! Reduces the errors about one mistake to one: keeps only the first of several errors about a statement, and drops an
//! error that begins where another one ended.

use crate::diag::{Diagnostic, Severity};

use super::extent::{Extent, Part};

/// Drops errors that follow from one that is kept. The diagnostics must be sorted by place.
pub(crate) fn deduplicate(diagnostics: Vec<Diagnostic>, elements: &mut [Extent]) -> Vec<Diagnostic> {
    if diagnostics.len() < 2 {
        return diagnostics;
    }
    // Sort outer elements before inner ones.
    elements.sort_unstable_by_key(|element| {
        (element.span.start, std::cmp::Reverse(element.span.end), element.part)
    });
    let mut elements = elements.iter().enumerate().peekable();
    let mut around: Vec<(usize, Extent)> = Vec::new();
    let mut last: Option<(Option<usize>, u32)> = None;
    let mut kept = Vec::new();
    for diagnostic in diagnostics {
        if diagnostic.severity == Severity::Warning {
            kept.push(diagnostic);
            continue;
        }
        let place = diagnostic.primary.span;
        while let Some((index, &element)) = elements.next_if(|(_, element)| element.span.start <= place.start)
        {
            around.push((index, element));
        }
        while around.last().is_some_and(|(_, element)| element.span.end < place.start) {
            around.pop();
        }
        let innermost = around.iter().rev().find(|(_, element)| element.span.end >= place.start);
        let statement = innermost
            .filter(|(_, element)| matches!(element.part, Part::Statement | Part::Header))
            .map(|&(index, _)| index);
        let repeats = last
            .is_some_and(|(other, end)| (statement.is_some() && statement == other) || place.start <= end);
        if !repeats {
            kept.push(diagnostic);
        }
        let end = last.map_or(place.end, |(_, end)| end.max(place.end));
        last = Some((statement, end));
    }
    kept
}

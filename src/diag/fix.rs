//! Which proposed edits may be made without asking, and how they change a text.

use crate::base::FileId;

use super::{Diagnostic, Edit, Severity};

/// The edit of a diagnostic where it proposes exactly one.
pub fn only_edit(diagnostic: &Diagnostic) -> Option<&Edit> {
    let mut edits = diagnostic.helps.iter().filter_map(|help| help.edit.as_ref());
    let only = edits.next()?;
    edits.next().is_none().then_some(only)
}

/// The edit that mends a mistake of spelling: the only one of an error about syntax, names or arguments. What a
/// warning, a shape or an expectation proposes is a decision about the model.
pub fn certain_edit(diagnostic: &Diagnostic) -> Option<&Edit> {
    let is_spelling = ["E00", "E01", "E02"].iter().any(|phase| diagnostic.code.id().starts_with(phase));
    only_edit(diagnostic).filter(|_| diagnostic.severity == Severity::Error && is_spelling)
}

/// Edits of a text that overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlap;

/// Makes the edits of `file` in its text; what several diagnostics propose alike is done once.
///
/// # Errors
///
/// [`Overlap`] where two different edits change the same bytes, or insert at one place.
pub fn apply_edits<'a>(
    text: &str,
    file: FileId,
    edits: impl IntoIterator<Item = &'a Edit>,
) -> Result<String, Overlap> {
    let mut edits: Vec<&Edit> = edits.into_iter().filter(|edit| edit.span.file == file).collect();
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    edits.dedup();
    let mut changed = String::with_capacity(text.len() + 16 * edits.len());
    let mut done = 0;
    let mut last_start = None;
    for edit in edits {
        let (start, end) = (edit.span.start as usize, edit.span.end as usize);
        if start < done || last_start == Some(start) {
            return Err(Overlap);
        }
        changed.push_str(&text[done..start]);
        changed.push_str(&edit.replacement);
        done = end;
        last_start = Some(start);
    }
    changed.push_str(&text[done..]);
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{SourceMap, Span};

    fn applied(edits: &[(usize, usize, &str)]) -> Result<String, Overlap> {
        let text = "conv 3x3 relu";
        let file = SourceMap::default().add("a.cnn", text);
        let edit = |&(start, end, new): &(usize, usize, &str)| Edit {
            span: Span::new(file, start, end),
            replacement: new.to_owned(),
        };
        let edits: Vec<Edit> = edits.iter().map(edit).collect();
        apply_edits(text, file, &edits)
    }

    #[test]
    fn edits_are_made_in_any_order_and_equal_ones_once() {
        assert_eq!(applied(&[(13, 13, ";"), (0, 4, "dwconv"), (13, 13, ";")]).unwrap(), "dwconv 3x3 relu;");
        assert_eq!(applied(&[]).unwrap(), "conv 3x3 relu");
    }

    #[test]
    fn overlapping_edits_are_refused() {
        assert_eq!(applied(&[(0, 8, "a"), (5, 13, "b")]), Err(Overlap));
        assert_eq!(applied(&[(4, 4, "a"), (4, 4, "b")]), Err(Overlap));
        assert_eq!(applied(&[(4, 4, "a"), (4, 5, "b")]), Err(Overlap));
    }
}

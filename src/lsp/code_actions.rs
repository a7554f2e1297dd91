//! Code actions: the edits that the compiler proposes, and comments that allow a lint.

use std::collections::HashMap;

use gen_lsp_types::{CodeAction, CodeActionKind, TextEdit, Uri, WorkspaceEdit};

use crate::base::Span;
use crate::diag::{self, Severity, fix};

use super::analysis::View;
use super::diagnostics::diagnostic;
use super::tree::{self, Node};

/// Edits of one or more files, with their title and kind as an action.
pub(super) struct Proposal {
    pub title: String,
    pub kind: CodeActionKind,
    pub edits: Vec<(Span, String)>,
}

impl Proposal {
    /// Converts it to a code action of the protocol; edits are grouped by the files that their spans lie in.
    pub(super) fn into_action(self, view: View<'_>, uri_of: &dyn Fn(&str) -> Uri) -> CodeAction {
        CodeAction {
            title: self.title,
            kind: Some(self.kind),
            edit: Some(workspace_edit(&self.edits, view, uri_of)),
            ..CodeAction::default()
        }
    }
}

/// Groups edits by the file that they change.
pub(super) fn workspace_edit(
    edits: &[(Span, String)],
    view: View<'_>,
    uri_of: &dyn Fn(&str) -> Uri,
) -> WorkspaceEdit {
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for (span, text) in edits {
        let uri = uri_of(view.analysis.map().name(span.file));
        let edit = TextEdit { range: view.places().range(*span), new_text: text.clone() };
        changes.entry(uri).or_default().push(edit);
    }
    WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }
}

/// The fixes of diagnostics whose span overlaps a selection.
pub(super) fn quick_fixes(
    view: View<'_>,
    selection: Span,
    pages: bool,
    uri_of: &dyn Fn(&str) -> Uri,
) -> Vec<CodeAction> {
    let meets = |one: &&diag::Diagnostic| {
        let span = one.primary.span;
        span.file == selection.file && span.start <= selection.end && selection.start <= span.end
    };
    let mut actions = Vec::new();
    for one in view.analysis.checked.diagnostics.iter().filter(meets) {
        let fixes = one.helps.iter().filter_map(|help| {
            let edit = help.edit.as_ref()?;
            let edits = vec![(edit.span, edit.replacement.clone())];
            Some(Proposal {
                title: fix_title(&help.text, &edit.replacement),
                kind: CodeActionKind::QuickFix,
                edits,
            })
        });
        let fixes: Vec<Proposal> = fixes.collect();
        let only = fix::only_edit(one).is_some();
        let allow = (one.severity == Severity::Warning).then(|| allow_here(view, one));
        let allow = allow.into_iter().map(|proposal| (proposal, false));
        for (proposal, preferred) in fixes.into_iter().map(|proposal| (proposal, only)).chain(allow) {
            let mut action = proposal.into_action(view, uri_of);
            action.diagnostics = Some(vec![diagnostic(one, view.places(), pages)]);
            action.is_preferred = preferred.then_some(true);
            actions.push(action);
        }
    }
    actions
}

/// The kind of the action that [`fix_all`] makes.
pub(super) fn fix_all_kind() -> CodeActionKind {
    CodeActionKind::Custom("source.fixAll.cnnc".into())
}

/// All certain edits of the file at once, as `cnnc check --fix` makes them; of overlapping edits the first is taken.
pub(super) fn fix_all(view: View<'_>) -> Option<Proposal> {
    let certain = view.analysis.checked.diagnostics.iter().filter_map(fix::certain_edit);
    let mut all: Vec<&diag::Edit> = certain.filter(|edit| edit.span.file == view.file()).collect();
    all.sort_by_key(|edit| (edit.span.start, edit.span.end));
    all.dedup();
    let mut edits: Vec<(Span, String)> = Vec::new();
    for edit in all {
        let overlaps =
            |(last, _): &(Span, String)| edit.span.start < last.end || edit.span.start == last.start;
        if !edits.last().is_some_and(overlaps) {
            edits.push((edit.span, edit.replacement.clone()));
        }
    }
    let title = format!("make all certain edits ({})", edits.len());
    (!edits.is_empty()).then(|| Proposal { title, kind: fix_all_kind(), edits })
}

/// Turns the question of a help ("did you mean `x`?") into the imperative title of an action.
fn fix_title(help: &str, replacement: &str) -> String {
    if help.ends_with('?') && !replacement.is_empty() {
        return format!("replace by `{replacement}`");
    }
    help.to_owned()
}

/// An edit that writes `# allow W0203` above the item or statement of a warning, or adds the code to a comment that is
/// there.
fn allow_here(view: View<'_>, one: &diag::Diagnostic) -> Proposal {
    let (parsed, text) = (view.parsed(), view.text());
    let at = one.primary.span.start;
    // A comment applies to the outermost node that begins on the line below it.
    let line_of = |offset: u32| text[..offset as usize].rfind('\n').map_or(0, |newline| newline + 1);
    let begins_line = |offset: u32| text[line_of(offset)..offset as usize].trim().is_empty();
    let statement = tree::around(parsed, at).into_iter().rev().find_map(|node| match node {
        Node::Stmt(stmt) if begins_line(stmt.span.start) => Some(stmt.span),
        Node::Item(item) if begins_line(item.span.start) => Some(item.span),
        _ => None,
    });
    let target = statement.map_or(at, |span| span.start);
    let line = line_of(target);
    let indent: String = text[line..].chars().take_while(|one| matches!(one, ' ' | '\t')).collect();
    let title = format!("allow {} here", one.code);
    // Extend an existing `# allow` comment.
    let above = parsed.comments.iter().rev().find(|comment| {
        comment.own_line
            && (comment.end as usize) < line
            && text[comment.end as usize..line].trim().is_empty()
    });
    if let Some(comment) = above {
        let words = parsed.comment_text(*comment);
        if let Some(list) = words.strip_prefix("# allow ") {
            let codes = list.split(':').next().unwrap_or(list).trim_end();
            let end = comment.start + ("# allow ".len() + codes.len()) as u32;
            let span = Span { file: view.file(), start: end, end };
            return Proposal {
                title,
                kind: CodeActionKind::QuickFix,
                edits: vec![(span, format!(", {}", one.code))],
            };
        }
    }
    let span = Span::new(view.file(), line, line);
    let comment = format!("{indent}# allow {}\n", one.code);
    Proposal { title, kind: CodeActionKind::QuickFix, edits: vec![(span, comment)] }
}

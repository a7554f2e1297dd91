//! Converts diagnostics of the compiler to those of the protocol.

use std::collections::BTreeMap;

use gen_lsp_types::{
    CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag,
};

use crate::diag::{self, Code, Severity};

use super::position::Places;

/// The prefix of the addresses of the codes' pages, for clients that show them by `cnnc/page`.
pub(super) const PAGES: &str = "cnnc-page:/";

/// Groups diagnostics by the path of their file, without duplicates.
pub(super) fn by_file(
    all: &[diag::Diagnostic],
    places: Places<'_>,
    pages: bool,
) -> BTreeMap<String, Vec<Diagnostic>> {
    let mut files: BTreeMap<String, Vec<Diagnostic>> = BTreeMap::new();
    for one in all {
        let file = places.map.name(one.primary.span.file).to_owned();
        files.entry(file).or_default().push(diagnostic(one, places, pages));
    }
    files
}

/// Converts a diagnostic with its notes, helps and related places. `pages` says whether the client can open the page of
/// its code.
pub(super) fn diagnostic(one: &diag::Diagnostic, places: Places<'_>, pages: bool) -> Diagnostic {
    let related: Vec<DiagnosticRelatedInformation> = related(one, places);
    Diagnostic {
        range: places.range(one.primary.span),
        severity: Some(match one.severity {
            Severity::Error => DiagnosticSeverity::Error,
            Severity::Warning => DiagnosticSeverity::Warning,
        }),
        code: Some(one.code.to_string().into()),
        code_description: pages.then(|| CodeDescription::new(format!("{PAGES}{}.md", one.code).into())),
        source: Some("cnnc".to_owned()),
        message: message(one).into(),
        related_information: (!related.is_empty()).then_some(related),
        tags: is_about_unused(one.code).then(|| vec![DiagnosticTag::Unnecessary]),
        data: None,
    }
}

/// The message: headline, primary label, notes and helps, a line each.
fn message(one: &diag::Diagnostic) -> String {
    let mut lines = vec![one.message.clone()];
    lines.extend(Some(&one.primary.text).filter(|text| !text.is_empty()).cloned());
    lines.extend(one.notes.iter().cloned());
    lines.extend(one.helps.iter().map(|help| format!("help: {}", help.text)));
    lines.join("\n")
}

/// The secondary labels, and the calls and copies of the expansion trace.
fn related(one: &diag::Diagnostic, places: Places<'_>) -> Vec<DiagnosticRelatedInformation> {
    let labels = one.labels.iter().map(|label| {
        let text = if label.text.is_empty() { "here".to_owned() } else { label.text.clone() };
        DiagnosticRelatedInformation::new(places.location(label.span), text)
    });
    let expansions = one.trace.innermost_first().map(|step| {
        let mut text = match &step.block {
            Some(block) => format!("in block `{block}`, expanded here"),
            None => "in this repetition".to_owned(),
        };
        if let Some((copy, of)) = step.copy {
            text.push_str(&format!(", copy {copy} of {of}"));
        }
        DiagnosticRelatedInformation::new(places.location(step.call), text)
    });
    labels.chain(expansions).collect()
}

/// Returns whether a lint is about something unused, which editors show faded.
fn is_about_unused(code: Code) -> bool {
    matches!(code, Code::W0101 | Code::W0102 | Code::W0103 | Code::W0104 | Code::W0105 | Code::W0108)
}

/// Merges the diagnostics that several analyses have for one file, without duplicates.
pub(super) fn merged<'a>(all: impl Iterator<Item = &'a Diagnostic>) -> Vec<Diagnostic> {
    let mut merged: Vec<Diagnostic> = Vec::new();
    for one in all {
        let same = |other: &Diagnostic| {
            (other.range, &other.code, &other.message) == (one.range, &one.code, &one.message)
        };
        if !merged.iter().any(same) {
            merged.push(one.clone());
        }
    }
    merged.sort_by_key(|one| one.range);
    merged
}

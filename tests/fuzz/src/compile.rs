//! Any text is compiled without a panic; a network comes out where nothing is wrong but its figures, and every report of
//! it can be made.

use cnnc::diag::json::DiagnosticReport;
use cnnc::diag::{RenderStyle, Severity, render};
use cnnc::driver::{Options, Session};
use cnnc::export::{dot, mermaid, svg};
use cnnc::report::{Report, ReportSettings, Selection, csv, markdown, table};

/// Drawing takes longer than compiling; larger networks say nothing new.
const MOST_NODES: usize = 200;

/// Reads the text.
pub fn run(text: &str) {
    let session = Session::load(&(), "fuzz.cnn", text.as_bytes().to_vec(), "fuzz");
    if let Ok(outcome) = session.check(&Options::default()) {
        render(&outcome.diagnostics, session.sources(), RenderStyle::default());
        DiagnosticReport::new(&outcome.diagnostics, session.sources());
    }
    let Ok(outcome) = session.compile(&Options::default()) else { return };
    let Some(checked) = &outcome.checked else { return };
    for one in outcome.diagnostics.iter().filter(|one| one.severity == Severity::Error) {
        assert!(one.code.id().starts_with("E04"), "a network in spite of {}", one.code.id());
    }
    if checked.graph().ids().count() > MOST_NODES {
        return;
    }
    let report = Report::of(checked, session.sources(), ReportSettings::default());
    let selection = Selection::default();
    table(&report, &selection, 60);
    markdown(&report, &selection);
    csv(&report, &selection);
    dot(checked.graph(), Some(1));
    mermaid(checked.graph(), None);
    svg(checked.graph(), None);
}

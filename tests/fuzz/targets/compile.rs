//! Any text is compiled without a panic; a network comes out where there is no error, and every report of it can be
//! made.
#![no_main]

use cnnc::diag::json::DiagnosticReport;
use cnnc::diag::{RenderStyle, render};
use cnnc::driver::{Options, Session};
use cnnc::export::{dot, mermaid, svg};
use cnnc::report::{Report, Selection, Settings, csv, markdown, table};
use libfuzzer_sys::fuzz_target;

/// Drawing takes longer than compiling; larger networks say nothing new.
const MOST_NODES: usize = 200;

fuzz_target!(|text: &str| {
    let session = Session::load(&(), "fuzz.cnn", text.as_bytes().to_vec(), "fuzz");
    if let Ok(outcome) = session.check(&Options::default()) {
        render(&outcome.diagnostics, session.sources(), RenderStyle::default());
        DiagnosticReport::new(&outcome.diagnostics, session.sources());
    }
    let Ok(outcome) = session.compile(&Options::default()) else { return };
    let Some(checked) = &outcome.checked else { return };
    assert!(!outcome.failed(), "a network in spite of an error");
    if checked.graph().ids().count() > MOST_NODES {
        return;
    }
    let report = Report::of(checked, session.sources(), Settings::default());
    let selection = Selection::default();
    table(&report, &selection, 60);
    markdown(&report, &selection);
    csv(&report, &selection);
    dot(checked.graph(), Some(1));
    mermaid(checked.graph(), None);
    svg(checked.graph(), None);
});

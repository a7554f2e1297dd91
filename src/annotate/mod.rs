//! Writes the findings of a check in the forms that CI systems read: SARIF, GitHub's workflow commands, GitLab's code
//! quality, JUnit, reviewdog's rdjson, and Markdown for a summary.
//!
//! All forms are drawn from the same [`FileFindings`], in which mistakes, lints and broken budgets are alike.
//! No form depends on the clock, the machine or the folder.

mod fingerprint;
mod github;
mod gitlab;
mod junit;
mod markdown;
mod rdjson;
mod sarif;

pub use github::github;
pub use gitlab::gitlab;
pub use junit::junit;
pub use markdown::markdown;
pub use rdjson::rdjson;
pub use sarif::sarif;

use crate::diag::Severity;
use crate::diag::json::DiagnosticView;

/// The findings in one file and in the files that it uses.
#[derive(Clone, Debug)]
pub struct FileFindings {
    /// The file, its folders separated by `/`.
    pub file: String,
    /// The names of its networks, in source order.
    pub networks: Vec<String>,
    /// Errors and warnings by place.
    pub findings: Vec<DiagnosticView>,
}

impl FileFindings {
    /// The network that a finding belongs to: its own, else the first of the file; empty where there is none.
    fn network_of<'a>(&'a self, finding: &'a DiagnosticView) -> &'a str {
        finding.network.as_deref().or(self.networks.first().map(String::as_str)).unwrap_or("")
    }
}

fn is_error(finding: &DiagnosticView) -> bool {
    finding.severity == Severity::Error
}

/// The findings of all files, errors first, else in their order.
fn by_severity(files: &[FileFindings]) -> Vec<&DiagnosticView> {
    let mut all: Vec<&DiagnosticView> = files.iter().flat_map(|file| &file.findings).collect();
    all.sort_by_key(|finding| !is_error(finding));
    all
}

/// `3 errors, 1 warning`, or `no errors`.
fn verdict(files: &[FileFindings]) -> String {
    let all = || files.iter().flat_map(|file| &file.findings);
    let errors = all().filter(|finding| is_error(finding)).count();
    let warnings = all().count() - errors;
    let counted = |count: usize, word| crate::base::counted(count as u64, word);
    match (errors, warnings) {
        (0, 0) => "no errors".to_owned(),
        (errors, 0) => counted(errors, "error"),
        (0, warnings) => counted(warnings, "warning"),
        (errors, warnings) => format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")),
    }
}

/// The message with its label and notes, in one paragraph for each.
fn long_message(finding: &DiagnosticView) -> String {
    let label = (!finding.label.is_empty()).then_some(&finding.label);
    let helps = finding.helps.iter().map(|help| format!("help: {}", help.text));
    let lines = label.into_iter().chain(&finding.notes).cloned().chain(helps);
    std::iter::once(finding.message.clone()).chain(lines).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{SourceMap, Span};
    use crate::diag::json::DiagnosticReport;
    use crate::diag::{Code, Sink};

    /// So many errors and warnings in a file `nets/a b.cnn`, each on a line of its own.
    pub(super) fn sample(errors: usize, warnings: usize) -> Vec<FileFindings> {
        let mut map = SourceMap::default();
        let file = map.add("nets/a b.cnn", "é conv 3x3x8;\n".repeat(errors + warnings));
        let mut sink = Sink::default();
        sink.set_network(Some("net"));
        for line in 0..errors + warnings {
            let span = Span::new(file, line * 15 + 3, line * 15 + 7);
            if line < errors {
                sink.error(Code::E0404, span, format!("`params` is {line}, 100% over:\na, b"))
                    .here("the budget")
                    .layer(&format!("conv{line}"))
                    .metric("params")
                    .note("most comes from `conv1` <1>")
                    .fix("make it smaller", Span::new(file, line * 15 + 8, line * 15 + 13), "3x3x4")
                    .emit();
            } else {
                sink.warning(Code::W0201, span, "drops a row").layer(&format!("conv{line}")).warn();
            }
        }
        let findings = DiagnosticReport::new(&sink.into_sorted(), &map).diagnostics;
        vec![FileFindings { file: "nets/a b.cnn".to_owned(), networks: vec!["net".to_owned()], findings }]
    }

    #[test]
    fn the_verdict_counts() {
        assert_eq!(verdict(&sample(0, 0)), "no errors");
        assert_eq!(verdict(&sample(1, 2)), "1 error, 2 warnings");
    }
}

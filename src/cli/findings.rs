//! Writes what a check found, to the terminal and in the forms that CI systems read.

use crate::annotate::{self, FileFindings};
use crate::check::CheckedFile;
use crate::diag::json::{DiagnosticReport, SCHEMA_VERSION};
use crate::diag::{Severity, render_short};

use super::output::{self, Color};
use super::{CliError, CliResult};

/// The form of the findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// With source lines, on stderr
    #[default]
    Human,
    /// One line for each diagnostic
    Short,
    /// JSON: one object for all files
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// GitHub's workflow commands, which become annotations
    Github,
    /// GitLab's code quality report
    Gitlab,
    /// JUnit's XML
    Junit,
    /// Reviewdog's diagnostic format
    Rdjson,
    /// A summary for people, such as GitHub's job summary
    Markdown,
}

/// Writes the findings: to stdout, but for people to stderr.
pub(super) fn show(format: Format, found: &[CheckedFile], color: Color) -> CliResult {
    if format != Format::Human {
        let text = text(format, found)?;
        // JSON and XML escape what they must; in JSON every character counts.
        let for_people = matches!(format, Format::Short | Format::Markdown);
        return if for_people { output::print_text(&text) } else { output::print(&text) };
    }
    found.iter().for_each(|one| output::diagnostics(&one.diagnostics, one.session.sources(), color));
    Ok(())
}

/// The findings as text.
pub(super) fn text(format: Format, found: &[CheckedFile]) -> Result<String, CliError> {
    let files = || found.iter().map(CheckedFile::findings).collect::<Vec<FileFindings>>();
    Ok(match format {
        Format::Human | Format::Short => {
            let short = |one: &CheckedFile| render_short(&one.diagnostics, one.session.sources());
            found.iter().map(short).collect()
        }
        Format::Json => output::json(&joined(files()))?,
        Format::Sarif => output::json(&annotate::sarif(&files()))?,
        Format::Github => annotate::github(&files()),
        Format::Gitlab => output::json(&annotate::gitlab(&files()))?,
        Format::Junit => annotate::junit(&files()),
        Format::Rdjson => output::json(&annotate::rdjson(&files()))?,
        Format::Markdown => annotate::markdown(&files()),
    })
}

fn joined(files: Vec<FileFindings>) -> DiagnosticReport {
    let diagnostics: Vec<_> = files.into_iter().flat_map(|file| file.findings).collect();
    let count = |severity| diagnostics.iter().filter(|one| one.severity == severity).count();
    DiagnosticReport {
        schema_version: SCHEMA_VERSION,
        errors: count(Severity::Error),
        warnings: count(Severity::Warning),
        diagnostics,
    }
}

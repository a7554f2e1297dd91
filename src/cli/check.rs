//! `cnnc check`: diagnostics of files.

use crate::base::SourceMap;
use crate::diag::json::DiagnosticReport;
use crate::diag::{Diagnostic, Severity, render_short};

use super::output::{self, counts};
use super::source::{self, Settings};
use super::{Done, Stop};

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cnnc check zoo:vgg16 zoo:resnet50\n  cnnc check -e 'input 28x28x1; conv 5x5x16 same; maxpool 2/2' --format json"
)]
pub(super) struct Arguments {
    /// The files, `-` for stdin, or `zoo:NAME`
    #[arg(value_name = "FILE", required_unless_present = "text", conflicts_with = "text")]
    files: Vec<String>,
    /// The text of a network instead of files
    #[arg(short = 'e', value_name = "TEXT")]
    text: Option<String>,
    /// The form of the output
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// Warnings count as errors
    #[arg(long)]
    deny_warnings: bool,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// With source lines, on stderr
    #[default]
    Human,
    /// One line for each diagnostic
    Short,
    /// JSON: one object for all files
    Json,
}

/// Checks every file; a file that cannot be read does not hide the others.
pub(super) fn run(arguments: &Arguments) -> Done {
    let options = arguments.settings.options()?;
    let files: Vec<Option<&str>> = match &arguments.text {
        Some(_) => vec![None],
        None => arguments.files.iter().map(|file| Some(file.as_str())).collect(),
    };
    let mut all: Vec<Diagnostic> = Vec::new();
    let mut reports: Vec<DiagnosticReport> = Vec::new();
    let mut stopped: Option<Stop> = None;
    for file in files {
        let checked = source::open(file, arguments.text.as_deref()).and_then(|opened| {
            let outcome = opened.session.check(&opened.options(options.clone())).map_err(Stop::Usage)?;
            Ok((opened.session, outcome))
        });
        match checked {
            Ok((session, outcome)) => {
                show(arguments, &outcome.diagnostics, session.sources(), &mut reports)?;
                all.extend(outcome.diagnostics);
            }
            Err(stop) => {
                if let (Some(Stop::Usage(failure) | Stop::Environment(failure)), _) = (stopped.take(), ()) {
                    output::failure(&failure);
                }
                stopped = Some(stop);
            }
        }
    }
    if arguments.format == Format::Json {
        let report = DiagnosticReport::join(reports);
        output::print(&super::report::json(&report)?)?;
    } else if !all.is_empty() {
        output::error(&format!("{}\n", counts(&all)));
    }
    if let Some(stop) = stopped {
        return Err(stop);
    }
    let fails = all.iter().any(|one| one.severity == Severity::Error || arguments.deny_warnings);
    if fails { Err(Stop::Model) } else { Ok(()) }
}

fn show(
    arguments: &Arguments,
    diagnostics: &[Diagnostic],
    sources: &SourceMap,
    reports: &mut Vec<DiagnosticReport>,
) -> Done {
    match arguments.format {
        Format::Human => output::diagnostics(diagnostics, sources, arguments.settings.color),
        Format::Short => output::print(&render_short(diagnostics, sources))?,
        Format::Json => reports.push(DiagnosticReport::new(diagnostics, sources)),
    }
    Ok(())
}

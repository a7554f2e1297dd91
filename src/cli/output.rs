//! Streams: data on stdout, everything else on stderr.

use std::io::{self, IsTerminal, Write};

use crate::base::{SourceMap, safe, visible};
use crate::diag::{Advice, Code, Diagnostic, Failure, FailureHelp, MOST_KEPT, RenderStyle, Severity, render};

use super::wrap::wrapped;
use super::{CliError, CliResult};

/// When output is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The form of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ListFormat {
    /// For people
    #[default]
    Text,
    /// For machines
    Json,
}

impl Color {
    /// Returns whether text on stderr is coloured.
    pub(super) fn on_stderr(self) -> bool {
        match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                io::stderr().is_terminal()
                    && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        }
    }
}

/// Writes data to stdout; a closed pipe ends the command quietly.
pub(super) fn print(text: &str) -> CliResult {
    print_bytes(text.as_bytes())
}

/// Writes text for people to stdout, with control characters made visible, so that no name can move the cursor.
pub(super) fn print_text(text: &str) -> CliResult {
    print(&visible(text))
}

/// Writes sentences and lists for people to stdout, with lines that are no wider than the terminal.
pub(super) fn print_prose(text: &str) -> CliResult {
    print_text(&wrapped(text, width()))
}

/// Writes bytes to stdout; a closed pipe ends the command quietly.
pub(super) fn print_bytes(bytes: &[u8]) -> CliResult {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(CliError::Closed),
        Err(error) => Err(CliError::Environment(unwritable(&error))),
    }
}

/// The failure of writing to stdout.
pub(super) fn unwritable(error: &io::Error) -> Failure {
    Failure::new(Code::E0609, format!("cannot write to stdout: {error}"))
}

/// Writes to stderr. An error is ignored: there is no other stream to report it to.
pub(super) fn error(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Shows the failure of a command on stderr.
pub(super) fn failure(failure: &Failure) {
    let mut failure = failure.clone();
    for help in &mut failure.helps {
        if let FailureHelp::Advice(advice) = help {
            *help = FailureHelp::Text(in_words(advice));
        }
    }
    error(&format!("{failure}\n"));
}

/// Words an advice of the library in options and commands.
fn in_words(advice: &Advice) -> String {
    match advice {
        Advice::ImportUpTo { output, nodes } => {
            format!("`--output '{output}'` imports the {nodes} nodes that lead there")
        }
        Advice::StateExtents { input } => {
            format!("state them, batch first: `cnnc import --input {input}=1x3x224x224`")
        }
        Advice::WriteOnnx => {
            "`cnnc import` reads ONNX files; `cnnc import --help` shows how PyTorch writes one".to_owned()
        }
        Advice::ShowClasses => "`--as classes` shows the channel of the greatest value".to_owned(),
        Advice::ShowValues => "leave out `--as classes`: 0 becomes black, 1 white".to_owned(),
    }
}

/// Draws diagnostics on stderr.
pub(super) fn diagnostics(diagnostics: &[Diagnostic], sources: &SourceMap, color: Color) {
    error(&render(diagnostics, sources, RenderStyle { color: color.on_stderr(), ..RenderStyle::default() }));
}

/// `2 errors, 1 warning`; empty where there is neither.
pub(super) fn counts(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|one| one.severity == Severity::Error).count();
    let warnings = diagnostics.len() - errors;
    let counted = |count: usize, word: &str| match count {
        0 => None,
        1 => Some(format!("1 {word}")),
        MOST_KEPT => Some(format!("{count} {word}s or more")),
        _ => Some(format!("{count} {word}s")),
    };
    [counted(errors, "error"), counted(warnings, "warning")]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}

/// Returns whether stdout is a terminal.
pub(super) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// The columns of the terminal on stdout. If stdout is not a terminal it is a large constant, so that the output does
/// not depend on the window.
pub(super) fn width() -> usize {
    if !io::stdout().is_terminal() {
        return usize::MAX;
    }
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    columns.or_else(terminal_width).unwrap_or(80)
}

fn terminal_width() -> Option<usize> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0))
}

/// A structure as indented JSON with a line end.
pub(super) fn json(value: &impl serde::Serialize) -> Result<String, CliError> {
    let text = serde_json::to_string_pretty(value);
    let text = text.map(safe::json).map_err(|error| {
        CliError::Environment(Failure::new(Code::E0609, format!("cannot write JSON: {error}")))
    })?;
    Ok(text + "\n")
}

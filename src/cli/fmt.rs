//! `cnnc fmt`: rewrites files in canonical form.

use std::path::Path;

use crate::base::{SourceMap, counted, safe};
use crate::diag::{Code, Failure, Sink};
use crate::driver::Loader;
use crate::sema::canonical;
use crate::syntax::parse;

use super::files::{self, FileLoader, slashed};
use super::output::{self, Color};
use super::project::{Projects, walk};
use super::{CliError, CliResult, import, write};

/// Lines of context around a change of `--diff`.
const CONTEXT: usize = 3;

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A file with syntax errors is left alone; its errors are shown. Exit code 1: a file has syntax errors, or with --check or --diff one is not in canonical form.\n\nExamples:\n  cnnc fmt\n  cnnc fmt --check models/\n  cnnc fmt - < net.cnn"
)]
pub(super) struct Arguments {
    /// Files or folders, `-` from stdin to stdout; without one the project of `cnnc.toml`, or the current folder
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// Writes nothing; lists the files that would change
    #[arg(long)]
    check: bool,
    /// Writes nothing; shows what would change
    #[arg(long)]
    diff: bool,
    /// When diagnostics are coloured
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    color: Color,
}

/// The number of files that were formatted, and what failed.
#[derive(Default)]
struct Tally {
    changed: u64,
    unchanged: u64,
    broken: u64,
    /// The first failure to read or write a file.
    stopped: Option<CliError>,
}

/// Formats every file; the others are formatted even if one cannot be read or has syntax errors.
pub(super) fn run(arguments: &Arguments) -> CliResult {
    let mut tally = Tally::default();
    for path in paths(&arguments.paths)? {
        match one(arguments, &path) {
            Ok(outcome) => match outcome {
                Outcome::Changed => tally.changed += 1,
                Outcome::Unchanged => tally.unchanged += 1,
                Outcome::Broken => tally.broken += 1,
            },
            Err(CliError::Closed) => return Err(CliError::Closed),
            Err(stop) => {
                if let Some(CliError::Usage(failure) | CliError::Environment(failure)) =
                    tally.stopped.replace(stop)
                {
                    output::failure(&failure);
                }
            }
        }
    }
    let only_looks = arguments.check || arguments.diff;
    if arguments.paths.iter().all(|path| path != "-") {
        output::error(&tally.summary(only_looks));
    }
    match tally.stopped {
        Some(stop) => Err(stop),
        None if tally.broken > 0 || (only_looks && tally.changed > 0) => Err(CliError::Model),
        None => Ok(()),
    }
}

impl Tally {
    /// The closing line for people.
    fn summary(&self, only_looks: bool) -> String {
        let done = if only_looks { "not in canonical form" } else { "formatted" };
        let mut parts = Vec::new();
        if self.changed > 0 {
            parts.push(format!("{} {done}", counted(self.changed, "file")));
        }
        if self.unchanged > 0 || self.changed + self.broken == 0 {
            parts.push(format!("{} in canonical form", counted(self.unchanged, "file")));
        }
        if self.broken > 0 {
            parts.push(format!("{} with errors left alone", counted(self.broken, "file")));
        }
        parts.join(", ") + "\n"
    }
}

enum Outcome {
    Changed,
    Unchanged,
    /// The file has syntax errors, which were shown.
    Broken,
}

fn one(arguments: &Arguments, path: &str) -> Result<Outcome, CliError> {
    let unreadable = |error: std::io::Error| {
        CliError::Environment(Failure::new(Code::E0609, format!("cannot read `{path}`: {error}")))
    };
    let bytes = if path == "-" {
        files::read_source(std::io::stdin().lock()).map_err(unreadable)?
    } else {
        FileLoader.read(path).map_err(unreadable)?
    };
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        CliError::Environment(Failure::new(Code::E0014, format!("`{path}` is not UTF-8 at byte {at}")))
    })?;
    let Some(formatted) = formatted(arguments, path, &text) else { return Ok(Outcome::Broken) };
    let changed = formatted != text;
    if arguments.diff {
        if changed {
            print_patch(&unified(path, &text, &formatted))?;
        }
    } else if arguments.check {
        if changed {
            output::print(&format!("{}\n", safe::line(path)))?;
        }
    } else if path == "-" {
        output::print(&formatted)?;
    } else if changed {
        write::update(path, || Ok(formatted))?;
    }
    Ok(if changed { Outcome::Changed } else { Outcome::Unchanged })
}

/// Formats a text; `None` where it has syntax errors, which are shown.
fn formatted(arguments: &Arguments, path: &str, text: &str) -> Option<String> {
    let mut map = SourceMap::default();
    let file = map.add(path, text);
    let mut sink = Sink::default();
    let parsed = parse(&map, file, &mut sink);
    let formatted = canonical(&parsed);
    if formatted.is_none() {
        output::diagnostics(&sink.into_sorted(), &map, arguments.color);
    }
    formatted
}

/// The files that the arguments stand for.
fn paths(named: &[String]) -> Result<Vec<String>, CliError> {
    let mut paths = Vec::new();
    if named.is_empty() {
        if let Some(opened) = Projects::default().above(Path::new("."))? {
            let below = |file: String| slashed(&opened.root.join(file).to_string_lossy());
            // A project may have models beside its texts.
            let texts = opened.files()?.into_iter().filter(|file| !import::is_model(file));
            return Ok(texts.map(below).collect());
        }
        paths.extend(sources_below(".")?);
    }
    for path in named {
        if path != "-" && Path::new(path).is_dir() {
            paths.extend(sources_below(&slashed(path))?);
        } else if import::is_model(path) {
            let message = format!("`{path}` is an ONNX model: it has no text to format");
            let help = "`cnnc import` writes its text, in canonical form";
            return Err(CliError::Usage(Failure::new(Code::E0017, message).help(help)));
        } else {
            paths.push(slashed(path));
        }
    }
    Ok(paths)
}

/// The `.cnn` files below a folder.
fn sources_below(folder: &str) -> Result<Vec<String>, CliError> {
    let files = walk(Path::new(folder))?.into_iter().filter(|one| one.ends_with(".cnn"));
    let folder = folder.trim_end_matches('/');
    Ok(files.map(|one| if folder == "." { one } else { format!("{folder}/{one}") }).collect())
}

/// Prints a unified diff. On a terminal, control characters are made visible; elsewhere the bytes stay as they are, so
/// that `patch` can read them.
pub(super) fn print_patch(patch: &str) -> Result<(), CliError> {
    if output::is_terminal() { output::print_text(patch) } else { output::print(patch) }
}

/// The difference of two texts as a unified diff.
pub(super) fn unified(path: &str, before: &str, after: &str) -> String {
    let path = safe::line(path);
    similar::TextDiff::from_lines(before, after)
        .unified_diff()
        .context_radius(CONTEXT)
        .header(&format!("a/{path}"), &format!("b/{path}"))
        .to_string()
}

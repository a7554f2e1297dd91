//! The command line: one file per subcommand. The only place that opens files, reads the environment and
//! writes to the terminal.
//!
//! Exit codes: 0 fine, 1 the model is wrong, 2 wrong usage, 3 files, weights or environment.

mod allocator;
mod baseline;
mod bench;
mod bench_report;
mod check;
mod completions;
mod diff;
mod dump;
mod explain;
mod export;
mod files;
mod findings;
mod fix;
mod fmt;
mod git;
mod graph;
mod guide;
mod import;
mod init;
mod inputs;
mod interrupt;
#[cfg(feature = "lsp")]
mod lsp;
mod machine;
mod man;
mod memory;
mod ops;
mod options;
mod output;
mod parameters;
mod precision;
mod predictions;
mod project;
mod report;
mod run;
mod run_outputs;
#[cfg(test)]
mod schema;
mod source;
mod weights;
mod words;
mod wrap;
mod write;
mod zoo;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::base::did_you_mean;
use crate::diag::Failure;

pub use allocator::ProgramAllocator;

/// The arguments.
#[derive(Debug, Parser)]
#[command(
    name = "cnnc",
    version,
    about = "Compiles .cnn files: shapes, costs and execution of convolutional networks",
    max_term_width = 100
)]
#[command(
    after_help = "`cnnc FILE` alone is `cnnc report FILE`.\n\nExamples:\n  cnnc examples/digits/lenet5.cnn\n  cnnc check -e 'input 28x28x1; conv 5x5x16 same; maxpool 2/2'"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Says what is wrong with files
    Check(check::Arguments),
    /// Rewrites files in canonical form
    Fmt(fmt::Arguments),
    /// Shows what a network costs, layer by layer
    Report(report::Arguments),
    /// Shows what changed between two versions of networks, and why
    Diff(diff::Arguments),
    /// Writes a starter project file and workflow
    Init(init::Arguments),
    /// Executes a network on pictures or arrays
    Run(Box<run::Arguments>),
    /// Measures how long a network takes
    Bench(Box<bench::Arguments>),
    /// Lists, makes or checks the weights of a network
    Weights(weights::Arguments),
    /// Draws a network
    Graph(graph::Arguments),
    /// Imports an ONNX file: its text and its weights
    Import(import::Arguments),
    /// Writes a network for another program: an ONNX model, or a module of PyTorch
    Export(Box<export::Arguments>),
    /// Shows a stage of the compilation as text
    Dump(dump::Arguments),
    /// Explains a diagnostic code
    Explain(explain::Arguments),
    /// The operator reference
    Ops(ops::Arguments),
    /// The guide to the language
    Guide(guide::Arguments),
    /// The shipped networks
    Zoo(zoo::Arguments),
    /// The language server, which editors start
    #[cfg(feature = "lsp")]
    Lsp(lsp::Arguments),
    /// Writes shell completions
    Completions(completions::Arguments),
    /// Writes a manual page
    Man(man::Arguments),
}

/// Why a command did not end well.
#[derive(Debug)]
enum CliError {
    /// The model is wrong; its diagnostics were shown.
    Model,
    /// The command was used wrongly.
    Usage(Failure),
    /// Files, weights or the environment are not as they must be.
    Environment(Failure),
    /// Nobody reads stdout any more.
    Closed,
}

type CliResult = Result<(), CliError>;

/// The commands and options, as clap declares them.
pub fn command() -> clap::Command {
    Arguments::command()
}

/// Runs the command of the process's arguments.
pub fn main() -> ExitCode {
    allocator::watch_stacks();
    #[cfg(unix)]
    allocator::watch_aborts();
    let mut command = command();
    let words = with_default_command(std::env::args_os().collect(), &command);
    let matches = command.try_get_matches_from_mut(words);
    if let Ok(matches) = &matches
        && let Err(failure) = options::check(matches)
    {
        return exit_code(Err(CliError::Usage(failure)));
    }
    let arguments = match matches.and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => arguments,
        Err(error) => {
            // clap prints help and version to stdout (code 0), wrong usage to stderr (code 2).
            if let Err(why) = error.print()
                && why.kind() != std::io::ErrorKind::BrokenPipe
                && !error.use_stderr()
            {
                output::failure(&output::unwritable(&why));
                return ExitCode::from(3);
            }
            return ExitCode::from(error.exit_code() as u8);
        }
    };
    exit_code(dispatch(arguments.command))
}

/// Prints the failure of a command and gives the exit code.
fn exit_code(done: CliResult) -> ExitCode {
    match done {
        Ok(()) | Err(CliError::Closed) => ExitCode::SUCCESS,
        Err(CliError::Model) => ExitCode::from(1),
        Err(CliError::Usage(failure)) => {
            output::failure(&failure);
            ExitCode::from(2)
        }
        Err(CliError::Environment(failure)) => {
            output::failure(&failure);
            ExitCode::from(3)
        }
    }
}

fn dispatch(command: Command) -> CliResult {
    match command {
        Command::Check(arguments) => check::run(&arguments),
        Command::Fmt(arguments) => fmt::run(&arguments),
        Command::Report(arguments) => report::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::Run(arguments) => run::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Weights(arguments) => weights::run(&arguments),
        Command::Graph(arguments) => graph::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Dump(arguments) => dump::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Ops(arguments) => ops::run(&arguments),
        Command::Guide(arguments) => guide::run(&arguments),
        Command::Zoo(arguments) => zoo::run(&arguments),
        #[cfg(feature = "lsp")]
        Command::Lsp(arguments) => lsp::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
    }
}

/// Inserts `report` before a first word that is neither a command nor similar to one: `cnnc FILE …` is `cnnc report
/// FILE …`.
fn with_default_command(mut words: Vec<OsString>, command: &clap::Command) -> Vec<OsString> {
    let Some(first) = words.get(1).map(|word| word.to_string_lossy().into_owned()) else { return words };
    let first = first.as_str();
    let known: Vec<&str> = command.get_subcommands().map(|one| one.get_name()).chain(["help"]).collect();
    let is_option = first.starts_with('-') && !matches!(first, "-" | "-e");
    let is_file = first.contains(['.', '/', ':']) || std::path::Path::new(first).exists();
    let mistyped =
        !is_file && !first.starts_with('-') && did_you_mean(first, known.iter().copied()).is_some();
    if !is_option && !known.contains(&first) && !mistyped {
        words.insert(1, OsString::from("report"));
    }
    words
}

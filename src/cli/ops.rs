//! `cnnc ops`: the operator reference.

use crate::diag::{Code, Failure};
use crate::driver::vocabulary;
use crate::ops::{self, Spec};
use crate::report::operators;

use super::{CliError, CliResult, output, words};

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  cnnc ops\n  cnnc ops conv")]
pub(super) struct Arguments {
    /// An operator or form; all of them where none is given
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> CliResult {
    let all: Vec<&'static Spec> =
        [&ops::INPUT].into_iter().chain(ops::catalogue()).chain(ops::forms()).collect();
    let Some(name) = &arguments.name else { return output::print_prose(&operators::list(&all)) };
    let pages: Vec<String> = all
        .iter()
        .filter(|spec| spec.name == *name)
        .map(|spec| operators::page(spec, vocabulary(spec)))
        .collect();
    match pages.as_slice() {
        [_, ..] => output::print_prose(&pages.join("\n")),
        [] => {
            let failure = Failure::new(Code::E0101, format!("there is no operator `{name}`"));
            Err(CliError::Usage(words::suggest(failure, name, all.iter().map(|spec| spec.name))))
        }
    }
}

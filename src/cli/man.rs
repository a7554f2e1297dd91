//! `cnnc man`: the manual pages.

use clap_mangen::Man;

use crate::diag::{Code, Failure};

use super::{CliError, CliResult, output, words};

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  cnnc man > cnnc.1\n  cnnc man report > cnnc-report.1")]
pub(super) struct Arguments {
    /// A command; the page of `cnnc` itself where none is given
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> CliResult {
    let program = super::command();
    let page = match &arguments.command {
        None => program,
        Some(name) => match program.find_subcommand(name) {
            Some(command) => {
                command.clone().bin_name(format!("cnnc {name}")).version(env!("CARGO_PKG_VERSION"))
            }
            None => {
                let failure = Failure::new(Code::E0205, format!("there is no command `{name}`"));
                let known = program.get_subcommands().map(|command| command.get_name());
                return Err(CliError::Usage(words::suggest(failure, name, known)));
            }
        },
    };
    let mut text = Vec::new();
    let title = arguments.command.as_ref().map_or("cnnc".to_owned(), |name| format!("cnnc-{name}"));
    let rendered = Man::new(page).title(title).render(&mut text);
    rendered.map_err(|error| CliError::Environment(output::unwritable(&error)))?;
    output::print_bytes(&text)
}

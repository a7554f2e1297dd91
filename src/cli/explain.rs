//! `cnnc explain`: the page of a diagnostic code.

use crate::diag::{Code, Failure};

use super::{CliError, CliResult, output, words};

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  cnnc explain E0304\n  cnnc explain W0203")]
pub(super) struct Arguments {
    /// The code, such as E0304
    #[arg(value_name = "CODE")]
    code: String,
}

pub(super) fn run(arguments: &Arguments) -> CliResult {
    let Some(code) = Code::parse(&arguments.code) else {
        let failure = Failure::new(Code::E0201, format!("there is no diagnostic code `{}`", arguments.code));
        return Err(CliError::Usage(words::suggest(
            failure,
            &arguments.code,
            Code::ALL.iter().map(|code| code.id()),
        )));
    };
    output::print_prose(code.page())
}

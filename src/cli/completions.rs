//! `cnnc completions`: shell completions.

use super::{CliResult, output};

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cnnc completions bash > ~/.local/share/bash-completion/completions/cnnc\n  cnnc completions zsh > ~/.zfunc/_cnnc"
)]
pub(super) struct Arguments {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: clap_complete::Shell,
}

pub(super) fn run(arguments: &Arguments) -> CliResult {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::command(), "cnnc", &mut script);
    output::print_bytes(&script)
}

//! The options for what a run takes of the machine: threads and instruction set.

use crate::diag::{Code, Failure};
use crate::exec::Isa;

use super::CliError;

/// The environment variable that limits the instructions, for tests and comparisons.
const ISA: &str = "CNNC_ISA";

/// As many threads as asked for, else as the machine has processors.
pub(super) fn threads(asked: Option<u16>) -> usize {
    asked.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
}

/// The instructions that kernels use: the best of the machine, or fewer where `CNNC_ISA` says so.
pub(super) fn isa() -> Result<Isa, CliError> {
    let Some(word) = std::env::var_os(ISA) else { return Ok(Isa::best()) };
    match Isa::ALL.iter().find(|isa| word == isa.word()) {
        Some(isa) => Ok(isa.available()),
        None => {
            let message = format!("`{ISA}` is `{}`, which names no instructions", word.display());
            let words = Isa::ALL.map(Isa::word).join(", ");
            Err(CliError::Environment(
                Failure::new(Code::E0611, message)
                    .help(format!("it may be one of {words}; without it the best of the machine are taken")),
            ))
        }
    }
}

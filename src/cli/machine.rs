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
    let known = [
        ("amx", Isa::Amx),
        ("amx-model", Isa::MatrixModel),
        ("avx512", Isa::Avx512),
        ("avx2", Isa::Avx2),
        ("portable", Isa::Portable),
    ];
    match known.iter().find(|(name, _)| word == *name) {
        Some((_, isa)) => Ok(isa.available()),
        None => Err(CliError::Environment(
            Failure::new(
                Code::E0611,
                format!("`{ISA}` is `{}`, which names no instructions", word.display()),
            )
            .help("it may be amx, avx512, avx2, portable or amx-model; without it the best of the machine are taken"),
        )),
    }
}

//! The process edge: arguments in, exit code out.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: cnnc::cli::ProgramAllocator = cnnc::cli::ProgramAllocator;

fn main() -> ExitCode {
    cnnc::cli::main()
}

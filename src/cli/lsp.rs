//! `cnnc lsp`: the language server over stdin and stdout.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::diag::{Code, Failure};
use crate::driver::{Loader, MAX_SOURCE_BYTES};
use crate::lsp::{Connection, Ending, Host, serve};
use crate::project::FILE_NAME;

use super::files::{self, FileLoader, NamedBy};
use super::project::walk;
use super::{CliError, CliResult};

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "An editor starts this program and speaks to it by the Language Server Protocol; docs/editors.md says how.\n\nExample:\n  cnnc lsp"
)]
pub(super) struct Arguments {
    /// Accepted because editors give it: the server speaks over stdin and stdout in any case
    #[arg(long)]
    stdio: bool,
}

/// Serves until the client leaves. The exit code is 1 where it left without asking for a shutdown.
pub(super) fn run(arguments: &Arguments) -> CliResult {
    let Arguments { stdio: _ } = arguments;
    let (connection, writer) = Connection::over(io::stdin(), io::stdout()).map_err(|error| {
        CliError::Environment(Failure::new(Code::E0607, format!("cannot start threads: {error}")))
    })?;
    let ending = serve(connection, Arc::new(Disk));
    // Wait until the last messages are written.
    let written = writer.join();
    match ending {
        Ending::Orderly if written.is_ok() => Ok(()),
        _ => Err(CliError::Model),
    }
}

/// The file system.
#[derive(Debug)]
struct Disk;

impl Loader for Disk {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        FileLoader.read(path)
    }

    fn read_within(&self, folder: &str, path: &str) -> io::Result<Vec<u8>> {
        FileLoader.read_within(folder, path)
    }
}

impl Host for Disk {
    fn sources_below(&self, folder: &str) -> Vec<String> {
        let files = walk(Path::new(folder)).unwrap_or_default();
        let sources = files.into_iter().filter(|file| file.ends_with(".cnn"));
        sources.map(|file| format!("{}/{file}", folder.trim_end_matches('/'))).collect()
    }

    fn project_above(&self, folder: &str) -> Option<(String, String)> {
        let path =
            Path::new(folder).ancestors().map(|one| one.join(FILE_NAME)).find(|path| path.is_file())?;
        let text = files::read_text(&path, NamedBy::File, MAX_SOURCE_BYTES as u64).ok()?;
        Some((path.to_string_lossy().replace('\\', "/"), text))
    }
}

//! Streams and files: data on stdout, everything else on stderr, files whole or not at all.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use crate::base::SourceMap;
use crate::diag::{Code, Diagnostic, Failure, MOST_KEPT, Severity, Style, render};

use super::{Done, Stop, interrupt};

/// When output is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Whether what goes to stderr is coloured.
    pub(super) fn on_stderr(self) -> bool {
        match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                io::stderr().is_terminal()
                    && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        }
    }
}

/// Writes data to stdout; a closed pipe ends the command quietly.
pub(super) fn print(text: &str) -> Done {
    print_bytes(text.as_bytes())
}

/// Writes bytes to stdout; a closed pipe ends the command quietly.
pub(super) fn print_bytes(bytes: &[u8]) -> Done {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Stop::Closed),
        Err(error) => Err(Stop::Environment(unwritable(&error))),
    }
}

/// Nothing can be written to stdout.
pub(super) fn unwritable(error: &io::Error) -> Failure {
    Failure::new(Code::E0609, format!("cannot write to stdout: {error}"))
}

/// Writes to stderr; where that is closed there is nobody to tell.
pub(super) fn error(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Says why a command failed.
pub(super) fn failure(failure: &Failure) {
    error(&format!("{failure}\n"));
}

/// Draws diagnostics on stderr.
pub(super) fn diagnostics(diagnostics: &[Diagnostic], sources: &SourceMap, color: Color) {
    error(&render(diagnostics, sources, Style { color: color.on_stderr(), ..Style::default() }));
}

/// `2 errors, 1 warning`; empty where there is neither.
pub(super) fn counts(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|one| one.severity == Severity::Error).count();
    let warnings = diagnostics.len() - errors;
    let counted = |count: usize, word: &str| match count {
        0 => None,
        1 => Some(format!("1 {word}")),
        MOST_KEPT => Some(format!("{count} {word}s or more")),
        _ => Some(format!("{count} {word}s")),
    };
    [counted(errors, "error"), counted(warnings, "warning")]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}

/// Whether stdout is a terminal.
pub(super) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// The columns of the terminal on stdout; wide where stdout is none, so that output does not depend on it.
pub(super) fn width() -> usize {
    if !io::stdout().is_terminal() {
        return usize::MAX;
    }
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    columns.or_else(terminal_width).unwrap_or(80)
}

fn terminal_width() -> Option<usize> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0))
}

/// Writes a file whole or not at all: into a new file of the same folder, which then takes the name.
/// A target that is no regular file, such as a pipe, is written straight into.
pub(super) fn write_file(
    path: &str,
    write: impl FnOnce(&mut dyn WriteSeek) -> Result<(), Failure>,
) -> Result<(), Stop> {
    let failed = |error: io::Error| {
        Stop::Environment(Failure::new(Code::E0609, format!("cannot write `{path}`: {error}")))
    };
    // A link is kept: what it points to is replaced.
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| Path::new(path).to_path_buf());
    if std::fs::metadata(&target).is_ok_and(|data| !data.is_file()) {
        let mut bytes = io::Cursor::new(Vec::new());
        write(&mut bytes).map_err(Stop::Environment)?;
        let mut file = std::fs::OpenOptions::new().write(true).open(&target).map_err(failed)?;
        return file.write_all(bytes.get_ref()).map_err(failed);
    }
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&target).map_or(0o666, |data| data.permissions().mode() & 0o777);
        builder.permissions(std::fs::Permissions::from_mode(mode));
    }
    if !folder.is_dir() {
        let failure = Failure::new(Code::E0609, format!("cannot write `{path}`: its folder does not exist"));
        return Err(Stop::Environment(failure));
    }
    let mut file = interrupt::start(|| builder.prefix(".cnnc-").tempfile_in(folder)).map_err(failed)?;
    {
        let mut buffered = io::BufWriter::with_capacity(1 << 20, file.as_file_mut());
        write(&mut buffered).map_err(Stop::Environment)?;
        buffered.flush().map_err(failed)?;
    }
    file.as_file().sync_all().map_err(failed)?;
    interrupt::finish(file, &target).map_err(failed)
}

/// What a file writer needs.
pub(super) trait WriteSeek: Write + io::Seek {}
impl<T: Write + io::Seek> WriteSeek for T {}

//! Writes every file that a command makes, completely or not at all.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::diag::{Code, Failure};

use super::{CliError, CliResult, files, interrupt};

/// The prefix of the temporary files that are renamed to an output once they are complete.
const UNFINISHED: &str = ".cnnc-";

/// The age from which a temporary file without a writer counts as left behind by a killed process.
const ABANDONED: Duration = Duration::from_secs(60);

/// The longest chain of symbolic links that is followed.
const MOST_LINKS: usize = 40;

/// The files that this process has written, by their canonical paths.
static WRITTEN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// The traits that the writers of file formats need, in one.
pub(super) trait WriteSeek: Write + io::Seek {}
impl<T: Write + io::Seek> WriteSeek for T {}

/// Writes an output. Refuses to replace a file that the command has read or already written.
pub(super) fn file(
    path: &str,
    write: impl FnOnce(&mut dyn WriteSeek) -> Result<(), Failure>,
) -> Result<(), CliError> {
    let target = target(path).map_err(|error| cannot(path, &error))?;
    let refused = |why: &str| Err(CliError::Usage(Failure::new(Code::E0609, format!("`{path}` {why}"))));
    if target.is_file() {
        if files::was_opened(&target) {
            return refused("is read by this command and would be overwritten");
        }
        if !WRITTEN.lock().unwrap_or_else(PoisonError::into_inner).insert(target.clone()) {
            return refused("is named for two outputs");
        }
    }
    // `write` may itself open files; whether one is the target is known only afterwards.
    let mut is_read = false;
    let done = replace(path, &target, |file| {
        write(file)?;
        is_read = target.is_file() && files::was_opened(&target);
        if is_read { Err(Failure::new(Code::E0609, format!("`{path}` is read"))) } else { Ok(()) }
    });
    if is_read {
        return refused("is read by this command and would be overwritten");
    }
    done?;
    if let Ok(whole) = std::fs::canonicalize(&target) {
        WRITTEN.lock().unwrap_or_else(PoisonError::into_inner).insert(whole);
    }
    Ok(())
}

/// Writes a text as an output.
pub(super) fn text(path: &str, text: &str) -> CliResult {
    file(path, |file| file.write_all(text.as_bytes()).map_err(|error| unwritten(path, &error)))
}

/// Reads, changes and writes a file under a lock against other processes of this program: `change` reads the present
/// content and gives the new text.
pub(super) fn update(path: &str, change: impl FnOnce() -> Result<String, CliError>) -> CliResult {
    let target = target(path).map_err(|error| cannot(path, &error))?;
    if std::fs::metadata(&target).is_ok_and(|data| !data.is_file()) {
        return Err(cannot(
            path,
            &io::Error::other("it is no regular file, which could be read and changed"),
        ));
    }
    let _lock = lock(&target).map_err(|error| cannot(path, &error))?;
    let text = change()?;
    replace(path, &target, |file| file.write_all(text.as_bytes()).map_err(|error| unwritten(path, &error)))
}

fn unwritten(path: &str, error: &io::Error) -> Failure {
    Failure::new(Code::E0609, format!("cannot write `{path}`: {error}"))
}

fn cannot(path: &str, error: &io::Error) -> CliError {
    CliError::Environment(unwritten(path, error))
}

/// Follows symbolic links to the file that will be written, whether it exists or not; the links themselves are kept.
fn target(path: &str) -> io::Result<PathBuf> {
    let mut target = PathBuf::from(path);
    for _ in 0..MOST_LINKS {
        if let Ok(whole) = std::fs::canonicalize(&target) {
            return Ok(whole);
        }
        let Ok(link) = std::fs::read_link(&target) else {
            let Some(name) = target.file_name() else { return Ok(target) };
            return Ok(
                std::fs::canonicalize(folder_of(&target)).map_or(target.clone(), |folder| folder.join(name))
            );
        };
        target = folder_of(&target).join(link);
    }
    Err(io::Error::other("links lead in a circle"))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Locks a file against updates by other processes of this program, until the value is dropped.
fn lock(target: &Path) -> io::Result<File> {
    // The file itself is replaced by a rename, so the lock is taken on its folder (on Windows on a file beside it).
    #[cfg(unix)]
    let file = File::open(folder_of(target))?;
    #[cfg(not(unix))]
    let file = File::create(target.with_extension("cnnc-lock"))?;
    file.lock()?;
    Ok(file)
}

/// Writes into a temporary file of the same folder and renames it to the target. A target that is not a regular file,
/// such as a pipe, is written directly.
fn replace(
    path: &str,
    target: &Path,
    write: impl FnOnce(&mut dyn WriteSeek) -> Result<(), Failure>,
) -> Result<(), CliError> {
    let failed = |error: io::Error| cannot(path, &error);
    if std::fs::metadata(target).is_ok_and(|data| !data.is_file()) {
        let mut bytes = io::Cursor::new(Vec::new());
        write(&mut bytes).map_err(CliError::Environment)?;
        let mut file = std::fs::OpenOptions::new().write(true).open(target).map_err(failed)?;
        return file.write_all(bytes.get_ref()).map_err(failed);
    }
    let folder = folder_of(target);
    if !folder.is_dir() {
        let failure = Failure::new(Code::E0609, format!("cannot write `{path}`: its folder does not exist"));
        return Err(CliError::Environment(failure));
    }
    remove_abandoned(folder);
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    let create = |unfinished: &Path| create(unfinished, target);
    let mut file = interrupt::start(|| builder.make_in(folder, create)).map_err(failed)?;
    // The lock tells other processes that the file has a writer. On file systems without locks its age decides.
    let _ = file.as_file().try_lock();
    {
        let mut buffered = io::BufWriter::with_capacity(1 << 20, file.as_file_mut());
        write(&mut buffered).map_err(CliError::Environment)?;
        buffered.flush().map_err(failed)?;
    }
    file.as_file().sync_all().map_err(failed)?;
    interrupt::finish(file, target).map_err(failed)
}

/// Makes a file that may be read and written by whoever may read and write the target, or a new file. The error says
/// nothing of the path, which the user did not ask for.
fn create(unfinished: &Path, target: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        options.mode(std::fs::metadata(target).map_or(0o666, |data| data.permissions().mode() & 0o777));
    }
    #[cfg(not(unix))]
    let _ = target;
    options.open(unfinished)
}

/// Removes temporary files that killed processes left in a folder.
fn remove_abandoned(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let is_unfinished = entry.file_name().to_string_lossy().starts_with(UNFINISHED);
        let age = || entry.metadata().ok()?.modified().ok()?.elapsed().ok();
        if is_unfinished
            && entry.file_type().is_ok_and(|kind| kind.is_file())
            && age().is_some_and(|age| age > ABANDONED)
            && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok())
        {
            // A file that cannot be removed does no harm.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

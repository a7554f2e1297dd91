//! Opens every file that a command reads: limits its size, and remembers its path, so that no output replaces it.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::base::counted;
use crate::driver::{Loader, MAX_SOURCE_BYTES};

/// Who named a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NamedBy {
    /// The user, who may name a pipe or a device.
    User,
    /// Another file, which may name regular files only: a device could be endless, and a pipe could wait for a writer
    /// for ever.
    File,
}

/// The most bytes of a baseline.
pub(super) const MOST_BASELINE_BYTES: u64 = 64 << 20;

/// The files that this process has opened, by their canonical paths.
static OPENED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Opens a file for reading.
pub(super) fn open(path: impl AsRef<Path>, named: NamedBy) -> io::Result<File> {
    let path = path.as_ref();
    let kind = std::fs::metadata(path)?.file_type();
    if kind.is_dir() {
        return Err(io::Error::other("it is a folder"));
    }
    if named == NamedBy::File && !kind.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let file = File::open(path)?;
    if kind.is_file()
        && let Ok(canonical) = std::fs::canonicalize(path)
    {
        OPENED.lock().unwrap_or_else(PoisonError::into_inner).insert(canonical);
    }
    Ok(file)
}

/// Returns whether this process has opened a file for reading; `path` is canonical.
pub(super) fn was_opened(path: &Path) -> bool {
    OPENED.lock().unwrap_or_else(PoisonError::into_inner).contains(path)
}

/// Reads a file of at most `most` bytes.
pub(super) fn read(path: impl AsRef<Path>, named: NamedBy, most: u64) -> io::Result<Vec<u8>> {
    let bytes = read_up_to(open(path, named)?, most)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other(format!("it has more than {}", counted(most, "byte"))));
    }
    Ok(bytes)
}

/// Reads a text file of at most `most` bytes.
pub(super) fn read_text(path: impl AsRef<Path>, named: NamedBy, most: u64) -> io::Result<String> {
    String::from_utf8(read(path, named, most)?).map_err(|error| {
        io::Error::other(format!("it is not UTF-8 at byte {}", error.utf8_error().valid_up_to()))
    })
}

/// Reads up to one byte more than `most`, so that the caller can tell a file that is too large.
fn read_up_to(reader: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(most + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a source, up to one byte more than the largest allowed one; the parser reports the excess.
pub(super) fn read_source(reader: impl Read) -> io::Result<Vec<u8>> {
    read_up_to(reader, MAX_SOURCE_BYTES as u64)
}

/// Reads sources from the file system.
#[derive(Debug)]
pub(super) struct FileLoader;

impl Loader for FileLoader {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        read_source(open(path, NamedBy::User)?)
    }

    fn read_within(&self, folder: &str, path: &str) -> io::Result<Vec<u8>> {
        let folder = std::fs::canonicalize(if folder.is_empty() { "." } else { folder })?;
        let file = std::fs::canonicalize(path)?;
        if !file.starts_with(folder) {
            return Err(io::Error::other("a link leads out of the folder"));
        }
        read_source(open(path, NamedBy::File)?)
    }
}

/// Reads sources whose paths are relative to a folder, independent of the current one.
#[derive(Debug)]
pub(super) struct FolderLoader<'a>(pub &'a Path);

impl Loader for FolderLoader<'_> {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        FileLoader.read(&self.0.join(path).to_string_lossy())
    }

    fn read_within(&self, folder: &str, path: &str) -> io::Result<Vec<u8>> {
        let below = |path: &str| self.0.join(path).to_string_lossy().into_owned();
        FileLoader.read_within(&below(folder), &below(path))
    }
}

/// A path with `/` between its parts, the spelling that every message and output uses.
pub(super) fn slashed(path: &str) -> String {
    // On other systems `\` is an ordinary character of a name.
    if cfg!(windows) { path.replace('\\', "/") } else { path.to_owned() }
}

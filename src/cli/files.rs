//! The door to files of the command line.

use std::io::{self, Read};
use std::path::Path;

use crate::driver::{Loader, MAX_SOURCE_BYTES};

/// Reads sources from the file system.
#[derive(Debug)]
pub(super) struct FileLoader;

impl Loader for FileLoader {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let file = std::fs::File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::Error::other("it is a folder"));
        }
        read_limited(file)
    }

    fn read_within(&self, folder: &str, path: &str) -> io::Result<Vec<u8>> {
        let folder = std::fs::canonicalize(if folder.is_empty() { "." } else { folder })?;
        let file = std::fs::canonicalize(path)?;
        if !file.starts_with(folder) {
            return Err(io::Error::other("a link leads out of the folder"));
        }
        self.read(path)
    }
}

/// Reads sources from below a folder, whatever the current one is.
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

/// Reads up to one byte beyond the largest source: the parser reports what is too large.
pub(super) fn read_limited(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(MAX_SOURCE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

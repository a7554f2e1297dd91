//! Reads the root file and all files that it uses, through a [`Loader`], the only access to files.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{FileId, MAX_SOURCE_BYTES, Span, Spanned, grow_stack};
use crate::diag::{Code, Sink};
use crate::syntax::ast;

use super::files::Files;
use super::limits;
use super::source::{Namespace, Source, first_statement};

/// Gives the bytes of files by path. Paths are relative to the folder in which the compiler runs, with `/` between
/// their parts.
pub trait Loader {
    /// The bytes of a file.
    fn read(&self, path: &str) -> std::io::Result<Vec<u8>>;

    /// Reads a file; fails if it lies outside of `folder`, symbolic links resolved. The default trusts the path, for
    /// loaders without links.
    fn read_within(&self, _folder: &str, path: &str) -> std::io::Result<Vec<u8>> {
        self.read(path)
    }
}

/// A loader that knows no files, for inline text.
impl Loader for () {
    fn read(&self, _path: &str) -> std::io::Result<Vec<u8>> {
        Err(std::io::Error::from(std::io::ErrorKind::NotFound))
    }
}

/// Reads the files of a program one after another, each after the files that it uses.
pub(super) struct Reader<'a> {
    files: &'a mut Files,
    loader: &'a dyn Loader,
    sink: &'a mut Sink,
    /// The files that were read so far.
    sources: Vec<Source>,
    /// The files whose used files are being read, the root first.
    open: Vec<usize>,
    /// The number of bytes of all files.
    bytes: usize,
}

impl Reader<'_> {
    /// Reads the root file (which is known to `files`), then all files that it uses.
    pub(super) fn read(files: &mut Files, loader: &dyn Loader, root: FileId, sink: &mut Sink) -> Vec<Source> {
        let path = files.map().name(root).to_owned();
        let mut reader = Reader { files, loader, sink, sources: Vec::new(), open: Vec::new(), bytes: 0 };
        reader.file(root, path);
        reader.sources
    }

    /// Reads a file after all files that it uses. Gives its index in `sources`.
    fn file(&mut self, file: FileId, path: String) -> usize {
        let read = self.files.parse(file);
        read.diagnostics.iter().for_each(|one| self.sink.add(one.clone()));
        self.bytes += self.files.map().text(file).len();
        let parsed = read.parsed.clone();
        let used_path = |item: &ast::Item| match &item.kind {
            ast::ItemKind::Use { path } => Some(path.clone()),
            _ => None,
        };
        let uses: Vec<Spanned<String>> = parsed.tree.items.iter().filter_map(used_path).collect();
        let index = self.sources.len();
        self.sources.push(Source {
            path: path.clone(),
            parsed,
            names: Namespace::default(),
            tables: BTreeMap::new(),
            refused: BTreeSet::new(),
            used: Vec::new(),
        });
        self.open.push(index);
        for used in uses {
            if let Some(target) = self.used(&path, &used) {
                self.sources[index].used.push((target, used.span));
            }
        }
        self.open.pop();
        index
    }

    /// The index of a file that the file `path` uses, which is read if it was not. `None` where an error was reported.
    fn used(&mut self, path: &str, used: &Spanned<String>) -> Option<usize> {
        let Some(target) = resolve(path, &used.value) else {
            self.refuse_path(used);
            return None;
        };
        match self.sources.iter().position(|source| source.path == target) {
            Some(cycle) if self.open.contains(&cycle) => {
                let chain: Vec<&str> = self.open.iter().map(|&one| self.sources[one].path.as_str()).collect();
                let error = self.sink.error(Code::E0110, used.span, "files use each other");
                error
                    .here("leads back to a file that is being read")
                    .note(format!("{} → {target}", chain.join(" → ")))
                    .emit();
                None
            }
            Some(known) => Some(known),
            None => match self.find(folder_of(path), &target) {
                Ok(file) => self.found(file, target, used.span),
                Err(why) => {
                    let message = format!("cannot read `{target}`");
                    self.sink.error(Code::E0109, used.span, message).here(why).emit();
                    None
                }
            },
        }
    }

    /// Reads a used file that was found, within the limit of all files.
    fn found(&mut self, file: FileId, path: String, used: Span) -> Option<usize> {
        let own = self.files.map().text(file).len();
        let bytes = self.bytes + own;
        if bytes > MAX_SOURCE_BYTES {
            let message = format!("{bytes} bytes of source in all; the limit is {MAX_SOURCE_BYTES}");
            self.sink.error(Code::E0010, used, message).here(format!("has {own} bytes of them")).emit();
            return None;
        }
        let read = grow_stack(|| self.file(file, path));
        if let Some(body) = &self.sources[read].parsed.tree.statements {
            self.sink
                .error(Code::E0016, used, "a used file must not be bare statements")
                .here("has nothing to use")
                .label(first_statement(body), "a statement outside of `block` and `network`")
                .help("wrap the statements into a `block`")
                .emit();
        }
        Some(read)
    }

    /// Reports a path that leads out of the folder of the file that uses it.
    fn refuse_path(&mut self, used: &Spanned<String>) {
        let message = "a used file must lie in or below the folder of this file";
        let error = self.sink.error(Code::E0109, used.span, message);
        if used.value.starts_with("zoo:") {
            error
                .here("names a shipped network, which is not a file")
                .help("write the text of that network into a file beside this one, and use that")
                .emit();
        } else {
            error.here("leaves the folder").help("write a relative path with `/` and without `..`").emit();
        }
    }

    /// The file of a path; reads it if it is not known.
    fn find(&mut self, folder: &str, path: &str) -> Result<FileId, String> {
        if self.sources.len() >= limits::FILES {
            return Err(format!("more than {} files", limits::FILES));
        }
        if let Some(known) = self.files.current(path) {
            return Ok(known);
        }
        let bytes = self.loader.read_within(folder, path).map_err(|error| error.to_string())?;
        let text = String::from_utf8(bytes)
            .map_err(|error| format!("is not UTF-8 at byte {}", error.utf8_error().valid_up_to()))?;
        Ok(self.files.set(path, text))
    }
}

/// The path of a used file relative to the compiler; `None` if it leads out of the folder of the using file.
fn resolve(from: &str, used: &str) -> Option<String> {
    let leaves =
        |part: &str| part.is_empty() || part == "." || part == ".." || part.contains(['\\', ':', '\0']);
    if used.split('/').any(leaves) {
        return None;
    }
    Some(match from.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{used}"),
        None => used.to_owned(),
    })
}

/// The folder of a file; empty for the current one.
fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

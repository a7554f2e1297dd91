//! The files of the workspace's folders, and which of them use which: for diagnostics and names beyond the open texts.
//!
//! Files are parsed one by one while no message waits, so a large workspace does not delay an answer.

use std::collections::{BTreeMap, BTreeSet};

use crate::driver::Workspace;

use super::Host;

/// The number of files in the folders that are searched for uses of an open file.
const MOST_FILES: usize = 4096;

/// The folders of the workspace, and the files that are known in them.
#[derive(Debug, Default)]
pub(super) struct Folders {
    roots: Vec<String>,
    /// Whether the folders changed since their files were listed.
    unlisted: bool,
    /// The files that are not parsed yet.
    unread: Vec<String>,
    /// The files that each parsed file uses, directly or through others, by its path.
    uses: BTreeMap<String, BTreeSet<String>>,
}

impl Folders {
    /// Folders whose files are not listed yet.
    pub(super) fn new(roots: Vec<String>) -> Folders {
        Folders { roots, unlisted: true, ..Folders::default() }
    }

    /// The same folders, with their files to be listed and parsed again.
    pub(super) fn forgotten(self) -> Folders {
        Folders::new(self.roots)
    }

    /// Adds and removes folders.
    pub(super) fn change(&mut self, added: Vec<String>, removed: &[String]) {
        self.roots.retain(|folder| !removed.contains(folder));
        self.roots.extend(added);
        self.unlisted = true;
    }

    /// Lists the files if the folders changed; false if they did not.
    pub(super) fn list(&mut self, host: &dyn Host) -> bool {
        if !std::mem::take(&mut self.unlisted) {
            return false;
        }
        let mut files: Vec<String> =
            self.roots.iter().flat_map(|folder| host.sources_below(folder)).collect();
        files.sort();
        files.dedup();
        files.truncate(MOST_FILES);
        files.reverse();
        self.uses.retain(|path, _| files.binary_search_by(|file| path.cmp(file)).is_ok());
        files.retain(|file| !self.uses.contains_key(file));
        self.unread = files;
        true
    }

    /// Takes a file that is not parsed yet, and parses it.
    pub(super) fn read_next(&mut self, workspace: &mut Workspace) -> Option<String> {
        let path = self.unread.pop()?;
        if let Ok(session) = workspace.session(&path) {
            self.note(&path, session.program().files().map(|file| session.sources().name(file)));
        }
        Some(path)
    }

    /// Records the files that a file uses.
    pub(super) fn note<'a>(&mut self, path: &str, files: impl Iterator<Item = &'a str>) {
        let used = files.filter(|one| *one != path).map(str::to_owned).collect();
        self.uses.insert(path.to_owned(), used);
    }

    /// Marks a file that changed on disk as not parsed yet.
    pub(super) fn forget(&mut self, path: &str) {
        self.uses.remove(path);
        self.unread.push(path.to_owned());
    }

    /// The files that are known, parsed or not.
    pub(super) fn files(&self) -> impl Iterator<Item = &String> {
        self.uses.keys().chain(&self.unread)
    }

    /// The parsed files that use a file.
    pub(super) fn users_of(&self, path: &str) -> Vec<String> {
        self.uses.iter().filter(|(_, used)| used.contains(path)).map(|(user, _)| user.clone()).collect()
    }

    /// Returns whether a file has been parsed.
    pub(super) fn has_read(&self, path: &str) -> bool {
        self.uses.contains_key(path)
    }

    /// Returns whether a file uses one for which `is_wanted` holds.
    pub(super) fn uses_any(&self, path: &str, is_wanted: impl Fn(&String) -> bool) -> bool {
        self.uses.get(path).is_some_and(|used| used.iter().any(is_wanted))
    }
}

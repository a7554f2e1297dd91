//! The state of the server: the open texts, their analyses, and the files that must be checked again.

mod changes;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use gen_lsp_types::{Diagnostic, Location, PublishDiagnosticsParams};
use serde_json::Value;

use crate::base::{Interrupt, Span};
use crate::check::ProjectFile;
use crate::diag::Failure;
use crate::driver::{Loader, Session, Workspace};

use super::Host;
use super::analysis::{Analysis, View};
use super::diagnostics;
use super::document::Document;
use super::folders::Folders;
use super::position::Encoding;
use super::refusal::Refusal;
use super::uri::{self, path_of};

/// The optional abilities of the client.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ClientAbilities {
    /// It runs the commands behind code lenses.
    pub commands: bool,
    /// It opens the pages of codes.
    pub pages: bool,
    /// It reports changes of files.
    pub watches_files: bool,
    /// It supports templates with places to fill in.
    pub snippets: bool,
}

/// The state of a server.
pub(super) struct Workbench {
    host: Arc<dyn Host>,
    pub encoding: Encoding,
    pub client: ClientAbilities,
    workspace: Workspace,
    documents: BTreeMap<String, Document>,
    folders: Folders,
    /// The analyses by path; those of changed files are removed.
    analyses: BTreeMap<String, Rc<Analysis>>,
    /// The files whose published diagnostics are outdated.
    unchecked: BTreeSet<String>,
    /// The published diagnostics, by the file whose check found them and then by the file that they are about.
    found: BTreeMap<String, BTreeMap<String, Vec<Diagnostic>>>,
    projects: BTreeMap<String, Option<Rc<ProjectFile>>>,
}

/// A loader over the host that passes on only paths that can be files.
struct Files(Arc<dyn Host>);

impl Loader for Files {
    fn read(&self, path: &str) -> std::io::Result<Vec<u8>> {
        if uri::is_file(path) { self.0.read(path) } else { Err(std::io::ErrorKind::NotFound.into()) }
    }

    fn read_within(&self, folder: &str, path: &str) -> std::io::Result<Vec<u8>> {
        if uri::is_file(path) {
            self.0.read_within(folder, path)
        } else {
            Err(std::io::ErrorKind::NotFound.into())
        }
    }
}

impl Workbench {
    pub(super) fn new(host: Arc<dyn Host>, encoding: Encoding) -> Workbench {
        Workbench {
            workspace: Workspace::new(Box::new(Files(host.clone()))),
            host,
            encoding,
            client: ClientAbilities::default(),
            documents: BTreeMap::new(),
            folders: Folders::default(),
            analyses: BTreeMap::new(),
            unchecked: BTreeSet::new(),
            found: BTreeMap::new(),
            projects: BTreeMap::new(),
        }
    }

    /// Checks one outdated file, or parses one file of the folders, and gives the messages to send. `None` if there is
    /// nothing left to do.
    pub(super) fn check_next(&mut self, interrupt: &Interrupt) -> Option<Vec<Value>> {
        // Open files come first, because the user sees them.
        let open = self.unchecked.iter().find(|path| self.documents.contains_key(*path));
        if let Some(path) = open.or(self.unchecked.iter().next()).cloned() {
            if !self.documents.contains_key(&path) && !self.uses_an_open_file(&path) {
                self.unchecked.remove(&path);
                return Some(self.publish(&path, BTreeMap::new()));
            }
            let Ok(analysis) = self.analysis(&path, interrupt) else {
                // The check was interrupted by an edit, or the file cannot be read.
                if !interrupt.is_over() {
                    self.unchecked.remove(&path);
                    return Some(self.publish(&path, BTreeMap::new()));
                }
                return Some(Vec::new());
            };
            self.unchecked.remove(&path);
            let view = self.view(&analysis);
            let found = diagnostics::by_file(&analysis.checked.diagnostics, view.places(), self.client.pages);
            if !self.documents.contains_key(&path) {
                self.analyses.remove(&path);
            }
            return Some(self.publish(&path, found));
        }
        if self.folders.list(&*self.host) {
            return Some(Vec::new());
        }
        let path = self.folders.read_next(&mut self.workspace)?;
        if self.uses_an_open_file(&path) {
            self.unchecked.insert(path);
        }
        Some(Vec::new())
    }

    fn uses_an_open_file(&self, path: &str) -> bool {
        self.folders.uses_any(path, |one| self.documents.contains_key(one))
    }

    /// Stores the diagnostics of a check, and makes a message for every file that has or had some of them.
    fn publish(&mut self, root: &str, found: BTreeMap<String, Vec<Diagnostic>>) -> Vec<Value> {
        let mut files: BTreeSet<String> = found.keys().cloned().collect();
        if self.documents.contains_key(root) {
            files.insert(root.to_owned());
        }
        let before = if found.is_empty() {
            self.found.remove(root)
        } else {
            self.found.insert(root.to_owned(), found)
        };
        files.extend(before.into_iter().flat_map(BTreeMap::into_keys));
        let messages = files.into_iter().map(|file| {
            let all = self.found.values().filter_map(|by_file| by_file.get(&file)).flatten();
            let document = self.documents.get(&file);
            let params = PublishDiagnosticsParams {
                uri: document.map_or_else(|| uri::of_path(&file).into(), |one| one.uri.clone()),
                version: document.map(|one| one.version),
                diagnostics: diagnostics::merged(all),
            };
            serde_json::to_value(params).unwrap_or_default()
        });
        messages.collect()
    }

    /// The analysis of a file, made now if there is none.
    pub(super) fn analysis(&mut self, path: &str, interrupt: &Interrupt) -> Result<Rc<Analysis>, Refusal> {
        if let Some(known) = self.analyses.get(path) {
            return Ok(known.clone());
        }
        if interrupt.is_over() {
            return Err(Refusal::outdated());
        }
        let session = self.workspace.session(path).map_err(|why| Refusal::parameters(why.to_string()))?;
        self.folders.note(path, session.program().files().map(|file| session.sources().name(file)));
        let project = self.project_of(path);
        let project = project.as_ref().and_then(|one| Some((&**one, relative(&one.name, path)?)));
        let analysis =
            Rc::new(Analysis::of(session, path, project, interrupt).ok_or_else(Refusal::outdated)?);
        self.analyses.insert(path.to_owned(), analysis.clone());
        Ok(analysis)
    }

    /// The project file that applies to a file.
    fn project_of(&mut self, path: &str) -> Option<Rc<ProjectFile>> {
        let folder = path.rsplit_once('/').filter(|_| uri::is_file(path))?.0;
        if !self.projects.contains_key(folder) {
            let found = self.host.project_above(folder);
            // A project file with a mistake is ignored here; the command line reports it.
            let parsed = found.and_then(|(name, text)| ProjectFile::parse(&name, &text).ok());
            self.projects.insert(folder.to_owned(), parsed.map(Rc::new));
        }
        self.projects.get(folder).cloned().flatten()
    }

    /// Combines an analysis with the encoding and the document's file.
    pub(super) fn view<'a>(&self, analysis: &'a Analysis) -> View<'a> {
        View { analysis, encoding: self.encoding }
    }

    /// The analysis of an open document.
    pub(super) fn document(&mut self, uri: &str, interrupt: &Interrupt) -> Result<Rc<Analysis>, Refusal> {
        let path = path_of(uri);
        if !self.documents.contains_key(&path) {
            return Err(Refusal::parameters(format!("`{path}` is not open")));
        }
        self.analysis(&path, interrupt)
    }

    /// The parsed program of an open document, without a check.
    pub(super) fn open_session(&mut self, uri: &str) -> Result<Session, Refusal> {
        let path = path_of(uri);
        if !self.documents.contains_key(&path) {
            return Err(Refusal::parameters(format!("`{path}` is not open")));
        }
        self.session(&path).map_err(|why| Refusal::parameters(why.to_string()))
    }

    /// The parsed program of a file, without a check.
    pub(super) fn session(&mut self, path: &str) -> Result<Session, Failure> {
        self.workspace.session(path)
    }

    /// The known files: open ones, and those of the folders.
    pub(super) fn known_files(&self) -> BTreeSet<String> {
        self.documents.keys().chain(self.folders.files()).cloned().collect()
    }

    /// The address of a file in the client's spelling.
    pub(super) fn uri_of(&self, path: &str) -> gen_lsp_types::Uri {
        self.documents.get(path).map_or_else(|| uri::of_path(path).into(), |one| one.uri.clone())
    }

    /// The location of a span, with the address of its file in the client's spelling.
    pub(super) fn location(&self, view: View<'_>, span: Span) -> Location {
        let path = view.analysis.map().name(span.file);
        Location::new(self.uri_of(path), view.places().range(span))
    }

    /// A copy of the open texts in which a change can be tried.
    pub(super) fn trial(&self) -> Workspace {
        let mut trial = Workspace::new(Box::new(Files(self.host.clone())));
        for (path, document) in &self.documents {
            trial.open(path, document.text.clone());
        }
        trial
    }

    /// The program of an open document with a range replaced by a `;` and spaces, so that all other offsets stay the
    /// same. The range has at least two bytes.
    pub(super) fn trial_without(&self, uri: &str, bytes: Span) -> Option<Session> {
        let path = path_of(uri);
        let mut text = String::from(&*self.documents.get(&path)?.text);
        let bytes = bytes.start as usize..bytes.end as usize;
        let filler = " ".repeat(bytes.len().checked_sub(1)?);
        text.replace_range(bytes, &format!("{filler};"));
        let mut trial = self.trial();
        trial.open(&path, text);
        trial.session(&path).ok()
    }

    /// Parses all files of the folders that are not parsed yet, for requests that need every use of a file.
    pub(super) fn read_all(&mut self, interrupt: &Interrupt) {
        self.list_folders();
        while self.folders.read_next(&mut self.workspace).is_some() {
            if interrupt.is_over() {
                return;
            }
        }
    }

    /// The known files that use a file directly or indirectly, including itself.
    pub(super) fn users_of(&self, path: &str) -> Vec<String> {
        let own = self.folders.has_read(path).then(|| path.to_owned());
        let mut users = self.folders.users_of(path);
        users.extend(own);
        users.sort();
        users
    }

    /// The known sources in and below the folder of a document, as paths that its `use` would write.
    pub(super) fn sources_beside(&self, uri: &str) -> Vec<String> {
        let path = path_of(uri);
        let Some((folder, _)) = path.rsplit_once('/') else { return Vec::new() };
        let files = self.known_files().into_iter().filter(|file| *file != path);
        files.filter_map(|file| Some(file.strip_prefix(folder)?.strip_prefix('/')?.to_owned())).collect()
    }
}

/// The path of a file relative to the folder of a project file.
fn relative<'p>(project: &str, path: &'p str) -> Option<&'p str> {
    let folder = project.rsplit_once('/').map_or("", |(folder, _)| folder);
    path.strip_prefix(folder)?.strip_prefix('/')
}

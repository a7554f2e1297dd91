//! The messages of the client that change the state of the server: its abilities, open texts, files and folders.

use gen_lsp_types::{
    DidChangeTextDocumentParams, DidChangeWatchedFilesParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams,
};
use serde_json::Value;

use super::{ClientAbilities, Workbench};
use crate::diag::Severity;
use crate::lsp::document::Document;
use crate::lsp::folders::Folders;
use crate::lsp::position::Encoding;
use crate::lsp::refusal::{Refusal, parameters};
use crate::lsp::uri::path_of;

impl Workbench {
    /// Reads the client's abilities and folders from `initialize`.
    pub(in crate::lsp) fn initialize(&mut self, params: &Value, encoding: Encoding) {
        let is = |path: &str| params.pointer(path).and_then(Value::as_bool).unwrap_or(false);
        self.encoding = encoding;
        self.client = ClientAbilities {
            commands: is("/initializationOptions/commands"),
            pages: is("/initializationOptions/pages"),
            watches_files: is("/capabilities/workspace/didChangeWatchedFiles/dynamicRegistration"),
            snippets: is("/capabilities/textDocument/completion/completionItem/snippetSupport"),
        };
        let folders = params.get("workspaceFolders").and_then(Value::as_array);
        let folders = folders.into_iter().flatten().filter_map(|folder| folder.get("uri")?.as_str());
        let root = params.get("rootUri").and_then(Value::as_str);
        let folders: Vec<String> = folders.map(path_of).collect();
        let is_empty = folders.is_empty();
        self.folders = Folders::new(if is_empty { root.map(path_of).into_iter().collect() } else { folders });
    }

    /// Returns whether the client reports changes of files.
    pub(in crate::lsp) fn client_watches_files(&self) -> bool {
        self.client.watches_files
    }

    /// Drops all state except the open texts.
    pub(in crate::lsp) fn start_over(&mut self) {
        let documents = std::mem::take(&mut self.documents);
        let found = std::mem::take(&mut self.found);
        let mut fresh = Workbench::new(self.host.clone(), self.encoding);
        for (path, document) in &documents {
            fresh.workspace.open(path, document.text.clone());
        }
        fresh.client = self.client;
        fresh.folders = std::mem::take(&mut self.folders).forgotten();
        fresh.documents = documents;
        fresh.found = found;
        *self = fresh;
    }

    /// Handles a notification.
    pub(in crate::lsp) fn notice(&mut self, method: &str, params: Value) -> Result<(), Refusal> {
        match method {
            "textDocument/didOpen" => {
                let item = parameters::<DidOpenTextDocumentParams>(params)?.text_document;
                let path = path_of(&item.uri.0);
                let document = Document { uri: item.uri, version: item.version, text: item.text.into() };
                self.open(&path, document);
            }
            "textDocument/didChange" => {
                let params = parameters::<DidChangeTextDocumentParams>(params)?;
                let path = path_of(&params.text_document.text_document_identifier.uri.0);
                let Some(document) = self.documents.get_mut(&path) else {
                    return Err(Refusal::parameters(format!("`{path}` is not open")));
                };
                document.version = params.text_document.version;
                document.change(params.content_changes, self.encoding);
                self.workspace.open(&path, document.text.clone());
                self.changed(&path);
            }
            "textDocument/didClose" => {
                let params = parameters::<DidCloseTextDocumentParams>(params)?;
                let path = path_of(&params.text_document.uri.0);
                if self.documents.remove(&path).is_some() {
                    self.workspace.invalidate(&path);
                    self.changed(&path);
                }
            }
            "workspace/didChangeWatchedFiles" => {
                for change in parameters::<DidChangeWatchedFilesParams>(params)?.changes {
                    self.file_changed(&path_of(&change.uri.0));
                }
            }
            "workspace/didChangeWorkspaceFolders" => {
                let named = |which: &str| {
                    let all = params.pointer(which).and_then(Value::as_array);
                    let uris = all.into_iter().flatten().filter_map(|folder| folder.get("uri")?.as_str());
                    uris.map(path_of).collect::<Vec<String>>()
                };
                let (added, removed) = (named("/event/added"), named("/event/removed"));
                self.folders.change(added, &removed);
            }
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, path: &str, document: Document) {
        self.workspace.open(path, document.text.clone());
        self.documents.insert(path.to_owned(), document);
        self.changed(path);
    }

    /// Lists the files of the folders; they are parsed one by one while no message waits.
    pub(in crate::lsp) fn list_folders(&mut self) {
        self.folders.list(&*self.host);
    }

    /// Handles the change of a file on disk.
    fn file_changed(&mut self, path: &str) {
        if path.ends_with(".cnn") {
            if self.documents.contains_key(path) {
                return;
            }
            self.workspace.invalidate(path);
            self.folders.forget(path);
            self.changed(path);
            // A `use` that failed may succeed now, so files with errors are checked again.
            let missing: Vec<String> =
                self.analyses.keys().filter(|&one| self.has_errors(one)).cloned().collect();
            missing.iter().for_each(|path| self.forget(path));
        } else {
            self.projects.clear();
            let known: Vec<String> = self.analyses.keys().cloned().collect();
            known.iter().for_each(|path| self.forget(path));
        }
    }

    fn has_errors(&self, path: &str) -> bool {
        let analysis = self.analyses.get(path);
        analysis.is_some_and(|one| one.checked.diagnostics.iter().any(|one| one.severity == Severity::Error))
    }

    /// Drops the analyses of a file and of all files that use it.
    fn changed(&mut self, path: &str) {
        let users = self.folders.users_of(path);
        self.forget(path);
        users.iter().for_each(|user| self.forget(user));
    }

    fn forget(&mut self, path: &str) {
        self.analyses.remove(path);
        self.unchecked.insert(path.to_owned());
    }
}

//! A client of the language server: over a pipe to the real binary, or within memory.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use cnnc::driver::Loader;
use cnnc::lsp::{Client, Connection, Ending, Host, serve};
use serde_json::{Value, json};

/// Files that stand nowhere but in memory.
#[derive(Clone, Default)]
pub(crate) struct MemoryFiles(pub(crate) Arc<Mutex<BTreeMap<String, String>>>);

impl MemoryFiles {
    pub(crate) fn of(files: &[(&str, &str)]) -> MemoryFiles {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        MemoryFiles(Arc::new(Mutex::new(files.collect())))
    }
}

impl Loader for MemoryFiles {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let files = self.0.lock().unwrap();
        files.get(path).map(|text| text.clone().into_bytes()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Host for MemoryFiles {
    fn sources_below(&self, folder: &str) -> Vec<String> {
        let files = self.0.lock().unwrap();
        files.keys().filter(|path| path.starts_with(folder) && path.ends_with(".cnn")).cloned().collect()
    }

    fn project_above(&self, folder: &str) -> Option<(String, String)> {
        let files = self.0.lock().unwrap();
        let mut folder = folder;
        loop {
            let path = format!("{folder}/cnnc.toml");
            if let Some(text) = files.get(&path) {
                return Some((path, text.clone()));
            }
            folder = folder.rsplit_once('/')?.0;
        }
    }
}

/// A client and the thread of its server.
pub(crate) struct Editor {
    client: Client,
    server: Option<JoinHandle<Ending>>,
    next: i64,
    /// The latest diagnostics by address.
    pub(crate) diagnostics: BTreeMap<String, Value>,
    /// What the server wrote into the log.
    pub(crate) log: Vec<String>,
}

impl Editor {
    /// Starts a server within memory and initializes it.
    pub(crate) fn start(files: &MemoryFiles) -> Editor {
        Editor::start_with(files, json!({}))
    }

    /// Starts a server whose client can do this.
    pub(crate) fn start_with(files: &MemoryFiles, capabilities: Value) -> Editor {
        let mut editor = Editor::connect(files);
        let result = editor.request(
            "initialize",
            json!({
                "processId": null,
                "rootUri": "file:///w",
                "capabilities": capabilities,
                "initializationOptions": { "commands": true, "pages": true },
            }),
        );
        assert!(result["capabilities"]["hoverProvider"].as_bool().unwrap(), "{result}");
        editor.notify("initialized", json!({}));
        editor
    }

    /// Starts a server and says nothing.
    pub(crate) fn connect(files: &MemoryFiles) -> Editor {
        Editor::beside(Arc::new(files.clone()))
    }

    /// Starts a server in this world and says nothing.
    pub(crate) fn beside(host: Arc<dyn Host>) -> Editor {
        let (connection, client) = Connection::memory();
        let server = std::thread::spawn(move || serve(connection, host));
        Editor { client, server: Some(server), next: 0, diagnostics: BTreeMap::new(), log: Vec::new() }
    }

    pub(crate) fn notify(&self, method: &str, params: Value) {
        self.client.send(json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends any message.
    pub(crate) fn send(&self, message: Value) -> bool {
        self.client.send(message)
    }

    /// The next message that is no diagnostics and no log.
    pub(crate) fn receive(&mut self) -> Option<Value> {
        loop {
            let message = self.client.receive()?;
            match message["method"].as_str() {
                Some("textDocument/publishDiagnostics") => {
                    let uri = message["params"]["uri"].as_str().unwrap().to_owned();
                    self.diagnostics.insert(uri, message["params"]["diagnostics"].clone());
                }
                Some("window/logMessage") => {
                    self.log.push(message["params"]["message"].as_str().unwrap().to_owned());
                }
                _ => return Some(message),
            }
        }
    }

    /// Sends a request; the id that its answer will have.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> i64 {
        self.next += 1;
        let id = self.next;
        self.client.send(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// The answer to a request, as it is.
    pub(crate) fn answer(&mut self, id: i64) -> Value {
        loop {
            let message = self.receive().expect("the server answers");
            if message["id"] == json!(id) && message["method"].is_null() {
                return message;
            }
        }
    }

    /// The result of a request.
    pub(crate) fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        let answer = self.answer(id);
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// The error of a request.
    pub(crate) fn refused(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        let answer = self.answer(id);
        assert!(!answer["error"].is_null(), "{method}: {answer}");
        answer["error"].clone()
    }

    pub(crate) fn open(&mut self, uri: &str, text: &str) {
        let item = json!({ "uri": uri, "languageId": "cnn", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": item }));
    }

    /// Replaces the whole text.
    pub(crate) fn replace(&mut self, uri: &str, version: i64, text: &str) {
        let document = json!({ "uri": uri, "version": version });
        let params = json!({ "textDocument": document, "contentChanges": [{ "text": text }] });
        self.notify("textDocument/didChange", params);
    }

    /// Inserts a text at a place.
    pub(crate) fn insert(&mut self, uri: &str, version: i64, line: u32, character: u32, text: &str) {
        let at = json!({ "line": line, "character": character });
        let change = json!({ "range": { "start": at, "end": at }, "text": text });
        let document = json!({ "uri": uri, "version": version });
        self.notify(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": [change] }),
        );
    }

    /// Shuts the server down as the protocol says.
    pub(crate) fn shut_down(mut self) {
        assert!(self.request("shutdown", Value::Null).is_null());
        self.notify("exit", Value::Null);
        assert_eq!(self.end(), Ending::Orderly);
    }

    /// Waits for the end of the server.
    pub(crate) fn end(&mut self) -> Ending {
        self.server.take().expect("the server ends once").join().expect("the server does not panic")
    }

    /// Waits until the server has sent diagnostics of a document.
    pub(crate) fn diagnostics_of(&mut self, uri: &str) -> Vec<Value> {
        while !self.diagnostics.contains_key(uri) {
            let message = self.client.receive().expect("the server says what it found");
            if message["method"] == "textDocument/publishDiagnostics" {
                let uri = message["params"]["uri"].as_str().unwrap().to_owned();
                self.diagnostics.insert(uri, message["params"]["diagnostics"].clone());
            }
        }
        self.diagnostics.remove(uri).unwrap().as_array().unwrap().clone()
    }
}

/// A place of a text: line and character of the first occurrence of `mark` (UTF-16 units), moved by `by`.
pub(crate) fn place(text: &str, mark: &str, by: usize) -> Value {
    let at = text.find(mark).unwrap_or_else(|| panic!("`{mark}` stands in the text")) + by;
    position(text, at)
}

/// The place of a byte.
pub(crate) fn position(text: &str, at: usize) -> Value {
    let before = &text[..at];
    let line = before.matches('\n').count();
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    json!({ "line": line, "character": text[start..at].encode_utf16().count() })
}

/// The parameters of a request at a place.
pub(crate) fn at(uri: &str, position: Value) -> Value {
    json!({ "textDocument": { "uri": uri }, "position": position })
}

/// The byte of a place.
pub(crate) fn offset(text: &str, at: &Value) -> usize {
    let line = at["line"].as_u64().unwrap() as usize;
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let mut units = at["character"].as_u64().unwrap() as usize;
    let mut offset = start;
    for character in text[start..].chars() {
        if units == 0 {
            break;
        }
        units -= character.len_utf16();
        offset += character.len_utf8();
    }
    offset
}

/// The edits of a document as bytes of its text and what stands there instead, in order.
pub(crate) fn replacements(text: &str, edits: &Value) -> Vec<(usize, usize, String)> {
    let replacement = |edit: &Value| {
        let range = &edit["range"];
        let new = edit["newText"].as_str().unwrap().to_owned();
        (offset(text, &range["start"]), offset(text, &range["end"]), new)
    };
    let mut all: Vec<(usize, usize, String)> = edits.as_array().unwrap().iter().map(replacement).collect();
    all.sort();
    all
}

/// Makes the edits of a document in its text.
pub(crate) fn edited(text: &str, edits: &Value) -> String {
    let mut out = text.to_owned();
    for (start, end, new) in replacements(text, edits).into_iter().rev() {
        out.replace_range(start..end, &new);
    }
    out
}

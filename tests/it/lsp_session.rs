//! A session of work as a script: a shipped file is opened, typed in, renamed in, formatted and undone.
//!
//! The server's text is that of the client after each step: what it would format, and its outline, are compared.

use serde_json::{Value, json};

use crate::lsp_client::{Editor, MemoryFiles, at, edited, place, position, replacements};
use crate::lsp_prefixes::all_requests;

const URI: &str = "file:///w/session.cnn";

/// A client with one document, and what takes each of its changes back.
struct Client {
    editor: Editor,
    text: String,
    version: i64,
    /// The edits of each step, reversed: where, how much, and what stood there.
    steps: Vec<Vec<(usize, usize, String)>>,
}

impl Client {
    fn open(text: &str) -> Client {
        let mut editor = Editor::start(&MemoryFiles::default());
        editor.open(URI, text);
        Client { editor, text: text.to_owned(), version: 1, steps: Vec::new() }
    }

    /// Sends edits of one step, the last in the text first, as editors do.
    fn send(&mut self, mut edits: Vec<(usize, usize, String)>) -> Vec<(usize, usize, String)> {
        edits.sort();
        let mut back = Vec::new();
        let mut changes = Vec::new();
        let mut moved = 0_isize;
        for (start, end, new) in &edits {
            let at = start.checked_add_signed(moved).unwrap();
            back.push((at, at + new.len(), self.text[*start..*end].to_owned()));
            moved += new.len() as isize - (end - start) as isize;
        }
        for (start, end, new) in edits.into_iter().rev() {
            let range = json!({ "start": position(&self.text, start), "end": position(&self.text, end) });
            changes.push(json!({ "range": range, "text": new }));
            self.text.replace_range(start..end, &new);
        }
        self.version += 1;
        let document = json!({ "uri": URI, "version": self.version });
        self.editor
            .notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
        back
    }

    fn change(&mut self, edits: Vec<(usize, usize, String)>) {
        let back = self.send(edits);
        self.steps.push(back);
    }

    fn undo_all(&mut self) {
        while let Some(back) = self.steps.pop() {
            self.send(back);
        }
    }

    fn formatting(&mut self) -> Value {
        let options = json!({ "tabSize": 4, "insertSpaces": true });
        self.editor
            .request("textDocument/formatting", json!({ "textDocument": { "uri": URI }, "options": options }))
    }

    fn outline(&mut self) -> Value {
        self.editor.request("textDocument/documentSymbol", json!({ "textDocument": { "uri": URI } }))
    }

    /// Types a text at a place key by key; after each key one request more of all, in turn.
    fn types(&mut self, at: usize, text: &str) {
        for (index, character) in text.char_indices() {
            let at = at + index;
            self.change(vec![(at, at, character.to_string())]);
            let requests = all_requests(URI, &position(&self.text, at + character.len_utf8()));
            let (method, params) = requests[self.steps.len() % requests.len()].clone();
            let id = self.editor.ask(method, params);
            let answer = self.editor.answer(id);
            let code = answer["error"]["code"].as_i64();
            let refused = code == Some(-32602) && method.to_lowercase().contains("rename");
            assert!(code.is_none() || refused, "{method}: {answer}\n{}", self.text);
        }
    }
}

/// Opens a file, adds a block, renames what `mark` names, formats, and takes everything back.
fn session(text: &str, mark: &str, new: &str) {
    let mut client = Client::open(text);
    let outline = client.outline();
    assert_eq!(client.formatting(), json!([]), "shipped files are canonical");

    let end = client.text.len();
    client.types(end, "\n## Typed   by hand.\nblock typed( n,s=1 ){ conv 3x3x(n)/(s)   same bn relu }\n");
    let start = client.text.find('\n').unwrap();
    client.types(start, "  # a remark 𝄞");

    let mut params = at(URI, place(&client.text, mark, 0));
    params["newName"] = json!(new);
    let renamed = client.editor.request("textDocument/rename", params);
    let edits = replacements(&client.text, &renamed["changes"][URI]);
    assert!(edits.len() > 1, "{mark} is used: {renamed}");
    client.change(edits);
    assert!(client.text.contains(new));

    let edits = client.formatting();
    let formatted = edited(&client.text, &edits);
    assert!(formatted.contains("block typed(n, s = 1) { conv 3x3x(n)/(s) same bn relu; }\n"), "{formatted}");
    let edits = replacements(&client.text, &edits);
    client.change(edits);
    assert_eq!(client.text, formatted);
    assert_eq!(client.formatting(), json!([]), "the server has the same text");

    client.undo_all();
    assert_eq!(client.text, text);
    assert_eq!(client.outline(), outline);
    assert_eq!(client.formatting(), json!([]));
    assert_eq!(client.editor.log, Vec::<String>::new());
    client.editor.shut_down();
}

#[test]
fn a_session_in_resnet() {
    session(include_str!("../../examples/zoo/resnet.cnn"), "bottleneck(", "narrow");
}

#[test]
fn a_session_in_the_lenet_of_1998() {
    session(include_str!("../../examples/zoo/lenet5_1998.cnn"), "c3_map", "table_one");
}

#[test]
fn a_session_in_a_page_about_names() {
    session(include_str!("../../examples/language/names.cnn"), "middle", "trunk");
}

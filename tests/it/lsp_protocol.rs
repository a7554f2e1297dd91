//! The life of the server: start, order, cancellation, mistakes of the client, the end.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cnnc::driver::Loader;
use cnnc::lsp::{Ending, Host};
use serde_json::{Value, json};

use crate::lsp_client::{Editor, MemoryFiles, at, edited, place, position};
use crate::lsp_prefixes::all_requests;

const URI: &str = "file:///w/net.cnn";

#[test]
fn nothing_is_answered_before_initialize_and_after_shutdown() {
    let mut editor = Editor::connect(&MemoryFiles::default());
    editor.open(URI, "input 8x8x1; relu");
    let early = editor.refused("textDocument/foldingRange", json!({ "textDocument": { "uri": URI } }));
    assert_eq!(early["code"], -32002);
    editor.request("initialize", json!({ "processId": null, "rootUri": null, "capabilities": {} }));
    let again =
        editor.refused("initialize", json!({ "processId": null, "rootUri": null, "capabilities": {} }));
    assert_eq!(again["code"], -32600);
    let unknown = editor.refused("textDocument/nothing", json!({}));
    assert_eq!(unknown["code"], -32601);
    let wrong = editor.refused("textDocument/hover", json!({ "textDocument": 7 }));
    assert_eq!(wrong["code"], -32602);
    let closed = editor.refused("textDocument/hover", at(URI, json!({ "line": 0, "character": 0 })));
    assert_eq!(closed["code"], -32602, "the text was opened too early");
    editor.request("shutdown", Value::Null);
    let late = editor.refused("shutdown", Value::Null);
    assert_eq!(late["code"], -32600);
    editor.notify("exit", Value::Null);
    assert_eq!(editor.end(), Ending::Orderly);
}

#[test]
fn an_exit_without_shutdown_is_abrupt() {
    let mut editor = Editor::start(&MemoryFiles::default());
    editor.notify("exit", Value::Null);
    assert_eq!(editor.end(), Ending::Abrupt);
}

#[test]
fn what_is_no_message_is_refused_and_the_next_one_answered() {
    let mut editor = Editor::start(&MemoryFiles::default());
    for message in [json!([]), json!(null), json!({ "id": 1.5, "method": "x" }), json!({ "jsonrpc": "2.0" })]
    {
        assert!(editor.send(message));
        let answer = editor.receive().unwrap();
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&Value::Null, &json!(-32600)));
    }
    assert!(editor.send(json!({ "id": 77, "result": null })), "answers to nothing are passed over");
    editor.notify("textDocument/didChange", json!({ "nonsense": true }));
    editor.notify("$/unknown", json!(5));
    editor.open(URI, "input 8x8x1; relu");
    let text = json!({ "textDocument": { "uri": URI } });
    assert!(editor.request("textDocument/foldingRange", text).is_array());
    editor.shut_down();
}

#[test]
fn a_cancelled_request_is_answered_as_cancelled() {
    let mut editor = Editor::start(&MemoryFiles::default());
    // A text that takes a while, so that the requests behind it still wait when they are cancelled.
    let text = format!("input 8x8x4;\n{}", "conv 3x3x4 same relu;\n".repeat(3000));
    editor.open(URI, &text);
    let first = editor.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": URI } }));
    let second = editor.ask("textDocument/foldingRange", json!({ "textDocument": { "uri": URI } }));
    editor.notify("$/cancelRequest", json!({ "id": second }));
    editor.notify("$/cancelRequest", json!({ "id": 12345 }));
    let mut answers = [editor.receive().unwrap(), editor.receive().unwrap()];
    answers.sort_by_key(|one| one["id"].as_i64());
    assert_eq!(answers[0]["id"], json!(first));
    assert_eq!(answers[1]["id"], json!(second));
    // It may have been answered before the cancellation arrived; then it has a result. Never both, never none.
    let cancelled = answers[1]["error"]["code"] == json!(-32800);
    assert!(cancelled || answers[1]["result"].is_array(), "{}", answers[1]);
    editor.shut_down();
}

#[test]
fn a_newer_edit_ends_the_check_of_an_older_text() {
    let mut editor = Editor::start(&MemoryFiles::default());
    let slow = |last: &str| format!("input 8x8x4;\n[conv 3x3x4 same relu] * 20000;\n{last}");
    editor.open(URI, &slow(""));
    for version in 2..40 {
        editor.replace(URI, version, &slow(&format!("relu; # {version}")));
    }
    editor.replace(URI, 40, "input 8x8x4; relux");
    let begun = Instant::now();
    let found = editor.diagnostics_of(URI);
    // Forty checks of twenty thousand layers would take far longer than one.
    assert_eq!(found[0]["code"], "E0101", "{found:?}");
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    editor.shut_down();
}

/// A world in which one file cannot even be asked for.
struct Faulty;

impl Loader for Faulty {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        assert!(!path.ends_with("fault.cnn"), "a fault of the world");
        Err(io::ErrorKind::NotFound.into())
    }
}

impl Host for Faulty {
    fn sources_below(&self, _: &str) -> Vec<String> {
        Vec::new()
    }

    fn project_above(&self, _: &str) -> Option<(String, String)> {
        None
    }
}

#[test]
fn a_panic_in_a_handler_is_an_error_and_a_line_in_the_log() {
    let mut editor = Editor::beside(Arc::new(Faulty));
    editor.request("initialize", json!({ "processId": null, "rootUri": null, "capabilities": {} }));
    editor.open(URI, "use \"fault.cnn\";\nnetwork n { input 8x8x1; relu; }\n");
    let document = json!({ "textDocument": { "uri": URI } });
    let error = editor.refused("textDocument/codeLens", document.clone());
    assert_eq!(error["code"], -32603, "{error}");
    assert!(
        error["message"].as_str().unwrap().contains("textDocument/codeLens: a fault of the world"),
        "{error}"
    );
    assert!(editor.log.iter().any(|line| line.contains("a fault of the world")), "{:?}", editor.log);
    // The server lives, and knows the text as it is now.
    editor.replace(URI, 2, "network n { input 8x8x1; relu; }\n");
    assert_eq!(editor.request("textDocument/codeLens", document).as_array().unwrap().len(), 1);
    editor.shut_down();
}

/// The real binary and its streams.
struct Process {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Process {
    fn start() -> Process {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cnnc"))
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Process { child, output }
    }

    fn write(&mut self, bytes: &[u8]) {
        let input = self.child.stdin.as_mut().unwrap();
        input.write_all(bytes).unwrap();
        input.flush().unwrap();
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        self.write(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the server has left");
            match line.trim_end().split_once(": ") {
                Some(("Content-Length", value)) => length = value.parse().unwrap(),
                _ => break,
            }
        }
        let mut bytes = vec![0; length];
        self.output.read_exact(&mut bytes).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    /// The answer to a request; what comes between is passed over.
    fn request(&mut self, id: i64, method: &str, params: Value) -> Value {
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let message = self.receive();
            if message["id"] == json!(id) {
                return message;
            }
        }
    }

    fn initialize(&mut self) {
        let params = json!({ "processId": null, "rootUri": null, "capabilities": {} });
        let answer = self.request(1, "initialize", params);
        assert_eq!(answer["result"]["serverInfo"]["name"], "cnnc");
        self.send(&json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} }));
    }

    fn ended(mut self) -> ExitStatus {
        drop(self.child.stdin.take());
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "the server does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
fn the_binary_speaks_the_protocol_over_its_streams() {
    let mut process = Process::start();
    process.write(b"Content-Length: 5\r\n\r\n{\"a\":");
    assert_eq!(process.receive()["error"]["code"], -32700);
    process.write(b"Nonsense\r\n\r\n");
    assert_eq!(process.receive()["error"]["code"], -32700);
    process.initialize();
    let item = json!({ "uri": URI, "languageId": "cnn", "version": 1, "text": "input 8x8x1;\nrelux;\n" });
    process.send(&json!({ "method": "textDocument/didOpen", "params": { "textDocument": item } }));
    let found = process.receive();
    assert_eq!(found["params"]["diagnostics"][0]["code"], "E0101", "{found}");
    assert!(process.request(2, "shutdown", Value::Null)["result"].is_null());
    process.send(&json!({ "jsonrpc": "2.0", "method": "exit" }));
    assert_eq!(process.ended().code(), Some(0));
}

#[test]
fn a_network_is_typed_and_renamed_across_files_over_the_streams() {
    let folder = tempfile::tempdir().unwrap();
    let blocks = "block cell(n) { conv 3x3x(n) same; }\n";
    std::fs::write(folder.path().join("blocks.cnn"), blocks).unwrap();
    let uri = |name: &str| format!("file://{}/{name}", folder.path().display());
    let (net, used) = (uri("net.cnn"), uri("blocks.cnn"));
    let mut process = Process::start();
    let params = json!({ "processId": null, "rootUri": uri(""), "capabilities": {} });
    assert!(process.request(1, "initialize", params)["error"].is_null());
    process.send(&json!({ "method": "initialized", "params": {} }));
    let item = json!({ "uri": net, "languageId": "cnn", "version": 1, "text": "" });
    process.send(&json!({ "method": "textDocument/didOpen", "params": { "textDocument": item } }));
    let text = "use \"blocks.cnn\";\nnetwork n {\n    input 8x8x1;\n    cell(4) -> 8x8x4 as first;\n}\n";
    let mut id = 1;
    for (index, character) in text.char_indices() {
        let start = position(text, index);
        let change = json!({ "range": { "start": start, "end": start }, "text": character.to_string() });
        let document = json!({ "uri": net, "version": index + 2 });
        let params = json!({ "textDocument": document, "contentChanges": [change] });
        process.send(&json!({ "method": "textDocument/didChange", "params": params }));
        for (method, params) in all_requests(&net, &position(text, index + 1)) {
            id += 1;
            let answer = process.request(id, method, params);
            let refused =
                answer["error"]["code"] == json!(-32602) && method.to_lowercase().contains("rename");
            assert!(answer["error"].is_null() || refused, "{method} after {index} keys: {answer}");
        }
    }
    let mut params = at(&net, place(text, "cell", 1));
    params["newName"] = json!("layer");
    let changes = process.request(id + 1, "textDocument/rename", params)["result"]["changes"].clone();
    assert_eq!(edited(text, &changes[&net]), text.replace("cell", "layer"));
    assert_eq!(edited(blocks, &changes[&used]), blocks.replace("cell", "layer"));
    process.send(&json!({ "method": "$/cancelRequest", "params": { "id": id } }));
    assert!(process.request(id + 2, "shutdown", Value::Null)["result"].is_null());
    process.send(&json!({ "jsonrpc": "2.0", "method": "exit" }));
    assert_eq!(process.ended().code(), Some(0));
}

#[test]
fn the_binary_ends_when_its_client_vanishes() {
    let mut process = Process::start();
    process.initialize();
    assert_eq!(process.ended().code(), Some(1));
    // Neither does one that no longer reads keep it: it ends with its input.
    let mut deaf = Process::start();
    deaf.initialize();
    let Process { mut child, output } = deaf;
    drop(output);
    let text = json!({ "jsonrpc": "2.0", "id": 9, "method": "workspace/symbol", "params": { "query": "" } });
    let text = text.to_string();
    let mut input = child.stdin.take().unwrap();
    for _ in 0..10 {
        let _ = write!(input, "Content-Length: {}\r\n\r\n{text}", text.len());
    }
    drop(input);
    assert!(!child.wait().unwrap().success());
}

#[test]
fn a_text_of_four_mebibytes_is_answered() {
    let mut editor = Editor::start(&MemoryFiles::default());
    let line = "relu; # a comment that makes a line somewhat longer than it has to be, again and again\n";
    let mut text = String::from("input 8x8x1;\n");
    while text.len() + line.len() <= 4 << 20 {
        text.push_str(line);
    }
    editor.open(URI, &text);
    let document = json!({ "textDocument": { "uri": URI } });
    for method in ["documentSymbol", "foldingRange", "semanticTokens/full", "codeLens"] {
        let id = editor.ask(&format!("textDocument/{method}"), document.clone());
        assert!(editor.answer(id)["error"].is_null(), "{method}");
    }
    editor.insert(URI, 2, 1, 0, "relux;\n");
    while !editor.diagnostics_of(URI).iter().any(|one| one["code"] == "E0101") {}
    // What is beyond the limit is refused with a diagnostic, not with an error.
    let long = format!("{text}{}", line.repeat(3));
    editor.replace(URI, 3, &long);
    while !editor.diagnostics_of(URI).iter().any(|one| one["code"] == "E0010") {}
    editor.shut_down();
}

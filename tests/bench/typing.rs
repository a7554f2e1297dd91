//! How long the language server takes for a keystroke: `cargo bench --bench typing`.
//!
//! A file is typed key by key at its middle. A keystroke is the edit and the answer to an inlay hint request, for which
//! the text is parsed and checked; shown are the median and the 99th percentile.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cnnc::driver::Loader;
use cnnc::lsp::{Client, Connection, Host, serve};
use serde_json::{Value, json};

const URI: &str = "file:///bench/net.cnn";
const TYPED: &str = "conv 3x3x64 same bn relu -> 56x56x64 as inserted;\n";
const ROUNDS: usize = 10;

/// No files but the open one.
struct Nothing;

impl Loader for Nothing {
    fn read(&self, _path: &str) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

impl Host for Nothing {
    fn sources_below(&self, _folder: &str) -> Vec<String> {
        Vec::new()
    }

    fn project_above(&self, _folder: &str) -> Option<(String, String)> {
        None
    }
}

/// A file of `lines` lines whose networks have `layers` layers each, and the line at which it is typed.
fn file(lines: usize, layers: usize) -> (String, usize) {
    let mut text = String::new();
    let mut count = 0;
    let mut at = 0;
    let mut network = 0;
    while count < lines {
        text.push_str(&format!("network n{network}(classes = 1000) {{\n    input 56x56x64;\n"));
        count += 2;
        for layer in 0..layers {
            if count + 4 >= lines {
                break;
            }
            text.push_str(&format!("    conv 3x3x64 same bn relu as l{layer};\n"));
            count += 1;
            if at == 0 && count >= lines / 2 {
                at = count;
            }
        }
        text.push_str("    avgpool global;  flatten;  dense (classes);\n    expect depth >= 1;\n}\n");
        count += 3;
        network += 1;
    }
    (text, at)
}

fn notify(client: &Client, method: &str, params: Value) {
    assert!(client.send(json!({ "jsonrpc": "2.0", "method": method, "params": params })));
}

fn request(client: &Client, id: i64, method: &str, params: Value) -> Value {
    assert!(client.send(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })));
    loop {
        let message = client.receive().unwrap();
        if message["id"] == json!(id) {
            return message["result"].clone();
        }
    }
}

/// The times of all keystrokes, sorted.
fn keystrokes(text: &str, line: usize) -> Vec<Duration> {
    let (connection, client) = Connection::memory();
    let server = std::thread::spawn(move || serve(connection, Arc::new(Nothing)));
    request(&client, 1, "initialize", json!({ "processId": null, "rootUri": null, "capabilities": {} }));
    notify(&client, "initialized", json!({}));
    let item = json!({ "uri": URI, "languageId": "cnn", "version": 1, "text": text });
    notify(&client, "textDocument/didOpen", json!({ "textDocument": item }));
    let range =
        json!({ "start": { "line": line, "character": 0 }, "end": { "line": line + 1, "character": 0 } });
    let hints = json!({ "textDocument": { "uri": URI }, "range": range });
    request(&client, 2, "textDocument/inlayHint", hints.clone());
    let (mut times, mut id) = (Vec::new(), 2);
    for _ in 0..ROUNDS {
        for (column, key) in TYPED.chars().enumerate() {
            id += 1;
            let at = json!({ "line": line, "character": column });
            let change = json!({ "range": { "start": at, "end": at }, "text": key.to_string() });
            let document = json!({ "uri": URI, "version": id });
            let begun = Instant::now();
            notify(
                &client,
                "textDocument/didChange",
                json!({ "textDocument": document, "contentChanges": [change] }),
            );
            request(&client, id, "textDocument/inlayHint", hints.clone());
            times.push(begun.elapsed());
        }
        // The typed line goes again, so that every round begins with the same text.
        id += 1;
        let gone =
            json!({ "start": { "line": line, "character": 0 }, "end": { "line": line + 1, "character": 0 } });
        let document = json!({ "uri": URI, "version": id });
        let change = json!({ "range": gone, "text": "" });
        notify(
            &client,
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": [change] }),
        );
        request(&client, id, "textDocument/inlayHint", hints.clone());
    }
    request(&client, id + 1, "shutdown", Value::Null);
    notify(&client, "exit", Value::Null);
    server.join().unwrap();
    times.sort_unstable();
    times
}

fn main() {
    for (name, lines, layers) in [("200 lines, 150 layers", 200, 190), ("3,000 lines", 3000, 190)] {
        let (text, line) = file(lines, layers);
        let times = keystrokes(&text, line);
        let milliseconds = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1e3;
        println!(
            "{name}: median {:.1} ms, 99th percentile {:.1} ms, {} keystrokes",
            milliseconds(50),
            milliseconds(99),
            times.len()
        );
    }
}

//! A client that types, jumps and asks at random: every request is answered, nothing panics, memory stays small.
//!
//! `CNNC_LSP_MESSAGES=100000` makes the run longer, `CNNC_LSP_MINUTES=60` lets it go on for that time.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::fuzz_targets::targets::chance::Chance;
use crate::lsp_client::{Editor, MemoryFiles, position};
use crate::lsp_prefixes::all_requests;

const URIS: [&str; 3] = ["file:///w/a.cnn", "file:///w/b.cnn", "untitled:Untitled-1"];

const PIECES: [&str; 30] = [
    "conv 3x3x8 same",
    "relu",
    ";",
    "{",
    "}",
    "<",
    ">",
    "[",
    "]",
    "(",
    ")",
    "|",
    " * 3",
    " -> 8x8x8",
    " as x",
    "@x",
    "input 8x8x4;",
    "block b(n, m = 2) { conv 1x1x(n) }",
    "b(4)",
    "network n {",
    "use \"b.cnn\";",
    "let k = 2;",
    "\n",
    "expect params <= 3;",
    "# allow W0203\n",
    "residual project bn",
    "\"",
    "é𝄞",
    "in.c",
    "pad=(1,2)",
];

const FILES: [&str; 3] = [
    include_str!("../../examples/language/names.cnn"),
    include_str!("../../examples/zoo/lenet5_1998.cnn"),
    include_str!("../../examples/zoo/resnet.cnn"),
];

/// Kilobytes that this process has in memory.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn random_edits_and_questions_are_survived() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<usize>().ok());
    let (messages, minutes) = (number("CNNC_LSP_MESSAGES"), number("CNNC_LSP_MINUTES"));
    let is_alone = messages.or(minutes).is_some();
    let (begun, enough) = (Instant::now(), Duration::from_secs(60 * minutes.unwrap_or(0) as u64));
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let mut editor = Editor::start(&MemoryFiles::default());
    let mut texts: Vec<String> = FILES.iter().map(|text| (*text).to_owned()).collect();
    for (uri, text) in URIS.iter().zip(&texts) {
        editor.open(uri, text);
    }
    let (mut sent, mut version, mut most) = (3, 1, 0);
    let mut waiting: Vec<(i64, &str)> = Vec::new();
    while sent < messages.unwrap_or(1500) || begun.elapsed() < enough {
        let index = chance.below(URIS.len());
        let uri = URIS[index];
        let text = &mut texts[index];
        let bounds: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let start = bounds[chance.below(bounds.len())];
        version += 1;
        match chance.below(8) {
            // A piece of text in, or out.
            0..=2 => {
                let end =
                    start + text[start..].chars().take(chance.below(6)).map(char::len_utf8).sum::<usize>();
                let piece = if chance.below(3) == 0 { "" } else { PIECES[chance.below(PIECES.len())] };
                let range = json!({ "start": position(text, start), "end": position(text, end) });
                let change = json!({ "range": range, "text": piece });
                let document = json!({ "uri": uri, "version": version });
                editor.notify(
                    "textDocument/didChange",
                    json!({ "textDocument": document, "contentChanges": [change] }),
                );
                text.replace_range(start..end, piece);
                // A text that grew, or was broken for long, begins anew.
                if text.len() > 6000 || chance.below(60) == 0 {
                    *text = FILES[index].to_owned();
                    editor.replace(uri, version + 1, text);
                    sent += 1;
                }
            }
            3 => {
                let nonsense = [
                    json!([]),
                    json!({ "id": {} }),
                    json!({ "method": "textDocument/didChange", "params": 3 }),
                ];
                editor.send(nonsense[chance.below(3)].clone());
            }
            4 if chance.below(10) == 0 => {
                editor.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
                editor.open(uri, text);
                sent += 1;
            }
            _ => {
                let requests = all_requests(uri, &position(text, start));
                let (method, params) = requests[chance.below(requests.len())].clone();
                let id = editor.ask(method, params);
                waiting.push((id, method));
                if chance.below(12) == 0 {
                    editor.notify("$/cancelRequest", json!({ "id": id }));
                    sent += 1;
                }
            }
        }
        sent += 1;
        if waiting.len() >= 8 {
            let mut open: Vec<(i64, &str)> = std::mem::take(&mut waiting);
            while !open.is_empty() {
                let answer = editor.receive().expect("the server lives");
                let Some(id) = answer["id"].as_i64() else { continue };
                let place = open.iter().position(|(one, _)| *one == id).expect("an answer for each question");
                let (_, method) = open.remove(place);
                let code = answer["error"]["code"].as_i64().unwrap_or(0);
                assert!(![-32603, -32601].contains(&code), "{method}: {answer}");
            }
            most = most.max(resident().unwrap_or(0));
        }
    }
    assert_eq!(editor.log.iter().filter(|line| line.contains("panic") || line.contains("itself")).count(), 0);
    println!("{sent} messages, at most {most} KiB");
    let _: Value = editor.request("textDocument/foldingRange", json!({ "textDocument": { "uri": URIS[0] } }));
    editor.shut_down();
    // Other tests of the same process would count, too.
    assert!(!is_alone || most < 200 << 10, "{most} KiB");
}

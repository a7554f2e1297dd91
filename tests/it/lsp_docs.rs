//! `docs/editors.md` shows what the server answers: each marked place of the page is asked anew.
//!
//! `UPDATE=1` writes the page anew.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::lsp_client::{Editor, MemoryFiles, at, place};

const PAGE: &str = "docs/editors.md";
const URI: &str = "file:///w/net.cnn";

/// What is open: complete, and with an unfinished line.
const TEXT: &str = "\
network net(classes = 10) {
    input 32x32x3;
    conv 3x3x32 same bn relu as stem;
    stage(32, 2, 2);
    stage(64, 2, 1);
    avgpool global;  flatten;  dense (classes);
    expect params <= 100K;
}
## Convolutions, the first of which shrinks the map.
block stage(c, n, s) {
    conv 3x3x(c)/(s) pad=1 bn relu;
    [conv 3x3x(c) pad=1 bn relu] * (n - 1);
}
";

/// The text with a line that is being typed.
fn unfinished() -> String {
    TEXT.replace("    stage(64, 2, 1);\n", "    conv \n    stage(64, 2, 1);\n")
}

fn hover(editor: &mut Editor, text: &str, word: &str, occurrence: usize) -> String {
    let (index, _) = text.match_indices(word).nth(occurrence).unwrap();
    let result = editor.request("textDocument/hover", at(URI, crate::lsp_client::position(text, index + 1)));
    result["contents"]["value"].as_str().unwrap_or_else(|| panic!("nothing is known of `{word}`")).to_owned()
}

/// The text with hints in it, as an editor shows them.
fn hinted(editor: &mut Editor, text: &str) -> String {
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 99, "character": 0 } });
    let hints =
        editor.request("textDocument/inlayHint", json!({ "textDocument": { "uri": URI }, "range": range }));
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for hint in hints.as_array().unwrap().iter().rev() {
        let line = hint["position"]["line"].as_u64().unwrap() as usize;
        let character = hint["position"]["character"].as_u64().unwrap() as usize;
        let space = |side: &str| if hint[side] == json!(true) { " " } else { "" };
        let label =
            format!("{}‹{}›{}", space("paddingLeft"), hint["label"].as_str().unwrap(), space("paddingRight"));
        lines[line].insert_str(character, &label);
    }
    lines.join("\n")
}

fn fenced(language: &str, text: &str) -> String {
    format!("```{language}\n{}\n```", text.trim_end())
}

/// A Markdown text within the page: quoted, so that its headings and rules are its own.
fn quoted(text: &str) -> String {
    let lines = text.lines().map(|line| format!("> {line}").trim_end().to_owned());
    lines.collect::<Vec<String>>().join("\n")
}

fn answers() -> Vec<(&'static str, String)> {
    let mut editor = Editor::start(&MemoryFiles::default());
    editor.open(URI, TEXT);
    let hints = hinted(&mut editor, TEXT);
    let operator = hover(&mut editor, TEXT, "conv", 0);
    let block = hover(&mut editor, TEXT, "stage", 0);
    let metric = hover(&mut editor, TEXT, "params", 0);
    let text = unfinished();
    editor.replace(URI, 2, &text);
    let items = editor.request("textDocument/completion", at(URI, place(&text, "    conv \n", 9)));
    let mut completion = String::new();
    for item in items.as_array().unwrap().iter().take(12) {
        let detail = item["detail"].as_str().unwrap_or_default();
        let _ = writeln!(completion, "{:<10} {detail}", item["label"].as_str().unwrap());
    }
    let more = items.as_array().unwrap().len().saturating_sub(12);
    let _ = write!(completion, "… and {more} more");
    editor.shut_down();
    vec![
        ("text", fenced("cnn-unfinished", &text)),
        ("hints", fenced("text", &hints)),
        ("hover operator", quoted(&operator)),
        ("hover block", quoted(&block)),
        ("hover metric", quoted(&metric)),
        ("completion", fenced("text", &completion)),
    ]
}

#[test]
fn the_page_about_editors_shows_what_the_server_answers() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let committed = fs::read_to_string(&path).unwrap();
    let mut page = committed.clone();
    for (name, answer) in answers() {
        let (begin, end) = (format!("<!-- asked: {name} -->\n"), "<!-- end -->");
        let start = page.find(&begin).unwrap_or_else(|| panic!("the page asks for `{name}`")) + begin.len();
        let length = page[start..].find(end).unwrap();
        page.replace_range(start..start + length, &format!("\n{answer}\n\n"));
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    assert!(committed == page, "{PAGE} does not show what the server answers: run the test with UPDATE=1");
}

#[test]
fn hover_and_completion_work_in_an_unfinished_statement() {
    let mut editor = Editor::start(&MemoryFiles::default());
    let text = unfinished();
    editor.open(URI, &text);
    let items = editor.request("textDocument/completion", at(URI, place(&text, "    conv \n", 9)));
    let labels: Vec<&str> =
        items.as_array().unwrap().iter().map(|item| item["label"].as_str().unwrap()).collect();
    // Two stages of stride 2 and 1 have not been passed: what arrives has 32 channels.
    assert_eq!(labels[0], "3x3x32", "{labels:?}");
    assert!(
        labels.contains(&"same") && labels.contains(&"groups=") && labels.contains(&"relu"),
        "{labels:?}"
    );
    assert!(!labels.contains(&"global"), "a flag of another operator: {labels:?}");
    let shown: Value = editor.request("textDocument/hover", at(URI, place(&text, "conv 3x3x32", 1)));
    assert!(shown["contents"]["value"].as_str().unwrap().contains("32x32x3 → 32x32x32"), "{shown}");
    editor.shut_down();
}

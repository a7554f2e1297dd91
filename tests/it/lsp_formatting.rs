//! Formatting by the server: what `cnnc fmt` writes, as edits of the lines that change.

use serde_json::{Value, json};

use cnnc::base::SourceMap;
use cnnc::diag::Sink;
use cnnc::sema::CatalogueOrder;
use cnnc::syntax::{format::format, parse};

use crate::lsp_client::{Editor, MemoryFiles, edited, place};

const URI: &str = "file:///w/net.cnn";

fn canonical(text: &str) -> String {
    let mut map = SourceMap::default();
    let file = map.add("net.cnn", text);
    format(&parse(&map, file, &mut Sink::default()), &CatalogueOrder).expect("the text has no syntax errors")
}

fn whole(editor: &mut Editor) -> Value {
    let options = json!({ "tabSize": 2, "insertSpaces": false });
    editor.request("textDocument/formatting", json!({ "textDocument": { "uri": URI }, "options": options }))
}

fn range(editor: &mut Editor, start: Value, end: Value) -> Value {
    let params = json!({
        "textDocument": { "uri": URI },
        "range": { "start": start, "end": end },
        "options": { "tabSize": 4, "insertSpaces": true },
    });
    editor.request("textDocument/rangeFormatting", params)
}

/// The lines that the edits touch.
fn lines(edits: &Value) -> Vec<u64> {
    let range = |edit: &Value| {
        let (start, end) = (&edit["range"]["start"], &edit["range"]["end"]);
        (start["line"].as_u64().unwrap(), end["line"].as_u64().unwrap())
    };
    let all = edits.as_array().unwrap().iter().map(range);
    all.flat_map(|(start, end)| if start == end { start..end + 1 } else { start..end }).collect()
}

/// A network whose second line is not canonical, and whose last three are not.
const MESSY: &str = "network net {  # 𝄞\n    input   8x8x4;\n\n    conv 3x3x8 same;\n    relu;\n    conv  3x3x8 same as a;\n\n\n\n    relu }\n";

#[test]
fn only_lines_that_change_are_edited() {
    let mut editor = Editor::start(&MemoryFiles::default());
    editor.open(URI, MESSY);
    let edits = whole(&mut editor);
    assert_eq!(edited(MESSY, &edits), canonical(MESSY));
    let touched = lines(&edits);
    assert!(touched.contains(&1) && touched.contains(&5), "{edits}");
    assert!([0, 2, 3, 4].iter().all(|line| !touched.contains(line)), "{edits}");
    editor.replace(URI, 2, &canonical(MESSY));
    assert_eq!(whole(&mut editor), json!([]), "formatted twice");
    editor.shut_down();
}

#[test]
fn a_broken_text_is_left_alone_but_its_whole_items_can_be_formatted() {
    let mut editor = Editor::start(&MemoryFiles::default());
    let text = "block b( n ) { conv 1x1x(n) }\n\nnetwork net { input 8x8x1; b(; }\n";
    editor.open(URI, text);
    assert_eq!(whole(&mut editor), json!([]));
    let edits = range(&mut editor, place(text, "conv", 1), place(text, "conv", 1));
    let expected = text.replace("block b( n ) { conv 1x1x(n) }", "block b(n) { conv 1x1x(n); }");
    assert_eq!(edited(text, &edits), expected);
    assert_eq!(range(&mut editor, place(text, "input", 0), place(text, "b(;", 0)), json!([]));
    editor.shut_down();
}

#[test]
fn a_range_is_grown_to_whole_items_and_no_further() {
    let mut editor = Editor::start(&MemoryFiles::default());
    let text = "let  a = 1;\n\n\nlet  b = 2;  let  c = 3;\nlet  d = 4;\n";
    editor.open(URI, text);
    let edits = range(&mut editor, place(text, "b = 2", 0), place(text, "b = 2", 1));
    assert_eq!(edited(text, &edits), text.replace("let  b = 2;  let  c = 3;", "let b = 2;  let c = 3;"));
    // Statements outside of items belong together: their columns do.
    let text = "let  a = 1;\ninput  8x8x1;\nrelu as x;\nconv 1x1x3 as y;\n";
    editor.replace(URI, 2, text);
    let edits = range(&mut editor, place(text, "relu", 0), place(text, "relu", 0));
    assert_eq!(edited(text, &edits), format!("let  a = 1;\n{}", canonical(&text[12..])));
    let empty = "\n\n\n";
    editor.replace(URI, 3, empty);
    assert_eq!(range(&mut editor, place(empty, "\n", 0), place(empty, "\n", 1)), json!([]));
    editor.shut_down();
}

#[test]
fn ends_of_lines_stay_those_of_the_editor() {
    let mut editor = Editor::start(&MemoryFiles::default());
    let text = "input 8x8x4;\r\nrelu  ;\r\nconv 1x1x4";
    editor.open(URI, text);
    let edits = whole(&mut editor);
    assert_eq!(edited(text, &edits), "input 8x8x4;\r\nrelu;\r\nconv 1x1x4;\r\n");
    assert_eq!(lines(&edits), [1, 2]);
    editor.shut_down();
}

#[test]
fn columns_are_those_that_were_agreed() {
    let offered = json!({ "general": { "positionEncodings": ["utf-8"] } });
    let mut editor = Editor::start_with(&MemoryFiles::default(), offered);
    editor.open(URI, "input 8x8x4;\nrelu  # é𝄞");
    let edits = whole(&mut editor);
    assert_eq!(edits[0]["range"]["end"], json!({ "line": 1, "character": 14 }));
    editor.shut_down();
}

#[test]
fn what_is_long_and_all_different_is_one_edit() {
    let mut editor = Editor::start(&MemoryFiles::default());
    let text = format!("input 8x8x4;\n{}", "relu\n;\n".repeat(5000));
    editor.open(URI, &text);
    let edits = whole(&mut editor);
    assert_eq!(edited(&text, &edits), canonical(&text));
    editor.shut_down();
}

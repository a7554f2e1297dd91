//! Shipped files typed key by key: every prefix, every request, no panic, an answer to each.

use serde_json::{Value, json};

use crate::lsp_client::{Editor, MemoryFiles, at, position};

const URI: &str = "file:///w/typed.cnn";

/// Every request that an editor makes while somebody types at a place.
pub(crate) fn all_requests(uri: &str, place: &Value) -> Vec<(&'static str, Value)> {
    let document = json!({ "uri": uri });
    let start = json!({ "line": 0, "character": 0 });
    let whole = json!({ "start": start, "end": place });
    let here = json!({ "start": place, "end": place });
    let options = json!({ "tabSize": 4, "insertSpaces": true });
    let context = json!({ "diagnostics": [] });
    let mut rename = at(uri, place.clone());
    rename["newName"] = json!("renamed");
    let mut references = at(uri, place.clone());
    references["context"] = json!({ "includeDeclaration": true });
    vec![
        ("textDocument/hover", at(uri, place.clone())),
        ("textDocument/completion", at(uri, place.clone())),
        ("textDocument/signatureHelp", at(uri, place.clone())),
        ("textDocument/definition", at(uri, place.clone())),
        ("textDocument/references", references),
        ("textDocument/documentHighlight", at(uri, place.clone())),
        ("textDocument/documentSymbol", json!({ "textDocument": document })),
        ("textDocument/foldingRange", json!({ "textDocument": document })),
        ("textDocument/selectionRange", json!({ "textDocument": document, "positions": [place] })),
        ("textDocument/semanticTokens/full", json!({ "textDocument": document })),
        ("textDocument/inlayHint", json!({ "textDocument": document, "range": whole })),
        ("textDocument/codeLens", json!({ "textDocument": document })),
        ("textDocument/codeAction", json!({ "textDocument": document, "range": here, "context": context })),
        ("textDocument/codeAction", json!({ "textDocument": document, "range": whole, "context": context })),
        ("textDocument/prepareRename", at(uri, place.clone())),
        ("textDocument/rename", rename),
        ("textDocument/formatting", json!({ "textDocument": document, "options": options })),
        (
            "textDocument/rangeFormatting",
            json!({ "textDocument": document, "range": here, "options": options }),
        ),
        ("workspace/symbol", json!({ "query": "n" })),
        ("cnnc/network", at(uri, place.clone())),
    ]
}

/// Types a text; after each key a few of the requests, after each line all of them.
fn typed(text: &str) {
    let mut editor = Editor::start(&MemoryFiles::default());
    editor.open(URI, "");
    let mut line_begins = 0;
    for (count, (index, character)) in text.char_indices().enumerate() {
        let place = position(text, index);
        let (line, column) =
            (place["line"].as_u64().unwrap() as u32, place["character"].as_u64().unwrap() as u32);
        editor.insert(URI, count as i64 + 2, line, column, &character.to_string());
        let end = position(text, index + character.len_utf8());
        let requests = all_requests(URI, &end);
        let every = character == '\n' && index > line_begins + 1;
        if character == '\n' {
            line_begins = index;
        }
        for (number, (method, params)) in requests.into_iter().enumerate() {
            if every || number % 5 == count % 5 {
                let id = editor.ask(method, params);
                let answer = editor.answer(id);
                let code = answer["error"]["code"].as_i64();
                // A name that cannot be renamed is refused; nothing else is.
                let refused = code == Some(-32602) && method.to_lowercase().contains("rename");
                assert!(code.is_none() || refused, "{method} after {count} keys: {answer}");
            }
        }
    }
    assert_eq!(editor.log, Vec::<String>::new());
    editor.shut_down();
    // Findings of earlier prefixes may still be on their way to that editor: the whole text is opened in another.
    let mut editor = Editor::start(&MemoryFiles::default());
    editor.open(URI, text);
    let errors: Vec<Value> =
        editor.diagnostics_of(URI).into_iter().filter(|one| one["severity"] == json!(1)).collect();
    assert_eq!(errors, Vec::<Value>::new(), "the whole text is right");
    editor.shut_down();
}

#[test]
fn every_prefix_of_lenet_is_answered() {
    typed(include_str!("../../examples/digits/lenet5.cnn"));
}

#[test]
fn every_prefix_of_a_page_about_names_is_answered() {
    typed(include_str!("../../examples/language/names.cnn"));
}

#[test]
fn every_prefix_of_resnet_is_answered() {
    typed(include_str!("../../examples/zoo/resnet.cnn"));
}

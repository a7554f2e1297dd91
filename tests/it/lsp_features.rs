//! What the server shows and does, asked as an editor asks.

use serde_json::{Value, json};

use crate::lsp_client::{Editor, MemoryFiles, at, edited, place};

const URI: &str = "file:///w/net.cnn";
const BLOCKS: &str = "file:///w/blocks.cnn";

fn range(text: &str, from: &str, to: &str) -> Value {
    json!({ "start": place(text, from, 0), "end": place(text, to, to.len()) })
}

fn actions(editor: &mut Editor, uri: &str, range: &Value) -> Vec<Value> {
    let params = json!({ "textDocument": { "uri": uri }, "range": range, "context": { "diagnostics": [] } });
    editor.request("textDocument/codeAction", params).as_array().unwrap().clone()
}

/// The text after the action of a title.
fn after_action(editor: &mut Editor, uri: &str, text: &str, range: &Value, title: &str) -> String {
    let actions = actions(editor, uri, range);
    let titles: Vec<&str> = actions.iter().map(|one| one["title"].as_str().unwrap()).collect();
    let action = actions.iter().find(|one| one["title"].as_str().unwrap().starts_with(title));
    let action = action.unwrap_or_else(|| panic!("no `{title}` among {titles:?}"));
    edited(text, &action["edit"]["changes"][uri])
}

#[test]
fn a_diagnostic_points_to_everything_and_its_fix_mends_it() {
    let mut editor = Editor::start(&MemoryFiles::default());
    let text = "input 8x8x4;\nresidual < conv 3x3x8 same >;\nconv 3x3x8 sme;\n";
    editor.open(URI, text);
    let found = editor.diagnostics_of(URI);
    let codes: Vec<&str> = found.iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"E0304"), "{codes:?}");
    let residual = found.iter().find(|one| one["code"] == "E0304").unwrap();
    assert_eq!(residual["codeDescription"]["href"], "cnnc-page:/E0304.md");
    let related = residual["relatedInformation"].as_array().unwrap();
    assert!(related.iter().any(|one| one["location"]["range"]["start"]["line"] == 1), "{related:?}");
    let here = range(text, "sme", "sme");
    let mended = after_action(&mut editor, URI, text, &here, "replace by `same`");
    assert!(mended.contains("conv 3x3x8 same;"), "{mended}");
    let page = editor.request("cnnc/page", json!({ "code": "E0304" }));
    assert!(page.as_str().unwrap().starts_with("# E0304"), "{page}");
    editor.shut_down();
}

#[test]
fn all_certain_edits_are_made_at_once() {
    let mut editor = Editor::start(&MemoryFiles::default());
    let text = "input 32, 32, 3;\nconv 3x3x8 sme reul;\nmaxpool 2 2;\nconv 3x3x8 -> 1x1x1;\n";
    editor.open(URI, text);
    let whole = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 4, "character": 0 } });
    let mut asked = json!({ "textDocument": { "uri": URI }, "range": whole });
    asked["context"] = json!({ "diagnostics": [], "only": ["source.fixAll"] });
    let actions = editor.request("textDocument/codeAction", asked.clone());
    assert_eq!(actions.as_array().unwrap().len(), 1, "{actions}");
    assert_eq!(actions[0]["kind"], "source.fixAll.cnnc");
    let mended = edited(text, &actions[0]["edit"]["changes"][URI]);
    // What a shape should be is a decision.
    let wanted = "input 32x32x3;\nconv 3x3x8 same relu;\nmaxpool 2/2;\nconv 3x3x8 -> 1x1x1;\n";
    assert_eq!(mended, wanted);
    editor.replace(URI, 2, &mended);
    assert_eq!(editor.request("textDocument/codeAction", asked), json!([]));
    editor.shut_down();
}

#[test]
fn what_is_unused_is_tagged_and_a_lint_can_be_allowed_here() {
    let mut editor = Editor::start(&MemoryFiles::default());
    let text = "let unused = 3;\nnetwork n {\n    input 9x9x3;\n    conv 2x2x4 same;\n}\n";
    editor.open(URI, text);
    let found = editor.diagnostics_of(URI);
    let unused = found.iter().find(|one| one["code"] == "W0102").unwrap();
    assert_eq!(unused["tags"], json!([1]));
    let even = range(text, "conv", "same");
    let allowed = after_action(&mut editor, URI, text, &even, "allow W0204 here");
    assert!(allowed.contains("    # allow W0204\n    conv 2x2x4 same;"), "{allowed}");
    editor.replace(URI, 2, &allowed);
    let found = editor.diagnostics_of(URI);
    assert!(found.iter().all(|one| one["code"] != "W0204"), "{found:?}");
    editor.shut_down();
}

#[test]
fn levels_of_the_project_apply_and_files_that_use_an_open_one_are_checked() {
    let files = MemoryFiles::of(&[
        ("/w/cnnc.toml", "[lints]\nW0101 = \"deny\"\n"),
        ("/w/net.cnn", "use \"blocks.cnn\";\nnetwork n { input 8x8x1; cell(4); }\n"),
        ("/w/blocks.cnn", "block cell(n) { conv 3x3x(n) same; }\n"),
    ]);
    let mut editor = Editor::start(&files);
    let text = "block cell(n, nothing = 1) { conv 3x3x(n) same; }\n";
    editor.open(BLOCKS, text);
    let found = editor.diagnostics_of(BLOCKS);
    assert_eq!((&found[0]["code"], &found[0]["severity"]), (&json!("W0101"), &json!(1)), "{found:?}");
    // The file that uses it is not open; it is wrong by what is open.
    editor.replace(BLOCKS, 2, "block cell(n, m) { conv 3x3x(n)/(m) same; }\n");
    let found = loop {
        let found = editor.diagnostics_of(URI);
        if !found.is_empty() {
            break found;
        }
    };
    assert_eq!(found[0]["severity"], 1, "{found:?}");
    editor.replace(BLOCKS, 3, "block cell(n) { conv 3x3x(n) same; }\n");
    while !editor.diagnostics_of(URI).is_empty() {}
    editor.shut_down();
}

#[test]
fn budgets_of_the_project_are_diagnostics_and_go_when_they_are_met() {
    let project = "[[networks]]\nfiles = [\"net.cnn\"]\nmax = { params = \"100\" }\n";
    let files = MemoryFiles::of(&[("/w/cnnc.toml", project), ("/w/net.cnn", "")]);
    let mut editor = Editor::start(&files);
    let text = |filters: u32| format!("network n {{\n    input 8x8x1;\n    conv 3x3x{filters} same;\n}}\n");
    editor.open(URI, &text(11));
    let found = editor.diagnostics_of(URI);
    let broken: Vec<&Value> = found.iter().filter(|one| one["severity"] == 1).collect();
    assert_eq!(broken.len(), 1, "{found:?}");
    assert!(broken[0]["message"].as_str().unwrap().contains("110"), "{found:?}");
    editor.replace(URI, 2, &text(10));
    let found = editor.diagnostics_of(URI);
    assert!(found.iter().all(|one| one["severity"] != 1), "{found:?}");
    editor.shut_down();
}

#[test]
fn definitions_references_and_rename_go_across_files() {
    let main = "use \"blocks.cnn\";\nnetwork n(k = 3) {\n    input 8x8x1;\n    cell(growth) as first;\n    cell((k));\n    concat < identity | @first >;\n}\n";
    let blocks = "let growth = 4;\n## A cell.\nblock cell(n) { conv 3x3x(n) same; }\n";
    let other = "use \"blocks.cnn\";\nnetwork other { input 8x8x2; cell(growth); }\n";
    let files = MemoryFiles::of(&[("/w/net.cnn", main), ("/w/blocks.cnn", blocks), ("/w/other.cnn", other)]);
    let mut editor = Editor::start(&files);
    editor.open(URI, main);
    let definition = editor.request("textDocument/definition", at(URI, place(main, "cell(growth)", 1)));
    assert_eq!(definition["uri"], BLOCKS);
    assert_eq!(definition["range"]["start"], place(blocks, "cell(n)", 0));
    let mut params = at(URI, place(main, "growth", 2));
    params["context"] = json!({ "includeDeclaration": true });
    let references = editor.request("textDocument/references", params);
    let mut uris: Vec<&str> =
        references.as_array().unwrap().iter().map(|one| one["uri"].as_str().unwrap()).collect();
    uris.sort_unstable();
    assert_eq!(uris, [BLOCKS, URI, "file:///w/other.cnn"]);
    let used = editor.request("textDocument/definition", at(URI, place(main, "blocks.cnn", 3)));
    assert_eq!(used["uri"], BLOCKS);

    let mut params = at(URI, place(main, "cell((k))", 1));
    params["newName"] = json!("layer");
    let edit = editor.request("textDocument/rename", params);
    let changes = &edit["changes"];
    assert_eq!(edited(blocks, &changes[BLOCKS]), blocks.replace("cell(n)", "layer(n)"));
    assert_eq!(edited(main, &changes[URI]), main.replace("cell(", "layer("));
    assert_eq!(edited(other, &changes["file:///w/other.cnn"]), other.replace("cell(", "layer("));

    let mut params = at(URI, place(main, "@first", 3));
    params["newName"] = json!("stem");
    let edit = editor.request("textDocument/rename", params);
    assert_eq!(edited(main, &edit["changes"][URI]), main.replace("first", "stem"));

    // Parameters in parentheses keep their parentheses.
    let mut params = at(URI, place(main, "(k)", 1));
    params["newName"] = json!("kernel");
    let edit = editor.request("textDocument/rename", params);
    assert_eq!(
        edited(main, &edit["changes"][URI]),
        main.replace("n(k = 3)", "n(kernel = 3)").replace("((k))", "((kernel))")
    );

    for (word, new) in
        [("cell(growth)", "conv"), ("cell(growth)", "1x"), ("cell(growth)", "network"), ("growth", "")]
    {
        let mut params = at(URI, place(main, word, 1));
        params["newName"] = json!(new);
        let refused = editor.refused("textDocument/rename", params);
        assert_eq!(refused["code"], -32602, "{word} → {new}: {refused}");
    }
    editor.shut_down();
}

#[test]
fn rewriting_states_shapes_holds_figures_and_makes_blocks() {
    let mut editor = Editor::start(&MemoryFiles::default());
    let text = "network n(c = 8) {\n    input 8x8x4;\n    conv 3x3x(c) same relu as first;\n    maxpool 2/2;\n    dense_head(10) softmax;\n}\nblock dense_head(n, drop = 0.5) {\n    flatten;\n    dropout (drop);\n    dense (2*n);\n    dense (n);\n}\n";
    editor.open(URI, text);
    let conv = range(text, "conv", "conv");
    let stated = after_action(&mut editor, URI, text, &conv, "add `-> 8x8x8`");
    assert!(stated.contains("conv 3x3x(c) same relu -> 8x8x8 as first;"), "{stated}");
    let held = after_action(&mut editor, URI, text, &conv, "add `expect params");
    assert!(held.contains("softmax;\n    expect params == "), "{held}");
    editor.replace(URI, 2, &held);
    assert!(editor.diagnostics_of(URI).iter().all(|one| one["severity"] != json!(1)));
    editor.replace(URI, 3, text);
    let chosen = range(text, "conv 3x3x(c)", "maxpool 2/2;");
    let extracted = after_action(&mut editor, URI, text, &chosen, "extract block");
    let expected = "block extracted(c) {\n    conv 3x3x(c) same relu as first;\n    maxpool 2/2;\n}\n\nnetwork n(c = 8) {\n    input 8x8x4;\n    extracted(c);\n";
    assert!(extracted.starts_with(expected), "{extracted}");
    let call = range(text, "dense_head(10)", "dense_head(10)");
    let inlined = after_action(&mut editor, URI, text, &call, "inline block");
    let expected = "    [\n        flatten;\n        dropout (0.5);\n        dense (2*10);\n        dense (10);\n        softmax\n    ];\n";
    assert!(inlined.contains(expected), "{inlined}");
    editor.replace(URI, 4, &inlined);
    assert!(editor.diagnostics_of(URI).iter().all(|one| one["severity"] != json!(1)));
    editor.shut_down();
}

#[test]
fn an_outline_folds_and_lenses() {
    let mut editor = Editor::start(&MemoryFiles::default());
    let text = include_str!("../../examples/zoo/resnet.cnn");
    editor.open(URI, text);
    let document = json!({ "textDocument": { "uri": URI } });
    let symbols = editor.request("textDocument/documentSymbol", document.clone());
    let names: Vec<&str> =
        symbols.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"resnet50") && names.contains(&"bottleneck"), "{names:?}");
    assert!(!editor.request("textDocument/foldingRange", document.clone()).as_array().unwrap().is_empty());
    let lenses = editor.request("textDocument/codeLens", document);
    let titles: Vec<&str> =
        lenses.as_array().unwrap().iter().map(|one| one["command"]["title"].as_str().unwrap()).collect();
    assert!(titles.iter().any(|title| title.starts_with("25.6 M parameters · 4.09 G MACs")), "{titles:?}");
    assert!(titles.contains(&"show graph") && titles.contains(&"run on a picture"), "{titles:?}");
    let found = editor.request("workspace/symbol", json!({ "query": "rn50" }));
    assert_eq!(found[0]["name"], "resnet50");
    let params = json!({ "textDocument": { "uri": URI }, "position": place(text, "network resnet50", 9) });
    let graph = editor.request("cnnc/graph", params.clone());
    assert_eq!(graph["network"], "resnet50");
    assert!(graph["content"].as_str().unwrap().starts_with("<svg"), "{graph}");
    let report = editor.request("cnnc/report", params);
    assert!(report["content"].as_str().unwrap().starts_with("<!doctype html>"));
    editor.shut_down();
}

#[test]
fn utf_8_is_spoken_where_the_client_offers_it() {
    let offered = json!({ "general": { "positionEncodings": ["utf-16", "utf-8"] } });
    let mut editor = Editor::start_with(&MemoryFiles::default(), offered);
    editor.open(URI, "input 8x8x1; # 𝄞é\nrelux;\n");
    assert_eq!(editor.diagnostics_of(URI)[0]["range"]["end"], json!({ "line": 1, "character": 5 }));
    editor.insert(URI, 2, 0, 21, " relux;");
    editor.insert(URI, 3, 0, 13, "\n");
    let found = editor.diagnostics_of(URI);
    assert!(found.iter().all(|one| one["range"]["start"]["line"] == 2), "{found:?}");
    editor.shut_down();
}

#[test]
fn the_name_behind_shared_is_a_name_and_the_end_of_an_expectation_a_metric() {
    let text = "network n {\n    input 4x4x1;\n    conv 3x3x1 same as a;\n    shared a;\n    expect a.params == 10;\n}\n";
    let mut editor = Editor::start(&MemoryFiles::default());
    editor.open(URI, text);
    let document = json!({ "textDocument": { "uri": URI } });
    let answer = editor.request("textDocument/semanticTokens/full", document);
    let numbers: Vec<u64> =
        answer["data"].as_array().unwrap().iter().map(|number| number.as_u64().unwrap()).collect();
    let (mut line, mut column) = (0, 0);
    let mut kinds = Vec::new();
    for token in numbers.chunks(5) {
        column = if token[0] == 0 { column + token[1] } else { token[1] };
        line += token[0];
        kinds.push(((line, column), token[3]));
    }
    let kind = |place: (u64, u64)| kinds.iter().find(|(at, _)| *at == place).map(|(_, kind)| *kind);
    let (written, shared) = (kind((2, 23)), kind((3, 11)));
    assert!(written.is_some() && written == shared, "{kinds:?}");
    assert!(kind((4, 13)).is_some() && kind((4, 13)) != shared, "{kinds:?}");
    assert_eq!(kind((4, 11)), shared, "{kinds:?}");
}

//! Answers to what an editor asks at a place of a text that is right: signatures, proposals, places of names, colours.

use serde_json::{Value, json};

use crate::lsp_client::{Editor, MemoryFiles, at, edited, offset, place, position};

const URI: &str = "file:///w/net.cnn";

const TEXT: &str = "let wide = 8;\ntable pairs 2 -> 2 {\n    0 1;\n    1;\n}\n## A cell.\n## With a stride.\nblock cell(c, s = 1) {\n    let half = c // 2;\n    conv 3x3x(half)/(s) same relu;\n}\nnetwork net(classes = 10) {\n    input 32x32x2;\n    conv 1x1x2 table=pairs as mixed;\n    concat <\n        | cell(wide)\n        | @mixed; conv 1x1x4\n    >;\n    cell(wide, s=2) -> 16x16x4;\n    avgpool global;  flatten;  dense (classes);\n    expect mixed.params <= 1K;\n}\nnetwork small = net(classes = 3);\n";

/// A server with [`TEXT`], or with another one.
fn opened(text: &str) -> Editor {
    let completion = json!({ "completionItem": { "snippetSupport": true } });
    let capabilities = json!({ "textDocument": { "completion": completion } });
    let mut editor = Editor::start_with(&MemoryFiles::default(), capabilities);
    editor.open(URI, text);
    editor
}

/// [`TEXT`] with a line in the network.
fn with_line(line: &str) -> String {
    TEXT.replace("    avgpool", &format!("    {line}\n    avgpool"))
}

/// The answer at the mark `‸` of a line in the network.
fn asked(line: &str, method: &str) -> Value {
    let text = with_line(line);
    let mut editor = opened(&text.replace('‸', ""));
    let answer = editor.request(method, at(URI, position(&text, text.find('‸').unwrap())));
    editor.shut_down();
    answer
}

fn item<'a>(items: &'a Value, label: &str) -> &'a Value {
    let all = items.as_array().unwrap();
    all.iter().find(|one| one["label"] == label).unwrap_or_else(|| panic!("no `{label}` in {items}"))
}

/// The passages of a text that an answer names.
fn passages<'a>(text: &'a str, ranges: impl IntoIterator<Item = &'a Value>) -> Vec<&'a str> {
    let passage = |range: &Value| &text[offset(text, &range["start"])..offset(text, &range["end"])];
    ranges.into_iter().map(passage).collect()
}

#[test]
fn the_signature_shows_which_parameter_is_reached() {
    for (line, active) in [("cell(‸", 0), ("cell(4, ‸", 1), ("cell(4, ‸2);", 1), ("cell(s=‸", 1)] {
        let help = asked(line, "textDocument/signatureHelp");
        let signature = &help["signatures"][0];
        assert_eq!(signature["label"], "cell(c, s = 1)", "{line}");
        assert_eq!(signature["documentation"]["value"], "A cell.\nWith a stride.", "{line}");
        let labels: Vec<&Value> =
            signature["parameters"].as_array().unwrap().iter().map(|one| &one["label"]).collect();
        assert_eq!(labels, ["c", "s = 1"], "{line}");
        assert_eq!(help["activeParameter"], active, "{line}");
    }
    for line in ["conv 3x3x(‸", "relu‸;", "nobody(‸"] {
        assert_eq!(asked(line, "textDocument/signatureHelp"), Value::Null, "{line}");
    }
}

#[test]
fn statements_are_proposed_with_templates_and_what_they_are() {
    let items = asked("‸", "textDocument/completion");
    let cell = item(&items, "cell");
    assert_eq!((&cell["detail"], &cell["insertText"]), (&json!("cell(c, s = 1)"), &json!("cell(${1:c})")));
    assert_eq!(cell["documentation"]["value"], "A cell.\nWith a stride.");
    // As many filters as channels arrive.
    assert_eq!(item(&items, "conv")["insertText"], "conv ${1:3x3}x${2:4}");
    assert_eq!(item(&items, "maxpool")["insertText"], "maxpool ${1:2}/${2:2}");
    assert!(
        item(&items, "conv")["documentation"]["value"].as_str().unwrap().contains("conv 5x5x16 same relu")
    );
    for word in ["residual", "identity", "expect", "let"] {
        item(&items, word);
    }
    assert!(items.as_array().unwrap().iter().all(|one| one["label"] != "network"), "items stand outside");
}

#[test]
fn behind_an_operator_its_own_words_are_proposed() {
    let labels = |line: &str| -> Vec<String> {
        let items = asked(line, "textDocument/completion");
        items.as_array().unwrap().iter().map(|one| one["label"].as_str().unwrap().to_owned()).collect()
    };
    let has = |labels: &[String], word: &str| labels.iter().any(|one| one == word);
    let conv = labels("conv 3x3x8 ‸");
    assert!(
        ["same", "groups=", "table=", "relu", "bn", "as"].iter().all(|word| has(&conv, word)),
        "{conv:?}"
    );
    assert!(!has(&conv, "countpad") && !has(&conv, "eps=") && !has(&conv, "3x3x4"), "{conv:?}");
    // The nearest operator word before the place is asked.
    let norm = labels("conv 3x3x8 bn ‸");
    assert!(has(&norm, "eps=") && !has(&norm, "groups="), "{norm:?}");
    let call = labels("cell(8) ‸");
    assert!(has(&call, "relu") && !has(&call, "same"), "{call:?}");
    assert_eq!(labels("conv 3x3x8 table=‸"), ["pairs"]);
    let values = labels("conv 3x3x8 groups=‸");
    assert!(has(&values, "wide") && has(&values, "classes") && !has(&values, "same"), "{values:?}");
    let call = labels("cell(‸");
    assert!(
        has(&call, "s=") && has(&call, "wide") && has(&call, "classes") && has(&call, "in.c"),
        "{call:?}"
    );
}

#[test]
fn a_name_is_highlighted_wherever_it_stands_in_the_file() {
    let mut editor = opened(TEXT);
    for (mark, wanted) in
        [("mixed;\n", 3), ("wide = 8", 3), ("cell(wide)", 3), ("classes = 10", 3), ("pairs 2", 2)]
    {
        let answer = editor.request("textDocument/documentHighlight", at(URI, place(TEXT, mark, 1)));
        let ranges = answer.as_array().unwrap().iter().map(|one| &one["range"]);
        let found = passages(TEXT, ranges);
        let word: String = mark.chars().take_while(char::is_ascii_alphanumeric).collect();
        assert_eq!(found, vec![word.as_str(); wanted], "{mark}");
    }
    let nothing = editor.request("textDocument/documentHighlight", at(URI, place(TEXT, "avgpool", 1)));
    assert!(nothing.as_array().is_none_or(Vec::is_empty), "{nothing}");
    editor.shut_down();
}

#[test]
fn a_selection_grows_from_the_word_to_the_file() {
    let mut editor = opened(TEXT);
    let positions = [place(TEXT, "1x1x4", 1)];
    let params = json!({ "textDocument": { "uri": URI }, "positions": positions });
    let answer = editor.request("textDocument/selectionRange", params);
    let mut ranges = Vec::new();
    let mut one = &answer[0];
    while !one.is_null() {
        ranges.push(&one["range"]);
        one = &one["parent"];
    }
    let found = passages(TEXT, ranges);
    assert_eq!(&found[..3], ["1", "1x1x4", "conv 1x1x4"]);
    assert!(found.contains(&"@mixed; conv 1x1x4"), "{found:?}");
    assert!(found.iter().any(|one| one.starts_with("concat <") && one.ends_with('>')), "{found:?}");
    assert!(found.iter().any(|one| one.starts_with("network net(") && one.ends_with('}')), "{found:?}");
    assert_eq!(found.last(), Some(&TEXT));
    assert!(found.windows(2).all(|pair| pair[1].contains(pair[0]) && pair[0] != pair[1]), "{found:?}");
    editor.shut_down();
}

#[test]
fn items_statements_and_runs_of_comments_fold() {
    let mut editor = opened(TEXT);
    let answer = editor.request("textDocument/foldingRange", json!({ "textDocument": { "uri": URI } }));
    let lines: Vec<(u64, u64, &str)> = answer
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let line = |key: &str| one[key].as_u64().unwrap();
            (line("startLine"), line("endLine"), one["kind"].as_str().unwrap_or(""))
        })
        .collect();
    // The line of the closing bracket stays to be seen.
    assert_eq!(lines, [(1, 3, ""), (5, 6, "comment"), (7, 9, ""), (11, 20, ""), (14, 16, "")]);
    editor.shut_down();
}

#[test]
fn networks_tables_constants_and_parameters_are_renamed() {
    let mut editor = opened(TEXT);
    for (mark, new) in [
        ("net(classes = 10)", "trunk"),
        ("pairs 2", "map"),
        ("wide = 8", "breadth"),
        ("classes = 10", "kinds"),
        ("half = c", "part"),
        ("c, s", "width"),
    ] {
        let word: String = mark.chars().take_while(char::is_ascii_alphanumeric).collect();
        let mut params = at(URI, place(TEXT, mark, 0));
        let prepared = editor.request("textDocument/prepareRename", params.clone());
        assert_eq!(prepared["placeholder"], word.as_str());
        params["newName"] = json!(new);
        let renamed = edited(TEXT, &editor.request("textDocument/rename", params)["changes"][URI]);
        assert!(renamed.contains(new), "{renamed}");
        // The name stands nowhere any more, and the text means what it meant.
        let words = |text: &str| -> Vec<String> {
            let is_part = |one: char| one.is_ascii_alphanumeric() || one == '_';
            text.split(|one| !is_part(one)).map(str::to_owned).collect()
        };
        let wanted: Vec<String> =
            words(TEXT).into_iter().map(|one| if one == word { new.to_owned() } else { one }).collect();
        assert_eq!(words(&renamed), wanted, "{mark}");
        let mut other = opened(&renamed);
        let found = other.diagnostics_of(URI);
        assert!(found.iter().all(|one| one["severity"] != 1), "{mark}: {found:?}");
        other.shut_down();
    }
    editor.shut_down();
}

#[test]
fn each_word_has_the_colour_of_what_it_is() {
    let mut editor = Editor::connect(&MemoryFiles::default());
    let asked = json!({ "processId": null, "rootUri": null, "capabilities": {} });
    let legend =
        editor.request("initialize", asked)["capabilities"]["semanticTokensProvider"]["legend"].clone();
    editor.notify("initialized", json!({}));
    editor.open(URI, TEXT);
    let answer =
        editor.request("textDocument/semanticTokens/full", json!({ "textDocument": { "uri": URI } }));
    editor.shut_down();
    let numbers: Vec<usize> =
        answer["data"].as_array().unwrap().iter().map(|one| one.as_u64().unwrap() as usize).collect();
    let lines: Vec<&str> = TEXT.lines().collect();
    let (mut line, mut column) = (0, 0);
    let mut shown: Vec<String> = vec![String::new(); lines.len()];
    for token in numbers.chunks(5) {
        column = if token[0] == 0 { column + token[1] } else { token[1] };
        line += token[0];
        let word = &lines[line][column..column + token[2]];
        let kind = legend["tokenTypes"][token[3]].as_str().unwrap();
        let trailing = legend["tokenModifiers"].as_array().unwrap().iter().position(|one| one == "trailing");
        let mark = if token[4] >> trailing.unwrap() & 1 == 1 { "+" } else { "" };
        shown[line] += &format!("{word}={kind}{mark} ");
    }
    let shown: Vec<&str> = shown.iter().map(|one| one.trim_end()).collect();
    insta::assert_snapshot!(shown.join("\n"), @r"
    let=keyword wide=variable 8=number
    table=keyword pairs=variable 2=number 2=number
    0=number 1=number
    1=number

    ## A cell.=comment
    ## With a stride.=comment
    block=keyword cell=macro c=parameter s=parameter 1=number
    let=keyword half=variable c=parameter 2=number
    conv=function 3x3x=number half=variable s=parameter same=modifier relu=function+

    network=keyword net=class classes=parameter 10=number
    input=keyword 32x32x2=number
    conv=function 1x1x2=number table=decorator pairs=variable as=keyword mixed=property
    concat=function
    cell=macro wide=variable
    mixed=property conv=function 1x1x4=number

    cell=macro wide=variable s=parameter 2=number 16x16x4=type
    avgpool=function global=modifier flatten=function dense=function classes=parameter
    expect=keyword mixed=property params=enumMember 1K=number

    network=keyword small=class net=class classes=parameter 3=number
    ");
}

/// The labels that are proposed at the mark `‸` of a text.
fn labels_in(text: &str) -> Vec<String> {
    let mut editor = opened(&text.replace('‸', ""));
    let items = editor.request("textDocument/completion", at(URI, position(text, text.find('‸').unwrap())));
    editor.shut_down();
    items.as_array().unwrap().iter().map(|one| one["label"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_may_follow_the_arguments_is_proposed_in_its_order() {
    let labels = |line: &str| labels_in(&with_line(line));
    let behind_repetition = labels("conv 3x3x4 same * 2 ‸;");
    assert_eq!(behind_repetition, ["-> 16x16x4", "as"]);
    assert_eq!(labels("conv 3x3x4 same * 2 -> 16x16x4 ‸"), ["as"]);
    assert_eq!(labels("[conv 3x3x4 same] * 2 ‸").last().unwrap(), "as");
    assert_eq!(labels("conv 3x3x4 same * 2 as \"l*\" ‸"), ["from"]);
    assert!(labels("conv 3x3x4 same as last ‸").is_empty());
}

#[test]
fn networks_words_and_parts_are_proposed_where_they_are_meant() {
    let instance = labels_in(&TEXT.replace("small = net(classes = 3);", "small = ‸"));
    assert_eq!(instance, ["net"]);
    let order = labels_in(&TEXT.replace("32x32x2;", "32x32x2 order=‸;"));
    assert!(order.iter().any(|one| one == "bgr") && !order.iter().any(|one| one == "wide"), "{order:?}");
    let has = |line: &str, word: &str| labels_in(&with_line(line)).iter().any(|one| one == word);
    assert!(has("avgpool ‸", "to") && !has("conv ‸", "to"));
    // The parts of the network, though the statement that is typed breaks it.
    assert!(has("expect ‸", "mixed") && has("expect ‸", "params"));
    assert!(has("shared ‸", "mixed") && has("‸", "shared"));
}

#[test]
fn trailing_words_are_proposed_for_parameters_that_stand_for_one() {
    let text = |line: &str| {
        format!(
            "block cell(n, word act = relu, word last = identity) {{\n    conv 1x1x(n) act{line}\n}}\nnetwork n {{\n    input 8x8x1;\n    cell(4);\n}}\n"
        )
    };
    let within = labels_in(&text(" ‸"));
    assert!(
        ["act", "last", "relu", "bn"].iter().all(|word| within.iter().any(|one| one == word)),
        "{within:?}"
    );
    for call in ["cell(4, ‸);", "cell(4, last=‸);", "cell(4, relu, ‸"] {
        let labels = labels_in(&text(";").replace("cell(4);", call));
        let has = |word: &str| labels.iter().any(|one| one == word);
        assert!(has("hswish") && has("identity") && !has("in.c"), "{call}: {labels:?}");
    }
    let number = labels_in(&text(";").replace("cell(4);", "cell(‸);"));
    assert!(
        number.iter().any(|one| one == "in.c") && !number.iter().any(|one| one == "hswish"),
        "{number:?}"
    );
}

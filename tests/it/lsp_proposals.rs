//! Whoever types the examples is proposed each word where it stands: the text is cut there to the end of the line, so
//! that it is as broken as a text that is being typed.

use std::path::Path;

use serde_json::json;

use cnnc::syntax::{Parsed, TokenKind};

use crate::canonical::programs;
use crate::formatting::read;
use crate::lsp_client::{Editor, MemoryFiles, at, position};

const URI: &str = "file:///w/net.cnn";

/// The words of a text that somebody chooses among known ones, with their first bytes: no new names.
fn chosen(parsed: &Parsed) -> Vec<(usize, &str)> {
    let text = |at: usize| parsed.tokens.get(at).map_or("", |&token| parsed.token_text(token));
    let mut words = Vec::new();
    // Within the parameters of an item.
    let mut header = false;
    for (at, token) in parsed.tokens.iter().enumerate() {
        let before = at.checked_sub(1).map_or("", text);
        header |= at >= 2 && token.is('(') && matches!(text(at - 2), "block" | "network");
        header &= !token.is(')');
        let names_something = matches!(before, "let" | "block" | "network" | "table" | "inline");
        // The `x` of a size touches what it divides.
        let touches = at > 0 && parsed.tokens[at - 1].end == token.start && !matches!(before, "(" | "=");
        if token.kind == TokenKind::Word && !header && !names_something && !touches {
            words.push((token.start as usize, text(at)));
        }
    }
    words
}

#[test]
fn each_word_of_the_examples_is_proposed_where_it_stands() {
    let mut files = Vec::new();
    programs(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples"), &mut files);
    let mut editor = Editor::start(&MemoryFiles::default());
    editor.open(URI, "");
    let (mut asked, mut missed, mut version) = (0, Vec::new(), 1);
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        let parsed = read(&text);
        for (start, word) in chosen(&parsed).into_iter().step_by(5) {
            let end = text[start..].find('\n').map_or(text.len(), |line| start + line);
            version += 1;
            editor.replace(URI, version, &format!("{}{}", &text[..start], &text[end..]));
            let items = editor.request("textDocument/completion", at(URI, position(&text, start)));
            let is_it = |label: &str| {
                let rest = label.strip_prefix(word);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['=', '.', ' ']))
            };
            if !items.as_array().unwrap().iter().any(|one| is_it(one["label"].as_str().unwrap())) {
                missed.push(format!("{}: {word} in {}", file.display(), &text[start..end]));
            }
            asked += 1;
        }
    }
    editor.shut_down();
    assert!(asked > 700 && missed.is_empty(), "{} of {asked}:\n{}", missed.len(), missed.join("\n"));
}

#[test]
fn parts_are_proposed_for_each_expectation_of_the_examples() {
    let text = include_str!("../../examples/zoo/googlenet.cnn");
    let mut editor = Editor::start(&MemoryFiles::default());
    editor.open(URI, text);
    for (version, (start, _)) in text.match_indices("expect inception").enumerate() {
        let start = start + "expect ".len();
        let end = text[start..].find('\n').map_or(text.len(), |line| start + line);
        let part = text[start..].split('.').next().unwrap();
        editor.replace(URI, version as i64 + 2, &format!("{}{}", &text[..start], &text[end..]));
        let items = editor.request("textDocument/completion", at(URI, position(text, start)));
        let labels = items.as_array().unwrap().iter().map(|one| one["label"].as_str().unwrap());
        assert!(
            labels.clone().any(|one| one == part),
            "{part} is not among {:?}",
            labels.collect::<Vec<_>>()
        );
        // The edit puts the whole path in place of what is written of it.
        assert_eq!(items[0]["textEdit"]["range"]["start"], json!(position(text, start)));
    }
    editor.shut_down();
}

//! The TextMate grammar of the VS Code extension names the words of the catalogue, and no others.
//!
//! It is written here, so that a new operator is coloured without anybody thinking of it: `UPDATE=1` writes the file
//! anew.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use cnnc::analysis::Metric;
use cnnc::ops::{self, Spec};

const FILE: &str = "editors/vscode/syntaxes/cnn.tmLanguage.json";

/// Words as alternatives of a regular expression, the longest first, so that none hides another.
fn alternatives<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut words: Vec<&str> = words.into_iter().collect();
    words.sort_by_key(|word| (std::cmp::Reverse(word.len()), *word));
    words.dedup();
    words.join("|")
}

fn rule(name: &str, pattern: &str) -> Value {
    json!({ "name": name, "match": pattern })
}

fn grammar() -> Value {
    let specs: Vec<&Spec> = ops::catalogue().chain(ops::forms()).chain([&ops::INPUT]).collect();
    let operators = alternatives(ops::catalogue().map(|spec| spec.name));
    let forms = alternatives(ops::forms().map(|spec| spec.name).chain(["identity"]));
    // `global` and `to` stand for the size of a pool.
    let flags = specs.iter().flat_map(|spec| spec.flags.iter().map(|flag| flag.name));
    let flags = alternatives(flags.chain(["global", "to"]).filter(|flag| ops::find(flag).is_none()));
    let attributes =
        alternatives(specs.iter().flat_map(|spec| spec.attributes.iter().map(|attribute| attribute.name)));
    let metrics = alternatives(Metric::ALL.iter().map(|metric| metric.name()).chain(["out"]));
    let part = r#"(?:[A-Za-z0-9_]+|"[^"\n]*")"#;
    json!({
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "name": "cnn",
        "scopeName": "source.cnn",
        "fileTypes": ["cnn"],
        "patterns": [{ "include": "#statements" }],
        "repository": {
            "statements": { "patterns": [
                { "include": "#comments" },
                { "include": "#strings" },
                { "include": "#items" },
                { "include": "#paths" },
                { "include": "#shapes" },
                { "include": "#words" },
                { "include": "#sizes" },
                { "include": "#parens" },
                { "include": "#expressions" },
                { "include": "#punctuation" },
            ] },
            "comments": { "patterns": [
                rule("comment.line.documentation.cnn", r"##(?!#).*$"),
                rule("comment.line.number-sign.cnn", r"#.*$"),
            ] },
            "strings": { "patterns": [rule("string.quoted.double.cnn", "\"[^\"\\n]*\"?")] },
            "items": { "patterns": [
                {
                    "match": r"\b(block)\s+([A-Za-z_][A-Za-z0-9_]*)",
                    "captures": {
                        "1": { "name": "keyword.declaration.block.cnn" },
                        "2": { "name": "entity.name.function.cnn" },
                    },
                },
                {
                    "match": r"\b(network)\s+([A-Za-z_][A-Za-z0-9_]*)",
                    "captures": {
                        "1": { "name": "keyword.declaration.network.cnn" },
                        "2": { "name": "entity.name.type.cnn" },
                    },
                },
                {
                    "match": r"\b(table)\s+([A-Za-z_][A-Za-z0-9_]*)",
                    "captures": {
                        "1": { "name": "keyword.declaration.table.cnn" },
                        "2": { "name": "variable.other.constant.cnn" },
                    },
                },
                {
                    "match": r"\b(let)\s+([A-Za-z_][A-Za-z0-9_]*)",
                    "captures": {
                        "1": { "name": "keyword.declaration.let.cnn" },
                        "2": { "name": "variable.other.constant.cnn" },
                    },
                },
                {
                    "match": format!(r"\b(expect)\s+((?:{part}\.)*)({metrics})\b"),
                    "captures": {
                        "1": { "name": "keyword.control.expect.cnn" },
                        "2": { "name": "entity.name.label.cnn" },
                        "3": { "name": "support.constant.metric.cnn" },
                    },
                },
                rule("keyword.control.cnn", r"\b(?:use|labels|expect|input)\b(?!\s*[=(])"),
                rule("keyword.declaration.inline.cnn", r"\binline(?=\s+block\b)"),
                rule("keyword.control.cnn", r"^\s*cnn(?=\s+[0-9])"),
            ] },
            "paths": { "patterns": [
                {
                    "match": format!(r"\b(as)\s+((?:{part}(?:\.{part})*)?(?:\[\])?)"),
                    "captures": {
                        "1": { "name": "keyword.operator.as.cnn" },
                        "2": { "name": "entity.name.label.cnn" },
                    },
                },
                rule("keyword.operator.from.cnn", r"\bfrom(?=\s+[0-9(])"),
                {
                    "match": format!(r"\b(shared)\s+({part}(?:\.{part})*)"),
                    "captures": {
                        "1": { "name": "keyword.control.shared.cnn" },
                        "2": { "name": "entity.name.label.cnn" },
                    },
                },
                rule("entity.name.label.cnn", &format!(r"@{part}(?:\.{part})*")),
            ] },
            // Parentheses begin a place of arithmetic, arguments or parameters; outside of them a number is a size.
            "shapes": { "patterns": [{
                "begin": r"->\s*",
                "end": r"(?=[\s;|<>\[\]{}#])|$",
                "beginCaptures": { "0": { "name": "keyword.operator.shape.cnn" } },
                "patterns": [
                    { "include": "#parens" },
                    rule("constant.numeric.shape.cnn", r"[0-9?x][0-9_?x]*"),
                ],
            }] },
            "parens": { "patterns": [{
                "begin": r"\(",
                "end": r"\)",
                "beginCaptures": { "0": { "name": "punctuation.section.parens.cnn" } },
                "endCaptures": { "0": { "name": "punctuation.section.parens.cnn" } },
                "patterns": [
                    { "include": "#comments" },
                    rule("keyword.other.word.cnn", r"\bword(?=\s+[A-Za-z_])"),
                    { "include": "#expressions" },
                    { "include": "#parens" },
                    rule("keyword.operator.assignment.cnn", r"="),
                    rule("punctuation.separator.comma.cnn", r","),
                ],
            }] },
            "words": { "patterns": [
                {
                    "match": format!(r"\b({attributes})(=)(?!=)"),
                    "captures": {
                        "1": { "name": "variable.parameter.attribute.cnn" },
                        "2": { "name": "keyword.operator.assignment.cnn" },
                    },
                },
                rule("keyword.control.form.cnn", &format!(r"\b(?:{forms})\b(?![\w.]|\s*[=(])")),
                rule("support.function.cnn", &format!(r"\b(?:{operators})\b(?![\w.]|\s*=)")),
                rule("storage.modifier.cnn", r"\bto(?=\s*[0-9(])"),
                rule("storage.modifier.cnn", &format!(r"\b(?:{flags})\b(?![\w.]|\s*[=(])")),
                {
                    "match": r"\b([A-Za-z_][A-Za-z0-9_]*)(?=\()",
                    "name": "entity.name.function.call.cnn",
                },
            ] },
            "sizes": { "patterns": [
                rule("constant.numeric.size.cnn", r"(?<![\w.])[0-9][0-9_]*(?:[x/][0-9][0-9_]*)+[x/]?"),
                rule("constant.numeric.size.cnn", r"(?<![\w.])[0-9][0-9_]*[x/](?=\()"),
                rule("constant.numeric.size.cnn", r"(?<=\))(?:[x/][0-9][0-9_]*)+[x/]?|(?<=\))[x/](?=\()"),
            ] },
            "expressions": { "patterns": [
                rule("variable.language.arriving.cnn", r"\bin\.[hwc]\b"),
                rule("support.function.builtin.cnn", r"\b(?:min|max|ceil|floor|round)\b(?=\()"),
                rule("constant.numeric.cnn", r"\b[0-9][0-9_]*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?:KiB|MiB|GiB|[KMGT])?\b"),
                rule("keyword.operator.comparison.cnn", r"==|<=|>="),
                rule("keyword.operator.arithmetic.cnn", r"//|[-+*/%^]"),
                rule("variable.other.cnn", r"\b[A-Za-z_][A-Za-z0-9_]*\b"),
            ] },
            "punctuation": { "patterns": [
                rule("keyword.operator.assignment.cnn", r"="),
                rule("punctuation.separator.branch.cnn", r"\|"),
                rule("punctuation.section.branches.cnn", r"[<>]"),
                rule("punctuation.section.group.cnn", r"[\[\]]"),
                rule("punctuation.section.block.cnn", r"[{}]"),
                rule("punctuation.section.parens.cnn", r"\)"),
                rule("punctuation.terminator.cnn", r";"),
                rule("punctuation.separator.comma.cnn", r","),
            ] },
        },
    })
}

#[test]
fn the_grammar_of_the_extension_is_that_of_the_catalogue() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let written = format!("{}\n", serde_json::to_string_pretty(&grammar()).unwrap());
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &written).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == written, "{FILE} is not that of the catalogue: run the test with UPDATE=1");
}

//! Hostile texts: limits are errors with their numbers, nothing panics, and the time is linear in the length.

use std::time::{Duration, Instant};

use cnnc::base::SourceMap;
use cnnc::diag::{Code, Diagnostic, RenderStyle, Sink, render};
use cnnc::syntax::ast::File;
use cnnc::syntax::parse;
use proptest::prelude::*;

fn parsed(text: &str) -> (File, Vec<Diagnostic>) {
    let mut map = SourceMap::default();
    let file = map.add("test.cnn", text);
    let mut sink = Sink::default();
    let tree = parse(&map, file, &mut sink).tree;
    let diagnostics = sink.into_sorted();
    let _shown = render(&diagnostics, &map, RenderStyle::default());
    assert_eq!(tree.broken, diagnostics.iter().any(|one| one.code != Code::W0001), "{text}");
    (tree, diagnostics)
}

fn codes(text: &str) -> Vec<Code> {
    parsed(text).1.iter().map(|one| one.code).collect()
}

#[test]
fn brackets_nest_to_128() {
    let nested = |open: &str, inner: &str, close: &str, depth: usize| {
        format!("{}{inner}{};", open.repeat(depth), close.repeat(depth))
    };
    for (open, inner, close) in
        [("residual < ", "relu", " > relu"), ("[", "relu", "] * 2"), ("dense (", "1", ")")]
    {
        // Only the first parenthesis belongs to a word.
        let open_rest = if open.starts_with("dense") { "(" } else { open };
        let text = |depth| nested(open_rest, inner, close, depth);
        let text = |depth| if open == open_rest { text(depth) } else { format!("dense {}", text(depth)) };
        assert_eq!(codes(&text(128)), [], "{open}");
        assert_eq!(codes(&text(129)), [Code::E0011], "{open}");
        assert_eq!(codes(&text(50_000)), [Code::E0011], "{open}");
        assert_eq!(codes(&open.repeat(50_000)), [Code::E0011], "{open}");
    }
}

#[test]
fn long_expressions_and_argument_lists_are_errors() {
    for text in [
        format!("let a = 1{}", " + 1".repeat(5000)),
        format!("let a = {}1", "- ".repeat(5000)),
        format!("let a = 1{}", " ^ 1".repeat(5000)),
        format!("let a = (1{}) + (1{})", " * 1".repeat(600), " * 1".repeat(600)),
        format!("conv {}", "a=1 ".repeat(300)),
        format!("b(1{})", ", 1".repeat(300)),
        format!("pad ({}1)", "1, ".repeat(300)),
        format!("block b(a{}) {{ relu }}", ", a".repeat(300)),
    ] {
        assert_eq!(codes(&text), [Code::E0012], "{}", &text[..40]);
    }
    assert_eq!(codes(&format!("let a = 1{}", " ^ 1".repeat(1023))), []);
    assert_eq!(codes(&format!("let a = {}1", "-".repeat(1023))), []);
}

#[test]
fn long_names_and_texts_are_errors() {
    assert_eq!(codes(&"a".repeat(255)), []);
    assert_eq!(codes(&"a".repeat(256)), [Code::E0013]);
    assert_eq!(codes(&format!("relu as x.{}", "a".repeat(256))), [Code::E0013]);
    assert_eq!(codes(&" ".repeat(4 << 20)), []);
    assert_eq!(codes(&" ".repeat((4 << 20) + 1)), [Code::E0010]);
}

/// Quadratic time would need minutes for these texts.
#[test]
fn time_is_linear_in_the_length() {
    let pieces = [
        "(",
        "[",
        "<",
        "{",
        ")",
        "]",
        ">",
        "}",
        "x",
        "1x1x",
        "1x(1)x",
        "\"",
        "\"\"",
        "#",
        "#\n",
        "a.b.c",
        "-",
        "- ",
        "@",
        "@a",
        ";",
        "|",
        "=",
        "* ",
        ",",
        "as ",
        "as a[",
        "->",
        "1.",
        "1e",
        "\n",
        "é",
        "\0",
        "\r",
        "()",
        "[]",
        "a<>",
        "conv ",
        "conv 3x3x8 ",
        "x;=",
        "a;",
        "a > ",
        "a < ",
        "a=",
        "a(1) ",
        "let ",
        "let a = ",
        "in.",
        "network ",
        "block a(",
        "network a {\n",
        "table a 1 -> 1 {",
        "## a\n",
        "# allow W0203, ",
        "use \"a\" ",
        "expect a == ",
        "input 1 ",
    ];
    let start = Instant::now();
    for piece in pieces {
        let text = piece.repeat(10_000_usize.div_ceil(piece.len()));
        let _parsed = parsed(&text);
        let prefixed = format!("network n {{ relu;\n{text}");
        let _parsed = parsed(&prefixed);
    }
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

fn soup() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "conv",
        "relu",
        "residual",
        "concat",
        "block",
        "network",
        "table",
        "let",
        "use",
        "input",
        "labels",
        "expect",
        "as",
        "in",
        "if",
        "cnn",
        "to",
        "aux",
        "a",
        "b",
        "3",
        "3x3x8",
        "0.5",
        "1x1x",
        "4.1G",
        "(",
        ")",
        "[",
        "]",
        "[]",
        "<",
        ">",
        "{",
        "}",
        "|",
        ";",
        ",",
        "=",
        "==",
        "<=",
        "->",
        "*",
        "+",
        "-",
        "/",
        "//",
        "^",
        "%",
        "?",
        ".",
        "@",
        "@a",
        "x",
        "\"s\"",
        "\"",
        "# c\n",
        "## d\n",
        "# allow W0203\n",
        "\n",
        "\n    ",
        "é",
        "\0",
        "network n {\n",
        "}\n",
        "relu;\n",
        "(n)",
    ]);
    prop::collection::vec((token, prop::sample::select(vec!["", " ", " "])), 0..60)
        .prop_map(|tokens| tokens.into_iter().flat_map(|(token, gap)| [token, gap]).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_parser_fail(text in soup()) {
        let (_, diagnostics) = parsed(&text);
        for one in &diagnostics {
            prop_assert!(one.message.chars().count() <= 80, "{}", one.message);
            prop_assert!(one.primary.span.end as usize <= text.len());
            // The grammar matches every text.
            prop_assert!(one.message != "unexpected text");
        }
    }

    #[test]
    fn no_characters_make_the_parser_fail(text in "\\PC{0,80}") {
        let _parsed = parsed(&text);
    }
}

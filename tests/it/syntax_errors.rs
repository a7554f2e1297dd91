//! What is said about each kind of syntax mistake, and that it is said once.

use cnnc::base::SourceMap;
use cnnc::diag::{RenderStyle, Sink, render, render_short};
use cnnc::syntax::parse;

/// Each text and the diagnostics that it gives, in their short form without the name of the file.
fn check(cases: &[(&str, &[&str])]) {
    for (text, expected) in cases {
        let mut map = SourceMap::default();
        let file = map.add("", *text);
        let mut sink = Sink::default();
        let parsed = parse(&map, file, &mut sink);
        let shown = render_short(&sink.into_sorted(), &map);
        let shown: Vec<&str> = shown.lines().map(|line| line.trim_start_matches(':')).collect();
        assert_eq!(shown, *expected, "{text}");
        assert!(parsed.tree.broken, "{text}");
    }
}

/// The diagnostics of a text as they are shown in a terminal.
fn drawn(text: &str) -> String {
    let mut map = SourceMap::default();
    let file = map.add("net.cnn", text);
    let mut sink = Sink::default();
    let _tree = parse(&map, file, &mut sink);
    render(&sink.into_sorted(), &map, RenderStyle::default())
}

#[test]
fn a_part_of_a_statement_is_missing_or_wrong() {
    check(&[
        ("conv 5x5x6 tanh -> ;", &["1:20: error[E0001]: expected a shape behind `->`, found `;`"]),
        ("conv 5x5x6 * ;", &["1:14: error[E0001]: expected a number or `( … )` behind `*`, found `;`"]),
        ("conv 5x5x6 * n;", &["1:14: error[E0212]: a number or `( … )` must stand behind `*`"]),
        ("conv 5x5x6 as ;", &["1:15: error[E0001]: expected a path behind `as`, found `;`"]),
        ("relu as a.;", &["1:11: error[E0001]: expected a path or a string, found `;`"]),
        ("relu as .a;", &["1:9: error[E0001]: expected a path behind `as`, found `.`"]),
        ("let = 3;", &["1:5: error[E0001]: expected a name, found `=`"]),
        ("let a 3;", &["1:7: error[E0001]: expected `=`, found `3`"]),
        ("let a = ;", &["1:9: error[E0001]: expected an expression, found `;`"]),
        ("let a = 3 + ;", &["1:13: error[E0001]: expected `(`, a name or a number, found `;`"]),
        ("let a = 3 4;", &["1:11: error[E0001]: expected an operator, found `4`"]),
        ("expect params 5;", &["1:15: error[E0001]: expected `==`, `<=` or `>=`, found `5`"]),
        ("expect == 5;", &["1:8: error[E0001]: expected a path, found `==`"]),
        ("expect params == ;", &["1:18: error[E0001]: expected a value behind `==`, found `;`"]),
        ("expect params < 4;", &["1:15: error[E0001]: `<` is no comparison"]),
        ("params == 5;", &["1:8: error[E0001]: a comparison without `expect`"]),
        ("conv 3 / 2;", &["1:8: error[E0001]: a stride without its size"]),
        ("conv pad=3x3;", &["1:10: error[E0001]: a size is no value of `pad=`"]),
        ("conv pad=;", &["1:10: error[E0001]: expected a value behind `pad=`, found `;`"]),
        ("conv pad==3;", &["1:9: error[E0001]: unexpected `==`"]),
        ("conv 3x3x();", &["1:10: error[E0001]: nothing stands in these parentheses"]),
        ("conv 3x3x(a, b);", &["1:10: error[E0001]: one expression must stand in these parentheses"]),
        ("conv 3x3x(a+) relu;", &["1:13: error[E0001]: expected `(`, a name or a number, found `)`"]),
        ("conv 3x3x(a b) relu;", &["1:13: error[E0001]: expected `,`, `=` or an operator, found `b`"]),
        ("conv 3x3x(a=1);", &["1:11: error[E0001]: `a=` may not stand in the parentheses of a value"]),
        ("conv 3x3\n    ->\nrelu", &["2:5: error[E0001]: expected a shape behind `->`, found `relu`"]),
        ("use x;", &["1:5: error[E0001]: expected a string, found `x`"]),
        ("labels 3;", &["1:8: error[E0001]: expected a string, found `3`"]),
        ("cnn; relu", &["1:4: error[E0001]: expected a number, found `;`"]),
        ("@;", &["1:1: error[E0001]: no path behind `@`"]),
        ("@ left;", &["1:1: error[E0001]: no path behind `@`"]),
        ("relu as a [];", &["1:10: error[E0001]: a path is one token, without white space"]),
        ("relu as a[;", &["1:10: error[E0001]: a sequence is named with `[]`"]),
        ("relu as a[1];", &["1:10: error[E0001]: a sequence is named with `[]`"]),
        ("relu as \"a.b\";", &["1:9: error[E0001]: a quoted part of a path holds no `.`"]),
        ("relu as \"\";", &["1:9: error[E0001]: a part of a path is empty"]),
        ("residual [ conv 3 ];", &["1:10: error[E0001]: `[` behind `residual`"]),
        ("residual { conv 3 };", &["1:10: error[E0001]: `{ }` enclose only the body of an item"]),
        ("foo(1) < relu >;", &["1:8: error[E0211]: a block call takes no branches"]),
    ]);
}

#[test]
fn what_begins_no_statement() {
    check(&[
        ("\"abc\";", &["1:1: error[E0001]: expected a statement, found a string"]),
        ("3x3;", &["1:1: error[E0001]: expected a statement, found `3x3`"]),
        ("= 3;", &["1:1: error[E0001]: expected a statement, found `=`"]),
        ("-> 3x3x3;", &["1:1: error[E0001]: expected a statement, found `->`"]),
        ("if x; conv 3", &["1:1: error[E0008]: `if` is reserved and begins no statement"]),
        ("shared;", &["1:7: error[E0001]: expected a path, found `;`"]),
        ("shared a relu;", &["1:10: error[E0211]: `shared path` takes no trailing words"]),
        ("shared a * 2;", &["1:10: error[E0211]: `shared path` takes no `* n`"]),
        ("relu as a\nshared a as b", &["1:10: error[E0002]: a `;` is missing"]),
        ("as x;", &["1:1: error[E0001]: expected a statement, found `as`"]),
        ("conv 3 -> 3; / 2", &["1:12: error[E0001]: this `;` cuts a statement in two"]),
    ]);
}

#[test]
fn missing_separators() {
    check(&[
        ("conv 5x5x6 tanh\nmaxpool 2/2; relu", &["1:16: error[E0002]: a `;` is missing"]),
        ("conv 5x5x6 tanh maxpool 2/2; relu", &["1:16: error[E0002]: a `;` is missing"]),
        ("conv 5x5x6 relu avgpool to 2x2", &["1:16: error[E0002]: a `;` is missing"]),
        ("conv 5x5x6 relu\n  avgpool\n    to 2x2", &["2:10: error[E0002]: a `;` is missing"]),
        ("[conv 3x3x8] relu", &["1:13: error[E0002]: a `;` is missing"]),
        ("@a relu", &["1:3: error[E0002]: a `;` is missing"]),
        ("conv 3x3x8 as c maxpool 2/2", &["1:16: error[E0002]: a `;` is missing"]),
        ("conv 3x3x8 -> 1x1x8\nrelu", &["1:20: error[E0002]: a `;` is missing"]),
        ("conv 3x3x8 * 2 [relu]", &["1:15: error[E0002]: a `;` is missing"]),
        ("relu @a", &["1:5: error[E0002]: a `;` is missing"]),
        ("input 3x3x3 conv 3x3x3", &["1:12: error[E0002]: a `;` is missing"]),
        ("input 3x3x3 as x conv 3x3x3", &["1:17: error[E0002]: a `;` is missing"]),
        ("let a = 3 conv 3x3x3", &["1:10: error[E0002]: a `;` is missing"]),
        ("let a = in.c\nlet b = 2; relu", &["1:13: error[E0002]: a `;` is missing"]),
        ("labels \"x\" relu", &["1:11: error[E0002]: a `;` is missing"]),
        ("expect params == 4 expect macs == 5", &["1:19: error[E0002]: a `;` is missing"]),
        ("relu let c = 3; relu", &["1:5: error[E0002]: a `;` is missing"]),
        ("conv 3x3x8 residual < relu >", &["1:11: error[E0002]: a `;` is missing"]),
        ("relu\nmul < relu | relu >", &["1:5: error[E0002]: a `;` is missing"]),
        ("residual < relu > mul < relu | relu >", &["1:18: error[E0002]: a `;` is missing"]),
        ("b(1) b(2)", &["1:5: error[E0002]: a `;` is missing"]),
        ("relu c(n=1)", &["1:5: error[E0002]: a `;` is missing"]),
        ("block c(n) { relu } network n { relu c(1) }", &["1:37: error[E0002]: a `;` is missing"]),
        ("network n { relu }\nnetwork m = n() let x = 3;", &["2:16: error[E0002]: a `;` is missing"]),
        ("network n { conv 3x3x3 expect out == 3 }", &["1:23: error[E0002]: a `;` is missing"]),
    ]);
}

#[test]
fn needless_separators() {
    check(&[
        ("conv 3;; relu", &["1:8: error[E0001]: this `;` ends nothing"]),
        ("; conv 3", &["1:1: error[E0001]: this `;` ends nothing"]),
        ("conv ; 3x3x3;", &["1:6: error[E0001]: this `;` cuts a statement in two"]),
        ("conv 3x3x3 ; pad=1 relu", &["1:12: error[E0001]: this `;` cuts a statement in two"]),
        ("conv 3x3x3 ; -> 3x3x3", &["1:12: error[E0001]: this `;` cuts a statement in two"]),
        ("let a = ; 3; relu", &["1:9: error[E0001]: this `;` cuts a statement in two"]),
        ("network a { relu };", &["1:19: error[E0001]: this `;` ends nothing"]),
        ("network ; a { relu }", &["1:9: error[E0001]: this `;` cuts a statement in two"]),
        ("table t 3 -> 2 { 0;; 1 }", &["1:20: error[E0001]: this `;` ends nothing"]),
        ("conv 1x1x; (c)", &["1:6: error[E0007]: `1x1x` is no number and no size"]),
    ]);
}

#[test]
fn brackets() {
    check(&[
        ("let a = (3;", &["1:11: error[E0003]: `(` is not closed"]),
        ("let a = 3);", &["1:10: error[E0004]: `)` closes nothing"]),
        ("conv 3x3x(n;", &["1:12: error[E0003]: `(` is not closed"]),
        ("conv 3x3x(n bn;", &["1:15: error[E0003]: `(` is not closed"]),
        ("conv 3x3x(n; + 1) bn", &["1:12: error[E0001]: `;` inside parentheses"]),
        ("dense ((3)", &["1:11: error[E0003]: `(` is not closed"]),
        ("b() 3)", &["1:3: error[E0004]: `)` closes nothing"]),
        ("[ conv 3;", &["1:10: error[E0003]: `[` is not closed"]),
        ("conv 3 ];", &["1:8: error[E0004]: `]` closes nothing"]),
        ("[conv 3 >", &["1:9: error[E0004]: `>` closes `[`"]),
        ("residual < relu ]", &["1:17: error[E0004]: `]` closes `<`"]),
        ("residual < relu } relu", &["1:17: error[E0004]: `}` closes `<`"]),
        ("residual project <\n    conv 3x3x3;\nrelu", &["2:16: error[E0003]: `<` is not closed"]),
        (
            "residual <\n    mul <\n        relu\n        | relu;\n    conv 3\n> relu",
            &["4:16: error[E0003]: `<` is not closed"],
        ),
        (
            "residual project\n    conv 3x3x3\n> relu",
            &["1:17: error[E0004]: `<` is missing behind `residual`"],
        ),
        ("residual project conv 3x3x3 > relu", &["1:9: error[E0004]: `<` is missing behind `residual`"]),
        ("mul identity | relu >", &["1:4: error[E0004]: `<` is missing behind `mul`"]),
        ("< relu >", &["1:1: error[E0001]: expected a statement, found `<`"]),
        ("relu | relu", &["1:6: error[E0001]: `|` outside branches"]),
        (
            "concat < < relu | relu >",
            &["1:10: error[E0001]: `<` without the word of a branch form before it"],
        ),
        ("network a { relu", &["1:17: error[E0003]: `{` is not closed"]),
        ("network a { relu;\n\nnetwork b { relu }", &["1:18: error[E0003]: `{` is not closed"]),
        ("network a { relu } }", &["1:20: error[E0004]: `}` closes nothing"]),
        ("network a relu; conv 3x3x3; }", &["1:10: error[E0001]: `{` is missing behind `network`"]),
        ("network a { { relu }", &["1:13: error[E0001]: `{` may not stand here"]),
        ("a(n) { relu }", &["1:1: error[E0001]: an item without its keyword"]),
        ("table t 1 -> 1 0; }", &["1:15: error[E0001]: `{` is missing behind `table`"]),
    ]);
}

#[test]
fn headers_and_items() {
    check(&[
        ("network { relu }", &["1:9: error[E0001]: expected a name, found `{`"]),
        ("network a = ;", &["1:13: error[E0001]: expected a name, found `;`"]),
        ("network a = b;", &["1:14: error[E0001]: expected `(`, found `;`"]),
        ("network a b(3);", &["1:11: error[E0001]: expected `(` or `=`, found `b`"]),
        ("network a x { relu }", &["1:11: error[E0001]: expected `(` or `=`, found `x`"]),
        ("block b(a { relu }", &["1:10: error[E0003]: `(` is not closed"]),
        ("block b(a, , c) { relu }", &["1:12: error[E0001]: expected a name, found `,`"]),
        ("table t 3 -> { 0 1; }", &["1:14: error[E0001]: expected a number, found `{`"]),
        ("table t 3 - 2 { 0; 1 }", &["1:11: error[E0001]: expected `->`, found `-`"]),
        ("table t 3 -> 2 { 0 a; 1 }", &["1:20: error[E0001]: expected a number, found `a`"]),
        ("cnn 2; relu", &["1:5: error[E0015]: there is no edition 2"]),
        (
            "network a { block b() { relu } relu }",
            &["1:13: error[E0016]: `block` may not stand inside a body"],
        ),
        ("network a { relu } conv 3;", &["1:20: error[E0016]: a statement outside a network"]),
        ("relu; network a { relu }", &["1:1: error[E0016]: a statement outside a network"]),
        ("conv 3; block b() { relu }", &["1:9: error[E0016]: `block` may not stand behind statements"]),
        ("conv 3; use \"x\";", &["1:9: error[E0016]: `use` may not stand behind statements"]),
        ("network a { use \"x\"; relu }", &["1:13: error[E0016]: `use` may not stand inside a body"]),
        ("x network a { relu }", &["1:1: error[E0001]: unexpected text before `network`"]),
    ]);
}

#[test]
fn names() {
    check(&[
        ("block if() { relu }", &["1:7: error[E0008]: `if` is reserved and cannot call a block"]),
        ("block input() { relu }", &["1:7: error[E0008]: `input` is reserved and cannot call a block"]),
        ("block b(min) { relu }", &["1:9: error[E0008]: `min` is no name for a constant or parameter"]),
        ("let in = 3;", &["1:5: error[E0008]: `in` is no name for a constant or parameter"]),
        ("let a = in;", &["1:9: error[E0008]: `in` is no value by itself"]),
        ("let a = min;", &["1:9: error[E0008]: `min` is no value by itself"]),
        ("let a = as;", &["1:9: error[E0008]: `as` is no value by itself"]),
        ("let a = in.d;", &["1:9: error[E0102]: the arriving shape has no `d`"]),
        ("let a = mni(3);", &["1:9: error[E0102]: there is no function `mni`"]),
        ("let a = foo(3);", &["1:9: error[E0102]: there is no function `foo`"]),
    ]);
}

#[test]
fn numbers_and_sizes() {
    check(&[
        ("conv 3x3x4.1", &["1:6: error[E0007]: `3x3x4.1` is no number and no size"]),
        ("conv 3x", &["1:6: error[E0007]: `3x` is no number and no size"]),
        ("conv 3xx3", &["1:6: error[E0007]: `3xx3` is no number and no size"]),
        ("conv 3x3xn", &["1:6: error[E0007]: `3x3xn` is no number and no size"]),
        ("conv 4.1G", &["1:6: error[E0007]: `4.1G` is no number and no size"]),
        ("expect params == 4.1Q", &["1:18: error[E0007]: `4.1Q` is no number and no size"]),
        ("conv 1e", &["1:6: error[E0007]: `1e` is no number and no size"]),
        ("conv 1.", &["1:6: error[E0007]: `1.` is no number and no size"]),
        ("conv 12abc", &["1:6: error[E0007]: `12abc` is no number and no size"]),
        ("conv 99999999999999999999", &["1:6: error[E0007]: this number is too large"]),
        ("conv 1e999", &["1:6: error[E0007]: this number is too large"]),
        ("dense 1.5.2", &["1:7: error[E0007]: `1.5.2` is no number and no size"]),
    ]);
}

#[test]
fn characters_and_strings() {
    check(&[
        ("conv 3x3x3 $ relu;", &["1:12: error[E0006]: the language does not use `$`"]),
        ("conv 3×3×3;", &["1:7: error[E0006]: the language does not use `×`"]),
        ("conv 3x3x3 → 3x3x3;", &["1:12: error[E0006]: the language does not use `→`"]),
        ("conv 3 \\ relu", &["1:8: error[E0006]: the language does not use `\\`"]),
        ("conv 3 é", &["1:8: error[E0006]: the language does not use `é`"]),
        ("use \"x", &["1:5: error[E0005]: this string does not end on its line"]),
        (
            "use \"x;\nrelu as \"y;\nrelu",
            &[
                "1:5: error[E0005]: this string does not end on its line",
                "2:9: error[E0005]: this string does not end on its line",
            ],
        ),
        ("relu # a\u{202e}", &["1:9: error[E0006]: the invisible character U+202E may not stand here"]),
        ("labels \"a\u{7}b\";", &["1:10: error[E0006]: the invisible character U+0007 may not stand here"]),
        ("relu\0;", &["1:5: error[E0006]: the language does not use `␀`"]),
        ("relu\u{d}relu", &["1:5: error[E0006]: the language does not use `␍`"]),
        ("\u{feff}relu \u{feff}", &["1:7: error[E0006]: the language does not use `<U+FEFF>`"]),
    ]);
}

#[test]
fn suffixes() {
    check(&[
        ("conv 5x5x6 -> 2x2x3 relu;", &["1:21: error[E0211]: `relu` stands too late"]),
        ("conv 5x5x6 as c relu;", &["1:17: error[E0211]: `relu` stands too late"]),
        ("conv 5x5x6 as c * 2;", &["1:17: error[E0211]: `* n` stands behind `as path`"]),
        ("relu as a -> 3;", &["1:11: error[E0211]: `-> shape` stands behind `as path`"]),
        ("relu * 2 * 3;", &["1:10: error[E0202]: `* n` is given twice"]),
        ("conv 5x5x6 -> 3x3x3 -> 3x3x3;", &["1:21: error[E0202]: `-> shape` is given twice"]),
        ("relu as a as b", &["1:11: error[E0202]: `as path` is given twice"]),
        ("relu as as b", &["1:9: error[E0202]: `as` is given twice"]),
        ("@a * 3;", &["1:4: error[E0211]: `@path` takes no `* n`"]),
        ("@a -> 3;", &["1:4: error[E0211]: `@path` takes no `-> shape`"]),
        ("@a as b;", &["1:4: error[E0211]: `@path` takes no `as path`"]),
        ("input 3x3x3 -> 3;", &["1:13: error[E0211]: `input` takes no `-> shape`"]),
        ("input 3x3x3 as a as b;", &["1:18: error[E0211]: `as path` is given twice"]),
        ("labels \"x\" * 3;", &["1:12: error[E0211]: `labels` takes no `* n`"]),
        ("let a = 3 -> 3;", &["1:11: error[E0211]: `let` takes no `-> shape`"]),
    ]);
}

#[test]
fn member_patterns() {
    check(&[
        ("relu as \"a*b*c\";", &["1:9: error[E0214]: a member's number stands in a name once"]),
        ("relu as \"a*\".b;", &["1:9: error[E0214]: a `*` stands only in the last part of a name"]),
        ("relu as \"a*\"[];", &["1:9: error[E0214]: a member's number stands in a name once"]),
        ("@\"a*\";", &["1:2: error[E0214]: `*` stands for a member's number only after `as`"]),
        (
            "expect \"a*\".params == 3",
            &["1:8: error[E0214]: `*` stands for a member's number only after `as`"],
        ),
    ]);
}

#[test]
fn empty_parts() {
    check(&[
        ("block b() { }", &["1:11: error[E0009]: a block's body is empty"]),
        ("network a { }", &["1:11: error[E0009]: a network's body is empty"]),
        ("residual < > relu", &["1:12: error[E0009]: a branch is empty"]),
        ("residual < conv 3 | >", &["1:21: error[E0009]: a branch is empty"]),
        ("inception < | a | | b >", &["1:19: error[E0009]: a branch is empty"]),
        ("[ ]", &["1:1: error[E0009]: a group is empty"]),
        ("[] * 2", &["1:1: error[E0009]: an empty group"]),
        (
            "relu as a []; []",
            &[
                "1:10: error[E0001]: a path is one token, without white space",
                "1:15: error[E0009]: an empty group",
            ],
        ),
    ]);
}

#[test]
fn an_unclosed_bracket_is_shown_with_its_beginning() {
    let text = "network n {\n    residual project <\n        conv 3x3x8;\n    relu;\n}\n";
    insta::assert_snapshot!(drawn(text), @r#"
    error[E0003]: `<` is not closed
      ┌─ net.cnn:3:20
    2 │     residual project <
      │                      - opened here
    3 │         conv 3x3x8;
      │                    ^ `>` is missing here
      = help: put in `>`
      = help: formatting the text then indents what the brackets enclose
    "#);
}

#[test]
fn a_missing_separator_is_shown_with_what_it_separates() {
    insta::assert_snapshot!(drawn("conv 5x5x6 tanh -> 28x28x6\nmaxpool 2/2;\n"), @r#"
    error[E0002]: a `;` is missing
      ┌─ net.cnn:1:27
    1 │ conv 5x5x6 tanh -> 28x28x6
      │                           ^ must stand here
    2 │ maxpool 2/2;
      │ ------- `maxpool` begins a statement of its own
      = help: put in `;`
    "#);
}

#[test]
fn several_mistakes_are_all_found() {
    let text = "\
network n(classes = ) {
    input 28x28x1
    conv 5x5x6 * k tanh;
    [maxpool 2/2; dense (classes];
    let c = ;
    residual < relu | >
    conv 3x3x8.5;
}
";
    insta::assert_snapshot!(drawn(text), @r#"
    error[E0001]: expected an expression, found `)`
      ┌─ net.cnn:1:21
    1 │ network n(classes = ) {
      │                     ^

    error[E0002]: a `;` is missing
      ┌─ net.cnn:2:18
    2 │     input 28x28x1
      │                  ^ must stand here
    3 │     conv 5x5x6 * k tanh;
      │     ---- `conv` begins a statement of its own
      = help: put in `;`

    error[E0212]: a number or `( … )` must stand behind `*`
      ┌─ net.cnn:3:18
    3 │     conv 5x5x6 * k tanh;
      │                  ^
      = help: write `(k)`

    error[E0003]: `(` is not closed
      ┌─ net.cnn:4:33
    4 │     [maxpool 2/2; dense (classes];
      │                         -       ^ `)` is missing here
      │                         │
      │                         opened here
      = help: put in `)`

    error[E0001]: expected an expression, found `;`
      ┌─ net.cnn:5:13
    5 │     let c = ;
      │             ^

    error[E0009]: a branch is empty
      ┌─ net.cnn:6:23
    6 │     residual < relu | >
      │                       ^
      = help: `identity` passes the value on unchanged

    error[E0002]: a `;` is missing
      ┌─ net.cnn:6:24
    6 │     residual < relu | >
      │                        ^ must stand here
    7 │     conv 3x3x8.5;
      │     ---- `conv` begins a statement of its own
      = help: put in `;`

    error[E0007]: `3x3x8.5` is no number and no size
      ┌─ net.cnn:7:10
    7 │     conv 3x3x8.5;
      │          ^^^^^^^ dimensions are whole numbers
    "#);
}

#[test]
fn an_unfinished_item_leaves_those_below_it_whole() {
    let below = "block b(n) {\n    conv 1x1x(n);\n}\nnetwork n {\n    input 8x8x3;\n    b(4);\n}\n";
    for (line, error) in [
        ("use", "1:1: error[E0001]: this `use` is not finished"),
        ("let", "1:1: error[E0001]: this `let` is not finished"),
        ("let wide =", "1:1: error[E0001]: this `let` is not finished"),
        ("let wide = 2 *", "1:1: error[E0001]: this `let` is not finished"),
        ("block", "1:1: error[E0001]: this `block` is not finished"),
        ("inline block", "1:1: error[E0001]: this `inline` is not finished"),
        ("network a =", "1:1: error[E0001]: this `network` is not finished"),
    ] {
        let text = format!("{line}\n{below}");
        let mut map = SourceMap::default();
        let file = map.add("", text.as_str());
        let mut sink = Sink::default();
        let parsed = parse(&map, file, &mut sink);
        let shown = render_short(&sink.into_sorted(), &map);
        assert_eq!(
            shown.lines().map(|line| line.trim_start_matches(':')).collect::<Vec<_>>(),
            [error],
            "{line}"
        );
        let names = parsed.tree.items.iter().filter_map(|item| item.name());
        assert_eq!(names.map(|name| name.value.as_str()).collect::<Vec<_>>(), ["b", "n"], "{line}");
    }
}

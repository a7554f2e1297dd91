//! Sentences of the language's reference that a second implementation, written from them alone, read otherwise.

use cnnc::analysis::Status;
use cnnc::driver::{Options, Session};

use crate::program::compile;

/// The codes of what is wrong with a file, as `cnnc check` finds it.
fn check(text: &str) -> Vec<String> {
    let session = Session::load(&(), "test.cnn", text.as_bytes().to_vec(), "test");
    let outcome = session.check(&Options::default()).unwrap();
    outcome.diagnostics.iter().map(|one| one.code.to_string()).filter(|code| code.starts_with('E')).collect()
}

#[test]
fn a_stated_shape_speaks_of_what_arrives_at_the_statement() {
    for text in [
        "input 8x8x4; conv 3x3x6 -> (in.h - 2)x(in.w - 2)x(in.c + 2)",
        "input 8x8x4; conv 1x1x(in.c + 1) * 3 -> 8x8x(in.c + 3)",
        "input 8x8x4; [maxpool 2/2; conv 1x1x3] -> (in.h / 2)x?x3 as a",
        "input 8x8x4; aux < conv 1x1x8 > -> 8x8x(2*in.c) as head; relu",
        "input 8x8x4; flatten -> (in.h * in.w * in.c)",
        "input 8x8x4; relu * 0 -> 8x8x(in.c)",
    ] {
        assert_eq!(check(text), [""; 0], "{text}");
    }
    assert_eq!(check("input 8x8x4; conv 3x3x6 -> (in.h)x(in.w)x(in.c)"), ["E0301"]);
}

#[test]
fn white_space_and_comments_stand_between_any_two_tokens() {
    for text in [
        "block b(p = floor(1.5))\n{ conv 1x1x(p) }\nnetwork n { input 8x8x4; b() }",
        "block b(p = (2 + (3)/(3)\n)) # with its default\n{ conv 1x1x(p) }\nnetwork n { input 8x8x4; b() }",
        "network n(p = min(1, 2))\n{ input 8x8x4; conv 1x1x(p) }",
        "network m(p) { input 8x8x4; conv 1x1x(p) }\nnetwork n(p = min(1, 2))\n= m(p);",
        "input 8x8x4; [conv 1x1x2 relu as\n[]; relu] as s[]",
        "input 8x8x4; [conv 1x1x2 relu as # a sequence of its own\n[]; relu] as s[]",
        "input 8x8x4; relu as\nf.0a; relu as # the second\n1b[]; @1b; expect\nf.0a.params == 0; expect # none\n1b.0.macs == 0",
        "input 8x8x4; relu as\n\"a b\"; expect\n\"a b\".out == 8x8x4",
    ] {
        assert_eq!(check(text), [""; 0], "{text}");
    }
}

#[test]
fn an_auxiliary_branch_takes_no_repetition_and_no_trailing_words() {
    for suffix in ["* 2 as h", "* 1 as h", "* 0 as h", "relu as h", "bn eps=0.1 -> 8x8x4 as h"] {
        let text = format!("input 8x8x4; aux < conv 1x1x4 > {suffix}; relu");
        assert_eq!(check(&text), ["E0211"], "{text}");
    }
}

#[test]
fn eps_of_a_residual_belongs_to_the_normalisation_of_its_projection() {
    for policy in ["", "project", "project nobias", "ifsame", "zeropad"] {
        let text = format!("input 8x8x4; residual {policy} eps=0.001 < conv 1x1x4 >");
        assert_eq!(check(&text), ["E0206"], "{text}");
    }
    assert_eq!(check("input 8x8x4; residual project bn eps=0.001 < conv 1x1x6 >"), [""; 0]);
}

#[test]
fn a_gate_of_one_element_fits_a_map_of_one_position() {
    let text = "input 8x8x4; avgpool global; mul < identity | conv 1x1x1 sigmoid > -> 1x1x4";
    assert!(compile(text).is_ok());
    let text = "input 8x8x4; mul < identity | avgpool global; conv 1x1x1 sigmoid >";
    assert_eq!(compile(text).unwrap_err(), ["E0307: the branches cannot be multiplied"]);
}

#[test]
fn a_zero_padded_shortcut_is_aligned_with_a_body_of_its_stride() {
    let text = "input 16x16x8; residual zeropad < conv 3x3x16/2 pad=1 relu; conv 3x3x16 same > as r";
    let session = Session::load(&(), "test.cnn", text.as_bytes().to_vec(), "test");
    let checked = session.compile(&Options::default()).unwrap().checked.expect("it compiles");
    let receptive = checked.receptive(checked.graph().value("r").unwrap());
    assert_eq!((receptive.status, receptive.size()), (Status::Exact, 7));
    assert_eq!(receptive.rows.stride.to_f64(), 2.0);
}

#[test]
fn what_no_copy_is_written_of_is_read_all_the_same() {
    for (text, expected) in [
        ("input 8x8x4; conv 3x3x4 sames * 0; relu", "E0201"),
        ("input 8x8x4; [relu; nope(3)] * 0; relu", "E0101"),
        ("input 8x8x4; [relu; [conv 1x1x(width)] * 0] * 0; relu", "E0102"),
        ("input 8x8x4; conv 1x1x4 table=t * 0; relu", "E0112"),
        ("input 8x8x4; residual < relu shared > * 0; relu", "E0201"),
        ("block b(n) { [relu; relu 4] * (n) } network n { input 8x8x4; b(0); relu }", "E0204"),
        ("block b() { [relu; relu 4] * 0 } network n { input 8x8x4; relu }", "E0204"),
        ("block b(n) { relu; b(n - 1) * (n) } network n { input 8x8x4; b(0) }", "E0107"),
        ("block a() { relu nope } block b(n) { relu; a() * (n) } network n { input 8x8x4; b(0) }", "E0201"),
    ] {
        assert_eq!(check(text), [expected], "{text}");
    }
    // Values are those of a statement that is not wanted.
    for text in [
        "let h = 0; input 8x8x4; [conv 1x1x(h) bn relu] * (h); relu",
        "block b(h) { [conv 1x1x(h) bn relu as a] * (h); [relu; @a] * (h); relu } network n { input 8x8x4; b(0) }",
        "block b(h) { [relu as a] * (h); [relu as a] * (1 - h) } network n { input 8x8x4; [b(0)] * 0; b(0) }",
        "block b(h) { [split (h) < relu | relu >] * (h); relu } network n { input 8x8x4; b(0); b(2) as c }",
        "input 8x8x4; [[conv 1x1x4 relu as []] * 0; relu] as s[]",
    ] {
        assert_eq!(check(text), [""; 0], "{text}");
    }
}

#[test]
fn what_nothing_asks_for_is_read_all_the_same() {
    for (text, expected) in [
        ("let a = width; input 8x8x4; relu", "E0102"),
        ("let a = 1/0; input 8x8x4; relu", "E0208"),
        ("let a = b; let b = a; input 8x8x4; relu", "E0108"),
        ("block b(n = width) { relu } input 8x8x4; relu", "E0102"),
    ] {
        assert_eq!(check(text), [expected], "{text}");
    }
}

#[test]
fn the_edition_is_given_once_before_everything_else() {
    for text in [
        "cnn 1; cnn 1; input 8x8x4; relu",
        "let a = 1; cnn 1; input 8x8x4; conv 1x1x(a)",
        "input 8x8x4; cnn 1; relu",
        "network n { cnn 1; input 8x8x4; relu }",
    ] {
        assert_eq!(check(text), ["E0016"], "{text}");
    }
    assert_eq!(check("# a comment\n\ncnn 1;\ninput 8x8x4; relu"), [""; 0]);
}

#[test]
fn a_name_of_identity_is_a_path_like_any_other() {
    for text in [
        "input 8x8x4; identity as x; relu as x",
        "input 8x8x4; relu as x; identity as x",
        "input 8x8x4; identity as x; relu; identity as x; @x",
        "input 8x8x4; identity as relu1; relu",
        "input 8x8x4; [relu] as x; identity as x",
    ] {
        assert_eq!(check(text), ["E0105"], "{text}");
    }
    assert_eq!(check("input 8x8x4; concat < identity as x | identity; relu as identity1 >; @x"), [""; 0]);
}

//! Sentences of the language's reference that a second implementation, written from them alone, read otherwise.

use cnnc::driver::{Options, Session};

/// The codes of what is wrong with a file, as `cnnc check` finds it.
fn check(text: &str) -> Vec<String> {
    let session = Session::load(&(), "test.cnn", text.as_bytes().to_vec(), "test");
    let outcome = session.check(&Options::default()).unwrap();
    outcome.diagnostics.iter().map(|one| one.code.to_string()).filter(|code| code.starts_with('E')).collect()
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

//! What people write who know other tools, and what is answered: `tests/fixtures/mistakes.txt` holds a statement a
//! line, and behind `⇒` the first help of the first error. `UPDATE=1` writes the answers anew; they are to be read.

use std::fmt::Write as _;

use cnnc::diag::{Diagnostic, Severity};
use cnnc::driver::{Options, Session};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/mistakes.txt");

/// The first help of the first error of a text; where it has none, what stands at the place.
fn answer(text: &str) -> String {
    let text = if text.contains("network") || text.contains("input") {
        text.to_owned()
    } else {
        format!("input 32x32x8 as x; {text}")
    };
    let session = Session::load(&(), "inline.cnn", text.into_bytes(), "inline");
    let outcome = session.check(&Options::default()).expect("no network has to be chosen");
    let Some(error) = outcome.diagnostics.iter().find(|one| one.severity == Severity::Error) else {
        return "no error".to_owned();
    };
    match error.helps.first() {
        Some(help) => help.text.clone(),
        None => format!("({})", error.primary.text),
    }
}

#[test]
fn words_of_other_tools_and_common_slips_are_answered() {
    let fixture = std::fs::read_to_string(FIXTURE).expect("the fixture is there");
    let mut written = String::new();
    for line in fixture.lines() {
        match line.split_once('⇒') {
            Some((text, _)) if !line.starts_with('#') => {
                writeln!(written, "{} ⇒ {}", text.trim_end(), answer(text.trim())).expect("a string grows");
            }
            _ => writeln!(written, "{line}").expect("a string grows"),
        }
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(FIXTURE, &written).expect("the fixture can be written");
    }
    for (expected, found) in fixture.lines().zip(written.lines()) {
        assert_eq!(found, expected);
    }
    assert!(fixture.matches('⇒').count() >= 120);
}

#[test]
fn what_follows_a_forgotten_semicolon_belongs_to_the_next_statement() {
    let text = "input 32x32x3;\nconv 3x3x4\nmaxpool 2/2\nflatten\ndense 10\n";
    let session = Session::load(&(), "net.cnn", text.as_bytes().to_vec(), "net");
    let outcome = session.check(&Options::default()).unwrap();
    let said: Vec<&str> = outcome.diagnostics.iter().map(|one| one.message.as_str()).collect();
    assert_eq!(said, ["a `;` is missing"; 3]);
    let text = "input 8x8x4; conv 3x3x4 same relu identity;\nresidual < conv 3x3x4 same > relu flatten\ndense 10 as fc;";
    let session = Session::load(&(), "net.cnn", text.as_bytes().to_vec(), "net");
    let outcome = session.check(&Options::default()).unwrap();
    let missing = |one: &Diagnostic| (one.message == "a `;` is missing").then_some(one.primary.span.start);
    let places: Vec<_> = outcome.diagnostics.iter().map(missing).collect();
    let expected = [" identity", " flatten", "\ndense"].map(|next| text.find(next).map(|at| at as u32));
    assert_eq!(places, expected);
}

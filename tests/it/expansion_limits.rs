//! Hostile programs: an expansion ends with an error, however little a text needs to ask for much.

use std::collections::BTreeMap;
use std::io;

use cnnc::diag::MOST_KEPT;
use cnnc::driver::{Loader, Options, Session};

/// `code: what is there` of each error of a check.
fn errors_of(session: &Session) -> Vec<String> {
    let outcome = session.check(&Options::default()).expect("nothing has to be chosen");
    let errors = outcome.diagnostics.iter().filter(|one| one.code.id().starts_with('E'));
    errors.map(|one| format!("{}: {}", one.code, one.primary.text)).collect()
}

fn errors(text: &str) -> Vec<String> {
    errors_of(&Session::load(&(), "test.cnn", text.as_bytes().to_vec(), "test"))
}

const TOO_LONG: &str = "E0314: the networks of the file take too long to expand";

#[test]
fn copies_of_nothing_are_counted() {
    for text in [
        "input 8x8x1; identity * 1000000000;",
        "input 8x8x1; [identity * 1000000000] * 1000000000;",
        "input 8x8x1; [relu * 0] * 1000000000;",
        "input 8x8x1; relu as a; [@a] * 1000000000;",
    ] {
        assert_eq!(errors(text), [TOO_LONG], "{text}");
    }
    let doubled = |depth: usize| {
        let blocks: String =
            (1..depth).map(|i| format!("block b{i} {{ b{}(); b{}(); }} ", i - 1, i - 1)).collect();
        format!("block b0 {{ identity }} {blocks} network n {{ input 8x8x1; b{}(); }}", depth - 1)
    };
    assert_eq!(errors(&doubled(10)), [""; 0]);
    assert_eq!(errors(&doubled(60)), [TOO_LONG]);
}

#[test]
fn terms_and_references_are_counted() {
    let sum = "+x".repeat(1000);
    let text =
        format!("block b(x) {{ let y = x{sum}; relu * (0*y) }} network n {{ input 8x8x1; b(1) * 100000; }}");
    assert_eq!(errors(&text), [TOO_LONG]);
    let rows = "0;".repeat(50_000);
    let text = format!(
        "table t 1 -> 50000 {{ {rows} }} network n {{ input 1x1x1; [conv 1x1x50000 table=t; conv 1x1x1] * 40000; }}"
    );
    assert_eq!(errors(&text), [TOO_LONG]);
}

#[test]
fn the_networks_of_a_file_share_their_steps() {
    let instances: String = (0..100).map(|i| format!("network n{i} = m({i}); ")).collect();
    let text = format!("network m(x = 1) {{ input 8x8x1; identity * (1000000 + x); }} {instances}");
    assert_eq!(errors(&text), [TOO_LONG]);
    let text = format!("network m(x = 1) {{ input 8x8x1; identity * (1000 + x); }} {instances}");
    assert_eq!(errors(&text), [""; 0]);
}

#[test]
fn constants_lead_to_constants_to_a_limit() {
    let chain = |length: usize| {
        let constants: String = (0..length).map(|i| format!("let a{i} = a{} + 1; ", i + 1)).collect();
        format!("{constants} let a{length} = 1; input 8x8x1; relu * (a0);")
    };
    assert_eq!(errors(&chain(500)), [""; 0]);
    assert_eq!(errors(&chain(30_000)), ["E0314: constants lead to constants too deeply"]);
}

#[test]
fn networks_are_instances_to_a_limit() {
    let chain = |length: usize| {
        let instances: String =
            (0..length).map(|i| format!("network n{i}(x = 1) = n{}(x); ", i + 1)).collect();
        format!("{instances} network n{length}(x) {{ input 8x8x1; relu * (x); }}")
    };
    assert_eq!(errors(&chain(60)), [""; 0]);
    let found = errors(&chain(100));
    assert!(
        !found.is_empty() && found.iter().all(|one| one.starts_with("E0315: the 65th instance")),
        "{found:?}"
    );
}

#[test]
fn paths_have_a_length() {
    let named = |depth: usize| {
        let names = format!("] as {}", "n".repeat(99)).repeat(depth);
        format!("input 8x8x1; {}relu{names};", "[".repeat(depth))
    };
    assert_eq!(errors(&named(9)), [""; 0]);
    assert_eq!(errors(&named(20)).len(), 1);
    assert!(errors(&named(20))[0].starts_with("E0013"));
}

#[test]
fn an_expansion_ends_with_the_last_error_that_is_kept() {
    let unknown: String = (0..5 * MOST_KEPT).map(|i| format!("block b{i} {{ rleu }} ")).collect();
    assert_eq!(errors(&format!("{unknown} network n {{ input 8x8x1; relu }}")).len(), MOST_KEPT);
    let unknown: String = (0..5 * MOST_KEPT).map(|i| format!("relu * (a{i});\n")).collect();
    assert_eq!(errors(&format!("input 8x8x1; {unknown}")).len(), MOST_KEPT);
}

#[test]
fn an_uncalled_block_is_checked_once_and_a_called_one_with_its_arguments() {
    let text = "block used(n) { conv 3x3x(n) groups=7 } block unused(n) { conv 3x3x(n) gruops=2 }
        network a { input 8x8x1; relu } network b { input 8x8x4; used(4) }";
    let found = errors(text);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("E0303") && found[1].starts_with("E0201"), "{found:?}");
}

#[test]
fn used_files_count_together() {
    struct Files(BTreeMap<String, String>);
    impl Loader for Files {
        fn read(&self, path: &str) -> io::Result<Vec<u8>> {
            self.0
                .get(path)
                .map(|text| text.clone().into_bytes())
                .ok_or_else(|| io::ErrorKind::NotFound.into())
        }
    }
    let large = |name: &str| format!("block {name} {{ relu }} {}", " ".repeat(2_400_000));
    let files = Files(
        [("a.cnn", large("a")), ("b.cnn", large("b"))].map(|(name, text)| (name.to_owned(), text)).into(),
    );
    let check = |text: &str| errors_of(&Session::load(&files, "test.cnn", text.as_bytes().to_vec(), "test"));
    assert_eq!(check("use \"a.cnn\"; network n { input 8x8x1; a(); }"), [""; 0]);
    let found = check("use \"a.cnn\"; use \"b.cnn\"; network n { input 8x8x1; a(); }");
    assert_eq!(found, ["E0010: has 2400017 bytes of them"]);
}

/// What a caller of the library gets on a thread with a small stack: the deepest texts that the limits allow.
#[test]
fn the_deepest_legal_text_compiles_on_a_stack_of_one_mebibyte() {
    // 120 brackets hold each call, 64 blocks hold each other, and the innermost holds the longest expression: nested
    // as deep as its own brackets go, then to the right.
    let nested = |what: &str| {
        let open: String = (0..120).map(|i| if i % 2 == 0 { "[" } else { "add < identity | " }).collect();
        let close: String = (0..120).rev().map(|i| if i % 2 == 0 { "]" } else { ">" }).collect();
        format!("{open}{what}{close}")
    };
    let right = (0..780).map(|_| "1^").collect::<String>() + "1";
    let sum = (0..120).map(|_| "(1*").collect::<String>() + &right + &")".repeat(120);
    let constants: String = (0..60).map(|i| format!("let a{i} = a{} + 0;\n", i + 1)).collect();
    let blocks: String =
        (1..64).map(|i| format!("block b{i}() {{ {} }}\n", nested(&format!("b{}()", i - 1)))).collect();
    let text = format!(
        "{constants} let a60 = {sum};\nblock b0() {{ {} }}\n{blocks}
         network n {{ input 4x4x1; b63() }}\nnetwork m {{ input 4x4x1; {} }}",
        nested("relu * (a0)"),
        nested("relu * (1)")
    );
    let work = move || {
        let session = Session::load(&(), "test.cnn", text.into_bytes(), "test");
        let found = errors_of(&session);
        assert_eq!(found, [""; 0]);
        let options = Options { network: Some("n".to_owned()), ..Options::default() };
        let outcome = session.compile(&options).expect("the network exists");
        let checked = outcome.checked.expect("no error");
        assert_eq!(checked.graph().layers().count(), 1 + 64 * 60);
    };
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(work).expect("a thread");
    thread.join().expect("no error and no overflow");
}

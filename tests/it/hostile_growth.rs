//! Work and memory that must grow no faster than what is given.

use std::fs;

use super::hostile::run;

#[cfg(target_os = "linux")]
use super::{hostile::NETWORK, hostile_limits::after};

/// A sum of so many ones.
fn sum(terms: usize) -> String {
    format!("let a = 1{}; input 8x8x3; relu", "+1".repeat(terms - 1))
}

#[test]
fn the_tree_of_a_text_is_as_long_as_the_text() {
    let folder = tempfile::tempdir().unwrap();
    let printed = |text: &str| {
        fs::write(folder.path().join("n.cnn"), text).unwrap();
        let (code, tree, said) = run(folder.path(), &["dump", "n.cnn", "--after", "parse"]);
        assert_eq!(code, 0, "{said}");
        tree.len()
    };
    // A printer that indents each term deeper writes four times as much for twice the terms.
    assert!(printed(&sum(4000)) * 10 < printed(&sum(2000)) * 23);
    let nested =
        |depth: usize| format!("input 8x8x3; {} relu {}", "residual < ".repeat(depth), "> ".repeat(depth));
    assert!(printed(&nested(120)) < printed(&nested(60)) * 5);
}

#[cfg(target_os = "linux")]
#[test]
fn a_tree_of_four_mebibytes_is_printed_as_it_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let statement = "conv 3x3x4 same pad=1 as a; ";
    let text = format!("input 8x8x3; {}", statement.repeat((4 << 20) / statement.len() - 1));
    fs::write(folder.path().join("n.cnn"), text).unwrap();
    let output = after("ulimit -v 800000", folder.path(), &["dump", "n.cnn", "--after", "parse"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Dense texts: statements that are as short as they can be, right and wrong ones, and comments.
#[cfg(target_os = "linux")]
const DENSE: [&str; 24] = [
    "@a;",
    "[a];",
    "a;",
    "1;",
    "<>;",
    "\"a\";",
    "(a);",
    "-> 1;",
    "as a;",
    "let a=1;",
    "use a;",
    "{}",
    "a<b>;",
    "a<a|a>;",
    "a(1);",
    "a=1;",
    "a.b;",
    "a@",
    "?;",
    "}",
    "block a(){a}",
    "block ",
    "##\na;",
    "1 ",
];

#[cfg(target_os = "linux")]
#[test]
fn dense_texts_take_little_more_memory_than_others() {
    let folder = tempfile::tempdir().unwrap();
    for statement in DENSE {
        let text = format!("input 8x8x1;{}", statement.repeat((1 << 20) / statement.len() - 12));
        fs::write(folder.path().join("n.cnn"), text).unwrap();
        // A text of 1 MiB; four times as much is the largest that is read.
        let output = after("ulimit -v 180000", folder.path(), &["dump", "n.cnn", "--after", "parse"]);
        assert_eq!(output.status.code(), Some(0), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn long_statements_and_tables_are_refused_unread() {
    let folder = tempfile::tempdir().unwrap();
    let many = |part: &str| part.repeat((1 << 20) / part.len());
    for text in [
        format!("let a=1{}; input 8x8x1; relu;", many("+1")),
        format!("input 8x8x1; relu({}1); relu;", many("1,")),
        format!("input 8x8x1; relu {}; relu;", many("a ")),
        format!("table a 1->1 {{ {} }} input 8x8x1; relu;", many("1;")),
    ] {
        fs::write(folder.path().join("n.cnn"), text).unwrap();
        let output = after("ulimit -v 200000", folder.path(), &["check", "n.cnn"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains("error[E0012]") && said.ends_with("\n1 error\n"),
            "{}",
            &said[said.len() - 300..]
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_baseline_is_prepared_once_for_all_files() {
    let folder = tempfile::tempdir().unwrap();
    let files = 4000;
    for index in 0..files {
        fs::write(folder.path().join(format!("n{index}.cnn")), NETWORK).unwrap();
    }
    let (code, _, said) = run(folder.path(), &["check", ".", "--baseline", "b.txt", "--update"]);
    assert_eq!(code, 0, "{said}");
    let baseline = fs::read_to_string(folder.path().join("b.txt")).unwrap();
    assert_eq!(baseline.matches("params: 140").count(), files);
    // Where each file prepares the baseline anew, that takes 240 KB for each.
    let output =
        after("ulimit -v 300000", folder.path(), &["check", ".", "--baseline", "b.txt", "--threads", "2"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A limit of processor time that linear work is far from, and quadratic work far beyond.
#[cfg(target_os = "linux")]
const LINEAR: &str = "ulimit -t 40";

#[cfg(target_os = "linux")]
#[test]
fn failing_variants_cost_the_same_however_many_fail() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("n.cnn"), "network n(k=1) { input 8x8x3; conv 3x3x(k) }").unwrap();
    let variants: Vec<String> = (10..100_010).map(|k| format!("{{ k = {k} }}")).collect();
    let rule = "[[networks]]\nfiles = [\"*.cnn\"]\nmax = { params = 1 }\n";
    fs::write(path.join("cnnc.toml"), format!("{rule}variants = [{}]\n", variants.join(", "))).unwrap();
    let output = after(LINEAR, path, &["check"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.ends_with("100001 errors\n"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn tensors_that_nobody_wants_are_told_apart_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("n.cnn"), format!("input 4x4x1; {}", "conv 1x1x1; ".repeat(40_000))).unwrap();
    let tensors: Vec<String> = (0..150_000)
        .map(|index| {
            let start = index * 4;
            format!(
                "\"u{index}\":{{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[{start},{}]}}",
                start + 4
            )
        })
        .collect();
    let header = format!("{{{}}}", tensors.join(","));
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.resize(bytes.len() + tensors.len() * 4, 0);
    fs::write(path.join("w.safetensors"), bytes).unwrap();
    let output = after(LINEAR, path, &["weights", "n.cnn", "--against", "w.safetensors"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("80000 missing, 150000 unexpected"), "{said}");
}

#[test]
fn an_archive_of_many_seeded_weights_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("n.cnn"), format!("input 4x4x1; {}", "conv 1x1x1; ".repeat(5001))).unwrap();
    assert_eq!(run(path, &["weights", "n.cnn", "--seed", "1", "--output", "w.npz"]).0, 0);
    let (code, _, said) = run(path, &["weights", "n.cnn", "--against", "w.npz"]);
    assert_eq!(code, 0, "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn rows_of_one_sign_are_read_once() {
    let folder = tempfile::tempdir().unwrap();
    for (before, sign) in
        [("", "@"), ("as ", "@ "), ("", "/*"), ("input 8x8x3; ", "b()"), ("(", "a()+"), ("", "block ")]
    {
        fs::write(folder.path().join("n.cnn"), format!("{before}{}", sign.repeat(300_000))).unwrap();
        let output = after(LINEAR, folder.path(), &["check", "n.cnn"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{before}{sign}: {said}");
    }
}

//! `cnnc check --fix`: certain edits are made, once and for all, and nothing else is touched.

use std::path::Path;
use std::process::{Command, Output};

use cnnc::driver::{Options, Session};

fn cnnc(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cnnc"));
    command.args(arguments).current_dir(folder).env("NO_COLOR", "1").output().unwrap()
}

/// The file behind `check --fix`, the exit code, and what was said.
fn fixed(text: &str) -> (String, i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("n.cnn");
    std::fs::write(&path, text).unwrap();
    let output = cnnc(folder.path(), &["check", "--fix", "n.cnn", "--format", "short"]);
    let after = std::fs::read_to_string(&path).unwrap();
    // Once more changes nothing.
    let again = cnnc(folder.path(), &["check", "--fix", "n.cnn", "--format", "short"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), after);
    assert_eq!(again.status.code(), output.status.code());
    let entries = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(entries, 1, "nothing else is left in the folder");
    let said = [output.stderr, output.stdout].concat();
    (after, output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

#[test]
fn mistakes_of_spelling_are_mended() {
    let broken = "// a small network\ninput 32, 32, 3\nc1 = conv 3x3x8 same reul\nmaxpool 2 2\nflatten\ndense 10\nsoftmax\n";
    let (after, code, said) = fixed(broken);
    assert_eq!(
        after,
        "# a small network\ninput 32x32x3;\nconv 3x3x8 same relu as c1;\nmaxpool 2/2;\nflatten;\ndense 10;\nsoftmax\n",
        "{said}"
    );
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("n.cnn:1:1: write `#`\n"), "{said}");
    assert!(said.contains("write `relu`\n"), "{said}");
    assert!(said.contains("edits made\n"), "{said}");
}

#[test]
fn decisions_about_the_model_are_left_alone() {
    for text in [
        "input 9x9x3; conv 3x3x8 -> 9x9x8;\n",
        "input 8x8x3; residual < conv 3x3x8 >;\n",
        "input 8x8x3; conv 3x3x8; expect params == 1;\n",
    ] {
        let (after, code, said) = fixed(text);
        assert_eq!((after.as_str(), code), (text, 1), "{said}");
    }
}

#[test]
fn what_cannot_be_mended_decides_the_exit_code() {
    let (after, code, said) = fixed("input 8x8x3\nconv 3x3x8\nwhatever 7\n");
    assert_eq!(after, "input 8x8x3;\nconv 3x3x8;\nwhatever 7\n");
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("unknown operator `whatever`"), "{said}");
}

#[test]
fn a_diff_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let text = "input 8x8x3\nrelu\nconv 3x3x8\n";
    std::fs::write(folder.path().join("n.cnn"), text).unwrap();
    let output = cnnc(folder.path(), &["check", "--fix", "--diff", "n.cnn"]);
    assert_eq!(std::fs::read_to_string(folder.path().join("n.cnn")).unwrap(), text);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("-input 8x8x3\n") && shown.contains("+input 8x8x3;\n"), "{shown}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn what_is_no_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in
        [&["check", "--fix", "-"][..], &["check", "--fix", "zoo:lenet5"], &["check", "--fix", "-e", "relu"]]
    {
        assert_eq!(cnnc(folder.path(), arguments).status.code(), Some(2), "{arguments:?}");
    }
    assert_eq!(cnnc(folder.path(), &["check", "--diff", "n.cnn"]).status.code(), Some(2));
}

#[test]
fn a_used_file_is_left_alone_and_a_folder_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    write("b.cnn", "block b() { conv 3x3x8 reul; }\n");
    write("n.cnn", "use \"b.cnn\"\ninput 8x8x3;\nb();\n");
    let output = cnnc(folder.path(), &["check", "--fix", "n.cnn"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(read("n.cnn"), "use \"b.cnn\";\ninput 8x8x3;\nb();\n");
    assert_eq!(read("b.cnn"), "block b() { conv 3x3x8 reul; }\n");
    let output = cnnc(folder.path(), &["check", "--fix", "."]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(read("b.cnn"), "block b() { conv 3x3x8 relu; }\n");
}

/// A text without any `;` has one error for each, and no other.
#[test]
fn a_text_without_separators_has_one_error_a_place() {
    for (text, places) in [
        ("input 8x8x3\nconv 3x3x8 same relu\nmaxpool 2/2\nflatten\ndense 10\nsoftmax\n", 5),
        ("let w = 32\nblock a() { conv 3x3x(w) }\ninput 8x8x3\na()\n", 2),
        ("let w = 32\nblock a() { conv 3x3x(w); }\ninput 8x8x3; a();\n", 1),
        ("network a = b()\nnetwork b() { input 8x8x3; relu; }\n", 1),
        ("network n {\n  input 8x8x3\n  residual <\n    conv 3x3x3 same\n    relu\n  > relu\n  relu\n}\n", 3),
    ] {
        let session = Session::load(&(), "n.cnn", text.as_bytes().to_vec(), "n");
        let outcome = session.check(&Options::default()).unwrap();
        let found: Vec<String> =
            outcome.diagnostics.iter().map(|one| format!("{}: {}", one.code, one.message)).collect();
        assert_eq!(found, vec!["E0002: a `;` is missing".to_owned(); places], "{text}");
    }
}

/// A file of another kind is one error that says what it is.
#[test]
fn files_of_other_kinds_are_named() {
    for (bytes, message) in [
        (&b"\x08\x08\x12\x00:\x01"[..], "this is an ONNX model, and no `.cnn` text"),
        (b"[net]\nbatch=1\n[convolutional]\nsize=3\n", "this is a Darknet configuration, and no `.cnn` text"),
        (b"import torch\nclass Net:\n  pass\n", "this is a PyTorch program, and no `.cnn` text"),
    ] {
        let session = Session::load(&(), "n.cnn", bytes.to_vec(), "n");
        let outcome = session.check(&Options::default()).unwrap();
        let found: Vec<&str> = outcome.diagnostics.iter().map(|one| one.message.as_str()).collect();
        assert_eq!(found, [message]);
    }
}

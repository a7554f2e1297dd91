//! Baselines: written, compared with, updated, and the same text whatever the order of work.

use std::path::Path;
use std::process::{Command, Output, Stdio};

const NET: &str = "network net {\n    input 8x8x3;\n    conv 3x3x4 same relu;\n    flatten;\n    dense 10 as head;\n}\nnetwork other {\n    input 8x8x1;\n    relu;\n}\n";

fn cnnc(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cnnc"));
    command.args(arguments).current_dir(folder).env("NO_COLOR", "1").stdin(Stdio::null()).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_change_is_reported_until_the_baseline_is_updated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.cnn");
    std::fs::write(&path, NET).unwrap();
    std::fs::write(folder.path().join("cnnc.toml"), "").unwrap();
    let check = |more: &[&str]| cnnc(folder.path(), &[&["check", "--baseline", "base.txt"], more].concat());
    assert_eq!(check(&[]).status.code(), Some(3), "there is no baseline yet");
    assert_eq!(check(&["--update"]).status.code(), Some(0));
    assert_eq!(check(&[]).status.code(), Some(0));
    let text = std::fs::read_to_string(folder.path().join("base.txt")).unwrap();
    assert!(text.contains("\nnet.cnn#net\n  params: 2682\n"), "{text}");
    assert!(text.contains("\n  layer head: dense 10 params 2570 macs 2560\n"), "{text}");

    std::fs::write(&path, NET.replace("3x3x4", "3x3x5").replace("network other", "network another")).unwrap();
    let output = check(&[]);
    assert_eq!(output.status.code(), Some(1));
    let words = said(&output);
    assert!(words.contains("error[E0405]: `net.cnn#net` differs from the baseline"), "{words}");
    assert!(words.contains("`params` was 2682, is 3350"), "{words}");
    assert!(words.contains("`net.cnn#another` is not in the baseline"), "{words}");
    assert!(words.contains("`net.cnn#other` is gone"), "{words}");
    assert!(words.contains("base.txt:"), "{words}");

    assert_eq!(check(&["--update"]).status.code(), Some(0));
    assert_eq!(check(&[]).status.code(), Some(0));
    let text = std::fs::read_to_string(folder.path().join("base.txt")).unwrap();
    assert!(!text.contains("#other"), "{text}");
}

#[test]
fn an_update_of_one_file_leaves_the_others() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.cnn", "b.cnn"] {
        std::fs::write(folder.path().join(name), NET).unwrap();
    }
    let update = |files: &[&str]| {
        let output = cnnc(folder.path(), &[&["check", "--baseline", "base.txt", "--update"], files].concat());
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        std::fs::read_to_string(folder.path().join("base.txt")).unwrap()
    };
    let both = update(&["a.cnn", "b.cnn"]);
    std::fs::remove_file(folder.path().join("base.txt")).unwrap();
    update(&["b.cnn"]);
    assert_eq!(update(&["a.cnn"]), both);
    assert_eq!(cnnc(folder.path(), &["check", "a.cnn", "--baseline", "base.txt"]).status.code(), Some(0));
}

#[test]
fn a_report_saves_its_network_and_a_damaged_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.cnn"), NET).unwrap();
    for network in ["net", "other"] {
        let arguments = ["report", "a.cnn", "--network", network, "--save-baseline", "base.txt"];
        assert_eq!(cnnc(folder.path(), &arguments).status.code(), Some(0));
    }
    let check = || cnnc(folder.path(), &["check", "a.cnn", "--baseline", "base.txt"]);
    assert_eq!(check().status.code(), Some(0), "{}", said(&check()));
    std::fs::write(folder.path().join("base.txt"), "# cnnc baseline 1, x\n\na\n  wrong\n").unwrap();
    let output = check();
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output).contains("error[E0704]: base.txt:4:"), "{}", said(&output));
}

#[test]
fn the_project_names_its_baseline() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    std::fs::write(folder.path().join("sub/net.cnn"), NET).unwrap();
    std::fs::write(folder.path().join("cnnc.toml"), "baseline = \"base.txt\"\n").unwrap();
    let inside = folder.path().join("sub");
    assert_eq!(cnnc(&inside, &["check"]).status.code(), Some(3), "there is none yet");
    assert_eq!(cnnc(&inside, &["check", "--update"]).status.code(), Some(0));
    assert!(folder.path().join("base.txt").exists());
    std::fs::write(inside.join("net.cnn"), NET.replace("3x3x4", "3x3x5")).unwrap();
    let (here, above) = (cnnc(&inside, &["check"]), cnnc(folder.path(), &["check"]));
    assert_eq!((here.status.code(), said(&here)), (Some(1), said(&above)));
    assert!(said(&above).contains("base.txt:"), "{}", said(&above));
    std::fs::write(folder.path().join("cnnc.toml"), "").unwrap();
    assert_eq!(cnnc(&inside, &["check", "--update"]).status.code(), Some(2));
}

//! `cnnc check` over a project: budgets, lints, variants, folders, and the same output from everywhere.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use proptest::prelude::*;
use tempfile::TempDir;

const NET: &str = "network small(classes = 10) {
    input 16x16x3;
    conv 3x3x8 same relu as stem;
    maxpool 2/2;
    flatten;
    dense (classes) as head;
}
";

const PROJECT: &str = r#"
[[networks]]
files = ["models/*.cnn"]
network = "small"
max = { params = "5K", "stem.macs" = 10, peak_memory = "1GiB" }
variants = [{ classes = 100 }]
"#;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn cnnc(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cnnc"))
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn lines(output: &Output) -> Vec<String> {
    String::from_utf8(output.stdout.clone()).unwrap().lines().map(str::to_owned).collect()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn budgets_of_the_project_are_held_against_networks_and_variants() {
    let folder = folder(&[("cnnc.toml", PROJECT), ("models/a.cnn", NET)]);
    let output = cnnc(folder.path(), &["check"]);
    assert_eq!(output.status.code(), Some(1));
    let text = said(&output);
    assert!(text.contains("`params` is 5 354, over its budget of 5 000"), "{text}");
    assert!(text.contains("that is 354 more than the budget allows (7.1 %)"), "{text}");
    assert!(text.contains("most comes from `head` 5 130 (95.8 %), `stem` 224 (4.2 %)"), "{text}");
    assert!(text.contains("`stem.macs` is 55 296, over its budget of 10"), "{text}");
    assert!(text.contains("`params` is 51 524, over its budget of 5 000"), "{text}");
    assert!(text.contains("= with classes=100"), "{text}");
    assert!(text.contains("cnnc.toml:5:9"), "{text}");
    assert!(text.ends_with("1 network in 1 file: 3 errors\n"), "{text}");
    let kept = PROJECT.replace("5K", "52K").replace("= 10,", "= 60_000,");
    std::fs::write(folder.path().join("cnnc.toml"), kept).unwrap();
    let output = cnnc(folder.path(), &["check"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(said(&output), "1 network in 1 file: no errors\n");
}

#[test]
fn a_budget_of_the_command_line_needs_no_project() {
    let folder = folder(&[("a.cnn", NET)]);
    let code = |arguments: &[&str]| cnnc(folder.path(), arguments).status.code();
    assert_eq!(code(&["check", "a.cnn", "--max", "params=6K", "--max", "head.params=5.2K"]), Some(0));
    assert_eq!(code(&["check", "a.cnn", "--max", "params=5K"]), Some(1));
    assert_eq!(code(&["check", "a.cnn", "--max", "parms=5K"]), Some(2));
    assert_eq!(code(&["check", "a.cnn", "--max", "params=5Q"]), Some(2));
    assert_eq!(code(&["check", "a.cnn", "--max", "head2.params=5"]), Some(1));
    assert_eq!(code(&["check"]), Some(2));
    assert_eq!(code(&["check", "a.cnn", "--set", "clases=3"]), Some(2));
}

#[test]
fn lints_have_the_level_of_the_project() {
    let net = "input 7x7x1; conv 2x2x4/2; flatten; dense 2;\n";
    let project = |lints: &str| format!("[lints]\n{lints}\n");
    let folder = folder(&[("a.cnn", net)]);
    let cases = [
        ("", Some(0), 1),
        ("W0201 = \"allow\"", Some(0), 0),
        ("warnings = \"deny\"", Some(1), 1),
        ("warnings = \"deny\"\nW0201 = \"warn\"", Some(0), 1),
    ];
    for (lints, code, count) in cases {
        std::fs::write(folder.path().join("cnnc.toml"), project(lints)).unwrap();
        let output = cnnc(folder.path(), &["check", "--format", "short"]);
        assert_eq!(output.status.code(), code, "{lints}: {}", said(&output));
        assert_eq!(lines(&output).len(), count, "{lints}");
    }
}

#[test]
fn what_guards_nothing_is_an_error() {
    let project = "[[networks]]\nfiles = [\"models/*.cnn\", \"other/*.cnn\"]\nnetwork = \"smal\"\n\
                   [[networks]]\nfiles = [\"models/a.cnn\"]\nvariants = [{ clases = 3 }]\n";
    let folder = folder(&[("cnnc.toml", project), ("models/a.cnn", NET)]);
    let output = cnnc(folder.path(), &["check", "--format", "short"]);
    assert_eq!(output.status.code(), Some(1));
    let found = lines(&output);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(
        found[0].contains("cnnc.toml:2:26: error[E0702]: no file of the project matches `other/*.cnn`"),
        "{found:?}"
    );
    assert!(found[1].contains("no file of the group has a network `smal`"), "{found:?}");
    assert!(found[2].contains("no network of the group has a parameter `clases`"), "{found:?}");
}

#[test]
fn a_wrong_project_file_is_wrong_usage_with_a_place() {
    let folder = folder(&[("cnnc.toml", "[lints]\nW9 = \"deny\"\n"), ("a.cnn", NET)]);
    let output = cnnc(folder.path(), &["check"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("cnnc.toml:2:1: there is no lint `W9`"), "{}", said(&output));
    assert_eq!(cnnc(folder.path(), &["check", "a.cnn", "--no-config"]).status.code(), Some(0));
}

#[test]
fn hidden_folders_and_exceptions_are_left_out() {
    let wrong = "input 8x8x1; cnov 3;";
    let files =
        [("cnnc.toml", "except = [\"old/**\"]"), ("a.cnn", NET), (".git/b.cnn", wrong), ("old/c.cnn", wrong)];
    let folder = folder(&files);
    let output = cnnc(folder.path(), &["check"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let output = cnnc(folder.path(), &["check", "."]);
    assert_eq!(output.status.code(), Some(1), "a folder that is named is checked whole");
}

#[test]
fn output_is_the_same_from_every_folder_and_with_any_number_of_threads() {
    let folder = folder(&[
        ("cnnc.toml", PROJECT),
        ("models/a.cnn", NET),
        ("models/b.cnn", "use \"blocks/c.cnn\"; network b { input 8x8x1; c(3); }\n"),
        ("models/blocks/c.cnn", "block c(n) { conv 2x2x(n)/3; }\n"),
        ("models/d.cnn", "input 8x8x1; cnov 3x3x2;\n"),
    ]);
    for format in ["short", "json", "sarif", "github", "gitlab", "junit", "rdjson", "markdown"] {
        let reference = cnnc(folder.path(), &["check", "--format", format, "--threads", "1"]);
        assert_eq!(reference.status.code(), Some(1));
        assert!(!reference.stdout.is_empty());
        for (place, threads, zone) in
            [(".", "2", "UTC"), ("models", "7", "Asia/Tokyo"), ("models/blocks", "0", "UTC")]
        {
            let output = Command::new(env!("CARGO_BIN_EXE_cnnc"))
                .args(["check", "--format", format, "--threads", threads])
                .current_dir(folder.path().join(place))
                .env("TZ", zone)
                .env("LC_ALL", "tr_TR.UTF-8")
                .output()
                .unwrap();
            assert_eq!(
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&reference.stdout),
                "{format} in {place}"
            );
        }
    }
}

#[test]
fn reports_look_as_the_project_says() {
    let folder = folder(&[
        ("cnnc.toml", "[report]\ncolumns = [\"name\", \"params\"]\nsort = \"params\"\ntop = 1\n"),
        ("m/a.cnn", NET),
    ]);
    let output = cnnc(folder.path(), &["report", "m/a.cnn", "--format", "csv"]);
    assert_eq!(lines(&output), ["name,params", "head,5130"]);
    let output =
        cnnc(folder.path(), &["report", "m/a.cnn", "--format", "csv", "--columns", "name", "--top", "2"]);
    assert_eq!(lines(&output), ["name", "head", "stem"]);
}

proptest! {
    /// Whatever stands in a file or in an option: it is taken or refused with a place in the text.
    #[test]
    fn no_text_is_beyond_the_readers(text in ".{0,60}", kept in 0usize..PROJECT.len()) {
        let broken = format!("{}{text}", PROJECT.get(..kept).unwrap_or(""));
        for source in [text.as_str(), &broken] {
            if let Err(mistake) = cnnc::project::Project::parse(source) {
                prop_assert!(mistake.place.end <= source.len() && !mistake.message.is_empty());
            }
            if let Err(mistake) = cnnc::project::DeviceFile::parse(source) {
                prop_assert!(mistake.place.end <= source.len());
            }
            let baseline = format!("# cnnc baseline 1, {source}");
            if let Err((line, _)) = cnnc::baseline::Baseline::parse(&baseline) {
                prop_assert!(line >= 1 && line <= baseline.lines().count());
            }
            let _ = cnnc::diff::Gate::parse(source);
            let _ = cnnc::analysis::budget::Budget::parse(source, source);
        }
        let _ = cnnc::diff::Gate::parse(&format!("params>+{text}"));
        let _ = cnnc::analysis::budget::Budget::parse("params", &text);
    }
}

//! Every example of every `--help` runs as it stands, with the exit code that it promises.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::hostile_models;

/// Examples that do not end with 0, and why.
const CODES: &[(&str, i32)] = &[
    // Nobody speaks to the server, and nobody asks it to end.
    ("cnnc lsp", 1),
];

/// The examples of a command: its indented lines, those that end with `\` joined with the next.
fn examples(command: &clap::Command) -> Vec<String> {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let Some((_, lines)) = help.split_once("Example") else { return Vec::new() };
    let joined = lines.replace("\\\n", " ");
    joined.lines().filter(|line| line.starts_with("  cnnc ")).map(|line| line.trim().to_owned()).collect()
}

/// A repository with the files that the examples name.
pub(crate) fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for place in ["models", "home/.zfunc", "home/.local/share/bash-completion/completions", "tmp"] {
        fs::create_dir_all(path.join(place)).unwrap();
    }
    fs::write(path.join("net.cnn"), "input 8x8x3;\nconv 3x3x4 relu;\n").unwrap();
    fs::copy(path.join("net.cnn"), path.join("models/net.cnn")).unwrap();
    fs::copy(root.join("tests/fixtures/onnx/residual.onnx"), path.join("model.onnx")).unwrap();
    fs::write(path.join("detector.onnx"), hostile_models::detector()).unwrap();
    let git = "cp -r \"$0/examples\" . && git init -q && git add -A && \
               git -c user.name=a -c user.email=a@b commit -qm x";
    let made = Command::new("sh").args(["-c", git]).arg(root).current_dir(path).status().unwrap();
    assert!(made.success());
    folder
}

#[test]
fn the_examples_of_help_run() {
    let program = Path::new(env!("CARGO_BIN_EXE_cnnc")).parent().unwrap();
    let search = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let folder = folder();
    let (path, mut ran, mut wrong) = (folder.path(), 0, Vec::new());
    let root = cnnc::cli::command();
    for command in [&root].into_iter().chain(root.get_subcommands()) {
        let examples = examples(command);
        assert!(
            !examples.is_empty() || command.get_name() == "help",
            "`{}` has no example",
            command.get_name()
        );
        for example in examples {
            let line = example.replace("/tmp/", "tmp/");
            let output = Command::new("sh")
                .args(["-c", &line])
                .current_dir(path)
                .env("PATH", &search)
                .env("HOME", path.join("home"))
                .stdin(Stdio::null())
                .output()
                .unwrap();
            ran += 1;
            let expected = CODES.iter().find(|(known, _)| *known == example).map_or(0, |(_, code)| *code);
            if output.status.code() != Some(expected) {
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                wrong.push(format!("{example}: {:?}\n{said}", output.status.code()));
            }
        }
    }
    assert!(ran > 30, "{ran} examples");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

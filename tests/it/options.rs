//! Every pair of options of a command: the second has its effect beside the first, or the pair is refused.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

/// A network with repeated blocks, several rows and parameters.
const NETWORK: &str = "let k = 4;
block pair(n) { conv 3x3x(n) same relu; conv 3x3x(n) same bn relu; }
network main(classes = 3) { input 16x16x3; pair(k) * 3 as s[]; maxpool 2/2; avgpool global; flatten; dense (classes); }
network other { input 8x8x3; conv 1x1x2; }
";

const DEVICE: &str = "name = \"d\"\nsource = \"s\"\nbandwidth = \"320G\"\n[peak]\nf32 = \"8.1T\"\nf16 = \"16T\"\nint8 = \"32T\"\n";

/// What a run gives: exit code, stdout, and the files that it wrote.
type Given = (i32, Vec<u8>, BTreeMap<String, Vec<u8>>);

fn run(command: &[&str], options: &[&[&str]]) -> Given {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("n.cnn", NETWORK);
    write("d.toml", DEVICE);
    write("b.txt", "# cnnc baseline 1, x.\n");
    let inputs = ["n.cnn", "d.toml", "b.txt"];
    let output = Command::new(env!("CARGO_BIN_EXE_cnnc"))
        .args(command)
        .args(options.concat())
        .current_dir(folder.path())
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let names = std::fs::read_dir(folder.path()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let read = |name: String| {
        let bytes = std::fs::read(Path::new(folder.path()).join(&name)).unwrap();
        (name, bytes)
    };
    let files = names.filter(|name| !inputs.contains(&name.as_str()) || name == "b.txt").map(read).collect();
    (output.status.code().unwrap(), output.stdout, files)
}

/// Walks all pairs of options of a command.
fn walk(command: &[&str], options: &[&[&str]]) {
    let base = run(command, &[]);
    let alone: Vec<Given> = options.iter().map(|option| run(command, &[option])).collect();
    for (option, given) in options.iter().zip(&alone) {
        assert_ne!(*given, base, "{command:?} {option:?} has no effect at all: the test says nothing of it");
        assert!(given.0 < 2, "{command:?} {option:?} fails");
    }
    let mut dropped = Vec::new();
    for (first, given) in options.iter().zip(&alone) {
        for second in options.iter().filter(|second| second[0] != first[0]) {
            let both = run(command, &[first, second]);
            // The figures of CSV are exact without being asked.
            let implied = first[..] == ["--format", "csv"] && second[..] == ["--exact"];
            if both.0 != 2 && both == *given && !implied {
                dropped.push(format!("{command:?} {first:?} drops {second:?}"));
            }
        }
    }
    assert!(dropped.is_empty(), "{}", dropped.join("\n"));
}

#[test]
fn report_obeys_or_refuses() {
    walk(
        &["report", "n.cnn", "--network", "main"],
        &[
            &["--format", "json"],
            &["--format", "csv"],
            &["--format", "markdown"],
            &["--format", "html"],
            &["--columns", "name,params"],
            &["--sort", "params"],
            &["--top", "2"],
            &["--depth", "1"],
            &["--batch", "4"],
            &["--dtype", "f16"],
            &["--exact"],
            &["--device", "d.toml"],
            &["--dialects"],
            &["--fold", "always"],
            &["--save-baseline", "b.txt"],
            &["--explain", "s.0.conv1"],
            &["--set", "k=8"],
            &["--input-size", "32x32x3"],
        ],
    );
}

#[test]
fn dump_obeys_or_refuses() {
    walk(&["dump", "n.cnn", "--after", "parse"], &[]);
    let refused = run(&["dump", "n.cnn", "--after", "parse", "--set", "k=2"], &[]);
    assert_eq!(refused.0, 2);
}

#[test]
fn weights_obeys_or_refuses() {
    let refused = |options: &[&str]| run(&["weights", "n.cnn", "--network", "main"], &[options]).0;
    assert_eq!(refused(&["--weights-by", "order"]), 2);
    assert_eq!(refused(&["--against", "x.npz", "--format", "json"]), 2);
    assert_eq!(refused(&["--seed", "1", "--output", "w.npz", "--format", "json"]), 2);
    assert_eq!(refused(&["--random-bn"]), 2);
    walk(
        &["weights", "n.cnn", "--network", "main", "--seed", "1", "--output", "w.npz"],
        &[&["--random-bn"], &["--set", "classes=7"], &["--set", "k=2"]],
    );
}

#[test]
fn check_obeys_or_refuses() {
    walk(
        &["check", "n.cnn", "--format", "json"],
        &[&["--also", "short=o.txt"], &["--max", "params=1"], &["--baseline", "b.txt"]],
    );
}

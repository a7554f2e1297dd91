//! Every command that the documentation writes runs, and every option that it names exists.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use super::help_examples;
use super::pages::markdown;

/// Commands that stand for others, by a place or a part that is left out, and one of those.
const FORMS: &[(&str, &str)] = &[
    ("cnnc FILE", "cnnc net.cnn"),
    ("cnnc bench -e …", "cnnc bench -e 'input 8x8x3; relu' --runs 1"),
    ("cnnc bench FILE --per-layer", "cnnc bench net.cnn --per-layer --runs 1"),
    ("cnnc bench FILE", "cnnc bench net.cnn --runs 1"),
    ("cnnc bench --format json", "cnnc bench net.cnn --format json --runs 1"),
    ("cnnc check --baseline FILE --update", "cnnc check --baseline networks.txt --update"),
    ("cnnc check --baseline FILE", "cnnc check --baseline figures.txt"),
    ("cnnc check --baseline networks.txt", "cnnc check --baseline figures.txt"),
    ("cnnc check --update", "cnnc check --baseline figures.txt --update"),
    ("cnnc check --max", "cnnc check net.cnn --max params=5M"),
    ("cnnc check FILE", "cnnc check net.cnn"),
    ("cnnc check relu.cnn", "cnnc check net.cnn"),
    ("cnnc check mixed.cnn", "cnnc check net.cnn"),
    ("cnnc check [FILE…]", "cnnc check net.cnn models/net.cnn"),
    ("cnnc completions SHELL", "cnnc completions bash"),
    ("cnnc diff OLD NEW", "cnnc diff net.cnn models/net.cnn"),
    ("cnnc diff … --fail-on GATE", "cnnc diff net.cnn models/net.cnn --fail-on 'params>+5%'"),
    ("cnnc dump FILE --after parse|expand|check|lower", "cnnc dump net.cnn --after lower"),
    ("cnnc explain CODE", "cnnc explain E0304"),
    ("cnnc export FILE", "cnnc export net.cnn --to pytorch"),
    ("cnnc export NET --to onnx -o net.onnx", "cnnc export net.cnn --to onnx --seed 1 -o net.onnx"),
    (
        "cnnc export NET --to pytorch [--class Name] [-o net.py]",
        "cnnc export net.cnn --to pytorch --class Name -o net.py",
    ),
    ("cnnc fmt [PATH…]", "cnnc fmt net.cnn models"),
    ("cnnc graph FILE", "cnnc graph net.cnn"),
    ("cnnc guide [TOPIC]", "cnnc guide branches"),
    (
        "cnnc import detector.onnx --output /backbone/Concat_output_0",
        "cnnc import detector.onnx --input images=1x3x64x64 --output /model.22/Concat_output_0",
    ),
    ("cnnc import resnet18.onnx", "cnnc import model.onnx"),
    ("cnnc import model.onnx -o net.cnn", "cnnc import model.onnx -o imported.cnn"),
    ("cnnc import MODEL.onnx", "cnnc import model.onnx"),
    ("cnnc man [COMMAND]", "cnnc man check"),
    ("cnnc ops NAME", "cnnc ops conv"),
    ("cnnc ops [NAME]", "cnnc ops"),
    ("cnnc report --format html", "cnnc report net.cnn --format html"),
    ("cnnc report --save-baseline FILE", "cnnc report net.cnn --save-baseline figures.txt"),
    ("cnnc report FILE --device DEVICE.toml", "cnnc report net.cnn --device device.toml"),
    ("cnnc report FILE --dialects", "cnnc report net.cnn --dialects"),
    ("cnnc report FILE --format html", "cnnc report net.cnn --format html"),
    ("cnnc report FILE", "cnnc report net.cnn"),
    ("cnnc run model.onnx cat.png --top 5", "cnnc run model.onnx --input picture.npy"),
    ("cnnc run model.onnx", "cnnc run model.onnx --input picture.npy"),
    (
        "cnnc run net.cnn --weights net.safetensors cat.png --top 5",
        "cnnc run classes.cnn --weights net.safetensors cat.png --top 5",
    ),
    ("cnnc run FILE", "cnnc run net.cnn --seed 1 --input picture.npy"),
    (
        "cnnc run … --output out=mask.png",
        "cnnc run net.cnn --seed 1 --input picture.npy --output out=mask.png --as classes",
    ),
    ("cnnc weights FILE", "cnnc weights net.cnn"),
    ("cnnc zoo NAME", "cnnc zoo lenet5"),
];

/// Commands that do not run here, and why.
const NOT_RUN: &[(&str, &str)] = &[
    (
        "cnnc diff \"git:$(git merge-base \"$BASE\" HEAD):.\" . --format markdown \\",
        "it is a part of the workflow, which `pull_request` runs as a whole",
    ),
    (
        "cnnc run zoo:deeplabv3 street.png --weights deeplabv3.safetensors --output out=classes.png --as classes",
        "its weights are no part of the repository",
    ),
    (
        "cnnc run examples/zoo/resnet.cnn --network resnet50 --weights resnet50.safetensors --input picture.npy",
        "its weights are no part of the repository",
    ),
    (
        "cnnc run -e 'input 64x64x3 resize=64; identity' --input 16384x16384.png",
        "its picture is larger than all test data together",
    ),
    ("cnnc bench zoo:mobilenet_v2 --threads 1 --format json", "it takes as long as a measurement"),
    ("cnnc bench zoo:vgg16 --threads 1 --runs 25 --precision highest", "it takes as long as a measurement"),
    ("cnnc bench zoo:dcgan --network dcgan_generator --threads 2", "it takes as long as a measurement"),
];

/// Pages whose sessions other tests compare with what is printed: `readme` and `case_studies`.
const COMPARED: [&str; 2] = ["README.md", "docs/case-studies.md"];

/// The commands of a page in code: lines of fences and spans within a line, and those behind a prompt where `sessions`.
fn commands(page: &str, sessions: bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_fence = false;
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            in_fence = !in_fence;
        } else if in_fence {
            let command = line.split(" # ").next().unwrap_or(line).trim();
            found.push(command.strip_prefix("$ ").filter(|_| sessions).unwrap_or(command).to_owned());
        } else {
            // The `|` of a span within a table is written `\|`.
            found.extend(line.split('`').skip(1).step_by(2).map(|span| span.replace("\\|", "|")));
        }
    }
    found.retain(|command| command.starts_with("cnnc "));
    found
}

/// What is wrong with the names of a command: its subcommand and its options.
fn unknown(command: &str) -> Option<String> {
    let root = cnnc::cli::command();
    let mut words = command.split(' ').skip(1);
    let first = words.next().unwrap_or_default();
    let Some(subcommand) = root.find_subcommand(first) else {
        // `cnnc FILE` is `cnnc report FILE`.
        let is_a_place = first == "FILE" || first.contains(['.', '/', ':']) || first.starts_with('-');
        return (!is_a_place).then(|| format!("`{command}`: there is no `{first}`"));
    };
    let longs: Vec<&str> = subcommand.get_arguments().filter_map(clap::Arg::get_long).collect();
    let option = words
        .filter_map(|word| word.trim_start_matches('[').strip_prefix("--"))
        .map(|word| word.split(['=', ']']).next().unwrap_or(word))
        .find(|name| !longs.contains(name) && !["help", "version"].contains(name))?;
    Some(format!("`{command}`: there is no `--{option}`"))
}

/// What a command needs beside the files of the examples of `--help`.
fn folder() -> tempfile::TempDir {
    let folder = help_examples::folder();
    let path = folder.path();
    std::fs::write(path.join("cnnc.toml"), "[[networks]]\nfiles = [\"*.cnn\"]\n").unwrap();
    let device = "name = \"a\"\nsource = \"b\"\nbandwidth = \"320G\"\n[peak]\nf32 = \"8.1T\"\n";
    std::fs::write(path.join("device.toml"), device).unwrap();
    std::fs::write(path.join("classes.cnn"), "input 8x8x1 resize=8; flatten; dense 10 softmax;").unwrap();
    std::fs::copy("examples/digits/samples/3.png", path.join("cat.png")).unwrap();
    execute("cnnc weights classes.cnn --seed 1 --output net.safetensors", path).unwrap();
    execute("git branch -f main && cnnc check --baseline figures.txt --update", path).unwrap();
    std::fs::write(path.join("picture.npy"), super::options::npy(&[3, 8, 8], 1)).unwrap();
    folder
}

fn execute(line: &str, folder: &Path) -> Result<(), String> {
    let program = Path::new(env!("CARGO_BIN_EXE_cnnc")).parent().unwrap();
    let search = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-c", line])
        .current_dir(folder)
        .env("PATH", search)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    // The language server ends with 1 where nobody speaks to it.
    let expected = if line == "cnnc lsp" { 1 } else { 0 };
    match output.status.code() {
        Some(code) if code == expected => Ok(()),
        code => Err(format!("{line}: {code:?}\n{said}")),
    }
}

#[test]
fn commands_of_the_documentation_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md")];
    for folder in ["docs", "editors", "examples"] {
        markdown(&root.join(folder), &mut pages);
    }
    pages.retain(|page| !page.components().any(|part| part.as_os_str() == "node_modules"));
    let written: BTreeSet<String> = pages
        .iter()
        .flat_map(|page| {
            let sessions = !COMPARED.iter().any(|compared| root.join(compared) == *page);
            commands(&std::fs::read_to_string(page).unwrap(), sessions)
        })
        .collect();
    let folder = folder();
    let (mut ran, mut wrong) = (0, Vec::new());
    for command in &written {
        wrong.extend(unknown(command));
        let is_mention = command.split(' ').count() == 2 && !command.contains("FILE");
        if is_mention || NOT_RUN.iter().any(|(known, _)| known == command) {
            continue;
        }
        let line = FORMS.iter().find(|(form, _)| form == command).map_or(command.as_str(), |(_, line)| line);
        ran += 1;
        wrong.extend(execute(line, folder.path()).err());
    }
    for known in FORMS.iter().chain(NOT_RUN).map(|(command, _)| *command) {
        if !written.contains(known) {
            wrong.push(format!("no page writes `{known}` any more"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ran > 40, "{ran} commands ran");
}

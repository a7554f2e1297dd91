//! `docs/case-studies.md`: its commands write what the page shows, its pictures are those of `cnnc graph`, and its
//! demonstrations hold. (That its fences compile is a test of `pages`, its table one of `figures`.)
//!
//! `UPDATE=1 cargo test case_studies::` rewrites what the commands write.

use std::path::Path;
use std::process::Command;

use ndarray::ArrayD;

use cnnc::analysis::Checked;
use cnnc::driver::{Options, Session};
use cnnc::ops::Init;
use cnnc::weights::seeded;

use crate::networks::executor;
use crate::pages::fences;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/case-studies.md");

/// The words of a command line; what stands between two `'` is one word.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in line.split('\'').enumerate() {
        match index % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

/// What a command line of the page writes: to a file of the repository, or to the page.
fn execute(line: &str) -> (Option<String>, String) {
    let mut words = words(line);
    assert_eq!(words.remove(0), "cnnc", "{line}");
    let file = words.iter().position(|word| word == ">").map(|at| {
        let file = words.remove(at + 1);
        words.remove(at);
        file
    });
    let output = Command::new(env!("CARGO_BIN_EXE_cnnc"))
        .args(&words)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    (file, String::from_utf8(output.stdout).unwrap())
}

#[test]
fn commands_of_the_page_write_what_it_shows() {
    let update = std::env::var_os("UPDATE").is_some();
    let page = std::fs::read_to_string(PAGE).unwrap();
    let mut written = String::new();
    let mut commands = 0;
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        written.push_str(&format!("{line}\n"));
        if line != "```console" {
            continue;
        }
        for line in lines.by_ref().take_while(|line| *line != "```") {
            let Some(command) = line.strip_prefix("$ ") else { continue };
            commands += 1;
            written.push_str(&format!("{line}\n"));
            let (file, text) = execute(command);
            let Some(file) = file else {
                written.push_str(&text);
                continue;
            };
            assert!(
                page.contains(&format!("]({})", file.trim_start_matches("docs/"))),
                "{file} is not shown"
            );
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
            if update {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, text).unwrap();
            } else {
                let same = std::fs::read_to_string(&path).unwrap() == text;
                assert!(same, "{} is not what `{command}` writes", path.display());
            }
        }
        written.push_str("```\n");
    }
    assert!(commands > 10, "{commands} commands");
    if update {
        std::fs::write(PAGE, written).unwrap();
    } else {
        let differs = page.lines().zip(written.lines()).find(|(shown, written)| shown != written);
        assert!(
            page == written,
            "the page shows and the commands write (`UPDATE=1` takes it over):\n{differs:#?}"
        );
    }
}

/// The fence of the page whose first line is a comment `# name`.
fn named(name: &str) -> Checked {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let heading = format!("# {name}\n");
    let text = fences(&page, "cnn").into_iter().find(|fence| fence.starts_with(&heading)).unwrap();
    let session = Session::load(&(), "page.cnn", text.into_bytes(), name);
    session.compile(&Options::default()).unwrap().checked.unwrap()
}

/// Runs a network whose convolutions are zero, and whose normalisations are neutral.
fn run_with_zero_weights(checked: &Checked, input: &ArrayD<f32>) -> ArrayD<f32> {
    let outputs = vec![("out".to_owned(), checked.graph().outputs()[0].node)];
    let neutral = |key: &str, init: &Init, shape: &[usize]| match key.starts_with("bn") {
        true => seeded::fill(1, key, init, false, shape),
        false => ArrayD::zeros(shape),
    };
    let name = &checked.graph().inputs().next().unwrap().1.path;
    executor(checked, outputs, neutral).run(&[(name, input)]).unwrap().remove(0)
}

#[test]
fn a_residual_block_with_zero_weights_is_the_identity() {
    let signed: ArrayD<f32> = seeded::fill(1, "input", &Init::Input, false, &[1, 16, 8, 8]);
    let input = signed.mapv(f32::abs);
    let residual = named("residual_block");
    assert_eq!(run_with_zero_weights(&residual, &input), input);
    // The last ReLU cuts what is negative.
    assert_eq!(run_with_zero_weights(&residual, &signed), signed.mapv(|value| value.max(0.0)));
    // The same layers without the shortcut forget their input.
    let forgotten = run_with_zero_weights(&named("plain_block"), &input);
    assert_eq!(forgotten, ArrayD::<f32>::zeros(input.shape()));
}

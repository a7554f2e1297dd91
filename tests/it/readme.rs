//! What the README shows is what is printed.

use std::path::Path;
use std::process::Command;

/// Where files lie that the README names without a folder.
const FILES: &str = "tests/fixtures/readme";

/// The commands of the README and what it says they print.
fn sessions(readme: &str) -> Vec<(String, String)> {
    let fences = readme.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    fences
        .map(|fence| {
            let (command, printed) = fence.split_once('\n').unwrap();
            (command.strip_prefix("$ ").unwrap().to_owned(), printed.to_owned())
        })
        .collect()
}

#[test]
fn the_readme_shows_what_is_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let mut compared = 0;
    for (command, printed) in sessions(&readme) {
        let Some(arguments) =
            command.strip_prefix("cnnc ").or_else(|| command.strip_prefix("cargo run --release -- "))
        else {
            assert!(printed.is_empty(), "{command}");
            continue;
        };
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let exist = arguments.iter().filter(|one| one.contains('.')).all(|one| root.join(one).exists());
        let folder = if exist { root.to_path_buf() } else { root.join(FILES) };
        let output = Command::new(env!("CARGO_BIN_EXE_cnnc"))
            .args(&arguments)
            .current_dir(folder)
            .env("NO_COLOR", "1")
            .output()
            .unwrap();
        let found = [output.stdout, output.stderr].map(|stream| String::from_utf8(stream).unwrap()).concat();
        assert_eq!(found, printed, "{command}");
        compared += 1;
    }
    assert!(compared >= 3, "the README shows {compared} commands");
}

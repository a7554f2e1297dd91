//! The fuzz targets compile with the library of today, and what they promise holds for their first inputs.

use std::fs;
use std::path::Path;

#[allow(unreachable_pub, reason = "the targets are another crate")]
#[path = "../fuzz/src/lib.rs"]
pub(crate) mod targets;

/// The files of a folder that end so.
fn files(folder: &str, ending: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found: Vec<Vec<u8>> = paths
        .filter(|path| path.extension().is_some_and(|one| one == ending))
        .map(|path| fs::read(path).unwrap())
        .collect();
    assert!(!found.is_empty(), "no file ends in {ending}");
    found
}

#[test]
fn programs_are_read_and_compiled() {
    for bytes in files("tests/corpus", "cnn").into_iter().chain(files("examples/language", "cnn")) {
        let text = String::from_utf8(bytes).unwrap();
        targets::parse::run(&text);
        targets::compile::run(&text);
        let half = text.len() / 2;
        if text.is_char_boundary(half) {
            targets::parse::run(&text[..half]);
            targets::compile::run(&text[..half]);
        }
    }
    // A broken expectation leaves a network.
    targets::compile::run("input 4x4x1; conv 1x1x1; expect params == 7;");
}

#[test]
fn weights_are_read() {
    for bytes in files("examples/digits", "npy") {
        targets::npy::run(&bytes);
    }
    for bytes in files("tests/fixtures/weights", "npz") {
        targets::npz::run(&bytes);
    }
    for bytes in files("tests/fixtures/weights", "safetensors") {
        targets::safetensors::run(&bytes);
    }
}

#[test]
fn models_are_imported() {
    let mut changed = 0;
    for bytes in files("tests/fixtures/onnx", "onnx") {
        targets::onnx_read::run(&bytes);
        targets::onnx_import::run(&bytes);
        for seed in 0..20 {
            let Some(other) = targets::mutation::mutate(&bytes, seed) else { continue };
            targets::onnx_read::run(&other);
            targets::onnx_import::run(&other);
            changed += usize::from(other != bytes);
        }
    }
    assert!(changed > 500, "{changed} models were changed");
}

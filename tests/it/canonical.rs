//! What is shipped is in canonical form: every `.cnn` file, every example of an operator, and every fence of the
//! documentation that compiles. `cnnc fmt` would leave them alone.

use std::path::{Path, PathBuf};

use cnnc::base::SourceMap;
use cnnc::diag::Sink;
use cnnc::ops;
use cnnc::sema::CatalogueOrder;
use cnnc::syntax::{format::format, parse};

use crate::pages::{fences, markdown};

/// The canonical form of a text; `None` where the text has syntax errors.
fn canonical(text: &str) -> Option<String> {
    let mut map = SourceMap::default();
    let file = map.add("shipped.cnn", text);
    format(&parse(&map, file, &mut Sink::default()), &CatalogueOrder)
}

/// The `.cnn` files of a folder and of all below it.
pub(crate) fn programs(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            programs(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "cnn") {
            found.push(path);
        }
    }
}

#[test]
fn shipped_files_are_canonical() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["examples", "tests/corpus", "tests/editor", "tests/fixtures"] {
        programs(&root.join(folder), &mut files);
    }
    assert!(files.len() > 40, "{files:?}");
    let other: Vec<&PathBuf> = files
        .iter()
        .filter(|file| {
            let text = std::fs::read_to_string(file).unwrap();
            canonical(&text) != Some(text)
        })
        .collect();
    assert!(other.is_empty(), "`cnnc fmt` would change {other:?}");
}

#[test]
fn examples_of_the_operators_are_canonical() {
    for spec in [&ops::INPUT].into_iter().chain(ops::catalogue()).chain(ops::forms()) {
        assert_eq!(canonical(spec.example).as_deref(), Some(spec.example), "{}", spec.name);
    }
}

#[test]
fn fences_of_the_documentation_are_canonical() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md")];
    markdown(&root.join("docs"), &mut pages);
    let mut compared = 0;
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for fence in fences(&text, "cnn") {
            compared += 1;
            assert_eq!(canonical(&fence), Some(fence), "{}", page.display());
        }
    }
    assert!(compared > 150, "{compared} fences were read");
}

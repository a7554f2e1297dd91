//! The pages of the diagnostic codes are their tests, and every fence of the documentation compiles.

use std::path::{Path, PathBuf};

use cnnc::diag::Code;
use cnnc::driver::{Options, Session};

/// The codes that a program is given, each once.
fn codes(source: &str) -> Vec<&'static str> {
    let session = Session::load(&(), "page.cnn", source.as_bytes().to_vec(), "page");
    let outcome = session.check(&Options::default()).unwrap();
    let mut codes: Vec<&str> = outcome.diagnostics.iter().map(|one| one.code.id()).collect();
    codes.dedup();
    codes
}

/// The fences of a page whose first line is `info`.
pub(crate) fn fences(page: &str, info: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(opened) = line.strip_prefix("```") {
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            if opened == info {
                found.push(body.join("\n") + "\n");
            }
        }
    }
    found
}

#[test]
fn every_page_fails_with_its_code_and_shows_how_to_mend_it() {
    let mut wrong = Vec::new();
    let mut with_example = 0;
    for code in Code::ALL {
        let page = code.page();
        assert_eq!(page.lines().next(), Some(format!("# {code}: {}", code.title()).as_str()));
        for failing in fences(page, "cnn fails") {
            with_example += 1;
            let found = codes(&failing);
            if found != [code.id()] {
                wrong.push(format!("{code}: the failing example gives {found:?}"));
            }
        }
        for mended in fences(page, "cnn") {
            let found = codes(&mended);
            if !found.is_empty() {
                wrong.push(format!("{code}: the mended example gives {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(with_example > 60, "{with_example} pages with an example");
}

pub(crate) fn markdown(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            markdown(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

#[test]
fn fences_of_the_documentation_compile() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md")];
    markdown(&root.join("docs"), &mut pages);
    for page in pages {
        for fence in fences(&std::fs::read_to_string(&page).unwrap(), "cnn") {
            let found = codes(&fence);
            assert!(found.is_empty(), "{}: {found:?} in\n{fence}", page.display());
        }
    }
}

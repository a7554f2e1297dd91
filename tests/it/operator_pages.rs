//! The pages under `docs/ops` are those of `cnnc ops`; `UPDATE=1 cargo test operator_pages` rewrites them.

use std::collections::BTreeMap;
use std::path::Path;

use cnnc::ops::{self, Spec};
use cnnc::report::operators;

/// The pages by file name.
fn pages() -> BTreeMap<String, String> {
    let specs: Vec<&'static Spec> =
        [&ops::INPUT].into_iter().chain(ops::catalogue()).chain(ops::forms()).collect();
    let mut index =
        String::from("# Operators\n\nMade from the catalogue; `cnnc ops NAME` prints the same.\n\n");
    let mut pages = BTreeMap::new();
    for spec in specs {
        index.push_str(&format!("- [`{0}`]({0}.md): {1}\n", spec.name, spec.summary));
        // `max channels` and `max < … >` share a page.
        let page = pages.entry(format!("{}.md", spec.name)).or_insert_with(String::new);
        if !page.is_empty() {
            page.push('\n');
        }
        page.push_str(&operators::page(spec, cnnc::driver::vocabulary(spec)));
    }
    pages.insert("README.md".to_owned(), index);
    pages
}

#[test]
fn committed_pages_are_those_of_the_catalogue() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ops");
    let pages = pages();
    if std::env::var_os("UPDATE").is_some() {
        for (name, text) in &pages {
            std::fs::write(folder.join(name), text).unwrap();
        }
    }
    let mut committed: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    committed.sort();
    assert_eq!(committed, pages.keys().cloned().collect::<Vec<_>>());
    for (name, text) in &pages {
        assert_eq!(std::fs::read_to_string(folder.join(name)).unwrap(), *text, "{name}");
    }
}

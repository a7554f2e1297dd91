//! The rules of `docs/architecture.md` that a program can check.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::uses;

/// What a module of the crate may use, besides itself.
const MAY_USE: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("tensor", &[]),
    ("diag", &["base"]),
    ("syntax", &["base", "diag"]),
    ("ops", &["base", "diag", "tensor"]),
    ("ir", &["base", "diag", "ops", "tensor"]),
    ("sema", &["base", "diag", "ir", "ops", "syntax", "tensor"]),
    ("analysis", &["base", "diag", "ir", "ops", "tensor"]),
    ("weights", &["base", "diag", "ir", "ops", "tensor"]),
    ("picture", &["base", "diag", "ir", "tensor"]),
    ("lower", &["analysis", "ir", "ops", "tensor"]),
    ("exec", &["diag", "lower", "ops", "tensor"]),
    ("report", &["analysis", "base", "ir", "ops", "tensor"]),
    ("diff", &["analysis", "base", "ir", "ops", "report"]),
    ("export", &["base", "diag", "ir", "ops", "tensor"]),
    ("driver", &["analysis", "base", "diag", "ops", "sema", "tensor"]),
    ("import", &["analysis", "base", "diag", "driver", "ir", "ops", "tensor"]),
    ("zoo", &[]),
    ("project", &["analysis", "base", "diag", "driver", "report"]),
    ("annotate", &["base", "diag"]),
    ("baseline", &["analysis", "base", "diag"]),
    ("model", &["analysis", "base", "diag", "exec", "ir", "lower", "ops", "picture", "tensor", "weights"]),
    (
        "lsp",
        &[
            "analysis", "base", "check", "diag", "driver", "export", "ir", "ops", "report", "sema", "syntax",
            "tensor",
        ],
    ),
    ("check", &["analysis", "annotate", "base", "baseline", "diag", "driver", "project", "sema"]),
];

/// The longest file.
const MOST_LINES: usize = 480;

/// The sources: path below `src/`, top module, text.
fn sources() -> Vec<(String, String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
                let module = name.split(['/', '.']).next().unwrap().to_owned();
                found.push((name, module, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    assert!(found.len() > 80, "the sources were not found");
    found
}

/// The lines of code of a file without its tests: modules under `#[cfg(test)]` are left out, up to their closing brace.
pub(super) fn code(text: &str) -> impl Iterator<Item = &str> {
    let mut tests = false;
    text.lines().filter(move |line| {
        if line.starts_with("#[cfg(test)]") {
            tests = true;
        } else if tests && (*line == "}" || line.starts_with("mod ") && line.ends_with(';')) {
            tests = false;
            return false;
        }
        !tests && !line.trim_start().starts_with("//")
    })
}

/// The modules that a line names by `crate::module`.
fn named(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(rest.len());
        &rest[..end]
    })
}

#[test]
fn modules_depend_in_one_direction() {
    let mut wrong = Vec::new();
    for (name, module, text) in sources() {
        if matches!(module.as_str(), "cli" | "lib" | "main") {
            continue;
        }
        let (_, may) = MAY_USE
            .iter()
            .find(|(known, _)| *known == module)
            .unwrap_or_else(|| panic!("add `{module}` to the table and to docs/architecture.md"));
        for line in code(&text) {
            for used in named(line).filter(|used| MAY_USE.iter().any(|(known, _)| known == used)) {
                if used != module && !may.contains(&used) {
                    wrong.push(format!("{name}: {}", line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn modules_of_a_room_use_each_other_in_one_direction() {
    let uses = uses::Uses::of(&sources());
    let mut circles = Vec::new();
    for room in uses.rooms() {
        // The enum of all operators stands in `ops`, and what binds arguments makes one: these two name each other.
        if room != ["ops"] {
            circles.extend(uses.circle(&room).map(|text| format!("{}: {text}", room.join("/"))));
        }
    }
    assert!(circles.is_empty(), "modules use each other in a circle:\n{}", circles.join("\n"));
}

#[test]
fn a_circle_would_be_found() {
    let file = |path: &str, text: &str| (path.to_owned(), String::new(), text.to_owned());
    let uses = uses::Uses::of(&[
        file("room/mod.rs", "mod a;\nmod b;\nmod c;\npub use b::{Thing, other};"),
        file("room/a.rs", "use super::{Thing, c::x};"),
        file("room/b.rs", "fn f() { super::a::g() }"),
        file("room/c.rs", "use crate::room::Unknown;"),
    ]);
    assert_eq!(uses.circle(&["room".to_owned()]), Some("a → b, b → a".to_owned()));
}

/// Checks that only files whose path begins with one of `places` have a word in their code.
fn only(word: &str, places: &[&str]) {
    let wrong: Vec<String> = sources()
        .iter()
        .filter(|(name, _, _)| !places.iter().any(|place| name.starts_with(place)))
        .filter(|(_, _, text)| code(text).any(|line| line.contains(word)))
        .map(|(name, _, _)| name.clone())
        .collect();
    assert!(wrong.is_empty(), "`{word}` stands in {}", wrong.join(", "));
}

#[test]
fn parser_renderer_and_graph_libraries_have_one_home_each() {
    only("pest::", &["syntax/"]);
    only("pest_derive", &["syntax/grammar.rs"]);
    only("codespan_reporting", &["diag/render.rs"]);
    only("petgraph", &["ir/"]);
    only("stacker", &["base/stack.rs"]);
}

#[test]
fn files_environment_and_streams_belong_to_the_command_line() {
    let edge = ["cli/", "main.rs"];
    for word in ["std::fs", "std::env", "std::process", "stdin(", "stdout(", "println!", "eprintln!"] {
        only(word, &edge);
    }
    // What the feature `cli` brings.
    for word in
        ["clap::", "clap_", "indicatif::", "rayon::", "tempfile::", "terminal_size::", "signal_hook::"]
    {
        only(word, &edge);
    }
}

#[test]
fn errors_of_an_expansion_have_its_trace() {
    // Before a network is expanded, and once it is whole, no call and no copy leads to a place.
    let without =
        ["reading.rs", "namespace.rs", "program.rs", "table.rs", "expander.rs", "expect.rs", "unused.rs"]
            .map(|file| format!("sema/{file}"));
    let wrong: Vec<String> = sources()
        .iter()
        .filter(|(name, module, _)| module == "sema" && !without.contains(name))
        .filter(|(_, _, text)| {
            code(text).any(|line| line.contains("sink.error(") || line.contains("sink.warning("))
        })
        .map(|(name, _, _)| name.clone())
        .collect();
    assert!(wrong.is_empty(), "use `Expander::error`, which adds the trace, in {}", wrong.join(", "));
}

#[test]
fn the_library_speaks_without_the_words_of_the_command_line() {
    // The title of a document names the program; a baseline says how it is written anew.
    let titles =
        ["cli/", "main.rs", "annotate/markdown.rs", "report/html/", "diff/html.rs", "baseline/mod.rs"];
    let wrong: Vec<String> = sources()
        .iter()
        .filter(|(name, _, _)| !titles.iter().any(|place| name.starts_with(place)))
        .flat_map(|(name, _, text)| {
            let is_said = |line: &&str| line.contains("`cnnc ") || line.contains("`--");
            code(text).filter(is_said).map(|line| format!("{name}: {}", line.trim())).collect::<Vec<_>>()
        })
        .collect();
    assert!(wrong.is_empty(), "say the fact, and leave the words to `cli`:\n{}", wrong.join("\n"));
}

#[test]
fn unsafe_code_stands_in_kernels_and_the_allocator_only() {
    for form in ["unsafe {", "unsafe fn", "unsafe impl"] {
        only(form, &["exec/kernels/", "cli/allocator.rs"]);
    }
}

#[test]
fn files_are_of_a_size_that_can_be_read() {
    for (name, _, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= MOST_LINES, "{name} has {lines} lines");
    }
}

/// The public types that the sources declare: name and file.
fn public_types() -> Vec<(String, String)> {
    let mut types = Vec::new();
    for (file, _, text) in sources() {
        for line in code(&text).map(str::trim_start) {
            let kinds = ["pub struct ", "pub enum ", "pub trait ", "pub type "];
            let Some(rest) = kinds.iter().find_map(|kind| line.strip_prefix(kind)) else { continue };
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            types.push((rest[..end].to_owned(), file.clone()));
        }
    }
    types.retain(|(name, _)| !name.is_empty());
    types.sort();
    types
}

#[test]
fn no_two_public_types_have_one_name() {
    let types = public_types();
    let twice = types.windows(2).filter(|two| two[0].0 == two[1].0);
    let twice: Vec<String> =
        twice.map(|two| format!("`{}` in {} and {}", two[0].0, two[0].1, two[1].1)).collect();
    assert!(twice.is_empty(), "one word, one thing: {}", twice.join("; "));
}

#[test]
fn the_words_of_the_glossary_are_those_of_the_code() {
    let page =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md")).unwrap();
    let glossary = page.split("## Glossary").nth(1).unwrap().split("\n## ").next().unwrap();
    let types = public_types();
    let mut rows = 0;
    for row in glossary.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let home = row.trim_end_matches(" |").rsplit("| ").next().unwrap().trim_matches('`');
        let exists = match home.split_once("::") {
            Some((module, name)) => {
                types.iter().any(|(known, file)| known == name && file.starts_with(&format!("{module}/")))
            }
            None => sources().iter().any(|(file, module, _)| file == home || module == home),
        };
        assert!(exists, "`{home}` of the glossary does not exist: {row}");
        rows += 1;
    }
    assert!(rows >= 20, "the glossary has {rows} words");
}

#[test]
fn the_parser_repairs_the_forms_that_there_are() {
    // `syntax` knows no operator, so that it has a list of its own.
    let files = sources();
    let (_, _, text) = files.iter().find(|(name, _, _)| name == "syntax/mend/brackets/mod.rs").unwrap();
    let list = text.split("FORM_WORDS: ").nth(1).unwrap().split('=').nth(1).unwrap();
    let list = list.split(';').next().unwrap_or(list);
    let known: BTreeSet<&str> = list.split('"').skip(1).step_by(2).collect();
    assert_eq!(known, cnnc::ops::forms().map(|form| form.name).collect());
}

#[test]
fn words_that_begin_statements_are_those_of_the_grammar() {
    let grammar = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("grammar/cnn.pest")).unwrap();
    let rule = |name: &str| {
        let line = grammar.lines().find(|line| line.split_whitespace().next() == Some(name)).unwrap();
        line.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()
    };
    let words: BTreeSet<String> = ["keyword", "reserved", "kw_as"].into_iter().flat_map(rule).collect();
    let list = |file: &str, name: &str| -> BTreeSet<String> {
        let files = sources();
        let (_, _, text) = files.iter().find(|(path, _, _)| path == file).unwrap();
        let list = text.split(name).nth(1).unwrap().split("= [").nth(1).unwrap().split(']').next().unwrap();
        list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
    };
    assert_eq!(list("syntax/build/items.rs", "const STATEMENT_WORDS"), words);
    let keywords: BTreeSet<String> = ["keyword", "kw_as"].into_iter().flat_map(rule).collect();
    let coloured = list("lsp/semantic_tokens.rs", "const KEYWORDS");
    assert!(keywords.is_subset(&coloured), "{:?}", keywords.difference(&coloured));
}

#[test]
fn an_upward_dependency_would_be_found() {
    assert_eq!(named("use crate::syntax::ast; crate::ops::x").collect::<Vec<_>>(), ["syntax", "ops"]);
    assert_eq!(code("a\n// b\n#[cfg(test)]\nmod tests {\n  c\n}\nd").collect::<Vec<_>>(), ["a", "d"]);
    assert_eq!(code("#[cfg(test)]\nmod tests;\nd").collect::<Vec<_>>(), ["d"]);
}

//! Which module of the crate uses which, read from the text of `use` lines and paths.

use std::collections::{BTreeMap, BTreeSet};

use super::tidy::code;

/// The path of a module: `["report", "rows"]`; a folder's `mod.rs` has the path of the folder.
type Module = Vec<String>;

/// Every module with the modules that it names.
pub(super) struct Uses(BTreeMap<Module, BTreeSet<Module>>);

impl Uses {
    /// Reads the sources: path below `src/`, top module, text.
    pub(super) fn of(sources: &[(String, String, String)]) -> Uses {
        let texts: BTreeMap<Module, String> = sources
            .iter()
            .map(|(path, _, text)| (module(path), code(text).collect::<Vec<_>>().join("\n")))
            .collect();
        let paths: BTreeMap<&Module, Vec<Module>> =
            texts.iter().map(|(module, text)| (module, named_paths(text))).collect();
        let targets = |from: &Module, path: &[String]| {
            let (module, rest) = resolve(&texts, from, path)?;
            // What a room's `mod.rs` hands out of one of its modules belongs to that module.
            let of_export = |export: &Module| {
                let (inner, named) = resolve(&texts, &module, export)?;
                (named.len() <= 1 && export.last() == rest.first() && inner != module).then_some(inner)
            };
            Some(paths[&module].iter().find_map(of_export).unwrap_or(module))
        };
        let uses = paths.iter().map(|(from, paths)| {
            let used = paths.iter().filter_map(|path| targets(from, path));
            ((*from).clone(), used.collect())
        });
        Uses(uses.collect())
    }

    /// The folders with modules in them.
    pub(super) fn rooms(&self) -> BTreeSet<Module> {
        self.0
            .keys()
            .filter(|module| module.len() > 1)
            .map(|module| module[..module.len() - 1].to_vec())
            .collect()
    }

    /// The arrows of a circle between the modules of a room, if there is one.
    pub(super) fn circle(&self, room: &[String]) -> Option<String> {
        let member = |module: &Module| Some(module.strip_prefix(room)?.first()?.clone());
        let mut arrows = BTreeSet::new();
        for (from, used) in &self.0 {
            let Some(from) = member(from) else { continue };
            arrows.extend(used.iter().filter_map(member).map(|to| (from.clone(), to)));
        }
        arrows.retain(|(from, to)| from != to);
        // An arrow to a module that uses nothing, or from one that nothing uses, is in no circle.
        loop {
            let left = arrows.clone();
            arrows.retain(|(from, to)| {
                left.iter().any(|(next, _)| next == to) && left.iter().any(|(_, before)| before == from)
            });
            if arrows.len() == left.len() {
                break;
            }
        }
        let texts: Vec<String> = arrows.iter().map(|(from, to)| format!("{from} → {to}")).collect();
        (!texts.is_empty()).then(|| texts.join(", "))
    }
}

/// The path of the module that a file holds.
fn module(path: &str) -> Module {
    let mut parts: Module = path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts
}

/// The module that a path in a file leads to, and what is named in it.
fn resolve(texts: &BTreeMap<Module, String>, from: &[String], path: &[String]) -> Option<(Module, Module)> {
    let mut module = from.to_vec();
    let mut rest = path;
    match path.first()?.as_str() {
        "crate" => (module, rest) = (Vec::new(), &path[1..]),
        "self" => rest = &path[1..],
        "super" => {
            while rest.first().is_some_and(|part| part == "super") {
                module.pop()?;
                rest = &rest[1..];
            }
        }
        first => {
            let inner = [from, &[first.to_owned()]].concat();
            texts.contains_key(&inner).then_some(())?;
        }
    }
    while let [part, further @ ..] = rest {
        let inner = [module.as_slice(), std::slice::from_ref(part)].concat();
        if !texts.contains_key(&inner) {
            break;
        }
        (module, rest) = (inner, further);
    }
    Some((module, rest.to_vec()))
}

/// The paths that a text names: those of `use` lines, and others that begin with `crate::` or `super::`.
fn named_paths(text: &str) -> Vec<Module> {
    let mut paths = Vec::new();
    let mut rest = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let bare = line.trim_start();
        let bare = match bare.strip_prefix("pub") {
            Some(behind) => behind.trim_start_matches(|c: char| c != ' ' && c != 'u').trim_start(),
            None => bare,
        };
        let Some(tree) = bare.strip_prefix("use ") else {
            rest.push_str(line);
            rest.push('\n');
            continue;
        };
        let mut tree = tree.to_owned();
        while !tree.contains(';') {
            let Some(more) = lines.next() else { break };
            tree.push_str(more);
        }
        branches(&[], tree.split(';').next().unwrap_or_default(), &mut paths);
    }
    for start in ["crate::", "super::"] {
        for (at, _) in rest.match_indices(start) {
            if rest[..at].ends_with("::") {
                continue;
            }
            let path = &rest[at..];
            let end = path.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').unwrap_or(path.len());
            paths.push(path[..end].split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect());
        }
    }
    paths
}

/// The paths of a tree `a::{b, c::{d}}`.
fn branches(before: &[String], tree: &str, paths: &mut Vec<Module>) {
    let parts = |text: &str| -> Module {
        text.split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    let Some((head, body)) = tree.split_once('{') else {
        let name = tree.split(" as ").next().unwrap_or_default();
        paths.push([before, &parts(name)].concat());
        return;
    };
    let before = [before, &parts(head)].concat();
    let body = &body[..body.rfind('}').unwrap_or(body.len())];
    let (mut depth, mut start) = (0, 0);
    for (at, c) in body.char_indices().chain([(body.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if !body[start..at].trim().is_empty() {
                    branches(&before, &body[start..at], paths);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
}

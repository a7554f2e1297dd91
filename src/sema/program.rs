//! The files of a compilation and what their names mean.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::{FileId, MAX_SOURCE_BYTES, Span, grow_stack, with_deep_stack};
use crate::diag::{Code, Sink};
use crate::ops::{self, ConnectionTable};
use crate::syntax::{Parsed, ast, write};

use super::files::Files;
use super::limits;

/// The only door to files: paths are relative to where the compiler runs, with `/` between their parts.
pub trait Loader {
    /// The bytes of a file.
    fn read(&self, path: &str) -> std::io::Result<Vec<u8>>;

    /// The bytes of a file that must lie in or below a folder, wherever links lead. Without links its path says so.
    fn read_within(&self, _folder: &str, path: &str) -> std::io::Result<Vec<u8>> {
        self.read(path)
    }
}

/// A loader that knows no files, for inline text.
impl Loader for () {
    fn read(&self, _path: &str) -> std::io::Result<Vec<u8>> {
        Err(std::io::Error::from(std::io::ErrorKind::NotFound))
    }
}

/// An item: the file that holds it and its place among the file's items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ItemId {
    /// The file, by its place in the program.
    pub(super) file: usize,
    /// The item, by its place in the file.
    pub(super) item: usize,
}

/// What names mean in one file: its own items and those of the files that it uses.
#[derive(Debug, Default)]
pub(super) struct Namespace {
    pub blocks: BTreeMap<String, ItemId>,
    pub lets: BTreeMap<String, ItemId>,
    pub tables: BTreeMap<String, ItemId>,
    pub networks: BTreeMap<String, ItemId>,
}

/// One file.
#[derive(Debug)]
pub(super) struct Source {
    pub path: String,
    pub parsed: Arc<Parsed>,
    pub names: Namespace,
    pub tables: BTreeMap<usize, Arc<ConnectionTable>>,
    /// The names of items that were reported and left out.
    refused: BTreeSet<String>,
    used: Vec<(usize, Span)>,
}

/// A network of the root file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryPoint {
    /// Its name.
    pub name: String,
    /// The parameters without a default.
    pub needs: Vec<String>,
    /// Where it is named; the first statement of a file of bare statements.
    pub span: Span,
}

/// The root file and the files that it uses.
#[derive(Debug)]
pub struct Program {
    pub(super) sources: Vec<Source>,
    anonymous: String,
    /// The bytes of all files.
    bytes: usize,
}

impl Program {
    /// Takes the root file (which stands in `files`) and everything that it uses; what is known and unchanged is
    /// neither read nor parsed again. `anonymous` is the name of the network where the root file is bare
    /// statements. Errors are in the sink.
    pub fn load(
        files: &mut Files,
        loader: &dyn Loader,
        root: FileId,
        anonymous: &str,
        sink: &mut Sink,
    ) -> Program {
        let mut program = Program { sources: Vec::new(), anonymous: anonymous.to_owned(), bytes: 0 };
        let path = files.map().name(root).to_owned();
        program.load_file(files, loader, root, path, &mut Vec::new(), sink);
        for index in 0..program.sources.len() {
            program.name_items(index, sink);
        }
        for index in 0..program.sources.len() {
            program.import(index, sink);
            program.check_tables(index, sink);
        }
        program
    }

    fn load_file(
        &mut self,
        files: &mut Files,
        loader: &dyn Loader,
        file: FileId,
        path: String,
        open: &mut Vec<usize>,
        sink: &mut Sink,
    ) -> usize {
        let read = files.parse(file);
        read.diagnostics.iter().for_each(|one| sink.add(one.clone()));
        self.bytes += files.map().text(file).len();
        let parsed = read.parsed.clone();
        let uses: Vec<_> = parsed
            .tree
            .items
            .iter()
            .filter_map(
                |item| if let ast::ItemKind::Use { path } = &item.kind { Some(path.clone()) } else { None },
            )
            .collect();
        let index = self.sources.len();
        self.sources.push(Source {
            path: path.clone(),
            parsed,
            names: Namespace::default(),
            tables: BTreeMap::new(),
            refused: BTreeSet::new(),
            used: Vec::new(),
        });
        open.push(index);
        for used in uses {
            let Some(target) = resolve(&path, &used.value) else {
                sink.error(
                    Code::E0109,
                    used.span,
                    "a used file must lie in or below the folder of this file",
                )
                .here("leaves the folder")
                .help("write a relative path with `/` and without `..`")
                .emit();
                continue;
            };
            let known = self.sources.iter().position(|source| source.path == target);
            let target = match known {
                Some(cycle) if open.contains(&cycle) => {
                    let chain: Vec<&str> = open.iter().map(|&one| self.sources[one].path.as_str()).collect();
                    sink.error(Code::E0110, used.span, "files use each other")
                        .here("leads back to a file that is being read")
                        .note(format!("{} → {target}", chain.join(" → ")))
                        .emit();
                    continue;
                }
                Some(known) => known,
                None => match self.find(files, loader, folder_of(&path), &target) {
                    Ok(file) => {
                        let own = files.map().text(file).len();
                        let bytes = self.bytes + own;
                        if bytes > MAX_SOURCE_BYTES {
                            let message =
                                format!("{bytes} bytes of source in all; the limit is {MAX_SOURCE_BYTES}");
                            sink.error(Code::E0010, used.span, message)
                                .here(format!("has {own} bytes of them"))
                                .emit();
                            continue;
                        }
                        let loaded = grow_stack(|| self.load_file(files, loader, file, target, open, sink));
                        if let Some(body) = &self.sources[loaded].parsed.tree.statements {
                            sink.error(Code::E0016, used.span, "a used file must not be bare statements")
                                .here("has nothing to use")
                                .label(first_statement(body), "a statement outside of `block` and `network`")
                                .help("wrap the statements into a `block`")
                                .emit();
                        }
                        loaded
                    }
                    Err(why) => {
                        sink.error(Code::E0109, used.span, format!("cannot read `{target}`"))
                            .here(why)
                            .emit();
                        continue;
                    }
                },
            };
            self.sources[index].used.push((target, used.span));
        }
        open.pop();
        index
    }

    /// The file of a used path, read where it is not known.
    fn find(
        &self,
        files: &mut Files,
        loader: &dyn Loader,
        folder: &str,
        path: &str,
    ) -> Result<FileId, String> {
        if self.sources.len() >= limits::FILES {
            return Err(format!("more than {} files", limits::FILES));
        }
        if let Some(known) = files.current(path) {
            return Ok(known);
        }
        let bytes = loader.read_within(folder, path).map_err(|error| error.to_string())?;
        let text = String::from_utf8(bytes)
            .map_err(|error| format!("is not UTF-8 at byte {}", error.utf8_error().valid_up_to()))?;
        Ok(files.set(path, text))
    }

    /// Takes a file's own items into its namespace.
    fn name_items(&mut self, index: usize, sink: &mut Sink) {
        let mut names = Namespace::default();
        let mut refused = BTreeSet::new();
        let items = &self.sources[index].parsed.tree.items;
        for (item, parsed) in items.iter().enumerate() {
            let id = ItemId { file: index, item };
            let (what, name, names) = match &parsed.kind {
                ast::ItemKind::Use { .. } | ast::ItemKind::Broken { .. } => continue,
                ast::ItemKind::Let(one) => ("constant", &one.name, &mut names.lets),
                ast::ItemKind::Block(block) => ("block", &block.name, &mut names.blocks),
                ast::ItemKind::Table(table) => ("table", &table.name, &mut names.tables),
                ast::ItemKind::Network(network) => ("network", &network.name, &mut names.networks),
            };
            if what == "block" && is_word_of_the_first_edition(&name.value) {
                sink.error(Code::E0111, name.span, format!("a block may not be called `{}`", name.value))
                    .here("the name of an operator")
                    .emit();
                refused.insert(name.value.clone());
                continue;
            }
            if what == "block" && words_of_statements().any(|word| word == name.value) {
                sink.warning(Code::W0106, name.span, format!("`{}` is also an operator", name.value))
                    .here("the block is meant in this file")
                    .note("the word is an operator since version 0.2; a block that has its name keeps it")
                    .help("give the block another name to use both")
                    .warn();
            }
            if let Some(first) = names.get(&name.value) {
                let first = name_span(&items[first.item]);
                sink.error(Code::E0104, name.span, format!("the {what} `{}` is defined twice", name.value))
                    .here("defined again")
                    .label(first, "first defined here")
                    .emit();
                continue;
            }
            names.insert(name.value.clone(), id);
        }
        self.sources[index].names = names;
        // Calls of a refused block are no further mistakes.
        self.sources[index].refused = refused;
    }

    /// Takes the own items of used files into a file's namespace.
    fn import(&mut self, index: usize, sink: &mut Sink) {
        for (target, span) in self.sources[index].used.clone() {
            let mut names = std::mem::take(&mut self.sources[index].names);
            let other = &self.sources[target].names;
            let pairs = [
                (&mut names.blocks, &other.blocks, "block"),
                (&mut names.lets, &other.lets, "constant"),
                (&mut names.tables, &other.tables, "table"),
                (&mut names.networks, &other.networks, "network"),
            ];
            for (own, others, what) in pairs {
                for (name, &id) in others.iter().filter(|(_, id)| id.file == target) {
                    match own.get(name) {
                        Some(&first) if first != id => {
                            let first = name_span(&self.sources[first.file].parsed.tree.items[first.item]);
                            let second = name_span(&self.sources[id.file].parsed.tree.items[id.item]);
                            sink.error(Code::E0104, span, format!("the {what} `{name}` is defined twice"))
                                .here("brings the second definition")
                                .label(first, "defined here")
                                .label(second, "and here")
                                .emit();
                        }
                        _ => {
                            own.insert(name.clone(), id);
                        }
                    }
                }
            }
            self.sources[index].names = names;
        }
    }

    fn check_tables(&mut self, index: usize, sink: &mut Sink) {
        let mut tables = BTreeMap::new();
        for (item, parsed) in self.sources[index].parsed.tree.items.iter().enumerate() {
            if let ast::ItemKind::Table(table) = &parsed.kind
                && let Some(checked) = super::table::check(table, sink)
            {
                tables.insert(item, Arc::new(checked));
            }
        }
        self.sources[index].tables = tables;
    }

    /// The networks of the root file, in source order; one without a name of its own for bare statements.
    pub fn entries(&self) -> Vec<EntryPoint> {
        let root = &self.sources[0];
        let mut entries = Vec::new();
        if let Some(body) = &root.parsed.tree.statements {
            let span = first_statement(body);
            entries.push(EntryPoint { name: self.anonymous.clone(), needs: Vec::new(), span });
        }
        for item in &root.parsed.tree.items {
            if let ast::ItemKind::Network(network) = &item.kind {
                let needs = network
                    .params
                    .iter()
                    .filter(|param| param.default.is_none())
                    .map(|param| param.name.value.clone());
                let name = &network.name;
                entries.push(EntryPoint {
                    name: name.value.clone(),
                    needs: needs.collect(),
                    span: name.span,
                });
            }
        }
        entries
    }

    /// The root file as it was read.
    pub fn root(&self) -> &Parsed {
        &self.sources[0].parsed
    }

    /// The root file, and the files that it uses at whatever remove.
    pub fn files(&self) -> impl Iterator<Item = FileId> {
        self.sources.iter().map(|source| source.parsed.file)
    }

    /// The items that the root file can name: its own, and those of the files that it uses itself. By name.
    pub fn visible_items(&self) -> impl Iterator<Item = &ast::Item> {
        let names = &self.sources[0].names;
        let all = [&names.blocks, &names.lets, &names.tables, &names.networks];
        all.into_iter().flat_map(BTreeMap::values).map(|id| &self.sources[id.file].parsed.tree.items[id.item])
    }

    /// The syntax tree of the root file as text.
    pub fn dump_syntax(&self) -> String {
        with_deep_stack(|| write(&self.sources[0].parsed.tree))
    }

    /// The root file with those items only that a network needs, as text: what is not reached from it by name is left
    /// out, with the comments above it. `text` is that of the root file.
    pub fn excerpt(&self, network: &str, text: &str) -> String {
        let items = &self.sources[0].parsed.tree.items;
        // An item's part of the text begins behind the one before, so that comments above belong to it.
        let ends: Vec<usize> = items.iter().map(|item| behind(text, item.span.range().end)).collect();
        let start = |index: usize| if index == 0 { 0 } else { ends[index - 1] };
        let mut wanted: BTreeSet<&str> = BTreeSet::from([network]);
        let mut kept: BTreeSet<usize> = BTreeSet::new();
        loop {
            let is_wanted = |index: &usize| match items[*index].name() {
                Some(name) => wanted.contains(name.value.as_str()),
                None => true,
            };
            let Some(index) = (0..items.len()).filter(is_wanted).find(|index| !kept.contains(index)) else {
                break;
            };
            kept.insert(index);
            let own = text.get(items[index].span.range()).unwrap_or_default();
            wanted.extend(own.split(|one: char| !one.is_alphanumeric() && one != '_'));
        }
        let mut excerpt = String::new();
        for index in 0..items.len() {
            let part = &text[start(index)..ends[index]];
            if kept.contains(&index) {
                excerpt.push_str(part);
            } else if index == 0 {
                // The comment at the head of the file stands before an empty line.
                excerpt.push_str(part.rsplit_once("\n\n").map_or("", |(head, _)| head));
                excerpt.push('\n');
            }
        }
        excerpt.push_str(text.get(start(items.len())..).unwrap_or_default());
        excerpt
    }

    /// Whether any file of the program has text that could not be parsed.
    pub fn is_broken(&self) -> bool {
        self.sources.iter().any(|source| source.parsed.tree.broken)
    }

    /// The lints that comments allow, of all files.
    pub fn allows(&self) -> impl Iterator<Item = &ast::Allow> {
        self.sources.iter().flat_map(|source| &source.parsed.tree.allows)
    }

    /// Where an item is named.
    pub(super) fn name_span(&self, id: ItemId) -> Span {
        name_span(&self.sources[id.file].parsed.tree.items[id.item])
    }

    pub(super) fn block(&self, id: ItemId) -> &ast::Block {
        match &self.sources[id.file].parsed.tree.items[id.item].kind {
            ast::ItemKind::Block(block) => block,
            other => unreachable!("a block's id names {other:?}"),
        }
    }

    pub(super) fn constant(&self, id: ItemId) -> &ast::Let {
        match &self.sources[id.file].parsed.tree.items[id.item].kind {
            ast::ItemKind::Let(constant) => constant,
            other => unreachable!("a constant's id names {other:?}"),
        }
    }

    pub(super) fn network(&self, id: ItemId) -> &ast::Network {
        match &self.sources[id.file].parsed.tree.items[id.item].kind {
            ast::ItemKind::Network(network) => network,
            other => unreachable!("a network's id names {other:?}"),
        }
    }

    /// Whether text that could not be parsed mentions `name`, so that it may well be defined.
    pub(super) fn is_salvaged(&self, file: usize, name: &str) -> bool {
        let mentions =
            |source: &Source| source.parsed.tree.salvaged.contains(name) || source.refused.contains(name);
        let source = &self.sources[file];
        mentions(source) || source.used.iter().any(|&(used, _)| mentions(&self.sources[used]))
    }
}

/// The end of an item with the `;` and the rest of the line behind it.
fn behind(text: &str, end: usize) -> usize {
    let rest = text.get(end..).unwrap_or_default();
    let line = rest.find('\n').map_or(rest.len(), |at| at + 1);
    let blank = |part: &str| part.trim_matches([' ', '\t', '\r', '\n', ';']).is_empty();
    if blank(&rest[..line]) || rest[..line].trim_start_matches([' ', ';']).starts_with('#') {
        end + line
    } else {
        end
    }
}

/// Whether the first edition had a word that starts a statement; words that came later may be names of blocks.
fn is_word_of_the_first_edition(name: &str) -> bool {
    let is_first = |spec: &ops::Spec| spec.since == ops::FIRST;
    ops::find(name).is_some_and(is_first)
        || ops::form(name).is_some_and(is_first)
        || matches!(name, "identity" | "input" | "labels" | "expect" | "let" | "cnn")
}

/// Every word that starts a statement of its own.
pub(super) fn words_of_statements<'w>() -> impl Iterator<Item = &'w str> {
    let operators = ops::catalogue().map(|spec| spec.name);
    let forms = ops::forms().map(|spec| spec.name);
    operators.chain(forms).chain(["identity", "input", "labels", "expect", "let"])
}

fn name_span(item: &ast::Item) -> Span {
    item.name().map_or(item.span, |name| name.span)
}

fn first_statement(body: &ast::Body) -> Span {
    body.statements.first().map_or(body.span, |statement| statement.span)
}

/// The path of a used file; `None` where it would leave the folder of the using file.
fn resolve(from: &str, used: &str) -> Option<String> {
    let leaves =
        |part: &str| part.is_empty() || part == "." || part == ".." || part.contains(['\\', ':', '\0']);
    if used.split('/').any(leaves) {
        return None;
    }
    Some(match from.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{used}"),
        None => used.to_owned(),
    })
}

/// The folder of a file; empty for the current one.
fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

//! A program: the root file, the files that it uses, and their items by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::{FileId, Span, with_deep_stack};
use crate::diag::Sink;
use crate::syntax::{Parsed, ast, write};

use super::excerpt::excerpt;
use super::files::Files;
use super::namespace::name_all;
use super::reading::{Loader, Reader};
use super::source::{ItemId, Source, first_statement, name_span};

/// A network of the root file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryPoint {
    /// Its name.
    pub name: String,
    /// The parameters without a default.
    pub needs: Vec<String>,
    /// The place of its name; in a file of bare statements, the first statement.
    pub span: Span,
}

/// The root file and the files that it uses.
#[derive(Debug)]
pub struct Program {
    pub(super) sources: Vec<Source>,
    anonymous: String,
}

impl Program {
    /// Reads and parses the root file (which is known to `files`) and all files that it uses, unless they are known and
    /// unchanged. `anonymous` is the name of the network if the root file consists of bare statements. Errors go to the
    /// sink.
    pub fn load(
        files: &mut Files,
        loader: &dyn Loader,
        root: FileId,
        anonymous: &str,
        sink: &mut Sink,
    ) -> Program {
        let mut sources = Reader::read(files, loader, root, sink);
        name_all(&mut sources, sink);
        let mut program = Program { sources, anonymous: anonymous.to_owned() };
        for index in 0..program.sources.len() {
            program.check_tables(index, sink);
        }
        program
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
                    .map(|param| param.name.value.to_string());
                let name = &network.name;
                entries.push(EntryPoint {
                    name: name.value.to_string(),
                    needs: needs.collect(),
                    span: name.span,
                });
            }
        }
        entries
    }

    /// The root file after parsing.
    pub fn root(&self) -> &Parsed {
        &self.sources[0].parsed
    }

    /// The root file, and all files that it uses directly or through others.
    pub fn files(&self) -> impl Iterator<Item = FileId> {
        self.sources.iter().map(|source| source.parsed.file)
    }

    /// The items that the root file can name: its own, and those of the files that it uses directly. Sorted by name.
    pub fn visible_items(&self) -> impl Iterator<Item = &ast::Item> {
        let names = &self.sources[0].names;
        let all = [&names.blocks, &names.lets, &names.tables, &names.networks];
        all.into_iter().flat_map(BTreeMap::values).map(|id| &self.sources[id.file].parsed.tree.items[id.item])
    }

    /// Hands the syntax tree of the root file to `out` as text, in pieces of whole lines.
    pub fn dump_syntax(&self, out: &mut dyn FnMut(&str)) {
        with_deep_stack(|| write(&self.sources[0].parsed.tree, out));
    }

    /// The text of the root file without the items that the network does not reach by name; comments above an item go
    /// with it. `text` is the root file's.
    pub fn excerpt(&self, network: &str, text: &str) -> String {
        excerpt(&self.sources[0].parsed.tree.items, network, text)
    }

    /// Returns whether any file of the program has text that could not be parsed.
    pub fn is_broken(&self) -> bool {
        self.sources.iter().any(|source| source.parsed.tree.broken)
    }

    /// The lints that comments of all files allow.
    pub fn allows(&self) -> impl Iterator<Item = &ast::Allow> {
        self.sources.iter().flat_map(|source| &source.parsed.tree.allows)
    }

    /// The place of an item's name.
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

    /// Returns whether text that could not be parsed mentions `name`, so that it may well be defined.
    pub(super) fn is_salvaged(&self, file: usize, name: &str) -> bool {
        let mentions = |source: &Source| {
            source.parsed.tree.skipped_names.contains(name) || source.refused.contains(name)
        };
        let source = &self.sources[file];
        mentions(source) || source.used.iter().any(|&(used, _)| mentions(&self.sources[used]))
    }
}

//! Builds the namespace of each file: the names of its own items, and of those of the files that it uses.

use std::collections::BTreeSet;

use crate::diag::{Code, Sink};
use crate::ops;
use crate::syntax::ast;

use super::source::{ItemId, Namespace, Source, name_span};

/// Gives every file its namespace.
pub(super) fn name_all(sources: &mut [Source], sink: &mut Sink) {
    for index in 0..sources.len() {
        name_items(sources, index, sink);
    }
    for index in 0..sources.len() {
        import(sources, index, sink);
    }
}

/// Enters a file's own items into its namespace.
fn name_items(sources: &mut [Source], index: usize, sink: &mut Sink) {
    let mut names = Namespace::default();
    let mut refused = BTreeSet::new();
    let items = &sources[index].parsed.tree.items;
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
            refused.insert(name.value.to_string());
            continue;
        }
        if what == "block" && words_of_statements().any(|word| word == name.value) {
            sink.warning(Code::W0106, name.span, format!("`{}` is also an operator", name.value))
                .here("the block is meant in this file")
                .note("the word is an operator since version 0.2; a block that has its name keeps it")
                .help("give the block another name to use both")
                .warn();
        }
        if let Some(first) = names.get(name.value.as_str()) {
            let first = name_span(&items[first.item]);
            sink.error(Code::E0104, name.span, format!("the {what} `{}` is defined twice", name.value))
                .here("defined again")
                .label(first, "first defined here")
                .emit();
            continue;
        }
        names.insert(name.value.to_string(), id);
    }
    sources[index].names = names;
    // Calls of a refused block are no further mistakes.
    sources[index].refused = refused;
}

/// Enters the items of the files that a file uses into its namespace.
fn import(sources: &mut [Source], index: usize, sink: &mut Sink) {
    for (target, span) in sources[index].used.clone() {
        let mut names = std::mem::take(&mut sources[index].names);
        let other = &sources[target].names;
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
                        let first = name_span(&sources[first.file].parsed.tree.items[first.item]);
                        let second = name_span(&sources[id.file].parsed.tree.items[id.item]);
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
        sources[index].names = names;
    }
}

/// Returns whether a word started statements in the first edition. Later words may be names of blocks.
fn is_word_of_the_first_edition(name: &str) -> bool {
    let is_first = |spec: &ops::Spec| spec.since == ops::FIRST;
    ops::find(name).is_some_and(is_first)
        || ops::form(name).is_some_and(is_first)
        || matches!(name, ops::IDENTITY | "input" | "labels" | "expect" | "let" | "cnn")
}

/// All words that begin a statement.
pub(super) fn words_of_statements<'w>() -> impl Iterator<Item = &'w str> {
    let operators = ops::catalogue().map(|spec| spec.name);
    let forms = ops::forms().map(|spec| spec.name);
    operators.chain(forms).chain([ops::IDENTITY, "input", "labels", "expect", "let"])
}

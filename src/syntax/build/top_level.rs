//! Sorts the elements of a file into its items, the statements of its one anonymous network, and what is unusable.
//!
//! Only at the end of the file it is known whether statements may stand in it: they may not if it has a network.

use crate::base::Span;
use crate::diag::Code;
use crate::syntax::ast::{Body, Element, Item, ItemKind, Stmt, StmtKind};

use super::TreeBuilder;
use super::statements::Built;

/// The elements of a file in the order in which they are read.
#[derive(Default)]
pub(super) struct TopLevel {
    /// The statements in source order. Constants behind the first statement are statements too.
    statements: Vec<Stmt>,
    /// The items in source order.
    items: Vec<TopItem>,
    has_network: bool,
}

/// An item of a file.
struct TopItem {
    item: Item,
    usable: bool,
    /// The number of statements that stand before it.
    behind: usize,
}

impl TopLevel {
    /// Adds the element that a `statement` of the grammar stands for.
    pub(super) fn add(&mut self, built: Built) {
        match built {
            Built::Statement(statement) => self.statements.push(statement),
            Built::Item(Item { kind: ItemKind::Let(constant), doc, span }) if !self.statements.is_empty() => {
                self.statements.push(Stmt { kind: StmtKind::Let(constant), doc, span });
            }
            Built::Item(item) => self.add_item(item, true, false),
            Built::Edition => {}
        }
    }

    pub(super) fn add_item(&mut self, item: Item, usable: bool, is_network: bool) {
        self.has_network |= is_network;
        self.items.push(TopItem { item, usable, behind: self.statements.len() });
    }
}

impl TreeBuilder<'_, '_> {
    /// Puts the elements of the file into the tree, and reports those that may not stand where they do.
    pub(super) fn finish_file(&mut self, top: TopLevel) {
        let TopLevel { statements, items, has_network } = top;
        if has_network {
            self.file_of_items(statements, items);
        } else {
            self.file_of_statements(statements, items);
        }
        self.tree.unusable.sort_by_key(|element| element.span().start);
    }

    /// Completes a file with a network. All statements are unusable; the first one of each run is reported.
    fn file_of_items(&mut self, statements: Vec<Stmt>, items: Vec<TopItem>) {
        let mut items = items.into_iter().peekable();
        let mut reported = false;
        for (index, statement) in statements.into_iter().enumerate() {
            while let Some(TopItem { item, usable, .. }) = items.next_if(|one| one.behind <= index) {
                reported &= matches!(item.kind, ItemKind::Let(_) | ItemKind::Use { .. });
                self.add_item(item, usable);
            }
            match statement {
                Stmt { kind: StmtKind::Let(constant), doc, span } => {
                    self.tree.items.push(Item { kind: ItemKind::Let(constant), doc, span });
                }
                statement => {
                    if !matches!(statement.kind, StmtKind::Broken(_)) {
                        if !std::mem::replace(&mut reported, true) {
                            self.outside_a_network(statement.span);
                        }
                        self.salvage(statement.span);
                    }
                    self.tree.unusable.push(Element::Stmt(statement));
                }
            }
        }
        for TopItem { item, usable, .. } in items {
            self.add_item(item, usable);
        }
    }

    /// Completes a file without a network: its statements are one. Items behind the first statement are reported.
    fn file_of_statements(&mut self, statements: Vec<Stmt>, items: Vec<TopItem>) {
        for TopItem { item, usable, behind } in items {
            let is_late = behind > 0;
            if is_late {
                self.late_item(item.span);
            }
            let is_late_use = is_late && matches!(item.kind, ItemKind::Use { .. });
            self.add_item(item, usable && !is_late_use);
        }
        let (Some(first), Some(last)) = (statements.first(), statements.last()) else { return };
        let span = first.span.to(last.span);
        // A file whose only statements could not be read may have been meant as a file of items.
        let only_broken = statements.iter().all(|one| matches!(one.kind, StmtKind::Broken(_)));
        if !only_broken || self.tree.items.is_empty() {
            self.tree.statements = Some(Body { statements: statements.into(), span });
        } else {
            self.tree.unusable.extend(statements.into_iter().map(Element::Stmt));
        }
    }

    fn add_item(&mut self, item: Item, usable: bool) {
        if usable {
            self.tree.items.push(item);
        } else {
            self.tree.unusable.push(Element::Item(item));
        }
    }

    fn outside_a_network(&mut self, span: Span) {
        let word = self.first_word(span);
        let error = self.error(Code::E0016, word, "a statement outside a network");
        error.help("a file holds networks, or only statements that are one network").emit();
    }

    fn late_item(&mut self, span: Span) {
        let word = self.first_word(span);
        let message = format!("`{}` may not stand behind statements", &self.session.source[word.range()]);
        let error = self.error(Code::E0016, word, message);
        error.help("in a file of bare statements, items stand before the first one").emit();
        self.salvage(span);
    }
}

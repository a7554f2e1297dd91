//! The analysis of one file and of the files that it uses, for one version of their texts. Every feature reads it.

use std::collections::BTreeMap;

use crate::analysis::Checked;
use crate::base::{FileId, Interrupt, SourceMap, Span};
use crate::check::{CheckedFile, ProjectFile, Rules, check_file};
use crate::driver::{Options, Session};
use crate::sema::{Definition, Passage};
use crate::syntax::Parsed;
use crate::syntax::ast::{Block, Body, Item, ItemKind, Network, NetworkKind, Param, Stmt};

use crate::tensor::Shape;

use super::position::{Encoding, Places};
use super::tree::{self, Node};

/// A file, and the result of its check.
#[derive(Debug)]
pub(super) struct Analysis {
    pub file: FileId,
    pub checked: CheckedFile,
}

impl Analysis {
    /// Checks the program of a file with the rules of the command line. `project` is the project file and the path of
    /// the file from the project's folder. `None` if the check was interrupted.
    pub(super) fn of(
        session: Session,
        path: &str,
        project: Option<(&ProjectFile, &str)>,
        interrupt: &Interrupt,
    ) -> Option<Analysis> {
        let file = session.root();
        let options = Options { uses: true, interrupt: interrupt.clone(), ..Options::default() };
        let rules = Rules { options, project, keep_compiled: true, ..Rules::default() };
        // Without a chosen network or settings, options cannot be wrong.
        let checked = check_file(path, session, &rules).ok()?;
        (!interrupt.is_over()).then_some(Analysis { file, checked })
    }

    /// The file, and all files that it uses, directly or through others.
    pub(super) fn files(&self) -> impl Iterator<Item = FileId> {
        self.checked.session.program().files()
    }

    /// The source map with all texts.
    pub(super) fn map(&self) -> &SourceMap {
        self.checked.session.sources()
    }
}

/// An analysis, with the document and the encoding of one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    pub analysis: &'a Analysis,
    pub encoding: Encoding,
}

impl<'a> View<'a> {
    /// The file that the request is about.
    pub(super) fn file(self) -> FileId {
        self.analysis.file
    }

    /// Its tokens, comments and tree.
    pub(super) fn parsed(self) -> &'a Parsed {
        self.analysis.checked.session.program().root()
    }

    /// The text of the file.
    pub(super) fn text(self) -> &'a str {
        &self.parsed().text
    }

    /// The converter between spans and positions of the protocol.
    pub(super) fn places(self) -> Places<'a> {
        Places { map: self.analysis.map(), encoding: self.encoding }
    }

    /// The text of a span in any of the files.
    pub(super) fn snippet(self, span: Span) -> &'a str {
        self.analysis.map().snippet(span)
    }

    /// The items that the file can name.
    pub(super) fn items(self) -> impl Iterator<Item = &'a Item> {
        self.analysis.checked.session.program().visible_items()
    }

    /// The blocks that the file can name.
    pub(super) fn blocks(self) -> impl Iterator<Item = (&'a Item, &'a Block)> {
        self.items().filter_map(|item| match &item.kind {
            ItemKind::Block(block) => Some((item, block)),
            _ => None,
        })
    }

    /// The parameters of a block or network, and its item.
    pub(super) fn callable(self, name: &str) -> Option<(&'a Item, &'a [Param])> {
        self.items().find_map(|item| match &item.kind {
            ItemKind::Block(block) if block.name.value == name => Some((item, block.params.as_slice())),
            ItemKind::Network(network) if network.name.value == name => {
                Some((item, network.params.as_slice()))
            }
            _ => None,
        })
    }

    /// A compiled network by name.
    pub(super) fn compiled(self, name: &str) -> Option<&'a Checked> {
        let all = &self.analysis.checked.compiled;
        all.iter().find(|one| one.entry.name == name).map(|one| &one.checked)
    }

    /// The name of the network that encloses an offset; outside of networks, that of the first one in the file.
    pub(super) fn network_name_at(self, offset: u32) -> Option<String> {
        let around = tree::around(self.parsed(), offset);
        let here = around.iter().find_map(|node| match node {
            Node::Item(Item { kind: ItemKind::Network(network), .. }) => Some(network.name.value.to_string()),
            _ => None,
        });
        here.or_else(|| self.analysis.checked.session.entries().into_iter().next().map(|entry| entry.name))
    }

    /// The compiled network that encloses an offset; outside of networks, the first one.
    pub(super) fn network_at(self, offset: u32) -> Option<&'a Checked> {
        self.compiled(&self.network_name_at(offset)?)
    }

    /// The body of the network that encloses an offset.
    pub(super) fn network_body_at(self, offset: u32) -> Option<&'a Body> {
        tree::around(self.parsed(), offset).into_iter().find_map(|node| match node {
            Node::Item(Item { kind: ItemKind::Network(network), .. }) => match &network.kind {
                NetworkKind::Body(body) => Some(body),
                NetworkKind::Instance { .. } => None,
            },
            Node::Body(body) => Some(body),
            _ => None,
        })
    }

    /// The meaning of each word that `sema` resolved, by its span.
    pub(super) fn definitions(self) -> &'a BTreeMap<Span, Definition> {
        self.analysis.checked.uses.definitions()
    }

    /// The shapes that enter and leave a statement, at the first place where it is expanded.
    pub(super) fn passage(self, stmt: Span) -> Option<Passage> {
        self.analysis.checked.uses.passages().get(&stmt).copied()
    }

    /// The number of nodes that a statement makes in a network; 1 for a statement with a repetition, whose shapes are
    /// those of the whole chain.
    pub(super) fn uses_of(self, stmt: &Stmt) -> u64 {
        let repeated = tree::flow_of(stmt).is_some_and(|flow| flow.repeat().is_some());
        if repeated { 1 } else { self.passage(stmt.span).map_or(0, |passage| passage.copies) }
    }

    /// The source text of a constant's value or of a parameter's default.
    pub(super) fn written_value(self, name: Span) -> Option<&'a str> {
        let file = self.items().chain(&self.parsed().tree.items);
        let of_items = file.flat_map(|item| match &item.kind {
            ItemKind::Let(one) => vec![(&one.name, Some(&one.value))],
            ItemKind::Block(Block { params, .. }) | ItemKind::Network(Network { params, .. }) => {
                params.iter().map(|param| (&param.name, param.default.as_ref())).collect()
            }
            _ => Vec::new(),
        });
        let local = tree::nodes(self.parsed()).filter_map(|node| match node {
            Node::Stmt(stmt) => tree::constant_of(stmt).map(|one| (&one.name, Some(&one.value))),
            _ => None,
        });
        let (_, value) = of_items.chain(local).find(|(one, _)| one.span == name)?;
        Some(self.snippet(value?.span))
    }

    /// Returns whether a span is the name of an item.
    pub(super) fn is_item(self, name: Span) -> bool {
        self.items()
            .chain(&self.parsed().tree.items)
            .any(|item| item.name().is_some_and(|one| one.span == name))
    }

    /// The shape that enters a statement at an offset: the one that leaves the preceding statement, or the one that
    /// enters the group or branch around it.
    pub(super) fn shape_before(self, offset: u32) -> Option<Shape> {
        let around = tree::around(self.parsed(), offset);
        let exact = self.statement_at(offset).filter(|stmt| stmt.span.start == offset);
        if let Some(shape) = exact.and_then(|stmt| self.passage(stmt.span)?.arriving) {
            return Some(shape);
        }
        for node in around.into_iter().rev() {
            match node {
                Node::Body(body) => {
                    let mut before = body.statements.iter().rev().filter(|stmt| stmt.span.end <= offset);
                    // If the preceding statement has no known shape, neither has this one's input.
                    if let Some(stmt) = before.find(|stmt| tree::may_make_a_value(stmt)) {
                        return self.passage(stmt.span)?.leaving;
                    }
                }
                Node::Stmt(stmt) if stmt.span.start < offset => {
                    if let Some(shape) = self.passage(stmt.span).and_then(|shapes| shapes.arriving) {
                        return Some(shape);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// The shape that leaves the statement that begins at an offset.
    pub(super) fn shape_of_statement_at(self, offset: u32) -> Option<Shape> {
        let stmt = self.statement_at(offset).filter(|stmt| stmt.span.start == offset)?;
        self.passage(stmt.span)?.leaving
    }

    /// The innermost statement that encloses an offset.
    pub(super) fn statement_at(self, offset: u32) -> Option<&'a Stmt> {
        tree::around(self.parsed(), offset).into_iter().rev().find_map(|node| match node {
            Node::Stmt(stmt) => Some(stmt),
            _ => None,
        })
    }
}

//! Files and items: from the pairs of the grammar to the tree.

use pest::iterators::Pair;

use crate::base::{Span, Spanned};
use crate::diag::Code;

use super::statements::Built;
use super::{Element, Part, TreeBuilder, next};
use crate::syntax::ast::{Block, Body, Ident, Item, Network, NetworkKind, Param, Stmt, StmtKind, Table};
use crate::syntax::grammar::Rule;

/// Words that cannot call a block, because they mean something where a statement starts.
const STATEMENT_WORDS: [&str; 18] = [
    "cnn", "use", "let", "block", "table", "network", "input", "labels", "expect", "if", "else", "for",
    "match", "fn", "with", "import", "shared", "as",
];

impl TreeBuilder<'_, '_> {
    /// A `file`: items, and statements if there is no network.
    pub(crate) fn file(&mut self, pair: Pair<'_, Rule>) {
        let has_network = pair.clone().into_inner().any(|element| element.as_rule() == Rule::network);
        let mut statements: Vec<Stmt> = Vec::new();
        let mut reported = false;
        for element in pair.into_inner() {
            self.spoiled = false;
            let span = self.span(&element);
            match element.as_rule() {
                Rule::statement => match self.statement(element) {
                    Built::Item(item, _) if statements.is_empty() => self.tree.items.push(item),
                    Built::Item(Item::Let(constant), span) => {
                        statements.push(Stmt { kind: StmtKind::Let(constant), span });
                    }
                    Built::Item(_, span) => self.late_item(span),
                    Built::Statement(statement) => {
                        let bad = matches!(statement.kind, StmtKind::Bad);
                        if has_network && !bad {
                            if !std::mem::replace(&mut reported, true) {
                                self.outside_a_network(statement.span);
                            }
                            self.salvage(statement.span);
                        } else if !bad || !has_network {
                            statements.push(statement);
                        }
                    }
                    Built::Nothing => {}
                },
                Rule::block | Rule::table | Rule::network => {
                    reported = false;
                    let item = self.item(element);
                    if !statements.is_empty() {
                        self.late_item(span);
                    }
                    if item.is_some() {
                        let element = self.elements.last_mut().expect("an item is an element");
                        element.part = Part::Item(Some(self.tree.items.len()));
                    }
                    self.tree.items.extend(item);
                }
                _ => {}
            }
        }
        if let (Some(first), Some(last)) = (statements.first(), statements.last()) {
            let span = first.span.to(last.span);
            // A file whose only statements could not be read may be meant as one of items.
            let only_bad = statements.iter().all(|one| matches!(one.kind, StmtKind::Bad));
            if !only_bad || self.tree.items.is_empty() {
                self.tree.statements = Some(Body { statements, span });
            }
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

    /// A block, table or network; `None` where it was reported and cannot be used.
    pub(crate) fn item(&mut self, pair: Pair<'_, Rule>) -> Option<Item> {
        let outer = std::mem::take(&mut self.spoiled);
        let whole = self.span(&pair);
        let rule = pair.as_rule();
        let mut inner = pair.into_inner();
        let keyword = next(&mut inner);
        let head = next(&mut inner);
        let body = next(&mut inner);
        let header = self.original(keyword.as_span().start(), body.as_span().start());
        let strict = match rule {
            Rule::block => Rule::strict_block_head,
            Rule::table => Rule::strict_table_head,
            _ => Rule::strict_network_head,
        };
        let bad = matches!(head.as_rule(), Rule::bad_head | Rule::bad_instance_head);
        if bad {
            let start = keyword.as_span().start();
            self.explain(strict, start, body.as_span().start(), start);
        }
        let head = (!bad).then_some(head);
        let item = match rule {
            Rule::block => self.block(head, body),
            Rule::table => self.table(head, body, whole),
            _ => self.network(head, body, header),
        };
        let usable = !self.spoiled && !self.is_doubtful(header);
        self.spoiled = outer;
        if !usable {
            self.salvage(header);
        }
        self.elements.push(Element { span: header, part: Part::Header });
        self.elements.push(Element { span: whole, part: Part::Item(None) });
        item.filter(|_| usable)
    }

    fn name_and_parameters(&mut self, head: Pair<'_, Rule>) -> (Ident, Vec<Param>) {
        let mut inner = head.into_inner();
        let name = self.ident(next(&mut inner));
        let parameters = inner.next().map_or_else(Vec::new, |list| self.parameters(list));
        (name, parameters)
    }

    fn parameters(&mut self, pair: Pair<'_, Rule>) -> Vec<Param> {
        let span = self.span(&pair);
        let list = pair.into_inner().filter(|part| part.as_rule() == Rule::parameter);
        let parameters: Vec<Param> = list
            .map(|parameter| {
                let mut inner = parameter.into_inner();
                let name = self.value_name(next(&mut inner));
                Param { name, default: inner.last().map(|value| self.expression(value)) }
            })
            .collect();
        self.check_argument_count(parameters.len(), span);
        parameters
    }

    fn block(&mut self, head: Option<Pair<'_, Rule>>, body: Pair<'_, Rule>) -> Option<Item> {
        let named = head.map(|head| self.name_and_parameters(head));
        if let Some((name, _)) = &named
            && STATEMENT_WORDS.contains(&name.value.as_str())
        {
            let message = format!("`{}` is reserved and cannot call a block", name.value);
            self.error(Code::E0008, name.span, message).emit();
        }
        let body = self.body(body);
        let body = self.filled(body, "a block's body");
        named.map(|(name, params)| Item::Block(Block { name, params, body, doc: Vec::new() }))
    }

    fn network(&mut self, head: Option<Pair<'_, Rule>>, body: Pair<'_, Rule>, span: Span) -> Option<Item> {
        let named = head.map(|head| self.name_and_parameters(head));
        let kind = match body.as_rule() {
            Rule::body => {
                let body = self.body(body);
                Some(NetworkKind::Body(self.filled(body, "a network's body")))
            }
            _ => self.instance(body),
        };
        let (name, params) = named?;
        Some(Item::Network(Network { name, params, kind: kind?, doc: Vec::new(), span }))
    }

    fn instance(&mut self, pair: Pair<'_, Rule>) -> Option<NetworkKind> {
        let start = pair.as_span().start();
        let mut end = pair.as_span().end();
        let mut callee = None;
        let mut junk = false;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::callee => callee = Some(part),
                Rule::junk => junk = true,
                Rule::end => end = part.as_span().start(),
                _ => {}
            }
        }
        let callee = callee.filter(|_| !junk);
        let Some(callee) = callee else {
            self.explain(Rule::strict_instance, start, end, start);
            return None;
        };
        let mut inner = callee.into_inner();
        let of = self.ident(next(&mut inner));
        let list = next(&mut inner);
        let args_span = self.span(&list);
        let args = self.call_arguments(list);
        let doubtful = self.is_doubtful(args_span);
        self.spoiled |= doubtful;
        Some(NetworkKind::Instance { of, args, args_span })
    }

    fn table(&mut self, head: Option<Pair<'_, Rule>>, rows: Pair<'_, Rule>, span: Span) -> Option<Item> {
        let head = head.map(|head| {
            let mut inner = head.into_inner().filter(|part| part.as_rule() != Rule::arrow);
            let mut part = || inner.next().expect("a table's head has a name and two numbers");
            let name = self.ident(part());
            (name, self.count(&part()), self.count(&part()))
        });
        let mut list = Vec::new();
        for row in rows.into_inner().filter(|part| part.as_rule() == Rule::row) {
            let row_span = self.span(&row);
            let (start, end) = (row.as_span().start(), row.as_span().end());
            let parts: Vec<Pair<'_, Rule>> = row.into_inner().collect();
            if parts.iter().any(|part| part.as_rule() == Rule::junk) {
                self.explain(Rule::strict_row, start, end, start);
            } else {
                list.push(Spanned::new(parts.iter().map(|part| self.count(part)).collect(), row_span));
            }
        }
        self.spoiled |= self.is_doubtful(span);
        let (name, inputs, outputs) = head?;
        Some(Item::Table(Table { name, inputs, outputs, rows: list, span }))
    }

    fn count(&mut self, pair: &Pair<'_, Rule>) -> Spanned<u64> {
        Spanned::new(self.integer(pair), self.span(pair))
    }
}

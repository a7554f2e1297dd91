//! Builds files and items from the pairs of the grammar.

use pest::iterators::Pair;

use crate::base::{Span, Spanned};
use crate::diag::Code;

use super::statements::Built;
use super::{TreeBuilder, next};
use crate::syntax::ast::{
    Block, Body, Element, Ident, Item, ItemKind, Network, NetworkKind, Param, Stmt, StmtKind, Table,
};
use crate::syntax::extent::{Extent, Part};
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
            match element.as_rule() {
                Rule::statement => match self.statement(element) {
                    Built::Item(item) if statements.is_empty() => self.tree.items.push(item),
                    Built::Item(item) if matches!(item.kind, ItemKind::Let(_)) => {
                        statements.push(self.constant_statement(item));
                    }
                    Built::Item(item) => {
                        self.late_item(item.span);
                        self.tree.unusable.push(Element::Item(item));
                    }
                    Built::Statement(statement) if has_network => {
                        if !matches!(statement.kind, StmtKind::Broken(_)) {
                            if !std::mem::replace(&mut reported, true) {
                                self.outside_a_network(statement.span);
                            }
                            self.salvage(statement.span);
                        }
                        self.tree.unusable.push(Element::Stmt(statement));
                    }
                    Built::Statement(statement) => statements.push(statement),
                    Built::Edition => {}
                },
                Rule::block | Rule::table | Rule::network => {
                    reported = false;
                    let (item, usable) = self.item(element);
                    if !statements.is_empty() {
                        self.late_item(item.span);
                    }
                    if usable {
                        self.tree.items.push(item);
                    } else {
                        self.tree.unusable.push(Element::Item(item));
                    }
                }
                _ => {}
            }
        }
        if let (Some(first), Some(last)) = (statements.first(), statements.last()) {
            let span = first.span.to(last.span);
            // A file whose only statements could not be read may be meant as one of items.
            let only_broken = statements.iter().all(|one| matches!(one.kind, StmtKind::Broken(_)));
            if !only_broken || self.tree.items.is_empty() {
                self.tree.statements = Some(Body { statements, span });
            } else {
                self.tree.unusable.extend(statements.into_iter().map(Element::Stmt));
            }
        }
        self.tree.unusable.sort_by_key(|element| element.span().start);
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

    /// A block, table or network, and whether it can be used; one that cannot was reported.
    pub(crate) fn item(&mut self, pair: Pair<'_, Rule>) -> (Item, bool) {
        let outer = std::mem::take(&mut self.spoiled);
        let whole = self.span(&pair);
        let rule = pair.as_rule();
        let mut inner = pair.into_inner();
        let first = next(&mut inner);
        let start = first.as_span().start();
        let inline = first.as_rule() == Rule::kw_inline;
        if inline {
            next(&mut inner);
        }
        let head = next(&mut inner);
        let body = next(&mut inner);
        let header = self.original(start, body.as_span().start());
        let strict = match rule {
            Rule::block => Rule::strict_block_head,
            Rule::table => Rule::strict_table_head,
            _ => Rule::strict_network_head,
        };
        let bad = matches!(head.as_rule(), Rule::bad_head | Rule::bad_instance_head);
        if bad {
            self.explain(strict, start, body.as_span().start(), start);
        }
        let head = (!bad).then_some(head);
        let kind = match rule {
            Rule::block => self.block(inline, head, body),
            Rule::table => self.table(head, body, whole),
            _ => self.network(head, body),
        };
        let usable = !self.spoiled && !self.is_doubtful(header) && !matches!(kind, ItemKind::Broken { .. });
        self.spoiled = outer;
        if !usable {
            self.salvage(header);
        }
        self.elements.push(Extent { span: header, part: Part::Header });
        self.elements.push(Extent { span: whole, part: Part::Item });
        (Item { kind, doc: self.doc(whole), span: self.without_semicolon(whole) }, usable)
    }

    /// The `;` of an instance is no part of it.
    fn without_semicolon(&self, span: Span) -> Span {
        let after = self.tokens.partition_point(|token| token.end <= span.end);
        match self.tokens[..after] {
            [.., before, last] if last.is(';') && last.end == span.end => Span { end: before.end, ..span },
            _ => span,
        }
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
                let mut name = next(&mut inner);
                let word = name.as_rule() == Rule::kw_word;
                if word {
                    name = next(&mut inner);
                }
                let name = self.value_name(name);
                Param { word, name, default: inner.last().map(|value| self.expression(value)) }
            })
            .collect();
        self.check_argument_count(parameters.len(), span);
        parameters
    }

    fn block(&mut self, inline: bool, head: Option<Pair<'_, Rule>>, body: Pair<'_, Rule>) -> ItemKind {
        let named = head.map(|head| self.name_and_parameters(head));
        if let Some((name, _)) = &named
            && STATEMENT_WORDS.contains(&name.value.as_str())
        {
            let message = format!("`{}` is reserved and cannot call a block", name.value);
            self.error(Code::E0008, name.span, message).emit();
        }
        let body = self.body(body);
        let body = self.filled(body, "a block's body");
        match named {
            Some((name, params)) => ItemKind::Block(Block { inline, name, params, body }),
            None => ItemKind::Broken { body: Some(body) },
        }
    }

    fn network(&mut self, head: Option<Pair<'_, Rule>>, body: Pair<'_, Rule>) -> ItemKind {
        let named = head.map(|head| self.name_and_parameters(head));
        let kind = match body.as_rule() {
            Rule::body => {
                let body = self.body(body);
                Some(NetworkKind::Body(self.filled(body, "a network's body")))
            }
            _ => self.instance(body),
        };
        match (named, kind) {
            (Some((name, params)), Some(kind)) => ItemKind::Network(Network { name, params, kind }),
            (_, Some(NetworkKind::Body(body))) => ItemKind::Broken { body: Some(body) },
            _ => ItemKind::Broken { body: None },
        }
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

    fn table(&mut self, head: Option<Pair<'_, Rule>>, rows: Pair<'_, Rule>, span: Span) -> ItemKind {
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
        match head {
            Some((name, inputs, outputs)) => ItemKind::Table(Table { name, inputs, outputs, rows: list }),
            None => ItemKind::Broken { body: None },
        }
    }

    fn count(&mut self, pair: &Pair<'_, Rule>) -> Spanned<u64> {
        Spanned::new(self.integer(pair), self.span(pair))
    }
}

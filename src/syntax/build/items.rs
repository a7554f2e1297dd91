//! Builds items from the pairs of the grammar.

use std::ops::Range;

use pest::iterators::{Pair, Pairs};

use crate::base::{Span, Spanned};
use crate::diag::Code;

use super::{TreeBuilder, next};
use crate::syntax::ast::{Block, Body, Ident, Item, ItemKind, Network, NetworkKind, Param, Table};
use crate::syntax::extent::{Extent, Part};
use crate::syntax::grammar::Rule;

/// Words that a block may not have as its name, because they mean something else at the beginning of a statement.
const STATEMENT_WORDS: [&str; 18] = [
    "cnn", "use", "let", "block", "table", "network", "input", "labels", "expect", "if", "else", "for",
    "match", "fn", "with", "import", "shared", "as",
];

/// The text before the body of an item.
struct Header<'i> {
    /// `kw_block`, `kw_table` or `kw_network`.
    keyword: Rule,
    /// Whether `inline` stands before the keyword.
    inline: bool,
    /// The text behind the keyword.
    head: Pair<'i, Rule>,
}

impl<'i> Header<'i> {
    fn of(inner: &mut Pairs<'i, Rule>) -> Header<'i> {
        let first = next(inner);
        let inline = first.as_rule() == Rule::kw_inline;
        let keyword = if inline { next(inner) } else { first };
        Header { keyword: keyword.as_rule(), inline, head: next(inner) }
    }
}

impl TreeBuilder<'_, '_> {
    /// Builds a block, table or network. The second value is false where it cannot be used, which was reported.
    pub(crate) fn item(&mut self, pair: Pair<'_, Rule>) -> (Item, bool) {
        let outer = std::mem::take(&mut self.has_error);
        let whole = self.place(&pair);
        let mut inner = pair.into_inner();
        let header = Header::of(&mut inner);
        let body = next(&mut inner);
        let place = whole.start..self.place(&body).start;
        let kind = match body.as_rule() {
            Rule::rows => {
                let head = self.head_of(&header, &place);
                self.table(head, body, self.original(whole.start, whole.end))
            }
            Rule::body => {
                let named = self.named(&header, &place);
                let body = self.body(body);
                self.with_body(&header, named, body)
            }
            _ => {
                let named = self.named(&header, &place);
                self.network_instance(named, body)
            }
        };
        self.finish_item(kind, place, whole, outer)
    }

    /// Builds a block or network whose body is read in pieces; `pair` ends with the `{`. An error is the byte where no
    /// rule fits.
    pub(super) fn opened_item(&mut self, pair: Pair<'_, Rule>) -> Result<(Item, bool), usize> {
        let outer = std::mem::take(&mut self.has_error);
        let Range { start, end } = self.place(&pair);
        let header = Header::of(&mut pair.into_inner());
        let place = start..end - "{".len();
        let named = self.named(&header, &place);
        let body = self.body_in_pieces(place.end)?;
        let kind = self.with_body(&header, named, body);
        Ok(self.finish_item(kind, place, start..self.piece.end, outer))
    }

    /// Completes an item with the bytes of its text and of its header. `outer` is the value of `has_error` for the
    /// element around.
    fn finish_item(
        &mut self,
        kind: ItemKind,
        header: Range<usize>,
        whole: Range<usize>,
        outer: bool,
    ) -> (Item, bool) {
        let header = self.original(header.start, header.end);
        let whole = self.original(whole.start, whole.end);
        let usable =
            !self.has_error && !self.is_unreliable(header) && !matches!(kind, ItemKind::Broken { .. });
        self.has_error = outer;
        if !usable {
            self.salvage(header);
        }
        self.elements.push(Extent { span: header, part: Part::Header });
        self.elements.push(Extent { span: whole, part: Part::Item });
        (Item { kind, doc: self.doc(whole), span: self.without_semicolon(whole) }, usable)
    }

    /// Builds the text between the keyword and the body; nothing where it is wrong, which is reported.
    fn head_of<'i>(&mut self, header: &Header<'i>, place: &Range<usize>) -> Option<Pair<'i, Rule>> {
        let head = &header.head;
        if matches!(head.as_rule(), Rule::bad_head | Rule::bad_instance_head) {
            let strict = match header.keyword {
                Rule::kw_block => Rule::strict_block_head,
                Rule::kw_table => Rule::strict_table_head,
                _ => Rule::strict_network_head,
            };
            self.explain(strict, place.start, place.end, place.start);
            return None;
        }
        Some(head.clone())
    }

    /// The place of an instance without its `;`.
    fn without_semicolon(&self, span: Span) -> Span {
        let after = self.tokens.partition_point(|token| token.end <= span.end);
        match self.tokens[..after] {
            [.., before, last] if last.is(';') && last.end == span.end => Span { end: before.end, ..span },
            _ => span,
        }
    }

    /// Builds the name and the parameters of a block or network; nothing where its head is wrong, which is reported.
    fn named(&mut self, header: &Header<'_>, place: &Range<usize>) -> Option<(Ident, Vec<Param>)> {
        let mut inner = self.head_of(header, place)?.into_inner();
        let name = self.ident(next(&mut inner));
        let parameters = inner.next().map_or_else(Vec::new, |list| self.parameters(list));
        if header.keyword == Rule::kw_block && STATEMENT_WORDS.contains(&name.value.as_str()) {
            let message = format!("`{}` is reserved and cannot call a block", name.value);
            self.error(Code::E0008, name.span, message).emit();
        }
        Some((name, parameters))
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

    /// Builds a block or network with its statements.
    fn with_body(&mut self, header: &Header<'_>, named: Option<(Ident, Vec<Param>)>, body: Body) -> ItemKind {
        let is_block = header.keyword == Rule::kw_block;
        let body = self.filled(body, if is_block { "a block's body" } else { "a network's body" });
        match named {
            Some((name, params)) if is_block => {
                ItemKind::Block(Block { inline: header.inline, name, params, body })
            }
            Some((name, params)) => {
                ItemKind::Network(Network { name, params, kind: NetworkKind::Body(body) })
            }
            None => ItemKind::Broken { body: Some(body) },
        }
    }

    fn network_instance(&mut self, named: Option<(Ident, Vec<Param>)>, pair: Pair<'_, Rule>) -> ItemKind {
        match (named, self.instance(pair)) {
            (Some((name, params)), Some(kind)) => ItemKind::Network(Network { name, params, kind }),
            _ => ItemKind::Broken { body: None },
        }
    }

    fn instance(&mut self, pair: Pair<'_, Rule>) -> Option<NetworkKind> {
        let Range { start, mut end } = self.place(&pair);
        let mut callee = None;
        let mut junk = false;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::callee => callee = Some(part),
                Rule::junk => junk = true,
                Rule::end => end = self.place(&part).start,
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
        let unreliable = self.is_unreliable(args_span);
        self.has_error |= unreliable;
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
            let Range { start, end } = self.place(&row);
            let parts: Vec<Pair<'_, Rule>> = row.into_inner().collect();
            if parts.iter().any(|part| part.as_rule() == Rule::junk) {
                self.explain(Rule::strict_row, start, end, start);
            } else {
                list.push(Spanned::new(parts.iter().map(|part| self.count(part)).collect(), row_span));
            }
        }
        self.has_error |= self.is_unreliable(span);
        match head {
            Some((name, inputs, outputs)) => ItemKind::Table(Table { name, inputs, outputs, rows: list }),
            None => ItemKind::Broken { body: None },
        }
    }

    fn count(&mut self, pair: &Pair<'_, Rule>) -> Spanned<u64> {
        Spanned::new(self.integer(pair), self.span(pair))
    }
}

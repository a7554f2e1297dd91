//! Builds statements from the pairs of the grammar.

use std::ops::Range;

use pest::iterators::Pair;

use crate::base::{Span, Spanned, grow_stack};
use crate::diag::Code;
use crate::syntax::ast::{
    Body, ComparisonOp, Edition, Expect, ExpectValue, Head, Item, ItemKind, Let, ShapePattern, Stmt, StmtKind,
};
use crate::syntax::grammar::Rule;

use super::{TreeBuilder, next};
use crate::syntax::extent::{Extent, Part};

/// The node that the grammar's rule `plain` stands for.
enum Read {
    Statement(StmtKind),
    Item(ItemKind),
    Edition(Spanned<u64>),
}

/// The node that the grammar's rule `element` stands for.
pub(crate) enum Built {
    /// A statement.
    Statement(Stmt),
    /// A `use` or `let`, which are written like statements.
    Item(Item),
    /// The edition line, at the beginning of the file.
    Edition,
}

impl TreeBuilder<'_, '_> {
    /// The statements between two brackets.
    pub(crate) fn body(&mut self, pair: Pair<'_, Rule>) -> Body {
        let span = self.span(&pair);
        let elements = pair.into_inner();
        let mut statements = Vec::with_capacity(elements.len());
        for element in elements {
            self.body_element(element, &mut statements);
        }
        self.elements.push(Extent { span, part: Part::Body });
        Body { statements: statements.into(), span }
    }

    /// Builds an element of a body.
    pub(super) fn body_element(&mut self, element: Pair<'_, Rule>, statements: &mut Vec<Stmt>) {
        let outer = std::mem::take(&mut self.has_error);
        grow_stack(|| self.read_element(element, statements));
        self.has_error = outer;
    }

    fn read_element(&mut self, element: Pair<'_, Rule>, statements: &mut Vec<Stmt>) {
        match element.as_rule() {
            Rule::statement => match self.statement(element) {
                Built::Statement(statement) => statements.push(statement),
                Built::Item(item) => statements.push(self.constant_statement(item)),
                Built::Edition => {}
            },
            Rule::block | Rule::table | Rule::network => {
                let (item, _) = self.item(element);
                statements.push(self.misplaced(item));
            }
            _ => {}
        }
    }

    /// Makes a statement of a `let` in a body; reports a `use`, which may not stand there.
    fn constant_statement(&mut self, item: Item) -> Stmt {
        match item {
            Item { kind: ItemKind::Let(constant), doc, span } => {
                Stmt { kind: StmtKind::Let(constant), doc, span }
            }
            item => self.misplaced(item),
        }
    }

    fn misplaced(&mut self, item: Item) -> Stmt {
        let span = item.span;
        let word = self.first_word(span);
        let message = format!("`{}` may not stand inside a body", &self.session.source[word.range()]);
        self.error(Code::E0016, word, message).help("write it beside the networks of the file").emit();
        self.salvage(span);
        Stmt { kind: StmtKind::Misplaced(Box::new(item)), doc: Box::default(), span }
    }

    /// The place of the first token of a span.
    pub(crate) fn first_word(&self, span: Span) -> Span {
        let first = self.tokens.partition_point(|token| token.start < span.start);
        self.tokens.get(first).map_or(span, |token| Span { end: token.end.min(span.end), ..span })
    }

    /// Reports an empty body, and puts a broken statement into it, so that later stages meet no empty body.
    pub(crate) fn filled(&mut self, mut body: Body, what: &str) -> Body {
        if body.statements.is_empty() && !self.is_unreliable(body.span) {
            let outer = self.has_error;
            let error = self.error(Code::E0009, body.span, format!("{what} is empty"));
            error.help("`identity` passes the value on unchanged").emit();
            self.has_error = outer;
            self.tree.broken = true;
        }
        if body.statements.is_empty() {
            let broken = Stmt { kind: StmtKind::Broken(None), doc: Box::default(), span: body.span };
            body.statements = Box::new([broken]);
        }
        body
    }

    /// A `statement`.
    pub(crate) fn statement(&mut self, pair: Pair<'_, Rule>) -> Built {
        let Range { start, mut end } = self.place(&pair);
        let mut built = None;
        // A `;` at the end of a comment is no token: without it nothing is lost.
        end -= usize::from(pair.as_str().ends_with(';'));
        let mut junk = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::EOI => {}
                Rule::junk => junk = Some(self.place(&part).start),
                Rule::flow => built = Some(Read::Statement(StmtKind::Flow(self.flow(part)))),
                _ => built = Some(self.plain(part)),
            }
        }
        let span = self.original(start, end);
        self.elements.push(Extent { span, part: Part::Statement });
        if let Some(junk) = junk {
            let rule = match &self.session.source[self.first_word(span).range()] {
                "block" | "inline" => Rule::strict_block_head,
                "table" => Rule::strict_table_head,
                "network" => Rule::strict_network_head,
                _ => Rule::strict_statement,
            };
            self.explain(rule, start, end, junk);
        }
        let doc = self.doc(span);
        let built = match built {
            Some(read) if !self.has_error && !self.has_unreliable(&read, span) => read,
            read => {
                self.salvage(span);
                let read = read.and_then(|read| match read {
                    Read::Statement(kind) => Some(Box::new(kind)),
                    Read::Item(ItemKind::Let(constant)) => Some(Box::new(StmtKind::Let(constant))),
                    _ => None,
                });
                return Built::Statement(Stmt { kind: StmtKind::Broken(read), doc, span });
            }
        };
        match built {
            Read::Statement(kind) => Built::Statement(Stmt { kind, doc, span }),
            Read::Item(kind) => Built::Item(Item { kind, doc, span }),
            Read::Edition(number) => {
                self.tree.edition = Some(Edition { number, span });
                Built::Edition
            }
        }
    }

    /// Returns whether an unreliable byte lies in the statement but not in a body inside it.
    fn has_unreliable(&self, read: &Read, span: Span) -> bool {
        let bodies: &[Body] = match read {
            Read::Statement(StmtKind::Flow(flow)) => match &flow.head {
                Head::Form(form) => &form.branches,
                Head::Group(body) => std::slice::from_ref(body),
                _ => &[],
            },
            _ => &[],
        };
        let mut from = span.start;
        for body in bodies {
            if self.is_unreliable(Span { start: from, end: body.span.start, ..span }) {
                return true;
            }
            from = body.span.end;
        }
        self.is_unreliable(Span { start: from, ..span })
    }

    fn plain(&mut self, pair: Pair<'_, Rule>) -> Read {
        let span = self.span(&pair);
        let rule = pair.as_rule();
        let mut inner = pair.into_inner().filter(|part| part.as_rule() != Rule::equals);
        let mut part = || inner.next().expect("the grammar gives the rule this part");
        let kind = match rule {
            Rule::edition => {
                part();
                return Read::Edition(self.edition(span, &part()));
            }
            Rule::use_file => {
                part();
                return Read::Item(ItemKind::Use { path: self.string(&part()) });
            }
            Rule::constant => {
                part();
                let name = self.value_name(part());
                return Read::Item(ItemKind::Let(Let { name, value: self.expression(part()) }));
            }
            Rule::labels => {
                part();
                StmtKind::Labels(self.string(&part()))
            }
            Rule::expect => {
                part();
                let path = self.path(part());
                let comparison = part();
                let comparison = Spanned::new(comparison_of(comparison.as_str()), self.span(&comparison));
                let right = part();
                let value_span = self.span(&right);
                let value = self.expected(right);
                StmtKind::Expect(Box::new(Expect { path, comparison, value, value_span }))
            }
            Rule::input => {
                let mut args = Vec::new();
                let mut name = None;
                for part in inner.skip(1) {
                    match part.as_rule() {
                        Rule::naming => name = Some(self.naming(part)),
                        _ => args.push(self.argument(part)),
                    }
                }
                self.check_argument_count(args.len(), span);
                StmtKind::Input { args: args.into(), name: name.map(Box::new) }
            }
            rule => unreachable!("the grammar has no statement {rule:?}"),
        };
        Read::Statement(kind)
    }

    fn edition(&mut self, statement: Span, number: &Pair<'_, Rule>) -> Spanned<u64> {
        if self.tokens.first().is_some_and(|first| first.start < statement.start) {
            let error = self.error(Code::E0016, statement, "the edition stands before everything else");
            error.here("behind the beginning of the file").help("it is given once, or not at all").emit();
        }
        if number.as_str() != "1" {
            let span = self.span(number);
            let error = self.error(Code::E0015, span, format!("there is no edition {}", number.as_str()));
            error.help("this compiler knows edition 1").emit();
        }
        Spanned::new(self.integer(number), self.span(number))
    }

    fn expected(&mut self, pair: Pair<'_, Rule>) -> ExpectValue {
        if pair.as_rule() == Rule::quantity {
            let mut inner = pair.into_inner();
            let literal = next(&mut inner).as_str().replace('_', "");
            let suffix = inner.next().map_or_else(String::new, |suffix| suffix.as_str().to_owned());
            return ExpectValue::Number { literal, suffix };
        }
        let ShapePattern { dims, span } = self.shape(pair);
        match <[_; 1]>::try_from(dims.into_vec()) {
            Ok([Some(expression)]) => ExpectValue::Expr(expression),
            Ok(open) => ExpectValue::Shape(ShapePattern { dims: open.into(), span }),
            Err(dims) => ExpectValue::Shape(ShapePattern { dims: dims.into(), span }),
        }
    }
}

fn comparison_of(text: &str) -> ComparisonOp {
    match text {
        "<=" => ComparisonOp::AtMost,
        ">=" => ComparisonOp::AtLeast,
        _ => ComparisonOp::Equal,
    }
}

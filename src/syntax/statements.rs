//! Statements: from the pairs of the grammar to the tree.

use pest::iterators::Pair;

use crate::base::{Span, Spanned};
use crate::diag::Code;

use super::ast::{
    Arg, Body, Comparison, Expect, ExpectValue, Expr, Flow, Head, Item, Let, Name, Path, ShapePattern, Stmt,
    StmtKind,
};
use super::build::{Element, Part, TreeBuilder, next};
use super::grammar::Rule;

/// What an `element` turns out to be.
pub(super) enum Built {
    /// A statement.
    Statement(Stmt),
    /// An item that is also written like a statement.
    Item(Item, Span),
    /// An edition line, or something that was reported and leaves nothing.
    Nothing,
}

impl TreeBuilder<'_, '_> {
    /// The statements between two brackets.
    pub(super) fn body(&mut self, pair: Pair<'_, Rule>) -> Body {
        let span = self.span(&pair);
        let mut statements = Vec::new();
        for element in pair.into_inner() {
            let outer = std::mem::take(&mut self.spoiled);
            self.body_element(element, &mut statements);
            self.spoiled = outer;
        }
        self.elements.push(Element { span, part: Part::Body });
        Body { statements, span }
    }

    fn body_element(&mut self, element: Pair<'_, Rule>, statements: &mut Vec<Stmt>) {
        match element.as_rule() {
            Rule::statement => match self.statement(element) {
                Built::Statement(statement) => statements.push(statement),
                Built::Item(Item::Let(constant), span) => {
                    statements.push(Stmt { kind: StmtKind::Let(constant), span })
                }
                Built::Item(_, span) => self.misplaced(span, "inside a body", statements),
                Built::Nothing => {}
            },
            Rule::block | Rule::table | Rule::network => {
                let span = self.span(&element);
                // Built for the mistakes inside it.
                self.item(element);
                self.misplaced(span, "inside a body", statements);
            }
            _ => {}
        }
    }

    fn misplaced(&mut self, span: Span, place: &str, statements: &mut Vec<Stmt>) {
        let word = self.first_word(span);
        let message = format!("`{}` may not stand {place}", self.session.source[word.range()].to_owned());
        self.error(Code::E0016, word, message).help("write it beside the networks of the file").emit();
        self.salvage(span);
        statements.push(Stmt { kind: StmtKind::Bad, span });
    }

    /// The first token of a span.
    pub(super) fn first_word(&self, span: Span) -> Span {
        let first = self.tokens.partition_point(|token| token.start < span.start);
        self.tokens.get(first).map_or(span, |token| Span { end: token.end.min(span.end), ..span })
    }

    /// A body that holds nothing was forgotten: it is reported and gets a statement that is not used.
    pub(super) fn filled(&mut self, mut body: Body, what: &str) -> Body {
        if body.statements.is_empty() && !self.is_doubtful(body.span) {
            let outer = self.spoiled;
            let error = self.error(Code::E0009, body.span, format!("{what} is empty"));
            error.help("`identity` passes the value on unchanged").emit();
            self.spoiled = outer;
            self.tree.broken = true;
        }
        if body.statements.is_empty() {
            body.statements.push(Stmt { kind: StmtKind::Bad, span: body.span });
        }
        body
    }

    /// A `statement`.
    pub(super) fn statement(&mut self, pair: Pair<'_, Rule>) -> Built {
        let whole = pair.as_span();
        let mut built = Built::Nothing;
        let mut end = whole.end();
        let mut broken = false;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::end => end = part.as_span().start(),
                Rule::junk => broken = true,
                _ => built = self.plain(part),
            }
        }
        let span = self.original(whole.start(), end);
        self.elements.push(Element { span, part: Part::Statement });
        if broken {
            let rule = match &self.session.source[self.first_word(span).range()] {
                "block" => Rule::strict_block_head,
                "table" => Rule::strict_table_head,
                "network" => Rule::strict_network_head,
                _ => Rule::strict_statement,
            };
            self.explain(rule, whole.start(), end);
        }
        if self.spoiled || self.has_doubt(&built, span) {
            self.salvage(span);
            return Built::Statement(Stmt { kind: StmtKind::Bad, span });
        }
        match built {
            Built::Statement(statement) => Built::Statement(Stmt { span, ..statement }),
            Built::Item(item, _) => Built::Item(item, span),
            Built::Nothing => Built::Nothing,
        }
    }

    /// Whether a doubtful place lies in the statement but not in a body inside it.
    fn has_doubt(&self, built: &Built, span: Span) -> bool {
        let bodies: &[Body] = match built {
            Built::Statement(Stmt { kind: StmtKind::Flow(flow), .. }) => match &flow.head {
                Head::Form { branches, .. } => branches,
                Head::Group(body) => std::slice::from_ref(body),
                _ => &[],
            },
            _ => &[],
        };
        let mut from = span.start;
        for body in bodies {
            if self.is_doubtful(Span { start: from, end: body.span.start, ..span }) {
                return true;
            }
            from = body.span.end;
        }
        self.is_doubtful(Span { start: from, ..span })
    }

    fn plain(&mut self, pair: Pair<'_, Rule>) -> Built {
        let span = self.span(&pair);
        let rule = pair.as_rule();
        let mut inner = pair.into_inner().filter(|part| part.as_rule() != Rule::equals);
        let mut part = || inner.next().expect("the grammar gives the rule this part");
        let kind = match rule {
            Rule::edition => {
                part();
                self.edition(&part());
                return Built::Nothing;
            }
            Rule::use_file => {
                part();
                return Built::Item(Item::Use { path: self.string(&part()) }, span);
            }
            Rule::constant => {
                part();
                let name = self.value_name(part());
                return Built::Item(Item::Let(Let { name, value: self.expression(part()) }), span);
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
                StmtKind::Expect(Expect { path, comparison, value: self.expected(right), value_span })
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
                StmtKind::Input { args, name }
            }
            Rule::flow => StmtKind::Flow(self.flow(part(), inner)),
            rule => unreachable!("the grammar has no statement {rule:?}"),
        };
        Built::Statement(Stmt { kind, span })
    }

    fn edition(&mut self, number: &Pair<'_, Rule>) {
        if number.as_str() != "1" {
            let span = self.span(number);
            let error = self.error(Code::E0015, span, format!("there is no edition {}", number.as_str()));
            error.help("this compiler knows edition 1").emit();
        }
    }

    fn expected(&mut self, pair: Pair<'_, Rule>) -> ExpectValue {
        if pair.as_rule() == Rule::quantity {
            let mut inner = pair.into_inner();
            let literal = next(&mut inner).as_str().replace('_', "");
            let suffix = inner.next().map_or_else(String::new, |suffix| suffix.as_str().to_owned());
            return ExpectValue::Number { literal, suffix };
        }
        let mut pattern = self.shape(pair);
        match (pattern.dims.len(), pattern.dims.pop()) {
            (1, Some(Some(expression))) => ExpectValue::Expr(expression),
            (_, last) => {
                pattern.dims.extend(last);
                ExpectValue::Shape(pattern)
            }
        }
    }

    fn flow<'i>(&mut self, head: Pair<'i, Rule>, parts: impl Iterator<Item = Pair<'i, Rule>>) -> Flow {
        let mut flow = Flow { head: self.head(head), repeat: None, shape: None, name: None };
        let mut last = None;
        for part in parts {
            let span = self.span(&part);
            let sort = Suffix::of(part.as_rule());
            self.check_suffix(&flow.head, sort, last, span);
            last = Some(sort);
            match sort {
                Suffix::Repetition => flow.repeat = Some(self.repetition(part)),
                Suffix::Shape => flow.shape = part.into_inner().last().map(|shape| self.shape(shape)),
                Suffix::Name => flow.name = Some(self.naming(part)),
            }
        }
        flow
    }

    fn check_suffix(&mut self, head: &Head, sort: Suffix, last: Option<Suffix>, span: Span) {
        if matches!(head, Head::Reference(_)) {
            let error = self.error(Code::E0211, span, format!("`@path` takes no {}", sort.shown()));
            error.help("it only makes an earlier value current; put it into a group to say more").emit();
            return;
        }
        let Some(last) = last else { return };
        if last == sort {
            self.error(Code::E0202, span, format!("{} is given twice", sort.shown())).emit();
        } else if last > sort {
            let error =
                self.error(Code::E0211, span, format!("{} stands behind {}", sort.shown(), last.shown()));
            error.help("the order is `* n`, `-> shape`, `as path`").emit();
        }
    }

    fn repetition(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let count = next(&mut pair.into_inner());
        self.dimension(count)
    }

    fn head(&mut self, pair: Pair<'_, Rule>) -> Head {
        match pair.as_rule() {
            Rule::group => {
                let body = self.body(pair);
                Head::Group(self.filled(body, "a group"))
            }
            Rule::reference => Head::Reference(self.path(next(&mut pair.into_inner()))),
            _ => self.worded(pair),
        }
    }

    fn worded(&mut self, pair: Pair<'_, Rule>) -> Head {
        let whole = self.span(&pair);
        let mut inner = pair.into_inner();
        let first = next(&mut inner);
        let mut before = Vec::new();
        let mut after: Vec<Arg> = Vec::new();
        let mut branches = None;
        let mut call =
            (first.as_rule() == Rule::callee).then(|| first.clone().into_inner()).map(|mut parts| {
                next(&mut parts);
                next(&mut parts)
            });
        for part in inner {
            match part.as_rule() {
                Rule::branches => branches = Some(part),
                _ if branches.is_some() => after.push(self.argument(part)),
                // `block (1, s=2)`: an entry with a name can only be an argument of a block.
                _ if before.is_empty() && call.is_none() && is_named_list(&part) => {
                    call = parenthesis_of(part)
                }
                _ => before.push(self.argument(part)),
            }
        }
        self.check_argument_count(before.len().max(after.len()), whole);
        let word = match first.as_rule() {
            Rule::callee => self.ident(next(&mut first.into_inner())),
            _ => self.ident(first),
        };
        match (call, branches) {
            (None, None) => Head::Op { word, args: before },
            (None, Some(branches)) => {
                Head::Form { word, args: before, branches: self.branches(branches), trailing: after }
            }
            (Some(list), branches) => {
                if let Some(branches) = branches {
                    let span = self.first_word(self.span(&branches));
                    self.error(Code::E0211, span, "a block call takes no branches").emit();
                    self.branches(branches);
                }
                let args_span = self.span(&list);
                Head::Call { block: word, args: self.call_arguments(list), args_span, trailing: before }
            }
        }
    }

    fn branches(&mut self, pair: Pair<'_, Rule>) -> Vec<Body> {
        let branches = pair.into_inner().filter(|part| part.as_rule() == Rule::branch);
        branches
            .map(|branch| {
                let body = self.body(branch);
                self.filled(body, "a branch")
            })
            .collect()
    }

    fn naming(&mut self, pair: Pair<'_, Rule>) -> Name {
        let path = pair.into_inner().last().expect("a name follows `as`");
        self.new_path(path)
    }

    /// A shape with open dimensions.
    fn shape(&mut self, pair: Pair<'_, Rule>) -> ShapePattern {
        let span = self.span(&pair);
        let dims = pair.into_inner().map(|part| match part.as_rule() {
            Rule::open => None,
            _ => Some(self.dimension(part)),
        });
        ShapePattern { dims: dims.collect(), span }
    }
}

/// What may follow a head, in the order in which it must.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Suffix {
    Repetition,
    Shape,
    Name,
}

impl Suffix {
    fn of(rule: Rule) -> Suffix {
        match rule {
            Rule::repetition => Suffix::Repetition,
            Rule::stated => Suffix::Shape,
            _ => Suffix::Name,
        }
    }

    fn shown(self) -> &'static str {
        match self {
            Suffix::Repetition => "`* n`",
            Suffix::Shape => "`-> shape`",
            Suffix::Name => "`as path`",
        }
    }
}

fn comparison_of(text: &str) -> Comparison {
    match text {
        "<=" => Comparison::AtMost,
        ">=" => Comparison::AtLeast,
        _ => Comparison::Equal,
    }
}

/// The parenthesis of a `size` that is nothing else.
fn parenthesis_of(pair: Pair<'_, Rule>) -> Option<Pair<'_, Rule>> {
    let mut inner = pair.into_inner();
    let first = inner.next().filter(|part| part.as_rule() == Rule::parenthesised)?;
    inner.next().is_none().then_some(first)
}

fn is_named_list(pair: &Pair<'_, Rule>) -> bool {
    let list = (pair.as_rule() == Rule::size).then(|| parenthesis_of(pair.clone())).flatten();
    list.is_some_and(|list| {
        let mut entries = list.into_inner().filter(|part| part.as_rule() == Rule::entry).peekable();
        entries.peek().is_none() || entries.any(|entry| entry.into_inner().count() > 1)
    })
}

/// A path after `@` or `expect`.
impl TreeBuilder<'_, '_> {
    fn path(&mut self, pair: Pair<'_, Rule>) -> Path {
        let span = self.span(&pair);
        let parts: Vec<Spanned<String>> = pair.into_inner().map(|part| self.part(part)).collect();
        for part in &parts {
            if part.value.contains('*') {
                let error =
                    self.error(Code::E0214, part.span, "`*` stands for a member's number only after `as`");
                error.help("write the number: `\"block1-0\"`").emit();
            }
        }
        Path { parts, span }
    }
}

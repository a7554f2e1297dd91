//! Reads a parsed file into the words and remarks that the layout places.

use std::ops::Range;

use crate::base::{Span, grow_stack};
use crate::syntax::Parsed;
use crate::syntax::ast::{
    self, Arg, BranchForm, ExpectValue, Head, Item, ItemKind, Network, NetworkKind, Stmt, StmtKind, Suffix,
};
use crate::syntax::token::TokenKind;

use super::ArgumentOrder;
use super::spacing::{Style, gaps};
use super::words::{Body, Bracket, Inner, Remark, Statement, Word};

/// All items and statements of a file without errors.
pub(super) fn file<'a>(parsed: &'a Parsed, order: &'a dyn ArgumentOrder) -> Body<'a> {
    let mut reader = Reader { parsed, order, gaps: vec![1; parsed.tokens.len()], partners: partners(parsed) };
    let tree = &parsed.tree;
    let mut statements = Vec::new();
    if let Some(edition) = &tree.edition {
        statements.push(reader.statement(edition.span, Marks::default()));
    }
    statements.extend(tree.items.iter().map(|item| reader.item(item)));
    let bare = tree.statements.iter().flat_map(|body| &body.statements);
    statements.extend(bare.map(|statement| reader.of_body(statement)));
    Body { statements, below: reader.above(parsed.tokens.len()) }
}

/// The partner of each bracket, by the index of its token.
fn partners(parsed: &Parsed) -> Vec<usize> {
    let mut partners = vec![0; parsed.tokens.len()];
    let mut open = Vec::new();
    for (at, token) in parsed.tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Symbol('(' | '[' | '<' | '{') => open.push(at),
            TokenKind::Symbol(')' | ']' | '>' | '}') => {
                if let Some(partner) = open.pop() {
                    (partners[partner], partners[at]) = (at, partner);
                }
            }
            _ => {}
        }
    }
    partners
}

/// Keeps the first of several comments behind the end of a branch on its line, and moves the others before the next
/// branch or the closing bracket.
fn move_comments_between(branches: &mut [Body<'_>]) {
    for index in 0..branches.len() {
        let Some(last) = branches[index].statements.last_mut() else { continue };
        let behind = last.behind.split_off(last.behind.len().min(1));
        let moved = behind.into_iter().map(|text| Remark { text, blank: false });
        match branches.get_mut(index + 1).and_then(|next| next.statements.first_mut()) {
            Some(next) => drop(next.above.splice(0..0, moved)),
            None => drop(branches[index].below.splice(0..0, moved)),
        }
    }
}

struct Reader<'a> {
    parsed: &'a Parsed,
    order: &'a dyn ArgumentOrder,
    /// The number of spaces before each token.
    gaps: Vec<usize>,
    partners: Vec<usize>,
}

/// The tokens at which the parts of a statement begin.
#[derive(Default)]
struct Marks<'a> {
    /// The opening bracket, what it encloses, and the bodies.
    inner: Option<(usize, Bracket, Vec<Body<'a>>)>,
    /// The token `->`.
    shape: Option<usize>,
    /// The token `as`.
    name: Option<usize>,
    /// Ranges of tokens whose order changes, and their canonical order.
    moved: Vec<(Range<usize>, Vec<usize>)>,
}

impl<'a> Reader<'a> {
    /// The comments on lines of their own directly before a token.
    fn above(&self, token: usize) -> Vec<Remark<'a>> {
        let parsed = self.parsed;
        let first = parsed.comments.partition_point(|comment| comment.tokens_before < token);
        let here = parsed.comments[first..].iter().take_while(|comment| comment.tokens_before == token);
        here.filter(|comment| comment.own_line)
            .map(|comment| Remark {
                text: parsed.comment_text(*comment).trim_end(),
                blank: self.is_blank_before(comment.start),
            })
            .collect()
    }

    /// The comment that follows a token on its line.
    fn behind(&self, token: usize) -> Option<&'a str> {
        let parsed = self.parsed;
        let at = parsed.comments.partition_point(|comment| comment.tokens_before <= token);
        let comment = parsed.comments.get(at)?;
        (comment.tokens_before == token + 1 && !comment.own_line)
            .then(|| parsed.comment_text(*comment).trim_end())
    }

    /// Returns whether an empty line stands before this byte.
    fn is_blank_before(&self, at: u32) -> bool {
        let before = self.parsed.text.as_bytes()[..at as usize].iter().rev();
        before.take_while(|byte| byte.is_ascii_whitespace()).filter(|&&byte| byte == b'\n').count() > 1
    }

    fn word(&self, token: usize) -> Word<'a> {
        let text = self.parsed.token_text(self.parsed.tokens[token]);
        Word { text, gap: self.gaps[token], above: self.above(token), behind: self.behind(token) }
    }

    /// Sets the spaces between the tokens of a node.
    fn space(&mut self, span: Span, style: Style) {
        let range = self.parsed.tokens_of(span);
        self.space_tokens(range, style);
    }

    fn space_tokens(&mut self, range: Range<usize>, style: Style) {
        let inside = gaps(&self.parsed.tokens[range.clone()], style);
        for (at, gap) in range.zip(inside).skip(1) {
            self.gaps[at] = gap;
        }
    }

    /// The statement made of the tokens of `span`, with the comments around it.
    fn statement(&self, span: Span, marks: Marks<'a>) -> Statement<'a> {
        let range = self.parsed.tokens_of(span);
        let (first, last) = (range.start, range.end.saturating_sub(1));
        let mut tokens: Vec<usize> = range.collect();
        for (moved, order) in marks.moved {
            tokens[moved.start - first..moved.end - first].copy_from_slice(&order);
        }
        let close = marks.inner.as_ref().map(|(open, _, _)| self.partners[*open]);
        // A `;` at the beginning of a line ends the statement above.
        let begins = |token: usize| self.parsed.tokens[token].leads;
        let leads = begins(first)
            || first
                .checked_sub(1)
                .is_some_and(|before| self.parsed.tokens[before].is(';') && begins(before));
        let mut statement = Statement { leads, ..Statement::default() };
        let (mut open, mut inner) = (usize::MAX, None);
        if let Some((bracket_at, bracket, bodies)) = marks.inner {
            open = bracket_at;
            inner = Some(Inner { bracket, bodies });
        }
        for token in tokens {
            let part = match token {
                _ if token > open && close.is_some_and(|close| token < close) => continue,
                _ if marks.name.is_some_and(|name| token >= name) => &mut statement.name,
                _ if marks.shape.is_some_and(|shape| token >= shape) => &mut statement.shape,
                _ if close.is_some_and(|close| token >= close) => &mut statement.tail,
                _ => &mut statement.head,
            };
            part.push(self.word(token));
        }
        if let Some(shape) = statement.shape.first_mut() {
            shape.gap = 2;
        }
        if let Some(name) = statement.name.first_mut() {
            name.gap = if statement.shape.is_empty() { 1 } else { 2 };
        }
        if let (Some(inner), Some(close)) = (&mut inner, statement.tail.first_mut())
            && let Some(last) = inner.bodies.last_mut()
        {
            last.below.append(&mut close.above);
        }
        statement.inner = inner;
        if let Some(word) = statement.head.first_mut() {
            statement.above.append(&mut word.above);
        }
        statement.blank = self.is_blank_before(self.parsed.tokens[first].start);
        let parts = [&mut statement.name, &mut statement.shape, &mut statement.tail, &mut statement.head];
        if let Some(end) = parts.into_iter().find_map(|part| part.last_mut()) {
            statement.behind.extend(end.behind.take());
        }
        if let Some(semicolon) =
            self.parsed.tokens.get(last + 1).filter(|next| next.is(';')).map(|_| last + 1)
        {
            statement.behind.extend(self.above(semicolon).into_iter().map(|remark| remark.text));
            statement.behind.extend(self.behind(semicolon));
        }
        statement.measure();
        statement
    }

    /// The statements of a body.
    fn body(&mut self, body: &'a ast::Body) -> Body<'a> {
        let statements = body.statements.iter().map(|statement| self.of_body(statement)).collect();
        Body { statements, below: Vec::new() }
    }

    /// The statements of a branch; comments around its `|` move before its first statement.
    fn branch(&mut self, branch: &'a ast::Body) -> Body<'a> {
        let mut body = self.body(branch);
        let first = branch.statements.first().map_or(0, |first| self.parsed.tokens_of(first.span).start);
        if let Some(bar) = first.checked_sub(1).filter(|&bar| self.parsed.tokens[bar].is('|'))
            && let Some(statement) = body.statements.first_mut()
        {
            let mut above = self.above(bar);
            above.extend(self.behind(bar).map(|text| Remark { text, blank: false }));
            above.append(&mut statement.above);
            statement.blank = above.is_empty() && self.is_blank_before(self.parsed.tokens[bar].start);
            statement.above = above;
        }
        body
    }

    fn of_body(&mut self, statement: &'a Stmt) -> Statement<'a> {
        grow_stack(|| self.of_kind(statement))
    }

    fn of_kind(&mut self, statement: &'a Stmt) -> Statement<'a> {
        let mut marks = Marks::default();
        match &statement.kind {
            StmtKind::Flow(flow) => {
                self.head(&flow.head, statement.span, &mut marks);
                for suffix in &flow.suffixes {
                    self.suffix(suffix, &mut marks);
                }
            }
            StmtKind::Input { args, name } => {
                self.args(Some("input"), args, &mut marks);
                if let Some(name) = name {
                    self.name(name, &mut marks);
                }
            }
            StmtKind::Let(constant) => self.space(constant.value.span, Style::Expression),
            StmtKind::Expect(expect) => match &expect.value {
                ExpectValue::Number { .. } => {}
                ExpectValue::Shape(_) | ExpectValue::Expr(_) => self.space(expect.value_span, Style::Word),
            },
            StmtKind::Labels(_) | StmtKind::Broken(_) | StmtKind::Misplaced(_) => {}
        }
        self.statement(statement.span, marks)
    }

    fn head(&mut self, head: &'a Head, statement: Span, marks: &mut Marks<'a>) {
        match head {
            Head::Op { word, args } => self.args(Some(&word.value), args, marks),
            Head::Call(call) => {
                self.space(call.block.span.to(call.args_span), Style::Word);
                self.args(None, &call.trailing, marks);
            }
            Head::Form(form) => {
                let BranchForm { word, args, branches, trailing } = &**form;
                self.args(Some(&word.value), args, marks);
                self.args(None, trailing, marks);
                let end = args.last().map_or(word.span, Arg::span);
                let open = self.parsed.tokens_of(word.span.to(end)).end;
                let mut bodies: Vec<Body<'a>> = branches.iter().map(|branch| self.branch(branch)).collect();
                move_comments_between(&mut bodies);
                marks.inner = Some((open, Bracket::Branches, bodies));
            }
            Head::Group(body) => {
                let open = self.parsed.tokens_of(statement).start;
                marks.inner = Some((open, Bracket::Group, vec![self.body(body)]));
                self.gaps[self.partners[open]] = 0;
            }
            Head::Reference(path) => {
                let end = self.parsed.tokens_of(path.span).end;
                self.space_tokens(end.saturating_sub(2)..end, Style::Word);
            }
            Head::Shared(_) => {}
        }
    }

    fn suffix(&mut self, suffix: &Suffix, marks: &mut Marks<'a>) {
        match suffix {
            Suffix::Repeat(count) => self.space(count.span, Style::Word),
            Suffix::Shape(shape) => {
                self.space(shape.span, Style::Word);
                marks.shape = self.parsed.tokens_of(shape.span).start.checked_sub(1);
            }
            Suffix::Name(name) => self.name(name, marks),
        }
    }

    fn name(&mut self, name: &ast::Name, marks: &mut Marks<'a>) {
        if let Some(first) = &name.first {
            self.space(first.span, Style::Word);
        }
        marks.name = self.parsed.tokens_of(name.span).start.checked_sub(1);
    }

    /// Sets the spaces between arguments, and their order where no comment stands between them.
    fn args(&mut self, head: Option<&str>, args: &[Arg], marks: &mut Marks<'a>) {
        args.iter().for_each(|arg| self.space(arg.span(), Style::Word));
        let (Some(first), Some(last)) = (args.first(), args.last()) else { return };
        let range = self.parsed.tokens_of(first.span().to(last.span()));
        let order = self.order.order(head, args);
        let commented = range.clone().any(|token| {
            (token > range.start && !self.above(token).is_empty())
                || (token + 1 < range.end && self.behind(token).is_some())
        });
        if commented || order.is_sorted() {
            return;
        }
        let tokens = order.iter().flat_map(|&arg| self.parsed.tokens_of(args[arg].span())).collect();
        marks.moved.push((range, tokens));
    }

    fn item(&mut self, item: &'a Item) -> Statement<'a> {
        let mut marks = Marks::default();
        match &item.kind {
            ItemKind::Let(constant) => self.space(constant.value.span, Style::Expression),
            ItemKind::Block(block) => {
                marks.inner = Some(self.braces(block.name.span, block.body.span));
                self.fill(&mut marks, &block.body);
            }
            ItemKind::Network(Network { name, kind: NetworkKind::Body(body), .. }) => {
                marks.inner = Some(self.braces(name.span, body.span));
                self.fill(&mut marks, body);
            }
            ItemKind::Network(Network {
                name, kind: NetworkKind::Instance { of, args_span, .. }, ..
            }) => {
                let first = self.parsed.tokens_of(name.span).start;
                let equals = self.parsed.tokens_of(of.span).start.saturating_sub(1);
                self.space_tokens(first..equals, Style::Parameters);
                self.space(of.span.to(*args_span), Style::Word);
            }
            ItemKind::Table(table) => {
                let close = self.parsed.tokens_of(item.span).end.saturating_sub(1);
                let open = self.partners[close];
                let rows = table.rows.iter().map(|row| self.statement(row.span, Marks::default())).collect();
                let body = Body { statements: rows, below: Vec::new() };
                marks.inner = Some((open, self.bracket(open), vec![body]));
                self.gaps[close] = usize::from(!table.rows.is_empty());
            }
            ItemKind::Use { .. } | ItemKind::Broken { .. } => {}
        }
        self.statement(item.span, marks)
    }

    /// The braces of an item with the body between them; sets the spaces in its header.
    fn braces(&mut self, name: Span, body: Span) -> (usize, Bracket, Vec<Body<'a>>) {
        let (first, open) = (self.parsed.tokens_of(name).start, self.parsed.tokens_of(body).start);
        self.space_tokens(first..open, Style::Parameters);
        (open, self.bracket(open), Vec::new())
    }

    fn fill(&mut self, marks: &mut Marks<'a>, body: &'a ast::Body) {
        let body = self.body(body);
        if let Some((_, _, bodies)) = &mut marks.inner {
            bodies.push(body);
        }
    }

    fn bracket(&self, open: usize) -> Bracket {
        let inside = open + 1..=self.partners[open];
        Bracket::Braces { one_line: !self.parsed.tokens[inside].iter().any(|token| token.leads) }
    }
}

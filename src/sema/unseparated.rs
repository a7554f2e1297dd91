//! Statements without a `;` between them, where only the catalogue can tell: `maxpool 2/2 flatten` is two statements,
//! because `flatten` never trails another operator.
//!
//! Each of them is expanded as if its `;` were there, so that what follows is checked with the shape that arrives.

use crate::base::Span;
use crate::ops::{self, Sizes, Spec};
use crate::syntax::{ast, missing_semicolon};

use super::context::Context;
use super::expander::Expander;
use super::incoming::Incoming;
use super::scope::OwnPath;

impl<'a> Expander<'a> {
    /// Expands an operator with its arguments and trailing words, and the statements behind it that lack a `;` before
    /// them. The last statement has the written name.
    pub(super) fn operators(
        &mut self,
        mut word: &'a ast::Ident,
        mut args: &'a [ast::Arg],
        own: OwnPath,
        cx: &mut Context<'_>,
    ) -> Incoming {
        let mut arriving = cx.arriving;
        while let Some((at, next)) = self.next_statement(ops::find(&word.value), args, cx) {
            self.report_missing_semicolon(args[..at].last().map_or(word.span, ast::Arg::span).after(), next);
            arriving = self.operator(word, &args[..at], None, &mut cx.receiving(arriving));
            (word, args) = (next, &args[at + 1..]);
        }
        self.operator(word, args, own, &mut cx.receiving(arriving))
    }

    /// Expands the trailing words of a block call or a form, and the statements behind them that lack a `;` before
    /// them.
    pub(super) fn trailing_words(&mut self, args: &'a [ast::Arg], cx: &mut Context<'_>) -> Incoming {
        let Some((at, next)) = self.next_statement(None, args, cx) else {
            return self.written_trailing(args, cx);
        };
        let before = Span { end: next.span.start, ..next.span };
        self.report_missing_semicolon(args[..at].last().map_or(before, |last| last.span().after()), next);
        let value = self.written_trailing(&args[..at], cx);
        self.operators(next, &args[at + 1..], None, &mut cx.receiving(value))
    }

    fn written_trailing(&mut self, args: &'a [ast::Arg], cx: &mut Context<'_>) -> Incoming {
        let Some(first) = args.first() else { return cx.arriving };
        let raw = self.raw_arguments(args, cx);
        self.trailing(&raw, first.span(), cx)
    }

    fn report_missing_semicolon(&mut self, gap: Span, next: &ast::Ident) {
        let error = missing_semicolon(self.sink, gap, next.span, &next.value);
        error.trace(&self.around.trace).emit();
    }

    /// The first argument behind `head` that is an operator which never trails: it begins a statement of its own.
    fn next_statement(
        &self,
        head: Option<&'static Spec>,
        args: &'a [ast::Arg],
        cx: &Context<'_>,
    ) -> Option<(usize, &'a ast::Ident)> {
        let mut current = head;
        for (at, arg) in args.iter().enumerate() {
            let ast::Arg::Word(word) = arg else { continue };
            let name = word.value.as_str();
            let is_flag = current.is_some_and(|spec| spec.has_flag(name));
            if is_flag || cx.env.get(name).is_some() || self.is_own_block(name, cx.env.file) {
                continue;
            }
            // `conv 3x3x8 pad 1` lacks a `=`, not a `;`.
            let is_attribute = current.is_some_and(|spec| spec.has_attribute(name));
            if is_attribute && matches!(args.get(at + 1), Some(ast::Arg::Value(_))) && !self.leads(word.span)
            {
                continue;
            }
            match ops::find(name) {
                Some(spec) if spec.trailing => current = Some(spec),
                // `conv conv 3x3x8`: the first one is no statement without its size.
                Some(spec) if at == 0 && is_unfinished(head, spec) => {}
                Some(_) => return Some((at, word)),
                None if name == ops::IDENTITY => return Some((at, word)),
                None => {}
            }
        }
        None
    }
}

/// Returns whether the same operator stands twice where the first one lacks its size.
fn is_unfinished(head: Option<&Spec>, next: &Spec) -> bool {
    head.is_some_and(|head| head.name == next.name && !matches!(head.sizes, Sizes::None | Sizes::To))
}

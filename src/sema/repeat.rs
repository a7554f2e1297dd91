//! Expands repetitions and sequences: makes the copies of a statement and names each.

use std::collections::btree_map::Entry;

use crate::base::grow_stack;
use crate::diag::{Code, Expansion};
use crate::ops;
use crate::syntax::ast;

use super::context::Context;
use super::expander::{Expander, Skipped, most_nodes};
use super::incoming::Incoming;
use super::naming::{Naming, is_aux};
use super::number::Scalar;
use super::scope::OwnPath;
use super::sharing::{Shareable, Written};
use super::{Evaluated, Unavailable, limits};

impl<'a> Expander<'a> {
    /// The number of copies, the `n` of `* n`.
    pub(super) fn copies(&mut self, count: &ast::Expr, head: &ast::Head, cx: &Context<'_>) -> Evaluated<u64> {
        let copies = match self.evaluate(count, cx.env, cx.arriving)? {
            Scalar::Int(int) if int >= 0 => u64::try_from(int).unwrap_or(u64::MAX),
            Scalar::Int(int) => {
                self.error(Code::E0212, count.span, "a negative repetition")
                    .here(format!("this is {int}"))
                    .help("`* 0` writes nothing; use `max(0, n)` where n may be negative")
                    .emit();
                return Err(Unavailable);
            }
            Scalar::Real(real) => {
                self.error(Code::E0207, count.span, "a repetition must be a whole number")
                    .here(format!("this is {real:?}"))
                    .emit();
                return Err(Unavailable);
            }
        };
        let nodes = u128::from(copies) * u128::from(least_nodes(head)) + self.draft.graph.len() as u128;
        if nodes > limits::NODES as u128 {
            let found = format!("{copies} copies would make {nodes} nodes or more");
            self.exhaust(count.span, found, most_nodes());
            return Err(Unavailable);
        }
        Ok(copies)
    }

    /// The number of the first member of a sequence: the `n` of `from n`.
    pub(super) fn first_member(&mut self, flow: &ast::Flow, cx: &Context<'_>) -> u64 {
        let Some(first) = flow.name().and_then(|name| name.first.as_ref()) else { return 0 };
        self.count(first, 0, "the number of the first member", cx.env, cx.arriving).unwrap_or(0)
    }

    /// Records whether at least one copy of a repeated statement is expanded.
    pub(super) fn remember_repetition(
        &mut self,
        flow: &'a ast::Flow,
        copies: Evaluated<u64>,
        cx: &Context<'_>,
    ) {
        if copies != Ok(0) {
            self.coverage.repeated.insert(cx.span, None);
        } else if let Entry::Vacant(place) = self.coverage.repeated.entry(cx.span) {
            let (env, trace) = (cx.env.clone(), self.around.trace.clone());
            place.insert(Some(Skipped { head: &flow.head, env, trace }));
        }
    }

    /// Expands all copies of a statement.
    pub(super) fn run(
        &mut self,
        flow: &'a ast::Flow,
        naming: Naming<'_>,
        copies: Evaluated<u64>,
        cx: &mut Context<'_>,
    ) -> Incoming {
        let Some(members) = naming.members else { return self.all_copies(flow, naming, copies, cx) };
        if copies == Ok(0) {
            return cx.arriving;
        }
        if is_aux(&flow.head) {
            self.error(Code::E0214, naming.span, "an auxiliary branch is no sequence")
                .here("takes a plain name")
                .emit();
            return Incoming::Unavailable;
        }
        let parts = naming.parts.as_deref().unwrap_or_default();
        let is_brackets = matches!(members, ast::Sequence::Brackets);
        let (path, written) = if parts.is_empty() && is_brackets {
            if !cx.scope.is_sequence() && naming.parts.is_some() {
                self.error(Code::E0214, naming.span, "`as []` stands outside of a sequence")
                    .here("makes a member of a sequence a sequence of its own")
                    .help("give it a name: `as name[]`")
                    .emit();
                return Incoming::Unavailable;
            }
            (cx.scope.take("sequence"), false)
        } else {
            cx.scope.take_member();
            (cx.scope.join(parts), true)
        };
        let whole =
            is_brackets || matches!(members, ast::Sequence::Pattern(a, b) if a.is_empty() && b.is_empty());
        if whole && path.len() > cx.scope.path.len() {
            self.take_path(&path, naming.span);
        }
        let mut inner = cx.scope.sequence(path, written, members, naming.first);
        let unnamed = Naming { parts: None, members: None, ..naming };
        self.all_copies(flow, unnamed, copies, &mut cx.writing_into(&mut inner))
    }

    fn all_copies(
        &mut self,
        flow: &'a ast::Flow,
        naming: Naming<'_>,
        copies: Evaluated<u64>,
        cx: &mut Context<'_>,
    ) -> Incoming {
        let path = naming.parts.map(|parts| cx.scope.join(&parts));
        if flow.repeat().is_none() {
            return self.copy(&flow.head, path, None, cx);
        }
        let count = copies.unwrap_or(1);
        if let (Some(path), 1..) = (&path, count) {
            self.take_path(path, naming.span);
        }
        let mut leaving = cx.arriving;
        let outer = self.around.trace.clone();
        for copy in 0..count {
            let own = path.as_ref().map(|path| [path.as_slice(), &[copy.to_string()]].concat());
            let numbered = Some((copy + 1, count));
            if !matches!(flow.head, ast::Head::Call(_)) && count > 1 {
                self.around.trace = outer.within(Expansion { block: None, call: cx.span, copy: numbered });
            }
            self.spend(1, cx.span);
            let first = self.draft.graph.len();
            leaving = self.copy(&flow.head, own.clone(), numbered, &mut cx.receiving(leaving));
            self.around.trace = outer.clone();
            if let Some(own) = own {
                self.define(&own, leaving, naming.span, cx.scope);
                let (env, nodes) = (cx.env.clone(), first..self.draft.graph.len());
                let what = Written::Copy(&flow.head);
                self.values.make_shareable(&own, Shareable { what, env, nodes });
            }
            if self.limits.exhausted || leaving == Incoming::Unavailable {
                break;
            }
        }
        if copies.is_err() { Incoming::Unavailable } else { leaving }
    }

    /// Expands one copy of a statement.
    pub(super) fn copy(
        &mut self,
        head: &'a ast::Head,
        own: OwnPath,
        copy: Option<(u64, u64)>,
        cx: &mut Context<'_>,
    ) -> Incoming {
        match head {
            ast::Head::Op { word, args } => self.operators(word, args, own, cx),
            ast::Head::Call(call) => {
                let ast::BlockCall { block, args, args_span, trailing } = &**call;
                let value = self.call(block, args, *args_span, own, copy, cx);
                self.trailing_words(trailing, &mut cx.receiving(value))
            }
            ast::Head::Form(form) => {
                let ast::BranchForm { word, args, branches, trailing } = &**form;
                let value = self.form(word, args, branches, own, cx);
                self.trailing_words(trailing, &mut cx.receiving(value))
            }
            ast::Head::Group(body) => {
                self.around.nesting += 1;
                let leaving = match own {
                    Some(path) => {
                        cx.scope.take_member();
                        self.take_path(&path, cx.span);
                        let mut inner = cx.scope.inner(path, true);
                        self.body(body, cx.writing_into(&mut inner))
                    }
                    None => self.body(body, cx.receiving(cx.arriving)),
                };
                self.around.nesting -= 1;
                leaving
            }
            ast::Head::Reference(path) => self.reference(path, cx),
            ast::Head::Shared(path) => self.shared(path, own, cx),
        }
    }
}

/// A lower bound of the nodes that one copy makes.
fn least_nodes(head: &ast::Head) -> u64 {
    match head {
        ast::Head::Op { word, .. } => u64::from(word.value != ops::IDENTITY),
        ast::Head::Call(_) | ast::Head::Reference(_) | ast::Head::Shared(_) => 0,
        ast::Head::Form(form) => form.branches.iter().map(least_nodes_of_body).fold(0, u64::saturating_add),
        ast::Head::Group(body) => least_nodes_of_body(body),
    }
}

fn least_nodes_of_body(body: &ast::Body) -> u64 {
    let of_statement = |statement: &ast::Stmt| match &statement.kind {
        ast::StmtKind::Flow(flow) => {
            let copies = match flow.repeat().map(|count| &count.bare().kind) {
                None => 1,
                Some(ast::ExprKind::Int(copies)) => *copies,
                Some(_) => 0,
            };
            grow_stack(|| least_nodes(&flow.head)).saturating_mul(copies)
        }
        _ => 0,
    };
    body.statements.iter().map(of_statement).fold(0, u64::saturating_add)
}

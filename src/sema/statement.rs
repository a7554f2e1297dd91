//! Expands one statement, names it, and gives the value that it leaves for the next one.

use crate::base::{Span, grow_stack};
use crate::diag::{Code, Suggested};
use crate::syntax::ast;

use super::context::Context;
use super::expander::{Expander, constant};
use super::incoming::{Current, Incoming};
use super::naming::{Naming, is_aux, parts};
use super::scope::PathScope;
use super::sharing::{Shareable, Written};
use super::uses::{Definition, Passage};
use super::values::Lookup;

impl<'a> Expander<'a> {
    /// Expands the statements between brackets. Constants of the body are removed from the environment at its end.
    pub(super) fn body(&mut self, body: &'a ast::Body, mut cx: Context<'_>) -> Incoming {
        let mark = cx.env.len();
        let mut arriving = cx.arriving;
        for statement in &body.statements {
            arriving = grow_stack(|| self.statement(statement, cx.at(statement.span, arriving)));
        }
        cx.env.truncate(mark);
        arriving
    }

    fn statement(&mut self, statement: &'a ast::Stmt, mut cx: Context<'_>) -> Incoming {
        self.spend(1, cx.span);
        if self.limits.exhausted {
            return Incoming::Unavailable;
        }
        match &statement.kind {
            ast::StmtKind::Broken(_) => {
                self.unfinished(statement, &cx);
                Incoming::Unavailable
            }
            ast::StmtKind::Misplaced(_) => Incoming::Unavailable,
            ast::StmtKind::Let(one) => {
                let value = self.evaluate(&one.value, cx.env, cx.arriving);
                self.declare(&one.name, constant(value, one.name.span), cx.env);
                cx.arriving
            }
            ast::StmtKind::Input { args, name } => {
                let leaving = self.input(args, name.as_deref(), &mut cx);
                self.note_passage(cx.span, cx.arriving, leaving, 1);
                leaving
            }
            ast::StmtKind::Labels(path) => {
                if self.only_in_network("labels", cx.span) {
                    self.draft.graph.labels(path.value.clone());
                }
                cx.arriving
            }
            ast::StmtKind::Expect(expect) => {
                self.expectation(expect, &cx);
                cx.arriving
            }
            ast::StmtKind::Flow(flow) => self.flow(flow, cx),
        }
    }

    /// Returns whether the statement belongs directly to a network; reports it otherwise.
    pub(super) fn only_in_network(&mut self, what: &str, span: Span) -> bool {
        if self.around.nesting > 0 {
            self.error(Code::E0016, span, format!("`{what}` belongs directly into a network"))
                .here("stands in a block, group or branch")
                .emit();
        }
        self.around.nesting == 0
    }

    /// Expands a statement that makes a value.
    fn flow(&mut self, flow: &'a ast::Flow, mut cx: Context<'_>) -> Incoming {
        let copies = match flow.repeat() {
            None => Ok(1),
            Some(count) => self.copies(count, &flow.head, &cx),
        };
        if flow.repeat().is_some() {
            self.remember_repetition(flow, copies, &cx);
        }
        let first = self.draft.graph.len();
        let env = flow.name().map(|_| cx.env.clone());
        let naming = Naming::written(flow.name(), self.first_member(flow, &cx), cx.span);
        let leaving = self.run(flow, naming, copies, &mut cx);
        let count = copies.unwrap_or(1);
        if is_aux(&flow.head) {
            // The stated shape is that of the branch; the statement leaves the value that arrived.
            if let Some(end) = self.auxiliary_end(flow, &cx) {
                self.check_shape(flow.shape(), &cx, end);
            }
            self.note_passage(cx.span, cx.arriving, leaving, count);
            return leaving;
        }
        let leaving = self.check_shape(flow.shape(), &cx, leaving);
        if let (Some(name), Some(env), 1..) = (flow.name(), env, count)
            && is_named(name)
        {
            let path = cx.scope.join(&parts(name));
            self.define(&path, leaving, name.span, cx.scope);
            let nodes = first..self.draft.graph.len();
            let what = Written::Statement(flow);
            self.values.make_shareable(&path, Shareable { what, env, nodes });
        }
        self.note_passage(cx.span, cx.arriving, leaving, count);
        leaving
    }

    fn note_passage(&mut self, span: Span, arriving: Incoming, leaving: Incoming, copies: u64) {
        let shape = |value: Incoming| value.value().ok().map(|current| self.draft.graph.shape(current.node));
        let passage = Passage { arriving: shape(arriving), leaving: shape(leaving), copies };
        self.uses.statement(span, passage);
    }

    /// The end of the auxiliary branch that was just expanded.
    fn auxiliary_end(&self, flow: &ast::Flow, cx: &Context<'_>) -> Option<Incoming> {
        let path = cx.scope.join(&flow.name().map(parts).unwrap_or_default()).join(".");
        let output = self.draft.aux.iter().rev().find(|output| output.name == path)?;
        Some(Incoming::Value(Current { node: output.node, span: cx.span }))
    }

    /// Records the name under which `@name` finds a value.
    pub(super) fn define(&mut self, path: &[String], value: Incoming, written: Span, scope: &PathScope) {
        let path = path.join(".");
        if let Incoming::Value(current) = value {
            self.draft.graph.name_value(path.clone(), current.node);
        }
        self.values.define(path, value, written, scope, self.around.train);
    }

    /// Expands `@path`.
    pub(super) fn reference(&mut self, path: &ast::Path, cx: &Context<'_>) -> Incoming {
        match self.lookup(path, cx) {
            Some(named) => named.0,
            None => Incoming::Unavailable,
        }
    }

    /// The value that a path names, with its whole path; reports a path that names none.
    pub(super) fn lookup(&mut self, path: &ast::Path, cx: &Context<'_>) -> Option<(Incoming, String)> {
        let parts: Vec<String> = path.parts.iter().map(|part| part.value.to_string()).collect();
        let shown = parts.join(".");
        self.spend(cx.scope.path.len() as u64, path.span);
        match self.values.find(&parts, cx.scope, self.around.train) {
            Lookup::Found(named) => {
                let found = (named.value, named.path.clone());
                let (written, path_of) = (named.written, named.path.clone());
                self.uses.word(path.span, || Definition::Value { named: written, path: path_of });
                return Some(found);
            }
            Lookup::InTraining => {
                self.error(Code::E0103, path.span, format!("`@{shown}` lies in an `aux train` branch"))
                    .here("is computed in training only")
                    .emit();
            }
            Lookup::Nothing
                if parts.iter().any(|part| self.request.program.is_salvaged(cx.env.file, part)) => {}
            Lookup::Nothing => self.unknown_value(&parts, path.span, cx),
        }
        None
    }

    fn unknown_value(&mut self, parts: &[String], span: Span, cx: &Context<'_>) {
        let shown = parts.join(".");
        let row = self.values.row(parts, cx.scope);
        let reachable = self.values.reachable(cx.scope);
        let builder = self.error(Code::E0103, span, format!("unknown value `@{shown}`"));
        if let Some(row) = row {
            builder
                .here("an automatic name, which may change with the text around it")
                .label(row, format!("the row `{shown}` is made here"))
                .help("name its statement with `as`, and write this name behind `@`")
                .emit();
            return;
        }
        let builder = builder.here("no earlier value has this name");
        match builder.suggest(&shown, span, &reachable) {
            Suggested::Near(builder) => builder,
            Suggested::Nothing(builder) => builder.help(
                "name a value with `as`, earlier in the text; a block does not see the names around its call",
            ),
        }
        .emit();
    }
}

/// Returns whether a name is that of the whole statement, not only of its members.
fn is_named(name: &ast::Name) -> bool {
    let whole = match &name.sequence {
        None | Some(ast::Sequence::Brackets) => true,
        Some(ast::Sequence::Pattern(before, after)) => before.is_empty() && after.is_empty(),
    };
    whole && !name.parts.is_empty()
}

//! Finds names of the root file that nothing uses. Only the text counts: a name that is mentioned is used.

use std::collections::BTreeSet;

use crate::base::{Span, grow_stack};
use crate::diag::{Code, Sink};
use crate::syntax::ast;

use super::program::Program;

/// All names that a piece of text mentions.
#[derive(Default)]
struct Mentions {
    names: BTreeSet<String>,
    words: BTreeSet<String>,
    /// Words behind operators, blocks and forms; `word` parameters may be among them.
    arguments: BTreeSet<String>,
    calls: BTreeSet<String>,
    references: BTreeSet<String>,
    /// Constants of bodies, with their places.
    lets: Vec<(String, Span)>,
    inputs: Vec<(String, Span)>,
}

/// Warns of unused parameters, constants, tables, blocks and inputs of the root file.
pub fn check(program: &Program, sink: &mut Sink) {
    if program.is_broken() {
        return;
    }
    let root = &program.sources[0].parsed.tree;
    if root.items.is_empty() && root.statements.is_none() && root.unusable.is_empty() {
        let start = Span::new(program.sources[0].parsed.file, 0, 0);
        sink.warning(Code::W0107, start, "the file describes no network")
            .here("nothing but white space and comments")
            .help("add a `network name { … }`, or bare statements")
            .warn();
        return;
    }
    let mut all = Mentions::default();
    if let Some(body) = &root.statements {
        all.body(body);
    }
    for item in &root.items {
        let mut own = Mentions::default();
        match &item.kind {
            ast::ItemKind::Use { .. } | ast::ItemKind::Table(_) | ast::ItemKind::Broken { .. } => {}
            ast::ItemKind::Let(one) => own.expr(&one.value),
            ast::ItemKind::Block(block) => {
                own.params(&block.params);
                own.body(&block.body);
                own.report_params("block", &block.params, sink);
            }
            ast::ItemKind::Network(network) => {
                own.params(&network.params);
                match &network.kind {
                    ast::NetworkKind::Body(body) => own.body(body),
                    ast::NetworkKind::Instance { args, .. } => {
                        args.iter().for_each(|arg| own.expr(&arg.value))
                    }
                }
                own.report_params("network", &network.params, sink);
            }
        }
        own.report_inputs(sink);
        own.lets.iter().for_each(|(name, span)| own.report_constant(name, *span, sink));
        all.names.extend(own.names);
        all.words.extend(own.words);
        all.calls.extend(own.calls);
    }
    all.report_inputs(sink);
    all.lets.iter().for_each(|(name, span)| all.report_constant(name, *span, sink));
    let runs_something = root.statements.is_some()
        || root.items.iter().any(|item| matches!(item.kind, ast::ItemKind::Network(_)));
    if !runs_something {
        // A file of blocks is a library, for other files to use.
        return;
    }
    for item in &root.items {
        let (code, name, is_used, message) = match &item.kind {
            ast::ItemKind::Let(one) => {
                all.report_constant(&one.name.value, one.name.span, sink);
                continue;
            }
            ast::ItemKind::Table(ast::Table { name, .. }) => {
                let is_used = all.words.contains(name.value.as_str());
                (Code::W0103, name, is_used, format!("the table `{}` is not used", name.value))
            }
            ast::ItemKind::Block(ast::Block { name, .. }) => {
                let is_used = all.calls.contains(name.value.as_str());
                (Code::W0104, name, is_used, format!("the block `{}` is never called", name.value))
            }
            _ => continue,
        };
        if !is_used {
            unused(sink, code, name.span, message);
        }
    }
}

fn unused(sink: &mut Sink, code: Code, span: Span, message: String) {
    sink.warning(code, span, message).here("nothing uses it").help("remove it").warn();
}

impl Mentions {
    fn params(&mut self, params: &[ast::Param]) {
        params.iter().filter_map(|param| param.default.as_ref()).for_each(|default| self.expr(default));
    }

    fn report_constant(&self, name: &str, span: Span, sink: &mut Sink) {
        if !self.names.contains(name) {
            unused(sink, Code::W0102, span, format!("the constant `{name}` is not used"));
        }
    }

    fn report_params(&self, what: &str, params: &[ast::Param], sink: &mut Sink) {
        let is_used = |param: &ast::Param| {
            let name = &param.name.value;
            self.names.contains(name.as_str()) || param.word && self.arguments.contains(name.as_str())
        };
        for param in params.iter().filter(|param| !is_used(param)) {
            let message = format!("the parameter `{}` of this {what} is not used", param.name.value);
            unused(sink, Code::W0101, param.name.span, message);
        }
    }

    /// If there are several inputs, none of them is the current value, and one that no `@` names has no effect.
    fn report_inputs(&self, sink: &mut Sink) {
        if self.inputs.len() < 2 {
            return;
        }
        for (name, span) in self.inputs.iter().filter(|(name, _)| !self.references.contains(name)) {
            unused(sink, Code::W0104, *span, format!("the input `{name}` is not used"));
        }
    }

    fn body(&mut self, body: &ast::Body) {
        for statement in &body.statements {
            match &statement.kind {
                ast::StmtKind::Input { args, name } => {
                    self.args(args);
                    if let Some(name) = name {
                        self.inputs.push((joined(&name.parts), name.span));
                    }
                }
                ast::StmtKind::Let(one) => {
                    self.expr(&one.value);
                    self.lets.push((one.name.value.to_string(), one.name.span));
                }
                ast::StmtKind::Expect(expect) => match &expect.value {
                    ast::ExpectValue::Expr(expr) => self.expr(expr),
                    ast::ExpectValue::Shape(pattern) => {
                        pattern.dims.iter().flatten().for_each(|dim| self.expr(dim))
                    }
                    ast::ExpectValue::Number { .. } => {}
                },
                ast::StmtKind::Flow(flow) => grow_stack(|| self.flow(flow)),
                ast::StmtKind::Labels(_) | ast::StmtKind::Broken(_) | ast::StmtKind::Misplaced(_) => {}
            }
        }
    }

    fn flow(&mut self, flow: &ast::Flow) {
        match &flow.head {
            ast::Head::Op { args, .. } => self.args(args),
            ast::Head::Call(call) => {
                self.calls.insert(call.block.value.to_string());
                call.args.iter().for_each(|arg| self.expr(&arg.value));
                self.args(&call.trailing);
            }
            ast::Head::Form(form) => {
                self.args(&form.args);
                form.branches.iter().for_each(|branch| self.body(branch));
                self.args(&form.trailing);
            }
            ast::Head::Group(body) => self.body(body),
            ast::Head::Reference(path) | ast::Head::Shared(path) => {
                self.references.insert(joined(&path.parts));
            }
        }
        if let Some(repeat) = flow.repeat() {
            self.expr(repeat);
        }
        if let Some(pattern) = flow.shape() {
            pattern.dims.iter().flatten().for_each(|dim| self.expr(dim));
        }
    }

    fn args(&mut self, args: &[ast::Arg]) {
        for arg in args {
            match arg {
                ast::Arg::Word(word) => {
                    self.arguments.insert(word.value.to_string());
                }
                ast::Arg::Size(size) => size.dims.iter().chain(&size.stride).for_each(|dim| self.expr(dim)),
                ast::Arg::Value(value) | ast::Arg::Attribute { value, .. } => match value {
                    ast::ArgValue::Expr(expr) => self.expr(expr),
                    ast::ArgValue::Tuple(exprs, _) => exprs.iter().for_each(|expr| self.expr(expr)),
                    ast::ArgValue::Word(word) => {
                        self.words.insert(word.value.to_string());
                    }
                },
            }
        }
    }

    /// Visits an expression within an expression.
    fn inner(&mut self, expr: &ast::Expr) {
        grow_stack(|| self.expr(expr));
    }

    fn expr(&mut self, expr: &ast::Expr) {
        match &expr.kind {
            ast::ExprKind::Paren(inner) => self.inner(inner),
            ast::ExprKind::Int(_) | ast::ExprKind::Real(_) | ast::ExprKind::Arriving(_) => {}
            ast::ExprKind::Name(name) => {
                self.names.insert(name.to_string());
            }
            ast::ExprKind::Negate(inner) => self.inner(inner),
            ast::ExprKind::Binary(_, left, right) => {
                self.inner(left);
                self.inner(right);
            }
            ast::ExprKind::Call(_, arguments) => arguments.iter().for_each(|argument| self.inner(argument)),
        }
    }
}

fn joined(parts: &[ast::PathPart]) -> String {
    parts.iter().map(|part| part.value.as_str()).collect::<Vec<_>>().join(".")
}

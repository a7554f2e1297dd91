//! Writes a tree as plain text: one statement a line, every token spelt from the tree, not copied from a source.
//!
//! The time is linear in the size of the tree. Of a broken statement, the part that could be read is written. The
//! layout is left to [`format`](super::format).

mod arguments;

use super::ast::{
    Block, Body, BranchForm, ComparisonOp, Element, Expect, ExpectValue, Expr, File, Flow, Head, Item,
    ItemKind, Network, NetworkKind, Param, Stmt, StmtKind, Suffix, Table,
};
use crate::base::grow_stack;

/// The bytes from which on lines are handed over.
const PIECE: usize = 64 * 1024;

/// Writes a tree: hands its text to `out` in pieces of whole lines, so that it is never in memory as a whole.
pub fn write(tree: &File, out: &mut dyn FnMut(&str)) {
    let mut writer = Writer { text: String::new(), level: 0, out };
    if let Some(edition) = &tree.edition {
        writer.push(&format!("cnn {};", edition.number.value));
        writer.line();
    }
    tree.items.iter().for_each(|item| writer.item(item));
    for statement in tree.statements.iter().flat_map(|body| &body.statements) {
        writer.statement(statement, ";");
    }
    for element in &tree.unusable {
        match element {
            Element::Item(item) => writer.item(item),
            Element::Stmt(statement) => writer.statement(statement, ";"),
        }
    }
    (writer.out)(&writer.text);
}

struct Writer<'a> {
    /// What was not handed over yet.
    text: String,
    level: usize,
    out: &'a mut dyn FnMut(&str),
}

impl Writer<'_> {
    fn push(&mut self, text: &str) {
        if self.text.is_empty() || self.text.ends_with('\n') {
            self.text.extend(std::iter::repeat_n("    ", self.level));
        }
        self.text.push_str(text);
    }

    fn line(&mut self) {
        self.text.push('\n');
        if self.text.len() >= PIECE {
            (self.out)(&self.text);
            self.text.clear();
        }
    }

    /// Writes parts with a text between them.
    fn list<T>(&mut self, parts: &[T], between: &str, mut write: impl FnMut(&mut Self, &T)) {
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                self.push(between);
            }
            write(self, part);
        }
    }

    fn doc(&mut self, lines: &[String]) {
        for line in lines {
            self.push(format!("## {line}").trim_end());
            self.line();
        }
    }

    fn item(&mut self, item: &Item) {
        self.doc(&item.doc);
        match &item.kind {
            ItemKind::Use { path } => self.push(&format!("use \"{}\";", path.value)),
            ItemKind::Let(constant) => {
                self.constant(&constant.name.value, &constant.value);
                self.push(";");
            }
            ItemKind::Block(Block { inline, name, params, body }) => {
                self.push(if *inline { "inline block " } else { "block " });
                self.push(&name.value);
                self.params(params, true);
                self.braces(body);
            }
            ItemKind::Table(table) => self.table(table),
            ItemKind::Network(Network { name, params, kind }) => {
                self.push(&format!("network {}", name.value));
                self.params(params, false);
                match kind {
                    NetworkKind::Body(body) => self.braces(body),
                    NetworkKind::Instance { of, args, .. } => {
                        self.push(&format!(" = {}", of.value));
                        self.call_args(args);
                        self.push(";");
                    }
                }
            }
            ItemKind::Broken { body } => {
                self.push("# an item with errors");
                if let Some(body) = body {
                    self.line();
                    self.braces(body);
                }
            }
        }
        self.line();
    }

    fn params(&mut self, params: &[Param], always: bool) {
        if params.is_empty() && !always {
            return;
        }
        self.push("(");
        self.list(params, ", ", |writer, param| {
            writer.push(if param.word { "word " } else { "" });
            writer.push(&param.name.value);
            if let Some(default) = &param.default {
                writer.push(" = ");
                writer.expr(default);
            }
        });
        self.push(")");
    }

    fn braces(&mut self, body: &Body) {
        self.push(" {");
        self.line();
        self.level += 1;
        body.statements.iter().for_each(|statement| self.statement(statement, ";"));
        self.level -= 1;
        self.push("}");
    }

    fn table(&mut self, table: &Table) {
        self.push(&format!(
            "table {} {} -> {} {{",
            table.name.value, table.inputs.value, table.outputs.value
        ));
        self.line();
        self.level += 1;
        for row in &table.rows {
            self.list(&row.value, " ", |writer, map| writer.push(&map.value.to_string()));
            self.push(";");
            self.line();
        }
        self.level -= 1;
        self.push("}");
    }

    fn constant(&mut self, name: &str, value: &Expr) {
        self.push(&format!("let {name} = "));
        self.expr(value);
    }

    /// Writes a statement on lines of its own, and `end` behind it.
    fn statement(&mut self, statement: &Stmt, end: &str) {
        self.doc(&statement.doc);
        grow_stack(|| self.kind(&statement.kind));
        self.push(end);
        self.line();
    }

    fn kind(&mut self, kind: &StmtKind) {
        match kind {
            StmtKind::Input { args, name } => {
                self.push("input");
                self.args(args);
                if let Some(name) = name {
                    self.name(name);
                }
            }
            StmtKind::Labels(path) => self.push(&format!("labels \"{}\"", path.value)),
            StmtKind::Expect(expect) => self.expect(expect),
            StmtKind::Let(constant) => self.constant(&constant.name.value, &constant.value),
            StmtKind::Flow(flow) => self.flow(flow),
            StmtKind::Broken(read) => {
                self.push("# a statement with errors");
                self.line();
                if let Some(read) = read {
                    self.kind(read);
                }
            }
            StmtKind::Misplaced(item) => self.item(item),
        }
    }

    fn flow(&mut self, flow: &Flow) {
        match &flow.head {
            Head::Op { word, args } => {
                self.push(&word.value);
                self.args(args);
            }
            Head::Call(call) => {
                self.push(&call.block.value);
                self.call_args(&call.args);
                self.args(&call.trailing);
            }
            Head::Form(form) => {
                let BranchForm { word, args, branches, trailing } = &**form;
                self.push(&word.value);
                self.args(args);
                self.push(" <");
                self.line();
                for (index, branch) in branches.iter().enumerate() {
                    if index > 0 {
                        self.push("|");
                        self.line();
                    }
                    self.inner(branch);
                }
                self.push(">");
                self.args(trailing);
            }
            Head::Group(body) => {
                self.push("[");
                self.line();
                self.inner(body);
                self.push("]");
            }
            Head::Reference(path) => {
                self.push("@");
                self.path(path);
            }
            Head::Shared(path) => {
                self.push("shared ");
                self.path(path);
            }
        }
        for suffix in &flow.suffixes {
            match suffix {
                Suffix::Repeat(count) => {
                    self.push(" * ");
                    self.expr(count);
                }
                Suffix::Shape(shape) => {
                    self.push(" -> ");
                    self.shape(shape);
                }
                Suffix::Name(name) => self.name(name),
            }
        }
    }

    fn inner(&mut self, body: &Body) {
        self.level += 1;
        let last = body.statements.len().saturating_sub(1);
        for (index, statement) in body.statements.iter().enumerate() {
            self.statement(statement, if index < last { ";" } else { "" });
        }
        self.level -= 1;
    }

    fn expect(&mut self, expect: &Expect) {
        self.push("expect ");
        self.path(&expect.path);
        self.push(match expect.comparison.value {
            ComparisonOp::Equal => " == ",
            ComparisonOp::AtMost => " <= ",
            ComparisonOp::AtLeast => " >= ",
        });
        match &expect.value {
            ExpectValue::Number { literal, suffix } => self.push(&format!("{literal}{suffix}")),
            ExpectValue::Shape(shape) => self.shape(shape),
            ExpectValue::Expr(expr) => self.expr(expr),
        }
    }
}

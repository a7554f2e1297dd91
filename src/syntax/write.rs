//! Writes a tree as plain text: one statement a line, every token spelt from the tree, not copied from a source.
//!
//! The time is linear in the size of the tree. Of a broken statement, the part that could be read is written. The
//! layout is left to [`format`](super::format).

use super::ast::{
    Arg, ArgValue, AxisPattern, BinaryOp, Block, Body, CallArg, ComparisonOp, ConstantFunction, Element,
    Expect, ExpectValue, Expr, ExprKind, File, Flow, Head, Item, ItemKind, Name, Network, NetworkKind, Param,
    Path, PathPart, Sequence, ShapePattern, Size, Stmt, StmtKind, Suffix, Table,
};
use crate::base::grow_stack;

/// The text of a tree.
pub fn write(tree: &File) -> String {
    let mut writer = Writer::default();
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
    writer.text
}

#[derive(Default)]
struct Writer {
    text: String,
    level: usize,
}

impl Writer {
    fn push(&mut self, text: &str) {
        if self.text.is_empty() || self.text.ends_with('\n') {
            self.text.extend(std::iter::repeat_n("    ", self.level));
        }
        self.text.push_str(text);
    }

    fn line(&mut self) {
        self.text.push('\n');
    }

    /// Writes parts with a text between them.
    fn list<T>(&mut self, parts: &[T], between: &str, mut write: impl FnMut(&mut Writer, &T)) {
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
            Head::Call { block, args, trailing, .. } => {
                self.push(&block.value);
                self.call_args(args);
                self.args(trailing);
            }
            Head::Form { word, args, branches, trailing } => {
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

    fn args(&mut self, args: &[Arg]) {
        for arg in args {
            self.push(" ");
            match arg {
                Arg::Word(word) => self.push(&word.value),
                Arg::Size(size) => self.size(size),
                Arg::Value(value) => self.value(value),
                Arg::Attribute { name, value } => {
                    self.push(&format!("{}=", name.value));
                    self.value(value);
                }
            }
        }
    }

    fn size(&mut self, size: &Size) {
        self.list(&size.dims, "x", Writer::expr);
        if !size.stride.is_empty() {
            self.push("/");
            self.list(&size.stride, "x", Writer::expr);
        }
    }

    fn value(&mut self, value: &ArgValue) {
        match value {
            ArgValue::Expr(expr) => self.expr(expr),
            ArgValue::Tuple(exprs, _) => {
                self.push("(");
                self.list(exprs, ", ", Writer::expr);
                self.push(")");
            }
            ArgValue::Word(word) => self.push(&word.value),
        }
    }

    fn call_args(&mut self, args: &[CallArg]) {
        self.push("(");
        self.list(args, ", ", |writer, arg| {
            if let Some(name) = &arg.name {
                writer.push(&format!("{}=", name.value));
            }
            writer.expr(&arg.value);
        });
        self.push(")");
    }

    fn shape(&mut self, shape: &ShapePattern) {
        self.list(&shape.dims, "x", |writer, dim| match dim {
            Some(dim) => writer.expr(dim),
            None => writer.push("?"),
        });
    }

    fn name(&mut self, name: &Name) {
        self.push(" as ");
        self.parts(&name.parts);
        match &name.sequence {
            None => {}
            Some(Sequence::Brackets) => self.push("[]"),
            Some(Sequence::Pattern(before, after)) => {
                let point = if name.parts.is_empty() { "" } else { "." };
                self.push(&format!("{point}\"{before}*{after}\""));
            }
        }
        if let Some(first) = &name.first {
            self.push(" from ");
            self.expr(first);
        }
    }

    fn path(&mut self, path: &Path) {
        self.parts(&path.parts);
    }

    fn parts(&mut self, parts: &[PathPart]) {
        self.list(parts, ".", |writer, part| {
            let plain = part.value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if plain && !part.quoted {
                writer.push(&part.value);
            } else {
                writer.push(&format!("\"{}\"", part.value));
            }
        });
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

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Int(value) => self.push(&value.to_string()),
            // The text keeps a point or an exponent, so that it is read as a real number again.
            ExprKind::Real(value) => self.push(&format!("{value:?}")),
            ExprKind::Name(name) => self.push(name),
            ExprKind::Arriving(axis) => self.push(match axis {
                AxisPattern::Height => "in.h",
                AxisPattern::Width => "in.w",
                AxisPattern::Channels => "in.c",
            }),
            ExprKind::Negate(inner) => {
                self.push("-");
                grow_stack(|| self.expr(inner));
            }
            ExprKind::Binary(operator, left, right) => {
                grow_stack(|| self.expr(left));
                self.push(match operator {
                    BinaryOp::Add => " + ",
                    BinaryOp::Subtract => " - ",
                    BinaryOp::Multiply => " * ",
                    BinaryOp::Divide => " / ",
                    BinaryOp::FloorDivide => " // ",
                    BinaryOp::Remainder => " % ",
                    BinaryOp::Power => " ^ ",
                });
                grow_stack(|| self.expr(right));
            }
            ExprKind::Call(function, values) => {
                self.push(match function.value {
                    ConstantFunction::Min => "min(",
                    ConstantFunction::Max => "max(",
                    ConstantFunction::Ceil => "ceil(",
                    ConstantFunction::Floor => "floor(",
                    ConstantFunction::Round => "round(",
                });
                self.list(values, ", ", |writer, value| grow_stack(|| writer.expr(value)));
                self.push(")");
            }
            ExprKind::Paren(inner) => {
                self.push("(");
                grow_stack(|| self.expr(inner));
                self.push(")");
            }
        }
    }
}

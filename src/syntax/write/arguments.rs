//! Writes what statements consist of: arguments, names and expressions.

use super::Writer;
use crate::base::grow_stack;
use crate::syntax::ast::{
    Arg, ArgValue, AxisPattern, BinaryOp, CallArg, ConstantFunction, Expr, ExprKind, Name, Path, PathPart,
    Sequence, ShapePattern, Size,
};

impl Writer<'_> {
    pub(super) fn args(&mut self, args: &[Arg]) {
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

    pub(super) fn size(&mut self, size: &Size) {
        self.list(&size.dims, "x", Self::expr);
        if !size.stride.is_empty() {
            self.push("/");
            self.list(&size.stride, "x", Self::expr);
        }
    }

    pub(super) fn value(&mut self, value: &ArgValue) {
        match value {
            ArgValue::Expr(expr) => self.expr(expr),
            ArgValue::Tuple(exprs, _) => {
                self.push("(");
                self.list(exprs, ", ", Self::expr);
                self.push(")");
            }
            ArgValue::Word(word) => self.push(&word.value),
        }
    }

    pub(super) fn call_args(&mut self, args: &[CallArg]) {
        self.push("(");
        self.list(args, ", ", |writer, arg| {
            if let Some(name) = &arg.name {
                writer.push(&format!("{}=", name.value));
            }
            writer.expr(&arg.value);
        });
        self.push(")");
    }

    pub(super) fn shape(&mut self, shape: &ShapePattern) {
        self.list(&shape.dims, "x", |writer, dim| match dim {
            Some(dim) => writer.expr(dim),
            None => writer.push("?"),
        });
    }

    pub(super) fn name(&mut self, name: &Name) {
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

    pub(super) fn path(&mut self, path: &Path) {
        self.parts(&path.parts);
    }

    pub(super) fn parts(&mut self, parts: &[PathPart]) {
        self.list(parts, ".", |writer, part| {
            let plain = part.value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if plain && !part.quoted {
                writer.push(&part.value);
            } else {
                writer.push(&format!("\"{}\"", part.value));
            }
        });
    }

    pub(super) fn expr(&mut self, expr: &Expr) {
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

//! Expressions: numbers, names and functions, evaluated where a statement stands.

use ecow::EcoString;

use crate::base::{Span, Spanned};

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// The kind of expression, with its operands.
    pub kind: ExprKind,
    /// The place of its text.
    pub span: Span,
}

impl Expr {
    /// The expression without the parentheses around it.
    pub fn bare(&self) -> &Expr {
        let mut expr = self;
        while let ExprKind::Paren(inner) = &expr.kind {
            expr = inner;
        }
        expr
    }
}

/// The kinds of expressions.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// An integer.
    Int(u64),
    /// A float.
    Real(f64),
    /// A parameter or constant.
    Name(EcoString),
    /// `in.h`, `in.w`, `in.c`
    Arriving(AxisPattern),
    /// `-x`
    Negate(Box<Expr>),
    /// `a + b`
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `min(a, b)`
    Call(Spanned<ConstantFunction>, Box<[Expr]>),
    /// `(x)`
    Paren(Box<Expr>),
}

/// A dimension of the arriving shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AxisPattern {
    /// `in.h`
    Height,
    /// `in.w`
    Width,
    /// `in.c`
    Channels,
}

/// The binary operators. They bind by increasing strength: `+ -`, then `* / // %`, then `^`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`, exact for integers
    Divide,
    /// `//`
    FloorDivide,
    /// `%`, with the sign of the divisor, so that `a == (a // b) * b + a % b`
    Remainder,
    /// `^`, right-associative, above unary minus
    Power,
}

/// The functions of expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConstantFunction {
    /// The least of one or more.
    Min,
    /// The greatest of one or more.
    Max,
    /// Towards positive infinity.
    Ceil,
    /// Towards negative infinity.
    Floor,
    /// To the nearest, half away from zero.
    Round,
}

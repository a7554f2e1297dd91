//! The words behind the head of a statement: arguments of operators, forms and blocks.

use crate::base::Span;

use super::{Expr, Ident};

/// One word behind an operator, block call or form.
#[derive(Debug)]
pub enum Arg {
    /// A flag, a trailing operator, or a mistake.
    Word(Ident),
    /// A token with `x` or `/` in it.
    Size(Size),
    /// A lone number, or an expression or tuple in parentheses. A lone `3` is this, not a size.
    Value(ArgValue),
    /// `name=value`
    Attribute {
        /// The name.
        name: Ident,
        /// The value.
        value: ArgValue,
    },
}

impl Arg {
    /// The place of the argument.
    pub fn span(&self) -> Span {
        match self {
            Arg::Word(word) => word.span,
            Arg::Size(size) => size.span,
            Arg::Value(value) => value.span(),
            Arg::Attribute { name, value } => name.span.to(value.span()),
        }
    }
}

/// The value of an argument.
#[derive(Debug)]
pub enum ArgValue {
    /// A number (`0.1`, and after `=` also `-0.1`), or one expression in parentheses.
    Expr(Expr),
    /// Several expressions in parentheses.
    Tuple(Box<[Expr]>, Span),
    /// A word, such as the name of a table; only after `=`.
    Word(Ident),
}

impl ArgValue {
    /// The place of the value, parentheses included.
    pub fn span(&self) -> Span {
        match self {
            ArgValue::Expr(expr) => expr.span,
            ArgValue::Tuple(_, span) => *span,
            ArgValue::Word(word) => word.span,
        }
    }
}

/// `5x5x16/2x1`: dimensions and, behind the `/`, the stride. A lone dimension without a stride is no size.
#[derive(Debug)]
pub struct Size {
    /// The numbers before the `/`, from left to right. A dimension that is not a literal was written in parentheses.
    pub dims: Box<[Expr]>,
    /// The numbers behind the `/`: none, one for both axes, or one for each.
    pub stride: Box<[Expr]>,
    /// The whole token.
    pub span: Span,
}

/// An argument of a block or network.
#[derive(Debug)]
pub struct CallArg {
    /// The parameter, where it is named.
    pub name: Option<Ident>,
    /// The value.
    pub value: Expr,
}

impl CallArg {
    /// The place of the argument, with the parameter's name.
    pub fn span(&self) -> Span {
        self.name.as_ref().map_or(self.value.span, |name| name.span.to(self.value.span))
    }
}

/// `28x28x?`: a shape with open dimensions.
#[derive(Debug)]
pub struct ShapePattern {
    /// The dimensions from left to right; `None` is `?`.
    pub dims: Box<[Option<Expr>]>,
    /// The whole token, without the `->`.
    pub span: Span,
}

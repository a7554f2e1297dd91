//! Builds expressions. The grammar gives a flat list of operands and operators; precedence climbing makes a tree of it.

use pest::iterators::{Pair, Pairs};

use crate::base::{Spanned, did_you_mean, grow_stack, meant};
use crate::diag::Code;

use super::{TreeBuilder, next};
use crate::syntax::ast::{AxisPattern, BinaryOp, ConstantFunction, Expr, ExprKind, Ident};
use crate::syntax::grammar::Rule;

/// The most operands and signs of one expression, those inside its parentheses included: deeper trees would
/// overflow the stack of whoever walks them.
pub(crate) const MOST_TERMS: usize = 1024;

/// Words that name neither constants nor parameters.
const RESERVED_IN_EXPRESSIONS: [&str; 7] = ["as", "in", "min", "max", "ceil", "floor", "round"];

const FUNCTIONS: [(&str, ConstantFunction); 5] = [
    ("min", ConstantFunction::Min),
    ("max", ConstantFunction::Max),
    ("ceil", ConstantFunction::Ceil),
    ("floor", ConstantFunction::Floor),
    ("round", ConstantFunction::Round),
];

/// The binding strength of `^`. A sign binds less, every other operator still less.
const POWER: u8 = 3;

fn binary_operator(text: &str) -> (BinaryOp, u8) {
    match text {
        "+" => (BinaryOp::Add, 1),
        "-" => (BinaryOp::Subtract, 1),
        "*" => (BinaryOp::Multiply, 2),
        "/" => (BinaryOp::Divide, 2),
        "//" => (BinaryOp::FloorDivide, 2),
        "%" => (BinaryOp::Remainder, 2),
        _ => (BinaryOp::Power, POWER),
    }
}

impl TreeBuilder<'_, '_> {
    /// Builds an `expression`. A wrong one is reported and becomes zero; the statement around it is not used then.
    pub(crate) fn expression(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        self.terms = 0;
        self.nested_expression(pair).unwrap_or(Expr { kind: ExprKind::Int(0), span })
    }

    /// Builds an expression or a part of one; `None` where it has too many terms.
    fn nested_expression(&mut self, pair: Pair<'_, Rule>) -> Option<Expr> {
        let span = self.span(&pair);
        let terms = pair.clone().into_inner().filter(|part| part.as_rule() != Rule::binary).count();
        self.terms += terms;
        if self.terms > MOST_TERMS {
            if self.terms - terms <= MOST_TERMS {
                let message = format!("an expression of more than {MOST_TERMS} terms");
                self.error(Code::E0012, span, message).emit();
            }
            return None;
        }
        self.climb(&mut pair.into_inner(), 0)
    }

    /// Precedence climbing: reads operands as long as their operators bind at least as tightly as `least`.
    fn climb(&mut self, parts: &mut Pairs<'_, Rule>, least: u8) -> Option<Expr> {
        let mut left = self.signed_operand(parts)?;
        while let Some(operator) = parts.peek() {
            let (operator, strength) = binary_operator(operator.as_str());
            if strength < least {
                break;
            }
            next(parts);
            let right_least = if operator == BinaryOp::Power { strength } else { strength + 1 };
            let right = grow_stack(|| self.climb(parts, right_least))?;
            let span = left.span.to(right.span);
            left = Expr { kind: ExprKind::Binary(operator, Box::new(left), Box::new(right)), span };
        }
        Some(left)
    }

    fn signed_operand(&mut self, parts: &mut Pairs<'_, Rule>) -> Option<Expr> {
        let mut signs = Vec::new();
        let mut part = next(parts);
        while part.as_rule() == Rule::minus {
            signs.push(self.span(&part));
            part = next(parts);
        }
        let mut operand = self.operand(part)?;
        // `^` binds tighter than a sign before its left operand.
        if !signs.is_empty() && parts.peek().is_some_and(|operator| operator.as_str() == "^") {
            next(parts);
            let exponent = self.climb(parts, POWER)?;
            let span = operand.span.to(exponent.span);
            operand =
                Expr { kind: ExprKind::Binary(BinaryOp::Power, Box::new(operand), Box::new(exponent)), span };
        }
        for sign in signs.into_iter().rev() {
            let span = sign.to(operand.span);
            operand = Expr { kind: ExprKind::Negate(Box::new(operand)), span };
        }
        Some(operand)
    }

    fn operand(&mut self, pair: Pair<'_, Rule>) -> Option<Expr> {
        let span = self.span(&pair);
        let kind = match pair.as_rule() {
            Rule::integer | Rule::digits => ExprKind::Int(self.integer(&pair)),
            Rule::real => ExprKind::Real(self.real(&pair)),
            Rule::nested => {
                let inner = grow_stack(|| self.nested_expression(next(&mut pair.into_inner())))?;
                ExprKind::Paren(Box::new(inner))
            }
            Rule::arriving => ExprKind::Arriving(self.arriving(pair)),
            Rule::mention => return self.mention(pair),
            rule => unreachable!("the grammar has no operand {rule:?}"),
        };
        Some(Expr { kind, span })
    }

    /// Builds a dimension of the arriving shape, `in.c`.
    fn arriving(&mut self, pair: Pair<'_, Rule>) -> AxisPattern {
        let span = self.span(&pair);
        match pair.into_inner().last().map_or("", |axis| axis.as_str()) {
            "h" => AxisPattern::Height,
            "w" => AxisPattern::Width,
            "c" => AxisPattern::Channels,
            other => {
                let message = format!("the arriving shape has no `{other}`");
                self.error(Code::E0102, span, message)
                    .help("`in.h`, `in.w` and `in.c` are its rows, columns and channels")
                    .emit();
                AxisPattern::Channels
            }
        }
    }

    /// Builds a name, or a call of a function with its arguments.
    fn mention(&mut self, pair: Pair<'_, Rule>) -> Option<Expr> {
        let span = self.span(&pair);
        let mut inner = pair.into_inner();
        let name = self.ident(next(&mut inner));
        let Some(arguments) = inner.next() else {
            if RESERVED_IN_EXPRESSIONS.contains(&name.value.as_str()) {
                self.reserved_in_expression(&name);
            }
            return Some(Expr { kind: ExprKind::Name(name.value), span });
        };
        let mut values = Vec::new();
        for argument in arguments.into_inner().filter(|part| part.as_rule() == Rule::expression) {
            values.push(self.nested_expression(argument)?);
        }
        let known = FUNCTIONS.iter().find(|(word, _)| *word == name.value);
        let function = known.map_or_else(|| self.unknown_function(&name), |&(_, function)| function);
        let function = Spanned::new(function, name.span);
        Some(Expr { kind: ExprKind::Call(function, values.into()), span })
    }

    fn unknown_function(&mut self, name: &Ident) -> ConstantFunction {
        let error = self.error(Code::E0102, name.span, format!("there is no function `{}`", name.value));
        let words = FUNCTIONS.map(|(word, _)| word);
        match did_you_mean(&name.value, words) {
            Some(near) => error.fix(meant(near), name.span, near).emit(),
            None => error.help("the functions are `min`, `max`, `ceil`, `floor` and `round`").emit(),
        };
        ConstantFunction::Max
    }

    fn reserved_in_expression(&mut self, name: &Ident) {
        let error = self.error(Code::E0008, name.span, format!("`{}` is no value by itself", name.value));
        match name.value.as_str() {
            "in" => error.help("`in.h`, `in.w` and `in.c` are the rows, columns and channels that arrive"),
            "as" => error,
            function => error.help(format!("`{function}` is a function: `{function}(…)`")),
        }
        .emit();
    }

    /// Builds the name of a constant or parameter; a reserved word is reported.
    pub(crate) fn value_name(&mut self, pair: Pair<'_, Rule>) -> Ident {
        let name = self.ident(pair);
        if RESERVED_IN_EXPRESSIONS.contains(&name.value.as_str()) {
            let message = format!("`{}` is no name for a constant or parameter", name.value);
            self.error(Code::E0008, name.span, message).here("has a meaning in expressions").emit();
        }
        name
    }

    /// The value of `digits` or `integer`.
    pub(crate) fn integer(&mut self, pair: &Pair<'_, Rule>) -> u64 {
        let digits: String = pair.as_str().chars().filter(|&one| one != '_').collect();
        digits.parse().unwrap_or_else(|_| {
            let span = self.span(pair);
            let error = self.error(Code::E0007, span, "this number is too large");
            error.here(format!("the greatest is {}", u64::MAX)).emit();
            0
        })
    }

    /// The value of `real`. A number that is too large for a float, or that rounds to zero, is an error.
    pub(crate) fn real(&mut self, pair: &Pair<'_, Rule>) -> f64 {
        let digits: String = pair.as_str().chars().filter(|&one| one != '_').collect();
        let value = digits.parse().unwrap_or(f64::INFINITY);
        if value.is_infinite() {
            let span = self.span(pair);
            self.error(Code::E0007, span, "this number is too large").emit();
            return 0.0;
        }
        let mantissa = digits.split(['e', 'E']).next().unwrap_or(&digits);
        if value == 0.0 && mantissa.contains(|digit: char| matches!(digit, '1'..='9')) {
            let span = self.span(pair);
            let error = self.error(Code::E0007, span, "this number is too small");
            error.here("the smallest above 0 is 5e-324").emit();
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SourceMap;
    use crate::diag::Sink;
    use crate::syntax::ast::ItemKind;
    use crate::syntax::parse;

    /// The text of an expression with all its parentheses.
    fn shown(expression: &Expr) -> String {
        match &expression.kind {
            ExprKind::Int(value) => value.to_string(),
            ExprKind::Real(value) => format!("{value:?}"),
            ExprKind::Name(name) => name.to_string(),
            ExprKind::Arriving(axis) => format!("{axis:?}"),
            ExprKind::Negate(inner) => format!("(-{})", shown(inner)),
            ExprKind::Binary(operator, left, right) => {
                format!("({operator:?} {} {})", shown(left), shown(right))
            }
            ExprKind::Call(function, values) => {
                let values: Vec<String> = values.iter().map(shown).collect();
                format!("{:?}({})", function.value, values.join(" "))
            }
            ExprKind::Paren(inner) => shown(inner),
        }
    }

    /// The value of a constant as text, and the text that its span covers.
    fn read(text: &str) -> (String, String) {
        let mut map = SourceMap::default();
        let file = map.add("test.cnn", format!("let a = {text}; relu"));
        let mut sink = Sink::default();
        let tree = parse(&map, file, &mut sink).tree;
        assert_eq!(sink.into_sorted(), [], "{text}");
        let ItemKind::Let(constant) = &tree.items[0].kind else { panic!("{text} is a constant") };
        (shown(&constant.value), map.snippet(constant.value.span).to_owned())
    }

    #[test]
    fn operators_bind_as_in_mathematics() {
        for (text, tree) in [
            ("1 + 2 * 3", "(Add 1 (Multiply 2 3))"),
            ("1 - 2 - 3", "(Subtract (Subtract 1 2) 3)"),
            ("8 / 4 // 2 % 3", "(Remainder (FloorDivide (Divide 8 4) 2) 3)"),
            ("2 ^ 3 ^ 2", "(Power 2 (Power 3 2))"),
            ("-2 ^ 2", "(-(Power 2 2))"),
            ("2 ^ -1 * 3", "(Multiply (Power 2 (-1)) 3)"),
            ("- -a * b", "(Multiply (-(-a)) b)"),
            ("-a + b", "(Add (-a) b)"),
            ("2 * -3 ^ 2 - 1", "(Subtract (Multiply 2 (-(Power 3 2))) 1)"),
            ("(1 + 2) * 3", "(Multiply (Add 1 2) 3)"),
            ("min(in.c, 2, x) // max(1.5e1,)", "(FloorDivide Min(Channels 2 x) Max(15.0))"),
            (
                "ceil(in.h / 2) + floor(in.w) + round(0.5)",
                "(Add (Add Ceil((Divide Height 2)) Floor(Width)) Round(0.5))",
            ),
            ("1_000", "1000"),
        ] {
            assert_eq!(read(text), (tree.to_owned(), text.to_owned()));
        }
    }
}

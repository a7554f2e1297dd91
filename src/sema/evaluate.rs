//! Evaluates expressions: names, constants and the arriving shape.

use std::collections::BTreeMap;

use crate::base::{Span, did_you_mean, grow_stack};
use crate::diag::Code;
use crate::syntax::ast::{Axis, BinaryOp, Expr, ExprKind, Function};
use crate::tensor::Shape;

use super::expand::{Expander, Flow};
use super::number::{Fault, Number};
use super::program::ItemId;
use super::{Known, Unknown, limits};

/// The names that a piece of text sees: the parameters and constants of its block or network, and its file.
#[derive(Clone, Debug)]
pub(super) struct Environment {
    /// The file that the text stands in.
    pub file: usize,
    /// Parameters and local constants, the latest last.
    variables: Vec<(String, Known<Number>, Span)>,
    /// The place of each name in them.
    places: BTreeMap<String, usize>,
}

impl Environment {
    /// An environment without variables.
    pub(super) fn of_file(file: usize) -> Environment {
        Environment { file, variables: Vec::new(), places: BTreeMap::new() }
    }

    fn get(&self, name: &str) -> Option<Known<Number>> {
        self.places.get(name).map(|&place| self.variables[place].1)
    }

    /// Adds a variable; the place where the name was declared before, which keeps its value.
    pub(super) fn declare(&mut self, name: &str, value: Known<Number>, span: Span) -> Result<(), Span> {
        if let Some(&place) = self.places.get(name) {
            return Err(self.variables[place].2);
        }
        self.places.insert(name.to_owned(), self.variables.len());
        self.variables.push((name.to_owned(), value, span));
        Ok(())
    }

    /// How many variables there are.
    pub(super) fn len(&self) -> usize {
        self.variables.len()
    }

    /// Forgets the variables behind the first `count`.
    pub(super) fn truncate(&mut self, count: usize) {
        for (name, _, _) in self.variables.drain(count..) {
            self.places.remove(&name);
        }
    }
}

impl Expander<'_> {
    /// The value of an expression where `flow` arrives.
    pub(super) fn evaluate(&mut self, expr: &Expr, env: &Environment, flow: &Flow) -> Known<Number> {
        let expr = expr.bare();
        self.spend(1, expr.span);
        if self.terms_open >= limits::TERMS {
            let most =
                format!("at most {} terms stand within each other, through constants too", limits::TERMS);
            self.exhaust(expr.span, "constants lead to constants too deeply", most);
        }
        if self.exhausted {
            return Err(Unknown);
        }
        self.terms_open += 1;
        let value = grow_stack(|| self.term(expr, env, flow));
        self.terms_open -= 1;
        value
    }

    fn term(&mut self, expr: &Expr, env: &Environment, flow: &Flow) -> Known<Number> {
        match &expr.kind {
            ExprKind::Int(int) => Ok(Number::Int(i128::from(*int))),
            ExprKind::Real(real) => Ok(Number::Real(*real)),
            ExprKind::Name(name) => self.variable(name, expr.span, env),
            ExprKind::Arriving(axis) => self.arriving(*axis, expr.span, flow),
            ExprKind::Negate(inner) => {
                let value = self.evaluate(inner, env, flow)?;
                self.unfault(value.negate(), expr.span, || format!("−{value}"))
            }
            ExprKind::Binary(op, left, right) => {
                // Both sides are evaluated, so that both report their errors.
                let (a, b) = (self.evaluate(left, env, flow), self.evaluate(right, env, flow));
                let (a, b) = (a?, b?);
                self.unfault(a.binary(*op, b), expr.span, || format!("{a} {} {b}", symbol(*op)))
            }
            ExprKind::Call(function, arguments) => {
                self.call_function(function.value, arguments, expr.span, env, flow)
            }
            ExprKind::Paren(inner) => self.term(inner, env, flow),
        }
    }

    fn call_function(
        &mut self,
        function: Function,
        arguments: &[Expr],
        span: Span,
        env: &Environment,
        flow: &Flow,
    ) -> Known<Number> {
        let values: Vec<Known<Number>> =
            arguments.iter().map(|argument| self.evaluate(argument, env, flow)).collect();
        let values = values.into_iter().collect::<Known<Vec<Number>>>()?;
        let less = |a: Number, b: Number| if b.less(a) { b } else { a };
        let greater = |a: Number, b: Number| if a.less(b) { b } else { a };
        match (function, values.as_slice()) {
            (Function::Min, [first, rest @ ..]) => Ok(rest.iter().copied().fold(*first, less)),
            (Function::Max, [first, rest @ ..]) => Ok(rest.iter().copied().fold(*first, greater)),
            (Function::Ceil | Function::Floor | Function::Round, [value]) => {
                self.unfault(value.rounded(function), span, || value.to_string())
            }
            (Function::Min | Function::Max, []) => {
                self.sink
                    .error(Code::E0203, span, "`min` and `max` need an argument")
                    .here("nothing in the parentheses")
                    .origin(&self.origin)
                    .emit();
                Err(Unknown)
            }
            _ => {
                self.sink
                    .error(Code::E0204, span, "this function takes one argument")
                    .here(format!("{} given", values.len()))
                    .origin(&self.origin)
                    .emit();
                Err(Unknown)
            }
        }
    }

    fn unfault(
        &mut self,
        result: Result<Number, Fault>,
        span: Span,
        shown: impl Fn() -> String,
    ) -> Known<Number> {
        let fault = match result {
            Ok(number) => return Ok(number),
            Err(fault) => fault,
        };
        let builder = match fault {
            Fault::DivisionByZero => self.sink.error(Code::E0208, span, "division by zero").here(shown()),
            Fault::Overflow => self.sink.error(Code::E0209, span, "the result is too large").here(shown()),
            Fault::Inexact => {
                self.sink.error(Code::E0207, span, "the quotient is not whole").here(shown()).help(
                    "`//` rounds down; `ceil`, `floor` and `round` round a real quotient such as `a / 2.0`",
                )
            }
        };
        builder.origin(&self.origin).emit();
        Err(Unknown)
    }

    fn variable(&mut self, name: &str, span: Span, env: &Environment) -> Known<Number> {
        if let Some(value) = env.get(name) {
            return value;
        }
        if let Some(&id) = self.program.sources[env.file].names.lets.get(name) {
            return self.constant(id, span);
        }
        if self.program.is_salvaged(env.file, name) {
            return Err(Unknown);
        }
        let constants = self.program.sources[env.file].names.lets.keys().map(String::as_str);
        let known = env.variables.iter().map(|(known, _, _)| known.as_str()).chain(constants);
        let suggestion = did_you_mean(name, known).map(str::to_owned);
        let builder =
            self.sink.error(Code::E0102, span, format!("unknown name `{name}`")).origin(&self.origin);
        let builder = match suggestion {
            Some(near) => builder.here("not known here").fix(format!("did you mean `{near}`?"), span, near),
            None => builder.here("neither a parameter nor a constant"),
        };
        builder.emit();
        Err(Unknown)
    }

    /// The value of a constant of a file; a setting overrides it.
    pub(super) fn constant(&mut self, id: ItemId, used_at: Span) -> Known<Number> {
        if let Some(value) = self.constants.get(&id) {
            return *value;
        }
        let program = self.program;
        let constant = program.constant(id);
        if self.constants_open.contains(&id) {
            self.sink
                .error(Code::E0108, used_at, format!("`{}` depends on itself", constant.name.value))
                .here("leads back to the constant")
                .label(constant.name.span, "defined here")
                .emit();
            return Err(Unknown);
        }
        let value = match self.settings.get(&constant.name.value) {
            Some(&setting) => Ok(setting),
            None => {
                self.constants_open.push(id);
                let value = self.evaluate(&constant.value, &Environment::of_file(id.file), &Flow::Nowhere);
                self.constants_open.pop();
                value
            }
        };
        self.constants.insert(id, value);
        value
    }

    fn arriving(&mut self, axis: Axis, span: Span, flow: &Flow) -> Known<Number> {
        let shape = match flow {
            Flow::Value(current) => self.builder.shape(current.node),
            Flow::Unknown => return Err(Unknown),
            Flow::Nothing | Flow::Nowhere => {
                self.sink
                    .error(Code::E0309, span, "no shape arrives here")
                    .here("there is no current value")
                    .help("`in.h`, `in.w` and `in.c` speak of the shape that arrives at their statement")
                    .origin(&self.origin)
                    .emit();
                return Err(Unknown);
            }
        };
        match (shape, axis) {
            (_, Axis::Channels) => Ok(Number::Int(i128::from(shape.channels()))),
            (Shape::Map { height, .. }, Axis::Height) => Ok(Number::Int(i128::from(height))),
            (Shape::Map { width, .. }, Axis::Width) => Ok(Number::Int(i128::from(width))),
            (Shape::Vector(elements), _) => {
                self.sink
                    .error(Code::E0320, span, "a vector has `in.c` only")
                    .here(format!("a vector of {elements} arrives here"))
                    .origin(&self.origin)
                    .emit();
                Err(Unknown)
            }
        }
    }

    /// A count: a whole number of at least `min`.
    pub(super) fn count(
        &mut self,
        expr: &Expr,
        min: u64,
        what: &str,
        env: &Environment,
        flow: &Flow,
    ) -> Known<u64> {
        let value = self.evaluate(expr, env, flow)?;
        let (code, message, here) = match value {
            Number::Int(int) => match u64::try_from(int) {
                Ok(count) if count >= min => return Ok(count),
                _ => (Code::E0205, format!("{what} must be at least {min}"), format!("this is {int}")),
            },
            Number::Real(real) => (
                Code::E0207,
                format!("{what} must be a whole number"),
                format!("this is the real number {real:?}"),
            ),
        };
        let builder = self.sink.error(code, expr.span, message).here(here).origin(&self.origin);
        let builder = if code == Code::E0207 {
            builder.help("`ceil`, `floor` and `round` give whole numbers")
        } else {
            builder
        };
        builder.emit();
        Err(Unknown)
    }
}

fn symbol(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::FloorDivide => "//",
        BinaryOp::Remainder => "%",
        BinaryOp::Power => "^",
    }
}

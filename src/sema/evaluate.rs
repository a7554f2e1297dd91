//! Evaluates expressions of numbers, names, constants and dimensions of the arriving shape.

use crate::base::{Span, grow_stack};
use crate::diag::{Code, Suggested};
use crate::syntax::ast::{AxisPattern, BinaryOp, ConstantFunction, Expr, ExprKind};
use crate::tensor::Shape;

use super::environment::{Environment, Setting};
use super::expander::Expander;
use super::incoming::Incoming;
use super::number::{ArithmeticError, Scalar};
use super::source::ItemId;
use super::uses::Definition;
use super::{Evaluated, Unavailable, limits};

impl Expander<'_> {
    /// The value of an expression at a statement where `arriving` arrives.
    pub(super) fn evaluate(
        &mut self,
        expr: &Expr,
        env: &Environment,
        arriving: Incoming,
    ) -> Evaluated<Scalar> {
        let expr = expr.bare();
        self.spend(1, expr.span);
        if self.limits.terms_open >= limits::TERMS {
            let most =
                format!("at most {} terms stand within each other, through constants too", limits::TERMS);
            self.exhaust(expr.span, "constants lead to constants too deeply", most);
        }
        if self.limits.exhausted {
            return Err(Unavailable);
        }
        self.limits.terms_open += 1;
        let value = grow_stack(|| self.term(expr, env, arriving));
        self.limits.terms_open -= 1;
        value
    }

    fn term(&mut self, expr: &Expr, env: &Environment, arriving: Incoming) -> Evaluated<Scalar> {
        match &expr.kind {
            ExprKind::Int(int) => Ok(Scalar::Int(i128::from(*int))),
            ExprKind::Real(real) => Ok(Scalar::Real(*real)),
            ExprKind::Name(name) => self.variable(name, expr.span, env),
            ExprKind::Arriving(axis) => self.axis(*axis, expr.span, arriving),
            ExprKind::Negate(inner) => {
                let value = self.evaluate(inner, env, arriving)?;
                self.or_report(value.negate(), expr.span, || format!("−{value}"))
            }
            ExprKind::Binary(op, left, right) => {
                // Both sides are evaluated, so that errors of both are reported.
                let (a, b) = (self.evaluate(left, env, arriving), self.evaluate(right, env, arriving));
                let (a, b) = (a?, b?);
                self.or_report(a.binary(*op, b), expr.span, || format!("{a} {} {b}", symbol(*op)))
            }
            ExprKind::Call(function, arguments) => {
                self.call_function(function.value, arguments, expr.span, env, arriving)
            }
            ExprKind::Paren(inner) => self.term(inner, env, arriving),
        }
    }

    fn call_function(
        &mut self,
        function: ConstantFunction,
        arguments: &[Expr],
        span: Span,
        env: &Environment,
        arriving: Incoming,
    ) -> Evaluated<Scalar> {
        let values: Vec<Evaluated<Scalar>> =
            arguments.iter().map(|argument| self.evaluate(argument, env, arriving)).collect();
        let values = values.into_iter().collect::<Evaluated<Vec<Scalar>>>()?;
        let less = |a: Scalar, b: Scalar| if b.less(a) { b } else { a };
        let greater = |a: Scalar, b: Scalar| if a.less(b) { b } else { a };
        match (function, values.as_slice()) {
            (ConstantFunction::Min, [first, rest @ ..]) => Ok(rest.iter().copied().fold(*first, less)),
            (ConstantFunction::Max, [first, rest @ ..]) => Ok(rest.iter().copied().fold(*first, greater)),
            (ConstantFunction::Ceil | ConstantFunction::Floor | ConstantFunction::Round, [value]) => {
                self.or_report(value.rounded(function), span, || value.to_string())
            }
            (ConstantFunction::Min | ConstantFunction::Max, []) => {
                self.error(Code::E0203, span, "`min` and `max` need an argument")
                    .here("nothing in the parentheses")
                    .emit();
                Err(Unavailable)
            }
            _ => {
                self.error(Code::E0204, span, "this function takes one argument")
                    .here(format!("{} given", values.len()))
                    .emit();
                Err(Unavailable)
            }
        }
    }

    fn or_report(
        &mut self,
        result: Result<Scalar, ArithmeticError>,
        span: Span,
        shown: impl Fn() -> String,
    ) -> Evaluated<Scalar> {
        let fault = match result {
            Ok(number) => return Ok(number),
            Err(fault) => fault,
        };
        let builder = match fault {
            ArithmeticError::DivisionByZero => {
                self.error(Code::E0208, span, "division by zero").here(shown())
            }
            ArithmeticError::Overflow => {
                self.error(Code::E0209, span, "the result is too large").here(shown())
            }
            ArithmeticError::Inexact => {
                self.error(Code::E0207, span, "the quotient is not whole").here(shown()).help(
                    "`//` rounds down; `ceil`, `floor` and `round` round a real quotient such as `a / 2.0`",
                )
            }
        };
        builder.emit();
        Err(Unavailable)
    }

    fn variable(&mut self, name: &str, span: Span, env: &Environment) -> Evaluated<Scalar> {
        if let Some(variable) = env.get(name) {
            let (declared, is_parameter) = (variable.declared, variable.is_parameter);
            self.uses.word(span, || match is_parameter {
                true => Definition::Parameter(declared),
                false => Definition::Constant(declared),
            });
            return match variable.value? {
                Setting::Scalar(number) => {
                    self.uses.value(declared, number);
                    Ok(number)
                }
                Setting::Word(_) => {
                    self.error(Code::E0205, span, format!("`{name}` stands for a word, not for a number"))
                        .here("used as a number")
                        .label(declared, "a parameter for a trailing word")
                        .help(format!("write it behind an operator: `conv … {name}`"))
                        .emit();
                    Err(Unavailable)
                }
            };
        }
        if let Some(&id) = self.request.program.sources[env.file].names.lets.get(name) {
            let declared = self.request.program.constant(id).name.span;
            self.uses.word(span, || Definition::Constant(declared));
            let value = self.constant(id, span)?;
            self.uses.value(declared, value);
            return Ok(value);
        }
        if self.request.program.is_salvaged(env.file, name) {
            return Err(Unavailable);
        }
        let program = self.request.program;
        let constants = program.sources[env.file].names.lets.keys().map(String::as_str);
        let builder = self.error(Code::E0102, span, format!("unknown name `{name}`"));
        match builder.suggest(name, span, env.names().chain(constants)) {
            Suggested::Near(builder) => builder.here("not known here"),
            Suggested::Nothing(builder) => builder.here("neither a parameter nor a constant"),
        }
        .emit();
        Err(Unavailable)
    }

    /// The value of a constant of a file; a setting overrides it.
    pub(super) fn constant(&mut self, id: ItemId, used_at: Span) -> Evaluated<Scalar> {
        if let Some(value) = self.constants.known.get(&id) {
            return *value;
        }
        let program = self.request.program;
        let constant = program.constant(id);
        if self.constants.open.contains(&id) {
            self.error(Code::E0108, used_at, format!("`{}` depends on itself", constant.name.value))
                .here("leads back to the constant")
                .label(constant.name.span, "defined here")
                .emit();
            return Err(Unavailable);
        }
        let value = match self.request.settings.get(constant.name.value.as_str()) {
            Some(&setting) => Ok(setting),
            None => {
                self.constants.open.push(id);
                let value = self.evaluate(&constant.value, &Environment::of_file(id.file), Incoming::Nowhere);
                self.constants.open.pop();
                value
            }
        };
        self.constants.known.insert(id, value);
        value
    }

    fn axis(&mut self, axis: AxisPattern, span: Span, arriving: Incoming) -> Evaluated<Scalar> {
        let shape = match arriving {
            Incoming::Value(current) => self.draft.graph.shape(current.node),
            Incoming::Unavailable => return Err(Unavailable),
            Incoming::Nothing | Incoming::Nowhere => {
                self.error(Code::E0309, span, "no shape arrives here")
                    .here("there is no current value")
                    .help("`in.h`, `in.w` and `in.c` are the height, width and channels of the shape that arrives at their statement")
                    .emit();
                return Err(Unavailable);
            }
        };
        match (shape, axis) {
            (_, AxisPattern::Channels) => Ok(Scalar::Int(i128::from(shape.channels()))),
            (Shape::Map { height, .. }, AxisPattern::Height) => Ok(Scalar::Int(i128::from(height))),
            (Shape::Map { width, .. }, AxisPattern::Width) => Ok(Scalar::Int(i128::from(width))),
            (Shape::Vector(elements), _) => {
                self.error(Code::E0320, span, "a vector has `in.c` only")
                    .here(format!("a vector of {elements} arrives here"))
                    .emit();
                Err(Unavailable)
            }
        }
    }

    /// The value of an expression that must be a whole number of at least `min`.
    pub(super) fn count(
        &mut self,
        expr: &Expr,
        min: u64,
        what: &str,
        env: &Environment,
        arriving: Incoming,
    ) -> Evaluated<u64> {
        let value = self.evaluate(expr, env, arriving)?;
        let (code, message, here) = match value {
            Scalar::Int(int) => match u64::try_from(int) {
                Ok(count) if count >= min => return Ok(count),
                _ => (Code::E0205, format!("{what} must be at least {min}"), format!("this is {int}")),
            },
            Scalar::Real(real) => (
                Code::E0207,
                format!("{what} must be a whole number"),
                format!("this is the real number {real:?}"),
            ),
        };
        let builder = self.error(code, expr.span, message).here(here);
        let builder = if code == Code::E0207 {
            builder.help("`ceil`, `floor` and `round` give whole numbers")
        } else {
            builder
        };
        builder.emit();
        Err(Unavailable)
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

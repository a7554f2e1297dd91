//! Expectations: the right side is evaluated where it stands, the part is looked up when the network is whole.

use crate::base::{Span, did_you_mean, quantity};
use crate::diag::Code;
use crate::ir::{Comparison, Expectation, Target};
use crate::syntax::ast;

use super::evaluate::Environment;
use super::expand::{Expander, Flow};
use super::number::Number;
use super::scope::Scope;
use super::{Known, Unknown};

/// An expectation whose part is still to be looked up.
#[derive(Debug)]
pub(super) struct PendingExpectation {
    scope: Scope,
    part: Vec<String>,
    part_span: Span,
    /// Whether text that could not be parsed may hold the part.
    salvaged: bool,
    expectation: Expectation,
}

impl Expander<'_> {
    pub(super) fn expectation(
        &mut self,
        expect: &ast::Expect,
        span: Span,
        env: &Environment,
        scope: &Scope,
        flow: &Flow,
    ) {
        if !self.open_blocks.is_empty() {
            self.sink
                .error(Code::E0016, span, "`expect` belongs into a network")
                .here("stands in a block")
                .help("name the call with `as` and expect of it in the network: `expect name.params == …`")
                .origin(&self.origin)
                .emit();
            return;
        }
        let Some((metric, part)) = expect.path.parts.split_last() else { return };
        let Ok(target) = self.target(expect, env, flow) else { return };
        let comparison = match expect.comparison.value {
            ast::Comparison::Equal => Comparison::Equal,
            ast::Comparison::AtMost => Comparison::AtMost,
            ast::Comparison::AtLeast => Comparison::AtLeast,
        };
        let expectation = Expectation {
            part: None,
            metric: metric.value.clone(),
            metric_span: metric.span,
            comparison,
            target,
            target_span: expect.value_span,
            span,
        };
        let part_span = part.first().zip(part.last()).map_or(span, |(first, last)| first.span.to(last.span));
        let part: Vec<String> = part.iter().map(|one| one.value.clone()).collect();
        // An automatic name, such as `conv2`, comes from the word in front of its number.
        let salvaged = part.iter().any(|name| {
            let word = name.trim_end_matches(|c: char| c.is_ascii_digit());
            [name, word].into_iter().any(|one| self.program.is_salvaged(env.file, one))
        });
        let scope = scope.clone();
        self.expectations.push(PendingExpectation { scope, part, part_span, salvaged, expectation });
    }

    fn target(&mut self, expect: &ast::Expect, env: &Environment, flow: &Flow) -> Known<Target> {
        let number = match &expect.value {
            ast::ExpectValue::Shape(pattern) => {
                let mut dims = Vec::new();
                for dim in &pattern.dims {
                    dims.push(match dim {
                        None => None,
                        Some(expr) => Some(self.count(expr, 1, "a dimension", env, flow)?),
                    });
                }
                return Ok(Target::Shape(dims));
            }
            ast::ExpectValue::Number { literal, suffix } => {
                quantity::fraction(literal).and_then(|(number, divisor)| {
                    let factor = quantity::factor(suffix)?;
                    Some(Target::Number { number: number.checked_mul(factor)?, divisor })
                })
            }
            ast::ExpectValue::Expr(expr) => match self.evaluate(expr, env, flow)? {
                Number::Int(int) => Some(Target::Number { number: int, divisor: 1 }),
                Number::Real(real) => quantity::fraction(&format!("{real}"))
                    .map(|(number, divisor)| Target::Number { number, divisor }),
            },
        };
        number.ok_or_else(|| {
            self.sink
                .error(Code::E0209, expect.value_span, "the number is too large")
                .here("out of range")
                .emit();
            Unknown
        })
    }

    /// Looks the parts of all expectations up, from the inside out.
    pub(super) fn resolve_expectations(&mut self) {
        for pending in std::mem::take(&mut self.expectations) {
            let PendingExpectation { scope, part, part_span, salvaged, mut expectation } = pending;
            // Its figure is a sum over rows.
            self.spend(self.builder.len() as u64 / 16, expectation.span);
            if self.exhausted {
                return;
            }
            if part.is_empty() {
                self.builder.expect(expectation);
                continue;
            }
            let candidates =
                (0..=scope.path.len()).rev().map(|depth| [&scope.path[..depth], &part].concat().join("."));
            match candidates.into_iter().find(|path| self.names.has_part(path)) {
                Some(path) => {
                    expectation.part = Some(path);
                    self.builder.expect(expectation);
                }
                None if salvaged => {}
                None => {
                    let shown = part.join(".");
                    let near = did_you_mean(&shown, self.names.paths()).map(str::to_owned);
                    let builder =
                        self.sink.error(Code::E0113, part_span, format!("the network has no part `{shown}`"));
                    let builder = match near {
                        Some(near) => builder.here("no row or name").fix(
                            format!("did you mean `{near}`?"),
                            part_span,
                            near,
                        ),
                        None => builder.here("no row or name").help("`cnnc report` lists the rows"),
                    };
                    builder.emit();
                }
            }
        }
    }
}

//! Evaluates expectations: the right side where the statement stands, the part when the network is complete.

use crate::base::quantity;
use crate::diag::{Code, Suggested};
use crate::ir::{Comparison, Expectation, Target};
use crate::syntax::ast::{self, PathPart};

use super::context::Context;
use super::expander::Expander;
use super::number::Scalar;
use super::pending::PendingExpectation;
use super::uses::Definition;
use super::{Evaluated, Unavailable};

impl Expander<'_> {
    pub(super) fn expectation(&mut self, expect: &ast::Expect, cx: &Context<'_>) {
        let span = cx.span;
        if !self.around.blocks.is_empty() {
            self.error(Code::E0016, span, "`expect` belongs into a network")
                .here("stands in a block")
                .help("name the call with `as` and expect of it in the network: `expect name.params == …`")
                .emit();
            return;
        }
        let Some((metric, part)) = expect.path.parts.split_last() else { return };
        self.uses.word(metric.span, || Definition::Metric(metric.value.to_string()));
        let Ok(target) = self.target(expect, cx) else { return };
        if self.request.differs {
            self.draft.unchecked.insert(span);
            return;
        }
        let comparison = match expect.comparison.value {
            ast::ComparisonOp::Equal => Comparison::Equal,
            ast::ComparisonOp::AtMost => Comparison::AtMost,
            ast::ComparisonOp::AtLeast => Comparison::AtLeast,
        };
        let expectation = Expectation {
            part: None,
            metric: metric.value.to_string(),
            metric_span: metric.span,
            comparison,
            target,
            target_span: expect.value_span,
            span,
        };
        // An automatic name such as `conv2` is made of a word and a number; the text has the word only.
        let in_skipped_text = part.iter().any(|name| {
            let name = &name.value;
            let word = name.trim_end_matches(|c: char| c.is_ascii_digit());
            [name.as_str(), word].into_iter().any(|one| self.request.program.is_salvaged(cx.env.file, one))
        });
        let scope = cx.scope.clone();
        self.draft.expectations.push(PendingExpectation {
            scope,
            part: part.to_vec(),
            in_skipped_text,
            expectation,
        });
    }

    fn target(&mut self, expect: &ast::Expect, cx: &Context<'_>) -> Evaluated<Target> {
        let number = match &expect.value {
            ast::ExpectValue::Shape(pattern) => {
                let mut dims = Vec::new();
                for dim in &pattern.dims {
                    dims.push(match dim {
                        None => None,
                        Some(expr) => Some(self.count(expr, 1, "a dimension", cx.env, cx.arriving)?),
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
            ast::ExpectValue::Expr(expr) => match self.evaluate(expr, cx.env, cx.arriving)? {
                Scalar::Int(int) => Some(Target::Number { number: int, divisor: 1 }),
                Scalar::Real(real) => quantity::fraction(&format!("{real}"))
                    .map(|(number, divisor)| Target::Number { number, divisor }),
            },
        };
        number.ok_or_else(|| {
            self.error(Code::E0209, expect.value_span, "the number is too large").here("out of range").emit();
            Unavailable
        })
    }

    /// Records for editors which statement a part begins with, such as `head` in `head.fc1.params`. `path` ends with
    /// `words`.
    fn note_named_part(&mut self, path: &[String], words: &[PathPart]) {
        let outside = path.len() - words.len();
        for count in (1..=words.len()).rev() {
            if let Some(named) = self.values.named(&path[..outside + count]) {
                let (written, path) = (named.written, named.path.clone());
                let span = words[0].span.to(words[count - 1].span);
                self.uses.word(span, || Definition::Value { named: written, path });
                return;
            }
        }
    }

    /// Looks up the part of each expectation, first in the innermost scope around it, then in those further out.
    pub(super) fn resolve_expectations(&mut self) {
        for pending in std::mem::take(&mut self.draft.expectations) {
            let PendingExpectation { scope, part: words, in_skipped_text, mut expectation } = pending;
            // The figure of a part is a sum over layers.
            self.spend(self.draft.graph.len() as u64 / 16, expectation.span);
            if self.limits.exhausted {
                return;
            }
            let (Some(first), Some(last)) = (words.first(), words.last()) else {
                self.draft.graph.expect(expectation);
                continue;
            };
            let part_span = first.span.to(last.span);
            let part: Vec<String> = words.iter().map(|one| one.value.to_string()).collect();
            let mut candidates =
                (0..=scope.path.len()).rev().map(|depth| [&scope.path[..depth], &part].concat());
            match candidates.find(|path| self.values.has_part(&path.join("."))) {
                Some(path) => {
                    self.note_named_part(&path, &words);
                    expectation.part = Some(path.join("."));
                    self.draft.graph.expect(expectation);
                }
                None if in_skipped_text => {}
                None => {
                    let shown = part.join(".");
                    let message = format!("the network has no part `{shown}`");
                    let builder = self.sink.error(Code::E0113, part_span, message).here("no row or name");
                    match builder.suggest(&shown, part_span, self.values.paths()) {
                        Suggested::Near(builder) => builder,
                        Suggested::Nothing(builder) => {
                            builder.help("a part is a name after `as`, or the path of a row in the report")
                        }
                    }
                    .emit();
                }
            }
        }
    }
}

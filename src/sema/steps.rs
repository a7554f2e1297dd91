//! The time that an expansion takes, in steps: a hostile text ends with an error instead of after hours.

use crate::base::{Span, grouped};
use crate::diag::Code;

use super::expand::Expander;
use super::limits;

/// The steps that were taken so far, of all networks of a file together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steps(u64);

impl Steps {
    /// Whether there were too many.
    pub fn are_spent(self) -> bool {
        self.0 > limits::STEPS
    }
}

impl Expander<'_> {
    /// Counts steps. Ends the expansion where there were too many, or where nobody would read its further errors.
    pub(super) fn spend(&mut self, steps: u64, span: Span) {
        self.steps.0 = self.steps.0.saturating_add(steps);
        if self.steps.are_spent() {
            let most = grouped(u128::from(limits::STEPS));
            self.exhaust(
                span,
                "the networks of the file take too long to expand",
                format!("at most {most} steps are taken: statements, copies, terms"),
            );
        }
        self.exhausted |= self.sink.is_full();
    }

    /// Ends the expansion with an error.
    pub(super) fn exhaust(&mut self, span: Span, found: impl Into<String>, limit: String) {
        if !self.exhausted {
            self.sink
                .error(Code::E0314, span, "the expansion is too large")
                .here(found)
                .note(limit)
                .origin(&self.origin)
                .emit();
        }
        self.exhausted = true;
    }
}

/// The rule of the nodes.
pub(super) fn most_nodes() -> String {
    format!("a network has at most {} nodes", limits::NODES)
}

//! The time that an expansion takes, in steps: a hostile text ends with an error instead of after hours.

use super::limits;

/// The steps that were taken so far, of all networks of a file together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steps(u64);

impl Steps {
    /// Whether there were too many.
    pub fn are_spent(self) -> bool {
        self.0 > limits::STEPS
    }

    /// Counts further steps.
    pub(super) fn take(&mut self, steps: u64) {
        self.0 = self.0.saturating_add(steps);
    }
}

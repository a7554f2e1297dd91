//! The time that an expansion takes, in steps: a hostile text ends with an error instead of after hours.

use super::limits;

/// Steps between two looks at the interrupt: about a tenth of a millisecond.
const PACE: u64 = 1024;

/// The steps that were taken so far, of all networks of a file together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steps(u64);

impl Steps {
    /// Whether there were too many.
    pub fn are_spent(self) -> bool {
        self.0 > limits::STEPS
    }

    /// Counts further steps; says every [`PACE`] steps that it is time to look whether the work is still wanted.
    pub(super) fn take(&mut self, steps: u64) -> bool {
        let before = self.0;
        self.0 = self.0.saturating_add(steps);
        before / PACE != self.0 / PACE
    }
}

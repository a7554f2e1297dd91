//! Counts the steps of an expansion, so that a hostile text ends with an error and not after hours.

use super::limits;

/// Steps between two checks of the interrupt: about a tenth of a millisecond.
const PACE: u64 = 1024;

/// The steps of all networks of a file so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steps(u64);

impl Steps {
    /// Returns whether more steps were taken than the limit allows.
    pub fn are_spent(self) -> bool {
        self.0 > limits::STEPS
    }

    /// Counts further steps. Returns true every [`PACE`] steps, when it is time to check the interrupt.
    pub(super) fn take(&mut self, steps: u64) -> bool {
        let before = self.0;
        self.0 = self.0.saturating_add(steps);
        before / PACE != self.0 / PACE
    }
}

//! What the operators with a bias share: how it is asked for.

use super::{Bound, Flag, OpError};
use crate::diag::Code;

/// The declaration of the flag `bias`.
pub(super) const BIAS: Flag = Flag { name: "bias", doc: "keeps the bias before a trailing `bn`" };
/// The declaration of the flag `nobias`.
pub(super) const NOBIAS: Flag = Flag { name: "nobias", doc: "no bias" };

/// Whether bound arguments ask for a bias, which they do unless `nobias` stands there; of the flags at most one.
pub(super) fn bias(bound: &Bound) -> Result<bool, OpError> {
    match (bound.flag("bias"), bound.flag("nobias")) {
        (true, true) => Err(OpError::new(Code::E0206, "`bias` and `nobias` exclude each other")
            .at("nobias")
            .here("decide for one")),
        (_, nobias) => Ok(!nobias),
    }
}

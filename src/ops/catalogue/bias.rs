//! What the operators with a bias share: how it is asked for.

use crate::diag::Code;
use crate::ops::{Bound, Flag, OpError};

/// The declaration of the flag `bias`.
pub(crate) const BIAS: Flag = Flag { name: "bias", doc: "keeps the bias before a trailing `bn`" };
/// The declaration of the flag `nobias`.
pub(crate) const NOBIAS: Flag = Flag { name: "nobias", doc: "no bias" };

/// Whether bound arguments ask for a bias, which they do unless `nobias` stands there; of the flags at most one.
pub(crate) fn bias(bound: &Bound) -> Result<bool, OpError> {
    match (bound.flag("bias"), bound.flag("nobias")) {
        (true, true) => Err(OpError::new(Code::E0206, "`bias` and `nobias` exclude each other")
            .at("nobias")
            .here("decide for one")),
        (_, nobias) => Ok(!nobias),
    }
}

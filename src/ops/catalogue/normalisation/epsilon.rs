//! What the normalisations share: `eps=`.

use crate::diag::Code;
use crate::ops::{Attribute, Bound, Default, Kind, OpError};

/// The declaration of `eps=`.
pub(crate) const EPS: Attribute =
    Attribute { name: "eps", kind: Kind::Real, default: Default::Real(1e-5), doc: "added to the variance" };

/// The value of `eps=`.
pub(crate) fn eps(bound: &Bound) -> Result<f64, OpError> {
    let eps = bound.real("eps").unwrap_or(1e-5);
    if eps < 0.0 {
        return Err(OpError::new(Code::E0205, "`eps` must not be negative")
            .at("eps")
            .here(format!("this is {eps}")));
    }
    Ok(eps)
}

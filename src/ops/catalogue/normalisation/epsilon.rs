//! The argument `eps=` of normalisations.

use crate::diag::Code;
use crate::ops::field::Field;
use crate::ops::{Attribute, Default, Kind, OpError};

/// `eps=`, at least 0; 1e-5 where it is not given.
pub(crate) const EPS: Field<f64> = epsilon(&[Attribute {
    name: "eps",
    kind: Kind::Real,
    default: Default::Real(1e-5),
    doc: "added to the variance",
}]);

/// A field `eps=` with another default.
pub(crate) const fn epsilon(attribute: &'static [Attribute; 1]) -> Field<f64> {
    Field {
        read: |_, bound| match bound.real("eps") {
            Some(eps) if eps >= 0.0 => Ok(eps),
            eps => Err(OpError::new(Code::E0205, "`eps` must not be negative")
                .at("eps")
                .here(format!("this is {}", eps.unwrap_or(f64::NAN)))),
        },
        ..Field::attribute(attribute)
    }
}

//! Operators that see a whole vector.

pub(crate) mod dense;
pub(crate) mod rbf;

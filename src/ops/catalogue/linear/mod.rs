//! Operators whose outputs depend on all elements of a vector.

pub(crate) mod dense;
pub(crate) mod rbf;

//! Operators with several operands, which join the branches of a form.

pub(crate) mod add;
pub(crate) mod concat;
pub(crate) mod mul;
pub(crate) mod pairwise;

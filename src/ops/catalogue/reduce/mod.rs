//! Operators that reduce many elements to one.

pub(crate) mod channels;

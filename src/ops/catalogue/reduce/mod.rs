//! Operators that make one element of many.

pub(crate) mod channels;

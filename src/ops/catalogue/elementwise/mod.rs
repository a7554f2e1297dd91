//! Operators that treat each element by itself.

pub(crate) mod activation;
pub(crate) mod dropout;
pub(crate) mod per_channel;
pub(crate) mod prelu;
pub(crate) mod scale;

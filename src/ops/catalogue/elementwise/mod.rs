//! Operators that compute each element from the element at the same place.

pub(crate) mod activation;
pub(crate) mod dropout;
pub(crate) mod per_channel;
pub(crate) mod prelu;
pub(crate) mod scale;

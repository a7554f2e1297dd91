//! Normalisations.

pub(crate) mod bn;
pub(crate) mod epsilon;
pub(crate) mod layernorm;
pub(crate) mod lrn;
pub(crate) mod softmax;

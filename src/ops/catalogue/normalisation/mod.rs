//! Operators that normalise sets of elements by their mean, variance or norm.

pub(crate) mod bn;
pub(crate) mod epsilon;
pub(crate) mod family;
pub(crate) mod groupnorm;
pub(crate) mod instancenorm;
pub(crate) mod l2norm;
pub(crate) mod layernorm;
pub(crate) mod lrn;
pub(crate) mod rmsnorm;
pub(crate) mod softmax;

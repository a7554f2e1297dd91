//! Operators that slide a window over a map.

pub(crate) mod conv;
pub(crate) mod deconv;
pub(crate) mod dwconv;
mod onnx;
pub(crate) mod pool;
pub(crate) mod sliding;
pub(crate) mod subsample;

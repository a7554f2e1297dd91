//! Operators that move elements to other places.

pub(crate) mod crop;
pub(crate) mod family;
pub(crate) mod flatten;
pub(crate) mod pad;
pub(crate) mod pixelshuffle;
pub(crate) mod shuffle;
pub(crate) mod slice;
pub(crate) mod unflatten;
pub(crate) mod upsample;

//! The compiler of `.cnn` files.

pub mod base;
pub mod diag;
pub mod picture;
pub mod syntax;
pub mod weights;

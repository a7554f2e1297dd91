//! The compiler of `.cnn` files.

pub mod analysis;
pub mod base;
pub mod diag;
pub mod ir;
pub mod ops;
pub mod picture;
pub mod sema;
pub mod syntax;
pub mod tensor;
pub mod weights;

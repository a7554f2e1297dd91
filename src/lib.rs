//! The compiler of `.cnn` files.

pub mod base;
pub mod diag;

pub mod tensor;

pub mod syntax;

pub mod ops;

pub mod ir;

pub mod sema;

pub mod analysis;

pub mod weights;

pub mod picture;

pub mod lower;

pub mod exec;

pub mod report;

pub mod export;

pub mod diff;

pub mod driver;

pub mod zoo;

pub mod project;

pub mod annotate;

pub mod baseline;

pub mod cli;

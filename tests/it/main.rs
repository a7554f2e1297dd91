//! Tests of the crate from outside; one binary.

mod arguments;
mod contract;
mod counting;
mod extremes;
mod kernels;
mod program;
mod recovery;

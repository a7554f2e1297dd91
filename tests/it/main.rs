//! Tests of the crate from outside; one binary.

mod arguments;
mod cli;
mod contract;
mod counting;
mod digits;
mod examples;
mod extremes;
mod kernels;
mod program;
mod recovery;

//! Tests of the crate from outside; one binary.
#![allow(clippy::panic, clippy::print_stdout, clippy::unwrap_used, reason = "a test stops by panicking")]

mod arguments;
mod baseline;
mod case_studies;
mod cli;
mod contract;
mod convolutions;
mod counting;
mod dialects;
mod diff;
mod digits;
mod examples;
mod extremes;
mod figures;
mod formats;
mod html;
mod kernels;
mod memory;
mod networks;
mod numbers;
mod operator_pages;
mod pages;
mod plans;
mod program;
mod project;
mod pull_request;
mod pytorch;
mod readme;
mod receptive_fields;
mod recovery;
mod report;
mod syntax_errors;
mod syntax_limits;
mod tidy;
mod torchvision;
mod zoo;

//! Tests of the crate from outside; one binary.
#![allow(clippy::panic, clippy::print_stdout, clippy::unwrap_used, reason = "a test stops by panicking")]

mod arguments;
mod baseline;
mod binding;
mod canonical;
mod case_studies;
mod cli;
mod contract;
mod convolutions;
mod counting;
mod dialects;
mod diff;
mod digits;
mod docs_commands;
mod embed;
mod examples;
mod expansion_limits;
mod export_pytorch;
mod extremes;
mod figures;
mod fixing;
mod fmt_command;
mod formats;
mod formatting;
mod formatting_figures;
mod fuzz_targets;
mod generated;
mod help_examples;
mod hostile;
mod hostile_git;
mod hostile_growth;
mod hostile_limits;
mod hostile_models;
mod html;
mod import;
mod import_texts;
mod inputs;
mod kernels;
mod later_words;
mod layouts;
mod loading;
#[cfg(feature = "lsp")]
mod lsp_answers;
#[cfg(feature = "lsp")]
mod lsp_client;
#[cfg(feature = "lsp")]
mod lsp_docs;
#[cfg(feature = "lsp")]
mod lsp_features;
#[cfg(feature = "lsp")]
mod lsp_formatting;
#[cfg(feature = "lsp")]
mod lsp_fuzz;
#[cfg(feature = "lsp")]
mod lsp_prefixes;
#[cfg(feature = "lsp")]
mod lsp_proposals;
#[cfg(feature = "lsp")]
mod lsp_protocol;
#[cfg(feature = "lsp")]
mod lsp_session;
#[cfg(feature = "lsp")]
mod lsp_unfinished;
mod matrix_unit;
mod memory;
mod mistakes;
mod model_sources;
mod networks;
mod nonfinite;
mod numbers;
mod onnx_attributes;
mod onnx_export;
mod operator_pages;
mod option_walks;
mod options;
mod output_pictures;
mod pages;
mod part_called_out;
mod plans;
mod precision;
mod predictions;
mod program;
mod project;
mod pull_request;
mod pytorch;
mod reading;
mod readme;
mod receptive_fields;
mod recovery;
mod report;
mod second_reading;
mod shared_weights;
mod shown_imports;
mod syntax_errors;
mod syntax_limits;
mod textmate;
mod tidy;
mod torchvision;
mod tree_sitter;
mod uses;
mod zoo;

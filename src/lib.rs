//! The compiler of `.cnn` files, a small language that describes convolutional networks.
//!
//! ```text
//! .cnn text ─ syntax ─▶ tree ─ sema ─▶ graph (ir, ops) ─ analysis ─▶ Checked ─┬─▶ report
//!                                                                             ├─▶ export
//!                                                                             └─▶ lower ─▶ Plan ─ exec ─▶ tensors
//!                                                               weights ──────────────┘
//! ```
//!
//! [`driver`] compiles: a text, or a file and what it uses, becomes a [`Checked`](analysis::Checked) network and its
//! diagnostics. [`report`] shows it, [`model`] runs it, [`check`] holds the files of a project against their rules.
//!
//! ```
//! use cnnc::{driver::{Options, Session}, model::{Model, ModelSettings, Weights}, report::{Report, ReportSettings}};
//!
//! let text = b"input 32x32x1; conv 5x5x6 tanh; maxpool 2/2; avgpool global; flatten".to_vec();
//! let session = Session::load(&(), "net.cnn", text, "net");
//! let network = session.compile(&Options::default())?.checked.expect("no error was found");
//! let report = Report::of(&network, session.sources(), ReportSettings::default());
//! assert_eq!((report.totals.sums.params, report.totals.sums.macs), (156, 117_600));
//!
//! let mut model = Model::plan(&network, ModelSettings::default())?.load(Weights::seeded(1))?;
//! let outputs = model.run(&[("input", &cnnc::ndarray::ArrayD::zeros(vec![1, 1, 32, 32]))])?;
//! assert_eq!(outputs[0].values.shape(), [1, 6]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Without the feature `cli` (`default-features = false`) nothing of the command line is compiled.

/// The arrays of inputs and outputs, in the version that this crate takes.
pub use ndarray;

// The parser that pest generates without its standard library names this crate.
extern crate alloc;

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

pub mod import;

pub mod zoo;

pub mod project;

pub mod annotate;

pub mod baseline;

pub mod check;

pub mod model;

#[cfg(feature = "lsp")]
pub mod lsp;

#[cfg(feature = "cli")]
pub mod cli;

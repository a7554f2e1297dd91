//! The compiler of `.cnn` files, a small language that describes convolutional networks.
//!
//! ```text
//! .cnn text ─ syntax ─▶ tree ─ sema ─▶ graph (ir, ops) ─ analysis ─▶ Checked ─┬─▶ report
//!                                                                             ├─▶ export
//!                                                                             └─▶ lower ─▶ Plan ─ exec ─▶ tensors
//!                                                               weights ──────────────┘
//! ```
//!
//! [`driver`] is the front door: a text, or a file and what it uses, becomes a [`Checked`](analysis::Checked)
//! network and its diagnostics.
//!
//! ```
//! use cnnc::{driver::{Options, Session}, report::{Report, Settings}};
//!
//! let session = Session::load(&(), "net.cnn", b"input 32x32x1; conv 5x5x6 tanh; maxpool 2/2".to_vec(), "net");
//! let outcome = session.compile(&Options::default()).expect("the text has one network");
//! let network = outcome.checked.expect("no error was found");
//! let report = Report::of(&network, session.sources(), Settings::default());
//! assert_eq!((report.totals.sums.params, report.totals.sums.macs), (156, 117_600));
//! ```

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

pub mod zoo;

pub mod project;

pub mod annotate;

pub mod baseline;

pub mod check;

pub mod cli;

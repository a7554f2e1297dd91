//! Diagnostics: what is wrong with a model or with its files, as data.
//!
//! Three failures are never mixed. A wrong *model* is a [`Diagnostic`] with source spans, collected in a
//! [`Sink`]. A wrong *environment* (a file, weights, memory) is a [`Failure`] at the edge. A bug of ours is
//! an assertion. Only `render.rs` knows how a diagnostic looks in a terminal.

mod advice;
mod codes;
mod diagnostic;
mod excerpt;
mod failure;
pub mod fix;
pub mod json;
mod render;
mod sink;

pub use advice::Advice;
pub use codes::{Code, Severity};
pub use diagnostic::{Diagnostic, Edit, Expansion, ExpansionTrace, Help, Label, Subject};
pub use failure::{Failure, FailureHelp};
pub use render::{RenderStyle, render, render_short};
pub use sink::{Builder, MOST_KEPT, Sink, Suggested};

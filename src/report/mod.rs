//! Reports what a checked network costs: as data for machines, and as tables and pages for people.
//!
//! `view.rs` holds the figures in the form of the JSON; every other format is drawn from it, so that no two
//! of them can disagree.

mod csv;
pub mod dialects;
pub mod estimate;
pub mod html;
mod latex;
mod markdown;
pub mod numbers;
pub mod operators;
mod preprocessing;
mod published;
mod repeats;
mod row;
mod rows;
mod sums;
mod table;
mod tree;
pub mod view;

pub use csv::csv;
pub use latex::latex;
pub use markdown::markdown;
pub use rows::{Column, Selection, select};
pub use sums::{FlopsView, Sums};
pub use table::table;
pub use view::{Report, ReportSettings};

//! Compares two versions of a network: which layers were added, removed and changed, how the figures differ, and which
//! edit of the source caused it.
//!
//! `side.rs` lists the nodes of a network with what the comparison needs, `matching.rs` pairs them,
//! `lines.rs` says which lines of the sources differ, `cause.rs` attributes the differences to edits, and
//! `compare.rs` puts this together. `view.rs` holds the result as data, from which every form is drawn.

mod cause;
mod compare;
mod gate;
mod html;
mod lines;
mod markdown;
mod matching;
mod side;
mod signed;
mod table;
pub mod view;

pub use gate::Gate;
pub use html::html;
pub use markdown::{MARKER, markdown};
pub use side::Side;
pub use table::table;
pub use view::{Broken, BudgetUse, ChangeView, DiffReport, FailedNetwork, NetworkDiff, NetworkFigures};

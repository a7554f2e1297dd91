//! Runs a plan: steps over one arena, with the constants packed once. Knows neither graph nor language.
//!
//! A step is split into phases, and a phase into tasks that write disjoint memory. Pieces are grid by shape alone
//! and every output element is computed by one task in one order, so that the bits of a result do not depend on
//! the number of threads.

mod inputs;
pub mod kernels;
mod run;
mod thread_pool;

pub use inputs::InputError;
pub use kernels::{Isa, peak};
pub use run::Executor;

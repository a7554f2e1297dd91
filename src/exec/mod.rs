//! Runs a plan: executes its steps over one arena, with the constants packed once. It knows neither graph nor language.
//!
//! A step is split into phases, and a phase into tasks that write disjoint memory. The tasks follow from
//! the shapes alone, and each output element is computed by one task in one order, so that the bits of a result do not
//! depend on the number of threads.

mod constants;
mod inputs;
pub mod kernels;
mod run;
mod thread_pool;

pub use inputs::InputError;
pub use kernels::{Isa, peak};
pub use run::Executor;

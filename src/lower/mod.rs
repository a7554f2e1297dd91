//! From a graph to a plan of steps: what is run, in which order, by which kernel, in which memory.
//!
//! A plan is plain data: steps, buffers in one arena, and recipes of constants. It reports no errors of the
//! user: a checked graph can always be lowered. Rewrites that cover several nodes by one step are properties
//! of the step, never new operators.

mod build;
mod constants;
mod plan;
mod show;

pub(crate) use build::{COLUMNS, is_pointwise};
pub use build::{Settings, lower};
pub use constants::Recipe;
pub use plan::{Buffer, Kernel, Plan, Port, Step};

//! Runs a plan: steps over one arena, with the constants loaded once. Knows neither graph nor language.
//!
//! The bits of a result do not depend on the number of threads: work is cut into pieces by shape alone, and
//! every output element is computed by one thread in one order.

pub mod kernels;
mod run;

pub use run::Executor;

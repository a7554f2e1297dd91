//! From a graph to a plan of steps: what is run, in which order, by which kernel, in which memory.
//!
//! A plan is plain data: steps, tensors in one arena, and recipes of constants. It reports no errors of the
//! user: a checked graph can always be lowered. Rewrites that cover several nodes by one step are properties
//! of the step, never new operators.

mod arrange;
mod choose;
mod constants;
mod group;
mod layout;
mod plan;
mod show;
mod sizes;

use crate::ir::{Graph, NodeId};

pub use constants::Recipe;
pub use layout::{Form, Halo, LANES, Layout};
pub use plan::{Algorithm, Convolution, Filtering, Kernel, Plan, Port, Step, Tensor};
pub use sizes::{DENSE_OUTPUTS, Reach, Tiles, lrn_reach};

/// How a graph is lowered.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Pictures at once.
    pub batch: usize,
    /// Which kernels may be taken.
    pub accuracy: Accuracy,
    /// The values that are kept: (name, node).
    pub outputs: Vec<(String, NodeId)>,
}

/// Which kernels may be taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Accuracy {
    /// All.
    #[default]
    Fast,
    /// Convolutions multiply as they are defined: no algorithm with fewer multiplications.
    Direct,
    /// Only the definitions of the operators: nothing is folded, nothing rounds differently.
    Definitions,
}

/// Lowers what the outputs need.
pub fn lower(graph: &Graph, settings: &Settings) -> Plan {
    arrange::arrange(graph, settings, group::group(graph, settings))
}

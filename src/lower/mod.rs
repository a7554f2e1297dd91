//! Lowers a graph to a plan: the steps in order, the kernel of each, and the memory of each value.
//!
//! A graph is lowered in four passes: `borders` puts pads before convolutions that do not pad with zeros, `fuse` covers
//! nodes by steps, `select` names the kernel of each step, and `memory` gives every value a place in one arena. The
//! plan is plain data. Lowering reports no errors of the user: every checked graph can be lowered. What a step computes
//! besides its first node is a property of the step, never a new operator.

mod borders;
mod choose;
mod constants;
mod fuse;
mod layout;
mod memory;
mod packing;
mod plan;
mod precision;
mod rearrangement;
mod select;
mod show;
mod sizes;
pub mod strips;
mod transposed;

use std::borrow::Cow;

use crate::ir::{Graph, NodeId};

pub use constants::ConstantExpr;
pub use layout::{Halo, LANES, Layout, MemoryFormat};
pub use plan::{
    Algorithm, ChannelNorm, ChannelReduction, Combination, Convolution, Kernel, Plan, PlanPort, Resample,
    Step, Tensor, TransposedConvolution, WinogradTile,
};
pub use precision::{Factors, Precision, Products};
pub use rearrangement::{AxisSource, Rearrangement};
pub use sizes::{
    ChannelRange, DENSE_OUTPUTS, LRN_POSITIONS, MomentBands, WinogradSchedule, lrn_position, lrn_radius,
};
pub use transposed::Phase;

/// The choices of a caller that lowers a graph.
#[derive(Clone, Debug)]
pub struct PlanOptions {
    /// Pictures at once.
    pub batch: usize,
    /// The kernels that may be selected.
    pub policy: KernelPolicy,
    /// The precision of products. The reference kernels compute in f32 in any case.
    pub precision: Precision,
    /// Whether the machine has a matrix unit.
    pub matrix_unit: bool,
    /// The values that a run returns: (name, node).
    pub outputs: Vec<(String, NodeId)>,
}

/// The set of kernels that may be selected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KernelPolicy {
    /// All.
    #[default]
    Fastest,
    /// Every kernel but Winograd's algorithm: convolutions multiply as they are defined.
    NoWinograd,
    /// As [`KernelPolicy::Fastest`], but a matrix unit computes every convolution that it can, also where it is slower.
    MatrixUnit,
    /// The reference kernels of the operators alone: nothing is folded, nothing rounds differently.
    Reference,
}

/// Lowers what the outputs need.
pub fn lower(graph: &Graph, options: &PlanOptions) -> Plan {
    let graph = match options.policy {
        KernelPolicy::Reference => Cow::Borrowed(graph),
        KernelPolicy::Fastest | KernelPolicy::NoWinograd | KernelPolicy::MatrixUnit => {
            borders::with_visible_borders(graph)
        }
    };
    memory::plan_memory(&graph, options, fuse::fuse(&graph, options))
}

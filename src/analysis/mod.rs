//! Computes what a network costs: parameters, operations, memory, depth and receptive fields; compares it with
//! expectations and budgets; warns about what is probably not meant.
//!
//! [`Checked`] is the graph with all figures, computed once. The definitions are those of the cost model
//! `cnn-cost/1`; every figure is for one picture and f32 unless a batch or type is asked for. Nothing here
//! changes the graph.

mod alignment;
mod comparison;
mod cost;
mod depth;
mod dropped_biases;
mod dtype;
mod fraction;
mod memory;
mod metric;
mod parameters;
mod pictures;
mod receptive;
mod totals;

pub mod budget;
pub mod expectation;
pub mod explain;
pub mod lints;
pub mod liveness;
pub mod parts;
pub mod placement;
pub mod roofline;

#[cfg(test)]
mod network;

pub use cost::Flops;
pub use dtype::Dtype;
pub use fraction::Fraction;
pub use liveness::Liveness;
pub use memory::{Live, Memory};
pub use metric::{Metric, Unit};
pub use parameters::Elements;
pub use receptive::{Axis, Receptive, Status};
pub use totals::Totals;

use std::sync::OnceLock;

use crate::ir::{Graph, NodeId};
use crate::ops::Cost;

/// The definitions behind the figures, named in every machine-readable output.
pub const COST_MODEL: &str = "cnn-cost/1";

/// A network and everything that was computed about it. Figures of single nodes that a check rarely asks for are
/// computed when they are first asked for: in a large network they take more memory than its graph.
#[derive(Clone, Debug)]
pub struct Checked {
    graph: Graph,
    node_totals: OnceLock<Vec<Totals>>,
    totals: Totals,
    totals_train_only: Totals,
    depths: Vec<u64>,
    receptives: OnceLock<Vec<Receptive>>,
    liveness: Liveness,
    memory: Memory,
}

impl Checked {
    /// Computes all figures of a graph. A graph is valid by construction, so nothing can fail.
    pub fn new(graph: Graph) -> Checked {
        let sum = |train_only: bool| {
            let shown = graph.layers().filter(|(_, node)| node.train_only == train_only);
            shown.map(|(id, _)| Totals::of(&graph, id)).sum()
        };
        let (totals, totals_train_only) = (sum(false), sum(true));
        let depths = depth::of(&graph);
        let liveness = Liveness::of(&graph);
        let memory = Memory::of(&graph, &liveness, Dtype::F32, 1);
        let (node_totals, receptives) = (OnceLock::new(), OnceLock::new());
        Checked { node_totals, totals, totals_train_only, depths, receptives, liveness, memory, graph }
    }

    /// The graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The value of the output `out`; `None` for a graph without it.
    pub fn out(&self) -> Option<NodeId> {
        let out = self.graph.outputs().iter().find(|output| output.name == "out");
        out.map(|output| output.node)
    }

    /// The cost of a node, with its multiply-accumulates as a product.
    pub fn cost(&self, id: NodeId) -> Cost {
        cost::of(&self.graph, id)
    }

    /// The figures of a node.
    pub fn layer_totals(&self, id: NodeId) -> &Totals {
        &self.node_totals()[id.index()]
    }

    /// The figures of every node.
    fn node_totals(&self) -> &[Totals] {
        self.node_totals.get_or_init(|| self.graph.ids().map(|id| Totals::of(&self.graph, id)).collect())
    }

    /// The sum of all layers that run.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// The sum of the layers that only serve training.
    pub fn totals_train_only(&self) -> &Totals {
        &self.totals_train_only
    }

    /// The layers that run, in source order.
    pub fn run_layers(&self) -> Vec<NodeId> {
        let run = self.graph.layers().filter(|(_, node)| !node.train_only);
        run.map(|(id, _)| id).collect()
    }

    /// The sum of some layers.
    pub fn sum(&self, layers: &[NodeId]) -> Totals {
        layers.iter().map(|&id| *self.layer_totals(id)).sum()
    }

    /// The layers with weights on the longest path that is run.
    pub fn depth(&self) -> u64 {
        let run = self.graph.nodes().filter(|(_, node)| !node.train_only);
        run.map(|(id, _)| self.depths[id.index()]).max().unwrap_or(0)
    }

    /// The layers with weights on the longest path to a value.
    pub fn depth_of(&self, id: NodeId) -> u64 {
        self.depths[id.index()]
    }

    /// The receptive field of a value.
    pub fn receptive(&self, id: NodeId) -> &Receptive {
        &self.receptives.get_or_init(|| receptive::of(&self.graph))[id.index()]
    }

    /// The pieces of memory that values share and their lifetimes, for the steps in source order.
    pub fn liveness(&self) -> &Liveness {
        &self.liveness
    }

    /// The memory of the values for f32 and one picture.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The memory of the values for another type or number of pictures.
    pub fn memory_for(&self, dtype: Dtype, batch: u64) -> Memory {
        Memory::of(&self.graph, &self.liveness, dtype, batch)
    }
}

#[cfg(test)]
mod tests {
    use super::network::{Network, conv};
    use super::*;

    #[test]
    fn a_total_is_the_sum_of_its_rows_and_training_is_apart() {
        let mut net = Network::default();
        let input = net.input(8, 8, 3);
        let first = net.conv(input, conv(3, 1, 1, 4));
        let relu = net.relu(first);
        let train = net.add_train_only("conv", conv(1, 1, 0, 10), relu);
        let last = net.conv(relu, conv(3, 1, 1, 2));
        let checked = Checked::new(net.finish(last));
        let totals = checked.totals();
        assert_eq!(totals.elements.params, 3 * 4 * 9 + 4 + 4 * 2 * 9 + 2);
        assert_eq!(totals.macs, 64 * (3 * 4 * 9 + 4 * 2 * 9));
        assert_eq!(totals.activation_elements, 64 * (4 + 4 + 2));
        assert_eq!(totals.layer_outputs, 64 * (4 + 2));
        assert_eq!(checked.totals_train_only(), checked.layer_totals(train));
        assert_eq!(checked.totals_train_only().elements.params, 50);
        assert_eq!(checked.depth(), 2);
        assert_eq!(Metric::ReceptiveField.of_network(&checked), Some(5));
        assert!(checked.memory().planned >= checked.memory().lower_bound);
    }
}

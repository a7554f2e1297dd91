//! The figures of a row, and their sums over a part or the network.
//!
//! A total can only be made by adding rows, so it never disagrees with them.

use std::iter::Sum;
use std::ops::AddAssign;

use crate::ir::{Graph, NodeId};

use super::cost::{self, Flops};
use super::parameters::Elements;
use super::{Dtype, depth};

/// Figures of one row or of several, for one picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Elements of parameters.
    pub elements: Elements,
    /// Multiply-accumulates, taps on padding included.
    pub macs: u128,
    /// Multiply-accumulates without the taps on padding.
    pub macs_useful: u128,
    /// Floating-point operations.
    pub flops: Flops,
    /// LeCun's count of connections.
    pub connections: u128,
    /// Elements of values.
    pub activation_elements: u128,
    /// Elements of the values of layers with multiply-accumulates: the `activations` of RegNet and timm.
    pub layer_outputs: u128,
}

impl Totals {
    pub(super) fn of(graph: &Graph, id: NodeId) -> Totals {
        let node = graph.node(id);
        let cost = cost::of(graph, id);
        let outputs = u128::from(node.shape.elements());
        let macs = cost.macs.value();
        Totals {
            elements: Elements::of(node),
            macs,
            macs_useful: cost.macs_useful,
            flops: Flops::of(&cost),
            connections: cost.connections,
            activation_elements: outputs,
            layer_outputs: if depth::is_layer(graph, id) && macs > 0 { outputs } else { 0 },
        }
    }

    /// Bytes of all parameters.
    pub fn weight_bytes(&self, dtype: Dtype) -> u128 {
        self.elements.stored() * dtype.bytes()
    }

    /// Bytes of all values.
    pub fn activation_bytes(&self, dtype: Dtype) -> u128 {
        self.activation_elements * dtype.bytes()
    }
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Totals) {
        self.elements += other.elements;
        self.macs += other.macs;
        self.macs_useful += other.macs_useful;
        self.flops += other.flops;
        self.connections += other.connections;
        self.activation_elements += other.activation_elements;
        self.layer_outputs += other.layer_outputs;
    }
}

impl Sum for Totals {
    fn sum<I: Iterator<Item = Totals>>(rows: I) -> Totals {
        rows.fold(Totals::default(), |mut sum, row| {
            sum += row;
            sum
        })
    }
}

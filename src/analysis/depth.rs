//! The depth of a network as its name counts it: layers with weights of their own on the longest path.
//!
//! `conv dwconv deconv dense rbf subsample` are layers. Normalisations and activations are none, nor is the
//! projection that a `residual` puts on its shortcut (He et al. 2015 count it in none of their names).

use crate::ir::{Graph, NodeId};
use crate::ops::Init;

/// Returns whether a node counts as a layer: it has a weight with a fan-in, so each output combines several inputs.
pub(super) fn is_layer(graph: &Graph, id: NodeId) -> bool {
    graph
        .parameters(id)
        .iter()
        .any(|parameter| matches!(parameter.init, Init::Kaiming { .. } | Init::DigitCodes))
}

/// For each node, the number of layers on the longest path from an input to the node, itself included.
pub(super) fn of(graph: &Graph) -> Vec<u64> {
    let mut depths = vec![0; graph.len()];
    for (id, node) in graph.nodes() {
        let before = graph.operands(id).iter().map(|operand| depths[operand.index()]).max().unwrap_or(0);
        depths[id.index()] = before + u64::from(is_layer(graph, id) && !node.shortcut);
    }
    depths
}

#[cfg(test)]
mod tests {
    use super::super::network::{Network, conv};
    use super::*;

    #[test]
    fn activations_and_projections_do_not_count() {
        let mut net = Network::default();
        let input = net.input(8, 8, 3);
        let first = net.conv(input, conv(3, 1, 1, 4));
        let first = net.relu(first);
        let second = net.conv(first, conv(3, 1, 1, 4));
        let projected = net.add_shortcut("conv", conv(1, 1, 0, 4), first);
        let graph = net.finish(second);
        let depths = of(&graph);
        assert_eq!(depths[first.index()], 1);
        assert_eq!(depths[second.index()], 2);
        assert_eq!(depths[projected.index()], 1);
    }
}

//! Explains a wrong `expect params`: an operator in front of `bn` has no bias. Where the expected number exceeds the
//! actual one by exactly these biases, the model that was counted has them.

use crate::base::{counted, grouped};
use crate::ir::{Graph, NodeId};

/// The explanation, where `missing` is the number of elements of the biases that operators before `bn` do not have.
pub(super) fn explain(graph: &Graph, rows: &[NodeId], missing: u128) -> Option<String> {
    let before_bn = |id: &NodeId| {
        let node = graph.node(*id);
        let has_bias = node.parameters.iter().any(|parameter| parameter.key == "bias");
        let takes_bias = node.op().is_some_and(|op| op.spec().takes_bias());
        let mut users = graph.users(*id).into_iter();
        let is_normalised = users.any(|user| graph.node(user).op().is_some_and(|op| op.spec().absorbs_bias));
        takes_bias && !has_bias && node.shares.is_none() && is_normalised
    };
    let without: Vec<NodeId> = rows.iter().copied().filter(before_bn).collect();
    let biases: u128 = without.iter().map(|&id| u128::from(graph.node(id).shape.channels())).sum();
    (biases == missing && missing > 0).then(|| {
        format!(
            "the biases of the {} before `bn` would be {}: `bn` as the first trailing word takes the bias away, `bias` keeps it",
            counted(without.len() as u64, "operator"),
            grouped(biases)
        )
    })
}

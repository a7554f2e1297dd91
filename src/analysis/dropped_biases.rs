//! Explains a wrong `expect params`: an operator in front of `bn` has no bias. Where the expected number exceeds the
//! actual one by exactly these biases, the model that was counted has them.

use crate::base::{counted, grouped};
use crate::ir::{Graph, NodeId};

/// The explanation, where `missing` is the number of elements of the biases that operators before `bn` do not have.
pub(super) fn explain(graph: &Graph, rows: &[NodeId], missing: u128) -> Option<String> {
    let without: Vec<NodeId> = rows.iter().copied().filter(|&id| graph.lacks_bias_before_norm(id)).collect();
    let biases: u128 = without.iter().map(|&id| u128::from(graph.node(id).shape.channels())).sum();
    (biases == missing && missing > 0).then(|| {
        format!(
            "the biases of the {} before `bn` would be {}: `bn` as the first trailing word takes the bias away, `bias` keeps it",
            counted(without.len() as u64, "operator"),
            grouped(biases)
        )
    })
}

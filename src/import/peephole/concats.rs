//! Rules for sums and concatenations, to write them as authors do.

use std::collections::BTreeMap;

use super::super::network::Network;
use super::super::op::ValueId;
use super::Rewriter;

/// Turns `(a + b) + c` of one module into a sum of three in the same order.
pub(super) fn sums(rewriter: &mut Rewriter<'_>, at: usize) -> Option<()> {
    if rewriter.op(at).word != "add" {
        return None;
    }
    let left = rewriter.only_for(rewriter.input(at), "add")?;
    if rewriter.op(left).hint != rewriter.op(at).hint || rewriter.op(at).inputs.len() > 64 {
        return None;
    }
    let first = rewriter.op(left).output;
    let rest = rewriter.op(at).inputs.iter().copied().filter(|&input| input != first);
    let inputs: Vec<ValueId> = rewriter.op(left).inputs.iter().copied().chain(rest).collect();
    rewriter.become_word(at, "add", vec![], inputs, &[left])
}

/// Turns `concat(a, b, c)` into `concat(ab, c)` if `ab = concat(a, b)` exists: the growing list of DenseNet.
pub(super) fn share(network: &mut Network) {
    // Maps the flat operands of each concatenation to its value.
    let mut known: BTreeMap<Vec<ValueId>, ValueId> = BTreeMap::new();
    let mut whole: BTreeMap<ValueId, Vec<ValueId>> = BTreeMap::new();
    for op in network.ops.iter_mut().filter(|op| op.word == "concat") {
        let inputs = op.inputs.clone();
        if inputs.len() <= 256 {
            let prefix = (2..inputs.len())
                .rev()
                .find_map(|length| known.get(&inputs[..length]).map(|&value| (length, value)));
            if let Some((length, value)) = prefix {
                op.inputs = std::iter::once(value).chain(inputs[length..].iter().copied()).collect();
            }
            known.entry(inputs.clone()).or_insert(op.output);
            let mut flat = whole.get(&inputs[0]).cloned().unwrap_or_else(|| vec![inputs[0]]);
            flat.extend(&inputs[1..]);
            if flat.len() <= 256 {
                known.entry(flat.clone()).or_insert(op.output);
                whole.insert(op.output, flat);
            }
        }
    }
}

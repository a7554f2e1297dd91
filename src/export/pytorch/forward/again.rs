//! Finds scopes that repeat an earlier module with its weights, and calls the module once more for them.

use std::collections::BTreeMap;

use super::{Step, What, access, entering, leaving};
use crate::export::pytorch::module::Kind;
use crate::export::pytorch::scopes::{ROOT, Scopes};
use crate::ir::{Graph, NodeId};

/// Returns whether a whole scope repeats an earlier module with its weights, so that it needs no modules of its own.
pub(in crate::export::pytorch) fn is_called_again(
    graph: &Graph,
    scopes: &Scopes,
    kinds: &[Kind],
    opened: usize,
) -> bool {
    let first = graph.ids().nth(scopes.all[opened].range.0);
    let is_opened = |own: usize| scopes.between(opened, own).iter().all(|&one| !scopes.all[one].callable);
    !scopes.is_leaf(opened)
        && !scopes.all[opened].callable
        && first.and_then(|first| scopes.of_node[first.index()]).is_some_and(is_opened)
        && called_again(graph, scopes, kinds, ROOT, opened).is_some()
}

/// The call of an earlier module, for a scope that computes the same with the same weights.
pub(super) fn called_again(
    graph: &Graph,
    scopes: &Scopes,
    kinds: &[Kind],
    scope: usize,
    opened: usize,
) -> Option<(Step, usize)> {
    let (first, last) = scopes.all[opened].range;
    let nodes: Vec<NodeId> = graph.ids().skip(first).take(last + 1 - first).collect();
    let at = nodes.iter().position(|&id| graph.node(id).shares.is_some())?;
    let begin = graph.owner(nodes[at]).index().checked_sub(at)?;
    let range = (begin, begin + (last - first));
    if range.1 >= first {
        return None;
    }
    let owner = scopes.of_node[graph.owner(nodes[at]).index()]?;
    let called = scopes.between(scope, owner);
    let called = called.into_iter().find(|&one| {
        scopes.all[one].callable && scopes.all[one].range == range && scopes.all[one].parent != one
    })?;
    // All scopes between the caller and the module must be ones whose members the caller may access.
    let mut inputs: BTreeMap<NodeId, NodeId> = BTreeMap::new();
    for (offset, &id) in nodes.iter().enumerate() {
        let original = graph.ids().nth(begin + offset)?;
        let (node, before) = (graph.node(id), graph.node(original));
        if node.kind != before.kind || node.train_only != before.train_only {
            return None;
        }
        if graph.owner(id) != graph.owner(original) && !graph.parameters(original).is_empty() {
            return None;
        }
        let (operands, originals) = (graph.operands(id), graph.operands(original));
        if operands.len() != originals.len() {
            return None;
        }
        for (operand, original) in operands.into_iter().zip(originals) {
            let inside = original.index() >= begin;
            if inside {
                if operand.index() < first || operand.index() - first != original.index() - begin {
                    return None;
                }
            } else if operand.index() >= first || *inputs.entry(original).or_insert(operand) != operand {
                return None;
            }
        }
    }
    // The earlier module has paddings and the like that were computed from the shapes of its own inputs; they must be
    // equal.
    let same_module = |offset: usize| -> Option<bool> {
        let (id, original) = (nodes[offset], graph.ids().nth(begin + offset)?);
        let form = |id: NodeId| {
            graph.node(id).op().map(|op| op.torch(&graph.operand_shapes(id), graph.node(id).shape))
        };
        Some(form(id) == form(original))
    };
    if !(0..nodes.len()).all(|offset| same_module(offset) == Some(true)) {
        return None;
    }
    let operands: Option<Vec<NodeId>> =
        entering(graph, range).iter().map(|input| inputs.get(input).copied()).collect();
    let results: Vec<NodeId> =
        leaving(graph, range).iter().map(|result| nodes[result.index() - begin]).collect();
    if leaving(graph, (first, last)).iter().any(|needed| !results.contains(needed)) {
        return None;
    }
    let step = Step {
        what: What::Call(access(scopes, kinds, scope, called)),
        operands: operands?,
        results,
        name: scopes.all[opened].name.clone(),
        training: graph.node(nodes[0]).train_only,
        single: false,
    };
    Some((step, last))
}

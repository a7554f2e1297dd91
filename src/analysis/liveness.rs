//! Finds which values share a piece of memory, and from which step to which step each piece is in use.
//!
//! A step runs one node; a step's operands and its value are in memory at the same time. Nodes that only
//! serve training are not run and have no memory. An input is in memory from the first step to its last
//! use, and is never overwritten: the caller may still need it. An output is in memory to the end.
//!
//! Values share memory in two cases. An alias is its first operand under another shape. An operator that may
//! work in place overwrites its first operand where this is the last use of that memory, no output or input
//! lies in it, and both have the same size.

use crate::ir::{Graph, NodeId, NodeKind};
use crate::ops::{Operator, Reuse};

/// A piece of memory and the values that lie in it, one after the other or as aliases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageInterval {
    /// Its values, in the order of their steps; an input comes before all steps.
    pub values: Vec<NodeId>,
    /// Elements for one picture.
    pub elements: u64,
    /// The first step at which it is in use.
    pub first: u32,
    /// The last step at which it is in use.
    pub last: u32,
    /// Whether it holds an input of the network.
    pub input: bool,
}

/// The pieces of memory of all values that are computed, for one order of the steps.
#[derive(Clone, Debug)]
pub struct Liveness {
    steps: Vec<NodeId>,
    storages: Vec<StorageInterval>,
    storage_of: Vec<Option<u32>>,
}

impl Liveness {
    /// Computes the lifetimes for the steps in source order.
    pub fn of(graph: &Graph) -> Liveness {
        let runs = |id: &NodeId| {
            let node = graph.node(*id);
            !node.train_only && node.op().is_some()
        };
        Liveness::of_steps(graph, graph.ids().filter(runs).collect())
    }

    /// Computes the lifetimes for given steps. Each step is an operator that comes after its operands; operators that
    /// are not among the steps have no memory.
    pub fn of_steps(graph: &Graph, steps: Vec<NodeId>) -> Liveness {
        let end = (steps.len() as u32).saturating_sub(1);
        let last_uses = last_uses(graph, &steps, end);
        let mut liveness = Liveness { steps, storages: Vec::new(), storage_of: vec![None; graph.len()] };
        for (id, node) in graph.nodes() {
            if matches!(node.kind, NodeKind::Input(_)) {
                liveness.start(graph, id, 0, last_uses[id.index()].unwrap_or(0), true);
            }
        }
        let held = held(graph);
        let mut is_held: Vec<bool> =
            liveness.storages.iter().map(|storage| held[storage.values[0].index()]).collect();
        for step in 0..liveness.steps.len() as u32 {
            let id = liveness.steps[step as usize];
            let last = last_uses[id.index()].unwrap_or(step);
            match liveness.shared(graph, id, step, &is_held) {
                Some(index) => {
                    let storage = &mut liveness.storages[index as usize];
                    storage.values.push(id);
                    storage.last = storage.last.max(last);
                    is_held[index as usize] |= held[id.index()];
                    liveness.storage_of[id.index()] = Some(index);
                }
                None => {
                    liveness.start(graph, id, step, last, false);
                    is_held.push(held[id.index()]);
                }
            }
        }
        liveness
    }

    fn start(&mut self, graph: &Graph, id: NodeId, first: u32, last: u32, input: bool) {
        self.storage_of[id.index()] = Some(self.storages.len() as u32);
        let elements = graph.node(id).shape.elements();
        self.storages.push(StorageInterval { values: vec![id], elements, first, last, input });
    }

    /// The memory of the first operand, where the value of `id` may take it over.
    fn shared(&self, graph: &Graph, id: NodeId, step: u32, is_held: &[bool]) -> Option<u32> {
        let node = graph.node(id);
        let operands = graph.operands(id);
        let index = self.storage_of[operands.first()?.index()]?;
        let storage = &self.storages[index as usize];
        let elsewhere =
            || operands[1..].iter().any(|operand| self.storage_of[operand.index()] == Some(index));
        match node.op()?.reuse() {
            Reuse::Fresh => None,
            Reuse::Alias => Some(index),
            Reuse::InPlace => (!storage.input
                && !is_held[index as usize]
                && storage.last <= step
                && storage.elements == node.shape.elements()
                && !elsewhere())
            .then_some(index),
        }
    }

    /// The nodes that are run, in order.
    pub fn steps(&self) -> &[NodeId] {
        &self.steps
    }

    /// All pieces of memory: those of the inputs, then by their first value.
    pub fn storages(&self) -> &[StorageInterval] {
        &self.storages
    }

    /// The piece of memory of a value; `None` where it is not computed.
    pub fn storage_of(&self, id: NodeId) -> Option<&StorageInterval> {
        self.storage_index(id).map(|index| &self.storages[index])
    }

    /// The position of a value's memory among [`Liveness::storages`].
    pub fn storage_index(&self, id: NodeId) -> Option<usize> {
        self.storage_of[id.index()].map(|index| index as usize)
    }
}

/// For each value, whether it is an output of the network that does not only serve training.
fn held(graph: &Graph) -> Vec<bool> {
    let mut held = vec![false; graph.len()];
    for output in graph.outputs().iter().filter(|output| !output.train_only) {
        held[output.node.index()] = true;
    }
    held
}

/// The last step that takes each value as an operand; the end for outputs, `None` for values without a use.
fn last_uses(graph: &Graph, steps: &[NodeId], end: u32) -> Vec<Option<u32>> {
    let mut last_uses = vec![None; graph.len()];
    for (step, &id) in steps.iter().enumerate() {
        for operand in graph.operands(id) {
            last_uses[operand.index()] = Some(step as u32);
        }
    }
    for (id, held) in held(graph).into_iter().enumerate() {
        if held {
            last_uses[id] = Some(end);
        }
    }
    last_uses
}

#[cfg(test)]
mod tests {
    use super::super::network::{Network, conv};
    use super::*;

    #[test]
    fn an_activation_overwrites_the_convolution_at_its_last_use() {
        let mut net = Network::default();
        let input = net.input(8, 8, 3);
        let first = net.conv(input, conv(3, 1, 1, 4));
        let relu = net.relu(first);
        let second = net.conv(relu, conv(3, 1, 1, 2));
        let liveness = Liveness::of(&net.finish(second));
        assert_eq!(liveness.storage_index(first), liveness.storage_index(relu));
        let storage = liveness.storage_of(relu).unwrap();
        assert_eq!((storage.first, storage.last, storage.elements), (0, 2, 256));
        assert_eq!(liveness.storage_of(input).unwrap().last, 0);
    }

    #[test]
    fn a_value_that_is_needed_again_is_not_overwritten() {
        let mut net = Network::default();
        let input = net.input(8, 8, 4);
        let first = net.conv(input, conv(3, 1, 1, 4));
        let relu = net.relu(first);
        let again = net.conv(first, conv(1, 1, 0, 2));
        let last = net.conv(relu, conv(1, 1, 0, 2));
        let graph = net.finish(last);
        let liveness = Liveness::of(&graph);
        assert_ne!(liveness.storage_index(first), liveness.storage_index(relu));
        assert_eq!(liveness.storage_of(first).unwrap().last, 2);
        assert_eq!(liveness.storage_of(again).unwrap().last, 2);
    }

    #[test]
    fn inputs_and_outputs_are_not_overwritten() {
        let mut net = Network::default();
        let input = net.input(4, 4, 2);
        let relu = net.relu(input);
        let after = net.relu(relu);
        net.builder().output(crate::ir::Output { name: "side".to_owned(), node: relu, train_only: false });
        let liveness = Liveness::of(&net.finish(after));
        let storages = [input, relu, after].map(|id| liveness.storage_index(id));
        assert_eq!(storages, [Some(0), Some(1), Some(2)]);
        assert_eq!(liveness.storage_of(relu).unwrap().last, 1);
    }

    #[test]
    fn what_only_serves_training_has_no_memory_and_no_uses() {
        let mut net = Network::default();
        let input = net.input(4, 4, 2);
        let first = net.conv(input, conv(1, 1, 0, 2));
        let relu = net.relu(first);
        let train = net.add_train_only("conv", conv(1, 1, 0, 2), first);
        let liveness = Liveness::of(&net.finish(relu));
        assert_eq!(liveness.storage_index(train), None);
        assert_eq!(liveness.storage_index(first), liveness.storage_index(relu));
    }
}

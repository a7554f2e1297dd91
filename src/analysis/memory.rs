//! The memory of all values of one pass through the network: three figures, each for an element type and an order of
//! steps.
//!
//! - *naive*: all values, inputs included, without any reuse; an alias has no bytes of its own.
//! - *lower bound*: the largest, over the steps, of the bytes in use while the step runs. No placement can
//!   need less for this order of steps.
//! - *planned*: the end of the highest piece when all are placed in one block; never below the bound.

use crate::ir::{Graph, NodeId};
use crate::ops::{Operator, Reuse};

use super::Dtype;
use super::liveness::{Liveness, StorageInterval};
use super::placement::{Interval, place};

/// A value that is in memory at the peak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// The value.
    pub node: NodeId,
    /// Its path.
    pub path: String,
    /// Its bytes.
    pub bytes: u128,
}

/// The memory of the values for a type and a number of pictures, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The type of the elements.
    pub dtype: Dtype,
    /// The number of pictures.
    pub batch: u64,
    /// All values without reuse.
    pub naive: u128,
    /// The largest sum of what is in use during a step.
    pub lower_bound: u128,
    /// The end of the highest piece of memory: the metric `peak_memory`.
    pub planned: u128,
    /// The first step of the largest sum; `None` where nothing is computed.
    pub peak: Option<NodeId>,
    /// The values in memory during this step, largest first.
    pub live: Vec<Live>,
    /// The bytes in use during each step, in the order of the steps.
    pub curve: Vec<u128>,
}

impl Memory {
    /// The memory for elements of this type and so many pictures at once.
    pub fn of(graph: &Graph, liveness: &Liveness, dtype: Dtype, batch: u64) -> Memory {
        let bytes = |elements: u64| u128::from(elements) * dtype.bytes() * u128::from(batch);
        let intervals: Vec<Interval> = liveness
            .storages()
            .iter()
            .map(|storage| Interval {
                size: bytes(storage.elements),
                first: storage.first,
                last: storage.last,
            })
            .collect();
        let (_, planned) = place(&intervals);
        let curve = curve(&intervals, liveness.steps().len());
        let lower_bound = curve.iter().copied().max().unwrap_or(0);
        let peak = curve.iter().position(|&bytes| bytes == lower_bound);
        let own = |id: &NodeId| {
            let node = graph.node(*id);
            let computed = liveness.storage_index(*id).is_some();
            computed && node.op().is_none_or(|op| op.reuse() != Reuse::Alias)
        };
        let naive = graph.ids().filter(own).map(|id| bytes(graph.node(id).shape.elements())).sum();
        let mut live: Vec<Live> = Vec::new();
        for storage in liveness.storages() {
            if let Some(step) = peak
                && (storage.first as usize..=storage.last as usize).contains(&step)
            {
                let node = held_at(storage, liveness.steps()[step]);
                let path = graph.node(node).path.clone();
                live.push(Live { node, path, bytes: bytes(storage.elements) });
            }
        }
        live.sort_by_key(|live| (std::cmp::Reverse(live.bytes), live.node));
        let peak = peak.map(|step| liveness.steps()[step]);
        Memory { dtype, batch, naive, lower_bound, planned, peak, live, curve }
    }
}

/// The value that a piece of memory holds once the node of a step has run: the last of its values computed by then.
fn held_at(storage: &StorageInterval, step: NodeId) -> NodeId {
    let computed = storage.values.iter().rev().find(|&&value| value <= step);
    computed.copied().unwrap_or(storage.values[0])
}

fn curve(intervals: &[Interval], steps: usize) -> Vec<u128> {
    let mut starting = vec![0u128; steps + 1];
    let mut ending = vec![0u128; steps + 1];
    for interval in intervals {
        starting[(interval.first as usize).min(steps)] += interval.size;
        ending[(interval.last as usize + 1).min(steps)] += interval.size;
    }
    let mut used = 0;
    let mut curve = Vec::with_capacity(steps);
    for step in 0..steps {
        used = used + starting[step] - ending[step];
        curve.push(used);
    }
    curve
}

#[cfg(test)]
mod tests {
    use super::super::network::{Network, conv};
    use super::*;

    #[test]
    fn the_bound_of_vgg_is_its_second_convolution() {
        let mut net = Network::default();
        let input = net.input(224, 224, 3);
        let first = net.conv(input, conv(3, 1, 1, 64));
        let first = net.relu(first);
        let second = net.conv(first, conv(3, 1, 1, 64));
        let second = net.relu(second);
        let pooled = net.conv(second, conv(2, 2, 0, 64));
        let graph = net.finish(pooled);
        let memory = Memory::of(&graph, &Liveness::of(&graph), Dtype::F32, 1);
        assert_eq!(memory.lower_bound, 25_690_112);
        assert_eq!(memory.planned, 25_690_112);
        let live: Vec<&str> = memory.live.iter().map(|live| live.path.as_str()).collect();
        assert_eq!(live, ["relu2", "conv3"]);
        assert_eq!(memory.naive, 4 * (150_528 + 4 * 64 * 224 * 224 + 64 * 112 * 112));
        let half = Memory::of(&graph, &Liveness::of(&graph), Dtype::F16, 3);
        assert_eq!(half.lower_bound, 25_690_112 / 2 * 3);
    }

    #[test]
    fn each_step_holds_its_operands_and_its_value() {
        let mut net = Network::default();
        let input = net.input(4, 4, 1);
        let first = net.conv(input, conv(1, 1, 0, 2));
        let second = net.conv(first, conv(1, 1, 0, 3));
        let graph = net.finish(second);
        let memory = Memory::of(&graph, &Liveness::of(&graph), Dtype::Int8, 1);
        assert_eq!(memory.curve, [16 + 32, 32 + 48]);
    }
}

//! Assembles the plan once every value has a buffer.

use super::super::fuse::FusedStep;
use super::super::layout::{Halo, LANES, Layout, MemoryFormat};
use super::super::plan::{Kernel, Plan, PlanPort, Step, Tensor};
use super::super::sizes;
use super::{Buffer, Key, MemoryPlanner};
use crate::analysis::placement::{Interval, place};
use crate::ir::NodeId;

impl MemoryPlanner<'_> {
    fn tensor(&self, id: NodeId, format: MemoryFormat, offsets: &[u128]) -> Tensor {
        let shape = self.graph.node(id).shape;
        let (owner, first_block) = self.owner(self.key(id, format));
        let index = self.buffer_of[&owner];
        let buffer = &self.buffers[index];
        let mut layout = Layout::new(shape, format, buffer.halo);
        if format == MemoryFormat::Nchw16c {
            layout.blocks = Layout::new(buffer.shape, format, buffer.halo).blocks;
            layout.first_block = first_block;
        }
        Tensor { shape, offset: usize::try_from(offsets[index] / 4).unwrap_or(usize::MAX), layout }
    }

    /// Elements of scratch memory of each step.
    fn scratch(&self) -> Vec<usize> {
        let unplaced = vec![0; self.buffers.len()];
        let one = |step: &FusedStep| {
            let output = self.tensor(step.value, step.format, &unplaced);
            let input = step.operands.first().map(|&(id, format)| self.tensor(id, format, &unplaced));
            sizes::scratch(&step.kernel, input.as_ref().unwrap_or(&output), &output, self.options.batch)
        };
        self.steps.iter().map(one).collect()
    }

    /// The operands of a concatenation that its step still has to copy, with the first channel of each.
    fn left_to_copy(
        &self,
        step: &FusedStep,
        channels: &[usize],
    ) -> (Vec<(NodeId, MemoryFormat)>, Vec<usize>) {
        let is_there = |key: &Key, first: usize| {
            self.slices.get(key).is_some_and(|slice| {
                slice.of == (step.value, step.format) && slice.first_block == first / LANES
            })
        };
        let operands = step.operands.iter().zip(self.operands(step)).zip(channels);
        operands
            .filter(|((_, key), first)| !is_there(key, **first))
            .map(|((&operand, _), &first)| (operand, first))
            .unzip()
    }

    /// The step of the plan for a fused step; none for a concatenation whose operands all lie in place.
    fn step(&self, fused: &FusedStep, scratch: (usize, usize), offsets: &[u128]) -> Option<Step> {
        let (mut kernel, mut operands) = (fused.kernel.clone(), fused.operands.clone());
        if let Kernel::Concat { channels } = &mut kernel {
            (operands, *channels) = self.left_to_copy(fused, channels);
            if operands.is_empty() {
                return None;
            }
        }
        Some(Step {
            kernel,
            activation: fused.activation,
            inputs: operands.into_iter().map(|(id, format)| self.tensor(id, format, offsets)).collect(),
            output: self.tensor(fused.value, fused.format, offsets),
            scratch,
            constants: fused.constants.clone(),
            covers: self.paths(&fused.covers),
        })
    }

    /// The paths of nodes of the network; pads that lowering added have none.
    fn paths(&self, nodes: &[NodeId]) -> Vec<String> {
        nodes.iter().map(|&id| self.graph.node(id).path.clone()).filter(|path| !path.is_empty()).collect()
    }

    fn output(&self, name: &str, id: NodeId, offsets: &[u128]) -> PlanPort {
        let (root, format) = self.output_key(id);
        let mut tensor = self.tensor(root, format, offsets);
        if format == MemoryFormat::Nchw {
            tensor.shape = self.graph.node(id).shape;
            tensor.layout = Layout::new(tensor.shape, format, Halo::default());
        }
        PlanPort { name: name.to_owned(), tensor }
    }

    /// Places buffers and scratch memory in the arena, and assembles the plan.
    pub(super) fn finish(self) -> Plan {
        let batch = self.options.batch;
        let interval = |buffer: &Buffer| Interval {
            size: Layout::new(buffer.shape, buffer.format, buffer.halo).elements(batch).saturating_mul(4),
            first: buffer.first,
            last: buffer.last,
        };
        let mut intervals: Vec<Interval> = self.buffers.iter().map(interval).collect();
        let scratch = self.scratch();
        intervals.extend(scratch.iter().enumerate().map(|(index, &elements)| {
            let now = index as u32;
            Interval { size: elements as u128 * 4, first: now, last: now }
        }));
        let (offsets, total) = place(&intervals);
        let scratch_of = |index: usize| ((offsets[self.buffers.len() + index] / 4) as usize, scratch[index]);
        let steps: Vec<Step> = self
            .steps
            .iter()
            .enumerate()
            .filter_map(|(index, fused)| self.step(fused, scratch_of(index), &offsets))
            .collect();
        let inputs = self.graph.inputs().map(|(id, node)| PlanPort {
            name: node.path.clone(),
            tensor: self.tensor(id, MemoryFormat::Nchw, &offsets),
        });
        let outputs = self.options.outputs.iter().map(|(name, id)| self.output(name, *id, &offsets));
        Plan {
            network: self.graph.name().to_owned(),
            batch,
            inputs: inputs.collect(),
            outputs: outputs.collect(),
            scratch_per_thread: steps.iter().map(|step| sizes::per_thread(step, batch)).max().unwrap_or(0),
            arena: usize::try_from(total / 4).unwrap_or(usize::MAX),
            steps,
        }
    }
}

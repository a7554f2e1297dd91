//! Plans memory: gives every value a buffer, and puts all buffers into one arena.
//!
//! On the way it inserts the steps that change a value's memory format, lets the operands of a concatenation be
//! written where the concatenation wants them, lets a step overwrite an operand that nobody reads later, and widens
//! buffers by the zeros that convolutions read around their input.
//!
//! Invariant: buffers that are in use at the same step do not overlap.

mod assemble;

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::{Graph, NodeId};
use crate::tensor::{Shape, Window};

use super::PlanOptions;
use super::fuse::{FusedStep, Fusion};
use super::layout::{Halo, LANES, MemoryFormat};
use super::plan::{Algorithm, Convolution, Kernel, Plan, TransposedConvolution};
use super::transposed::Phase;

/// A value in a memory format. An alias has the key of the value that owns its memory.
type Key = (NodeId, MemoryFormat);

/// The position of a value within the buffer of a concatenation.
#[derive(Clone, Copy)]
struct ChannelSlice {
    /// The concatenation.
    of: Key,
    /// The block of channels with which the value begins.
    first_block: usize,
}

/// Memory of one value, or of several that overwrite one another.
struct Buffer {
    shape: Shape,
    format: MemoryFormat,
    halo: Halo,
    /// The first and last step that use it.
    first: u32,
    last: u32,
    /// Whether the caller writes it: an input. No step overwrites such a buffer, because the caller may run again.
    is_input: bool,
}

struct MemoryPlanner<'a> {
    graph: &'a Graph,
    options: &'a PlanOptions,
    fusion: Fusion<'a>,
    /// The format in which each value is computed.
    formats: BTreeMap<NodeId, MemoryFormat>,
    steps: Vec<FusedStep>,
    /// The values that the steps so far have computed, each with its format.
    available: BTreeSet<Key>,
    slices: BTreeMap<Key, ChannelSlice>,
    last_use: BTreeMap<Key, u32>,
    buffers: Vec<Buffer>,
    buffer_of: BTreeMap<Key, usize>,
}

/// Turns fused steps into a plan.
pub(super) fn plan_memory<'a>(graph: &'a Graph, options: &'a PlanOptions, mut fusion: Fusion<'a>) -> Plan {
    let steps = std::mem::take(&mut fusion.steps);
    let formats = steps.iter().map(|step| (step.value, step.format)).collect();
    let mut planner = MemoryPlanner {
        graph,
        options,
        fusion,
        formats,
        steps: Vec::with_capacity(steps.len()),
        available: graph.inputs().map(|(id, _)| (id, MemoryFormat::Nchw)).collect(),
        slices: BTreeMap::new(),
        last_use: BTreeMap::new(),
        buffers: Vec::new(),
        buffer_of: BTreeMap::new(),
    };
    planner.insert_reorders(steps);
    planner.place_concatenations();
    planner.assign_buffers();
    planner.add_borders();
    planner.finish()
}

impl MemoryPlanner<'_> {
    /// Follows aliases to the value that owns the memory. A reshaped alias shares memory in the stored order only;
    /// in other formats it is a value of its own.
    fn key(&self, mut id: NodeId, format: MemoryFormat) -> Key {
        while let Some(alias) = self.fusion.alias.get(&id) {
            if alias.reshaped && format != MemoryFormat::Nchw {
                break;
            }
            id = alias.of;
        }
        (id, format)
    }

    /// The format in which a value is computed.
    fn computed_format(&self, id: NodeId) -> MemoryFormat {
        self.formats.get(&id).copied().unwrap_or(MemoryFormat::Nchw)
    }

    /// Takes over the steps in order, and inserts a copy wherever a step reads a value in a format that does not
    /// exist yet.
    fn insert_reorders(&mut self, steps: Vec<FusedStep>) {
        for step in steps {
            for &(operand, format) in &step.operands {
                self.provide(operand, format);
            }
            self.available.insert((step.value, step.format));
            self.steps.push(step);
        }
        for &(_, id) in &self.options.outputs {
            let (id, format) = self.output_key(id);
            self.provide(id, format);
        }
    }

    /// An output is read in the format in which it is computed; where it is a reshaped alias, in the stored order.
    fn output_key(&self, id: NodeId) -> Key {
        let (root, _) = self.key(id, MemoryFormat::Nchw16c);
        let is_alias = self.fusion.alias.contains_key(&root);
        let format = if is_alias { MemoryFormat::Nchw } else { self.computed_format(root) };
        self.key(root, format)
    }

    /// Makes a value available in a format, by copies from the format in which it is computed.
    fn provide(&mut self, id: NodeId, format: MemoryFormat) {
        let (root, format) = self.key(id, format);
        if self.available.contains(&(root, format)) {
            return;
        }
        let is_alias = self.fusion.alias.contains_key(&root);
        let from = if is_alias { MemoryFormat::Nchw } else { self.computed_format(root) };
        let source = self.key(root, from);
        if !self.available.contains(&source) {
            let computed = self.computed_format(source.0);
            self.copy(source.0, computed, from);
        }
        if source != (root, format) {
            self.copy(root, from, format);
        }
    }

    fn copy(&mut self, id: NodeId, from: MemoryFormat, to: MemoryFormat) {
        self.available.insert(self.key(id, to));
        self.steps.push(FusedStep {
            kernel: Kernel::Copy,
            activation: None,
            operands: vec![(id, from)],
            value: id,
            format: to,
            constants: Vec::new(),
            covers: Vec::new(),
            overwrites: None,
        });
    }

    fn operands(&self, step: &FusedStep) -> Vec<Key> {
        step.operands.iter().map(|&(id, format)| self.key(id, format)).collect()
    }

    /// Lets the operands of concatenations be computed within the concatenation's buffer, so that nothing has to be
    /// copied. An operand of two concatenations lies in the first.
    fn place_concatenations(&mut self) {
        let computed: BTreeSet<Key> = self.steps.iter().map(|step| (step.value, step.format)).collect();
        for step in &self.steps {
            let Kernel::Concat { channels } = &step.kernel else { continue };
            if step.format != MemoryFormat::Nchw16c {
                continue;
            }
            for (key, first) in self.operands(step).into_iter().zip(channels) {
                if computed.contains(&key) && !self.slices.contains_key(&key) {
                    let of = (step.value, MemoryFormat::Nchw16c);
                    self.slices.insert(key, ChannelSlice { of, first_block: first / LANES });
                }
            }
        }
    }

    /// The value that owns the buffer in which `key` lies, and the block with which `key` begins there.
    fn owner(&self, mut key: Key) -> (Key, usize) {
        let mut first_block = 0;
        while let Some(slice) = self.slices.get(&key) {
            first_block += slice.first_block;
            key = slice.of;
        }
        (key, first_block)
    }

    /// Gives each value a buffer of its own, or that of an operand which the step overwrites.
    fn assign_buffers(&mut self) {
        let end = self.steps.len() as u32;
        for (index, step) in self.steps.iter().enumerate() {
            for key in self.operands(step) {
                let (owner, _) = self.owner(key);
                self.last_use.insert(owner, index as u32);
            }
        }
        for (_, id) in &self.options.outputs {
            let (owner, _) = self.owner(self.output_key(*id));
            self.last_use.insert(owner, end);
        }
        let inputs: Vec<NodeId> = self.graph.inputs().map(|(id, _)| id).collect();
        for id in inputs {
            self.new_buffer((id, MemoryFormat::Nchw), 0, true);
        }
        for index in 0..self.steps.len() {
            let step = &self.steps[index];
            let key = (step.value, step.format);
            let (owner, _) = self.owner(self.key(key.0, key.1));
            if self.buffer_of.contains_key(&owner) {
                continue;
            }
            let now = index as u32;
            match self.overwritten(step, owner, key, now) {
                Some(buffer) => {
                    let last = self.last_use.get(&owner).copied().unwrap_or(now);
                    self.buffers[buffer].last = last.max(now);
                    self.buffer_of.insert(owner, buffer);
                }
                None => {
                    self.steps[index].overwrites = None;
                    self.new_buffer(owner, now, false);
                }
            }
        }
    }

    fn new_buffer(&mut self, key: Key, first: u32, is_input: bool) {
        let last = self.last_use.get(&key).copied().unwrap_or(first);
        self.buffer_of.insert(key, self.buffers.len());
        let shape = self.graph.node(key.0).shape;
        self.buffers.push(Buffer { shape, format: key.1, halo: Halo::default(), first, last, is_input });
    }

    /// The buffer of the operand that a step overwrites. The operand must fill the buffer alone, have the shape and
    /// format of the result, and be used here for the last time and by no other operand of the step.
    fn overwritten(&self, step: &FusedStep, owner: Key, key: Key, now: u32) -> Option<usize> {
        let operand = step.overwrites?;
        let operands = self.operands(step);
        let old = operands[operand];
        let is_alone = !self.slices.contains_key(&old);
        let buffer = *self.buffer_of.get(&old)?;
        let is_read_twice = operands.iter().enumerate().any(|(index, other)| {
            index != operand && self.buffer_of.get(&self.owner(*other).0) == Some(&buffer)
        });
        let found = &self.buffers[buffer];
        let fits = is_alone
            && owner == key
            && !found.is_input
            && found.last == now
            && found.format == step.format
            && found.shape == self.graph.node(key.0).shape
            && !is_read_twice;
        fits.then_some(buffer)
    }

    /// Widens each buffer by the zeros that the convolutions among its readers need.
    fn add_borders(&mut self) {
        /// Computes the zeros before and behind an axis from its window and the extents of its input and output.
        type Zeros = fn(&Window, u64, u64) -> (usize, usize);
        for step in &self.steps {
            let (rows, columns, zeros): (_, _, Zeros) = match &step.kernel {
                Kernel::Conv(Convolution { rows, columns, algorithm: Algorithm::Direct, .. })
                | Kernel::Depthwise { rows, columns, .. } => (rows, columns, zeros_of_windows),
                Kernel::TransposedConv(TransposedConvolution { rows, columns, .. }) => {
                    (rows, columns, zeros_of_phases)
                }
                _ => continue,
            };
            let (id, format) = step.operands[0];
            let (height, width) = self.graph.node(id).shape.extent();
            let (out_height, out_width) = self.graph.node(step.value).shape.extent();
            let (top, bottom) = zeros(rows, height, out_height);
            let (left, right) = zeros(columns, width, out_width);
            let buffer = self.buffer_of[&self.owner(self.key(id, format)).0];
            let halo = &mut self.buffers[buffer].halo;
            *halo = halo.union(Halo { top, bottom, left, right });
        }
    }
}

/// Zeros before and behind an axis: the declared padding in front, and as many behind as the last window reaches
/// beyond the map.
fn zeros_of_windows(window: &Window, input: u64, outputs: u64) -> (usize, usize) {
    let end = u128::from(outputs - 1) * u128::from(window.stride) + u128::from(window.extent());
    let behind = end.saturating_sub(u128::from(window.pad_before) + u128::from(input));
    (window.pad_before as usize, usize::try_from(behind).unwrap_or(usize::MAX))
}

/// Zeros before and behind an axis that any phase of a transposed convolution reads.
fn zeros_of_phases(window: &Window, input: u64, outputs: u64) -> (usize, usize) {
    let phases = Phase::all(window, input as usize, outputs as usize);
    let zeros = phases.iter().map(|phase| phase.zeros(input as usize));
    zeros.fold((0, 0), |(before, behind), (top, bottom)| (before.max(top), behind.max(bottom)))
}

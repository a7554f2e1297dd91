//! Copies between layouts of different lanes, and the channels of a concatenation that do not lie there already.
#![allow(unsafe_code)]

use crate::lower::{LANES, Step, Tensor};

use super::memory::Memory;
use super::{CompiledStep, halo};

/// The number of bands of rows that a block is split into where there are few blocks.
const BANDS: usize = 8;
/// The number of tasks among which the blocks are divided, where there are many.
const PARTS: usize = 16;

pub(super) struct Copy {
    /// The inputs and the first channel of each in the output.
    inputs: Vec<(Tensor, usize)>,
    output: Tensor,
    blocks: usize,
    parts: usize,
    bands: usize,
    /// Whether all maps are a single position, whose channels the output stores one by one: blocks then lie as the
    /// output does.
    is_vector: bool,
    phases: [usize; 1],
}

impl Copy {
    pub(super) fn new(step: &Step, batch: usize, first_channels: &[usize]) -> Copy {
        let output = step.output;
        let blocks = (output.shape.channels() as usize).div_ceil(output.layout.lanes);
        let bands = if blocks < BANDS { BANDS.min(output.layout.height) } else { 1 };
        let is_position = |one: &Tensor| one.shape.extent() == (1, 1) && one.layout.is_flat();
        let is_vector = output.layout.lanes == 1 && step.inputs.iter().chain([&output]).all(is_position);
        let inputs = step.inputs.iter().copied().zip(first_channels.iter().copied()).collect();
        let parts = if is_vector { 1 } else { blocks.min(PARTS) };
        Copy { inputs, output, blocks, parts, bands, is_vector, phases: [batch * parts * bands] }
    }
}

impl CompiledStep for Copy {
    fn phases(&self) -> &[usize] {
        &self.phases
    }

    fn run(&self, _phase: usize, task: usize, arena: &Memory, _scratch: &Memory) {
        let (task, band) = (task / self.bands, task % self.bands);
        let (picture, part) = (task / self.parts, task % self.parts);
        if self.is_vector {
            return self.vector(arena, picture);
        }
        for block in part * self.blocks / self.parts..(part + 1) * self.blocks / self.parts {
            self.block(arena, picture, block, band);
        }
    }
}

impl Copy {
    fn vector(&self, arena: &Memory, picture: usize) {
        for (input, first) in &self.inputs {
            let channels = input.shape.channels() as usize;
            let target = self.output.offset + self.output.layout.at(picture, 0, 0) + first;
            let source = input.offset + input.layout.at(picture, 0, 0);
            // SAFETY: nobody writes the input of a step while it runs, and no other task writes these channels.
            unsafe { arena.slice_mut(target, channels).copy_from_slice(arena.slice(source, channels)) };
        }
    }

    fn block(&self, arena: &Memory, picture: usize, block: usize, band: usize) {
        let lanes = self.output.layout.lanes;
        let height = self.output.layout.height;
        let rows = band * height / self.bands..(band + 1) * height / self.bands;
        for (input, first) in &self.inputs {
            // The channels of this block that come from this input, counted in the output.
            let end = first + input.shape.channels() as usize;
            let (from, to) = ((*first).max(block * lanes), end.min(block * lanes + lanes));
            if from >= to {
                continue;
            }
            if band == 0 {
                // SAFETY: no other task has the first band of this block.
                unsafe { halo::clear(arena, &self.output, picture, block) };
            }
            // Behind the last channel of the output, the lanes of its block are filled with zeros.
            let is_last = to == self.output.shape.channels() as usize && lanes == LANES;
            let padded = if is_last { block * lanes + lanes } else { to };
            for row in rows.clone() {
                let target = self.output.offset + self.output.layout.at(picture, block, row);
                // SAFETY: no other task writes this row of this block.
                let target = unsafe { arena.slice_mut(target, self.output.layout.width * lanes) };
                for channel in from..padded {
                    let slots = target.iter_mut().skip(channel - block * lanes).step_by(lanes);
                    if channel >= to {
                        slots.for_each(|slot| *slot = 0.0);
                        continue;
                    }
                    let (own, layout) = (channel - first, &input.layout);
                    let source = input.offset + layout.at(picture, own / layout.lanes, row);
                    // SAFETY: nobody writes the input of a step while it runs.
                    let source = unsafe { arena.slice(source, layout.width * layout.lanes) };
                    let values = source.iter().skip(own % layout.lanes).step_by(layout.lanes);
                    slots.zip(values).for_each(|(slot, &value)| *slot = value);
                }
            }
        }
    }
}

//! Copies between layouts of different lanes, and the channels of a concatenation that do not lie there already.
#![allow(unsafe_code)]

use crate::lower::{LANES, Step, Tensor};

use super::lanes::{Body, Isa, Lanes, with};
use super::memory::Memory;
use super::{CompiledStep, halo};

/// The number of bands of rows that a block is split into where there are few blocks.
const BANDS: usize = 8;
/// The number of tasks among which the blocks are divided, where there are many.
const PARTS: usize = 16;

pub(super) struct Copy {
    isa: Isa,
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
    pub(super) fn new(isa: Isa, step: &Step, batch: usize, first_channels: &[usize]) -> Copy {
        let output = step.output;
        let blocks = (output.shape.channels() as usize).div_ceil(output.layout.lanes);
        let bands = if blocks < BANDS { BANDS.min(output.layout.height) } else { 1 };
        let is_position = |one: &Tensor| one.shape.extent() == (1, 1) && one.layout.is_flat();
        let is_vector = output.layout.lanes == 1 && step.inputs.iter().chain([&output]).all(is_position);
        let inputs = step.inputs.iter().copied().zip(first_channels.iter().copied()).collect();
        let parts = if is_vector { 1 } else { blocks.min(PARTS) };
        Copy { isa, inputs, output, blocks, parts, bands, is_vector, phases: [batch * parts * bands] }
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
                let target = arena.at(self.output.offset + self.output.layout.at(picture, block, row));
                let source = |own: usize| {
                    let first = input.layout.at(picture, own / input.layout.lanes, row);
                    arena.at(input.offset + first + own % input.layout.lanes).cast_const()
                };
                let (width, step) = (input.layout.width, input.layout.lanes);
                // SAFETY: nobody writes the input of a step while it runs, and no other task writes this row of this
                // block.
                unsafe {
                    if (lanes, from, to, step) == (3, 0, 3, 1) {
                        let sources = [source(0), source(1), source(2)];
                        with(self.isa, Interleaved { sources, target, width });
                        continue;
                    }
                    for channel in from..to {
                        let target = target.wrapping_add(channel - block * lanes);
                        copy_line(source(channel - first), step, target, lanes, width);
                    }
                    for channel in to..padded {
                        let target = target.wrapping_add(channel - block * lanes);
                        copy_line(&0.0, 0, target, lanes, width);
                    }
                }
            }
        }
    }
}

/// Copies elements that lie `step` apart to places that lie `lanes` apart.
///
/// # Safety
/// The elements can be read, the places be written, and nobody else writes them meanwhile.
unsafe fn copy_line(mut source: *const f32, step: usize, mut target: *mut f32, lanes: usize, width: usize) {
    for _ in 0..width {
        // SAFETY: the caller's promise.
        unsafe { *target = *source };
        (source, target) = (source.wrapping_add(step), target.wrapping_add(lanes));
    }
}

/// A row of a picture of three channels, which the output stores side by side.
struct Interleaved {
    sources: [*const f32; 3],
    target: *mut f32,
    width: usize,
}

impl Body for Interleaved {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        // SAFETY: the caller has promised that the rows can be read and nobody else uses the target.
        let (sources, target) = unsafe {
            (
                self.sources.map(|source| std::slice::from_raw_parts(source, self.width)),
                std::slice::from_raw_parts_mut(self.target, 3 * self.width),
            )
        };
        let [red, green, blue] = sources;
        for (((pixel, &red), &green), &blue) in target.chunks_exact_mut(3).zip(red).zip(green).zip(blue) {
            pixel.copy_from_slice(&[red, green, blue]);
        }
    }
}

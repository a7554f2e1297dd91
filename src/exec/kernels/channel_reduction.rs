//! The mean or the greatest of the channels at each position, a row of positions at a time.
#![allow(unsafe_code)]

use crate::lower::{ChannelReduction, LANES, Step, Tensor};

use super::CompiledStep;
use super::bands::{Band, Bands};
use super::channel_sums::{Blocks, Greatest, Sum, TOGETHER, in_runs};
use super::lanes::{Body, Isa, Lanes, with};
use super::memory::Memory;

/// The least number of tasks for a picture that has as many rows.
const TASKS: usize = 8;

pub(super) struct Reducing {
    isa: Isa,
    reduction: ChannelReduction,
    input: Tensor,
    output: Tensor,
    bands: Bands,
    phases: [usize; 1],
}

impl Reducing {
    pub(super) fn new(isa: Isa, step: &Step, reduction: ChannelReduction, batch: usize) -> Reducing {
        let bands = Bands::of_tasks(&step.output, TASKS);
        Reducing {
            isa,
            reduction,
            input: step.inputs[0],
            output: step.output,
            bands,
            phases: [bands.tasks(batch)],
        }
    }
}

impl CompiledStep for Reducing {
    fn phases(&self) -> &[usize] {
        &self.phases
    }

    fn run(&self, _phase: usize, task: usize, arena: &Memory, _scratch: &Memory) {
        // SAFETY: the executor runs each task once, and only this step's tasks access the output meanwhile.
        let Band { picture, rows, .. } = unsafe { self.bands.begin(task, arena, &self.output) };
        for row in rows {
            let start = |tensor: &Tensor| arena.at(tensor.offset + tensor.layout.at(picture, 0, row));
            let blocks = Blocks {
                start: start(&self.input).cast_const(),
                distance: self.input.layout.block(),
                channels: self.input.shape.channels() as usize,
            };
            with(self.isa, Row { of: self, blocks, output: start(&self.output) });
        }
    }
}

struct Row<'a> {
    of: &'a Reducing,
    blocks: Blocks,
    output: *mut f32,
}

impl Body for Row<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        in_runs!(self.of.output.layout.width, |first, COUNT| {
            // SAFETY: the row has these positions.
            unsafe { self.run_of::<V, COUNT>(first) }
        });
    }
}

impl Row<'_> {
    /// # Safety
    /// The row has `N` positions from `first` on, and no other task writes them.
    #[inline(always)]
    unsafe fn run_of<V: Lanes, const N: usize>(&self, first: usize) {
        let blocks = Blocks { start: self.blocks.start.wrapping_add(first * LANES), ..self.blocks };
        // SAFETY: the caller's promise.
        unsafe {
            let joined: [f32; N] = match self.of.reduction {
                ChannelReduction::Mean => {
                    let mut means = blocks.joined::<V, Sum, N>(&Sum);
                    for mean in &mut means {
                        *mean /= blocks.channels as f32;
                    }
                    means
                }
                ChannelReduction::Greatest => blocks.joined::<V, Greatest, N>(&Greatest),
            };
            for (position, value) in joined.into_iter().enumerate() {
                *self.output.wrapping_add(first + position) = value;
            }
        }
    }
}

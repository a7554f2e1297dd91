//! Rearrangements: moves elements by tables, row by row. Where a block of sixteen channels stays together, it moves as
//! one vector.
#![allow(unsafe_code)]

use crate::lower::{LANES, Rearrangement, Step, Tensor};

use super::CompiledStep;
use super::bands::{Band, Bands};
use super::memory::Memory;

/// The least number of tasks for a picture that has as many rows.
const TASKS: usize = 8;

pub(super) struct Rearranging {
    input: Tensor,
    output: Tensor,
    tables: Rearrangement,
    /// For each block of the output, the block of the input whose channels it copies in order; none where its channels
    /// come from several blocks.
    whole: Vec<Option<usize>>,
    bands: Bands,
    phases: [usize; 1],
}

impl Rearranging {
    pub(super) fn new(step: &Step, tables: &Rearrangement, batch: usize) -> Rearranging {
        let (input, output) = (step.inputs[0], step.output);
        let channels = output.shape.channels() as usize;
        let blocks = channels.div_ceil(output.layout.lanes);
        let whole = |block: usize| {
            let own = block * LANES..channels.min((block + 1) * LANES);
            let first = tables.channels[own.start];
            let stays = tables.period == 1
                && [input, output].iter().all(|one| one.layout.lanes == LANES)
                && first.is_multiple_of(LANES)
                && own.clone().enumerate().all(|(lane, channel)| tables.channels[channel] == first + lane)
                && own
                    .clone()
                    .all(|channel| tables.rows.offsets[channel] == 0 && tables.columns.offsets[channel] == 0);
            stays.then_some(first / LANES)
        };
        let whole = (0..blocks).map(|block| if output.layout.lanes == LANES { whole(block) } else { None });
        let bands = Bands::of_tasks(&output, TASKS);
        let phases = [bands.tasks(batch)];
        Rearranging { input, output, tables: tables.clone(), whole: whole.collect(), bands, phases }
    }

    /// Copies a row of a block whose channels stay together.
    fn move_vectors(&self, row: &[f32], target: &mut [f32]) {
        let vectors = target.as_chunks_mut::<LANES>().0;
        let row = row.as_chunks::<LANES>().0;
        for (vector, from) in vectors.iter_mut().zip(&self.tables.columns.positions) {
            *vector = from.map_or([self.tables.fill; LANES], |column| row[column]);
        }
    }
}

impl CompiledStep for Rearranging {
    fn phases(&self) -> &[usize] {
        &self.phases
    }

    fn run(&self, _phase: usize, task: usize, arena: &Memory, _scratch: &Memory) {
        let Rearranging { input, output, tables, .. } = self;
        // SAFETY: the executor runs each task once, and only this step's tasks access the output meanwhile.
        let Band { picture, block, rows } = unsafe { self.bands.begin(task, arena, output) };
        let (lanes, width) = (output.layout.lanes, output.layout.width);
        let channels = output.shape.channels() as usize;
        let source = |block: usize, row: usize| {
            let start = input.offset + input.layout.at(picture, block, row);
            // SAFETY: nobody writes the input of a step while it runs.
            unsafe { arena.slice(start, input.layout.width * input.layout.lanes) }
        };
        for row in rows {
            let target = output.offset + output.layout.at(picture, block, row);
            // SAFETY: no other task writes this row of this block.
            let target = unsafe { arena.slice_mut(target, width * lanes) };
            let Some(from) = tables.rows.positions[row] else {
                target.fill(tables.fill);
                continue;
            };
            if let Some(whole) = self.whole[block] {
                self.move_vectors(source(whole, from), target);
                continue;
            }
            for (lane, channel) in (block * lanes..channels.min((block + 1) * lanes)).enumerate() {
                let shift = tables.columns.offsets[channel];
                for place in 0..tables.period.min(width) {
                    let places = row % tables.period * tables.period + place;
                    let of_input = tables.channels[places * channels + channel];
                    let (of_block, own) = (of_input / input.layout.lanes, of_input % input.layout.lanes);
                    let line = source(of_block, from + tables.rows.offsets[channel]);
                    let columns = tables.columns.positions.iter().skip(place).step_by(tables.period);
                    let slots = target.iter_mut().skip(place * lanes + lane).step_by(tables.period * lanes);
                    for (slot, column) in slots.zip(columns) {
                        *slot = column
                            .map_or(tables.fill, |column| line[(column + shift) * input.layout.lanes + own]);
                    }
                }
            }
        }
    }
}

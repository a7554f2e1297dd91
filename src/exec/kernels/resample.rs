//! Interpolation to another height and width, sixteen channels at once; the weights of both axes are multiplied.
#![allow(unsafe_code)]

use crate::lower::{LANES, Resample, Step, Tensor};

use super::CompiledStep;
use super::bands::{Band, Bands};
use super::lanes::{Body, Isa, Lanes, with};
use super::memory::Memory;

/// The number of rows of a task.
const ROWS: usize = 14;

pub(super) struct Resampling {
    isa: Isa,
    taps: Resample,
    input: Tensor,
    output: Tensor,
    bands: Bands,
    phases: [usize; 1],
}

impl Resampling {
    pub(super) fn new(isa: Isa, step: &Step, taps: &Resample, batch: usize) -> Resampling {
        let (input, output) = (step.inputs[0], step.output);
        let bands = Bands::of_rows(&output, ROWS);
        Resampling { isa, taps: taps.clone(), input, output, bands, phases: [bands.tasks(batch)] }
    }
}

impl CompiledStep for Resampling {
    fn phases(&self) -> &[usize] {
        &self.phases
    }

    fn run(&self, _phase: usize, task: usize, arena: &Memory, _scratch: &Memory) {
        // SAFETY: the executor runs each task once, and only this step's tasks access the output meanwhile.
        let band = unsafe { self.bands.begin(task, arena, &self.output) };
        with(self.isa, Rows { of: self, arena, band });
    }
}

struct Rows<'a> {
    of: &'a Resampling,
    arena: &'a Memory,
    band: Band,
}

impl Body for Rows<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Resampling { taps, input, output, .. } = self.of;
        let Band { picture, block, rows } = self.band;
        let source: *const f32 = self.arena.at(input.offset + input.layout.at(picture, block, 0));
        let line = input.layout.row();
        for (row, down) in rows.clone().zip(&taps.rows[rows]) {
            let target = self.arena.at(output.offset + output.layout.at(picture, block, row));
            for (column, across) in taps.columns.iter().enumerate() {
                let mut sum = V::splat(0.0);
                for (index, &(y, weight)) in down.iter().enumerate() {
                    let mut along = V::splat(0.0);
                    for (index, &(x, weight)) in across.iter().enumerate() {
                        // SAFETY: taps lie inside the input.
                        let value = unsafe { V::load(source.wrapping_add(y * line + x * LANES)) };
                        let part = value.mul(V::splat(weight));
                        along = if index == 0 { part } else { along.add(part) };
                    }
                    let part = along.mul(V::splat(weight));
                    sum = if index == 0 { part } else { sum.add(part) };
                }
                // SAFETY: no other task writes this output.
                unsafe { sum.store(target.wrapping_add(column * LANES)) };
            }
        }
    }
}

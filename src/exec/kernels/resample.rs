//! Maps of another height and width, interpolated: sixteen channels at once, each pixel from its neighbours along both
//! axes.
#![allow(unsafe_code)]

use crate::lower::{LANES, Resample, Step, Tensor};

use super::lanes::{Body, Isa, Lanes, with};
use super::memory::Memory;
use super::{CompiledStep, halo};

/// Rows of a task.
const ROWS: usize = 14;

pub(super) struct Resampling {
    isa: Isa,
    taps: Resample,
    input: Tensor,
    output: Tensor,
    blocks: usize,
    bands: usize,
    phases: [usize; 1],
}

impl Resampling {
    pub(super) fn new(isa: Isa, step: &Step, taps: &Resample, batch: usize) -> Resampling {
        let (input, output) = (step.inputs[0], step.output);
        let blocks = (output.shape.channels() as usize).div_ceil(LANES);
        let bands = output.layout.height.div_ceil(ROWS);
        Resampling { isa, taps: taps.clone(), input, output, blocks, bands, phases: [batch * blocks * bands] }
    }
}

impl CompiledStep for Resampling {
    fn phases(&self) -> &[usize] {
        &self.phases
    }

    fn run(&self, _phase: usize, task: usize, arena: &Memory, _scratch: &Memory) {
        let (task, band) = (task / self.bands, task % self.bands);
        let (picture, block) = (task / self.blocks, task % self.blocks);
        if band == 0 {
            // SAFETY: no other task has the first band of this block.
            unsafe { halo::clear(arena, &self.output, picture, block) };
        }
        with(self.isa, Band { of: self, arena, picture, block, band });
    }
}

struct Band<'a> {
    of: &'a Resampling,
    arena: &'a Memory,
    picture: usize,
    block: usize,
    band: usize,
}

impl Body for Band<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Resampling { taps, input, output, .. } = self.of;
        let source: *const f32 = self.arena.at(input.offset + input.layout.at(self.picture, self.block, 0));
        let line = input.layout.row();
        let rows = taps.rows.iter().enumerate().skip(self.band * ROWS).take(ROWS);
        for (row, down) in rows {
            let target = self.arena.at(output.offset + output.layout.at(self.picture, self.block, row));
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

//! Pooling, sixteen channels at once. Windows are clipped to the map in advance, so the map needs no halo.
#![allow(unsafe_code)]

use crate::lower::{LANES, Step, Tensor};
use crate::ops::{Pool, Reduction, Region, adaptive_bounds};
use crate::tensor::Window;

use super::CompiledStep;
use super::bands::{Band, Bands};
use super::lanes::{Body, Isa, Lanes, with};
use super::memory::Memory;

/// The number of rows of a task.
const ROWS: usize = 14;

/// The input positions of one window along an axis, from `first`, `step` apart, and the number of taps in its divisor.
struct Taps {
    first: usize,
    count: usize,
    step: usize,
    declared: usize,
}

pub(super) struct Pooling {
    isa: Isa,
    reduction: Reduction,
    rows: Vec<Taps>,
    columns: Vec<Taps>,
    input: Tensor,
    output: Tensor,
    bands: Bands,
    phases: [usize; 1],
}

impl Pooling {
    pub(super) fn new(isa: Isa, step: &Step, pool: &Pool, batch: usize) -> Pooling {
        let (input, output) = (step.inputs[0], step.output);
        let (height, width) = input.shape.extent();
        let (out_height, out_width) = output.shape.extent();
        let (rows, columns) = match pool.region {
            Region::Sliding(sliding) => {
                let (rows, columns) = sliding.windows((height, width));
                (sliding_taps(rows, height, out_height), sliding_taps(columns, width, out_width))
            }
            Region::Global => (adaptive_taps(height, 1), adaptive_taps(width, 1)),
            Region::Adaptive(down, across) => (adaptive_taps(height, down), adaptive_taps(width, across)),
        };
        let bands = Bands::of_rows(&output, ROWS);
        let phases = [bands.tasks(batch)];
        Pooling { isa, reduction: pool.reduction, rows, columns, input, output, bands, phases }
    }
}

impl CompiledStep for Pooling {
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
    of: &'a Pooling,
    arena: &'a Memory,
    band: Band,
}

impl Body for Rows<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Pooling { reduction, rows, columns, input, output, .. } = self.of;
        let Band { picture, block, rows: of_band } = self.band;
        let source: *const f32 = self.arena.at(input.offset + input.layout.at(picture, block, 0));
        let line = input.layout.row();
        for (row, down) in of_band.clone().zip(&rows[of_band]) {
            let target = self.arena.at(output.offset + output.layout.at(picture, block, row));
            for (column, across) in columns.iter().enumerate() {
                let start = source.wrapping_add(down.first * line + across.first * LANES);
                let initial = if *reduction == Reduction::Max { f32::NEG_INFINITY } else { 0.0 };
                let mut result = V::splat(initial);
                for y in 0..down.count {
                    for x in 0..across.count {
                        let from = start.wrapping_add(y * down.step * line + x * across.step * LANES);
                        // SAFETY: taps lie inside the input.
                        let value = unsafe { V::load(from) };
                        result = if *reduction == Reduction::Max {
                            result.greater(value)
                        } else {
                            result.add(value)
                        };
                    }
                }
                let divisor = match reduction {
                    Reduction::Max => None,
                    Reduction::Average => Some(down.count * across.count),
                    Reduction::AverageWithPadding => Some(down.declared * across.declared),
                };
                if let Some(divisor) = divisor {
                    result = result.div(V::splat(divisor as f32));
                }
                // SAFETY: no other task writes this output.
                unsafe { result.store(target.wrapping_add(column * LANES)) };
            }
        }
    }
}

fn sliding_taps(window: Window, input: u64, outputs: u64) -> Vec<Taps> {
    let one = |index| {
        let inside = window.taps_inside(index, input);
        let end = (input + window.pad_after) as i64;
        Taps {
            first: window.position(index, inside.start).max(0) as usize,
            count: (inside.end - inside.start) as usize,
            step: window.dilation as usize,
            declared: (0..window.kernel).filter(|&tap| window.position(index, tap) < end).count(),
        }
    };
    (0..outputs).map(one).collect()
}

fn adaptive_taps(input: u64, outputs: u64) -> Vec<Taps> {
    let one = |index| {
        let (first, end) = adaptive_bounds(index, input, outputs);
        Taps {
            first: first as usize,
            count: (end - first) as usize,
            step: 1,
            declared: (end - first) as usize,
        }
    };
    (0..outputs).map(one).collect()
}

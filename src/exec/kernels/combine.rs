//! Differences, products, greatest and least elements of several maps, sixteen channels at once. A factor may be one
//! number for each channel, or one channel for all.
#![allow(unsafe_code)]

use crate::lower::{Combination, LANES, Step, Tensor};

use super::CompiledStep;
use super::activate::Epilogue;
use super::bands::{Band, Bands};
use super::lanes::{Body, Isa, Lanes, with};
use super::memory::Memory;

/// The least number of tasks for a picture that has as many rows.
const TASKS: usize = 8;

pub(super) struct Combining {
    isa: Isa,
    combination: Combination,
    inputs: Vec<Tensor>,
    output: Tensor,
    epilogue: Epilogue,
    bands: Bands,
    phases: [usize; 1],
}

impl Combining {
    pub(super) fn new(isa: Isa, step: &Step, combination: Combination, batch: usize) -> Combining {
        let output = step.output;
        let bands = Bands::of_tasks(&output, TASKS);
        Combining {
            isa,
            combination,
            inputs: step.inputs.clone(),
            output,
            epilogue: Epilogue::of(step.activation),
            bands,
            phases: [bands.tasks(batch)],
        }
    }

    /// The first vector of an operand's row, and the step from one vector to the next.
    fn operand(
        &self,
        arena: &Memory,
        input: &Tensor,
        (picture, block, row): (usize, usize, usize),
    ) -> Operand {
        let (shape, full) = (input.shape, self.output.shape);
        let is_one_position = shape.extent() != full.extent();
        let spread = shape.channels() != full.channels();
        let block = if spread { 0 } else { block };
        let row = if is_one_position { 0 } else { row };
        let start = arena.at(input.offset + input.layout.at(picture, block, row)).cast_const();
        Operand { start, step: if is_one_position { 0 } else { LANES }, spread }
    }
}

impl CompiledStep for Combining {
    fn phases(&self) -> &[usize] {
        &self.phases
    }

    fn run(&self, _phase: usize, task: usize, arena: &Memory, _scratch: &Memory) {
        // SAFETY: the executor runs each task once, and only this step's tasks access the output meanwhile.
        let Band { picture, block, rows } = unsafe { self.bands.begin(task, arena, &self.output) };
        for row in rows {
            let output = arena.at(self.output.offset + self.output.layout.at(picture, block, row));
            with(self.isa, Row { of: self, arena, place: (picture, block, row), output });
        }
    }
}

/// A row of an operand.
struct Operand {
    start: *const f32,
    /// Elements from one vector to the next; 0 where one vector serves all positions.
    step: usize,
    /// Whether the first lane serves all channels.
    spread: bool,
}

impl Operand {
    /// Loads the vector of a column.
    ///
    /// # Safety
    /// The vector can be read.
    #[inline(always)]
    unsafe fn at<V: Lanes>(&self, column: usize) -> V {
        let from = self.start.wrapping_add(column * self.step);
        // SAFETY: the caller's promise.
        unsafe { if self.spread { V::splat(*from) } else { V::load(from) } }
    }
}

struct Row<'a> {
    of: &'a Combining,
    arena: &'a Memory,
    place: (usize, usize, usize),
    output: *mut f32,
}

impl Body for Row<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Combining { isa, combination, inputs, output, epilogue, .. } = self.of;
        let width = output.layout.width;
        let last = inputs.len() - 1;
        let mut before: Option<Operand> = None;
        for (index, input) in inputs.iter().enumerate() {
            let operand = self.of.operand(self.arena, input, self.place);
            // The first pass reads two operands; each later pass combines the output so far with one more.
            let own = match before.take() {
                None if last > 0 => {
                    before = Some(operand);
                    continue;
                }
                None => Operand { start: operand.start, ..operand },
                Some(first) => first,
            };
            let limits = if index == last { *epilogue } else { Epilogue::of(None) };
            let (min, max) = (V::splat(limits.min), V::splat(limits.max));
            for column in 0..width {
                // SAFETY: the operands have a vector for each position of the output, or one for all; no other task
                // writes this row.
                unsafe {
                    let (a, b) = (own.at::<V>(column), operand.at::<V>(column));
                    let value = match combination {
                        _ if last == 0 => a,
                        Combination::Difference => a.sub(b),
                        Combination::Product => a.mul(b),
                        Combination::Greatest => a.greater(b),
                        Combination::Least => {
                            let zero = V::splat(0.0);
                            zero.sub(zero.sub(a).greater(zero.sub(b)))
                        }
                    };
                    value.at_least(min).at_most(max).store(self.output.wrapping_add(column * LANES));
                }
            }
            before = Some(Operand { start: self.output, step: LANES, spread: false });
        }
        // SAFETY: as above.
        unsafe { epilogue.after(*isa, self.output, width * LANES) };
    }
}

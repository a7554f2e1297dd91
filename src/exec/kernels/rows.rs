//! Element-wise steps over tensors of the same lanes, row by row: a factor and a summand for each channel, sums,
//! activations, and copies between layouts that differ in their zeros only.
#![allow(unsafe_code)]

use std::sync::Arc;

use crate::lower::{Kernel, LANES, Step, Tensor};

use super::activate::Epilogue;
use super::lanes::{Body, Isa, Lanes, with};
use super::memory::Memory;
use super::{CompiledStep, halo};

/// The number of elements of a task, for tensors without halo.
const TASK: usize = 1 << 14;

pub(super) struct Rows {
    isa: Isa,
    inputs: Vec<Tensor>,
    output: Tensor,
    /// Factors and summands of the channels.
    affine: Option<(Arc<Memory>, Arc<Memory>)>,
    epilogue: Epilogue,
    blocks: usize,
    /// Elements of a picture, if no tensor has a halo, so that each is one contiguous run.
    flat: Option<usize>,
    phases: [usize; 1],
}

impl Rows {
    pub(super) fn new(isa: Isa, step: &Step, batch: usize, packed: &[Arc<Memory>]) -> Rows {
        let output = step.output;
        let channels = output.shape.channels() as usize;
        let affine =
            (step.kernel == Kernel::Affine).then(|| (Arc::clone(&packed[0]), Arc::clone(&packed[1])));
        let blocks = channels.div_ceil(output.layout.lanes);
        let alone = |one: &Tensor| one.layout.is_flat() && one.layout.blocks == blocks;
        let flat = (affine.is_none() && step.inputs.iter().chain([&output]).all(alone))
            .then(|| output.layout.picture() * batch);
        let phases = [flat.map_or(batch * blocks, |elements| elements.div_ceil(TASK))];
        let epilogue = Epilogue::of(step.activation);
        Rows { isa, inputs: step.inputs.clone(), output, affine, epilogue, blocks, flat, phases }
    }
}

impl CompiledStep for Rows {
    fn phases(&self) -> &[usize] {
        &self.phases
    }

    fn run(&self, _phase: usize, task: usize, arena: &Memory, _scratch: &Memory) {
        if let Some(elements) = self.flat {
            let start = task * TASK;
            let place = |one: &Tensor| one.offset + start;
            return self.row(arena, place, 0, TASK.min(elements - start));
        }
        let (picture, block) = (task / self.blocks, task % self.blocks);
        // SAFETY: each block is one task.
        unsafe { halo::clear(arena, &self.output, picture, block) };
        let len = self.output.layout.width * self.output.layout.lanes;
        for row in 0..self.output.layout.height {
            self.row(arena, |one| one.offset + one.layout.at(picture, block, row), block, len);
        }
    }
}

impl Rows {
    fn row(&self, arena: &Memory, place: impl Fn(&Tensor) -> usize, block: usize, len: usize) {
        let output = arena.at(place(&self.output));
        let lanes = self.output.layout.lanes;
        let affine = self.affine.as_ref().map(|(factors, summands)| {
            let at = |memory: &Memory| memory.at(block * lanes).cast_const();
            (at(factors), at(summands))
        });
        let spread = lanes == LANES;
        let input = |index: usize| arena.at(place(&self.inputs[index])).cast_const();
        // The clamp applies to the complete sum only.
        let last = self.inputs.len() - 1;
        let epilogue = |index: usize| if index == last { self.epilogue } else { Epilogue::of(None) };
        with(self.isa, Run { input: input(0), output, len, affine, spread, epilogue: epilogue(0) });
        for index in 1..=last {
            with(self.isa, Sum { input: input(index), output, len, epilogue: epilogue(index) });
        }
        // SAFETY: no other task writes this row.
        unsafe { self.epilogue.after(self.isa, output, len) };
    }
}

/// Copies a row of the first input to the output, with factor, summand and epilogue.
struct Run {
    input: *const f32,
    output: *mut f32,
    len: usize,
    affine: Option<(*const f32, *const f32)>,
    /// Whether the factors are those of sixteen channels; otherwise one factor serves the whole row.
    spread: bool,
    epilogue: Epilogue,
}

impl Body for Run {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        // SAFETY: a row of the input can be read, one of the output written; they are the same or disjoint. The
        // packed factors have whole blocks.
        unsafe {
            let (factor, summand) = match self.affine {
                None => (V::splat(1.0), V::splat(0.0)),
                Some((factor, summand)) if self.spread => (V::load(factor), V::load(summand)),
                Some((factor, summand)) => (V::splat(*factor), V::splat(*summand)),
            };
            let (min, max) = (V::splat(self.epilogue.min), V::splat(self.epilogue.max));
            let epilogue = |value: V| {
                let value = if self.affine.is_some() { summand.mac(value, factor) } else { value };
                value.at_least(min).at_most(max)
            };
            let whole = self.len / 16 * 16;
            for index in (0..whole).step_by(16) {
                epilogue(V::load(self.input.wrapping_add(index))).store(self.output.wrapping_add(index));
            }
            let mut lanes = [0.0; 16];
            for index in whole..self.len {
                lanes[index - whole] = *self.input.wrapping_add(index);
            }
            epilogue(V::load(lanes.as_ptr())).store(lanes.as_mut_ptr());
            for index in whole..self.len {
                *self.output.wrapping_add(index) = lanes[index - whole];
            }
        }
    }
}

/// Adds a row of another input to the output.
struct Sum {
    input: *const f32,
    output: *mut f32,
    len: usize,
    epilogue: Epilogue,
}

impl Body for Sum {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        // SAFETY: a row of the input can be read, one of the output written, and they are disjoint.
        let (input, output) = unsafe {
            (
                std::slice::from_raw_parts(self.input, self.len),
                std::slice::from_raw_parts_mut(self.output, self.len),
            )
        };
        let Epilogue { min, max, .. } = self.epilogue;
        for (sum, &value) in output.iter_mut().zip(input) {
            let result = *sum + value;
            let result = if result < min { min } else { result };
            *sum = if result > max { max } else { result };
        }
    }
}

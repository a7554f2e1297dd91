//! The definition of an operator as a step: each picture is one task.
#![allow(unsafe_code)]

use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD, IxDyn};

use crate::lower::{Step, Tensor};
use crate::ops::{Op, Operator};
use crate::tensor::Shape;

use super::CompiledStep;
use super::memory::Memory;

pub(super) struct Reference {
    op: Op,
    inputs: Vec<Tensor>,
    output: Tensor,
    constants: Vec<ArrayD<f32>>,
    phases: [usize; 1],
}

impl Reference {
    pub(super) fn new(step: &Step, op: &Op, batch: usize, constants: Vec<ArrayD<f32>>) -> Reference {
        let inputs = step.inputs.clone();
        Reference { op: op.clone(), inputs, output: step.output, constants, phases: [batch] }
    }
}

impl CompiledStep for Reference {
    fn phases(&self) -> &[usize] {
        &self.phases
    }

    fn run(&self, _phase: usize, picture: usize, arena: &Memory, _scratch: &Memory) {
        let dims =
            |shape: &Shape| IxDyn(&shape.stored().into_iter().map(|dim| dim as usize).collect::<Vec<_>>());
        let views: Vec<ArrayViewD<'_, f32>> = self
            .inputs
            .iter()
            .map(|input| {
                let len = input.layout.picture();
                // SAFETY: nobody writes the inputs of a step while it runs.
                let values = unsafe { arena.slice(input.offset + picture * len, len) };
                ArrayViewD::from_shape(dims(&input.shape), values)
                    .expect("a tensor has the elements of its shape")
            })
            .collect();
        let constants: Vec<ArrayViewD<'_, f32>> =
            self.constants.iter().map(|constant| constant.view()).collect();
        let len = self.output.layout.picture();
        // SAFETY: no other task writes this picture.
        let target = unsafe { arena.slice_mut(self.output.offset + picture * len, len) };
        let target = ArrayViewMutD::from_shape(dims(&self.output.shape), target)
            .expect("a tensor has the elements of its shape");
        self.op.reference(&views, &constants, target);
    }
}

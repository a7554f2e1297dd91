//! Runs the reference kernel of an operator as a step: each picture is one task.
#![allow(unsafe_code)]

use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD, Dimension, IxDyn};

use crate::diag::Failure;
use crate::lower::{Step, Tensor};
use crate::ops::{Arrays, Op, Operator};
use crate::tensor::Shape;

use super::CompiledStep;
use super::memory::Memory;

pub(super) struct Reference {
    op: Op,
    inputs: Vec<Tensor>,
    output: Tensor,
    /// The constants in stored order, and their dimensions.
    constants: Vec<(Arc<Memory>, IxDyn)>,
    phases: [usize; 1],
}

impl Reference {
    pub(super) fn new(step: &Step, op: &Op, batch: usize, packed: &[Arc<Memory>]) -> Reference {
        let dims = |shape: &[u64]| IxDyn(&shape.iter().map(|&dim| dim as usize).collect::<Vec<_>>());
        let constants = step.constants.iter().map(|constant| dims(&constant.shape));
        let constants = packed.iter().cloned().zip(constants).collect();
        let inputs = step.inputs.clone();
        Reference { op: op.clone(), inputs, output: step.output, constants, phases: [batch] }
    }

    /// Copies the constants unchanged.
    ///
    /// # Errors
    /// E0607 where there is too little memory.
    pub(super) fn pack(constants: &[ArrayD<f32>]) -> Result<Vec<Memory>, Failure> {
        let one = |constant: &ArrayD<f32>| {
            let mut memory = Memory::zeroed(constant.len())?;
            memory.all_mut().iter_mut().zip(constant).for_each(|(slot, &value)| *slot = value);
            Ok(memory)
        };
        constants.iter().map(one).collect()
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
        let constants: Vec<ArrayViewD<'_, f32>> = self
            .constants
            .iter()
            .map(|(memory, dims)| {
                // SAFETY: nobody writes packed constants.
                let values = unsafe { memory.slice(0, dims.size()) };
                ArrayViewD::from_shape(dims.clone(), values)
                    .expect("a constant has the elements of its shape")
            })
            .collect();
        let len = self.output.layout.picture();
        // SAFETY: no other task writes this picture.
        let target = unsafe { arena.slice_mut(self.output.offset + picture * len, len) };
        let target = ArrayViewMutD::from_shape(dims(&self.output.shape), target)
            .expect("a tensor has the elements of its shape");
        self.op.reference(Arrays { inputs: &views, parameters: &constants, output: target });
    }
}

//! The definition of an operator as a step: picture by picture, pictures in parallel.

use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD, IxDyn};
use rayon::prelude::*;

use crate::lower::Step;
use crate::ops::{Op, Operator};
use crate::tensor::Shape;

pub(super) fn run(
    step: &Step,
    op: &Op,
    batch: usize,
    inputs: &[&[f32]],
    constants: &[ArrayD<f32>],
    output: &mut [f32],
) {
    let dims = |shape: &Shape| IxDyn(&shape.stored().into_iter().map(|dim| dim as usize).collect::<Vec<_>>());
    let picture = output.len() / batch;
    output.par_chunks_mut(picture).enumerate().for_each(|(index, target)| {
        let views: Vec<ArrayViewD<'_, f32>> = inputs
            .iter()
            .zip(&step.input_shapes)
            .map(|(input, shape)| {
                let len = input.len() / batch;
                ArrayViewD::from_shape(dims(shape), &input[index * len..][..len])
                    .expect("a buffer has the elements of its shape")
            })
            .collect();
        let constants: Vec<ArrayViewD<'_, f32>> = constants.iter().map(|constant| constant.view()).collect();
        let target = ArrayViewMutD::from_shape(dims(&step.output_shape), target)
            .expect("a buffer has the elements of its shape");
        op.reference(&views, &constants, target);
    });
}

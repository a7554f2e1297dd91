//! Element-wise kernels and those that move data, in pieces of fixed size.

use rayon::prelude::*;

use crate::lower::Step;
use crate::ops::Activation;

/// Elements of one piece of work.
const PIECE: usize = 1 << 14;

/// Applies an activation to every element.
pub(super) fn activate(activation: &Activation, values: &mut [f32]) {
    values
        .par_chunks_mut(PIECE)
        .for_each(|piece| piece.iter_mut().for_each(|value| *value = activation.apply(*value)));
}

/// A factor and a summand for each channel.
pub(super) fn affine(step: &Step, inputs: &[&[f32]], factor: &[f32], summand: &[f32], output: &mut [f32]) {
    copy(step, inputs, output);
    let (height, width) = step.output_shape.extent();
    let channels = step.output_shape.channels() as usize;
    output.par_chunks_mut((height * width) as usize).enumerate().for_each(|(index, plane)| {
        let (factor, summand) = (factor[index % channels], summand[index % channels]);
        plane.iter_mut().for_each(|value| *value = value.mul_add(factor, summand));
    });
}

/// Sums of all inputs; the first stands in the output already where the step works in place.
pub(super) fn add(step: &Step, inputs: &[&[f32]], output: &mut [f32]) {
    let others = if step.in_place() {
        inputs
    } else {
        copy(step, &inputs[..1], output);
        &inputs[1..]
    };
    for other in others {
        output.par_chunks_mut(PIECE).zip(other.par_chunks(PIECE)).for_each(|(sums, values)| {
            sums.iter_mut().zip(values).for_each(|(sum, &value)| *sum += value);
        });
    }
}

/// Copies the input; nothing where the step works in place.
pub(super) fn copy(step: &Step, inputs: &[&[f32]], output: &mut [f32]) {
    if !step.in_place() {
        output
            .par_chunks_mut(PIECE)
            .zip(inputs[0].par_chunks(PIECE))
            .for_each(|(to, from)| to.copy_from_slice(from));
    }
}

/// The channels of all inputs one after another, picture by picture.
pub(super) fn concat(batch: usize, inputs: &[&[f32]], output: &mut [f32]) {
    let picture = output.len() / batch;
    output.par_chunks_mut(picture).enumerate().for_each(|(index, target)| {
        let mut first = 0;
        for input in inputs {
            let len = input.len() / batch;
            target[first..first + len].copy_from_slice(&input[index * len..][..len]);
            first += len;
        }
    });
}

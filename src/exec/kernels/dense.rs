//! The fully-connected layer: a dot product for each output, in sixteen interleaved sums.

use rayon::prelude::*;

/// Outputs of one piece of work.
const OUTPUTS: usize = 32;
/// Interleaved sums of a dot product; their number is part of the result's bits.
const LANES: usize = 16;

pub(super) fn run(input: &[f32], weight: &[f32], bias: Option<&[f32]>, batch: usize, output: &mut [f32]) {
    let (elements, outputs) = (input.len() / batch, output.len() / batch);
    for (source, target) in input.chunks_exact(elements).zip(output.chunks_exact_mut(outputs)) {
        target.par_chunks_mut(OUTPUTS).enumerate().for_each(|(block, slots)| {
            for (index, slot) in slots.iter_mut().enumerate() {
                let output = block * OUTPUTS + index;
                let row = &weight[output * elements..][..elements];
                *slot = dot(row, source) + bias.map_or(0.0, |bias| bias[output]);
            }
        });
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let (a_chunks, b_chunks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let (a_rest, b_rest) = (a_chunks.remainder(), b_chunks.remainder());
    for (a, b) in a_chunks.zip(b_chunks) {
        for lane in 0..LANES {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    lanes.iter().sum::<f32>() + rest
}

//! Depthwise convolution: every plane of the output is one piece of work.

use rayon::prelude::*;

use crate::lower::Step;
use crate::tensor::Window;

pub(super) fn run(
    step: &Step,
    (rows, columns): (Window, Window),
    multiplier: usize,
    input: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    output: &mut [f32],
) {
    let (height, width) = step.input_shapes[0].extent();
    let (out_height, out_width) = step.output_shape.extent();
    let filters = step.output_shape.channels() as usize;
    let channels = step.input_shapes[0].channels() as usize;
    let taps = (rows.kernel * columns.kernel) as usize;
    output.par_chunks_mut((out_height * out_width) as usize).enumerate().for_each(|(index, plane)| {
        let (picture, filter) = (index / filters, index % filters);
        let source = &input[(picture * channels + filter / multiplier) * (height * width) as usize..]
            [..(height * width) as usize];
        let kernel = &weight[filter * taps..][..taps];
        plane.fill(bias.map_or(0.0, |bias| bias[filter]));
        // Tap by tap: each adds a shifted, strided copy of the input.
        for y in 0..out_height {
            let line = &mut plane[(y * out_width) as usize..][..out_width as usize];
            for ky in rows.taps_inside(y, height) {
                let from = &source[rows.position(y, ky) as usize * width as usize..][..width as usize];
                for kx in 0..columns.kernel {
                    let tap = kernel[(ky * columns.kernel + kx) as usize];
                    add_line(line, from, columns.position(0, kx), columns.stride as usize, tap);
                }
            }
        }
    });
}

/// `line[x] += tap · from[start + x·stride]` where that lies inside.
fn add_line(line: &mut [f32], from: &[f32], start: i64, stride: usize, tap: f32) {
    let first = if start < 0 {
        (-start) as usize / stride + usize::from(!((-start) as usize).is_multiple_of(stride))
    } else {
        0
    };
    if first >= line.len() {
        return;
    }
    let begin = (start + (first * stride) as i64) as usize;
    if begin >= from.len() {
        return;
    }
    if stride == 1 {
        line[first..]
            .iter_mut()
            .zip(&from[begin..])
            .for_each(|(sum, &value)| *sum = value.mul_add(tap, *sum));
    } else {
        line[first..]
            .iter_mut()
            .zip(from[begin..].iter().step_by(stride))
            .for_each(|(sum, &value)| *sum = value.mul_add(tap, *sum));
    }
}

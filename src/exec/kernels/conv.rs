//! Convolution as a matrix product: the windows of a run of output positions are unfolded into columns
//! (im2col, Chellapilla et al. 2006), then multiplied by the filters. A 1×1 convolution at stride 1 needs no
//! unfolding: its input is the matrix.
//!
//! Filters are cut into blocks by their number alone, so that the bits do not depend on the threads.

use rayon::prelude::*;

use crate::lower::{COLUMNS, Step, is_pointwise};
use crate::tensor::Window;

use super::gemm::{Matrix, multiply};

/// Filters of one piece of work.
const FILTERS: usize = 32;

#[allow(clippy::too_many_arguments)]
pub(super) fn run(
    step: &Step,
    (rows, columns): (Window, Window),
    groups: usize,
    batch: usize,
    input: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    output: &mut [f32],
    scratch: &mut [f32],
) {
    let channels = step.input_shapes[0].channels() as usize / groups;
    let (height, width) = step.input_shapes[0].extent();
    let (height, width) = (height as usize, width as usize);
    let filters = step.output_shape.channels() as usize / groups;
    let (out_height, out_width) = step.output_shape.extent();
    let positions = (out_height * out_width) as usize;
    let taps = channels * (rows.kernel * columns.kernel) as usize;
    let pointwise = is_pointwise(&rows, &columns);
    for picture in 0..batch * groups {
        let group = picture % groups;
        let source = &input[picture * channels * height * width..][..channels * height * width];
        let target = &mut output[picture * filters * positions..][..filters * positions];
        let filters_of_group = &weight[group * filters * taps..][..filters * taps];
        let bias_of_group = bias.map(|bias| &bias[group * filters..][..filters]);
        let mut first = 0;
        while first < positions {
            let count = if pointwise { positions } else { COLUMNS.min(positions - first) };
            let matrix = if pointwise {
                Matrix { values: source, stride: positions }
            } else {
                unfold(
                    source,
                    (height, width),
                    (rows, columns),
                    out_width as usize,
                    first,
                    count,
                    &mut scratch[..taps * count],
                );
                Matrix { values: &scratch[..taps * count], stride: count }
            };
            target.par_chunks_mut(FILTERS * positions).enumerate().for_each(|(block, out)| {
                let (start, count_of_block) = (block * FILTERS, out.len() / positions);
                let a = Matrix {
                    values: &filters_of_group[start * taps..(start + count_of_block) * taps],
                    stride: taps,
                };
                let bias = bias_of_group.map(|bias| &bias[start..start + count_of_block]);
                multiply(count_of_block, taps, count, a, matrix, bias, &mut out[first..], positions);
            });
            first += count;
        }
    }
}

/// Writes the windows of the output positions `first .. first + count` as columns: row (channel, ky, kx).
fn unfold(
    input: &[f32],
    (height, width): (usize, usize),
    (rows, columns): (Window, Window),
    out_width: usize,
    first: usize,
    count: usize,
    target: &mut [f32],
) {
    let kernel = (rows.kernel * columns.kernel) as usize;
    target.par_chunks_mut(count).enumerate().for_each(|(row, out)| {
        let (channel, tap) = (row / kernel, row % kernel);
        let (ky, kx) = (tap as u64 / columns.kernel, tap as u64 % columns.kernel);
        let plane = &input[channel * height * width..][..height * width];
        let mut position = first;
        let mut filled = 0;
        while filled < count {
            let (y, x) = (position / out_width, position % out_width);
            let run = (out_width - x).min(count - filled);
            let slots = &mut out[filled..filled + run];
            let iy = rows.position(y as u64, ky);
            if iy < 0 || iy >= height as i64 {
                slots.fill(0.0);
            } else {
                let line = &plane[iy as usize * width..][..width];
                let start = columns.position(x as u64, kx);
                if columns.stride == 1 {
                    copy_line(line, start, slots);
                } else {
                    for (index, slot) in slots.iter_mut().enumerate() {
                        let ix = start + (index as u64 * columns.stride) as i64;
                        *slot = if ix >= 0 && ix < width as i64 { line[ix as usize] } else { 0.0 };
                    }
                }
            }
            filled += run;
            position += run;
        }
    });
}

/// Copies `line[start..]`, zeros where that lies outside.
fn copy_line(line: &[f32], start: i64, slots: &mut [f32]) {
    let before = usize::try_from(-start).unwrap_or(0).min(slots.len());
    let from = usize::try_from(start).unwrap_or(0).min(line.len());
    let inside = (line.len() - from).min(slots.len() - before);
    slots[..before].fill(0.0);
    slots[before..before + inside].copy_from_slice(&line[from..from + inside]);
    slots[before + inside..].fill(0.0);
}

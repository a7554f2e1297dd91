//! Pooling: every plane of the output is one piece of work.

use rayon::prelude::*;

use crate::lower::Step;
use crate::ops::{Pool, Reduction, Region, adaptive_bounds};
use crate::tensor::Window;

/// What one window covers along an axis: input positions from `first`, `step` apart, and the divisor's taps.
struct Taps {
    first: usize,
    count: usize,
    step: usize,
    declared: usize,
}

pub(super) fn run(step: &Step, pool: &Pool, input: &[f32], output: &mut [f32]) {
    let (height, width) = step.input_shapes[0].extent();
    let (out_height, out_width) = step.output_shape.extent();
    let (rows, columns) = match pool.region {
        Region::Sliding(sliding) => {
            let (rows, columns) = sliding.windows((height, width));
            (sliding_taps(rows, height, out_height), sliding_taps(columns, width, out_width))
        }
        Region::Global => (adaptive_taps(height, 1), adaptive_taps(width, 1)),
        Region::Adaptive(down, across) => (adaptive_taps(height, down), adaptive_taps(width, across)),
    };
    let area = (height * width) as usize;
    output.par_chunks_mut((out_height * out_width) as usize).enumerate().for_each(|(index, plane)| {
        let source = &input[index * area..][..area];
        for (row, line) in rows.iter().zip(plane.chunks_exact_mut(out_width as usize)) {
            for (column, slot) in columns.iter().zip(line) {
                *slot = window(pool.reduction, source, width as usize, row, column);
            }
        }
    });
}

fn window(reduction: Reduction, source: &[f32], width: usize, row: &Taps, column: &Taps) -> f32 {
    let lines = (0..row.count).map(|index| &source[(row.first + index * row.step) * width..][..width]);
    let values =
        lines.flat_map(|line| (0..column.count).map(|index| line[column.first + index * column.step]));
    match reduction {
        // Comparing this way round lets a NaN through.
        Reduction::Max => values
            .fold(f32::NEG_INFINITY, |best, value| if best >= value || best.is_nan() { best } else { value }),
        Reduction::Average => values.sum::<f32>() / (row.count * column.count) as f32,
        Reduction::AverageWithPadding => values.sum::<f32>() / (row.declared * column.declared) as f32,
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

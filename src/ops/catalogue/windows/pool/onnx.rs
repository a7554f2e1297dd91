//! Pools in ONNX.

use super::super::onnx::{Attributes, attributes};
use super::super::sliding::{Padding, Sliding};
use super::{Pool, Reduction, Region, adaptive_bounds};
use crate::ops::border::Border;
use crate::ops::catalogue::rearrange::pad::padded;
use crate::ops::onnx::{OnnxBuilder, OnnxValue, ToOnnx};
use crate::tensor::Window;

impl ToOnnx for Pool {
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let is_max = self.reduction == Reduction::Max;
        let (input, (height, width)) = (builder.operand(), builder.input().extent());
        match self.region {
            Region::Global => {
                builder.apply(if is_max { "GlobalMaxPool" } else { "GlobalAveragePool" }, &input)
            }
            Region::Adaptive(rows, columns) if height % rows == 0 && width % columns == 0 => {
                let (down, across) = (height / rows, width / columns);
                let sliding = Sliding {
                    kernel: (down, across),
                    stride: (down, across),
                    dilation: (1, 1),
                    padding: Padding::Explicit([0; 4]),
                    ceil: false,
                };
                windows(builder, input, sliding, self.reduction)
            }
            Region::Adaptive(rows, columns) if is_max => {
                let rows = greatest(builder, &input, 2, height, rows);
                greatest(builder, &rows, 3, width, columns)
            }
            Region::Adaptive(rows, columns) => {
                // The means along both axes are two products with matrices: each output row is the mean of some rows,
                // each output column that of some columns.
                let (across, down) = (means(width, columns), means(height, rows));
                let across = builder.floats(&[width, columns], transposed(&across, width as usize));
                let down = builder.floats(&[rows, height], down);
                let narrow = builder.join("MatMul", &input, &across);
                builder.join("MatMul", &down, &narrow)
            }
            Region::Sliding(sliding) => windows(builder, input, sliding, self.reduction),
        }
    }
}

/// Adds the nodes for the greatest element of each adaptive window along an axis.
fn greatest(builder: &mut dyn OnnxBuilder, input: &str, axis: i64, from: u64, to: u64) -> String {
    let parts: Vec<String> = (0..to)
        .map(|index| {
            let (first, end) = adaptive_bounds(index, from, to);
            let part = builder.slice(input, axis, first, end);
            builder.reduce("ReduceMax", &part, axis)
        })
        .collect();
    builder.concat(&parts, axis)
}

/// The matrix (`to` × `from`) that computes the mean of each adaptive window.
fn means(from: u64, to: u64) -> Vec<f32> {
    let mut matrix = Vec::new();
    for index in 0..to {
        let (first, end) = adaptive_bounds(index, from, to);
        let inside = |position: u64| (first..end).contains(&position);
        matrix.extend((0..from).map(|at| if inside(at) { 1.0 / (end - first) as f32 } else { 0.0 }));
    }
    matrix
}

/// Transposes a matrix with rows of `width` elements.
fn transposed(matrix: &[f32], width: usize) -> Vec<f32> {
    (0..width).flat_map(|column| matrix.iter().skip(column).step_by(width).copied()).collect()
}

fn windows(builder: &mut dyn OnnxBuilder, input: String, sliding: Sliding, reduction: Reduction) -> String {
    let (extent, output) = (builder.input().extent(), builder.output().extent());
    let declared = sliding.windows(extent);
    let is_dilated = sliding.dilation != (1, 1);
    let covered = (covering(declared.0, extent.0, output.0), covering(declared.1, extent.1, output.1));
    match reduction {
        Reduction::Max => {
            let (mut rows, mut columns) = covered;
            let is_wide = |window: Window| window.pad_before.max(window.pad_after) >= window.kernel;
            if !is_wide(rows) && !is_wide(columns) {
                return builder.node("MaxPool", &[input], attributes(covered));
            }
            // Runtimes reject padding that is at least as wide as the undilated kernel.
            let pads = [rows.pad_before, rows.pad_after, columns.pad_before, columns.pad_after];
            for window in [&mut rows, &mut columns] {
                (window.pad_before, window.pad_after) = (0, 0);
            }
            let padded = padded(builder, &input, pads, Border::Zeros, f64::NEG_INFINITY);
            builder.node("MaxPool", &[padded], attributes((rows, columns)))
        }
        // Before operator set 19 an average pool has no dilation.
        _ if is_dilated => dilated_average(builder, input, declared, covered, reduction),
        Reduction::Average => builder.node("AveragePool", &[input], undilated(covered, false)),
        Reduction::AverageWithPadding
            if covered.0.pad_after == declared.0.pad_after && covered.1.pad_after == declared.1.pad_after =>
        {
            builder.node("AveragePool", &[input], undilated(covered, true))
        }
        Reduction::AverageWithPadding => {
            // Declared padding counts in the divisor, the additional padding of the last window does not.
            let (rows, columns) = declared;
            let pads = [rows.pad_before, rows.pad_after, columns.pad_before, columns.pad_after];
            let padded = padded(builder, &input, pads, Border::Zeros, 0.0);
            let rest = |covered: Window, declared: Window| Window {
                pad_before: 0,
                pad_after: covered.pad_after.saturating_sub(declared.pad_after),
                ..covered
            };
            let rest = (rest(covered.0, rows), rest(covered.1, columns));
            builder.node("AveragePool", &[padded], undilated(rest, false))
        }
    }
}

fn undilated(windows: (Window, Window), counts_padding: bool) -> Attributes {
    let mut attributes = attributes(windows);
    attributes.retain(|(name, _)| *name != "dilations");
    attributes.push(("count_include_pad", OnnxValue::Int(i64::from(counts_padding))));
    attributes
}

/// The window with enough padding behind the input that rounding down gives all `outputs`.
fn covering(window: Window, input: u64, outputs: u64) -> Window {
    let end = (outputs - 1) * window.stride + window.extent();
    let missing = end.saturating_sub(input + window.pad_before);
    Window { pad_after: window.pad_after.max(missing), ceil: false, ..window }
}

/// A sum by a convolution with ones, divided by the number of counted taps at each position.
fn dilated_average(
    builder: &mut dyn OnnxBuilder,
    input: String,
    declared: (Window, Window),
    covered: (Window, Window),
    reduction: Reduction,
) -> String {
    let (channels, extent, output) =
        (builder.input().channels(), builder.input().extent(), builder.output().extent());
    let (height, width) = (covered.0.kernel, covered.1.kernel);
    let ones = builder.floats(&[channels, 1, height, width], vec![1.0; (channels * height * width) as usize]);
    let mut attributes = attributes(covered);
    attributes.push(("group", OnnxValue::Int(channels as i64)));
    let sums = builder.node("Conv", &[input, ones], attributes);
    let counted = |window: Window, input: u64, outputs: u64| -> Vec<u64> {
        let counts = |index: u64| match reduction {
            Reduction::AverageWithPadding => {
                let end = (input + window.pad_after) as i64;
                (0..window.kernel).filter(|&tap| window.position(index, tap) < end).count() as u64
            }
            _ => window.taps_inside(index, input).count() as u64,
        };
        (0..outputs).map(counts).collect()
    };
    let rows = counted(declared.0, extent.0, output.0);
    let columns = counted(declared.1, extent.1, output.1);
    let taps = rows.iter().flat_map(|row| columns.iter().map(move |column| (row * column) as f32)).collect();
    let taps = builder.floats(&[output.0, output.1], taps);
    builder.join("Div", &sums, &taps)
}

//! Convolutions and pools. All padding is explicit: ONNX' own `SAME` and ceiling rules are not those of every runtime.

use super::build::Builder;
use super::model::{Attribute, Layout};
use super::rearrange;
use crate::ops::{
    Border, Conv, Deconv, DwConv, Padding, Pool, Reduction, Region, Sliding, Subsample, adaptive_bounds,
};
use crate::tensor::Window;

type Attributes = Vec<(&'static str, Attribute)>;

/// Kernel, strides, dilations and pads.
fn attributes((rows, columns): (Window, Window)) -> Attributes {
    let ints = |values: &[u64]| Attribute::Ints(values.iter().map(|&value| value as i64).collect());
    let pads = [rows.pad_before, columns.pad_before, rows.pad_after, columns.pad_after];
    vec![
        ("dilations", ints(&[rows.dilation, columns.dilation])),
        ("kernel_shape", ints(&[rows.kernel, columns.kernel])),
        ("pads", ints(&pads)),
        ("strides", ints(&[rows.stride, columns.stride])),
    ]
}

/// The input with its border, where that is none of zeros, and the windows that are left to slide over it.
fn bordered(builder: &mut Builder<'_>, sliding: Sliding, border: Border) -> (String, (Window, Window)) {
    let input = builder.operand();
    let (mut rows, mut columns) = sliding.windows(builder.input().extent());
    if border == Border::Zeros {
        return (input, (rows, columns));
    }
    let pads = [rows.pad_before, rows.pad_after, columns.pad_before, columns.pad_after];
    for window in [&mut rows, &mut columns] {
        (window.pad_before, window.pad_after) = (0, 0);
    }
    if pads == [0; 4] {
        return (input, (rows, columns));
    }
    (rearrange::pad(builder, &input, pads, border, 0.0), (rows, columns))
}

pub(super) fn conv(builder: &mut Builder<'_>, op: &Conv) -> String {
    let (input, windows) = bordered(builder, op.sliding, op.border);
    let weight = match &op.table {
        None => builder.stored(0),
        Some(table) => {
            let (height, width) = op.sliding.kernel;
            let layout = Layout::Connected(table.rows.clone(), table.inputs as usize);
            builder.weight(0, &[op.filters, table.inputs, height, width], layout)
        }
    };
    convolution(builder, "Conv", input, weight, attributes(windows), op.groups)
}

pub(super) fn depthwise(builder: &mut Builder<'_>, op: &DwConv) -> String {
    let (input, windows) = bordered(builder, op.sliding, op.border);
    let (weight, groups) = (builder.stored(0), builder.input().channels());
    convolution(builder, "Conv", input, weight, attributes(windows), groups)
}

pub(super) fn deconv(builder: &mut Builder<'_>, op: &Deconv) -> String {
    let (mut rows, mut columns) = op.windows();
    let (input, weight) = (builder.operand(), builder.stored(0));
    if op.outpad.0 < op.sliding.stride.0.max(1) && op.outpad.1 < op.sliding.stride.1.max(1) {
        let mut attributes = attributes((rows, columns));
        if op.outpad != (0, 0) {
            let outpad = vec![op.outpad.0 as i64, op.outpad.1 as i64];
            attributes.push(("output_padding", Attribute::Ints(outpad)));
        }
        return convolution(builder, "ConvTranspose", input, weight, attributes, op.groups);
    }
    // Runtimes refuse an output padding that is not below the stride: less is cropped, and what no tap reaches is
    // put behind before the bias is added.
    let mut beyond = [0, 0];
    for ((window, outpad), rest) in
        [(&mut rows, op.outpad.0), (&mut columns, op.outpad.1)].into_iter().zip(&mut beyond)
    {
        *rest = outpad.saturating_sub(window.pad_after);
        window.pad_after = window.pad_after.saturating_sub(outpad);
    }
    let mut attributes = attributes((rows, columns));
    attributes.push(("group", Attribute::Int(op.groups as i64)));
    let value = builder.node("ConvTranspose", &[input, weight], attributes);
    let value = rearrange::pad(builder, &value, [0, beyond[0], 0, beyond[1]], Border::Zeros, 0.0);
    match builder.parameter("bias") {
        Some(index) => {
            let bias = builder.by_channel(index);
            builder.join("Add", &value, &bias)
        }
        None => value,
    }
}

fn convolution(
    builder: &mut Builder<'_>,
    operator: &'static str,
    input: String,
    weight: String,
    mut attributes: Attributes,
    groups: u64,
) -> String {
    attributes.push(("group", Attribute::Int(groups as i64)));
    let mut inputs = vec![input, weight];
    inputs.extend(builder.parameter("bias").map(|index| builder.stored(index)));
    builder.node(operator, &inputs, attributes)
}

/// A sum over a window times a coefficient is a convolution of equal taps.
pub(super) fn subsample(builder: &mut Builder<'_>, op: &Subsample) -> String {
    let (height, width) = op.sliding.kernel;
    let (input, channels) = (builder.operand(), builder.input().channels());
    let taps = Layout::Repeated((height * width) as usize);
    let weight = builder.weight(0, &[channels, 1, height, width], taps);
    let windows = op.sliding.windows(builder.input().extent());
    convolution(builder, "Conv", input, weight, attributes(windows), channels)
}

pub(super) fn pool(builder: &mut Builder<'_>, op: &Pool) -> String {
    let is_max = op.reduction == Reduction::Max;
    let (input, (height, width)) = (builder.operand(), builder.input().extent());
    match op.region {
        Region::Global => builder.apply(if is_max { "GlobalMaxPool" } else { "GlobalAveragePool" }, &input),
        Region::Adaptive(rows, columns) if height % rows == 0 && width % columns == 0 => {
            let (down, across) = (height / rows, width / columns);
            let sliding = Sliding {
                kernel: (down, across),
                stride: (down, across),
                dilation: (1, 1),
                padding: Padding::Explicit([0; 4]),
                ceil: false,
            };
            windows(builder, input, sliding, op.reduction)
        }
        Region::Adaptive(rows, columns) if is_max => {
            let rows = greatest(builder, &input, 2, height, rows);
            greatest(builder, &rows, 3, width, columns)
        }
        Region::Adaptive(rows, columns) => {
            // Each output row is the mean of some rows, each output column of some columns: two matrix products.
            let (across, down) = (means(width, columns), means(height, rows));
            let across = builder.floats(&[width, columns], transposed(&across, width as usize));
            let down = builder.floats(&[rows, height], down);
            let narrow = builder.join("MatMul", &input, &across);
            builder.join("MatMul", &down, &narrow)
        }
        Region::Sliding(sliding) => windows(builder, input, sliding, op.reduction),
    }
}

/// The greatest of each adaptive window along an axis.
fn greatest(builder: &mut Builder<'_>, input: &str, axis: i64, from: u64, to: u64) -> String {
    let parts: Vec<String> = (0..to)
        .map(|index| {
            let (first, end) = adaptive_bounds(index, from, to);
            let part = builder.slice(input, axis, first, end);
            builder.node("ReduceMax", &[part], vec![("axes", Attribute::Ints(vec![axis]))])
        })
        .collect();
    builder.concat(&parts, axis)
}

/// The matrix, `to` × `from`, that takes the mean of each adaptive window.
fn means(from: u64, to: u64) -> Vec<f32> {
    let mut matrix = Vec::new();
    for index in 0..to {
        let (first, end) = adaptive_bounds(index, from, to);
        let inside = |position: u64| (first..end).contains(&position);
        matrix.extend((0..from).map(|at| if inside(at) { 1.0 / (end - first) as f32 } else { 0.0 }));
    }
    matrix
}

/// A matrix of rows of `width` elements, by columns.
fn transposed(matrix: &[f32], width: usize) -> Vec<f32> {
    (0..width).flat_map(|column| matrix.iter().skip(column).step_by(width).copied()).collect()
}

fn windows(builder: &mut Builder<'_>, input: String, sliding: Sliding, reduction: Reduction) -> String {
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
            // Runtimes refuse padding that is as wide as the kernel without its dilation.
            let pads = [rows.pad_before, rows.pad_after, columns.pad_before, columns.pad_after];
            for window in [&mut rows, &mut columns] {
                (window.pad_before, window.pad_after) = (0, 0);
            }
            let padded = rearrange::pad(builder, &input, pads, Border::Zeros, f64::NEG_INFINITY);
            builder.node("MaxPool", &[padded], attributes((rows, columns)))
        }
        // Up to operator set 18 an average pool has no dilation.
        _ if is_dilated => dilated_average(builder, input, declared, covered, reduction),
        Reduction::Average => builder.node("AveragePool", &[input], undilated(covered, false)),
        Reduction::AverageWithPadding
            if covered.0.pad_after == declared.0.pad_after && covered.1.pad_after == declared.1.pad_after =>
        {
            builder.node("AveragePool", &[input], undilated(covered, true))
        }
        Reduction::AverageWithPadding => {
            // The declared padding counts, what the last window needs beyond it does not.
            let (rows, columns) = declared;
            let pads = [rows.pad_before, rows.pad_after, columns.pad_before, columns.pad_after];
            let padded = rearrange::pad(builder, &input, pads, Border::Zeros, 0.0);
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
    attributes.push(("count_include_pad", Attribute::Int(i64::from(counts_padding))));
    attributes
}

/// The window with so much padding behind the input that rounding down gives all `outputs`.
fn covering(window: Window, input: u64, outputs: u64) -> Window {
    let end = (outputs - 1) * window.stride + window.extent();
    let missing = end.saturating_sub(input + window.pad_before);
    Window { pad_after: window.pad_after.max(missing), ceil: false, ..window }
}

/// A sum by a convolution of ones, divided by the number of taps that count at each position.
fn dilated_average(
    builder: &mut Builder<'_>,
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
    attributes.push(("group", Attribute::Int(channels as i64)));
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

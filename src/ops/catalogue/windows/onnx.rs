//! The shared parts of the ONNX forms of convolutions and pools. All padding is explicit, because runtimes disagree
//! about ONNX's `SAME` and ceiling rules.

use super::sliding::Sliding;
use crate::ops::border::Border;
use crate::ops::catalogue::rearrange::pad::padded;
use crate::ops::onnx::{OnnxBuilder, OnnxValue};
use crate::tensor::Window;

/// Attributes of a node by name.
pub(super) type Attributes = Vec<(&'static str, OnnxValue)>;

/// Kernel, strides, dilations and pads.
pub(super) fn attributes((rows, columns): (Window, Window)) -> Attributes {
    let ints = |values: &[u64]| OnnxValue::Ints(values.iter().map(|&value| value as i64).collect());
    let pads = [rows.pad_before, columns.pad_before, rows.pad_after, columns.pad_after];
    vec![
        ("dilations", ints(&[rows.dilation, columns.dilation])),
        ("kernel_shape", ints(&[rows.kernel, columns.kernel])),
        ("pads", ints(&pads)),
        ("strides", ints(&[rows.stride, columns.stride])),
    ]
}

/// The input with its border added, unless that is zeros, and the windows that remain.
pub(super) fn bordered(
    builder: &mut dyn OnnxBuilder,
    sliding: Sliding,
    border: Border,
) -> (String, (Window, Window)) {
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
    (padded(builder, &input, pads, border, 0.0), (rows, columns))
}

/// Adds the node of a convolution, transposed or not, with the bias if the operator has one.
pub(super) fn convolution(
    builder: &mut dyn OnnxBuilder,
    operator: &'static str,
    input: String,
    weight: String,
    mut attributes: Attributes,
    groups: u64,
) -> String {
    attributes.push(("group", OnnxValue::Int(groups as i64)));
    let mut inputs = vec![input, weight];
    inputs.extend(builder.parameter("bias").map(|index| builder.stored(index)));
    builder.node(operator, &inputs, attributes)
}

//! What moves elements: borders, parts, other orders, other sizes.

use super::build::Builder;
use super::model::Attribute;
use crate::ops::{Border, Crop, Flatten, Kept, PixelShuffle, Shuffle, Target, Upsample};
use crate::tensor::Interpolation;

/// The first axis of positions of N×C×H×W.
const ROWS: i64 = 2;
const COLUMNS: i64 = 3;

/// Rows and columns around a map: top, bottom, left, right.
pub(super) fn pad(
    builder: &mut Builder<'_>,
    input: &str,
    [top, bottom, left, right]: [u64; 4],
    border: Border,
    value: f64,
) -> String {
    let mode = match border {
        Border::Zeros => "constant",
        Border::Reflect => "reflect",
        Border::Replicate => "edge",
        Border::Circular => {
            // `Pad` knows circles from operator set 19 on only.
            let (height, width) = builder.input().extent();
            let rows = wrap(builder, input, ROWS, height, top, bottom);
            return wrap(builder, &rows, COLUMNS, width, left, right);
        }
    };
    let pads = [0, 0, top, left, 0, 0, bottom, right].map(|pad| pad as i64);
    let mut inputs = vec![input.to_owned(), builder.integers(&pads)];
    if value != 0.0 {
        inputs.push(builder.number(value));
    }
    builder.node("Pad", &inputs, vec![("mode", Attribute::Text(mode))])
}

/// The last positions of an axis before it and its first ones behind it.
fn wrap(builder: &mut Builder<'_>, input: &str, axis: i64, length: u64, before: u64, after: u64) -> String {
    let mut parts = Vec::new();
    if before > 0 {
        parts.push(builder.slice(input, axis, length - before, length));
    }
    parts.push(input.to_owned());
    if after > 0 {
        parts.push(builder.slice(input, axis, 0, after));
    }
    builder.concat(&parts, axis)
}

pub(super) fn crop(builder: &mut Builder<'_>, op: &Crop) -> String {
    let (input, before, after) = (builder.operand(), builder.input().extent(), builder.output().extent());
    let (top, left) = match op.kept {
        Kept::Within([top, _, left, _]) => (top, left),
        Kept::Centre(rows, columns) => ((before.0 - rows) / 2, (before.1 - columns) / 2),
    };
    let [starts, ends, axes] = [[top, left], [top + after.0, left + after.1], [ROWS as u64, COLUMNS as u64]]
        .map(|list| builder.integers(&list.map(|value| value as i64)));
    builder.node("Slice", &[input, starts, ends, axes], Vec::new())
}

pub(super) fn flatten(builder: &mut Builder<'_>, op: &Flatten) -> String {
    let mut input = builder.operand();
    if op.hwc {
        input = builder.transpose(&input, &[0, 2, 3, 1]);
    }
    builder.node("Flatten", &[input], vec![("axis", Attribute::Int(1))])
}

/// Channel `c` of the output is member `c / groups` of group `c mod groups`.
pub(super) fn shuffle(builder: &mut Builder<'_>, op: &Shuffle) -> String {
    let (input, shape) = (builder.operand(), builder.input());
    let (height, width) = shape.extent();
    let grouped = builder.reshape(&input, &[op.groups, shape.channels() / op.groups, height, width]);
    let exchanged = builder.transpose(&grouped, &[0, 2, 1, 3, 4]);
    builder.reshape(&exchanged, &shape.stored())
}

pub(super) fn pixelshuffle(builder: &mut Builder<'_>, op: &PixelShuffle) -> String {
    let (input, shape) = (builder.operand(), builder.input());
    let size = ("blocksize", Attribute::Int(op.factor as i64));
    if !op.inverse {
        let mode = if op.dcr { "DCR" } else { "CRD" };
        return builder.node("DepthToSpace", &[input], vec![size, ("mode", Attribute::Text(mode))]);
    }
    if op.dcr {
        return builder.node("SpaceToDepth", &[input], vec![size]);
    }
    // ONNX has no mode of this order.
    let ((height, width), factor) = (shape.extent(), op.factor);
    let cut = [shape.channels(), height / factor, factor, width / factor, factor];
    let squares = builder.reshape(&input, &cut);
    let ordered = builder.transpose(&squares, &[0, 1, 3, 5, 2, 4]);
    let dims = builder.output().stored();
    builder.reshape(&ordered, &dims)
}

pub(super) fn upsample(builder: &mut Builder<'_>, op: &Upsample) -> String {
    let (input, from, to) = (builder.operand(), builder.input().extent(), builder.output().extent());
    if op.interpolation == Interpolation::Nearest && !(takes_these(from.0, to.0) && takes_these(from.1, to.1))
    {
        let rows = gather(builder, &input, ROWS, from.0, to.0);
        return gather(builder, &rows, COLUMNS, from.1, to.1);
    }
    let coordinates = match (op.interpolation, op.corners) {
        (Interpolation::Nearest, _) => "asymmetric",
        (_, true) => "align_corners",
        (_, false) => "half_pixel",
    };
    let mut attributes = vec![("coordinate_transformation_mode", Attribute::Text(coordinates))];
    match op.interpolation {
        Interpolation::Nearest => {
            attributes.push(("mode", Attribute::Text("nearest")));
            attributes.push(("nearest_mode", Attribute::Text("floor")));
        }
        Interpolation::Linear => attributes.push(("mode", Attribute::Text("linear"))),
        Interpolation::Cubic => {
            attributes.push(("mode", Attribute::Text("cubic")));
            attributes.push(("cubic_coeff_a", Attribute::Float(-0.75)));
        }
    }
    let mut inputs = vec![input.clone(), String::new()];
    match op.target {
        Target::Factor(down, across) => {
            inputs.push(builder.floats(&[4], vec![1.0, 1.0, down as f32, across as f32]));
        }
        Target::Size(..) => {
            inputs.push(String::new());
            inputs.push(sizes(builder, &input));
        }
    }
    builder.node("Resize", &inputs, attributes)
}

/// The extents of the node's value with the batch in front, which may be open.
fn sizes(builder: &mut Builder<'_>, input: &str) -> String {
    let mut dims: Vec<i64> = builder.output().stored().iter().map(|&dim| dim as i64).collect();
    if let Some(pictures) = builder.pictures() {
        dims.insert(0, pictures as i64);
        return builder.integers(&dims);
    }
    let all = builder.apply("Shape", input);
    let batch = builder.slice(&all, 0, 0, 1);
    let rest = builder.integers(&dims);
    builder.concat(&[batch, rest], 0)
}

/// Whether a runtime that divides by a scale in single precision finds pixel `floor(i·in/out)` for each i.
fn takes_these(input: u64, output: u64) -> bool {
    let scale = output as f32 / input as f32;
    (0..output).all(|index| (index as f32 / scale).floor() as u64 == index * input / output)
}

/// The pixels `floor(i·in/out)` of an axis.
fn gather(builder: &mut Builder<'_>, input: &str, axis: i64, from: u64, to: u64) -> String {
    let pixels: Vec<i64> = (0..to).map(|index| (index * from / to) as i64).collect();
    let pixels = builder.integers(&pixels);
    builder.node("Gather", &[input.to_owned(), pixels], vec![("axis", Attribute::Int(axis))])
}

//! `upsample` in ONNX.

use super::{Upsample, UpsampleTarget};
use crate::ops::onnx::{OnnxBuilder, OnnxValue, ToOnnx};
use crate::tensor::Interpolation;

/// The axes of positions of N×C×H×W.
const ROWS: i64 = 2;
const COLUMNS: i64 = 3;

impl ToOnnx for Upsample {
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let (input, from, to) = (builder.operand(), builder.input().extent(), builder.output().extent());
        if self.interpolation == Interpolation::Nearest
            && !(takes_these(from.0, to.0) && takes_these(from.1, to.1))
        {
            let rows = gather(builder, &input, ROWS, from.0, to.0);
            return gather(builder, &rows, COLUMNS, from.1, to.1);
        }
        let coordinates = match (self.interpolation, self.corners) {
            (Interpolation::Nearest, _) => "asymmetric",
            (_, true) => "align_corners",
            (_, false) => "half_pixel",
        };
        let mut attributes = vec![("coordinate_transformation_mode", OnnxValue::Text(coordinates))];
        match self.interpolation {
            Interpolation::Nearest => {
                attributes.push(("mode", OnnxValue::Text("nearest")));
                attributes.push(("nearest_mode", OnnxValue::Text("floor")));
            }
            Interpolation::Linear => attributes.push(("mode", OnnxValue::Text("linear"))),
            Interpolation::Cubic => {
                attributes.push(("mode", OnnxValue::Text("cubic")));
                attributes.push(("cubic_coeff_a", OnnxValue::Float(-0.75)));
            }
        }
        let mut inputs = vec![input.clone(), String::new()];
        match self.target {
            UpsampleTarget::Factor(down, across) => {
                inputs.push(builder.floats(&[4], vec![1.0, 1.0, down as f32, across as f32]));
            }
            UpsampleTarget::Size(..) => {
                inputs.push(String::new());
                inputs.push(sizes(builder, &input));
            }
        }
        builder.node("Resize", &inputs, attributes)
    }
}

/// The output extents as a tensor; the batch, which may be open, comes from the input.
fn sizes(builder: &mut dyn OnnxBuilder, input: &str) -> String {
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

/// Returns whether a runtime that divides by the scale in single precision chooses pixel `floor(i·in/out)` for each i.
fn takes_these(input: u64, output: u64) -> bool {
    let scale = output as f32 / input as f32;
    (0..output).all(|index| (index as f32 / scale).floor() as u64 == index * input / output)
}

/// Adds a `Gather` of the pixels `floor(i·in/out)` of an axis.
fn gather(builder: &mut dyn OnnxBuilder, input: &str, axis: i64, from: u64, to: u64) -> String {
    let pixels: Vec<i64> = (0..to).map(|index| (index * from / to) as i64).collect();
    let pixels = builder.integers(&pixels);
    builder.node("Gather", &[input.to_owned(), pixels], vec![("axis", OnnxValue::Int(axis))])
}

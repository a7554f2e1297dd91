//! Normalisations.

use super::build::Builder;
use super::model::Attribute;
use crate::ops::{BatchNorm, L2Norm, LayerNorm, Lrn, RmsNorm};

/// The first operator set with `LayerNormalization`.
const LAYER_NORM_SINCE: u32 = 17;

fn epsilon(eps: f64) -> Attribute {
    Attribute::Float(eps as f32)
}

pub(super) fn batch(builder: &mut Builder<'_>, op: &BatchNorm) -> String {
    let channels = builder.input().channels();
    let mut inputs = vec![builder.operand()];
    for (key, neutral) in [("weight", 1.0), ("bias", 0.0)] {
        inputs.push(match builder.parameter(key) {
            Some(index) => builder.stored(index),
            None => builder.floats(&[channels], vec![neutral; channels as usize]),
        });
    }
    for key in ["running_mean", "running_var"] {
        let index = builder.parameter(key).expect("a batch normalisation has statistics");
        inputs.push(builder.stored(index));
    }
    builder.node("BatchNormalization", &inputs, vec![("epsilon", epsilon(op.eps))])
}

/// Over the channels of each position: they become the last axis and go back.
pub(super) fn layer(builder: &mut Builder<'_>, op: &LayerNorm) -> String {
    let is_map = builder.input().is_map();
    let mut value = builder.operand();
    if is_map {
        value = builder.transpose(&value, &[0, 2, 3, 1]);
    }
    let (weight, bias) = (builder.stored(0), builder.stored(1));
    value = if builder.opset >= LAYER_NORM_SINCE {
        let attributes = vec![("axis", Attribute::Int(-1)), ("epsilon", epsilon(op.eps))];
        builder.node("LayerNormalization", &[value, weight, bias], attributes)
    } else {
        let last = || vec![("axes", Attribute::Ints(vec![-1]))];
        let mean = builder.node("ReduceMean", std::slice::from_ref(&value), last());
        let centred = builder.join("Sub", &value, &mean);
        let square = builder.with_number("Pow", &centred, 2.0);
        let variance = builder.node("ReduceMean", &[square], last());
        let above = builder.with_number("Add", &variance, op.eps);
        let deviation = builder.apply("Sqrt", &above);
        let normalised = builder.join("Div", &centred, &deviation);
        let scaled = builder.join("Mul", &normalised, &weight);
        builder.join("Add", &scaled, &bias)
    };
    if is_map { builder.transpose(&value, &[0, 3, 1, 2]) } else { value }
}

/// Over groups of channels: each becomes a channel of its own for `InstanceNormalization`.
pub(super) fn groups(builder: &mut Builder<'_>, groups: u64, eps: f64, affine: bool) -> String {
    let (input, shape) = (builder.operand(), builder.input());
    let grouped = builder.reshape(&input, &[groups, shape.elements() / groups]);
    let ones = builder.floats(&[groups], vec![1.0; groups as usize]);
    let zeros = builder.floats(&[groups], vec![0.0; groups as usize]);
    let attributes = vec![("epsilon", epsilon(eps))];
    let normalised = builder.node("InstanceNormalization", &[grouped, ones, zeros], attributes);
    let value = builder.reshape(&normalised, &shape.stored());
    if !affine {
        return value;
    }
    let (weight, bias) = (builder.by_channel(0), builder.by_channel(1));
    let scaled = builder.join("Mul", &value, &weight);
    builder.join("Add", &scaled, &bias)
}

/// By the Euclidean norm of the channels, which is at least `eps`.
pub(super) fn l2(builder: &mut Builder<'_>, op: &L2Norm) -> String {
    let input = builder.operand();
    let attributes = vec![("axes", Attribute::Ints(vec![1])), ("keepdims", Attribute::Int(1))];
    let norm = builder.node("ReduceL2", std::slice::from_ref(&input), attributes);
    let least = builder.number(op.eps);
    let divisor = builder.node("Clip", &[norm, least], Vec::new());
    builder.join("Div", &input, &divisor)
}

pub(super) fn rms(builder: &mut Builder<'_>, op: &RmsNorm) -> String {
    let input = builder.operand();
    let square = builder.with_number("Pow", &input, 2.0);
    let mean = builder.node("ReduceMean", &[square], vec![("axes", Attribute::Ints(vec![1]))]);
    let above = builder.with_number("Add", &mean, op.eps);
    let root = builder.apply("Sqrt", &above);
    let normalised = builder.join("Div", &input, &root);
    let weight = builder.by_channel(0);
    builder.join("Mul", &normalised, &weight)
}

/// ONNX divides alpha by the size, as `mean` does; without it alpha is that much larger.
pub(super) fn lrn(builder: &mut Builder<'_>, op: &Lrn) -> String {
    let attributes = vec![
        ("alpha", Attribute::Float((op.factor() * op.size as f64) as f32)),
        ("beta", Attribute::Float(op.beta as f32)),
        ("bias", Attribute::Float(op.k as f32)),
        ("size", Attribute::Int(op.size as i64)),
    ];
    builder.node("LRN", &[builder.operand()], attributes)
}

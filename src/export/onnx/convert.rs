//! What each operator becomes: one list of all operators, without a default, so that none can be forgotten.

use super::build::Builder;
use super::model::Attribute;
use super::{combine, normalise, pointwise, rearrange, windows};
use crate::ops::{Joined, Op};

/// Adds the nodes of an operator; the name of its value.
pub(super) fn operator(builder: &mut Builder<'_>, op: &Op) -> String {
    let input = builder.operand();
    match op {
        Op::Conv(op) => windows::conv(builder, op),
        Op::DwConv(op) => windows::depthwise(builder, op),
        Op::Deconv(op) => windows::deconv(builder, op),
        Op::Pool(op) => windows::pool(builder, op),
        Op::Subsample(op) => windows::subsample(builder, op),
        Op::Dense(_) => {
            let inputs =
                [input].into_iter().chain((0..builder.parameters().len()).map(|index| builder.stored(index)));
            let inputs: Vec<String> = inputs.collect();
            builder.node("Gemm", &inputs, vec![("transB", Attribute::Int(1))])
        }
        Op::Rbf(_) => {
            let axis = builder.integers(&[1]);
            let row = builder.join("Unsqueeze", &input, &axis);
            let codes = builder.stored(0);
            let difference = builder.join("Sub", &row, &codes);
            let square = builder.join("Mul", &difference, &difference);
            let axis = builder.integers(&[2]);
            builder.node("ReduceSum", &[square, axis], vec![("keepdims", Attribute::Int(0))])
        }
        Op::OverChannels(op) => {
            let operator = if op.greatest { "ReduceMax" } else { "ReduceMean" };
            builder.node(operator, &[input], vec![("axes", Attribute::Ints(vec![1]))])
        }
        Op::BatchNorm(op) => normalise::batch(builder, op),
        Op::LayerNorm(op) => normalise::layer(builder, op),
        Op::GroupNorm(op) => normalise::groups(builder, op.groups, op.eps, true),
        Op::InstanceNorm(op) => normalise::groups(builder, builder.input().channels(), op.eps, op.affine),
        Op::L2Norm(op) => normalise::l2(builder, op),
        Op::RmsNorm(op) => normalise::rms(builder, op),
        Op::Lrn(op) => normalise::lrn(builder, op),
        Op::Softmax(op) => {
            let operator = if op.log { "LogSoftmax" } else { "Softmax" };
            builder.node(operator, &[input], vec![("axis", Attribute::Int(1))])
        }
        Op::Activation(op) => pointwise::activation(builder, &op.function),
        Op::PRelu(op) => {
            let slope = if op.shared { builder.stored(0) } else { builder.by_channel(0) };
            builder.join("PRelu", &input, &slope)
        }
        Op::Scale(op) => {
            let factor = builder.by_channel(0);
            let scaled = builder.join("Mul", &input, &factor);
            if op.bias {
                let summand = builder.by_channel(1);
                return builder.join("Add", &scaled, &summand);
            }
            scaled
        }
        // Dropout does nothing but in training.
        Op::Dropout(_) => input,
        Op::Flatten(op) => rearrange::flatten(builder, op),
        Op::Unflatten(_) => {
            let dims = builder.output().stored();
            builder.reshape(&input, &dims)
        }
        Op::Upsample(op) => rearrange::upsample(builder, op),
        Op::PixelShuffle(op) => rearrange::pixelshuffle(builder, op),
        Op::Pad(op) => rearrange::pad(builder, &input, op.pads, op.border, op.value.unwrap_or(0.0)),
        Op::Crop(op) => rearrange::crop(builder, op),
        Op::Shuffle(op) => rearrange::shuffle(builder, op),
        Op::Slice(op) => builder.slice(&input, 1, op.first, op.first.saturating_add(op.count)),
        Op::Add(op) => combine::add(builder, op),
        Op::Mul(_) => combine::chain(builder, "Mul"),
        Op::Pairwise(op) => combine::chain(
            builder,
            match op.joined {
                Joined::Difference => "Sub",
                Joined::Greatest => "Max",
                Joined::Least => "Min",
            },
        ),
        Op::Concat(_) => {
            let operands = builder.operands();
            builder.concat(&operands, 1)
        }
    }
}

//! `groupnorm`: normalisation over groups of channels and all positions.

use super::epsilon::EPS;
use super::family::{self, Norm, Together, Trained, cost_to_standardise, norm_operator, standardise};
use crate::ops::field::{Arguments, Field, arguments};
use crate::ops::input::multiple_of;
use crate::ops::onnx::{OnnxBuilder, OnnxValue, ToOnnx};
use crate::ops::tools::{STANDARDISED, WEIGHTS, rules};
use crate::ops::torch::{ToTorch, Torch};
use crate::ops::{Cost, Counted, Default, Kind, Number, OpError, Spec, Tool, Value, Written};
use crate::tensor::Shape;

/// The spec of `groupnorm`.
pub(crate) static SPEC: Spec = Spec {
    name: "groupnorm",
    trailing: true,
    summary: "Group normalisation: over the channels of a group and all positions (Wu & He 2018), factor and summand for each channel.",
    example: "input 8x8x3;\nconv 3x3x8 same groupnorm 4 relu  -> 8x8x8;\n",
    rules: "Takes a map, or a vector, whose elements count as channels; the groups divide the channels (E0303). The variance is that of all values of a group, divided by their number.",
    cost: "per element 5 additions and 3 multiplications; per group 1 addition less, 3 divisions and 1 square root",
    since: "0.2",
    ..GroupNorm::WRITTEN
};

arguments! {
    /// Group normalisation.
    pub struct GroupNorm {
        /// Groups of channels.
        groups: u64 = Field::value(&Value {
            name: "number of groups",
            kind: Kind::Count { min: 1 },
            default: Default::Required,
            doc: "the groups of channels; 1 normalises over everything",
        }),
        /// Added to the variance.
        eps: f64 = EPS,
    }
}

impl ToTorch for GroupNorm {
    fn to_torch(&self, inputs: &[Shape], _output: Shape) -> Torch {
        Torch::module("nn.GroupNorm")
            .positional("num_groups", self.groups)
            .positional("num_channels", inputs[0].channels())
            .optional("eps", self.eps, 1e-5)
    }
}

impl ToOnnx for GroupNorm {
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        grouped(builder, self.groups, self.eps, true, "groupnorm")
    }
}

/// Adds the nodes of a normalisation over groups of channels: `InstanceNormalization` with each group reshaped to one
/// channel. With as many groups as channels only the remark tells the operator `word`.
pub(super) fn grouped(
    builder: &mut dyn OnnxBuilder,
    groups: u64,
    eps: f64,
    affine: bool,
    word: &str,
) -> String {
    let (input, shape) = (builder.operand(), builder.input());
    let grouped = builder.reshape(&input, &[groups, shape.elements() / groups]);
    let ones = builder.floats(&[groups], vec![1.0; groups as usize]);
    let zeros = builder.floats(&[groups], vec![0.0; groups as usize]);
    let attributes = vec![("epsilon", OnnxValue::Float(eps as f32))];
    let normalised = builder.node("InstanceNormalization", &[grouped, ones, zeros], attributes);
    if groups == shape.channels() {
        builder.remark(word);
    }
    let value = builder.reshape(&normalised, &shape.stored());
    if !affine {
        return value;
    }
    let (weight, bias) = (builder.by_channel(0), builder.by_channel(1));
    let scaled = builder.join("Mul", &value, &weight);
    builder.join("Add", &scaled, &bias)
}

impl Written for GroupNorm {
    const SPECS: &'static [&'static Spec] = &[&SPEC];
}

impl Norm for GroupNorm {
    fn together(&self, input: Shape) -> Result<Together, OpError> {
        multiple_of("channels", input.channels(), self.groups).map_err(|error| error.at("lone value"))?;
        Ok(Together::Groups(self.groups))
    }

    fn trained(&self) -> Trained {
        Trained::WeightAndBias
    }

    fn cost_of_set(&self, elements: u128) -> Cost {
        cost_to_standardise(elements)
    }

    fn counted_by_tools(&self, input: Shape) -> Vec<Counted> {
        let (elements, channels) = (u128::from(input.elements()), u128::from(input.channels()));
        rules([
            (Tool::Fvcore, STANDARDISED, 5 * elements),
            (Tool::Ptflops, "2 for each element of group normalisation", 2 * elements),
            (Tool::Torchinfo, WEIGHTS, 2 * channels),
            (Tool::Calflops, STANDARDISED, 5 * elements),
        ])
    }

    fn normalise<N: Number>(&self, set: &mut [N]) {
        standardise(set, self.eps);
    }
}

norm_operator!(GroupNorm);

//! `layernorm`: normalisation over the channels at each position.

use super::epsilon::EPS;
use super::family::{self, Norm, Together, Trained, cost_to_standardise, norm_operator, standardise};
use crate::ops::field::{Arguments, arguments};
use crate::ops::onnx::{OnnxBuilder, OnnxValue, ToOnnx};
use crate::ops::tools::{STANDARDISED, WEIGHTS, rules};
use crate::ops::torch::{Helper, ToTorch, Torch};
use crate::ops::{Cost, Counted, FIRST, Number, OpError, Spec, Tool, Written};
use crate::tensor::Shape;

/// The spec of `layernorm`.
pub(crate) static SPEC: Spec = Spec {
    name: "layernorm",
    trailing: true,
    summary: "Layer normalisation over the channels at each position (Ba et al. 2016), of a vector over its elements.",
    example: "input 8x8x3;\nconv 3x3x4 same layernorm relu  -> 8x8x4;\n",
    rules: "Takes a map, whose channels are normalised at each position, or a vector. The variance is divided by the number of channels.",
    cost: "per element 5 additions and 3 multiplications; per position 1 addition less, 3 divisions and 1 square root",
    since: FIRST,
    ..LayerNorm::WRITTEN
};

arguments! {
    /// Layer normalisation over channels.
    pub struct LayerNorm {
        /// Added to the variance.
        eps: f64 = EPS,
    }
}

/// The class LayerNorm2d of exported PyTorch files.
static OVER_CHANNELS: Helper = Helper {
    name: "LayerNorm2d",
    source: r#"class LayerNorm2d(nn.LayerNorm):
    """Layer normalisation over the channels at each position."""

    def forward(self, x: Tensor) -> Tensor:
        y = x.permute(0, 2, 3, 1)
        y = F.layer_norm(y, self.normalized_shape, self.weight, self.bias, self.eps)
        return y.permute(0, 3, 1, 2)"#,
};

impl ToTorch for LayerNorm {
    fn to_torch(&self, inputs: &[Shape], _output: Shape) -> Torch {
        let torch =
            if inputs[0].is_map() { Torch::helper(&OVER_CHANNELS) } else { Torch::module("nn.LayerNorm") };
        torch.positional("normalized_shape", inputs[0].channels()).named("eps", self.eps)
    }
}

/// The first operator set that has `LayerNormalization`.
const SINCE: u32 = 17;

impl ToOnnx for LayerNorm {
    /// Moves the channels of a map to the last axis, normalises over it, and moves them back.
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let is_map = builder.input().is_map();
        let mut value = builder.operand();
        if is_map {
            value = builder.transpose(&value, &[0, 2, 3, 1]);
        }
        let (weight, bias) = (builder.stored(0), builder.stored(1));
        value = if builder.opset() >= SINCE {
            let attributes =
                vec![("axis", OnnxValue::Int(-1)), ("epsilon", OnnxValue::Float(self.eps as f32))];
            builder.node("LayerNormalization", &[value, weight, bias], attributes)
        } else {
            let mean = builder.reduce("ReduceMean", &value, -1);
            let centred = builder.join("Sub", &value, &mean);
            let square = builder.with_number("Pow", &centred, 2.0);
            let variance = builder.reduce("ReduceMean", &square, -1);
            let above = builder.with_number("Add", &variance, self.eps);
            let deviation = builder.apply("Sqrt", &above);
            let normalised = builder.join("Div", &centred, &deviation);
            let scaled = builder.join("Mul", &normalised, &weight);
            builder.join("Add", &scaled, &bias)
        };
        if is_map { builder.transpose(&value, &[0, 3, 1, 2]) } else { value }
    }
}

impl Written for LayerNorm {
    const SPECS: &'static [&'static Spec] = &[&SPEC];
}

impl Norm for LayerNorm {
    fn together(&self, _input: Shape) -> Result<Together, OpError> {
        Ok(Together::Channels)
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
            (Tool::Thop, "4 for each element of layer normalisation", 4 * elements),
            (Tool::Ptflops, "1 for each element of layer normalisation", elements),
            (Tool::Torchinfo, WEIGHTS, 2 * channels),
            (Tool::Calflops, STANDARDISED, 5 * elements),
        ])
    }

    fn normalise<N: Number>(&self, set: &mut [N]) {
        standardise(set, self.eps);
    }
}

norm_operator!(LayerNorm);

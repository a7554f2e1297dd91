//! `rmsnorm`: the channels at each position, divided by the root of their mean square.

use super::epsilon::epsilon;
use super::family::{self, Norm, Together, Trained, norm_operator, sum};
use crate::ops::field::{Arguments, arguments};
use crate::ops::onnx::{OnnxBuilder, ToOnnx};
use crate::ops::tools::{WEIGHTS, rules};
use crate::ops::torch::{Helper, ToTorch, Torch};
use crate::ops::{Attribute, Cost, Counted, Default, Kind, Number, OpError, Spec, Tool, Written};
use crate::tensor::Shape;

/// The spec of `rmsnorm`.
pub(crate) static SPEC: Spec = Spec {
    name: "rmsnorm",
    trailing: true,
    summary: "Divides the channels at each position by the root of their mean square (Zhang & Sennrich 2019), of a vector its elements: x/√(mean x² + eps)·weight.",
    example: "input 8x8x3;\nconv 3x3x4 same rmsnorm relu  -> 8x8x4;\n",
    rules: "Takes a map or a vector.",
    cost: "per element 3 multiplications and 1 addition; per position 2 divisions and 1 square root",
    since: "0.2",
    ..RmsNorm::WRITTEN
};

arguments! {
    /// Division by the root of the mean square.
    pub struct RmsNorm {
        /// Added to the mean square.
        eps: f64 = epsilon(&[Attribute { name: "eps", kind: Kind::Real, default: Default::Real(1e-5), doc: "added to the mean square" }]),
    }
}

/// The class RMSNorm2d of exported PyTorch files.
static OVER_CHANNELS: Helper = Helper {
    name: "RMSNorm2d",
    source: r#"class RMSNorm2d(nn.RMSNorm):
    """Division by the root mean square of the channels at each position."""

    def forward(self, x: Tensor) -> Tensor:
        y = x.permute(0, 2, 3, 1)
        y = F.rms_norm(y, self.normalized_shape, self.weight, self.eps)
        return y.permute(0, 3, 1, 2)"#,
};

impl ToTorch for RmsNorm {
    fn to_torch(&self, inputs: &[Shape], _output: Shape) -> Torch {
        let torch =
            if inputs[0].is_map() { Torch::helper(&OVER_CHANNELS) } else { Torch::module("nn.RMSNorm") };
        torch.positional("normalized_shape", inputs[0].channels()).named("eps", self.eps)
    }
}

impl ToOnnx for RmsNorm {
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let input = builder.operand();
        let square = builder.with_number("Pow", &input, 2.0);
        let mean = builder.reduce("ReduceMean", &square, 1);
        let above = builder.with_number("Add", &mean, self.eps);
        let root = builder.apply("Sqrt", &above);
        let normalised = builder.join("Div", &input, &root);
        let weight = builder.by_channel(0);
        builder.join("Mul", &normalised, &weight)
    }
}

impl Written for RmsNorm {
    const SPECS: &'static [&'static Spec] = &[&SPEC];
}

impl Norm for RmsNorm {
    fn together(&self, _input: Shape) -> Result<Together, OpError> {
        Ok(Together::Channels)
    }

    fn trained(&self) -> Trained {
        Trained::Weight
    }

    fn cost_of_set(&self, elements: u128) -> Cost {
        Cost { add: elements, mul: 2 * elements, div: 2, sqrt: 1, ..Cost::default() }
    }

    fn counted_by_tools(&self, input: Shape) -> Vec<Counted> {
        rules([(Tool::Torchinfo, WEIGHTS, u128::from(input.channels()))])
    }

    fn normalise<N: Number>(&self, set: &mut [N]) {
        let mean = sum(set.iter().map(|&x| x * x)) / N::from_f64(set.len() as f64);
        let factor = N::from_f64(1.0) / (mean + N::from_f64(self.eps)).sqrt();
        set.iter_mut().for_each(|x| *x = *x * factor);
    }
}

norm_operator!(RmsNorm);

//! The ONNX and PyTorch forms of element-wise functions that take more than a line.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use crate::ops::onnx::{OnnxBuilder, OnnxValue};
use crate::ops::torch::{Helper, Torch};

/// A float attribute of an ONNX node.
pub(super) fn float(value: f64) -> OnnxValue {
    OnnxValue::Float(value as f32)
}

/// x times a gate; the operators in `gate` compute the gate from x, one after the other.
pub(super) fn onnx_gated(builder: &mut dyn OnnxBuilder, x: &str, gate: &[&'static str]) -> String {
    let gate = gate.iter().fold(x.to_owned(), |value, operator| builder.apply(operator, &value));
    builder.join("Mul", x, &gate)
}

pub(super) fn onnx_clip(
    builder: &mut dyn OnnxBuilder,
    x: &str,
    min: Option<f64>,
    max: Option<f64>,
) -> String {
    let mut inputs = vec![x.to_owned()];
    inputs.push(min.map_or(String::new(), |min| builder.number(min)));
    if let Some(max) = max {
        inputs.push(builder.number(max));
    }
    builder.node("Clip", &inputs, Vec::new())
}

pub(super) fn onnx_scaled_tanh(builder: &mut dyn OnnxBuilder, x: &str) -> String {
    let inner = builder.with_number("Mul", x, 2.0 / 3.0);
    let tangent = builder.apply("Tanh", &inner);
    builder.with_number("Mul", &tangent, 1.7159)
}

pub(super) fn onnx_quick_gelu(builder: &mut dyn OnnxBuilder, x: &str) -> String {
    let inner = builder.with_number("Mul", x, 1.702);
    let gate = builder.apply("Sigmoid", &inner);
    builder.join("Mul", x, &gate)
}

/// GELU written out, because ONNX has `Gelu` only from operator set 20 on.
pub(super) fn onnx_gelu(builder: &mut dyn OnnxBuilder, x: &str, approx: bool) -> String {
    let bell = if approx {
        let square = builder.join("Mul", x, x);
        let cube = builder.join("Mul", &square, x);
        let term = builder.with_number("Mul", &cube, 0.044715);
        let sum = builder.join("Add", x, &term);
        let inner = builder.with_number("Mul", &sum, (2.0 / PI).sqrt());
        builder.apply("Tanh", &inner)
    } else {
        let inner = builder.with_number("Div", x, 1.0 / FRAC_1_SQRT_2);
        builder.apply("Erf", &inner)
    };
    let above = builder.with_number("Add", &bell, 1.0);
    let weighted = builder.join("Mul", x, &above);
    builder.with_number("Mul", &weighted, 0.5)
}

pub(super) fn onnx_hard_sigmoid(builder: &mut dyn OnnxBuilder, x: &str, slope: f64) -> String {
    builder.node("HardSigmoid", &[x.to_owned()], vec![("alpha", float(slope)), ("beta", float(0.5))])
}

/// `hswish`; written out before operator set 14, which brought `HardSwish`.
pub(super) fn onnx_hard_swish(builder: &mut dyn OnnxBuilder, x: &str) -> String {
    if builder.opset() >= 14 {
        return builder.apply("HardSwish", x);
    }
    let gate = onnx_hard_sigmoid(builder, x, 1.0 / 6.0);
    builder.join("Mul", x, &gate)
}

/// The class ScaledTanh of exported PyTorch files.
pub(super) static SCALED_TANH: Helper = Helper {
    name: "ScaledTanh",
    source: r#"class ScaledTanh(nn.Module):
    """LeCun's scaled tangent, 1.7159 tanh(2x / 3)."""

    def forward(self, x: Tensor) -> Tensor:
        return 1.7159 * torch.tanh(x * 2 / 3)"#,
};

/// The class QuickGELU of exported PyTorch files.
pub(super) static QUICK_GELU: Helper = Helper {
    name: "QuickGELU",
    source: r#"class QuickGELU(nn.Module):
    """x sigmoid(1.702 x)."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)"#,
};

pub(super) fn torch_clamp(min: Option<f64>, max: Option<f64>) -> Torch {
    match (min, max) {
        (Some(min), Some(max)) => {
            Torch::expression("torch.clamp({0}, min={low}, max={high})").named("low", min).named("high", max)
        }
        (Some(min), None) => Torch::expression("torch.clamp({0}, min={low})").named("low", min),
        (None, Some(max)) => Torch::expression("torch.clamp({0}, max={high})").named("high", max),
        (None, None) => Torch::expression("{0}"),
    }
}

/// `hsigmoid`; `nn.Hardsigmoid` supports a slope of 1/6 only.
pub(super) fn torch_hard_sigmoid(slope: Option<f64>) -> Torch {
    match slope {
        None => Torch::module("nn.Hardsigmoid"),
        Some(slope) => Torch::expression("torch.clamp({0} * {slope} + 0.5, 0.0, 1.0)").named("slope", slope),
    }
}

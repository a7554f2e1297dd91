//! `bn`: batch normalisation with running statistics.

use super::epsilon::EPS;
use crate::ops::catalogue::elementwise::per_channel::{PerChannel, per_channel_operator};
use crate::ops::field::{Arguments, Field, arguments};
use crate::ops::onnx::{OnnxBuilder, OnnxValue, ToOnnx};
use crate::ops::tools::{WEIGHTS, rules};
use crate::ops::torch::{Helper, ToTorch, Torch};
use crate::ops::{Cost, Counted, Flag, Init, Number, Parameter, Role, Spec, Tool, Written};
use crate::tensor::Shape;

/// The spec of `bn`.
pub(crate) static SPEC: Spec = Spec {
    name: "bn",
    trailing: true,
    summary: "Batch normalisation with running statistics (Ioffe & Szegedy 2015): (x − mean)/√(var + eps)·weight + bias.",
    example: "input 8x8x3;\nconv 3x3x4 same bn relu  -> 8x8x4;\n",
    rules: "Takes a map, or a vector, whose elements count as channels. Nothing is learned here: mean and variance are those of the weights file.",
    cost: "per element 2 additions (with `nobias` 1) and 1 multiplication; per channel 1 addition, 1 square root and 1 division",
    absorbs_bias: true,
    ..BatchNorm::WRITTEN
};

arguments! {
    /// Batch normalisation in inference, with running statistics.
    pub struct BatchNorm {
        /// Added to the variance.
        eps: f64 = EPS,
        /// Whether there is a trained factor.
        scale: bool = without(&[Flag { name: "noscale", doc: "without the trained factor `.weight`" }]),
        /// Whether there is a trained summand.
        bias: bool = without(&[Flag { name: "nobias", doc: "without the trained summand `.bias`" }]),
    }
}

/// A field that is true unless the flag is given.
const fn without(flag: &'static [Flag; 1]) -> Field<bool> {
    Field {
        flags: flag,
        ..Field::new(
            |field, bound| Ok(!bound.flag(field.flags[0].name)),
            |field, &kept, bound| {
                if !kept {
                    bound.set_flag(field.flags[0].name);
                }
            },
        )
    }
}

/// The classes HalfAffineBatchNorm2d and HalfAffineBatchNorm1d of exported PyTorch files.
macro_rules! half_affine {
    ($dimensions:literal) => {
        Helper {
            name: concat!("HalfAffineBatchNorm", $dimensions),
            source: concat!(
                "class HalfAffineBatchNorm",
                $dimensions,
                "(nn.BatchNorm",
                $dimensions,
                r#"):
    """Batch normalisation with only a trained factor or only a trained summand."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-05,
        scale: bool = True,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps=eps)
        if not scale:
            self.register_parameter("weight", None)
        if not bias:
            self.register_parameter("bias", None)"#
            ),
        }
    };
}

/// For maps.
static HALF_AFFINE: Helper = half_affine!("2d");
/// For vectors.
static HALF_AFFINE_VECTOR: Helper = half_affine!("1d");

impl ToTorch for BatchNorm {
    fn to_torch(&self, inputs: &[Shape], _output: Shape) -> Torch {
        let channels = inputs[0].channels();
        let map = inputs[0].is_map();
        if self.scale == self.bias {
            return Torch::module(if map { "nn.BatchNorm2d" } else { "nn.BatchNorm1d" })
                .positional("num_features", channels)
                .optional("eps", self.eps, 1e-5)
                .optional("affine", self.scale, true);
        }
        Torch::helper(if map { &HALF_AFFINE } else { &HALF_AFFINE_VECTOR })
            .positional("num_features", channels)
            .optional("eps", self.eps, 1e-5)
            .optional("scale", self.scale, true)
            .optional("bias", self.bias, true)
    }
}

impl ToOnnx for BatchNorm {
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
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
        builder.node("BatchNormalization", &inputs, vec![("epsilon", OnnxValue::Float(self.eps as f32))])
    }
}

impl Written for BatchNorm {
    const SPECS: &'static [&'static Spec] = &[&SPEC];
}

impl PerChannel for BatchNorm {
    fn numbers(&self, channels: u64) -> Vec<Parameter> {
        let one = |key, role, init| Parameter { key, shape: vec![channels], role, init };
        let mut parameters = Vec::new();
        if self.scale {
            parameters.push(one("weight", Role::Trainable, Init::NormWeight));
        }
        if self.bias {
            parameters.push(one("bias", Role::Trainable, Init::NormBias));
        }
        parameters.push(one("running_mean", Role::State, Init::NormMean));
        parameters.push(one("running_var", Role::State, Init::NormVariance));
        parameters
    }

    fn operations(&self, elements: u128, channels: u128) -> Cost {
        let additions = if self.bias { 2 } else { 1 };
        Cost {
            add: additions * elements + channels,
            mul: elements,
            sqrt: channels,
            div: channels,
            ..Cost::default()
        }
    }

    fn other_tools(&self, elements: u128, channels: u128) -> Vec<Counted> {
        let twice = "2 for each element of batch normalisation";
        let without_weight = "1 for each element of batch normalisation without a factor";
        let by_weight = |tool: Tool| match self.scale {
            true => (tool, twice, 2 * elements),
            false => (tool, without_weight, elements),
        };
        // THOP and ptflops check only whether the module has any parameters.
        let affine = self.scale || self.bias;
        let thop = match affine {
            true => "4 for each element of batch normalisation: 2, doubled because it is affine",
            false => "2 for each element of batch normalisation that is not affine",
        };
        let ptflops = match affine {
            true => twice,
            false => "1 for each element of batch normalisation that is not affine",
        };
        rules([
            by_weight(Tool::Fvcore),
            (Tool::Thop, thop, if affine { 4 * elements } else { 2 * elements }),
            (Tool::Ptflops, ptflops, if affine { 2 * elements } else { elements }),
            (Tool::Torchinfo, WEIGHTS, (u128::from(self.scale) + u128::from(self.bias)) * channels),
            by_weight(Tool::Calflops),
        ])
    }

    fn function<N: Number>(&self, numbers: &[N]) -> impl Fn(N) -> N {
        let mut numbers = numbers.iter().copied();
        let weight = if self.scale { numbers.next() } else { None };
        let bias = if self.bias { numbers.next() } else { None };
        let zero = || N::from_f64(0.0);
        let (mean, variance) = (numbers.next().unwrap_or_else(zero), numbers.next().unwrap_or_else(zero));
        let factor = weight.unwrap_or_else(|| N::from_f64(1.0)) / (variance + N::from_f64(self.eps)).sqrt();
        move |x| {
            let scaled = (x - mean) * factor;
            bias.map_or(scaled, |bias| scaled + bias)
        }
    }
}

per_channel_operator!(BatchNorm);

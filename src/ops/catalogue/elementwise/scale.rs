//! `scale`: a trained factor for each channel.

use super::per_channel::{PerChannel, per_channel_operator};
use crate::ops::field::{Arguments, Field, arguments};
use crate::ops::onnx::{OnnxBuilder, ToOnnx};
use crate::ops::tools::{WEIGHTS, rules};
use crate::ops::torch::{Helper, ToTorch, Torch};
use crate::ops::{Cost, Counted, Flag, Init, Number, Parameter, Role, Spec, Tool, Written};
use crate::tensor::Shape;

/// The spec of `scale`.
pub(crate) static SPEC: Spec = Spec {
    name: "scale",
    trailing: true,
    summary: "Multiplies each channel by a trained factor, and perhaps adds a trained bias.",
    example: "input 8x8x4;\nconv 1x1x4 scale bias  -> 8x8x4;\n",
    rules: "Takes a map, or a vector, whose elements count as channels.",
    cost: "per element 1 multiplication, with a bias 1 addition",
    ..Scale::WRITTEN
};

arguments! {
    /// A trained factor for each channel.
    pub struct Scale {
        /// Whether a trained bias is added.
        bias: bool = Field::flag(&[Flag { name: "bias", doc: "adds a trained bias for each channel" }]),
    }
}

/// The classes ChannelScale2d and ChannelScale1d of exported PyTorch files; `$index` broadcasts a parameter.
macro_rules! channel_scale {
    ($dimensions:literal, $index:literal) => {
        Helper {
            name: concat!("ChannelScale", $dimensions),
            source: concat!(
                "class ChannelScale",
                $dimensions,
                r#"(nn.Module):
    """A trained factor, and optionally a trained summand, for each channel."""

    def __init__(self, channels: int, bias: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.register_parameter(
            "bias", nn.Parameter(torch.zeros(channels)) if bias else None
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x * self.weight"#,
                $index,
                "\n        return x if self.bias is None else x + self.bias",
                $index
            ),
        }
    };
}

/// For maps.
static SCALE: Helper = channel_scale!("2d", "[:, None, None]");
/// For vectors.
static SCALE_VECTOR: Helper = channel_scale!("1d", "");

impl ToTorch for Scale {
    fn to_torch(&self, inputs: &[Shape], _output: Shape) -> Torch {
        let helper = if inputs[0].is_map() { &SCALE } else { &SCALE_VECTOR };
        Torch::helper(helper).positional("channels", inputs[0].channels()).optional("bias", self.bias, false)
    }
}

impl ToOnnx for Scale {
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let (input, factor) = (builder.operand(), builder.by_channel(0));
        let scaled = builder.join("Mul", &input, &factor);
        if self.bias {
            let summand = builder.by_channel(1);
            return builder.join("Add", &scaled, &summand);
        }
        scaled
    }
}

impl Written for Scale {
    const SPECS: &'static [&'static Spec] = &[&SPEC];
}

impl PerChannel for Scale {
    fn numbers(&self, channels: u64) -> Vec<Parameter> {
        let one = |key, init| Parameter { key, shape: vec![channels], role: Role::Trainable, init };
        let mut parameters = vec![one("weight", Init::NormWeight)];
        if self.bias {
            parameters.push(one("bias", Init::NormBias));
        }
        parameters
    }

    fn operations(&self, elements: u128, _channels: u128) -> Cost {
        Cost { mul: elements, add: if self.bias { elements } else { 0 }, ..Cost::default() }
    }

    fn other_tools(&self, _elements: u128, channels: u128) -> Vec<Counted> {
        let each = if self.bias { 2 } else { 1 };
        rules([(Tool::Torchinfo, WEIGHTS, each * channels)])
    }

    fn function<N: Number>(&self, numbers: &[N]) -> impl Fn(N) -> N {
        let (factor, summand) = (numbers[0], numbers.get(1).copied());
        move |x| {
            let scaled = x * factor;
            summand.map_or(scaled, |summand| scaled + summand)
        }
    }
}

per_channel_operator!(Scale);

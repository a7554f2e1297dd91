//! `scale`: a trained factor for each channel.

use ndarray::{ArrayViewD, ArrayViewMutD, Axis, IxDyn};

use crate::ops::field::{Arguments, Field, arguments};
use crate::ops::onnx::{OnnxBuilder, ToOnnx};
use crate::ops::tools::{WEIGHTS, rules};
use crate::ops::torch::{Helper, ToTorch, Torch};
use crate::ops::{
    Cost, Counted, Flag, Geometry, Init, Number, OpError, Operator, Parameter, Reuse, Role, Spec, Tool,
    Written,
};
use crate::tensor::Shape;

/// How `scale` is written.
pub(crate) static SPEC: Spec = Spec {
    name: "scale",
    trailing: true,
    summary: "Multiplies each channel by a trained factor, and perhaps adds a trained bias.",
    example: "input 8x8x4;\nconv 1x1x4 scale bias  -> 8x8x4;\n",
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

/// ChannelScale2d of exported PyTorch files.
static SCALE: Helper = Helper {
    name: "ChannelScale2d",
    source: r#"class ChannelScale2d(nn.Module):
    """A trained factor, and optionally a trained summand, for each channel."""

    def __init__(self, channels: int, bias: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.register_parameter(
            "bias", nn.Parameter(torch.zeros(channels)) if bias else None
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x * self.weight[:, None, None]
        return x if self.bias is None else x + self.bias[:, None, None]"#,
};

/// ChannelScale1d of exported PyTorch files.
static SCALE_VECTOR: Helper = Helper {
    name: "ChannelScale1d",
    source: r#"class ChannelScale1d(nn.Module):
    """A trained factor, and optionally a trained summand, for each channel."""

    def __init__(self, channels: int, bias: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.register_parameter(
            "bias", nn.Parameter(torch.zeros(channels)) if bias else None
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x * self.weight
        return x if self.bias is None else x + self.bias"#,
};

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

impl Operator for Scale {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        Ok(inputs[0])
    }

    fn parameters(&self, inputs: &[Shape]) -> Vec<Parameter> {
        let one =
            |key, init| Parameter { key, shape: vec![inputs[0].channels()], role: Role::Trainable, init };
        let mut parameters = vec![one("weight", Init::NormWeight)];
        if self.bias {
            parameters.push(one("bias", Init::NormBias));
        }
        parameters
    }

    fn cost(&self, _inputs: &[Shape], output: Shape) -> Cost {
        let elements = u128::from(output.elements());
        Cost { mul: elements, add: if self.bias { elements } else { 0 }, ..Cost::default() }
    }

    fn counted(&self, inputs: &[Shape], _output: Shape) -> Vec<Counted> {
        let each = if self.bias { 2 } else { 1 };
        rules([(Tool::Torchinfo, WEIGHTS, each * u128::from(inputs[0].channels()))])
    }

    fn geometry(&self, _input: Shape) -> Geometry {
        Geometry::Pointwise
    }

    fn reuse(&self) -> Reuse {
        Reuse::InPlace
    }

    fn reference<N: Number>(
        &self,
        inputs: &[ArrayViewD<'_, N>],
        parameters: &[ArrayViewD<'_, N>],
        mut output: ArrayViewMutD<'_, N>,
    ) {
        output.assign(&inputs[0]);
        for (channel, mut plane) in output.axis_iter_mut(Axis(0)).enumerate() {
            let at = IxDyn(&[channel]);
            let factor = parameters[0][&at];
            match parameters.get(1) {
                Some(bias) => plane.mapv_inplace(|x| x * factor + bias[&at]),
                None => plane.mapv_inplace(|x| x * factor),
            }
        }
    }
}

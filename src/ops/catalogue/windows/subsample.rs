//! `subsample`: LeNet's trainable pooling, a window sum times a coefficient plus a bias for each channel.

use ndarray::IxDyn;

use super::onnx;
use super::sliding::{Sliding, WINDOW};
use crate::ops::field::{Arguments, arguments};
use crate::ops::input::map_of;
use crate::ops::onnx::{OnnxBuilder, ToOnnx, WeightLayout};
use crate::ops::tools::{WEIGHTS, rules};
use crate::ops::torch::{Helper, ToTorch, Torch};
use crate::ops::{
    Arrays, Cost, Counted, Geometry, Number, OpError, Operator, Parameter, Reuse, Spec, Tool, Written,
};
use crate::tensor::Shape;

/// The spec of `subsample`.
pub(crate) static SPEC: Spec = Spec {
    name: "subsample",
    trailing: false,
    summary: "Trainable subsampling: window sum × coefficient + bias for each channel, without padding (LeCun et al. 1998).",
    example: "input 28x28x6;\nsubsample 2/2 sigmoid  -> 14x14x6;\n",
    cost: "for each output: k_h·k_w additions (the bias among them) and 1 multiplication",
    ..Subsample::WRITTEN
};

arguments! {
    /// A trainable subsampling.
    pub struct Subsample {
        /// Kernel and stride; no padding.
        sliding: Sliding = WINDOW,
    }
}

/// The class Subsample2d of exported PyTorch files.
static SUBSAMPLE: Helper = Helper {
    name: "Subsample2d",
    source: r#"class Subsample2d(nn.Module):
    """The sum of each window, times a factor and plus a bias for each channel."""

    def __init__(
        self,
        channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int],
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        x = F.avg_pool2d(x, self.kernel_size, self.stride, divisor_override=1)
        return x * self.weight[:, None, None] + self.bias[:, None, None]"#,
};

impl ToTorch for Subsample {
    fn to_torch(&self, inputs: &[Shape], _output: Shape) -> Torch {
        Torch::helper(&SUBSAMPLE)
            .positional("channels", inputs[0].channels())
            .named("kernel_size", self.sliding.kernel)
            .named("stride", self.sliding.stride)
    }
}

impl ToOnnx for Subsample {
    /// The sum of a window times a coefficient is a convolution with equal taps.
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let (height, width) = self.sliding.kernel;
        let (input, channels) = (builder.operand(), builder.input().channels());
        let taps = WeightLayout::Repeated((height * width) as usize);
        let weight = builder.weight(0, &[channels, 1, height, width], taps);
        let windows = self.sliding.windows(builder.input().extent());
        let value = onnx::convolution(builder, "Conv", input, weight, onnx::attributes(windows), channels);
        builder.remark("subsample");
        value
    }
}

impl Written for Subsample {
    const SPECS: &'static [&'static Spec] = &[&SPEC];
}

impl Subsample {
    fn taps(&self) -> u64 {
        self.sliding.kernel.0.saturating_mul(self.sliding.kernel.1)
    }
}

impl Operator for Subsample {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        let (_, _, channels) = map_of("subsample", inputs[0])?;
        let (height, width) = self.sliding.output(inputs[0])?;
        Ok(Shape::map(height, width, channels))
    }

    fn parameters(&self, inputs: &[Shape]) -> Vec<Parameter> {
        let channels = inputs[0].channels();
        vec![Parameter::weight(&[channels], self.taps()), Parameter::bias(channels, self.taps())]
    }

    fn cost(&self, _inputs: &[Shape], output: Shape) -> Cost {
        let (outputs, taps) = (u128::from(output.elements()), u128::from(self.taps()));
        Cost { add: outputs * taps, mul: outputs, connections: outputs * (taps + 1), ..Cost::default() }
    }

    fn counted(&self, inputs: &[Shape], output: Shape) -> Vec<Counted> {
        // ptflops and calflops count the operations of PyTorch's `lp_pool2d`, which sums windows: powers, pooling, a
        // product and roots; they do not count the coefficient and bias, which are plain Python operators.
        let (elements, channels) = (u128::from(inputs[0].elements()), u128::from(inputs[0].channels()));
        let outputs = u128::from(output.elements());
        let rule = "1 for each input element and 2 for each output of subsampling";
        let count = elements + 2 * outputs;
        rules([
            (Tool::Ptflops, rule, count),
            (Tool::Torchinfo, WEIGHTS, 2 * channels),
            (Tool::Calflops, rule, count),
        ])
    }

    fn geometry(&self, input: Shape, _output: Shape) -> Geometry {
        Geometry::sliding(self.sliding.windows(input.extent()))
    }

    fn reuse(&self) -> Reuse {
        Reuse::Fresh
    }

    fn reference<N: Number>(&self, Arrays { inputs, parameters, mut output }: Arrays<'_, N>) {
        let ((kernel_height, kernel_width), (down, right)) = (self.sliding.kernel, self.sliding.stride);
        for (index, out) in output.indexed_iter_mut() {
            let (channel, y, x) = (index[0], index[1] * down as usize, index[2] * right as usize);
            let mut sum: Option<N> = None;
            for ky in 0..kernel_height as usize {
                for kx in 0..kernel_width as usize {
                    let value = inputs[0][IxDyn(&[channel, y + ky, x + kx])];
                    sum = Some(sum.map_or(value, |sum| sum + value));
                }
            }
            let at = IxDyn(&[channel]);
            *out = sum.unwrap_or(N::from_f64(0.0)) * parameters[0][&at] + parameters[1][&at];
        }
    }
}

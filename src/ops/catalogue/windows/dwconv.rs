//! `dwconv`: depthwise convolution; each filter reads a single channel.

use ndarray::IxDyn;

use super::onnx;
use super::sliding::{Sliding, convolution, convolution_facets, window};
use crate::ops::border::{BORDER, Border};
use crate::ops::catalogue::weighted::{self, BIAS};
use crate::ops::field::{Arguments, Field, arguments};
use crate::ops::input::map_of;
use crate::ops::onnx::{OnnxBuilder, ToOnnx};
use crate::ops::torch::{ToTorch, Torch};
use crate::ops::{
    Arrays, Attribute, Cost, Default, Kind, Number, OpError, Operator, Parameter, Product, Sizes, Spec,
    Written,
};
use crate::tensor::Shape;

/// The spec of `dwconv`.
pub(crate) static SPEC: Spec = Spec {
    name: "dwconv",
    trailing: false,
    summary: "Depthwise convolution: each input channel has its own filters (Chollet 2017, Howard et al. 2017).",
    example: "input 16x16x8;\ndwconv 3x3/2 pad=1 bn relu6  -> 8x8x8;\n",
    rules: "Takes a map. The kernel, spread by `dilate=`, fits into the padded map (E0305).",
    cost: "macs = out_h·out_w·channels·mult × k_h·k_w; one addition for each output with a bias",
    ..DwConv::WRITTEN
};

arguments! {
    /// A depthwise convolution.
    pub struct DwConv {
        /// Kernel, stride, dilation, padding.
        sliding: Sliding = window(Sizes::Kernel),
        /// The number of filters for each input channel.
        multiplier: u64 = Field::attribute(&[Attribute {
            name: "mult",
            kind: Kind::Count { min: 1 },
            default: Default::Count(1),
            doc: "filters for each input channel: output channel c·mult + j reads input channel c",
        }]),
        /// The values beyond the edge of the map.
        border: Border = BORDER,
        /// Whether a bias is added.
        bias: bool = BIAS,
    }
}

impl ToTorch for DwConv {
    fn to_torch(&self, inputs: &[Shape], output: Shape) -> Torch {
        let channels = inputs[0].channels();
        let windows = self.sliding.windows(inputs[0].extent());
        let filters = output.channels();
        convolution(channels, filters, &self.sliding, windows, self.border, channels, self.bias)
    }
}

impl ToOnnx for DwConv {
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let (input, windows) = onnx::bordered(builder, self.sliding, self.border);
        let (weight, groups) = (builder.stored(0), builder.input().channels());
        onnx::convolution(builder, "Conv", input, weight, onnx::attributes(windows), groups)
    }
}

impl Written for DwConv {
    const SPECS: &'static [&'static Spec] = &[&SPEC];
}

impl Operator for DwConv {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        let (_, _, channels) = map_of("dwconv", inputs[0])?;
        self.sliding.check_border(self.border, inputs[0].extent())?;
        let (height, width) = self.sliding.output(inputs[0])?;
        Ok(Shape::map(height, width, channels.saturating_mul(self.multiplier)))
    }

    fn parameters(&self, inputs: &[Shape]) -> Vec<Parameter> {
        let (height, width) = self.sliding.kernel;
        let filters = inputs[0].channels().saturating_mul(self.multiplier);
        let fan_in = height.saturating_mul(width);
        weighted::parameters(&[filters, 1, height, width], fan_in, self.bias.then_some(filters))
    }

    fn cost(&self, inputs: &[Shape], output: Shape) -> Cost {
        let (height, width) = output.extent();
        let channels = output.channels();
        let macs = Product::new(&[height, width, channels], &[self.sliding.kernel.0, self.sliding.kernel.1]);
        let useful = self.sliding.useful_taps(self.border, inputs[0], output) * u128::from(channels);
        weighted::cost(macs, useful, self.bias.then_some(output.elements().into()))
    }

    convolution_facets!();

    fn reference<N: Number>(&self, Arrays { inputs, parameters, mut output }: Arrays<'_, N>) {
        let (height, width) = (inputs[0].shape()[1] as u64, inputs[0].shape()[2] as u64);
        let (rows, columns) = self.sliding.windows((height, width));
        let (filters, out_height, out_width) = (output.shape()[0], output.shape()[1], output.shape()[2]);
        for filter in 0..filters {
            let source = filter / self.multiplier as usize;
            for y in 0..out_height {
                for x in 0..out_width {
                    let mut sum = N::from_f64(0.0);
                    for (ky, iy) in self.border.taps(&rows, y as u64, height) {
                        for (kx, ix) in self.border.taps(&columns, x as u64, width) {
                            let tap = parameters[0][IxDyn(&[filter, 0, ky, kx])];
                            sum = sum.mac(inputs[0][IxDyn(&[source, iy, ix])], tap);
                        }
                    }
                    output[IxDyn(&[filter, y, x])] =
                        if self.bias { sum + parameters[1][IxDyn(&[filter])] } else { sum };
                }
            }
        }
    }
}

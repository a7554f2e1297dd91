//! `dwconv`: depthwise convolution; each filter sees a single channel.

use ndarray::{ArrayViewD, ArrayViewMutD, IxDyn};

use super::sliding::{DILATE, PAD, SAME, Sliding, VALID, padding};
use crate::ops::catalogue::bias::{BIAS, NOBIAS, bias};
use crate::ops::input::map_of;
use crate::ops::{
    Attribute, Bound, Cost, Default, Geometry, Kind, Number, Op, OpError, Operator, Parameter, Product,
    Reuse, Sizes, Spec,
};
use crate::tensor::Shape;

/// How `dwconv` is written.
pub(crate) static SPEC: Spec = Spec {
    name: "dwconv",
    trailing: false,
    summary: "Depthwise convolution: each input channel has its own filters (Chollet 2017, Howard et al. 2017).",
    example: "input 16x16x8;\ndwconv 3x3/2 pad=1 bn relu6 -> 8x8x8;\n",
    sizes: Sizes::Kernel,
    value: None,
    flags: &[SAME, VALID, BIAS, NOBIAS],
    attributes: &[
        PAD,
        DILATE,
        Attribute {
            name: "mult",
            kind: Kind::Count { min: 1 },
            default: Default::Count(1),
            doc: "filters for each input channel: output channel c·mult + j reads input channel c",
        },
    ],
    cost: "macs = out_h·out_w·channels·mult × k_h·k_w; one addition for each output with a bias",
    onnx: "Conv with group = channels",
    torch: "nn.Conv2d with groups = channels",
    construct: |bound| DwConv::new(bound).map(Op::DwConv),
};

/// A depthwise convolution.
#[derive(Clone, Debug, PartialEq)]
pub struct DwConv {
    /// Kernel, stride, dilation, padding.
    pub sliding: Sliding,
    /// Filters for each input channel.
    pub multiplier: u64,
    /// Whether a bias is added.
    pub bias: bool,
}

impl DwConv {
    fn new(bound: &Bound) -> Result<DwConv, OpError> {
        let sliding = Sliding {
            kernel: bound.window(),
            stride: bound.stride_or((1, 1)),
            dilation: bound.pair("dilate").unwrap_or((1, 1)),
            padding: padding(bound)?,
            ceil: false,
        };
        Ok(DwConv { sliding, multiplier: bound.count("mult").unwrap_or(1), bias: bias(bound)? })
    }
}

impl Operator for DwConv {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        let (_, _, channels) = map_of("dwconv", inputs[0])?;
        let (height, width) = self.sliding.output(inputs[0])?;
        Ok(Shape::map(height, width, channels.saturating_mul(self.multiplier)))
    }

    fn parameters(&self, inputs: &[Shape]) -> Vec<Parameter> {
        let (height, width) = self.sliding.kernel;
        let filters = inputs[0].channels().saturating_mul(self.multiplier);
        let fan_in = height.saturating_mul(width);
        let mut parameters = vec![Parameter::weight(&[filters, 1, height, width], fan_in)];
        if self.bias {
            parameters.push(Parameter::bias(filters, fan_in));
        }
        parameters
    }

    fn cost(&self, inputs: &[Shape], output: Shape) -> Cost {
        let (height, width) = inputs[0].extent();
        let (out_height, out_width) = output.extent();
        let (rows, columns) = self.sliding.windows((height, width));
        let channels = output.channels();
        let macs =
            Product::new(&[out_height, out_width, channels], &[self.sliding.kernel.0, self.sliding.kernel.1]);
        let bias = if self.bias { u128::from(output.elements()) } else { 0 };
        let macs_useful = rows.useful_taps(height, out_height)
            * columns.useful_taps(width, out_width)
            * u128::from(channels);
        Cost { macs_useful, add: bias, connections: macs.value() + bias, macs, ..Cost::default() }
    }

    fn geometry(&self, input: Shape) -> Geometry {
        Geometry::sliding(self.sliding.windows(input.extent()))
    }

    fn reuse(&self) -> Reuse {
        Reuse::Fresh
    }

    fn reference<N: Number>(
        &self,
        inputs: &[ArrayViewD<'_, N>],
        parameters: &[ArrayViewD<'_, N>],
        mut output: ArrayViewMutD<'_, N>,
    ) {
        let (height, width) = (inputs[0].shape()[1] as u64, inputs[0].shape()[2] as u64);
        let (rows, columns) = self.sliding.windows((height, width));
        let (filters, out_height, out_width) = (output.shape()[0], output.shape()[1], output.shape()[2]);
        for filter in 0..filters {
            let source = filter / self.multiplier as usize;
            for y in 0..out_height {
                for x in 0..out_width {
                    let mut sum = N::from_f64(0.0);
                    for ky in rows.taps_inside(y as u64, height) {
                        for kx in columns.taps_inside(x as u64, width) {
                            let at = [
                                source,
                                rows.position(y as u64, ky) as usize,
                                columns.position(x as u64, kx) as usize,
                            ];
                            sum = sum.mac(
                                inputs[0][IxDyn(&at)],
                                parameters[0][IxDyn(&[filter, 0, ky as usize, kx as usize])],
                            );
                        }
                    }
                    output[IxDyn(&[filter, y, x])] =
                        if self.bias { sum + parameters[1][IxDyn(&[filter])] } else { sum };
                }
            }
        }
    }
}

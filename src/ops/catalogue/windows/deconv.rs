//! `deconv`: transposed convolution. Every input position spreads its kernel over the output.

use ndarray::{ArrayViewD, ArrayViewMutD, IxDyn};

use super::sliding::{DILATE, GROUPS, PAD, Padding, SAME, VALID, check_groups, padding};
use crate::diag::Code;
use crate::ops::catalogue::bias::{BIAS, NOBIAS, bias};
use crate::ops::input::map_of;
use crate::ops::{
    Attribute, Bound, Cost, Default, Geometry, Kind, Number, Op, OpError, Operator, Parameter, Product,
    Reuse, Sizes, Spec,
};
use crate::tensor::{Shape, Window};

/// How `deconv` is written.
pub(crate) static SPEC: Spec = Spec {
    name: "deconv",
    trailing: false,
    summary: "Transposed convolution: enlarges a map by its stride; `pad` crops the result.",
    example: "input 7x7x16;\ndeconv 4x4x8/2 pad=1 relu -> 14x14x8;\n",
    sizes: Sizes::KernelFilters,
    value: None,
    flags: &[SAME, VALID, BIAS, NOBIAS],
    attributes: &[
        PAD,
        DILATE,
        GROUPS,
        Attribute {
            name: "outpad",
            kind: Kind::Pair { min: 0 },
            default: Default::Count(0),
            doc: "further rows and columns at the bottom and right: n or (height, width), below stride or dilation",
        },
    ],
    cost: "macs = in_h·in_w·in_c × k_h·k_w·filters/groups; one addition for each output with a bias",
    onnx: "ConvTranspose",
    torch: "nn.ConvTranspose2d",
    construct: |bound| Deconv::new(bound).map(Op::Deconv),
};

/// A transposed convolution.
#[derive(Clone, Debug, PartialEq)]
pub struct Deconv {
    /// Kernel height and width.
    pub kernel: (u64, u64),
    /// Strides along height and width.
    pub stride: (u64, u64),
    /// Dilation along height and width.
    pub dilation: (u64, u64),
    /// What is cropped from the full result.
    pub padding: Padding,
    /// Further rows and columns at the bottom and right.
    pub outpad: (u64, u64),
    /// Output channels.
    pub filters: u64,
    /// Groups of channels.
    pub groups: u64,
    /// Whether a bias is added.
    pub bias: bool,
}

impl Deconv {
    fn new(bound: &Bound) -> Result<Deconv, OpError> {
        let deconv = Deconv {
            kernel: bound.window(),
            stride: bound.stride_or((1, 1)),
            dilation: bound.pair("dilate").unwrap_or((1, 1)),
            padding: padding(bound)?,
            outpad: bound.pair("outpad").unwrap_or((0, 0)),
            filters: bound.dims().get(2).copied().unwrap_or(1),
            groups: bound.count("groups").unwrap_or(1),
            bias: bias(bound)?,
        };
        if deconv.padding == Padding::Same && bound.span("outpad").is_some() {
            return Err(OpError::new(Code::E0206, "`same` and `outpad=` exclude each other")
                .at("outpad")
                .here("decide for one"));
        }
        let axes = [
            ("height", deconv.outpad.0, deconv.stride.0, deconv.dilation.0),
            ("width", deconv.outpad.1, deconv.stride.1, deconv.dilation.1),
        ];
        for (axis, outpad, stride, dilation) in axes {
            if outpad > 0 && outpad >= stride.max(dilation) {
                return Err(OpError::new(
                    Code::E0205,
                    "`outpad` must be smaller than the stride or the dilation",
                )
                .at("outpad")
                .here(format!("{outpad} in {axis}, with stride {stride} and dilation {dilation}")));
            }
        }
        if deconv.padding == Padding::Same {
            for (axis, kernel, stride, dilation) in [
                ("height", deconv.kernel.0, deconv.stride.0, deconv.dilation.0),
                ("width", deconv.kernel.1, deconv.stride.1, deconv.dilation.1),
            ] {
                let extent = Window { dilation, ..Window::new(kernel, stride) }.extent();
                if extent < stride {
                    return Err(OpError::new(
                        Code::E0305,
                        "a kernel smaller than its stride cannot be `same`",
                    )
                    .at("same")
                    .here(format!("{extent} in {axis}, with stride {stride}"))
                    .note(format!("`same` crops (in − 1)·{stride} + {extent} to in·{stride} {axis}"))
                    .help("use a larger kernel, or `outpad=`"));
                }
            }
        }
        Ok(deconv)
    }

    /// The windows that slide over the *output*, one for each input row and column: the crop is their padding.
    pub fn windows(&self) -> (Window, Window) {
        let axis = |kernel: u64, stride: u64, dilation: u64, before: u64, after: u64| Window {
            kernel,
            stride,
            dilation,
            pad_before: before,
            pad_after: after,
            ceil: false,
        };
        let crop = |kernel: u64, stride: u64, dilation: u64| {
            let total = Window { dilation, ..Window::new(kernel, stride) }.extent().saturating_sub(stride);
            (total / 2, total - total / 2)
        };
        let [top, bottom, left, right] = match self.padding {
            Padding::Explicit(pads) => pads,
            Padding::Same => {
                let (top, bottom) = crop(self.kernel.0, self.stride.0, self.dilation.0);
                let (left, right) = crop(self.kernel.1, self.stride.1, self.dilation.1);
                [top, bottom, left, right]
            }
        };
        (
            axis(self.kernel.0, self.stride.0, self.dilation.0, top, bottom),
            axis(self.kernel.1, self.stride.1, self.dilation.1, left, right),
        )
    }
}

/// `(in − 1)·s + d·(k − 1) + 1 − pads + outpad`
fn axis_output(axis: &str, window: Window, outpad: u64, input: u64) -> Result<u64, OpError> {
    let full =
        u128::from(input - 1) * u128::from(window.stride) + u128::from(window.extent()) + u128::from(outpad);
    let crop = u128::from(window.pad_before) + u128::from(window.pad_after);
    match full.checked_sub(crop).filter(|&output| output > 0) {
        Some(output) => Ok(u64::try_from(output).unwrap_or(u64::MAX)),
        None => Err(OpError::new(Code::E0319, format!("`pad` crops away the whole {axis}"))
            .at("pad")
            .here(format!("crops {crop} of {full}"))
            .note(format!(
                "{axis} = ({input} − 1)·{} + {} + {outpad} − {crop} is not positive",
                window.stride,
                window.extent()
            ))),
    }
}

impl Operator for Deconv {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        let (height, width, channels) = map_of("deconv", inputs[0])?;
        check_groups(channels, self.filters, self.groups)?;
        let (rows, columns) = self.windows();
        let out_height = axis_output("height", rows, self.outpad.0, height)?;
        let out_width = axis_output("width", columns, self.outpad.1, width)?;
        Ok(Shape::map(out_height, out_width, self.filters))
    }

    fn parameters(&self, inputs: &[Shape]) -> Vec<Parameter> {
        let (height, width) = self.kernel;
        let inner = self.filters / self.groups;
        let fan_in = inner.saturating_mul(height).saturating_mul(width);
        let mut parameters = vec![Parameter::weight(&[inputs[0].channels(), inner, height, width], fan_in)];
        if self.bias {
            parameters.push(Parameter::bias(self.filters, fan_in));
        }
        parameters
    }

    fn cost(&self, inputs: &[Shape], output: Shape) -> Cost {
        let (height, width) = inputs[0].extent();
        let channels = inputs[0].channels();
        let per_group = self.filters / self.groups;
        let macs = Product::new(&[height, width, channels], &[self.kernel.0, self.kernel.1, per_group]);
        let (rows, columns) = self.windows();
        let (out_height, out_width) = output.extent();
        let macs_useful = rows.useful_taps(out_height, height)
            * columns.useful_taps(out_width, width)
            * u128::from(channels)
            * u128::from(per_group);
        let bias = if self.bias { u128::from(output.elements()) } else { 0 };
        Cost { macs_useful, add: bias, connections: macs.value() + bias, macs, ..Cost::default() }
    }

    fn geometry(&self, _input: Shape) -> Geometry {
        Geometry::transposed(self.windows())
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
        let (rows, columns) = self.windows();
        let (channels, height, width) = (inputs[0].shape()[0], inputs[0].shape()[1], inputs[0].shape()[2]);
        let (out_height, out_width) = (output.shape()[1] as u64, output.shape()[2] as u64);
        let (channels_per_group, filters_per_group) =
            (channels / self.groups as usize, (self.filters / self.groups) as usize);
        output.fill(N::from_f64(0.0));
        for channel in 0..channels {
            let first = channel / channels_per_group * filters_per_group;
            for y in 0..height as u64 {
                for x in 0..width as u64 {
                    let value = inputs[0][IxDyn(&[channel, y as usize, x as usize])];
                    for ky in rows.taps_inside(y, out_height) {
                        for kx in columns.taps_inside(x, out_width) {
                            let (oy, ox) = (rows.position(y, ky) as usize, columns.position(x, kx) as usize);
                            for inner in 0..filters_per_group {
                                let weight =
                                    parameters[0][IxDyn(&[channel, inner, ky as usize, kx as usize])];
                                let out = &mut output[IxDyn(&[first + inner, oy, ox])];
                                *out = out.mac(value, weight);
                            }
                        }
                    }
                }
            }
        }
        if self.bias {
            for (filter, mut plane) in output.outer_iter_mut().enumerate() {
                let bias = parameters[1][IxDyn(&[filter])];
                plane.mapv_inplace(|sum| sum + bias);
            }
        }
    }
}

//! `deconv`: transposed convolution. Every input position adds its kernel, times its value, to the output.

mod onnx;

use ndarray::{Axis, Ix3, Ix4, IxDyn};

use super::sliding::{DILATE, FILTERS, GROUPS, PAD, Padding, Sliding, check_groups, window};
use crate::diag::Code;
use crate::ops::catalogue::weighted::{self, BIAS};
use crate::ops::field::{Arguments, Field, arguments, exclusive};
use crate::ops::input::map_of;
use crate::ops::tools::{BIAS as BIAS_RULE, CONVOLUTION_BIAS, signed};
use crate::ops::torch::{Helper, ToTorch, Torch, even_padding, uneven_padding};
use crate::ops::{
    Arrays, Attribute, Bound, Cost, Counted, Default, Flag, Geometry, Kind, Number, OpError, Operator,
    Parameter, Product, Reuse, Sizes, Spec, Tool, Written,
};
use crate::tensor::{Shape, Window};

/// The spec of `deconv`.
pub(crate) static SPEC: Spec = Spec {
    name: "deconv",
    trailing: false,
    summary: "Transposed convolution: enlarges a map by its stride; `pad` crops the result.",
    example: "input 7x7x16;\ndeconv 4x4x8/2 pad=1 relu  -> 14x14x8;\n",
    rules: "Takes a map. `groups=` divides the channels that arrive and the filters (E0303); at least one row and column are left (E0319).",
    cost: "macs = in_h·in_w·in_c × k_h·k_w·filters/groups; one addition for each output with a bias",
    ..Deconv::WRITTEN
};

/// Kernel, stride and dilation as for a convolution; `same` and `pad=` crop the output.
const CROPPED: Field<Sliding> = Field {
    flags: &[
        Flag {
            name: "same",
            doc: "crops so that the output has in·stride rows and columns; an odd remainder goes from the bottom and right",
        },
        Flag { name: "valid", doc: "crops nothing (the default)" },
    ],
    attributes: &[
        Attribute {
            doc: "rows and columns cropped from the result: n, (height, width) or (top, bottom, left, right)",
            ..PAD
        },
        DILATE,
    ],
    ..window(Sizes::KernelFilters)
};

arguments! {
    /// A transposed convolution.
    pub struct Deconv {
        /// Kernel, stride and dilation; the padding is the number of rows and columns that are cropped from the full
        /// result.
        sliding: Sliding = CROPPED,
        /// Additional rows and columns at the bottom and right.
        outpad: (u64, u64) = Field::attribute(&[Attribute {
            name: "outpad",
            kind: Kind::Pair { min: 0 },
            default: Default::Count(0),
            doc: "further rows and columns at the bottom and right: n or (height, width), below stride or dilation",
        }]),
        /// Output channels.
        filters: u64 = FILTERS,
        /// Groups of channels.
        groups: u64 = GROUPS,
        /// Whether a bias is added.
        bias: bool = BIAS,
    }
}

/// The rule of tools that treat a transposed convolution as a convolution.
const AT_OUTPUTS: &str = "transposed convolutions at their outputs in place of their inputs";

impl Deconv {
    /// The number of outputs along an axis of a convolution with the same arguments; it may be negative.
    fn convolved(&self, window: Window, input: u64) -> i128 {
        let crop = i128::from(window.pad_before.min(window.pad_after));
        (i128::from(input) + 2 * crop - i128::from(window.extent())).div_euclid(i128::from(window.stride)) + 1
    }

    /// The windows over the *output*, one for each input row and column; the crop is their padding.
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
        let [top, bottom, left, right] = match self.sliding.padding {
            Padding::Explicit(pads) => pads,
            Padding::Same => {
                let (top, bottom) =
                    crop(self.sliding.kernel.0, self.sliding.stride.0, self.sliding.dilation.0);
                let (left, right) =
                    crop(self.sliding.kernel.1, self.sliding.stride.1, self.sliding.dilation.1);
                [top, bottom, left, right]
            }
        };
        (
            axis(self.sliding.kernel.0, self.sliding.stride.0, self.sliding.dilation.0, top, bottom),
            axis(self.sliding.kernel.1, self.sliding.stride.1, self.sliding.dilation.1, left, right),
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

/// The class CroppedConvTranspose2d of exported PyTorch files.
static CROPPED_DECONV: Helper = Helper {
    name: "CroppedConvTranspose2d",
    source: r#"class CroppedConvTranspose2d(nn.ConvTranspose2d):
    """A transposed convolution, cropped by (left, right, top, bottom)."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        output_padding: int | tuple[int, int] = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int | tuple[int, int] = 1,
        crops: tuple[int, int, int, int] = (0, 0, 0, 0),
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride=stride,
            output_padding=output_padding,
            groups=groups,
            bias=bias,
            dilation=dilation,
        )
        self.crops = [-crop for crop in crops]

    def forward(self, x: Tensor) -> Tensor:
        y = F.conv_transpose2d(
            x,
            self.weight,
            self.bias,
            self.stride,
            output_padding=self.output_padding,
            groups=self.groups,
            dilation=self.dilation,
        )
        return F.pad(y, self.crops)"#,
};

impl ToTorch for Deconv {
    fn to_torch(&self, inputs: &[Shape], _output: Shape) -> Torch {
        let windows = self.windows();
        let even = even_padding(windows);
        let torch =
            if even.is_some() { Torch::module("nn.ConvTranspose2d") } else { Torch::helper(&CROPPED_DECONV) };
        let torch = torch
            .positional("in_channels", inputs[0].channels())
            .positional("out_channels", self.filters)
            .named("kernel_size", self.sliding.kernel)
            .optional("stride", self.sliding.stride, 1);
        let torch = match even {
            Some(padding) => torch.optional("padding", padding, 0),
            None => torch.named("crops", uneven_padding(windows)),
        };
        torch
            .optional("output_padding", self.outpad, 0)
            .optional("groups", self.groups, 1)
            .optional("bias", self.bias, true)
            .optional("dilation", self.sliding.dilation, 1)
    }
}

impl Written for Deconv {
    const SPECS: &'static [&'static Spec] = &[&SPEC];

    fn check(self, bound: &Bound) -> Result<Deconv, OpError> {
        if self.sliding.padding == Padding::Same && bound.span("outpad").is_some() {
            return Err(exclusive("same", "outpad="));
        }
        let axes = [
            ("height", self.outpad.0, self.sliding.stride.0, self.sliding.dilation.0),
            ("width", self.outpad.1, self.sliding.stride.1, self.sliding.dilation.1),
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
        if self.sliding.padding == Padding::Same {
            for (axis, kernel, stride, dilation) in [
                ("height", self.sliding.kernel.0, self.sliding.stride.0, self.sliding.dilation.0),
                ("width", self.sliding.kernel.1, self.sliding.stride.1, self.sliding.dilation.1),
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
        Ok(self)
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
        let (height, width) = self.sliding.kernel;
        let inner = self.filters / self.groups;
        let fan_in = inner.saturating_mul(height).saturating_mul(width);
        let weight = [inputs[0].channels(), inner, height, width];
        weighted::parameters(&weight, fan_in, self.bias.then_some(self.filters))
    }

    fn cost(&self, inputs: &[Shape], output: Shape) -> Cost {
        let (height, width) = inputs[0].extent();
        let channels = inputs[0].channels();
        let per_group = self.filters / self.groups;
        let macs = Product::new(
            &[height, width, channels],
            &[self.sliding.kernel.0, self.sliding.kernel.1, per_group],
        );
        let (rows, columns) = self.windows();
        let (out_height, out_width) = output.extent();
        let macs_useful = rows.useful_taps(out_height, height)
            * columns.useful_taps(out_width, width)
            * u128::from(channels)
            * u128::from(per_group);
        weighted::cost(macs, macs_useful, self.bias.then_some(output.elements().into()))
    }

    fn counted(&self, inputs: &[Shape], output: Shape) -> Vec<Counted> {
        let (rows, columns) = self.windows();
        let (height, width) = output.extent();
        // PyTorch crops both ends by the same amount. If one end is cropped more, the difference is computed by the
        // module and cut off afterwards.
        let computed = |length: u64, window: Window| {
            u128::from(length).saturating_add(u128::from(window.pad_before.abs_diff(window.pad_after)))
        };
        let outputs = computed(height, rows)
            .saturating_mul(computed(width, columns))
            .saturating_mul(u128::from(self.filters));
        let taps = u128::from(self.sliding.kernel.0) * u128::from(self.sliding.kernel.1);
        let channels = u128::from(inputs[0].channels());
        let macs = self.cost(inputs, output).macs.value();
        let at_outputs = outputs.saturating_mul(taps).saturating_mul(channels / u128::from(self.groups));
        let moved = signed(at_outputs).saturating_sub(signed(macs));
        // calflops uses the filters of a group as if they were all filters, and divides by the groups again.
        let per_group = u128::from(self.filters / self.groups);
        let (in_height, in_width) = inputs[0].extent();
        let positions = u128::from(in_height) * u128::from(in_width);
        let grouped = positions * taps * channels * (per_group / u128::from(self.groups));
        let lost = signed(2 * grouped).saturating_sub(signed(2 * macs));
        let mut counted = vec![
            (Tool::Fvcore, "", 0),
            (Tool::Thop, AT_OUTPUTS, moved),
            (Tool::Torchinfo, AT_OUTPUTS, moved),
            (Tool::Calflops, "the groups of transposed convolutions are divided by twice", lost),
        ];
        let (outputs, convolved) = match self.bias {
            true => (signed(outputs), self.convolved(rows, in_height) * self.convolved(columns, in_width)),
            false => (0, 0),
        };
        counted.extend([
            (Tool::Ptflops, BIAS_RULE, outputs),
            (Tool::Torchinfo, CONVOLUTION_BIAS, outputs),
            (
                Tool::Calflops,
                "1 for each bias addition of transposed convolutions, of as many as a convolution would have",
                signed(per_group).saturating_mul(convolved),
            ),
        ]);
        counted.into_iter().map(|(tool, rule, count)| Counted { tool, rule, count }).collect()
    }

    fn geometry(&self, _input: Shape, _output: Shape) -> Geometry {
        Geometry::transposed(self.windows())
    }

    fn reuse(&self) -> Reuse {
        Reuse::Fresh
    }

    fn reference<N: Number>(&self, Arrays { inputs, parameters, mut output }: Arrays<'_, N>) {
        let (rows, columns) = self.windows();
        let input = inputs[0].view().into_dimensionality::<Ix3>().expect("the input is a map");
        let weights = parameters[0].view().into_dimensionality::<Ix4>().expect("weights have four axes");
        let mut sums = output.view_mut().into_dimensionality::<Ix3>().expect("the output is a map");
        let (channels, height, width) = input.dim();
        let (_, out_height, out_width) = sums.dim();
        let (channels_per_group, filters_per_group) =
            (channels / self.groups as usize, (self.filters / self.groups) as usize);
        // For each input row or column the taps, with the output positions to which they add.
        let reaches = |window: Window, length: usize, out: usize| -> Vec<Vec<(usize, usize)>> {
            let reach = |at: u64| {
                let taps = window.taps_inside(at, out as u64);
                taps.map(|tap| (tap as usize, window.position(at, tap) as usize)).collect()
            };
            (0..length as u64).map(reach).collect()
        };
        let (rows, columns) = (reaches(rows, height, out_height), reaches(columns, width, out_width));
        sums.fill(N::from_f64(0.0));
        for channel in 0..channels {
            let first = channel / channels_per_group * filters_per_group;
            for inner in 0..filters_per_group {
                let mut plane = sums.index_axis_mut(Axis(0), first + inner);
                for (y, row) in rows.iter().enumerate() {
                    for &(ky, oy) in row {
                        for (x, column) in columns.iter().enumerate() {
                            let value = input[[channel, y, x]];
                            for &(kx, ox) in column {
                                let out = &mut plane[[oy, ox]];
                                *out = out.mac(value, weights[[channel, inner, ky, kx]]);
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

//! The shared parts of operators with sliding windows: padding as written, and the windows over an input.

use crate::diag::Code;
use crate::ops::torch::{Helper, Torch, even_padding, uneven_padding};
use crate::tensor::{Shape, Window};

use crate::ops::border::Border;
use crate::ops::field::{Field, exclusive, one_of};
use crate::ops::input::multiple_of;
use crate::ops::{Attribute, Bound, Default, Flag, Kind, Literal, OpError, Sizes};

/// Padding as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// `same`: the output has `ceil(in / stride)` rows and columns.
    Same,
    /// Top, bottom, left, right.
    Explicit([u64; 4]),
}

/// The declaration of the flag `same`.
pub(crate) const SAME: Flag = Flag {
    name: "same",
    doc: "pads so that the output has ceil(in/stride) rows and columns; an odd remainder goes to the bottom and right",
};
/// The declaration of the flag `valid`.
pub(crate) const VALID: Flag = Flag { name: "valid", doc: "no padding (the default)" };
/// The declaration of `pad=`.
pub(crate) const PAD: Attribute = Attribute {
    name: "pad",
    kind: Kind::Pads,
    default: Default::Absent,
    doc: "rows and columns around the input, zeros where no other border is asked for: n, (height, width) or (top, bottom, left, right)",
};
/// The declaration of `dilate=`.
pub(crate) const DILATE: Attribute = Attribute {
    name: "dilate",
    kind: Kind::Pair { min: 1 },
    default: Default::Count(1),
    doc: "distance between two taps: n or (height, width)",
};

const DILATION: Field<(u64, u64)> = Field::attribute(&[DILATE]);

/// `groups=`.
pub(crate) const GROUPS: Field<u64> = Field::attribute(&[Attribute {
    name: "groups",
    kind: Kind::Count { min: 1 },
    default: Default::Count(1),
    doc: "number of channel groups; each is convolved separately",
}]);

/// The third dimension of `KxKxN`. The field must follow that of the kernel.
pub(crate) const FILTERS: Field<u64> = Field::new(
    |_, bound| {
        let missing = || OpError::new(Code::E0203, format!("`{}` needs a size", bound.spec().name));
        bound.dims().get(2).copied().ok_or_else(missing)
    },
    |_, &filters, bound| bound.push_dimension(filters),
);

/// Kernel, stride (1 where none is given), `dilate=`, `pad=`, `same` and `valid`.
pub(crate) const fn window(sizes: Sizes) -> Field<Sliding> {
    Field {
        sizes,
        flags: &[SAME, VALID],
        attributes: &[PAD, DILATE],
        ..Field::new(
            |_, bound| Sliding::read(bound, (1, 1)),
            |_, sliding, bound| sliding.write(bound, (1, 1)),
        )
    }
}

/// A window without padding, whose stride is its size by default.
pub(crate) const WINDOW: Field<Sliding> = Field {
    sizes: Sizes::Window,
    ..Field::new(
        |_, bound| {
            let (kernel, padding) = (bound.window(), Padding::Explicit([0; 4]));
            Ok(Sliding { kernel, stride: bound.stride_or(kernel), dilation: (1, 1), padding, ceil: false })
        },
        |_, sliding, bound| {
            let (height, width) = sliding.kernel;
            bound.set_size(&[height, width], sliding.stride, sliding.kernel);
        },
    )
};

/// The padding of bound arguments, which may have one of `same`, `valid` and `pad=`.
fn padding(bound: &Bound) -> Result<Padding, OpError> {
    match (one_of(bound, &[SAME, VALID])?, bound.pads("pad")) {
        (Some(word), Some(_)) => Err(exclusive(word, "pad=")),
        (Some("same"), None) => Ok(Padding::Same),
        (_, pads) => Ok(Padding::Explicit(pads.unwrap_or([0; 4]))),
    }
}

/// A window over a map: kernel, stride, dilation and padding of both axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sliding {
    /// Kernel height and width.
    pub kernel: (u64, u64),
    /// Strides along height and width.
    pub stride: (u64, u64),
    /// Dilation along height and width.
    pub dilation: (u64, u64),
    /// Padding.
    pub padding: Padding,
    /// Whether a last window that is only partly inside counts.
    pub ceil: bool,
}

impl Sliding {
    /// Reads the window of bound arguments, without `ceil`; `stride` is the default.
    pub(crate) fn read(bound: &Bound, stride: (u64, u64)) -> Result<Sliding, OpError> {
        Ok(Sliding {
            kernel: bound.window(),
            stride: bound.stride_or(stride),
            dilation: (DILATION.read)(&DILATION, bound)?,
            padding: padding(bound)?,
            ceil: false,
        })
    }

    /// Adds the arguments of the window, without `ceil`; `stride` is the default, which is omitted.
    pub(crate) fn write(&self, bound: &mut Bound, stride: (u64, u64)) {
        bound.set_size(&[self.kernel.0, self.kernel.1], self.stride, stride);
        match self.padding {
            Padding::Same => bound.set_flag("same"),
            Padding::Explicit([0, 0, 0, 0]) => {}
            Padding::Explicit(pads) => bound.set("pad", Literal::Pads(pads)),
        }
        (DILATION.write)(&DILATION, &self.dilation, bound);
    }

    /// Checks that the input has enough pixels for a border of its padding.
    pub(crate) fn check_border(&self, border: Border, (height, width): (u64, u64)) -> Result<(), OpError> {
        let (rows, columns) = self.windows((height, width));
        border.check("height", height, rows.pad_before.max(rows.pad_after))?;
        border.check("width", width, columns.pad_before.max(columns.pad_after))
    }

    /// The number of taps that fall on a pixel, in the windows of all outputs.
    pub(crate) fn useful_taps(&self, border: Border, input: Shape, output: Shape) -> u128 {
        let ((height, width), (out_height, out_width)) = (input.extent(), output.extent());
        let (rows, columns) = self.windows((height, width));
        border.useful(&rows, height, out_height) * border.useful(&columns, width, out_width)
    }

    /// The windows along rows and columns for an input of this height and width.
    pub fn windows(&self, (height, width): (u64, u64)) -> (Window, Window) {
        match self.padding {
            Padding::Same => (
                Window::same(self.kernel.0, self.stride.0, self.dilation.0, height),
                Window::same(self.kernel.1, self.stride.1, self.dilation.1, width),
            ),
            Padding::Explicit([top, bottom, left, right]) => {
                let axis = |kernel, stride, dilation, pad_before, pad_after| Window {
                    kernel,
                    stride,
                    dilation,
                    pad_before,
                    pad_after,
                    ceil: self.ceil,
                };
                (
                    axis(self.kernel.0, self.stride.0, self.dilation.0, top, bottom),
                    axis(self.kernel.1, self.stride.1, self.dilation.1, left, right),
                )
            }
        }
    }

    /// The height and width of the output; an error if an axis is too short for a single window.
    pub fn output(&self, input: Shape) -> Result<(u64, u64), OpError> {
        let (rows, columns) = self.windows(input.extent());
        let (height, width) = input.extent();
        Ok((axis_output("height", rows, height)?, axis_output("width", columns, width)?))
    }
}

fn axis_output(axis: &str, window: Window, input: u64) -> Result<u64, OpError> {
    window.output(input).ok_or_else(|| {
        let Window { kernel, stride, dilation, pad_before, pad_after, .. } = window;
        let extent = window.extent();
        let pads = match (pad_before, pad_after) {
            (before, after) if before == after => format!("2·{before}"),
            (before, after) => format!("{before} + {after}"),
        };
        let error = OpError::new(Code::E0305, format!("the window is larger than its input in {axis}"))
            .at("size")
            .here(format!("{extent} wide in {axis}, but the padded input has {}", window.padded(input)))
            .note(format!("output {axis} = ({input} + {pads} − {extent})/{stride} + 1 has no whole window"));
        let error = if dilation > 1 {
            error.note(format!("dilated kernel = {dilation}·({kernel} − 1) + 1 = {extent}"))
        } else {
            error
        };
        error.help("use a smaller window, more padding, or `same`")
    })
}

/// Checks that the incoming channels and the filters are multiples of the groups.
pub(crate) fn check_groups(channels: u64, filters: u64, groups: u64) -> Result<(), OpError> {
    multiple_of("arriving channels", channels, groups)
        .and(multiple_of("filters", filters, groups))
        .map_err(|error| error.at("groups"))
}

/// The class PaddedConv2d of exported PyTorch files.
static PADDED: Helper = Helper {
    name: "PaddedConv2d",
    source: r#"class PaddedConv2d(nn.Conv2d):
    """A convolution over an input padded by (left, right, top, bottom)."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        bias: bool = True,
        pads: tuple[int, int, int, int] = (0, 0, 0, 0),
        mode: str = "constant",
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride=stride,
            dilation=dilation,
            groups=groups,
            bias=bias,
        )
        self.pads = pads
        self.mode = mode

    def forward(self, x: Tensor) -> Tensor:
        x = F.pad(x, self.pads, mode=self.mode)
        return self._conv_forward(x, self.weight, self.bias)"#,
};

/// The facets that convolutions share: the bias that other tools count, the windows, and memory of their own.
macro_rules! convolution_facets {
    () => {
        fn counted(
            &self,
            _inputs: &[$crate::tensor::Shape],
            output: $crate::tensor::Shape,
        ) -> Vec<$crate::ops::Counted> {
            $crate::ops::tools::convolution_bias(self.bias.then_some(output.elements()))
        }

        fn geometry(
            &self,
            input: $crate::tensor::Shape,
            _output: $crate::tensor::Shape,
        ) -> $crate::ops::Geometry {
            $crate::ops::Geometry::sliding(self.sliding.windows(input.extent()))
        }

        fn reuse(&self) -> $crate::ops::Reuse {
            $crate::ops::Reuse::Fresh
        }
    };
}

pub(super) use convolution_facets;

/// The PyTorch form of a convolution.
pub(crate) fn convolution(
    channels: u64,
    filters: u64,
    sliding: &Sliding,
    windows: (Window, Window),
    border: Border,
    groups: u64,
    bias: bool,
) -> Torch {
    let even = even_padding(windows);
    let torch = if even.is_some() { Torch::module("nn.Conv2d") } else { Torch::helper(&PADDED) };
    let torch = torch
        .positional("in_channels", channels)
        .positional("out_channels", filters)
        .named("kernel_size", sliding.kernel)
        .optional("stride", sliding.stride, 1);
    let torch = match even {
        Some(padding) => torch.optional("padding", padding, 0),
        None => torch.named("pads", uneven_padding(windows)).optional("mode", border.torch(), "constant"),
    };
    let torch = torch
        .optional("dilation", sliding.dilation, 1)
        .optional("groups", groups, 1)
        .optional("bias", bias, true);
    match even {
        Some(_) if border != Border::Zeros => torch.named("padding_mode", border.word()),
        _ => torch,
    }
}

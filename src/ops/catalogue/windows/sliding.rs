//! What the operators with sliding windows share: padding as written, and the windows for an input.

use crate::diag::Code;
use crate::tensor::{Shape, Window};

use crate::ops::{Attribute, Bound, Default, Flag, Kind, OpError};

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
    doc: "zeros around the input: n, (height, width) or (top, bottom, left, right)",
};
/// The declaration of `dilate=`.
pub(crate) const DILATE: Attribute = Attribute {
    name: "dilate",
    kind: Kind::Pair { min: 1 },
    default: Default::Count(1),
    doc: "distance between two taps: n or (height, width)",
};

/// The declaration of `groups=`.
pub(crate) const GROUPS: Attribute = Attribute {
    name: "groups",
    kind: Kind::Count { min: 1 },
    default: Default::Count(1),
    doc: "parts of the channels that are convolved apart",
};

/// The padding of bound arguments; of `same`, `valid` and `pad=` at most one.
pub(crate) fn padding(bound: &Bound) -> Result<Padding, OpError> {
    let exclusive = |first: &str, second: &'static str| {
        OpError::new(Code::E0206, format!("`{first}` and `{second}` exclude each other"))
            .at(second)
            .here("decide for one")
    };
    match (bound.flag("same"), bound.flag("valid"), bound.pads("pad")) {
        (true, true, _) => Err(exclusive("same", "valid")),
        (true, _, Some(_)) => Err(exclusive("same", "pad")),
        (_, true, Some(_)) => Err(exclusive("valid", "pad")),
        (true, false, None) => Ok(Padding::Same),
        (false, _, pads) => Ok(Padding::Explicit(pads.unwrap_or([0; 4]))),
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
    /// Whether a last, partial window counts.
    pub ceil: bool,
}

impl Sliding {
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

    /// Height and width of the output, or which axis has no room for a single window.
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

/// Arriving channels and filters must be multiples of the groups.
pub(crate) fn check_groups(channels: u64, filters: u64, groups: u64) -> Result<(), OpError> {
    let (what, count) = match (channels % groups, filters % groups) {
        (0, 0) => return Ok(()),
        (0, _) => ("filters", filters),
        _ => ("arriving channels", channels),
    };
    Err(OpError::new(Code::E0303, format!("{count} {what} cannot be cut into {groups} groups"))
        .at("groups")
        .here(format!("{count} is not a multiple of {groups}"))
        .note(format!("{count} mod {groups} = {}", count % groups)))
}

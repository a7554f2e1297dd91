//! The windows of a pooling: sliding, global or adaptive; how they are written, and the elements that they cover.

use crate::diag::Code;
use crate::ops::catalogue::windows::sliding::{DILATE, PAD, Padding, SAME, Sliding, VALID};
use crate::ops::field::Field;
use crate::ops::{Attribute, Bound, Flag, OpError, Sizes};
use crate::tensor::{Window, gcd};

const CEIL: Flag = Flag {
    name: "ceil",
    doc: "a last, partial window counts where it starts inside the input or its top and left padding",
};
const GLOBAL: Flag = Flag { name: "global", doc: "one window over the whole map, without other arguments" };

/// The windows of a pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// Sliding windows.
    Sliding(Sliding),
    /// One window over the whole map.
    Global,
    /// Adaptive pooling as in PyTorch, with an output of this height and width: output i covers the input from
    /// `floor(i·in/out)` to `ceil((i + 1)·in/out)`.
    Adaptive(u64, u64),
}

/// The declaration of `pad=` for pools.
const AROUND: Attribute = Attribute {
    doc: "how far windows reach beyond the input: n, (height, width) or (top, bottom, left, right); the padding is never the maximum, and a mean counts it only with `countpad`",
    ..PAD
};

/// Read from a size with stride, padding and dilation, from `global`, or from `to HxW`.
pub(super) const REGION: Field<Region> = Field {
    sizes: Sizes::WindowOrWord,
    flags: &[SAME, VALID, CEIL, GLOBAL],
    attributes: &[AROUND, DILATE],
    ..Field::new(read_region, |_, region, bound| match region {
        Region::Global => bound.set_flag("global"),
        Region::Adaptive(height, width) => bound.set_adaptive((*height, *width)),
        Region::Sliding(sliding) => {
            sliding.write(bound, sliding.kernel);
            if sliding.ceil {
                bound.set_flag("ceil");
            }
        }
    })
};

fn read_region(_: &Field<Region>, bound: &Bound) -> Result<Region, OpError> {
    let name = bound.spec().name;
    let alone = |word: &'static str| {
        let other = ["size", "same", "valid", "ceil", "global", "to", "pad", "dilate", "countpad"]
            .into_iter()
            .find(|other| *other != word && bound.span(other).is_some());
        match other {
            Some(other) => Err(OpError::new(Code::E0206, format!("`{name} {word}` stands alone"))
                .at(other)
                .here(format!("does not go with `{word}`"))),
            None => Ok(()),
        }
    };
    if bound.flag("global") {
        alone("global")?;
        return Ok(Region::Global);
    }
    if let Some((height, width)) = bound.adaptive() {
        alone("to")?;
        return Ok(Region::Adaptive(height, width));
    }
    let sliding = Sliding { ceil: bound.flag("ceil"), ..Sliding::read(bound, bound.window())? };
    if sliding.padding == Padding::Same && sliding.ceil {
        return Err(OpError::new(Code::E0206, "`same` and `ceil` exclude each other")
            .at("ceil")
            .here("`same` rounds up already"));
    }
    Ok(Region::Sliding(sliding))
}

impl Region {
    /// The windows along height and width of an input of this extent.
    pub(super) fn axes(self, (height, width): (u64, u64)) -> (AxisRegion, AxisRegion) {
        match self {
            Region::Sliding(sliding) => {
                let (rows, columns) = sliding.windows((height, width));
                (AxisRegion::Window(rows), AxisRegion::Window(columns))
            }
            Region::Global => (AxisRegion::Adaptive(1), AxisRegion::Adaptive(1)),
            Region::Adaptive(rows, columns) => (AxisRegion::Adaptive(rows), AxisRegion::Adaptive(columns)),
        }
    }
}

/// The windows of a pooling along one axis.
#[derive(Clone, Copy)]
pub(super) enum AxisRegion {
    Window(Window),
    Adaptive(u64),
}

impl AxisRegion {
    /// The input indices that window `index` of an axis covers, and the number of taps by which its sum is divided.
    pub(super) fn taps(self, index: u64, input: u64) -> (Vec<usize>, u64) {
        match self {
            AxisRegion::Window(window) => {
                let taps: Vec<usize> = window
                    .taps_inside(index, input)
                    .map(|tap| window.position(index, tap) as usize)
                    .collect();
                let declared = input as i64 + window.pad_after as i64;
                let within =
                    (0..window.kernel).filter(|&tap| window.position(index, tap) < declared).count() as u64;
                (taps, within)
            }
            AxisRegion::Adaptive(outputs) => {
                let (first, end) = adaptive_bounds(index, input, outputs);
                ((first as usize..end as usize).collect(), end - first)
            }
        }
    }

    /// The number of taps inside the input, over all windows.
    pub(super) fn useful(self, input: u64, outputs: u64) -> u128 {
        match self {
            AxisRegion::Window(window) => window.useful_taps(input, outputs),
            // Σ ceil((i+1)·in/out) − floor(i·in/out): neighbouring windows overlap by one where out does not divide
            // i·in.
            AxisRegion::Adaptive(outputs) => {
                u128::from(input) + u128::from(outputs) - gcd(input.into(), outputs.into())
            }
        }
    }
}

/// The bounds of an adaptive window, as in PyTorch.
pub fn adaptive_bounds(index: u64, input: u64, outputs: u64) -> (u64, u64) {
    let first = u128::from(index) * u128::from(input) / u128::from(outputs);
    let end = (u128::from(index + 1) * u128::from(input)).div_ceil(u128::from(outputs));
    (first as u64, end as u64)
}

/// Checks that every window along an axis touches the input.
pub(super) fn check_padding(axis: &str, window: Window, input: u64, outputs: u64) -> Result<(), OpError> {
    let extent = window.extent();
    let padding = window.pad_before.max(window.pad_after);
    if padding >= extent {
        return Err(OpError::new(Code::E0311, "the padding of a pool must be smaller than its window")
            .at("pad")
            .here(format!("{padding} in {axis}, with a window of {extent}"))
            .note("a window must touch the input"));
    }
    if !window.all_touch(input, outputs) {
        return Err(OpError::new(Code::E0311, "a window of the pool touches only padding")
            .at("size")
            .here(format!("the taps of a window in {axis} all fall on padding"))
            .note(format!(
                "the input has {input} in {axis}, with {} before and {} behind it",
                window.pad_before, window.pad_after
            ))
            .help("use less padding, a smaller stride or less dilation"));
    }
    Ok(())
}

//! Reads the sliding window of a node, and writes it as arguments of the language.

use super::super::op::Argument;
use super::super::refusal::Reason;
use super::Converter;
use super::reader::Reader;
use crate::tensor::{Shape, Window};

/// Kernel, stride, dilation and pads of a node with a sliding window.
pub(super) struct Sliding {
    pub(super) kernel: [u64; 2],
    pub(super) stride: [u64; 2],
    pub(super) dilation: [u64; 2],
    /// The pads at the top, at the bottom, on the left and on the right.
    pub(super) pads: [u64; 4],
    /// Whether the padding is written as `same`.
    pub(super) same: bool,
}

/// An attribute of two numbers, each at least `least`. For a map of one row only the second is given.
pub(super) fn pair_of(
    node: &Reader<'_>,
    name: &str,
    default: u64,
    least: i64,
    row: bool,
) -> Result<[u64; 2], Reason> {
    match node.ints(name)?.as_deref() {
        None => Ok([default; 2]),
        Some(&[width]) if row && width >= least => Ok([default, width as u64]),
        Some(values) if row => Err(format!("`{name}` is {values:?}").into()),
        Some(&[height, width]) if height >= least && width >= least => Ok([height as u64, width as u64]),
        Some(values) if values.len() != 2 => {
            Err(format!("`{name}` has {} numbers: only two axes are slid over", values.len()).into())
        }
        Some(values) => Err(format!("`{name}` is {values:?}").into()),
    }
}

/// An attribute of two numbers, each at least `least`.
pub(super) fn pair(node: &Reader<'_>, name: &str, default: u64, least: i64) -> Result<[u64; 2], Reason> {
    pair_of(node, name, default, least, false)
}

/// An attribute of four pads, in the order of the language. For a map of one row only the last two are given.
pub(super) fn four_of(node: &Reader<'_>, name: &str, row: bool) -> Result<[u64; 4], Reason> {
    match node.ints(name)?.as_deref() {
        None => Ok([0; 4]),
        Some(&[left, right]) if row && left >= 0 && right >= 0 => Ok([0, 0, left as u64, right as u64]),
        Some(values) if row => Err(format!("`{name}` is {values:?}").into()),
        Some(&[top, left, bottom, right]) if [top, left, bottom, right].iter().all(|&pad| pad >= 0) => {
            Ok([top as u64, bottom as u64, left as u64, right as u64])
        }
        Some(values) => Err(format!("`{name}` is {values:?}").into()),
    }
}

impl<'a> Converter<'a> {
    pub(super) fn sliding(
        &self,
        node: &Reader<'a>,
        kernel: [u64; 2],
        input: Shape,
        row: bool,
    ) -> Result<Sliding, Reason> {
        let (stride, dilation) =
            (pair_of(node, "strides", 1, 1, row)?, pair_of(node, "dilations", 1, 1, row)?);
        let auto = node.text("auto_pad", "NOTSET")?;
        let mut pads = four_of(node, "pads", row)?;
        let (height, width) = input.extent();
        let mut same = false;
        match auto {
            "NOTSET" => {}
            "VALID" => pads = [0; 4],
            "SAME_UPPER" => same = true,
            "SAME_LOWER" => {
                for (axis, extent) in [height, width].into_iter().enumerate() {
                    let window = Window::same(kernel[axis], stride[axis], dilation[axis], extent);
                    // `SAME_LOWER` puts an odd row or column before the input instead of behind it.
                    pads[2 * axis] = window.pad_after;
                    pads[2 * axis + 1] = window.pad_before;
                }
            }
            other => return Err(format!("`auto_pad` is `{other}`").into()),
        }
        Ok(Sliding { kernel, stride, dilation, pads, same })
    }
}

impl Sliding {
    /// Size, padding and dilation as arguments of the language.
    pub(super) fn arguments(&self, dims: Vec<u64>, convolution: bool) -> Vec<Argument> {
        let [top, bottom, left, right] = self.pads;
        // A kernel of two sizes that keeps height and width is written with `same`.
        let half = |axis: usize, before, after| {
            let reach = self.dilation[axis].saturating_mul(self.kernel[axis].saturating_sub(1));
            self.stride[axis] == 1 && reach.is_multiple_of(2) && before == after && before == reach / 2
        };
        let keeps =
            convolution && self.kernel[0] != self.kernel[1] && half(0, top, bottom) && half(1, left, right);
        let mut arguments = vec![Argument::Window { dims, stride: (self.stride[0], self.stride[1]) }];
        if self.same || keeps {
            arguments.push(Argument::Flag("same"));
        } else {
            arguments.push(Argument::Pads("pad", self.pads));
        }
        arguments.push(Argument::Pair("dilate", (self.dilation[0], self.dilation[1]), 1));
        arguments
    }

    /// Refuses `ceil_mode` where the windows or divisors of ONNX and the language differ.
    pub(super) fn check_ceil(
        &self,
        input: Shape,
        average: bool,
        countpad: bool,
        opset: i64,
    ) -> Result<(), Reason> {
        let (height, width) = input.extent();
        for (axis, extent) in [height, width].into_iter().enumerate() {
            let window = Window {
                kernel: self.kernel[axis],
                stride: self.stride[axis],
                dilation: self.dilation[axis],
                pad_before: self.pads[2 * axis],
                pad_after: self.pads[2 * axis + 1],
                ceil: true,
            };
            let room = (window.padded(extent) as i128 - i128::from(window.extent())).max(0);
            let theirs = (room + i128::from(window.stride) - 1) / i128::from(window.stride) + 1;
            let ours = window.output(extent).map_or(0, i128::from);
            // Since version 22 ONNX leaves such a window out, as PyTorch does.
            if ours != theirs && opset < 22 {
                return Err(format!(
                    "with `ceil_mode` ONNX has {theirs} windows along an axis of {extent}, the language {ours}: the \
                     last would start in the padding"
                )
                .into());
            }
            let end = (ours - 1) * i128::from(window.stride) + i128::from(window.extent());
            if average && countpad && end > window.padded(extent) as i128 {
                return Err(
                    "`count_include_pad` with `ceil_mode`: runtimes divide the last window differently"
                        .into(),
                );
            }
        }
        Ok(())
    }
}

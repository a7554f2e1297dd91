//! Means of dilated windows, as they are exported for operator sets whose pools have no dilation: a convolution of
//! ones, divided by the number of elements of each window.

use super::super::op::{Argument, Op, ValueId};
use super::super::refusal::Reason;
use super::super::tensor::Tensor;
use super::super::view::View;
use super::reader::Reader;
use super::{Converter, Draft};
use crate::tensor::Window;

/// The limit of the rows or columns of padding that a window has beyond its declaration.
const MAX_CUT: u64 = 64;

impl<'a> Converter<'a> {
    /// Recognises a quotient of a convolution of ones by the number of elements of each window, which is a mean.
    pub(super) fn counted_mean(
        &mut self,
        node: &Reader<'a>,
        view: &View,
        counts: &Tensor,
    ) -> Result<Option<ValueId>, Reason> {
        let output = self.network.shape(view.value);
        let (rows, columns) = output.extent();
        if view.layout(output) != Some([1, 2, 3]) || counts.dims() != [rows, columns] || counts.is_absent() {
            return Ok(None);
        }
        let Some(op) = self.maker(view.value).filter(|op| matches!(op.word, "conv" | "dwconv")).cloned()
        else {
            return Ok(None);
        };
        let (Some(weight), None) = (op.tensor("weight"), op.tensor("bias")) else { return Ok(None) };
        let input = self.network.shape(op.inputs[0]);
        let is_sum = weight.dims()[1] == 1
            && input.channels() == output.channels()
            && self.is_written_out(weight, 1.0)?;
        let Some([down, across]) = windows(&op).filter(|_| is_sum) else { return Ok(None) };
        let counts = counts.reals(self.storage)?;
        let (height, width) = input.extent();
        for (by_rows, by_columns) in cuts(down, across) {
            let ceil = by_rows + by_columns > 0;
            let declared =
                |window: Window, cut: u64| Window { pad_after: window.pad_after - cut, ceil, ..window };
            let (down, across) = (declared(down, by_rows), declared(across, by_columns));
            if down.output(height) != Some(rows) || across.output(width) != Some(columns) {
                continue;
            }
            for counts_padding in [false, true] {
                let down_counts = taken(down, height, rows, counts_padding);
                let across_counts = taken(across, width, columns, counts_padding);
                let product =
                    down_counts.iter().flat_map(|down| across_counts.iter().map(move |one| down * one));
                if !product.map(|count| count as f64).eq(counts.iter().copied()) {
                    continue;
                }
                let pads = [down.pad_before, down.pad_after, across.pad_before, across.pad_after];
                let mut arguments = vec![
                    Argument::Window {
                        dims: vec![down.kernel, across.kernel],
                        stride: (down.stride, across.stride),
                    },
                    Argument::Pads("pad", pads),
                    Argument::Pair("dilate", (down.dilation, across.dilation), 1),
                ];
                arguments.extend(ceil.then_some(Argument::Flag("ceil")));
                arguments.extend(counts_padding.then_some(Argument::Flag("countpad")));
                let draft = Draft::new("avgpool", vec![op.inputs[0]]).arguments(arguments);
                // The language refuses some paddings that are equal to an allowed one.
                if let Ok(value) = self.emit(node, draft) {
                    return Ok(Some(value));
                }
            }
        }
        Ok(None)
    }
}

/// The windows of a convolution with one group, or with a filter for each channel.
fn windows(op: &Op) -> Option<[Window; 2]> {
    let Argument::Window { dims, stride } = op.arguments.first()? else { return None };
    let mut two = [Window::new(dims[0], stride.0), Window::new(dims[1], stride.1)];
    for argument in &op.arguments {
        match argument {
            Argument::Pair("dilate", (down, across), _) => {
                (two[0].dilation, two[1].dilation) = (*down, *across);
            }
            Argument::Pads("pad", pads) => {
                (two[0].pad_before, two[0].pad_after) = (pads[0], pads[1]);
                (two[1].pad_before, two[1].pad_after) = (pads[2], pads[3]);
            }
            Argument::Number("groups" | "mult", 1, _) | Argument::Window { .. } => {}
            Argument::Flag("same") if *stride == (1, 1) => {}
            _ => return None,
        }
    }
    // Half of the kernel on each side, as the importer writes `same` for a stride of 1.
    if op.has_flag("same") {
        for window in &mut two {
            let half = (window.extent() - 1) / 2;
            (window.pad_before, window.pad_after) = (half, half);
        }
    }
    Some(two)
}

/// The numbers of rows and columns by which the padding behind the input may be smaller; 0 comes first.
fn cuts(down: Window, across: Window) -> Vec<(u64, u64)> {
    let most = |window: Window| window.pad_after.min(MAX_CUT);
    (0..=most(down)).flat_map(|rows| (0..=most(across)).map(move |columns| (rows, columns))).collect()
}

/// The number of positions that each window along an axis counts: those of the input, or those of the padding too.
fn taken(window: Window, input: u64, outputs: u64, counts_padding: bool) -> Vec<u64> {
    let end = input.saturating_add(window.pad_after) as i64;
    let count = |index: u64| match counts_padding {
        true => (0..window.kernel).filter(|&tap| window.position(index, tap) < end).count() as u64,
        false => window.taps_inside(index, input).count() as u64,
    };
    (0..outputs).map(count).collect()
}

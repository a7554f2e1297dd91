//! Padding that is computed from the input, as TensorFlow does.

use crate::tensor::Window;

use super::super::network::Network;
use super::super::op::{Argument, Op};

/// One window that pads more at its end than at its beginning, by as much as `same` does, shows where the model comes
/// from: all windows that pad as `same` does are written so. Numbers would differ between strides and extents, and
/// with them the blocks.
pub(super) fn recognise(network: &mut Network) {
    let pads = |op: &Op| same_pads(op, network.shape(*op.inputs.first()?).extent());
    let same: Vec<Option<[u64; 4]>> = network.ops.iter().map(pads).collect();
    let is_uneven = |[top, bottom, left, right]: &[u64; 4]| top != bottom || left != right;
    if !same.iter().flatten().any(is_uneven) {
        return;
    }
    for (op, same) in network.ops.iter_mut().zip(same) {
        if same.is_some_and(|pads| pads != [0; 4]) {
            for argument in &mut op.arguments {
                if matches!(argument, Argument::Pads("pad", _)) {
                    *argument = Argument::Flag("same");
                }
            }
        }
    }
}

/// The padding of a window, where it is that of `same` for an input of these extents.
fn same_pads(op: &Op, (height, width): (u64, u64)) -> Option<[u64; 4]> {
    if !matches!(op.word, "conv" | "dwconv" | "maxpool") || op.has_flag("ceil") {
        return None;
    }
    let (mut kernel, mut steps, mut dilation, mut own) = (None, (1, 1), (1, 1), None);
    for argument in &op.arguments {
        match argument {
            Argument::Window { dims, stride } => (kernel, steps) = (dims.get(..2), *stride),
            Argument::Pair("dilate", pair, _) => dilation = *pair,
            Argument::Pads("pad", pads) => own = Some(*pads),
            _ => {}
        }
    }
    let (&[rows, columns], own) = (kernel?, own?) else { return None };
    let vertical = Window::same(rows, steps.0, dilation.0, height);
    let horizontal = Window::same(columns, steps.1, dilation.1, width);
    let same = [vertical.pad_before, vertical.pad_after, horizontal.pad_before, horizontal.pad_after];
    (own == same).then_some(own)
}

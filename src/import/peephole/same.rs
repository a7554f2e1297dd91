//! Recognises padding that frameworks compute from the extent of the input: TensorFlow's `same`, and the border that a
//! pool of Caffe needs because it rounds the number of its windows up.

use crate::tensor::Window;

use super::super::network::Network;
use super::super::op::{Argument, Op};

/// Writes `same` for all windows that pad as `same` does, if at least one pads more at its end than at its beginning,
/// which only such a framework does. Explicit numbers would differ between strides and extents, and so would the
/// blocks.
pub(super) fn recognise(network: &mut Network) {
    let pads = |op: &Op| match computed(op, network) {
        Some(same) if !op.has_flag("ceil") => explicit(op).filter(|own| *own == same),
        _ => None,
    };
    let same: Vec<Option<[u64; 4]>> = network.ops.iter().map(pads).collect();
    if !same.iter().flatten().any(is_uneven) || round_up(network).is_some() {
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

/// Writes `ceil` for all windows that pad more at their end, if each is a maximum for which this is the same at every
/// extent; `None` if another window pads so.
fn round_up(network: &mut Network) -> Option<()> {
    let mut rounded = Vec::new();
    for (at, op) in network.ops.iter().enumerate() {
        if explicit(op).is_some_and(|pads| is_uneven(&pads)) {
            let ceil = rounded_up(op)?;
            let (shape, _) = ceil.infer(&network.operand_shapes(op)).ok()?;
            if shape != network.shape(op.output) {
                return None;
            }
            rounded.push((at, ceil));
        }
    }
    for (at, op) in rounded {
        network.ops[at] = op;
    }
    Some(())
}

/// The maximum without the part of its border that only rounds the number of windows up: one less than the stride.
fn rounded_up(op: &Op) -> Option<Op> {
    let strides = op.arguments.iter().find_map(|argument| match argument {
        Argument::Window { stride, .. } => Some(*stride),
        _ => None,
    })?;
    let [top, bottom, left, right] = explicit(op)?;
    let is_rounding =
        |before: u64, after: u64, stride: u64| after.checked_sub(before) == stride.checked_sub(1);
    if op.word != "maxpool"
        || op.has_flag("ceil")
        || !is_rounding(top, bottom, strides.0)
        || !is_rounding(left, right, strides.1)
    {
        return None;
    }
    let mut rounded = op.clone();
    for argument in &mut rounded.arguments {
        if let Argument::Pads("pad", pads) = argument {
            *pads = [top, top, left, left];
        }
    }
    rounded.arguments.push(Argument::Flag("ceil"));
    Some(rounded)
}

/// Returns whether a window with `same` pads more at its end than at its beginning; the compiler warns of that.
pub(in super::super) fn pads_at_the_end(network: &Network) -> bool {
    let same = network.ops.iter().filter(|op| op.has_flag("same"));
    same.filter_map(|op| computed(op, network)).any(|pads| is_uneven(&pads))
}

fn is_uneven([top, bottom, left, right]: &[u64; 4]) -> bool {
    top != bottom || left != right
}

/// The padding of a window, if it is written as numbers.
fn explicit(op: &Op) -> Option<[u64; 4]> {
    op.arguments.iter().find_map(|argument| match argument {
        Argument::Pads("pad", pads) => Some(*pads),
        _ => None,
    })
}

/// The padding of `same` for a window.
fn computed(op: &Op, network: &Network) -> Option<[u64; 4]> {
    if !matches!(op.word, "conv" | "dwconv" | "maxpool") {
        return None;
    }
    let (mut kernel, mut steps, mut dilation) = (None, (1, 1), (1, 1));
    for argument in &op.arguments {
        match argument {
            Argument::Window { dims, stride } => (kernel, steps) = (dims.get(..2), *stride),
            Argument::Pair("dilate", pair, _) => dilation = *pair,
            _ => {}
        }
    }
    let &[rows, columns] = kernel? else { return None };
    let (height, width) = network.shape(*op.inputs.first()?).extent();
    let vertical = Window::same(rows, steps.0, dilation.0, height);
    let horizontal = Window::same(columns, steps.1, dilation.1, width);
    Some([vertical.pad_before, vertical.pad_after, horizontal.pad_before, horizontal.pad_after])
}

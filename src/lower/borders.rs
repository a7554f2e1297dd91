//! Replaces a convolution whose border is `reflect`, `replicate` or `circular` by a `pad` and a convolution without
//! padding.
//!
//! The fast kernels read zeros around their input only. The pad copies the map once, which is little beside the
//! products of the convolution.

use std::borrow::Cow;

use crate::ir::Graph;
use crate::ops::{Border, Conv, DwConv, Op, Pad, Padding, Sliding};
use crate::tensor::Shape;

/// The graph with these pads. They are added behind all other nodes, which therefore keep their ids.
pub(super) fn with_visible_borders(graph: &Graph) -> Cow<'_, Graph> {
    let mut changed = Cow::Borrowed(graph);
    for id in graph.ids() {
        let Some((pad, convolution)) =
            graph.node(id).op().and_then(|op| apart(op, graph.operand_shapes(id)[0]))
        else {
            continue;
        };
        let Shape::Map { height, width, channels } = graph.operand_shapes(id)[0] else { continue };
        let [top, bottom, left, right] = pad.pads;
        let padded = Shape::map(height + top + bottom, width + left + right, channels);
        changed.to_mut().put_before(id, pad.into(), padded, convolution);
    }
    changed
}

/// The pad and the convolution that together replace an operator; `None` for operators without such a border.
fn apart(op: &Op, input: Shape) -> Option<(Pad, Op)> {
    match op {
        Op::Conv(conv) if conv.table.is_none() && conv.border != Border::Zeros => {
            let plain = Conv { sliding: unpadded(conv.sliding), border: Border::Zeros, ..conv.clone() };
            Some((pad(conv.sliding, conv.border, input), plain.into()))
        }
        Op::DwConv(conv) if conv.border != Border::Zeros => {
            let plain = DwConv { sliding: unpadded(conv.sliding), border: Border::Zeros, ..conv.clone() };
            Some((pad(conv.sliding, conv.border, input), plain.into()))
        }
        _ => None,
    }
}

fn unpadded(sliding: Sliding) -> Sliding {
    Sliding { padding: Padding::Explicit([0; 4]), ..sliding }
}

fn pad(sliding: Sliding, border: Border, input: Shape) -> Pad {
    let (rows, columns) = sliding.windows(input.extent());
    let pads = [rows.pad_before, rows.pad_after, columns.pad_before, columns.pad_after];
    Pad { pads, border, value: None }
}

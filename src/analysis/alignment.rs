//! W0209: two paths are [joined](crate::ops::Join) although equal positions of them see different pixels of the input. The
//! warning names the statement that most likely moved one of them.

use crate::diag::{Code, Sink};
use crate::ir::{Graph, NodeId};
use crate::ops::{Geometry, Operator, Reach};
use crate::tensor::Window;

use super::receptive::Axis;
use super::{Checked, Status};

/// The number of nodes that a path is followed towards the input.
const LONGEST_PATH: usize = 200;

/// Warns about the first join along a path whose operands are centred on different pixels.
pub(super) fn check(checked: &Checked, id: NodeId, sink: &mut Sink) {
    let graph = checked.graph();
    let node = graph.node(id);
    let is_apart = |id| checked.receptive(id).status == Status::Misaligned;
    let operands = graph.operands(id);
    let joins = node.op().and_then(|op| op.spec().joins);
    if joins.is_none() || !is_apart(id) {
        return;
    }
    if operands.iter().any(|&operand| is_apart(operand)) {
        return;
    }
    let fields = operands.iter().map(|&operand| *checked.receptive(operand));
    let Some((first, other)) = fields
        .clone()
        .zip(fields.skip(1))
        .find(|(a, b)| differ(a.rows, b.rows) || differ(a.columns, b.columns))
    else {
        return;
    };
    let (axis, a, b) = match differ(first.rows, other.rows) {
        true => ("rows", first.rows, other.rows),
        false => ("columns", first.columns, other.columns),
    };
    let here = match a.stride == b.stride {
        false => format!(
            "the {axis} of one path move by {} pixels of the input, those of another by {}",
            a.stride, b.stride
        ),
        true => format!(
            "the first of the {axis} is centred at pixel {} in one path, at {} in another",
            a.centre, b.centre
        ),
    };
    let message = format!("the paths of `{}` are misaligned", node.word);
    let mut warning =
        sink.warning(Code::W0209, node.span, message).trace(&node.trace).layer(&node.path).here(here);
    for &operand in &operands {
        if let Some((moved, window)) = off_centre(graph, operand, &operands) {
            let moved = graph.node(moved);
            let (extent, pad) = (window.extent(), window.pad_before);
            warning = warning
                .label(
                    moved.span,
                    format!("a window of {extent} with {pad} of padding before it moves the positions"),
                )
                .help(match extent % 2 {
                    1 => format!("`pad={}` at `{}` keeps them in place", extent / 2, moved.path),
                    _ => format!("an odd window at `{}` can keep them in place", moved.path),
                });
            break;
        }
    }
    warning.warn();
}

fn differ(a: Axis, b: Axis) -> bool {
    a.stride != b.stride || a.centre != b.centre
}

/// The first node of a path whose window is not centred on the position that it computes.
fn off_centre(graph: &Graph, end: NodeId, ends: &[NodeId]) -> Option<(NodeId, Window)> {
    let mut found = None;
    let mut at = end;
    for _ in 0..LONGEST_PATH {
        let Some(&from) = graph.operands(at).first() else { break };
        let shape = graph.node(from).shape;
        if let Some(Geometry::Axes { rows: Reach::Window(rows), columns: Reach::Window(columns) }) =
            graph.node(at).op().map(|op| op.geometry(shape, graph.node(at).shape))
        {
            let moves = |window: &Window| window.extent() > 1 && window.extent() != 2 * window.pad_before + 1;
            found = [rows, columns].into_iter().find(moves).map(|window| (at, window)).or(found);
        }
        at = from;
        if ends.contains(&at) || graph.users(at).len() > 1 {
            break;
        }
    }
    found
}

//! Warnings about a checked network: what is legal but probably not meant, with the numbers that show it. Each function
//! below reports one code; what a lint must know of an operator it asks the operator's spec and geometry.

use crate::diag::{Builder, Code, Sink};
use crate::ir::{Graph, Node, NodeId};
use crate::ops::{Geometry, Join, Op, Operator, Reach};
use crate::tensor::Window;

use super::{Checked, alignment, pictures};
use crate::base::counted;

/// Reports all warnings about the graph.
pub fn check(checked: &Checked, sink: &mut Sink) {
    let graph = checked.graph();
    graph.inputs().for_each(|(_, node)| pictures::check(node, sink));
    for (id, node) in graph.layers() {
        unread_value(graph, id, node, sink);
        bias_before_normalisation(graph, id, node, sink);
        uncentred_crop(graph, id, node, sink);
        alignment::check(checked, id, sink);
        let Some((op, rows, columns)) = windows(graph, id, node) else { continue };
        if !is_shortcut(graph, id) {
            skipped_pixels(node, rows, columns, sink);
        }
        dropped_pixels(node, rows, columns, sink);
        if is_same(op) {
            asymmetric_padding(node, rows, columns, sink);
        }
        outputs_without_input(node, rows, columns, sink);
    }
}

/// Reports windows that drop pixels in a graph that an error left incomplete: they often explain an error about
/// shapes.
pub fn explain(graph: &Graph, sink: &mut Sink) {
    for (id, node) in graph.layers() {
        if let Some((_, rows, columns)) = windows(graph, id, node) {
            dropped_pixels(node, rows, columns, sink);
        }
    }
}

/// Reports an operator whose value no operator takes, and which is no output: `@name` left it behind.
fn unread_value(graph: &Graph, id: NodeId, node: &Node, sink: &mut Sink) {
    let is_output = || graph.outputs().iter().any(|output| output.node == id);
    if node.op().is_none() || !graph.users(id).is_empty() || is_output() {
        return;
    }
    warn(sink, Code::W0108, node, format!("nothing reads the value of `{}`", node.path))
        .here("its parameters and operations count all the same")
        .help("leave it out, or make it an output: `aux < identity > as NAME` behind it")
        .emit();
}

/// Returns whether a value is an operand of a sum, directly or through operators that change single elements.
fn is_shortcut(graph: &Graph, id: NodeId) -> bool {
    let mut at = id;
    loop {
        let [user] = graph.users(at)[..] else { return false };
        let node = graph.node(user);
        match node.op() {
            Some(op) if op.spec().joins == Some(Join::Sum) => return true,
            Some(op) if op.geometry(graph.node(at).shape, node.shape) == Geometry::Pointwise => at = user,
            _ => return false,
        }
    }
}

/// A window along one axis, with the sizes of its input and output.
#[derive(Clone, Copy)]
struct Axis {
    window: Window,
    input: u64,
    output: u64,
}

impl Axis {
    /// The pixels behind the last window, padding not counted.
    fn dropped(self) -> u64 {
        let Window { stride, pad_after, .. } = self.window;
        let covered =
            u128::from(self.output.saturating_sub(1)) * u128::from(stride) + u128::from(self.window.extent());
        let left = self.window.padded(self.input).saturating_sub(covered);
        left.saturating_sub(u128::from(pad_after)) as u64
    }

    /// The number of windows all of whose taps lie in the padding.
    fn outside(self) -> u64 {
        let Window { stride, pad_before, pad_after, .. } = self.window;
        let extent = self.window.extent();
        let before = if pad_before >= extent { (pad_before - extent) / stride + 1 } else { 0 };
        let behind = pad_before.saturating_add(self.input).div_ceil(stride);
        let after = if pad_after >= extent { self.output.saturating_sub(behind) } else { 0 };
        before.saturating_add(after).min(self.output)
    }

    fn is_asymmetric(self) -> bool {
        self.window.pad_before != self.window.pad_after
    }
}

/// The windows of a node over its first operand.
fn windows<'a>(graph: &Graph, id: NodeId, node: &'a Node) -> Option<(&'a Op, Axis, Axis)> {
    let op = node.op()?;
    let input = *graph.operand_shapes(id).first()?;
    let Geometry::Axes { rows: Reach::Window(rows), columns: Reach::Window(columns) } =
        op.geometry(input, node.shape)
    else {
        return None;
    };
    let ((height, width), (out_height, out_width)) = (input.extent(), node.shape.extent());
    let axis = |window, input, output| Axis { window, input, output };
    Some((op, axis(rows, height, out_height), axis(columns, width, out_width)))
}

/// Returns whether an operator pads by `same`.
fn is_same(op: &Op) -> bool {
    op.spec().has_flag("same") && op.bound().flag("same")
}

/// Returns whether the operator's windows may be partial, as those of pools.
fn has_partial_windows(node: &Node) -> bool {
    node.op().is_some_and(|op| op.spec().has_flag("ceil"))
}

fn warn<'a>(sink: &'a mut Sink, code: Code, node: &Node, message: String) -> Builder<'a> {
    sink.warning(code, node.span, message).trace(&node.trace).layer(&node.path)
}

/// `1 row`, `2 columns`, or both, of counts that are not 0.
fn rows_and_columns(rows: u64, columns: u64) -> String {
    let mut counts = Vec::new();
    if rows > 0 {
        counts.push(counted(rows, "row"));
    }
    if columns > 0 {
        counts.push(counted(columns, "column"));
    }
    counts.join(" and ")
}

/// W0201: the last window ends before the last pixel.
fn dropped_pixels(node: &Node, rows: Axis, columns: Axis, sink: &mut Sink) {
    let point = |axis: Axis| axis.window.kernel == 1;
    let dropped = |axis: Axis| if point(axis) { 0 } else { axis.dropped() };
    let (lost_rows, lost_columns) = (dropped(rows), dropped(columns));
    let lost = rows_and_columns(lost_rows, lost_columns);
    if lost.is_empty() {
        return;
    }
    let axis = if lost_rows > 0 { rows } else { columns };
    let Window { stride, pad_before, pad_after, .. } = axis.window;
    let extent = axis.window.extent();
    let pads = match (pad_before, pad_after) {
        (0, 0) => String::new(),
        (before, after) => format!(" + {before} + {after}"),
    };
    let room = axis.window.padded(axis.input).saturating_sub(extent.into());
    let warning = warn(sink, Code::W0201, node, format!("the windows never reach the last {lost}"))
        .here(format!("drops {lost} of the input"))
        .note(format!(
            "({}{pads} − {extent}) mod {stride} = {}, which the last window leaves out",
            axis.input,
            room % u128::from(stride.max(1))
        ));
    let warning = if has_partial_windows(node) {
        warning.help("`ceil` adds a last, partial window")
    } else {
        warning.help("`same` or `pad=` lets the windows reach the edge")
    };
    warning.warn();
}

/// W0211: `crop to` takes away an odd number of rows or columns, so that one side loses one more than the other.
fn uncentred_crop(graph: &Graph, id: NodeId, node: &Node, sink: &mut Sink) {
    let Some((op, input)) = node.op().zip(graph.operand_shapes(id).first().copied()) else { return };
    let Geometry::Axes { rows: Reach::Shifted { .. }, columns: Reach::Shifted { .. } } =
        op.geometry(input, node.shape)
    else {
        return;
    };
    if op.bound().adaptive().is_none() {
        return;
    }
    let ((height, width), (out_height, out_width)) = (input.extent(), node.shape.extent());
    let (rows, columns) = (height.saturating_sub(out_height), width.saturating_sub(out_width));
    let odd = rows_and_columns(rows % 2, columns % 2);
    if odd.is_empty() {
        return;
    }
    let (top, left) = (rows / 2, columns / 2);
    let same = format!("crop ({top}, {}, {left}, {})", rows - top, columns - left);
    warn(sink, Code::W0211, node, format!("the crop cannot take {odd} from both sides alike"))
        .here(format!("takes {rows} of {height} rows and {columns} of {width} columns"))
        .note("an odd one goes at the bottom or right")
        .help(format!("`crop (top, bottom, left, right)` says which side is meant; this is `{same}`"))
        .warn();
}

/// W0202: the normalisation subtracts what the bias adds.
fn bias_before_normalisation(graph: &Graph, id: NodeId, node: &Node, sink: &mut Sink) {
    let Some(bias) = node.parameters.iter().find(|parameter| parameter.key == "bias") else { return };
    if !node.parameters.iter().any(|parameter| parameter.key == "weight" && parameter.shape.len() > 1) {
        return;
    }
    let [user] = graph.users(id)[..] else { return };
    let user = graph.node(user);
    if !user.op().is_some_and(|op| op.spec().absorbs_bias) || user.trailing || node.shortcut {
        return;
    }
    let count = counted(bias.elements(), "element");
    warn(sink, Code::W0202, node, format!("this bias has no effect before `{}`", user.word))
        .here(format!("a bias of {count}"))
        .label(user.span, "subtracts the mean, and with it the bias")
        .help(format!(
            "`{} … {}` as one statement leaves the bias out, as does `nobias`",
            node.word, user.word
        ))
        .warn();
}

/// W0203 and W0204: `same` pads one side more than the other.
fn asymmetric_padding(node: &Node, rows: Axis, columns: Axis, sink: &mut Sink) {
    let named = [("top", "bottom", rows), ("left", "right", columns)];
    let Some((first, second, axis)) = named.into_iter().find(|(_, _, axis)| axis.is_asymmetric()) else {
        return;
    };
    let Window { kernel, stride, pad_before, pad_after, .. } = axis.window;
    let extent = axis.window.extent();
    let here = format!("pads {pad_before} at the {first} and {pad_after} at the {second}");
    let rule = format!(
        "({} − 1)·{stride} + {extent} − {} = {}, of which the odd one goes to the {second}",
        axis.output,
        axis.input,
        pad_before + pad_after
    );
    if stride == 1 {
        let message = format!("`same` cannot centre an even kernel of {kernel}");
        warn(sink, Code::W0204, node, message)
            .here(here)
            .note(rule)
            .help(format!("an odd kernel such as {} is centred", kernel + 1))
            .warn();
        return;
    }
    let warning = warn(sink, Code::W0203, node, format!("`same` pads asymmetrically at stride {stride}"))
        .here(here)
        .note(rule)
        .note("TensorFlow pads like this; PyTorch models pad both sides alike");
    let warning = if extent % 2 == 1 {
        warning.help(format!("`pad={}` pads both sides alike", extent / 2))
    } else {
        warning.help("`pad=(top,bottom,left,right)` says which side is meant")
    };
    warning.warn();
}

/// W0205: a 1×1 convolution that moves by more than one pixel ignores the pixels between.
fn skipped_pixels(node: &Node, rows: Axis, columns: Axis, sink: &mut Sink) {
    let is_point = rows.window.kernel == 1 && columns.window.kernel == 1;
    let (down, across) = (rows.window.stride, columns.window.stride);
    if !is_point || (down == 1 && across == 1) || has_partial_windows(node) || node.shortcut {
        return;
    }
    let pixels = u128::from(rows.input) * u128::from(columns.input);
    let seen = u128::from(rows.output) * u128::from(columns.output);
    warn(sink, Code::W0205, node, format!("a 1x1 window with stride {down}x{across} skips pixels"))
        .here(format!("sees {seen} of {pixels} positions"))
        .note(format!(
            "1/{} of the positions are read, the others have no influence",
            u128::from(down) * u128::from(across)
        ))
        .help("put the stride on a larger window, as ResNet v1.5 does, or pool before")
        .warn();
}

/// W0207: some windows lie in the padding altogether.
fn outputs_without_input(node: &Node, rows: Axis, columns: Axis, sink: &mut Sink) {
    if has_partial_windows(node) {
        return;
    }
    let empty = rows_and_columns(rows.outside(), columns.outside());
    if empty.is_empty() {
        return;
    }
    let axis = if rows.outside() > 0 { rows } else { columns };
    let pad = axis.window.pad_before.max(axis.window.pad_after);
    warn(sink, Code::W0207, node, format!("{empty} of the output see only padding"))
        .here("their values are the bias alone")
        .note(format!("a padding of {pad} holds a whole window of {}", axis.window.extent()))
        .help(format!("pad less than {}", axis.window.extent()))
        .warn();
}

#[cfg(test)]
mod tests {
    use super::super::network::{Network, conv, sliding};
    use super::*;
    use crate::diag::Diagnostic;
    use crate::ops::{Conv, Padding, Sliding};

    fn warnings(size: u64, conv: Conv) -> Vec<Diagnostic> {
        let mut net = Network::default();
        let input = net.input(size, size, 3);
        let value = net.conv(input, conv);
        let mut sink = Sink::default();
        check(&Checked::new(net.finish(value)), &mut sink);
        sink.into_sorted()
    }

    fn same(kernel: u64, stride: u64) -> Conv {
        let sliding = Sliding { padding: Padding::Same, ..sliding(kernel, stride, 0) };
        Conv { sliding, ..conv(1, 1, 0, 4) }
    }

    fn codes(size: u64, conv: Conv) -> Vec<Code> {
        warnings(size, conv).into_iter().map(|warning| warning.code).collect()
    }

    #[test]
    fn dropped_pixels_are_counted_beyond_the_padding() {
        assert_eq!(codes(224, conv(7, 2, 3, 4)), []);
        assert_eq!(codes(28, conv(3, 1, 0, 4)), []);
        let found = warnings(28, conv(3, 3, 0, 4));
        assert_eq!(found[0].code, Code::W0201);
        assert_eq!(found[0].message, "the windows never reach the last 1 row and 1 column");
        assert_eq!(found[0].notes[0], "(28 − 3) mod 3 = 1, which the last window leaves out");
    }

    #[test]
    fn same_is_watched_where_it_is_not_centred() {
        assert_eq!(codes(28, same(3, 1)), []);
        assert_eq!(codes(28, same(4, 2)), []);
        assert_eq!(codes(28, same(4, 1)), [Code::W0204]);
        assert_eq!(codes(28, same(3, 2)), [Code::W0203]);
        assert_eq!(codes(29, same(3, 2)), []);
    }

    #[test]
    fn a_point_with_a_stride_skips_unless_it_projects() {
        assert_eq!(codes(28, conv(1, 2, 0, 4)), [Code::W0205]);
        let mut net = Network::default();
        let input = net.input(28, 28, 3);
        let value = net.add_shortcut("conv", conv(1, 2, 0, 4), input);
        let mut sink = Sink::default();
        check(&Checked::new(net.finish(value)), &mut sink);
        assert_eq!(sink.into_sorted(), []);
    }

    #[test]
    fn outputs_in_the_padding_are_counted() {
        assert_eq!(codes(8, conv(3, 1, 2, 4)), []);
        let found = warnings(8, conv(3, 1, 4, 4));
        assert_eq!(found[0].code, Code::W0207);
        assert_eq!(found[0].message, "4 rows and 4 columns of the output see only padding");
    }
}

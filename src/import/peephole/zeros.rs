//! Recognises He et al.'s option A: a shortcut of every n-th pixel, with zeros as further channels.

use super::super::op::Argument;
use super::Rewriter;
use crate::tensor::Shape;

/// Replaces the sum of a body and a value of every n-th row and column with channels of zeros by `residual zeropad`, if
/// the language takes the same pixels.
pub(super) fn zero_padded(rewriter: &mut Rewriter<'_>, at: usize) -> Option<()> {
    let op = rewriter.op(at);
    let [left, right] = *op.inputs.as_slice() else { return None };
    if op.word != "add" || left == right {
        return None;
    }
    let (zeros, body) = match (rewriter.only_for(right, "zeros"), rewriter.only_for(left, "zeros")) {
        (Some(zeros), _) => (zeros, left),
        (None, Some(zeros)) => (zeros, right),
        (None, None) => return None,
    };
    let (mut from, mut stride, mut gone) = (rewriter.input(zeros), (1, 1), vec![zeros]);
    while let Some(thinned) = rewriter.only_for(from, "maxpool")
        && let Some((rows, columns)) = single_pixels(&rewriter.op(thinned).arguments)
        && let (Some(rows), Some(columns)) = (rows.checked_mul(stride.0), columns.checked_mul(stride.1))
    {
        stride = (rows, columns);
        gone.push(thinned);
        from = rewriter.input(thinned);
    }
    let to = rewriter.network.shape(body);
    if strides(rewriter.network.shape(from), to) != Some(stride) {
        return None;
    }
    let arguments = vec![Argument::Pair("stride", stride, 0)];
    rewriter.become_word(at, "zeropad", arguments, vec![body, from], &gone)
}

/// The strides of windows of one element.
fn single_pixels(arguments: &[Argument]) -> Option<(u64, u64)> {
    let [Argument::Window { dims, stride }] = arguments else { return None };
    (dims[..] == [1, 1]).then_some(*stride)
}

/// The strides that the language gives a shortcut between two shapes.
fn strides(from: Shape, to: Shape) -> Option<(u64, u64)> {
    let stride = |from: u64, to: u64| {
        let stride = from.div_ceil(to);
        (from.div_ceil(stride) == to).then_some(stride)
    };
    let ((height, width), (rows, columns)) = (from.extent(), to.extent());
    Some((stride(height, rows)?, stride(width, columns)?)).filter(|_| from.is_map() && to.is_map())
}

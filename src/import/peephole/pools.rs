//! Rules for pools to a size that are exported as one pool of rows and one of columns.

use super::super::op::{Argument, Op};
use super::Rewriter;
use crate::tensor::Shape;

/// Joins a pool to fewer rows and a pool to fewer columns, in either order.
pub(super) fn adaptive(rewriter: &mut Rewriter<'_>, at: usize) -> Option<()> {
    let word = ["maxpool", "avgpool"].into_iter().find(|word| *word == rewriter.op(at).word)?;
    let shape = |at: usize| rewriter.network.shape(rewriter.input(at));
    let (rows, columns) = size(rewriter.op(at), shape(at))?;
    let inner = rewriter.only_for(rewriter.input(at), word)?;
    let (before, between) = (shape(inner).extent(), shape(at).extent());
    size(rewriter.op(inner), shape(inner))?;
    let one_after_the_other =
        (rows == between.0 && between.1 == before.1) || (columns == between.1 && between.0 == before.0);
    if !one_after_the_other {
        return None;
    }
    let arguments = vec![Argument::Flag("to"), Argument::Size(vec![rows, columns])];
    let input = rewriter.input(inner);
    rewriter.become_word(at, word, arguments, vec![input], &[inner])
}

/// Joins zeros with the average pool behind them that has more rows and columns at the end: the zeros count in the
/// divisor, and the rest of the last windows does not.
pub(super) fn counted_border(rewriter: &mut Rewriter<'_>, at: usize) -> Option<()> {
    let op = rewriter.op(at);
    if op.word != "avgpool" || op.has_flag("countpad") || op.has_flag("ceil") {
        return None;
    }
    let border = rewriter.only_for(rewriter.input(at), "pad")?;
    let [Argument::Pads(_, zeros)] = rewriter.op(border).arguments[..] else { return None };
    let mut pool = op.clone();
    let mut is_behind = false;
    for argument in &mut pool.arguments {
        if let Argument::Pads("pad", pads) = argument {
            is_behind = matches!(*pads, [0, rows, 0, columns] if rows > 0 || columns > 0);
            *pads = zeros;
        }
    }
    pool.arguments.extend([Argument::Flag("ceil"), Argument::Flag("countpad")]);
    pool.inputs = vec![rewriter.input(border)];
    let (inferred, _) = pool.infer(&rewriter.network.operand_shapes(&pool)).ok()?;
    if !is_behind || inferred != rewriter.network.shape(op.output) {
        return None;
    }
    rewriter.become_word(at, "avgpool", pool.arguments, pool.inputs, &[border])
}

/// The number of rows and columns that a pool to a size makes; a window over a whole axis leaves one.
fn size(op: &Op, input: Shape) -> Option<(u64, u64)> {
    let (height, width) = input.extent();
    match op.arguments.as_slice() {
        [Argument::Flag("to"), Argument::Size(size)] => match size[..] {
            [rows, columns] => Some((rows, columns)),
            _ => None,
        },
        [Argument::Window { dims, stride: (1, 1) }] if dims[..] == [height, 1] => Some((1, width)),
        [Argument::Window { dims, stride: (1, 1) }] if dims[..] == [1, width] => Some((height, 1)),
        _ => None,
    }
}

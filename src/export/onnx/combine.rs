//! What joins the branches of a form.

use super::build::Builder;
use crate::ops::Add;

/// The operands joined two by two, from the first on, as the network computes them.
pub(super) fn chain(builder: &mut Builder<'_>, operator: &'static str) -> String {
    let operands = builder.operands();
    join(builder, operator, &operands)
}

fn join(builder: &mut Builder<'_>, operator: &'static str, operands: &[String]) -> String {
    let first = operands[0].clone();
    operands[1..].iter().fold(first, |joined, operand| builder.join(operator, &joined, operand))
}

/// The sum of the branches. Of a residual the body may be scaled, and the shortcut thinned and filled up.
pub(super) fn add(builder: &mut Builder<'_>, op: &Add) -> String {
    let mut operands = builder.operands();
    if let Some(scale) = op.scale {
        operands[0] = builder.with_number("Mul", &operands[0], scale);
    }
    if let Some(strides) = op.zeropad {
        operands[1] = zero_padded(builder, &operands[1], strides);
    }
    join(builder, "Add", &operands)
}

/// Every stride-th row and column of the shortcut, with zeros as further channels (He et al. 2015, option A).
fn zero_padded(builder: &mut Builder<'_>, shortcut: &str, (rows, columns): (u64, u64)) -> String {
    let shape = builder.inputs()[1];
    let mut value = shortcut.to_owned();
    if (rows, columns) != (1, 1) {
        let (height, width) = shape.extent();
        let lists = [[0, 0], [height, width], [2, 3], [rows, columns]];
        let [starts, ends, axes, steps] = lists.map(|list| builder.integers(&list.map(|value| value as i64)));
        value = builder.node("Slice", &[value, starts, ends, axes, steps], Vec::new());
    }
    let missing = builder.output().channels() - shape.channels();
    if missing > 0 {
        let pads = builder.integers(&[0, 0, 0, 0, 0, missing as i64, 0, 0]);
        value = builder.join("Pad", &value, &pads);
    }
    value
}

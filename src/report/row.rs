//! A row of a table, with its figures as numbers. Tables fold rows and add their figures before they become text.

use std::borrow::Cow;
use std::fmt::Display;

use super::sums::Sums;
use super::view::Layer;

/// A row of a table: a layer, or several layers folded into one.
#[derive(Clone, Debug)]
pub(super) struct Row<'a> {
    pub name: Cow<'a, str>,
    pub op: Cow<'a, str>,
    pub input: String,
    pub shape: String,
    pub kernel: String,
    pub stride: String,
    pub field: String,
    pub source: String,
    pub sums: Sums,
}

fn shape_text(shape: &[u64]) -> String {
    shape.iter().map(u64::to_string).collect::<Vec<_>>().join("x")
}

/// Two numbers, or one where they are equal.
fn pair<T: Display + PartialEq>([down, across]: [T; 2]) -> String {
    if down == across { down.to_string() } else { format!("{down}x{across}") }
}

/// The row of a part, a fold or a total: counts without an operator of its own.
pub(super) fn sum_row<'a>(name: Cow<'a, str>, op: &'a str, sums: Sums) -> Row<'a> {
    let nothing = String::new;
    Row {
        name,
        op: op.into(),
        input: nothing(),
        shape: nothing(),
        kernel: nothing(),
        stride: nothing(),
        field: nothing(),
        source: nothing(),
        sums,
    }
}

pub(super) fn row(layer: &Layer) -> Row<'_> {
    let inputs: Vec<String> = layer.input_shapes.iter().map(|shape| shape_text(shape)).collect();
    Row {
        name: Cow::Borrowed(&layer.name),
        op: if layer.train_only { format!("{} (train)", layer.op).into() } else { Cow::Borrowed(&layer.op) },
        input: inputs.join(", "),
        shape: shape_text(&layer.shape),
        kernel: layer.kernel.map_or(String::new(), |[height, width]| format!("{height}x{width}")),
        stride: layer.stride.map_or(String::new(), pair),
        field: pair(layer.receptive_field.size),
        source: format!("{}:{}", layer.source.file, layer.source.line),
        sums: layer.counts,
    }
}

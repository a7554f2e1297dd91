//! Gives each part a row with the sums of the part, and indents the part's rows below it.

use super::row::{Row, row, sum_row};
use super::sums::Sums;
use super::view::Report;

/// Spaces for each level.
const INDENT: &str = "  ";

/// The rows of the layers in source order, each under the last part of its path, and before the first row of a part
/// one with the part's sums. A part that is left and entered again has two.
pub(super) fn rows(report: &Report) -> Vec<Row<'_>> {
    let mut rows: Vec<Row> = Vec::new();
    // The parts around the last row: their words and the positions of their rows.
    let mut open: Vec<(&str, usize)> = Vec::new();
    for layer in &report.layers {
        let parts: Vec<&str> = layer.name.split('.').collect();
        let (own, around) = parts.split_last().unwrap_or((&"", &[]));
        let shared = open.iter().zip(around).take_while(|((open, _), part)| open == *part).count();
        open.truncate(shared);
        for part in &around[shared..] {
            let name = INDENT.repeat(open.len()) + part;
            open.push((part, rows.len()));
            rows.push(sum_row(name.into(), "", Sums::default()));
        }
        for &(_, part) in &open {
            rows[part].sums += layer.counts;
            rows[part].shape = row(layer).shape;
        }
        rows.push(Row { name: (INDENT.repeat(open.len()) + own).into(), ..row(layer) });
    }
    rows
}

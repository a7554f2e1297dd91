//! The table as comma-separated values (RFC 4180), with exact figures.

use crate::base::safe;

use super::Column;
use super::numbers::Figures;
use super::rows::{Selection, cells};
use super::view::Report;

/// The rows as CSV. Figures are exact and without separators, shares without their sign, whatever the
/// selection says; the total is not a row.
pub fn csv(report: &Report, selection: &Selection) -> String {
    let cells = cells(report, selection, Figures::Plain);
    let words: Vec<&str> = cells.columns.iter().map(|column| column.word()).collect();
    let mut text = words.join(",") + "\r\n";
    for row in &cells.rows {
        let fields = cells.columns.iter().zip(row).map(|(&column, cell)| match column {
            Column::Share => cell.trim_end_matches(" %").to_owned(),
            _ => safe::csv_field(cell),
        });
        text.push_str(&fields.collect::<Vec<_>>().join(","));
        text.push_str("\r\n");
    }
    text
}

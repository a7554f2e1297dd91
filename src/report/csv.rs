//! The table as comma-separated values (RFC 4180), with exact figures.

use super::Column;
use super::rows::{Selection, metric, select};
use super::view::Report;

/// The rows as CSV. Figures are exact and without separators whatever the selection says; the total is not a row.
pub fn csv(report: &Report, selection: &Selection) -> String {
    let cells = select(report, selection);
    let name_only = Selection { columns: vec![Column::Name], ..selection.clone() };
    let names = select(report, &name_only);
    let mut text = cells.columns.iter().map(|column| column.word()).collect::<Vec<_>>().join(",");
    text.push_str("\r\n");
    for (row, name) in cells.rows.iter().zip(&names.rows) {
        let layer = report.layers.iter().find(|layer| layer.name == name[0]);
        let fields = cells.columns.iter().zip(row).map(|(&column, cell)| match (column, layer) {
            (Column::Metric(one), Some(layer)) if selection.depth.is_none() => {
                metric(&layer.counts, one).to_string()
            }
            (Column::Share, _) => cell.trim_end_matches(" %").to_owned(),
            _ => quoted(&cell.replace('\u{2009}', "")),
        });
        text.push_str(&fields.collect::<Vec<_>>().join(","));
        text.push_str("\r\n");
    }
    text
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

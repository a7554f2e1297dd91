//! The table in GitHub's Markdown.

use crate::base::safe;

use super::rows::{Column, Selection, select};
use super::view::Report;

/// The rows and totals as a Markdown table.
pub fn markdown(report: &Report, selection: &Selection) -> String {
    let cells = select(report, selection);
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let heading: Vec<String> = cells.columns.iter().map(|column| column.heading().to_owned()).collect();
    let rule: Vec<String> = cells
        .columns
        .iter()
        .map(|column| if column.is_number() { "---:" } else { "---" }.to_owned())
        .collect();
    let mut text = format!("### {}\n\n", safe::markdown(&report.network));
    text.push_str(&line(&heading));
    text.push_str(&line(&rule));
    let code = |row: &[String]| -> Vec<String> {
        let cells = cells.columns.iter().zip(row);
        cells
            .map(
                |(column, cell)| {
                    if *column == Column::Name { safe::markdown_code(cell) } else { safe::markdown(cell) }
                },
            )
            .collect()
    };
    cells.rows.iter().for_each(|row| text.push_str(&line(&code(row))));
    let bold = |row: &[String]| {
        row.iter()
            .map(|cell| if cell.is_empty() { String::new() } else { format!("**{cell}**") })
            .collect::<Vec<_>>()
    };
    text.push_str(&line(&bold(&cells.totals)));
    if let Some(train_only) = &cells.train_only {
        text.push_str(&line(&bold(train_only)));
    }
    if cells.hidden > 0 {
        text.push_str(&format!("\n… and {} more rows\n", cells.hidden));
    }
    text
}

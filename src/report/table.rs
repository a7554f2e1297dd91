//! Writes the table for a terminal: numbers are right-aligned, and columns are dropped where the width does not
//! suffice.

use unicode_width::UnicodeWidthStr;

use crate::analysis::Metric;
use crate::base::grouped;

use super::numbers::{Figures, bytes};
use super::rows::{Cells, Column, Selection, select};
use super::view::Report;

/// The columns in the order in which a narrow terminal drops them.
const GIVES_WAY: [Column; 6] = [
    Column::Share,
    Column::Metric(Metric::ActivationBytes),
    Column::Op,
    Column::Metric(Metric::Macs),
    Column::Shape,
    Column::Metric(Metric::Params),
];

/// The mark behind the heaviest rows.
const MARK: &str = " ◂";

/// Names are shortened to this width before a column is dropped.
const NAME_WIDTH: usize = 16;

/// The table and the headline figures, in at most `width` columns where that can be done.
pub fn table(report: &Report, selection: &Selection, width: usize) -> String {
    let mut cells = select(report, selection);
    let total_width = width;
    let width = if selection.marks { width.saturating_sub(MARK.width()) } else { width };
    // The column that orders the rows stays. Names are shortened before the last columns give way.
    let sorted = selection.sort.map(Column::Metric);
    for column in GIVES_WAY.into_iter().filter(|&column| Some(column) != sorted) {
        let shortest = if matches!(column, Column::Shape | Column::Metric(Metric::Params)) {
            NAME_WIDTH
        } else {
            usize::MAX
        };
        if line_width(&widths(&cells, shortest)) <= width {
            break;
        }
        if let Some(index) = cells.columns.iter().position(|&one| one == column) {
            remove(&mut cells, index);
        }
    }
    shorten_names(&mut cells, width);
    let widths = widths(&cells, usize::MAX);
    let heading: Vec<String> = cells.columns.iter().map(|column| column.heading().to_owned()).collect();
    let rule = "─".repeat(line_width(&widths));
    let mut text = header(report, total_width);
    push_line(&mut text, &heading, &cells.columns, &widths);
    text.push_str(&rule);
    text.push('\n');
    for (index, row) in cells.rows.iter().enumerate() {
        push_line(&mut text, row, &cells.columns, &widths);
        if selection.marks && cells.heaviest.contains(&index) {
            text.truncate(text.trim_end().len());
            text.push_str(&format!("{MARK}\n"));
        }
    }
    if cells.hidden > 0 {
        text.push_str(&format!("… and {} more\n", cells.hidden));
    }
    text.push_str(&rule);
    text.push('\n');
    push_line(&mut text, &cells.totals, &cells.columns, &widths);
    if let Some(train_only) = &cells.train_only {
        push_line(&mut text, train_only, &cells.columns, &widths);
    }
    text.push('\n');
    text.push_str(&summary(report, selection.exact, total_width));
    text
}

fn header(report: &Report, width: usize) -> String {
    let shape = |dims: &[u64]| dims.iter().map(u64::to_string).collect::<Vec<_>>().join("x");
    let inputs: Vec<String> = report.inputs.iter().map(|input| shape(&input.shape)).collect();
    let outputs: Vec<String> = report.outputs.iter().map(|output| shape(&output.shape)).collect();
    let batch = if report.batch == 1 { String::new() } else { format!(", batch {}", report.batch) };
    let ends = format!("{} → {}  ({}{batch})", inputs.join(", "), outputs.join(", "), report.dtype);
    format!("{}\n", fitted(&report.network, &ends, 2, width))
}

/// The headline figures: counts exactly, bytes as the table has them.
fn summary(report: &Report, exact: bool, width: usize) -> String {
    let size = |value: u128| {
        if exact { format!("{} bytes", grouped(value)) } else { bytes(value, Figures::Rounded) }
    };
    let totals = &report.totals;
    let sums = &totals.sums;
    let memory = &totals.peak_memory;
    let mut lines = vec![("params", grouped(sums.params))];
    if sums.frozen > 0 {
        lines.push(("frozen", grouped(sums.frozen)));
    }
    if sums.state > 0 {
        lines.push(("state", grouped(sums.state)));
    }
    lines.push(("macs", format!("{}  ({} without padding)", grouped(sums.macs), grouped(sums.macs_useful))));
    lines.push(("flops", grouped(sums.flops.total())));
    lines.push(("weights", size(sums.weight_bytes)));
    let at = memory.at.as_ref().map_or(String::new(), |at| format!(" at `{at}`"));
    lines
        .push(("peak memory", format!("{}  (bound {}{at})", size(memory.planned), size(memory.lower_bound))));
    lines.push(("depth", totals.depth.to_string()));
    lines.iter().map(|(name, value)| fitted(&format!("{name:<11}"), value, 2, width)).collect()
}

/// A line of a name and a value, or the value on lines of its own where it does not fit: it is broken at its
/// double spaces, and at last cut.
fn fitted(name: &str, value: &str, gap: usize, width: usize) -> String {
    let line = format!("{name}{}{value}", " ".repeat(gap));
    if line.width() <= width {
        return line + "\n";
    }
    let indent = "  ";
    let mut lines = vec![name.to_owned()];
    for part in value.split("  ") {
        match lines.last_mut() {
            Some(last) if last.width() + 2 + part.width() <= width => {
                last.push_str("  ");
                last.push_str(part);
            }
            _ => lines.push(format!("{indent}{part}")),
        }
    }
    lines.iter().map(|line| cut(line.trim_end(), width) + "\n").collect()
}

/// The beginning of a text in at most `width` columns.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut cut = String::new();
    for c in text.chars() {
        cut.push(c);
        if cut.width() + 1 >= width {
            break;
        }
    }
    cut + "…"
}

/// The widths of the columns, that of names at most `names`.
fn widths(cells: &Cells, names: usize) -> Vec<usize> {
    (0..cells.columns.len())
        .map(|index| {
            let rows = cells.rows.iter().chain([&cells.totals]).chain(&cells.train_only);
            let widest = rows.map(|row| cell_width(&row[index])).max().unwrap_or(0);
            let widest = widest.max(cells.columns[index].heading().width());
            if cells.columns[index] == Column::Name { widest.min(names) } else { widest }
        })
        .collect()
}

fn line_width(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1)
}

fn remove(cells: &mut Cells, index: usize) {
    cells.columns.remove(index);
    let rows = cells.rows.iter_mut().chain([&mut cells.totals]).chain(&mut cells.train_only);
    rows.for_each(|row| {
        row.remove(index);
    });
}

/// Shortens long names at their beginning: the end of a path tells more.
fn shorten_names(cells: &mut Cells, width: usize) {
    let all = widths(cells, usize::MAX);
    let excess = line_width(&all).saturating_sub(width);
    let Some(index) = cells.columns.iter().position(|&column| column == Column::Name).filter(|_| excess > 0)
    else {
        return;
    };
    let limit = all[index].saturating_sub(excess).max(8);
    for row in &mut cells.rows {
        let count = row[index].chars().count();
        if count > limit {
            let end: String = row[index].chars().skip(count - (limit - 1)).collect();
            row[index] = format!("…{end}");
        }
    }
}

fn push_line(text: &mut String, cells: &[String], columns: &[Column], widths: &[usize]) {
    let start = text.len();
    for ((cell, column), &width) in cells.iter().zip(columns).zip(widths) {
        if text.len() > start {
            text.push_str("  ");
        }
        let space = std::iter::repeat_n(' ', width.saturating_sub(cell_width(cell)));
        if column.is_number() {
            text.extend(space);
            text.push_str(cell);
        } else {
            text.push_str(cell);
            text.extend(space);
        }
    }
    text.truncate(start + text[start..].trim_end().len());
    text.push('\n');
}

/// The columns that a cell takes; most are ASCII, where each character takes one.
fn cell_width(cell: &str) -> usize {
    if cell.is_ascii() { cell.len() } else { cell.width() }
}

//! Selects the rows and columns of a table: folds rows by depth, sorts and limits them, and writes each figure as text.

use crate::analysis::Metric;
use crate::base::percent;

use super::numbers::{Figures, bytes, count};
use super::row::{Row, row, sum_row};
use super::sums::Sums;
use super::view::Report;
use super::{repeats, tree};

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// The path of the row.
    Name,
    /// The operator's word.
    Op,
    /// The shapes of what feeds the row.
    Input,
    /// The shape of the value.
    Shape,
    /// The window, height x width.
    Kernel,
    /// The stride of the window.
    Stride,
    /// A count.
    Metric(Metric),
    /// The share of the first metric that the table shows, in percent of its total.
    Share,
    /// The receptive field's size.
    ReceptiveField,
    /// The file and line that the row is written in.
    Source,
}

impl Column {
    /// The columns that are shown where none are asked for.
    pub const DEFAULT: [Column; 7] = [
        Column::Name,
        Column::Op,
        Column::Shape,
        Column::Metric(Metric::Params),
        Column::Metric(Metric::Macs),
        Column::Metric(Metric::ActivationBytes),
        Column::Share,
    ];

    /// Every column.
    pub fn all() -> Vec<Column> {
        let metrics = Metric::ALL.into_iter().filter(|metric| metric.is_sum()).map(Column::Metric);
        [Column::Name, Column::Op, Column::Kernel, Column::Stride, Column::Input, Column::Shape]
            .into_iter()
            .chain(metrics)
            .chain([Column::ReceptiveField, Column::Share, Column::Source])
            .collect()
    }

    /// The word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Column::Name => "name",
            Column::Op => "op",
            Column::Input => "input",
            Column::Shape => "shape",
            Column::Kernel => "kernel",
            Column::Stride => "stride",
            Column::Metric(metric) => metric.name(),
            Column::Share => "share",
            Column::ReceptiveField => "receptive_field",
            Column::Source => "source",
        }
    }

    /// The column of a word, which may be that of the heading.
    pub fn parse(word: &str) -> Option<Column> {
        Column::all().into_iter().find(|column| column.word() == word || column.heading() == word)
    }

    /// The heading.
    pub(super) fn heading(self) -> &'static str {
        match self {
            Column::Metric(Metric::ActivationBytes) => "memory",
            Column::Metric(Metric::WeightBytes) => "weights",
            Column::Op => "operator",
            Column::ReceptiveField => "field",
            other => other.word(),
        }
    }

    pub(super) fn is_number(self) -> bool {
        !matches!(self, Column::Name | Column::Op | Column::Source)
    }
}

/// The rows and columns of a table.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The columns.
    pub columns: Vec<Column>,
    /// Sorts by this metric, largest first.
    pub sort: Option<Metric>,
    /// The greatest number of rows.
    pub top: Option<usize>,
    /// Folds rows whose path has more parts into one.
    pub depth: Option<usize>,
    /// Exact figures instead of rounded ones.
    pub exact: bool,
    /// Folds repeated blocks, unless the rows are sorted or folded by depth.
    pub repeats: bool,
    /// Marks the rows that are the heaviest, in tables.
    pub marks: bool,
    /// Shows parts with rows of their own and their rows indented below them, unless rows are folded by depth.
    pub tree: bool,
}

impl Default for Selection {
    fn default() -> Selection {
        Selection {
            columns: Column::DEFAULT.to_vec(),
            sort: None,
            top: None,
            depth: None,
            exact: false,
            repeats: false,
            marks: false,
            tree: false,
        }
    }
}

/// A table as text, cell by cell.
#[derive(Clone, Debug)]
pub struct Cells {
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, each with a cell for each column.
    pub rows: Vec<Vec<String>>,
    /// The totals.
    pub totals: Vec<String>,
    /// The totals of train-only rows, where there are some.
    pub train_only: Option<Vec<String>>,
    /// Rows that are not shown.
    pub hidden: usize,
    /// The positions of the rows with the largest shares.
    pub heaviest: Vec<usize>,
}

/// The number of rows that count as the heaviest.
const HEAVIEST: usize = 3;

/// The positions of the rows with the largest values. Rows without any are left out.
fn heaviest(rows: &[Row], shared: Metric) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows.len()).filter(|&index| rows[index].sums.get(shared) > 0).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(rows[index].sums.get(shared)));
    order.truncate(HEAVIEST);
    order
}

/// Folds neighbouring rows with the same first `depth` parts; the last row's shape stands for all.
fn fold(report: &Report, depth: usize) -> Vec<Row<'_>> {
    let mut rows: Vec<Row> = Vec::new();
    let mut open: Option<String> = None;
    for layer in &report.layers {
        let parts: Vec<&str> = layer.name.split('.').collect();
        let prefix = (parts.len() > depth).then(|| parts[..depth].join("."));
        let one = row(layer);
        match (&prefix, &open, rows.last_mut()) {
            (Some(prefix), Some(current), Some(last)) if prefix == current => {
                last.sums += one.sums;
                last.shape = one.shape;
                last.field = one.field;
            }
            (Some(prefix), _, _) => {
                let part = sum_row(prefix.clone().into(), "…", one.sums);
                rows.push(Row { input: one.input, shape: one.shape, field: one.field, ..part });
            }
            (None, _, _) => rows.push(one),
        }
        open = prefix;
    }
    rows
}

/// The cells of a table for people.
pub fn select(report: &Report, selection: &Selection) -> Cells {
    cells(report, selection, if selection.exact { Figures::Exact } else { Figures::Rounded })
}

/// The cells of a table, its figures in a given form.
pub(super) fn cells(report: &Report, selection: &Selection, figures: Figures) -> Cells {
    let mut rows = match selection.depth {
        Some(depth) if depth > 0 => fold(report, depth),
        _ if selection.tree => tree::rows(report),
        _ => report.layers.iter().map(row).collect(),
    };
    if selection.repeats && selection.sort.is_none() && selection.depth.is_none() && !selection.tree {
        rows = repeats::fold(rows);
    }
    if let Some(by) = selection.sort {
        rows.sort_by_key(|row| std::cmp::Reverse(row.sums.get(by)));
    }
    let hidden = rows.len().saturating_sub(selection.top.unwrap_or(usize::MAX));
    rows.truncate(selection.top.unwrap_or(usize::MAX));
    // The share is that of the metric that orders the table, else of the MACs.
    let shared = selection.sort.unwrap_or(Metric::Macs);
    let whole = report.totals.sums.get(shared);
    let cell = |column: Column, row: &Row| match column {
        Column::Name => row.name.to_string(),
        Column::Op => row.op.to_string(),
        Column::Input => row.input.clone(),
        Column::Shape => row.shape.clone(),
        Column::Kernel => row.kernel.clone(),
        Column::Stride => row.stride.clone(),
        Column::ReceptiveField => row.field.clone(),
        Column::Source => row.source.clone(),
        Column::Share => percent(row.sums.get(shared), whole),
        Column::Metric(one @ (Metric::WeightBytes | Metric::ActivationBytes)) => {
            bytes(row.sums.get(one), figures)
        }
        Column::Metric(one) => count(row.sums.get(one), figures),
    };
    let total = |name: &str, sums: &Sums| {
        let row = sum_row(name.to_owned().into(), "", *sums);
        selection
            .columns
            .iter()
            .map(|&column| if column == Column::Share { String::new() } else { cell(column, &row) })
            .collect::<Vec<_>>()
    };
    let has_train = report.layers.iter().any(|layer| layer.train_only);
    Cells {
        rows: rows
            .iter()
            .map(|row| selection.columns.iter().map(|&column| cell(column, row)).collect())
            .collect(),
        totals: total("total", &report.totals.sums),
        train_only: has_train.then(|| total("train only", &report.totals_train_only)),
        columns: selection.columns.clone(),
        hidden,
        heaviest: heaviest(&rows, shared),
    }
}

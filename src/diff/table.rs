//! Writes the comparison for a terminal.

use unicode_width::UnicodeWidthStr;

use crate::analysis::{Metric, Unit};
use crate::base::safe;

use super::signed::{amount, change, share, sum};
use super::view::{DiffReport, EditView, FigureChange, LayerChange, NetworkDiff, TogetherView};

/// The number of layers of a network that are listed.
const MOST_LAYERS: usize = 40;

/// Totals, edits and layers of each network that differs.
pub fn table(report: &DiffReport) -> String {
    let mut text = String::new();
    for one in &report.failed {
        let (file, message) = (safe::line(&one.file), safe::line(&one.message));
        let subject = safe::line(one.subject());
        text.push_str(&format!("{subject} ({file}:{}): {}: {message}\n", one.line, one.verb()));
    }
    for diff in &report.networks {
        text.push_str(&network(diff));
    }
    for (word, some) in [("added", &report.added), ("removed", &report.removed)] {
        for one in some {
            let (params, macs) = (amount(one.params, false), amount(one.macs, false));
            text.push_str(&format!(
                "{} ({}): {word}, {params} params, {macs} macs\n",
                one.network,
                safe::line(&one.file)
            ));
        }
    }
    for one in &report.budgets {
        text.push_str(&format!(
            "{}: {} is {} of {}, {}\n",
            one.network,
            one.budget,
            amount(one.used, one.bytes),
            amount(one.limit, one.bytes),
            one.rest()
        ));
    }
    if text.is_empty() {
        text.push_str("no networks\n");
    }
    text
}

/// Returns whether a figure gets a line: it changed, or it is one of those that are always shown.
pub(super) fn is_worth(figure: &FigureChange) -> bool {
    let always = [Metric::Params, Metric::Macs, Metric::PeakMemory];
    figure.change != 0 || always.contains(&figure.metric)
}

pub(super) fn is_bytes(metric: Metric) -> bool {
    metric.unit() == Unit::Bytes
}

fn network(diff: &NetworkDiff) -> String {
    if !diff.changed {
        return format!("{} ({}): no change\n", diff.network, safe::line(&diff.file));
    }
    let mut text = format!("{} ({})\n\n", diff.network, safe::line(&diff.file));
    if diff.old_shapes != diff.new_shapes {
        text.push_str(&format!("  {} → {}\n\n", ends(&diff.old_shapes), ends(&diff.new_shapes)));
    }
    let mut rows = vec![["", "old", "new", "change", ""].map(str::to_owned).to_vec()];
    for figure in diff.totals.iter().filter(|figure| is_worth(figure)) {
        let bytes = is_bytes(figure.metric);
        rows.push(vec![
            figure.metric.to_string(),
            amount(figure.old, bytes),
            amount(figure.new, bytes),
            change(figure.old, figure.new, bytes),
            share(figure.old, figure.new),
        ]);
    }
    text.push_str(&aligned(&rows, &[false, true, true, true, true]));
    if !diff.edits.is_empty() {
        text.push_str("\nedits\n");
        diff.edits.iter().for_each(|edit| text.push_str(&format!("  {}\n", edit_line(edit))));
        for one in &diff.together {
            text.push_str(&format!("  edits {}\n", together_line(one, "macs")));
        }
    }
    let mut rows = vec![["layers", "", "shape", "params", "macs"].map(str::to_owned).to_vec()];
    rows.extend(diff.layers.iter().take(MOST_LAYERS).map(layer_row));
    if rows.len() > 1 {
        text.push('\n');
        text.push_str(&aligned(&rows, &[false, false, false, true, true]));
    }
    let more = diff.layers.len().saturating_sub(MOST_LAYERS);
    if more > 0 {
        text.push_str(&format!("  … and {more} more\n"));
    }
    if diff.renumbered > 0 {
        let layers = crate::base::counted(diff.renumbered as u64, "layer");
        text.push_str(&format!("  {layers} renumbered and else the same\n"));
    }
    if diff.receptive_only > 0 {
        let layers = crate::base::counted(diff.receptive_only as u64, "layer");
        text.push_str(&format!("  {layers} with another receptive field and else the same\n"));
    }
    text + "\n"
}

/// `filters 64 → 96 at net.cnn:12: +1.2 M params, +3.4 M macs in 3 layers`
pub(super) fn edit_line(edit: &EditView) -> String {
    let what = format!("{} at {}:{}", edit.text, safe::line(&edit.file), edit.line);
    if edit.change.layers == 0 {
        return what;
    }
    let layers = crate::base::counted(edit.change.layers as u64, "layer");
    format!("{what}: {} params, {} macs in {layers}", sum(edit.change.params), sum(edit.change.macs))
}

/// `1 and 2 together: +1.50 k params, −2 macs in 3 layers`
pub(super) fn together_line(one: &TogetherView, macs: &str) -> String {
    let numbers: Vec<String> = one.edits.iter().map(|index| (index + 1).to_string()).collect();
    let layers = crate::base::counted(one.change.layers as u64, "layer");
    let (numbers, change) = (numbers.join(" and "), &one.change);
    format!("{numbers} together: {} params, {} {macs} in {layers}", sum(change.params), sum(change.macs))
}

/// `8x8x4`
pub(super) fn shape(dims: &[u64]) -> String {
    dims.iter().map(u64::to_string).collect::<Vec<_>>().join("x")
}

/// `224x224x3 ⇒ 1000`
pub(super) fn ends(shapes: &super::view::ShapesView) -> String {
    let inputs = shapes.inputs.iter().map(|dims| shape(dims)).collect::<Vec<_>>().join(", ");
    format!("{inputs} ⇒ {}", shapes.out.as_deref().map_or(String::new(), shape))
}

/// `8x8x4 → 8x8x6`, or the one shape.
pub(super) fn shapes(layer: &LayerChange) -> String {
    match (&layer.old_shape, &layer.new_shape) {
        (Some(old), Some(new)) if old != new => format!("{} → {}", shape(old), shape(new)),
        (_, Some(one)) | (Some(one), None) => shape(one),
        (None, None) => String::new(),
    }
}

/// The change of a figure of a layer; nothing where it does not differ.
pub(super) fn figure(layer: &LayerChange, metric: Metric) -> String {
    let found = layer.figures.iter().find(|figure| figure.metric == metric);
    found.map_or(String::new(), |figure| change(figure.old, figure.new, is_bytes(metric)))
}

fn layer_row(layer: &LayerChange) -> Vec<String> {
    let sign = match layer.kind.as_str() {
        "added" => "+",
        "removed" => "−",
        _ => "~",
    };
    let was = layer.old_name.as_ref().map_or(String::new(), |old| format!(" (was {old})"));
    vec![
        format!("{sign} {}{was}", layer.name),
        layer.op.clone(),
        shapes(layer),
        figure(layer, Metric::Params),
        figure(layer, Metric::Macs),
    ]
}

fn aligned(rows: &[Vec<String>], right: &[bool]) -> String {
    let widths: Vec<usize> = (0..right.len())
        .map(|column| rows.iter().map(|row| row[column].width()).max().unwrap_or(0))
        .collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).zip(right).map(|((cell, &width), &right)| {
            let space = " ".repeat(width - cell.width());
            if right { format!("{space}{cell}") } else { format!("{cell}{space}") }
        });
        format!("  {}", cells.collect::<Vec<_>>().join("  ")).trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

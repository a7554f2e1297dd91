//! Writes the comparison as one self-contained HTML page with both versions side by side.

use std::fmt::Write as _;

use crate::analysis::Metric;
use crate::base::{counted, safe};
use crate::report::html::{head, style};

use super::markdown::MOST_WITHOUT_OVERVIEW;
use super::signed::{amount, change, share};
use super::table::{edit_line, ends, is_bytes, is_worth, shape, together_line};
use super::view::{BudgetUse, DiffReport, FigureChange, LayerChange, NetworkDiff};

/// The page.
pub fn html(report: &DiffReport) -> String {
    let mut text = head("cnnc diff", style());
    let changed: Vec<&NetworkDiff> = report.networks.iter().filter(|diff| diff.changed).collect();
    let _ = write!(
        text,
        "<header><h1>{} of {} changed</h1>\n<p class=\"sub\">{} <span aria-hidden=\"true\">→</span> {} · {}</p>\n</header>\n<main>\n",
        changed.len(),
        counted(report.networks.len() as u64, "network"),
        safe::html(&report.old),
        safe::html(&report.new),
        safe::html(&report.cost_model)
    );
    for one in &report.failed {
        let _ = writeln!(
            text,
            "<p class=\"verdict {}\"><code>{}</code> {}: {} (<code>{}:{}</code>)</p>",
            if one.version == "new" { "up" } else { "" },
            safe::html(one.subject()),
            one.verb(),
            safe::html(&one.message),
            safe::html(&one.file),
            one.line
        );
    }
    for broken in &report.broken {
        let bytes = is_bytes(broken.metric);
        let _ = writeln!(
            text,
            "<p class=\"verdict up\"><code>{}</code>: {} went from {} to {}, beyond the gate <code>{}</code></p>",
            safe::html(&broken.network),
            broken.metric,
            amount(broken.old, bytes),
            amount(broken.new, bytes),
            safe::html(&broken.gate)
        );
    }
    for (word, some) in [("new", &report.added), ("removed", &report.removed)] {
        for one in some {
            let _ = writeln!(
                text,
                "<p><code>{}</code> in <code>{}</code> is {word}: {} params, {} MACs</p>",
                safe::html(&one.network),
                safe::html(&one.file),
                amount(one.params, false),
                amount(one.macs, false)
            );
        }
    }
    budgets(&mut text, &report.budgets);
    if changed.len() > MOST_WITHOUT_OVERVIEW {
        overview(&mut text, &changed);
    }
    changed.iter().for_each(|diff| network(&mut text, diff));
    text.push_str("</main>\n</body>\n</html>\n");
    text
}

/// Writes the use that networks make of their budgets.
fn budgets(text: &mut String, budgets: &[BudgetUse]) {
    if budgets.is_empty() {
        return;
    }
    open_table(text, "Budgets", &["Network", "Budget", "Limit", "Now", "Left"]);
    for one in budgets {
        let _ = writeln!(
            text,
            "<tr><td><code>{}</code></td><td><code>{}</code></td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n{}\">{}</td></tr>",
            safe::html(&one.network),
            safe::html(&one.budget),
            amount(one.limit, one.bytes),
            amount(one.used, one.bytes),
            if one.used > one.limit { " up" } else { "" },
            one.rest()
        );
    }
    text.push_str("</tbody></table></div></section>\n");
}

/// The changed networks in one table, a line each.
fn overview(text: &mut String, changed: &[&NetworkDiff]) {
    open_table(text, "Overview", &["Network", "Params", "", "MACs", "", "Peak memory", ""]);
    for diff in changed {
        let _ = write!(text, "<tr><td><code>{}</code></td>", safe::html(&diff.network));
        for metric in [Metric::Params, Metric::Macs, Metric::PeakMemory] {
            let figure = diff.totals.iter().find(|figure| figure.metric == metric);
            let (change, share) = figure.map_or((String::new(), String::new()), |figure| {
                (change(figure.old, figure.new, is_bytes(metric)), share(figure.old, figure.new))
            });
            let _ = write!(text, "<td class=\"n\">{change}</td><td class=\"n\">{share}</td>");
        }
        text.push_str("</tr>\n");
    }
    text.push_str("</tbody></table></div></section>\n");
}

/// A section with a table, up to its first row.
fn open_table(text: &mut String, title: &str, columns: &[&str]) {
    let columns: String = columns.iter().map(|column| format!("<th scope=\"col\">{column}</th>")).collect();
    let _ = writeln!(
        text,
        "<section><h2>{title}</h2>\n<div class=\"card scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{title}\"><table><thead><tr>{columns}</tr></thead>\n<tbody>"
    );
}

fn network(text: &mut String, diff: &NetworkDiff) {
    let _ = writeln!(
        text,
        "<section><h2>{} <code>{}</code></h2>",
        safe::html(&diff.network),
        safe::html(&diff.file)
    );
    if diff.old_shapes != diff.new_shapes {
        let (old, new) = (ends(&diff.old_shapes), ends(&diff.new_shapes));
        let _ = writeln!(text, "<p>{} became {}</p>", safe::html(&old), safe::html(&new));
    }
    text.push_str("<dl class=\"cards\">\n");
    for figure in diff.totals.iter().filter(|figure| is_worth(figure)) {
        card(text, figure);
    }
    text.push_str("</dl>\n");
    if !diff.edits.is_empty() {
        text.push_str("<ol>\n");
        for edit in &diff.edits {
            let _ = writeln!(text, "<li>{}</li>", safe::html(&edit_line(edit)));
        }
        text.push_str("</ol>\n");
    }
    for one in &diff.together {
        let _ = writeln!(text, "<p>Edits {}.</p>", together_line(one, "MACs"));
    }
    if !diff.layers.is_empty() {
        layers(text, diff);
    }
    let notes = [
        (diff.renumbered, "renumbered and else the same"),
        (diff.receptive_only, "with another receptive field and else the same"),
    ];
    for (count, words) in notes.into_iter().filter(|(count, _)| *count > 0) {
        let _ = writeln!(text, "<p class=\"hint\">{} {words}.</p>", counted(count as u64, "layer"));
    }
    text.push_str("</section>\n");
}

fn card(text: &mut String, figure: &FigureChange) {
    let bytes = is_bytes(figure.metric);
    let class = match figure.change {
        0 => "",
        change if change > 0 => " class=\"up\"",
        _ => " class=\"down\"",
    };
    let _ = writeln!(
        text,
        "<div><dt>{}</dt><dd{class}>{}<small>{} → {} {}</small></dd></div>",
        figure.metric.name().replace('_', " "),
        change(figure.old, figure.new, bytes),
        amount(figure.old, bytes),
        amount(figure.new, bytes),
        share(figure.old, figure.new)
    );
}

/// The layers that differ: before on the left, now on the right.
fn layers(text: &mut String, diff: &NetworkDiff) {
    text.push_str(
        "<div class=\"card scroll tall\" tabindex=\"0\" role=\"region\" aria-label=\"Layers that differ\"><table><thead><tr>\
         <th scope=\"col\" colspan=\"4\">Before</th><th scope=\"col\" colspan=\"4\">Now</th><th scope=\"col\">Written</th></tr></thead>\n<tbody>\n",
    );
    for layer in &diff.layers {
        let old_name = layer.old_name.as_ref().unwrap_or(&layer.name);
        side(text, layer, layer.old_shape.as_deref(), old_name, |figure| figure.old);
        side(text, layer, layer.new_shape.as_deref(), &layer.name, |figure| figure.new);
        let written = layer.attributes.iter().map(|one| format!("{} {} → {}", one.name, one.old, one.new));
        let written = written.collect::<Vec<_>>().join(", ");
        let _ = writeln!(
            text,
            "<td>{} <code>{}:{}</code></td></tr>",
            safe::html(&written),
            safe::html(layer.file.rsplit('/').next().unwrap_or(&layer.file)),
            layer.line
        );
    }
    text.push_str("</tbody></table></div>\n");
}

/// Name, shape, params and MACs of one version; empty where the layer is not there. A figure that does not
/// differ is a dot.
fn side(
    text: &mut String,
    layer: &LayerChange,
    dims: Option<&[u64]>,
    name: &str,
    of: fn(&FigureChange) -> u128,
) {
    // The left side begins the row.
    if text.ends_with("</tr>\n") || text.ends_with("<tbody>\n") {
        text.push_str("<tr>");
    }
    let Some(dims) = dims else {
        text.push_str("<td></td><td></td><td></td><td></td>");
        return;
    };
    let figure = |metric: Metric| {
        let found = layer.figures.iter().find(|figure| figure.metric == metric);
        found.map_or("·".to_owned(), |figure| amount(of(figure), false))
    };
    let _ = write!(
        text,
        "<td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>",
        safe::html(name),
        shape(dims),
        figure(Metric::Params),
        figure(Metric::Macs)
    );
}

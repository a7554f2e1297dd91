//! Writes the comparison as a comment of a pull request: a verdict in one line, a table of totals, the edits that
//! caused them, and the layers folded away. A comment has at most 60 KB, so that GitHub and GitLab take it.

use crate::analysis::Metric;
use crate::base::{counted, safe};

use super::signed::{amount, change, share};
use super::table::{edit_line, ends, figure, is_bytes, is_worth, shapes, together_line};
use super::view::{BudgetUse, DiffReport, LayerChange, NetworkDiff};

/// The first line of every comment, by which a later run finds the comment that it replaces.
pub const MARKER: &str = "<!-- cnnc-diff -->";

/// The bytes of a comment.
const MOST_BYTES: usize = 60_000;

/// The layers of a network that are listed.
const MOST_LAYERS: usize = 200;

/// With more changed networks a table of all stands above their details.
pub(super) const MOST_WITHOUT_OVERVIEW: usize = 3;

/// With more budgets their table is folded.
const MOST_BUDGETS_OPEN: usize = 8;

/// The comment.
pub fn markdown(report: &DiffReport) -> String {
    let mut text = format!("{MARKER}\n### {}\n", verdict(report));
    if !report.failed.is_empty() || !report.broken.is_empty() {
        text.push('\n');
    }
    for one in &report.failed {
        let sign = if one.version == "new" { "❌ " } else { "" };
        let (subject, place) =
            (safe::markdown_code(one.subject()), safe::markdown_code(&format!("{}:{}", one.file, one.line)));
        let line = format!("- {sign}{subject} {}: {} ({place})\n", one.verb(), safe::markdown(&one.message));
        if text.len() + line.len() < MOST_BYTES / 4 {
            text.push_str(&line);
        }
    }
    for broken in &report.broken {
        let bytes = is_bytes(broken.metric);
        text.push_str(&format!(
            "- ❌ {}: `{}` went from {} to {} ({} {}), beyond the gate {}\n",
            safe::markdown_code(&broken.network),
            broken.metric,
            amount(broken.old, bytes),
            amount(broken.new, bytes),
            change(broken.old, broken.new, bytes),
            share(broken.old, broken.new),
            safe::markdown_code(&broken.gate)
        ));
    }
    for (word, some) in [("new", &report.added), ("removed", &report.removed)] {
        for one in some {
            let (network, file) = (safe::markdown_code(&one.network), safe::markdown_code(&one.file));
            let (params, macs) = (amount(one.params, false), amount(one.macs, false));
            let line = format!("\n{network} in {file} is {word}: {params} params, {macs} MACs.\n");
            if text.len() + line.len() < MOST_BYTES / 4 {
                text.push_str(&line);
            }
        }
    }
    text.push_str(&budgets(&report.budgets));
    let changed: Vec<&NetworkDiff> = report.networks.iter().filter(|diff| diff.changed).collect();
    if changed.len() > MOST_WITHOUT_OVERVIEW {
        text.push_str(&overview(&changed));
    }
    for (index, diff) in changed.iter().enumerate() {
        let left = changed.len() - index - 1;
        // Room for the line that counts the rest.
        let room = MOST_BYTES.saturating_sub(text.len() + 100);
        let part = network(diff, changed.len() > 1, room);
        if part.len() > room {
            text.push_str(&format!("\n… and {} more\n", counted(left as u64 + 1, "network")));
            break;
        }
        text.push_str(&part);
    }
    text
}

/// The use that networks make of their budgets; folded if it is long.
fn budgets(budgets: &[BudgetUse]) -> String {
    if budgets.is_empty() {
        return String::new();
    }
    let over = budgets.iter().filter(|one| one.used > one.limit).count();
    let folded = budgets.len() > MOST_BUDGETS_OPEN;
    let mut text = String::new();
    if folded {
        let over = if over > 0 { format!(", {over} exceeded ❌") } else { String::new() };
        let all = counted(budgets.len() as u64, "budget");
        text.push_str(&format!("\n<details><summary>{all}{over}</summary>\n"));
    }
    text.push_str("\n| | budget | limit | now | |\n| --- | --- | ---: | ---: | ---: |\n");
    for (shown, one) in budgets.iter().enumerate() {
        let row = format!(
            "| {}{} | `{}` | {} | {} | {} |\n",
            if one.used > one.limit { "❌ " } else { "" },
            safe::markdown_code(&one.network),
            one.budget,
            amount(one.limit, one.bytes),
            amount(one.used, one.bytes),
            one.rest()
        );
        if text.len() + row.len() > MOST_BYTES / 4 {
            text.push_str(&format!("\n… and {} more\n", budgets.len() - shown));
            break;
        }
        text.push_str(&row);
    }
    if folded {
        text.push_str("\n</details>\n");
    }
    text
}

/// The changed networks in one table, a line each.
fn overview(changed: &[&NetworkDiff]) -> String {
    let mut text =
        "\n| | params | | MACs | | peak memory | |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
            .to_owned();
    for (shown, diff) in changed.iter().enumerate() {
        let cells = [Metric::Params, Metric::Macs, Metric::PeakMemory].map(|metric| {
            let figure = diff.totals.iter().find(|figure| figure.metric == metric);
            figure.map_or(" | ".to_owned(), |figure| {
                let change = change(figure.old, figure.new, is_bytes(metric));
                format!("{change} | {}", share(figure.old, figure.new))
            })
        });
        let row = format!("| {} | {} |\n", safe::markdown_code(&diff.network), cells.join(" | "));
        if text.len() + row.len() > MOST_BYTES / 4 {
            text.push_str(&format!("\n… and {} more\n", changed.len() - shown));
            break;
        }
        text.push_str(&row);
    }
    text
}

/// `cnnc: resnet50 +1.20 M params (+4.7 %), +0.30 G MACs (+7.1 %)`
fn verdict(report: &DiffReport) -> String {
    let failed = report.failed.iter().filter(|one| one.version == "new").count();
    let sign = if report.broken.is_empty() && failed == 0 { "" } else { "❌ " };
    let changed: Vec<&NetworkDiff> = report.networks.iter().filter(|diff| diff.changed).collect();
    let moved = report.added.len() + report.removed.len();
    let moved = if moved > 0 {
        format!(", {} added or removed", counted(moved as u64, "network"))
    } else {
        String::new()
    };
    let moved = if failed > 0 { format!("{moved}, {failed} with errors") } else { moved };
    match changed.as_slice() {
        [] if failed > 0 => {
            let failed = counted(failed as u64, "network");
            format!("{sign}cnnc: {failed} with errors, no other changed")
        }
        [] => format!("{sign}cnnc: no network changed{moved}"),
        [one] => {
            let part = |metric: Metric, word: &str| {
                let figure = one.totals.iter().find(|figure| figure.metric == metric);
                figure.map_or(String::new(), |figure| {
                    let share = share(figure.old, figure.new);
                    let share = if share.is_empty() { share } else { format!(" ({share})") };
                    format!("{} {word}{share}", change(figure.old, figure.new, is_bytes(metric)))
                })
            };
            let parts = [
                part(Metric::Params, "params"),
                part(Metric::Macs, "MACs"),
                part(Metric::PeakMemory, "peak memory"),
            ];
            format!("{sign}cnnc: {} {}{moved}", safe::markdown_code(&one.network), parts.join(", "))
        }
        several => {
            let all = counted(report.networks.len() as u64, "network");
            format!("{sign}cnnc: {} of {all} changed{moved}", several.len())
        }
    }
}

/// One network, in at most `room` bytes where that can be done.
fn network(diff: &NetworkDiff, folded: bool, room: usize) -> String {
    let mut text = String::new();
    if folded {
        let share = |metric: Metric| {
            let figure = diff.totals.iter().find(|figure| figure.metric == metric);
            figure.map_or(String::new(), |figure| change(figure.old, figure.new, false))
        };
        text.push_str(&format!(
            "\n<details><summary><code>{}</code>: {} params, {} MACs</summary>\n",
            safe::html(&diff.network),
            share(Metric::Params),
            share(Metric::Macs)
        ));
    }
    if diff.old_shapes != diff.new_shapes {
        text.push_str(&format!("\n{} became {}\n", ends(&diff.old_shapes), ends(&diff.new_shapes)));
    }
    text.push_str("\n| | before | after | change | |\n| --- | ---: | ---: | ---: | ---: |\n");
    for figure in diff.totals.iter().filter(|figure| is_worth(figure)) {
        let bytes = is_bytes(figure.metric);
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} |\n",
            figure.metric,
            amount(figure.old, bytes),
            amount(figure.new, bytes),
            change(figure.old, figure.new, bytes),
            share(figure.old, figure.new)
        ));
    }
    if !diff.edits.is_empty() {
        text.push('\n');
    }
    for (index, edit) in diff.edits.iter().take(20).enumerate() {
        text.push_str(&format!("{}. {}\n", index + 1, safe::markdown(&edit_line(edit))));
    }
    if diff.edits.len() > 20 {
        text.push_str(&format!("\n… and {} more edits\n", diff.edits.len() - 20));
    }
    for one in diff.together.iter().take(10) {
        text.push_str(&format!("\nEdits {}.\n", together_line(one, "MACs")));
    }
    if !diff.layers.is_empty() {
        let rest = room.saturating_sub(text.len() + 200);
        text.push_str(&layers(diff, rest));
    }
    if folded {
        text.push_str("\n</details>\n");
    }
    text
}

/// The layers, folded, as many as there is room for.
fn layers(diff: &NetworkDiff, room: usize) -> String {
    let title = counted(diff.layers.len() as u64, "layer");
    let renumbered = if diff.renumbered > 0 {
        format!(", {} renumbered and else the same", diff.renumbered)
    } else {
        String::new()
    };
    let mut text = format!(
        "\n<details><summary>{title} changed{renumbered}</summary>\n\n| | layer | | shape | params | MACs | memory | field |\n| --- | --- | --- | --- | ---: | ---: | ---: | ---: |\n"
    );
    let mut shown = 0;
    for layer in diff.layers.iter().take(MOST_LAYERS) {
        let row = row(layer);
        if text.len() + row.len() > room {
            break;
        }
        text.push_str(&row);
        shown += 1;
    }
    if shown < diff.layers.len() {
        text.push_str(&format!("\n… and {} more\n", diff.layers.len() - shown));
    }
    text + "\n</details>\n"
}

fn row(layer: &LayerChange) -> String {
    let was =
        layer.old_name.as_ref().map_or(String::new(), |old| format!(" (was {})", safe::markdown_code(old)));
    let written = layer.attributes.iter().map(|one| format!(" {} {} → {}", one.name, one.old, one.new));
    format!(
        "| {} | {}{was} | {}{} | {} | {} | {} | {} | {} |\n",
        layer.kind,
        safe::markdown_code(&layer.name),
        layer.op,
        written.collect::<Vec<_>>().join(","),
        shapes(layer),
        figure(layer, Metric::Params),
        figure(layer, Metric::Macs),
        figure(layer, Metric::ActivationBytes),
        figure(layer, Metric::ReceptiveField),
    )
}

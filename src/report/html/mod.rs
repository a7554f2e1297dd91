//! Writes the report as one self-contained HTML page: it loads no fonts, no library, nothing from a network.
//!
//! The headline figures and the table of layers are in the HTML itself. `page.js` draws the graph and the charts
//! from the data of the page, sorts, searches and folds. The page does not depend on the time, on chance or
//! on the machine.

mod data;

use std::fmt::Write as _;

use crate::analysis::Checked;
use crate::base::safe;

use super::numbers::{Figures, bytes, count};
use super::view::{Layer, Report};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("page.js");

/// The page of a report; `checked` is the network that it was made of.
pub fn html(report: &Report, checked: &Checked) -> String {
    let data = serde_json::to_string(&data::PageData::of(report, checked)).unwrap_or_default();
    let mut text = head(&format!("{} · cnnc report", report.network), STYLE);
    let _ = write!(
        text,
        "<header><h1>{}</h1>\n<p class=\"sub\">{} <span aria-hidden=\"true\">→</span> {} · {} · batch {} · {}</p>\n</header>\n<main>\n",
        safe::html(&report.network),
        safe::html(&shapes(report.inputs.iter().map(|input| &input.shape))),
        safe::html(&shapes(report.outputs.iter().map(|output| &output.shape))),
        safe::html(&report.dtype),
        report.batch,
        safe::html(&report.cost_model)
    );
    headline(&mut text, report);
    text.push_str(SECTIONS);
    layers(&mut text, report);
    let _ = write!(
        text,
        "</main>\n<footer>Counts are for {} in {}. A multiply-accumulate is one MAC and two FLOPs. Times are bounds, never predictions.</footer>\n\
         <script type=\"application/json\" id=\"data\">{}</script>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n",
        if report.batch == 1 { "one picture".to_owned() } else { format!("{} pictures", report.batch) },
        safe::html(&report.dtype),
        // `<` could end the element.
        data.replace('<', "\\u003c")
    );
    text
}

/// The beginning of a page.
pub fn head(title: &str, style: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>{}</title>\n<style>\n{style}</style>\n</head>\n<body>\n",
        safe::html(title)
    )
}

/// The style of all pages.
pub fn style() -> &'static str {
    STYLE
}

/// The sections that the script fills.
const SECTIONS: &str = "<section aria-labelledby=\"graph-title\">
<div class=\"bar\"><h2 id=\"graph-title\">Graph</h2><div class=\"controls\"><button id=\"fold\">Fold all</button><button id=\"unfold\">Unfold all</button></div></div>
<div class=\"card scroll\" id=\"graph\" tabindex=\"0\" role=\"region\" aria-label=\"Graph of the network\"></div>
<p class=\"hint\">Click a block, or press Enter on it, to unfold it; its heading folds it again.</p>
</section>
<section aria-labelledby=\"depth-title\"><h2 id=\"depth-title\">Over depth</h2><div class=\"card\" id=\"bars\"></div></section>
<section aria-labelledby=\"memory-title\"><h2 id=\"memory-title\">Memory over time</h2><div class=\"card\" id=\"memory\"></div><div id=\"live\"></div></section>
<div class=\"pair\">
<section aria-labelledby=\"roof-title\"><h2 id=\"roof-title\">Roofline</h2><div class=\"card\"><div class=\"controls fields\">
<label>Peak <input id=\"peak\" type=\"number\" min=\"0.001\" step=\"any\" value=\"8100\"> GFLOP/s</label>
<label>Bandwidth <input id=\"bandwidth\" type=\"number\" min=\"0.001\" step=\"any\" value=\"320\"> GB/s</label></div>
<div id=\"roofline\"></div><p id=\"bound\" class=\"hint\" role=\"status\"></p></div></section>
<section aria-labelledby=\"field-title\"><h2 id=\"field-title\">Receptive field</h2><div class=\"card\" id=\"field\"></div></section>
</div>
";

fn headline(text: &mut String, report: &Report) {
    let totals = &report.totals;
    let sums = &totals.sums;
    let mut cards = vec![
        ("Parameters", count(sums.params, Figures::Rounded), count(sums.params, Figures::Exact)),
        ("MACs", count(sums.macs, Figures::Rounded), count(sums.macs, Figures::Exact)),
        ("FLOPs", count(sums.flops.total(), Figures::Rounded), count(sums.flops.total(), Figures::Exact)),
        (
            "Weights",
            bytes(sums.weight_bytes, Figures::Rounded),
            count(sums.weight_bytes, Figures::Exact) + " bytes",
        ),
        (
            "Peak memory",
            bytes(totals.peak_memory.planned, Figures::Rounded),
            count(totals.peak_memory.planned, Figures::Exact) + " bytes",
        ),
        ("Depth", totals.depth.to_string(), format!("{} rows", report.layers.len())),
    ];
    if let Some(field) = &report.totals.receptive_field {
        cards.push(("Receptive field", format!("{field} px"), "of the output".to_owned()));
    }
    text.push_str("<dl class=\"cards\">\n");
    for (name, value, exact) in cards {
        let _ = writeln!(
            text,
            "<div><dt>{name}</dt><dd>{}<small>{}</small></dd></div>",
            safe::html(&value),
            safe::html(&exact)
        );
    }
    text.push_str("</dl>\n");
}

/// The columns of the table: heading, key of the order, whether it is a number.
const COLUMNS: [(&str, bool); 8] = [
    ("Layer", false),
    ("Operator", false),
    ("Shape", true),
    ("Params", true),
    ("MACs", true),
    ("Memory", true),
    ("Field", true),
    ("Source", false),
];

fn layers(text: &mut String, report: &Report) {
    text.push_str(
        "<section aria-labelledby=\"layers-title\"><div class=\"bar\"><h2 id=\"layers-title\">Layers</h2>\
         <div class=\"controls\"><label>Search <input id=\"search\" type=\"search\" placeholder=\"name, operator, shape\"></label>\
         <span id=\"shown\" class=\"hint\" role=\"status\"></span></div></div>\n\
         <div class=\"card scroll tall\" tabindex=\"0\" role=\"region\" aria-label=\"Table of the layers\"><table id=\"layers\"><thead><tr>",
    );
    for (index, (name, number)) in COLUMNS.iter().enumerate() {
        let class = if *number { " class=\"n\"" } else { "" };
        let _ = write!(
            text,
            "<th scope=\"col\"{class}><button data-column=\"{index}\">{name}<span aria-hidden=\"true\"></span></button></th>"
        );
    }
    text.push_str("</tr></thead>\n<tbody>\n");
    let most = report.layers.iter().map(|layer| layer.counts.macs).max().unwrap_or(0);
    report.layers.iter().enumerate().for_each(|(index, layer)| row(text, index, layer, most));
    let sums = &report.totals.sums;
    let _ = write!(
        text,
        "</tbody>\n<tfoot><tr><th scope=\"row\">total</th><td></td><td></td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td></td><td></td></tr></tfoot>\n</table></div></section>\n",
        count(sums.params, Figures::Exact),
        count(sums.macs, Figures::Exact),
        bytes(sums.activation_bytes, Figures::Rounded)
    );
}

fn row(text: &mut String, index: usize, layer: &Layer, most: u128) {
    let counts = &layer.counts;
    let elements: u64 = layer.shape.iter().product();
    let share = if most == 0 { 0.0 } else { counts.macs as f64 / most as f64 * 100.0 };
    let train = if layer.train_only { " (train)" } else { "" };
    let dash = |value: u128, shown: String| if value == 0 { "–".to_owned() } else { shown };
    let number = |value: u128, shown: String| format!("<td class=\"n\" data-v=\"{value}\">{shown}</td>");
    let _ = writeln!(
        text,
        "<tr id=\"l{index}\"><th scope=\"row\">{}</th><td>{}{train}</td><td class=\"n\" data-v=\"{elements}\">{}</td>{}<td class=\"n heat\" data-v=\"{}\" style=\"--w:{share:.1}%\">{}</td>{}{}<td data-v=\"{}\"><code>{}:{}</code></td></tr>",
        safe::html(&layer.name),
        safe::html(&layer.op),
        dims(&layer.shape),
        number(counts.params, dash(counts.params, count(counts.params, Figures::Exact))),
        counts.macs,
        dash(counts.macs, count(counts.macs, Figures::Exact)),
        number(counts.activation_bytes, bytes(counts.activation_bytes, Figures::Rounded)),
        number(layer.receptive_field.size[0], layer.receptive_field.size[0].to_string()),
        layer.source.line,
        safe::html(file_name(&layer.source.file)),
        layer.source.line
    );
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn dims(shape: &[u64]) -> String {
    shape.iter().map(u64::to_string).collect::<Vec<_>>().join("×")
}

fn shapes<'a>(all: impl Iterator<Item = &'a Vec<u64>>) -> String {
    all.map(|shape| dims(shape)).collect::<Vec<_>>().join(", ")
}

//! The table of `docs/case-studies.md`: for each network of the zoo the published figures with their sources
//! (`tests/fixtures/published.json`), ours, and how far the executed outputs are from PyTorch's at most.
//!
//! `UPDATE=1 cargo test --release networks::outputs` rewrites it.

use std::collections::BTreeMap;

use serde::Deserialize;

use cnnc::ir::NodeId;
use cnnc::zoo;

use crate::networks::compile;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/case-studies.md");
const BEGIN: &str =
    "| network | published | source | ours | off by at most |\n| --- | ---: | --- | ---: | ---: |\n";

/// A figure as its source prints it.
#[derive(Deserialize)]
struct Figure {
    network: String,
    metric: String,
    /// Empty where nobody published one.
    value: String,
    #[serde(default)]
    unit: String,
    /// How the source came from the exact figure to its digits.
    #[serde(default)]
    rounding: Rounding,
    source: String,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Rounding {
    #[default]
    Rounded,
    Truncated,
    /// The source counts otherwise, or something else, as it is told there.
    Differs,
}

impl Figure {
    /// The exact figure, in the digits and the unit of the source.
    fn digits(&self, exact: u128) -> String {
        let unit: u128 = match self.unit.as_str() {
            "" => 1,
            "k" => 1_000,
            "M" => 1_000_000,
            "G" => 1_000_000_000,
            other => panic!("{}: no unit `{other}`", self.network),
        };
        let places = self.value.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let factor = 10u128.pow(u32::try_from(places).unwrap());
        let half = if self.rounding == Rounding::Truncated { 0 } else { unit / 2 };
        let scaled = (exact * factor + half) / unit;
        match places {
            0 => scaled.to_string(),
            _ => format!("{}.{:0places$}", scaled / factor, scaled % factor),
        }
    }
}

fn figures() -> Vec<Figure> {
    serde_json::from_str(include_str!("../fixtures/published.json")).unwrap()
}

/// Our figure: `macs` of the network, or `conv5x5.macs` of a part.
fn exact(figure: &Figure) -> u128 {
    let checked = compile(&figure.network);
    let (part, metric) = figure.metric.rsplit_once('.').unwrap_or(("", &figure.metric));
    let below = format!("{part}.");
    let belongs = |path: &str| path == part || path.starts_with(&below);
    let rows: Vec<NodeId> = checked
        .graph()
        .layers()
        .filter(|(_, node)| if part.is_empty() { !node.train_only } else { belongs(&node.path) })
        .map(|(id, _)| id)
        .collect();
    let totals = checked.sum(&rows);
    match metric {
        "params" => totals.elements.params,
        "macs" => totals.macs,
        "connections" => totals.connections,
        other => panic!("{}: no metric `{other}`", figure.network),
    }
}

/// `25557032` as `25,557,032`.
fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The rows of the table, without the bounds.
fn rows() -> Vec<(String, String)> {
    let figures = figures();
    let mut rows = Vec::new();
    for name in zoo::names() {
        let of_network: Vec<&Figure> = figures.iter().filter(|figure| figure.network == name).collect();
        assert!(!of_network.is_empty(), "`{name}` has no published figure");
        let lines = |line: &dyn Fn(&Figure) -> String| {
            of_network.iter().map(|figure| line(figure)).collect::<Vec<_>>().join("<br>")
        };
        let published = lines(&|figure| {
            if figure.value.is_empty() {
                return format!("no {}", figure.metric);
            }
            let value = if figure.unit.is_empty() { grouped(&figure.value) } else { figure.value.clone() };
            let unit = if figure.unit.is_empty() { String::new() } else { format!(" {}", figure.unit) };
            let differs = if figure.rounding == Rounding::Differs { " ≠" } else { "" };
            format!("{value}{unit} {}{differs}", figure.metric)
        });
        let source = lines(&|figure| figure.source.clone());
        let ours = lines(&|figure| grouped(&exact(figure).to_string()));
        rows.push((name.to_owned(), format!("| `{name}` | {published} | {source} | {ours} |")));
    }
    rows
}

/// The next power of ten with room for another processor.
fn bound(difference: f64) -> String {
    format!("1e{}", (2.0 * difference).max(1e-9).log10().ceil())
}

/// Compares the table of the page, or writes it. `differences` has all networks of the zoo.
pub(crate) fn check(differences: &BTreeMap<String, f64>) {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has the heading of the table");
    let end = rest.find("\n\n").map_or(rest.len(), |end| end + 1);
    let (table, after) = rest.split_at(end);
    if std::env::var_os("UPDATE").is_some() {
        let table: String =
            rows().iter().map(|(name, row)| format!("{row} {} |\n", bound(differences[name]))).collect();
        std::fs::write(PAGE, format!("{before}{BEGIN}{table}{after}")).unwrap();
        return;
    }
    let rows = rows();
    assert_eq!(table.lines().count(), rows.len(), "the table has as many rows as the zoo has networks");
    for (line, (name, row)) in table.lines().zip(&rows) {
        let bound = line.strip_prefix(&format!("{row} ")).and_then(|rest| rest.strip_suffix(" |"));
        let bound: f64 = bound.unwrap_or_else(|| panic!("{line}\nis not\n{row}")).parse().unwrap();
        assert!(
            differences[name] <= bound,
            "{name}: off by {:e}, the page says {bound:e}; `UPDATE=1` rewrites its table",
            differences[name]
        );
    }
}

#[test]
fn figures_are_the_published_ones() {
    for figure in figures().iter().filter(|figure| !figure.value.is_empty()) {
        let ours = figure.digits(exact(figure));
        let same = ours == figure.value;
        let differs = figure.rounding == Rounding::Differs;
        assert!(
            same != differs,
            "{}: {} {} are published, ours are {ours}",
            figure.network,
            figure.value,
            figure.metric
        );
    }
}

#[test]
fn digits_are_rounded_or_cut() {
    let figure = |value: &str, unit: &str, rounding| Figure {
        network: String::new(),
        metric: String::new(),
        value: value.to_owned(),
        unit: unit.to_owned(),
        rounding,
        source: String::new(),
    };
    assert_eq!(figure("3.9", "G", Rounding::Rounded).digits(3_857_973_248), "3.9");
    assert_eq!(figure("3.8", "G", Rounding::Truncated).digits(3_857_973_248), "3.8");
    assert_eq!(figure("60", "M", Rounding::Rounded).digits(60_965_224), "61");
    assert_eq!(figure("15.470", "G", Rounding::Rounded).digits(15_470_264_320), "15.470");
    assert_eq!(grouped("25557032"), "25,557,032");
}

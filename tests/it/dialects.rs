//! What other tools print: against their own output (`tests/fixtures/dialects/figures.json`, which `generate.py` there
//! writes by running them), and against the figures that they publish themselves.

use std::collections::BTreeMap;

use cnnc::analysis::Checked;
use cnnc::driver::{Options, Session};
use cnnc::report::dialects::{Dialect, DialectReport, dialect_table, dialects};
use cnnc::sema::Scalar;
use serde::Deserialize;

/// A figure for each tool; `null` where the tool raises or PyTorch has no module.
type Figures = BTreeMap<String, Option<i128>>;

#[derive(Deserialize)]
struct Fixture {
    /// By the text of a network.
    operators: BTreeMap<String, Figures>,
    /// By the name of a shipped network, written with the modules of the operators.
    networks: BTreeMap<String, Figures>,
    /// By the name of a shipped network, of torchvision's own model.
    torchvision: BTreeMap<String, Figures>,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("../fixtures/dialects/figures.json")).unwrap()
}

fn zoo(name: &str) -> Checked {
    let file = cnnc::zoo::FILES.iter().find(|file| file.networks.contains(&name)).unwrap();
    let session = Session::load(&(), file.name, file.text.as_bytes().to_vec(), file.name);
    let options = Options { network: Some(name.to_owned()), ..Options::default() };
    session.compile(&options).unwrap().checked.unwrap()
}

fn inline(text: &str) -> Checked {
    let session = Session::load(&(), "inline", text.as_bytes().to_vec(), "inline");
    let compiled = session.compile(&Options::default()).unwrap();
    compiled.checked.unwrap_or_else(|| panic!("{text}"))
}

fn of<'a>(report: &'a DialectReport, tool: &str) -> &'a Dialect {
    report.dialects.iter().find(|dialect| dialect.tool == tool).unwrap()
}

/// The figure without what a framework's own model does otherwise.
fn by_operators(dialect: &Dialect) -> Option<i128> {
    let departure = |rule: &str| rule.starts_with("torchvision ") || rule.starts_with("Keras' ");
    let departures = dialect.terms.iter().filter(|term| departure(&term.rule));
    dialect.total.map(|total| total - departures.map(|term| term.count).sum::<i128>())
}

#[test]
fn every_operator_counts_what_the_tools_count() {
    let operators = fixture().operators;
    assert!(operators.len() > 140);
    let mut wrong = Vec::new();
    for (text, expected) in operators {
        let report = dialects(&inline(&text));
        for (tool, expected) in expected {
            let found = of(&report, &tool).total;
            if found != expected {
                wrong.push(format!("{text}: {tool} {found:?}, not {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_shipped_network_counts_what_the_tools_count() {
    let fixture = fixture();
    let mut wrong = Vec::new();
    for name in cnnc::zoo::FILES.iter().flat_map(|file| file.networks) {
        let checked = zoo(name);
        let Some(modules) = fixture.networks.get(*name) else {
            wrong.push(format!("{name}: not in the fixture"));
            continue;
        };
        let report = dialects(&checked);
        let own = fixture.torchvision.get(*name);
        for (tool, &expected) in modules {
            let dialect = of(&report, tool);
            let published = own.and_then(|own| own.get(tool)).copied().unwrap_or(expected);
            if dialect.total != published {
                wrong.push(format!("{name}: {tool} {:?}, not {published:?}", dialect.total));
            }
            if tool != "Keras" && by_operators(dialect) != expected {
                wrong
                    .push(format!("{name}: {tool} {:?} by modules, not {expected:?}", by_operators(dialect)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn fvcore_counts_the_normalisations_of_convnext() {
    let checked = inline(include_str!("../fixtures/torchvision/convnext_tiny.cnn"));
    assert_eq!(of(&dialects(&checked), "fvcore").total, Some(4_470_437_376));
}

#[test]
fn a_tool_without_a_rule_has_no_total() {
    let report = dialects(&inline("input 16x16x8; conv 3x3x4 same; upsample 2x3; avgpool 3/2 same"));
    let calflops = of(&report, "calflops");
    assert_eq!(calflops.total, None);
    assert_eq!(calflops.no_rule, ["avgpool", "upsample"]);
    assert_eq!(of(&report, "THOP").no_rule, ["avgpool"]);
    let table = dialect_table(&report);
    let line = |tool: &str| table.lines().find(|line| line.starts_with(tool)).unwrap().to_owned();
    assert!(line("calflops").ends_with("?  no rule for `avgpool`"), "{table}");
    assert!(table.contains("  no rule for `upsample`\n"), "{table}");
}

#[test]
fn the_framework_s_own_model_counts_only_for_the_network_as_shipped() {
    let file = cnnc::zoo::FILES.iter().find(|file| file.networks.contains(&"mobilenet_v2")).unwrap();
    let session = Session::load(&(), file.name, file.text.as_bytes().to_vec(), file.name);
    let set = Options {
        network: Some("mobilenet_v2".to_owned()),
        settings: vec![("classes".to_owned(), Scalar::Int(10))],
        ..Options::default()
    };
    let Some(checked) = session.compile(&set).unwrap().checked else { panic!("mobilenet_v2 of 10 classes") };
    let report = dialects(&checked);
    assert_eq!(of(&report, "THOP").total, by_operators(of(&report, "THOP")));
}

#[test]
fn the_tables_of_the_tools_are_met() {
    // Tool, network, published figure, its unit: README tables and test outputs of the tools.
    let published: [(&str, &str, f64, f64); 22] = [
        ("timm", "resnet18", 1.82, 1e9),
        ("timm", "resnet34", 3.67, 1e9),
        ("timm", "resnet50", 4.11, 1e9),
        ("timm", "resnet101", 7.83, 1e9),
        ("timm", "resnet152", 11.56, 1e9),
        ("THOP", "resnet18", 1.82, 1e9),
        ("THOP", "resnet34", 3.68, 1e9),
        ("THOP", "resnet101", 7.87, 1e9),
        ("THOP", "resnet50", 4_133_742_592.0, 1.0),
        ("ptflops", "alexnet_torchvision", 0.72, 1e9),
        ("ptflops", "resnet18", 1.83, 1e9),
        ("ptflops", "resnet50", 4.13, 1e9),
        ("ptflops", "vgg16", 15.52, 1e9),
        ("torchinfo", "resnet152", 11.51, 1e9),
        ("calflops", "alexnet_torchvision", 1.42974, 1e9),
        ("calflops", "vgg11", 15.2392, 1e9),
        ("calflops", "vgg16", 30.9738, 1e9),
        ("calflops", "resnet18", 3.63625, 1e9),
        ("calflops", "resnet34", 7.33939, 1e9),
        ("calflops", "resnet50", 8.21111, 1e9),
        ("calflops", "resnet152", 23.0943, 1e9),
        ("Keras", "vgg16", 138_357_544.0, 1.0),
    ];
    for (tool, network, figure, unit) in published {
        let checked = zoo(network);
        let found = of(&dialects(&checked), tool).total.unwrap();
        let digits = format!("{figure}").split_once('.').map_or(0, |(_, rest)| rest.len() as i32);
        let rounded = (found as f64 / unit * 10f64.powi(digits)).round() / 10f64.powi(digits);
        assert!(
            (rounded - figure).abs() < 1e-9,
            "{tool} prints {figure} for {network}, the rule gives {rounded}"
        );
    }
}

#[test]
fn the_terms_add_up() {
    for name in ["resnet50", "vgg16", "lenet5_1998", "nin"] {
        for dialect in dialects(&zoo(name)).dialects {
            let sum = dialect.ours as i128 + dialect.terms.iter().map(|term| term.count).sum::<i128>();
            assert_eq!(Some(sum), dialect.total, "{} for {name}", dialect.tool);
        }
    }
}

#[test]
fn every_word_of_the_catalogue_has_a_case() {
    let operators = fixture().operators;
    let words: std::collections::BTreeSet<&str> =
        operators.keys().flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric())).collect();
    let missing: Vec<&str> =
        cnnc::ops::catalogue().map(|spec| spec.name).filter(|name| !words.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

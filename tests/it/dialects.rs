//! What other tools print: against an independent calculation of their rules (`tests/fixtures/dialects.json`), and
//! against the figures that they publish themselves.

use std::collections::BTreeMap;

use cnnc::analysis::Checked;
use cnnc::driver::{Options, Session};
use cnnc::report::dialects::{DialectReport, dialects};

fn zoo(name: &str) -> Checked {
    let file = cnnc::zoo::FILES.iter().find(|file| file.networks.contains(&name)).unwrap();
    let session = Session::load(&(), file.name, file.text.as_bytes().to_vec(), file.name);
    let options = Options { network: Some(name.to_owned()), ..Options::default() };
    session.compile(&options).unwrap().checked.unwrap()
}

fn total(report: &DialectReport, tool: &str) -> u128 {
    report.dialects.iter().find(|dialect| dialect.tool == tool).unwrap().total
}

/// The same network with the pool that torchvision has before the dense layers of AlexNet and VGG: it does
/// nothing, and some tools count it.
fn with_pool_of_torchvision(checked: &Checked, tool: &str) -> u128 {
    let inputs = match checked.graph().name() {
        "alexnet_torchvision" => 6 * 6 * 256,
        name if name.starts_with("vgg") => 7 * 7 * 512,
        _ => 0,
    };
    match tool {
        "fvcore" | "calflops" | "ptflops_single" => inputs,
        "THOP" => 2 * inputs,
        _ => 0,
    }
}

#[test]
fn every_rule_gives_what_an_independent_calculation_gives() {
    let text = include_str!("../fixtures/dialects.json");
    let models: BTreeMap<String, BTreeMap<String, u128>> = serde_json::from_str(text).unwrap();
    assert!(models.len() > 20);
    let mut wrong = Vec::new();
    for (name, expected) in models {
        let checked = zoo(&name);
        let report = dialects(&checked);
        for (tool, expected) in expected {
            // The calculation counts once what ptflops counts twice.
            let found = if tool == "ptflops_single" {
                let ptflops = report.dialects.iter().find(|dialect| dialect.tool == "ptflops").unwrap();
                let twice = ptflops.terms.iter().filter(|term| {
                    term.rule.starts_with("2 for each element of ReLU") || term.rule.contains("pooling")
                });
                ptflops.total - twice.map(|term| term.count).sum::<u128>() / 2
            } else {
                total(&report, &tool)
            };
            let found = found + with_pool_of_torchvision(&checked, &tool);
            if found != expected {
                wrong.push(format!("{name}: {tool} {found}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
        let single = if tool == "ptflops" { "ptflops_single" } else { tool };
        let twice = if tool == "ptflops" { 2 } else { 1 };
        let found = total(&dialects(&checked), tool) + twice * with_pool_of_torchvision(&checked, single);
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
            let sum = dialect.ours + dialect.terms.iter().map(|term| term.count).sum::<u128>();
            assert_eq!(sum, dialect.total, "{} for {name}", dialect.tool);
        }
    }
}

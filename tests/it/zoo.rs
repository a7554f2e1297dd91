//! The zoo from the command line: listed, printed, and compiled by name.

use std::process::{Command, Output};

use cnnc::zoo;

fn cnnc(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cnnc"))
        .args(arguments)
        .current_dir(std::env::temp_dir())
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

fn stdout(arguments: &[&str]) -> String {
    let output = cnnc(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_list_has_every_network_with_exact_figures() {
    let list: serde_json::Value = serde_json::from_str(&stdout(&["zoo", "--format", "json"])).unwrap();
    let networks = list["networks"].as_array().unwrap();
    assert_eq!(networks.len(), zoo::names().count());
    let vgg16 = networks.iter().find(|network| network["name"] == "vgg16").unwrap();
    let expected = serde_json::json!({
        "name": "vgg16", "file": "vgg", "year": 2014, "input": [224, 224, 3],
        "params": 138_357_544, "macs": 15_470_264_320_u64,
    });
    assert_eq!(*vgg16, expected);
    let text = stdout(&["zoo"]);
    assert_eq!(text.lines().count(), 1 + networks.len());
    for network in networks {
        let name = network["name"].as_str().unwrap();
        assert!(text.lines().any(|line| line.split_whitespace().next() == Some(name)), "{name}");
    }
}

#[test]
fn a_printed_network_starts_someones_work() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.cnn");
    for file in zoo::FILES {
        if !file.networks.contains(&file.name) {
            assert_eq!(stdout(&["zoo", file.name]), file.text, "a family is printed whole");
        }
        for network in file.networks {
            std::fs::write(&path, stdout(&["zoo", network])).unwrap();
            stdout(&["check", "--deny-warnings", path.to_str().unwrap()]);
            let report: serde_json::Value =
                serde_json::from_str(&stdout(&["report", path.to_str().unwrap(), "--format", "json"]))
                    .unwrap();
            assert_eq!(report["network"], *network);
        }
    }
}

#[test]
fn a_name_stands_where_a_file_is_wanted() {
    let name = |arguments: &[&str]| -> String {
        let report: serde_json::Value = serde_json::from_str(&stdout(arguments)).unwrap();
        report["network"].as_str().unwrap().to_owned()
    };
    assert_eq!(name(&["report", "zoo:vgg16", "--format", "json"]), "vgg16");
    assert_eq!(name(&["zoo:resnet_cifar", "--network", "resnet20", "--format", "json"]), "resnet20");
    assert_eq!(name(&["weights", "zoo:nin_cifar10", "--format", "json"]), "nin_cifar10");
    // Of a family none is meant in particular.
    let family = cnnc(&["report", "zoo:vgg"]);
    assert_eq!(family.status.code(), Some(2));
    assert!(String::from_utf8(family.stderr).unwrap().contains("`vgg19`"));
    let all: Vec<String> = zoo::FILES.iter().map(|file| format!("zoo:{}", file.name)).collect();
    let all: Vec<&str> =
        ["check", "--deny-warnings"].into_iter().chain(all.iter().map(String::as_str)).collect();
    stdout(&all);
}

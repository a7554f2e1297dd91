//! Compares the JSON Schemas of the outputs with those committed under `docs/schema`.
//!
//! `UPDATE=1 cargo test --lib cli::schema` rewrites them.

use std::path::Path;

use schemars::{Schema, schema_for};

use crate::diag::json::DiagnosticReport;
use crate::diff::DiffReport;
use crate::report::Report;
use crate::report::dialects::DialectReport;
use crate::report::estimate::EstimateReport;

use super::bench_report::BenchReport;
use super::predictions::RunReport;
use super::weights::WeightsReport;
use super::zoo::ZooReport;

fn schemas() -> [(&'static str, Schema); 9] {
    [
        ("bench", schema_for!(BenchReport)),
        ("check", schema_for!(DiagnosticReport)),
        ("diff", schema_for!(DiffReport)),
        ("dialects", schema_for!(DialectReport)),
        ("estimate", schema_for!(EstimateReport)),
        ("report", schema_for!(Report)),
        ("run", schema_for!(RunReport)),
        ("weights", schema_for!(WeightsReport)),
        ("zoo", schema_for!(ZooReport)),
    ]
}

#[test]
fn committed_schemas_are_those_of_the_structures() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema");
    for (command, schema) in schemas() {
        let path = folder.join(format!("{command}.schema.json"));
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, text).unwrap();
        } else {
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "{}", path.display());
        }
    }
}

#[test]
fn every_field_of_every_schema_says_what_it_is() {
    fn check(place: &str, value: &serde_json::Value) {
        let Some(properties) = value["properties"].as_object() else { return };
        for (name, property) in properties {
            let described = property["description"].is_string() || property["$ref"].is_string();
            assert!(described, "{place}.{name} has no description");
        }
    }
    for (command, schema) in schemas() {
        let schema = schema.to_value();
        check(command, &schema);
        for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
            check(&format!("{command}.{name}"), definition);
        }
    }
}

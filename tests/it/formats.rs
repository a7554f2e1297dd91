//! Each form that CI systems read, read by somebody else: SARIF by the official schema and by `serde-sarif`,
//! JUnit by `junit-parser`, GitLab's and reviewdog's JSON by schemas of what those two document.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// Two mistakes, one of them with an edit, and two lints; and two networks, one of them over its budget.
const WRONG: &str = "input 28x28x1;\nconv 5x5x16 smae;\nmaxpool 2/2 -> 12x12x15;\n";
const LINTS: &str =
    "network a { input 7x7x1; conv 2x2x4/2; flatten; dense 2; }\nnetwork b { input 8x8x1; conv 1x1x2; }\n";

fn check(format: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("wrong & <odd>.cnn", WRONG);
    write("lints.cnn", LINTS);
    write("cnnc.toml", "[[networks]]\nfiles = [\"lints.cnn\"]\nmax = { params = 10, macs = 1 }\n");
    let output = Command::new(env!("CARGO_BIN_EXE_cnnc"))
        .args(["check", "--format", format])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn errors(schema: &Value, instance: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).unwrap();
    validator.iter_errors(instance).map(|error| format!("{error} at {}", error.instance_path())).collect()
}

/// The official schema of SARIF 2.1.0, which stands in the sources of `serde-sarif`.
fn sarif_schema() -> Value {
    // Only what this machine builds with needs to be there.
    let version = Command::new(env!("CARGO")).arg("-vV").output().unwrap().stdout;
    let version = String::from_utf8(version).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", host])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "serde-sarif").unwrap();
    let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap());
    let text = std::fs::read_to_string(manifest.with_file_name("src").join("schema.json")).unwrap();
    // One pattern has a lone `]`, which is read as itself; a strict reader of patterns refuses it.
    let text = text.replace("{2}]?$", "{2}\\\\]?$");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn sarif_is_that_of_the_official_schema() {
    let bytes = check("sarif");
    let log: Value = serde_json::from_slice(&bytes).unwrap();
    let schema = sarif_schema();
    assert_eq!(errors(&schema, &log), Vec::<String>::new());
    let mut broken = log.clone();
    broken["runs"][0]["results"] = json!([{ "level": "bad" }]);
    assert!(!errors(&schema, &broken).is_empty(), "the schema refuses nothing");

    let read: serde_sarif::sarif::Sarif = serde_json::from_slice(&bytes).unwrap();
    let ids: Vec<String> =
        read.runs.iter().map(|run| run.automation_details.as_ref().unwrap().id.clone().unwrap()).collect();
    assert_eq!(
        ids,
        [
            "cnnc/lints.cnn#a/",
            "cnnc/lints.cnn#b/",
            "cnnc/wrong & <odd>.cnn#wrong & <odd>/",
            "cnnc/cnnc.toml/"
        ],
        "one run for each network"
    );
    let results = read.runs[2].results.as_ref().unwrap();
    let fix = &results[0].fixes.as_ref().unwrap()[0].artifact_changes[0];
    assert_eq!(fix.artifact_location.uri.as_deref(), Some("wrong%20%26%20%3Codd%3E.cnn"));
    assert_eq!(fix.replacements[0].inserted_content.as_ref().unwrap().text.as_deref(), Some("same"));
    for result in read.runs.iter().flat_map(|run| run.results.as_ref().unwrap()) {
        let fingerprints = result.partial_fingerprints.as_ref().unwrap();
        assert!(fingerprints.contains_key("cnncSubject/v1"));
    }
}

#[test]
fn junit_is_read_by_a_parser() {
    let report = junit_parser::from_reader(check("junit").as_slice()).unwrap();
    assert_eq!((report.tests, report.failures), (4, 3));
    let cases: Vec<(&str, bool)> = report
        .suites
        .iter()
        .flat_map(|suite| &suite.cases)
        .map(|case| (case.original_name.as_str(), case.status.is_failure()))
        .collect();
    assert_eq!(cases, [("a", true), ("b", true), ("wrong & <odd>", true), ("cnnc.toml", false)]);
}

#[test]
fn gitlab_has_what_its_documentation_asks_for() {
    let schema = json!({
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "required": ["description", "check_name", "fingerprint", "severity", "location"],
            "properties": {
                "description": { "type": "string" },
                "check_name": { "type": "string" },
                "fingerprint": { "type": "string", "pattern": "^[0-9a-f]{16}$" },
                "severity": { "enum": ["info", "minor", "major", "critical", "blocker"] },
                "location": {
                    "type": "object",
                    "required": ["path", "lines"],
                    "properties": {
                        "path": { "type": "string", "pattern": "^[^./]" },
                        "lines": {
                            "type": "object",
                            "required": ["begin"],
                            "properties": { "begin": { "type": "integer", "minimum": 1 } },
                        },
                    },
                },
            },
        },
    });
    let issues: Value = serde_json::from_slice(&check("gitlab")).unwrap();
    assert_eq!(errors(&schema, &issues), Vec::<String>::new());
    let mut fingerprints: Vec<&str> =
        issues.as_array().unwrap().iter().map(|issue| issue["fingerprint"].as_str().unwrap()).collect();
    let count = fingerprints.len();
    fingerprints.sort_unstable();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), count, "GitLab drops issues with a fingerprint that it has seen");
}

#[test]
fn rdjson_has_what_reviewdog_documents() {
    let position = json!({
        "type": "object",
        "required": ["line"],
        "properties": {
            "line": { "type": "integer", "minimum": 1 },
            "column": { "type": "integer", "minimum": 1 },
        },
        "additionalProperties": false,
    });
    let range = json!({
        "type": "object",
        "required": ["start"],
        "properties": { "start": position, "end": position },
        "additionalProperties": false,
    });
    let location = json!({
        "type": "object",
        "required": ["path"],
        "properties": { "path": { "type": "string" }, "range": range },
        "additionalProperties": false,
    });
    let schema = json!({
        "type": "object",
        "required": ["diagnostics"],
        "additionalProperties": false,
        "properties": {
            "source": { "type": "object", "properties": { "name": { "type": "string" } } },
            "diagnostics": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["message", "location"],
                    "additionalProperties": false,
                    "properties": {
                        "message": { "type": "string" },
                        "severity": { "enum": ["UNKNOWN_SEVERITY", "ERROR", "WARNING", "INFO"] },
                        "code": { "type": "object", "required": ["value"] },
                        "location": location,
                        "suggestions": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["range", "text"],
                                "properties": { "range": range, "text": { "type": "string" } },
                                "additionalProperties": false,
                            },
                        },
                        "related_locations": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "properties": { "message": { "type": "string" }, "location": location },
                                "additionalProperties": false,
                            },
                        },
                    },
                },
            },
        },
    });
    let result: Value = serde_json::from_slice(&check("rdjson")).unwrap();
    assert_eq!(errors(&schema, &result), Vec::<String>::new());
}

#[test]
fn check_json_is_that_of_the_committed_schema() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema/check.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let report: Value = serde_json::from_slice(&check("json")).unwrap();
    assert_eq!(errors(&schema, &report), Vec::<String>::new());
    let budgets = report["diagnostics"].as_array().unwrap().iter().filter(|one| one["code"] == "E0404");
    assert_eq!(budgets.count(), 3, "{report}");
}

#[test]
fn several_forms_are_written_in_one_run() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.cnn"), LINTS).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cnnc"));
        command.args(arguments).current_dir(folder.path()).stdin(Stdio::null());
        command.output().unwrap()
    };
    let also = ["--also", "sarif=a.sarif", "--also", "markdown=a.md", "--also", "junit=a.xml"];
    let output = run(&[&["check", "a.cnn", "--format", "github"][..], &also[..]].concat());
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout.starts_with(b"::warning file=a.cnn,line=1"));
    for name in ["a.sarif", "a.md", "a.xml"] {
        assert!(folder.path().join(name).metadata().unwrap().len() > 50, "{name}");
    }
    assert_eq!(run(&["check", "a.cnn", "--also", "sarf=x"]).status.code(), Some(2));
}

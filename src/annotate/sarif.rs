//! SARIF 2.1.0 (OASIS 2020), as GitHub's code scanning reads it.
//!
//! Each network has a run of its own, so that its alerts come and go with it. GitHub accepts 20 runs a file; more
//! networks share one run. The fingerprint is written under GitHub's own name, too, because GitHub's action would
//! otherwise compute one from the text of the line.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::diag::Code;
use crate::diag::json::{DiagnosticView, PlaceView};

use super::fingerprint::fingerprints;
use super::{FileFindings, long_message};

/// The runs that GitHub takes of one file.
const MOST_RUNS: usize = 20;

/// A run in the making.
struct Run<'a> {
    id: String,
    results: Vec<(&'a DiagnosticView, &'a str, String)>,
}

/// The findings as a SARIF log.
pub fn sarif(files: &[FileFindings]) -> Value {
    let networks: usize = files.iter().map(|file| file.networks.len().max(1)).sum();
    let mut runs: Vec<Run> = Vec::new();
    if networks > MOST_RUNS || networks == 0 {
        runs.push(Run { id: "cnnc/".to_owned(), results: Vec::new() });
    }
    for file in files {
        let first = runs.len();
        if networks <= MOST_RUNS {
            let names: Vec<&str> = file.networks.iter().map(String::as_str).collect();
            for name in if names.is_empty() { vec![""] } else { names } {
                let id = if name.is_empty() {
                    format!("cnnc/{}/", file.file)
                } else {
                    format!("cnnc/{}#{name}/", file.file)
                };
                runs.push(Run { id, results: Vec::new() });
            }
        }
        for (finding, fingerprint) in file.findings.iter().zip(fingerprints(file)) {
            let network = file.network_of(finding);
            let index = if networks > MOST_RUNS {
                0
            } else {
                first + file.networks.iter().position(|name| name == network).unwrap_or(0)
            };
            runs[index].results.push((finding, network, fingerprint));
        }
    }
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": runs.iter().map(run).collect::<Vec<_>>(),
    })
}

fn run(run: &Run) -> Value {
    let codes: BTreeSet<&str> = run.results.iter().map(|(finding, _, _)| finding.code.as_str()).collect();
    let codes: Vec<&str> = codes.into_iter().collect();
    let results = run.results.iter().map(|(finding, network, fingerprint)| {
        let index = codes.binary_search(&finding.code.as_str()).unwrap_or(0);
        result(finding, network, fingerprint, index)
    });
    json!({
        "tool": { "driver": {
            "name": "cnnc",
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": codes.iter().filter_map(|code| Code::parse(code)).map(rule).collect::<Vec<_>>(),
        } },
        "automationDetails": { "id": run.id },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": { "%SRCROOT%": { "description": { "text": "The root of the repository." } } },
        "results": results.collect::<Vec<_>>(),
    })
}

fn rule(code: Code) -> Value {
    let page = code.page();
    // The first paragraph of the page; code scanning shows no rule without a description.
    let paragraph = page.split("\n\n").nth(1).unwrap_or(page).replace('\n', " ");
    json!({
        "id": code.id(),
        "shortDescription": { "text": code.title() },
        "fullDescription": { "text": paragraph.trim() },
        "help": { "text": page, "markdown": page },
        "defaultConfiguration": { "level": code.severity() },
    })
}

fn result(finding: &DiagnosticView, network: &str, fingerprint: &str, rule: usize) -> Value {
    let mut location = json!({ "physicalLocation": physical(&finding.place) });
    let path = match &finding.layer {
        Some(layer) if !network.is_empty() => format!("{network}.{layer}"),
        Some(layer) => layer.clone(),
        None => network.to_owned(),
    };
    if !path.is_empty() {
        location["logicalLocations"] = json!([{ "fullyQualifiedName": path, "kind": "module" }]);
    }
    let related = finding.labels.iter().enumerate().map(|(index, label)| {
        json!({
            "id": index + 1,
            "physicalLocation": physical(&label.place),
            "message": { "text": label.text },
        })
    });
    json!({
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": finding.severity,
        "message": { "text": long_message(finding) },
        "locations": [location],
        "relatedLocations": related.collect::<Vec<_>>(),
        "partialFingerprints": {
            "cnncSubject/v1": fingerprint,
            "primaryLocationLineHash": format!("{fingerprint}:1"),
        },
        "fixes": fixes(finding),
    })
}

fn fixes(finding: &DiagnosticView) -> Vec<Value> {
    let edits = finding.helps.iter().filter_map(|help| Some((help, help.edit.as_ref()?)));
    edits
        .map(|(help, edit)| {
            json!({
                "description": { "text": help.text },
                "artifactChanges": [{
                    "artifactLocation": artifact(&edit.place.file),
                    "replacements": [{
                        "deletedRegion": region(&edit.place),
                        "insertedContent": { "text": edit.replacement },
                    }],
                }],
            })
        })
        .collect()
}

fn physical(place: &PlaceView) -> Value {
    json!({ "artifactLocation": artifact(&place.file), "region": region(place) })
}

fn artifact(file: &str) -> Value {
    // A file with an absolute path is taken to lie outside of the repository.
    if file.starts_with('/') {
        return json!({ "uri": format!("file://{}", uri(file)) });
    }
    json!({ "uri": uri(file), "uriBaseId": "%SRCROOT%" })
}

fn region(place: &PlaceView) -> Value {
    json!({
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    })
}

/// A relative path as a URI (RFC 3986): what is not unreserved is percent-encoded, `/` is kept.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.trim_start_matches("./").bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(byte.into())
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::*;

    #[test]
    fn a_run_for_each_network_and_one_for_many() {
        let mut files = sample(1, 1);
        files[0].networks.push("other".to_owned());
        let log = sarif(&files);
        let ids: Vec<&str> = log["runs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|run| run["automationDetails"]["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids, ["cnnc/nets/a b.cnn#net/", "cnnc/nets/a b.cnn#other/"]);
        assert_eq!(log["runs"][1]["results"].as_array().unwrap().len(), 0);
        files[0].networks.extend((0..30).map(|index| format!("n{index}")));
        let log = sarif(&files);
        assert_eq!(log["runs"].as_array().unwrap().len(), 1);
        assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn a_result_has_a_place_a_fix_and_a_fingerprint() {
        let log = sarif(&sample(1, 0));
        let result = &log["runs"][0]["results"][0];
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "nets/a%20b.cnn");
        assert_eq!(place["region"]["startColumn"], 3);
        assert_eq!(result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"], "net.conv0");
        let change = &result["fixes"][0]["artifactChanges"][0]["replacements"][0];
        assert_eq!(change["insertedContent"]["text"], "3x3x4");
        assert_eq!(artifact("/a b")["uri"], "file:///a%20b");
        assert_eq!(result["ruleIndex"], 0);
        for code in Code::ALL {
            let description = rule(*code)["fullDescription"]["text"].as_str().unwrap().to_owned();
            assert!(
                description.len() > 10 && !description.starts_with('#') && !description.contains("```"),
                "{code}: {description}"
            );
        }
        assert!(
            log["runs"][0]["tool"]["driver"]["rules"][0]["help"]["markdown"]
                .as_str()
                .unwrap()
                .contains("E0404")
        );
    }
}

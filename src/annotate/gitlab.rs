//! GitLab's code quality report: the subset of Code Climate's form that GitLab reads.

use serde_json::{Value, json};

use super::fingerprint::fingerprints;
use super::{FileFindings, is_error, long_message};

/// The findings as a list of issues.
pub fn gitlab(files: &[FileFindings]) -> Value {
    let mut issues = Vec::new();
    for file in files {
        for (finding, fingerprint) in file.findings.iter().zip(fingerprints(file)) {
            issues.push(json!({
                "type": "issue",
                "check_name": finding.code,
                "description": format!("{}: {}", finding.code, finding.message),
                "content": { "body": long_message(finding) },
                "categories": ["Bug Risk"],
                "severity": if is_error(finding) { "major" } else { "minor" },
                "fingerprint": fingerprint,
                "location": {
                    "path": finding.place.file,
                    "lines": { "begin": finding.place.line, "end": finding.place.end_line },
                },
            }));
        }
    }
    Value::Array(issues)
}

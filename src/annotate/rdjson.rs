//! Reviewdog's diagnostic format, rdjson. Its columns count bytes of UTF-8.

use serde_json::{Value, json};

use crate::diag::json::{DiagnosticView, PlaceView};

use super::{FileFindings, is_error, long_message};

/// The findings as a `DiagnosticResult`.
pub fn rdjson(files: &[FileFindings]) -> Value {
    let findings = files.iter().flat_map(|file| &file.findings);
    json!({
        "source": { "name": "cnnc" },
        "diagnostics": findings.map(diagnostic).collect::<Vec<_>>(),
    })
}

fn diagnostic(finding: &DiagnosticView) -> Value {
    let edits = finding.helps.iter().filter_map(|help| help.edit.as_ref());
    let here = |edit: &&crate::diag::json::FixView| edit.place.file == finding.place.file;
    let suggestions: Vec<Value> = edits
        .filter(here)
        .map(|edit| json!({ "range": range(&edit.place), "text": edit.replacement }))
        .collect();
    let related = finding.labels.iter().map(|label| {
        json!({
            "message": label.text,
            "location": { "path": label.place.file, "range": range(&label.place) },
        })
    });
    json!({
        "message": long_message(finding),
        "severity": if is_error(finding) { "ERROR" } else { "WARNING" },
        "code": { "value": finding.code },
        "location": { "path": finding.place.file, "range": range(&finding.place) },
        "suggestions": suggestions,
        "related_locations": related.collect::<Vec<_>>(),
    })
}

fn range(place: &PlaceView) -> Value {
    json!({
        "start": { "line": place.line, "column": place.byte_column },
        "end": { "line": place.end_line, "column": place.end_byte_column },
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::*;

    #[test]
    fn columns_count_bytes() {
        let result = rdjson(&sample(1, 0));
        let one = &result["diagnostics"][0];
        assert_eq!(one["location"]["range"]["start"], json!({ "line": 1, "column": 4 }));
        assert_eq!(one["suggestions"][0]["text"], "3x3x4");
        assert_eq!(one["severity"], "ERROR");
    }
}

//! Diagnostics as `check --format json` writes them.

use serde::Serialize;

use crate::base::{SourceMap, Span};

use super::{Diagnostic, Severity};

/// The version of the form; it grows when a field changes its meaning or goes away.
pub const SCHEMA_VERSION: u32 = 1;

/// All diagnostics of one command.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DiagnosticReport {
    /// The version of this form.
    pub schema_version: u32,
    /// How many errors there are.
    pub errors: usize,
    /// How many warnings there are.
    pub warnings: usize,
    /// By file, place and code.
    pub diagnostics: Vec<DiagnosticView>,
}

/// A diagnostic.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DiagnosticView {
    /// Such as `E0304`.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// The headline.
    pub message: String,
    /// The place that is wrong.
    #[serde(flatten)]
    pub place: PlaceView,
    /// What is true there; may be empty.
    pub label: String,
    /// Other places that matter.
    pub labels: Vec<LabelView>,
    /// The rules, with the numbers in them.
    pub notes: Vec<String>,
    /// What to do.
    pub helps: Vec<HelpView>,
    /// The expansions that led to the place, from the innermost to the outermost.
    pub expansion: Vec<ExpansionView>,
    /// The network that was expanded; none for what is wrong with the file.
    pub network: Option<String>,
    /// The path of the row or part that it is about.
    pub layer: Option<String>,
    /// The metric that it is about.
    pub metric: Option<String>,
}

/// A range of a source text.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PlaceView {
    /// The file as it was named, its folders separated by `/`.
    pub file: String,
    /// The line of the first character, counted from 1.
    pub line: u32,
    /// The column of the first character, counted in characters from 1.
    pub column: u32,
    /// The line behind the last character.
    pub end_line: u32,
    /// The column behind the last character.
    pub end_column: u32,
    /// The offset of the first byte.
    pub byte_start: u32,
    /// The offset behind the last byte.
    pub byte_end: u32,
    /// The column of the first byte in bytes of its line, from 1.
    #[serde(skip)]
    pub byte_column: u32,
    /// The column behind the last byte in bytes of its line, from 1.
    #[serde(skip)]
    pub end_byte_column: u32,
}

/// A place and what it has to do with the matter.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LabelView {
    /// The place.
    #[serde(flatten)]
    pub place: PlaceView,
    /// What is true there.
    pub text: String,
}

/// An action that would mend the matter.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HelpView {
    /// The action in words.
    pub text: String,
    /// The edit that does it, where it is certain.
    pub edit: Option<FixView>,
}

/// Replaces the text of a place.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FixView {
    /// What is replaced; empty to insert.
    #[serde(flatten)]
    pub place: PlaceView,
    /// The new text.
    pub replacement: String,
}

/// The call of a block, or a copy of a repetition.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ExpansionView {
    /// The block that was called; none for a repeated statement that is no call.
    pub block: Option<String>,
    /// The statement that calls or repeats.
    #[serde(flatten)]
    pub place: PlaceView,
    /// Which copy it is, counted from 1, for a repetition.
    pub copy: Option<u64>,
    /// How many copies there are.
    pub copies: Option<u64>,
}

impl DiagnosticReport {
    /// One report of several files.
    pub fn join(reports: Vec<DiagnosticReport>) -> DiagnosticReport {
        let mut all = DiagnosticReport {
            schema_version: SCHEMA_VERSION,
            errors: 0,
            warnings: 0,
            diagnostics: Vec::new(),
        };
        for report in reports {
            all.errors += report.errors;
            all.warnings += report.warnings;
            all.diagnostics.extend(report.diagnostics);
        }
        all
    }

    /// The diagnostics in the order given.
    pub fn new(diagnostics: &[Diagnostic], map: &SourceMap) -> DiagnosticReport {
        let count = |severity| diagnostics.iter().filter(|one| one.severity == severity).count();
        DiagnosticReport {
            schema_version: SCHEMA_VERSION,
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            diagnostics: diagnostics.iter().map(|one| diagnostic_view(one, map)).collect(),
        }
    }
}

fn diagnostic_view(diagnostic: &Diagnostic, map: &SourceMap) -> DiagnosticView {
    let labels = diagnostic.labels.iter();
    let helps = diagnostic.helps.iter();
    let expansion = diagnostic.trace.innermost_first();
    DiagnosticView {
        code: diagnostic.code.id().to_owned(),
        severity: diagnostic.severity,
        message: diagnostic.message.clone(),
        place: place_view(diagnostic.primary.span, map),
        label: diagnostic.primary.text.clone(),
        labels: labels
            .map(|one| LabelView { place: place_view(one.span, map), text: one.text.clone() })
            .collect(),
        notes: diagnostic.notes.clone(),
        helps: helps
            .map(|help| HelpView {
                text: help.text.clone(),
                edit: help.edit.as_ref().map(|edit| FixView {
                    place: place_view(edit.span, map),
                    replacement: edit.replacement.clone(),
                }),
            })
            .collect(),
        expansion: expansion
            .map(|one| ExpansionView {
                block: one.block.as_ref().map(|block| block.to_string()),
                place: place_view(one.call, map),
                copy: one.copy.map(|(copy, _)| copy),
                copies: one.copy.map(|(_, copies)| copies),
            })
            .collect(),
        network: diagnostic.subject.network.as_ref().map(|network| network.to_string()),
        layer: diagnostic.subject.layer.clone(),
        metric: diagnostic.subject.metric.clone(),
    }
}

fn place_view(span: Span, map: &SourceMap) -> PlaceView {
    let (start, end) = (map.location(span), map.location(span.after()));
    PlaceView {
        file: map.name(span.file).replace('\\', "/"),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        byte_start: span.start,
        byte_end: span.end,
        byte_column: map.byte_column(span.file, span.start),
        end_byte_column: map.byte_column(span.file, span.end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Code, Expansion, ExpansionTrace, Sink};

    #[test]
    fn places_and_edits_are_written_out() {
        let mut map = SourceMap::default();
        let file = map.add("nets\\a.cnn", "# é\nconv 3x3x8\nrelu");
        let call =
            Expansion { block: Some("stage".into()), call: Span::new(file, 16, 20), copy: Some((1, 4)) };
        let mut sink = Sink::default();
        let gap = Span::new(file, 15, 15);
        sink.error(Code::E0002, gap, "a `;` is missing")
            .here("here")
            .label(Span::new(file, 5, 20), "two lines")
            .fix("put in `;`", gap, ";")
            .trace(&ExpansionTrace::default().within(call))
            .emit();
        let report = DiagnosticReport::new(&sink.into_sorted(), &map);
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!((json["schema_version"].as_u64(), json["errors"].as_u64()), (Some(1), Some(1)));
        let one = &json["diagnostics"][0];
        assert_eq!(one["file"], "nets/a.cnn");
        assert_eq!(
            (one["line"].as_u64(), one["column"].as_u64(), one["byte_start"].as_u64()),
            (Some(2), Some(11), Some(15))
        );
        assert_eq!(one["labels"][0]["end_line"], 3);
        assert_eq!(one["labels"][0]["end_column"], 5);
        assert_eq!(one["helps"][0]["edit"]["replacement"], ";");
        assert_eq!(one["helps"][0]["edit"]["byte_end"], 15);
        assert_eq!(one["expansion"][0]["block"], "stage");
        assert_eq!(one["expansion"][0]["copies"], 4);
    }
}

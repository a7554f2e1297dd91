//! What `cnnc run` shows: the largest elements of each picture's outputs, as text, CSV or JSON.

use std::fmt::Write as _;

use ndarray::Axis;
use serde::Serialize;

use crate::base::safe::{self, csv_field};
use crate::model::{Labels, OutputValues};

use super::{CliError, output};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Text,
    /// For machines
    Json,
    /// A line for each prediction: input, output, rank, index, label, score
    Csv,
}

/// The JSON of `cnnc run`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RunReport {
    /// The version of this structure.
    pub schema_version: u32,
    /// The network's name.
    pub network: String,
    /// The outputs that are run.
    pub outputs: Vec<OutputView>,
}

/// An output of a run.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct OutputView {
    /// `out`, or the name of an `aux`.
    pub name: String,
    /// `[h, w, c]` or `[n]`.
    pub shape: Vec<u64>,
    /// The pictures in order.
    pub pictures: Vec<PictureView>,
}

/// An output of one picture.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PictureView {
    /// The file, with an index where it holds several.
    pub input: String,
    /// The largest elements; empty for maps.
    pub top: Vec<TopView>,
}

/// One of the largest elements.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct TopView {
    /// Its position.
    pub index: usize,
    /// Its line of the labels.
    pub label: Option<String>,
    /// Its value; a string where it is NaN or infinite.
    pub score: Score,
}

/// A value; JSON has no NaN.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub(crate) enum Score {
    /// A finite number.
    Finite(f32),
    /// `NaN`, `inf` or `-inf`.
    Other(String),
}

/// Formats the predictions; `names` are those of the pictures.
pub(super) fn text(
    format: Format,
    network: &str,
    results: &[OutputValues],
    names: &[String],
    top: usize,
    labels: Option<&Labels>,
) -> Result<String, CliError> {
    let views: Vec<OutputView> = results.iter().map(|result| view(result, names, top, labels)).collect();
    Ok(match format {
        Format::Text => for_people(&views, results),
        Format::Csv => csv(&views),
        Format::Json => {
            output::json(&RunReport { schema_version: 1, network: network.to_owned(), outputs: views })?
        }
    })
}

fn view(result: &OutputValues, names: &[String], top: usize, labels: Option<&Labels>) -> OutputView {
    let count = if result.is_vector() { top } else { 0 };
    let label = |index| labels.filter(|_| result.name == "out").and_then(|labels| labels.get(index));
    let pictures = names.iter().enumerate().map(|(picture, input)| {
        let top = result.top(picture, count).into_iter().map(|one| TopView {
            index: one.index,
            label: label(one.index).map(str::to_owned),
            score: match one.score {
                score if score.is_finite() => Score::Finite(score),
                score => Score::Other(score.to_string()),
            },
        });
        PictureView { input: input.clone(), top: top.collect() }
    });
    OutputView { name: result.name.clone(), shape: result.shape.dims(), pictures: pictures.collect() }
}

fn for_people(views: &[OutputView], results: &[OutputValues]) -> String {
    let mut text = String::new();
    for (view, result) in views.iter().zip(results) {
        for (index, picture) in view.pictures.iter().enumerate() {
            text.push_str(&safe::line(&picture.input));
            if views.len() > 1 {
                let _ = write!(text, ": {}", safe::line(&view.name));
            }
            text.push('\n');
            for top in &picture.top {
                let label = top.label.clone().unwrap_or_else(|| top.index.to_string());
                let score = match &top.score {
                    Score::Finite(score) => format!("{score:>10.6}"),
                    Score::Other(other) => format!("{other:>10}"),
                };
                let _ = writeln!(text, "  {score}  {}", safe::line(&label));
            }
            if picture.top.is_empty() {
                text.push_str(&summary(&view.shape, result, index));
            }
        }
    }
    text
}

/// The shape of a map and the range of its values.
fn summary(shape: &[u64], result: &OutputValues, picture: usize) -> String {
    let numbers = result.values.index_axis(Axis(0), picture);
    let (least, greatest) = numbers
        .iter()
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(least, greatest), &x| (least.min(x), greatest.max(x)));
    let mean = numbers.iter().map(|&x| f64::from(x)).sum::<f64>() / numbers.len() as f64;
    let shape = shape.iter().map(u64::to_string).collect::<Vec<_>>().join("x");
    format!("  {shape}: least {least}, mean {mean}, greatest {greatest}\n")
}

/// CSV as in RFC 4180. Maps have no predictions and so no lines.
fn csv(views: &[OutputView]) -> String {
    let mut text = "input,output,rank,index,label,score\r\n".to_owned();
    for view in views {
        for picture in &view.pictures {
            for (rank, top) in picture.top.iter().enumerate() {
                let score = match &top.score {
                    Score::Finite(score) => score.to_string(),
                    Score::Other(other) => other.clone(),
                };
                let (input, name) = (csv_field(&picture.input), csv_field(&view.name));
                let label = csv_field(top.label.as_deref().unwrap_or_default());
                let _ = write!(text, "{input},{name},{},{},{label},{score}\r\n", rank + 1, top.index);
            }
        }
    }
    text
}

//! The files that a run writes: arrays, archives of arrays, and pictures.

use ndarray::{ArrayD, Axis, Ix3, IxDyn};

use crate::analysis::Checked;
use crate::diag::{Code, Failure};
use crate::model::OutputValues;
use crate::picture;
use crate::tensor::Shape;
use crate::weights::{npy, npz};

use super::inputs::Layout;
use super::{CliError, CliResult, write};

/// What the pixels of a picture show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Shows {
    /// The values: 0 is black, 1 is white
    #[default]
    Values,
    /// The channel of the greatest value, in a fixed colour for each
    Classes,
}

impl Shows {
    fn meaning(self) -> picture::Meaning {
        match self {
            Shows::Values => picture::Meaning::Values,
            Shows::Classes => picture::Meaning::Classes,
        }
    }
}

/// A file that a run writes.
#[derive(Debug)]
pub(super) struct OutputFile {
    path: String,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// One output as `.npy`.
    Array(String),
    /// All outputs by name as `.npz`.
    Archive,
    /// One output of one picture as `.png`.
    Picture(String, Shows),
}

impl OutputFile {
    /// Parses `--output [NAME=]FILE` and `--as`, and checks them against the outputs of the network.
    pub(super) fn all(
        network: &Checked,
        arguments: &[String],
        shows: Option<Shows>,
    ) -> Result<Vec<OutputFile>, CliError> {
        let graph = network.graph();
        let outputs = graph.outputs().iter().filter(|output| !output.train_only);
        let known: Vec<(&str, Shape)> =
            outputs.map(|output| (output.name.as_str(), graph.node(output.node).shape)).collect();
        let files = arguments.iter().map(|argument| one(&known, argument, shows.unwrap_or_default()));
        let files = files.collect::<Result<Vec<_>, CliError>>()?;
        let has_picture = files.iter().any(|file| matches!(file.content, Content::Picture(..)));
        if shows.is_some() && !has_picture {
            let failure = Failure::new(Code::E0206, "`--as` speaks of pictures, and none is written");
            return Err(CliError::Usage(failure.help("name one: `--output out=classes.png`")));
        }
        Ok(files)
    }

    /// The `.npy` file for a named value of `--dump`.
    pub(super) fn array(name: &str, path: String) -> OutputFile {
        OutputFile { path, content: Content::Array(name.to_owned()) }
    }

    /// Refuses a `.png` output if there are several pictures (E0206).
    pub(super) fn check_pictures(&self, pictures: usize) -> CliResult {
        match self.content {
            Content::Picture(..) if pictures > 1 => {
                let message = format!("`{}` is one picture, and the run has {pictures}", self.path);
                let failure = Failure::new(Code::E0206, message);
                Err(CliError::Usage(failure.help("run one input at a time, or write all as .npy")))
            }
            _ => Ok(()),
        }
    }

    /// Writes the file.
    pub(super) fn write(&self, results: &[OutputValues], layout: Layout) -> CliResult {
        let path = self.path.as_str();
        // The values that only `--dump` wants stand last: a part that is called `out` comes behind the output.
        let named = |name: &str| results.iter().rfind(|result| result.name == name);
        match &self.content {
            Content::Array(name) => {
                let Some(result) = named(name) else { return Ok(()) };
                let values = ordered(&result.values, layout);
                write::file(path, |mut file| npy::write_f32(&mut file, values.view(), path))
            }
            Content::Archive => {
                let all: Vec<ArrayD<f32>> =
                    results.iter().map(|result| ordered(&result.values, layout)).collect();
                let shapes = results.iter().zip(&all);
                let tensors: Vec<(String, Vec<usize>)> =
                    shapes.map(|(result, values)| (result.name.clone(), values.shape().to_vec())).collect();
                write::file(path, |mut file| {
                    npz::write(&mut file, path, &tensors, |index| all[index].clone())
                })
            }
            Content::Picture(name, shows) => {
                let Some(result) = named(name) else { return Ok(()) };
                let values = result.values.index_axis(Axis(0), 0);
                let values = values.into_dimensionality::<Ix3>().expect("the shape was checked to be a map");
                let png = shows.meaning().encode(values, name).map_err(CliError::Environment)?;
                write::file(path, |file| {
                    file.write_all(&png)
                        .map_err(|error| Failure::new(Code::E0609, format!("cannot write `{path}`: {error}")))
                })
            }
        }
    }
}

/// Parses `[NAME=]FILE`; the ending decides what is written.
fn one(known: &[(&str, Shape)], argument: &str, shows: Shows) -> Result<OutputFile, CliError> {
    let shape_of = |name: &str| known.iter().find(|(known, _)| *known == name).map(|(_, shape)| *shape);
    let (name, path) = match argument.split_once('=') {
        Some((name, path)) if shape_of(name).is_some() => (Some(name), path),
        _ => (None, argument),
    };
    let output = name.unwrap_or("out");
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    let content = match ending {
        "npz" if name.is_none() => Content::Archive,
        "npy" => Content::Array(output.to_owned()),
        "png" => {
            if let Some(shape) = shape_of(output) {
                shows.meaning().check(shape, output).map_err(CliError::Usage)?;
            }
            Content::Picture(output.to_owned(), shows)
        }
        _ => {
            let message = format!("`--output {argument}`: the file must end with .npy, .png or .npz");
            let failure = Failure::new(Code::E0609, message);
            return Err(CliError::Usage(
                failure.note("one output is written as .npy or .png, all of them by name as .npz"),
            ));
        }
    };
    Ok(OutputFile { path: path.to_owned(), content })
}

fn ordered(values: &ArrayD<f32>, layout: Layout) -> ArrayD<f32> {
    if layout == Layout::Nhwc && values.ndim() == 4 {
        values.view().permuted_axes(IxDyn(&[0, 2, 3, 1])).as_standard_layout().into_owned()
    } else {
        values.clone()
    }
}

//! Reads the files that the command line names as inputs of a run.

use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

use ndarray::{ArrayD, Axis, concatenate};

use crate::base::safe;
use crate::diag::{Code, Failure};
use crate::model::{ArrayOrder, ModelInput};
use crate::picture;
use crate::weights::npy;

use super::files::{self, NamedBy, slashed};
use super::{CliError, output, words};

/// The order of the axes of arrays in files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Layout {
    /// Batch, channels, rows, columns
    #[default]
    Nchw,
    /// Batch, rows, columns, channels
    Nhwc,
}

impl Layout {
    pub(super) fn order(self) -> ArrayOrder {
        match self {
            Layout::Nchw => ArrayOrder::Nchw,
            Layout::Nhwc => ArrayOrder::Nhwc,
        }
    }
}

/// The endings of the files that are taken from a folder.
const ENDINGS: [&str; 4] = ["png", "jpg", "jpeg", "npy"];

/// The files of each input, and how many pictures each file holds.
#[derive(Debug)]
pub(super) struct Inputs {
    inputs: Vec<ModelInput>,
    paths: Vec<Vec<(String, usize)>>,
    order: ArrayOrder,
}

/// The pictures of a run.
pub(super) struct Pictures {
    /// One array for each input of the network, by name; its first axis counts pictures.
    pub arrays: Vec<(String, ArrayD<f32>)>,
    /// The name of each picture in the output.
    pub names: Vec<String>,
}

impl Inputs {
    /// Resolves `[NAME=]PATH` arguments to files; a path may be a folder, or a pattern with `*` and `?`. Of an array
    /// only the header is read.
    pub(super) fn find(
        inputs: Vec<ModelInput>,
        arguments: &[String],
        layout: Layout,
    ) -> Result<Inputs, CliError> {
        let mut paths: Vec<Vec<(String, usize)>> = vec![Vec::new(); inputs.len()];
        for argument in arguments {
            let (index, path) = assigned(&inputs, argument)?;
            for path in expanded(path)? {
                let pictures = count(&inputs[index], &path, layout).map_err(CliError::Environment)?;
                paths[index].push((path, pictures));
            }
        }
        if paths.iter().all(Vec::is_empty) {
            let failure = Failure::new(Code::E0606, "the run needs an input");
            return Err(CliError::Usage(failure.help("give a picture or array with `--input PATH`")));
        }
        let pictures = |index: usize| paths[index].iter().map(|(_, count)| count).sum::<usize>();
        if let Some(other) = (1..inputs.len()).find(|&index| pictures(index) != pictures(0)) {
            let (first, second) = (&inputs[0].name, &inputs[other].name);
            let (given, wanted) = (pictures(0), pictures(other));
            let message = format!("`{first}` is given {given} pictures, `{second}` {wanted}");
            return Err(CliError::Usage(Failure::new(Code::E0606, message)));
        }
        Ok(Inputs { inputs, paths, order: layout.order() })
    }

    /// The number of pictures that each input gets.
    pub(super) fn pictures(&self) -> usize {
        self.paths.first().map_or(0, |paths| paths.iter().map(|(_, count)| count).sum())
    }

    /// The peak bytes of reading: the arrays of all files, and the joined array of each input.
    pub(super) fn bytes(&self) -> u128 {
        let pictures = self.pictures();
        self.inputs.iter().map(|input| 2 * input.bytes(pictures)).sum()
    }

    /// Reads all files.
    pub(super) fn read(self) -> Result<Pictures, CliError> {
        let mut arrays = Vec::new();
        for (input, paths) in self.inputs.iter().zip(&self.paths) {
            let parts = paths.iter().map(|(path, _)| read(input, path, self.order));
            let mut parts = parts.collect::<Result<Vec<_>, Failure>>().map_err(CliError::Environment)?;
            let joined = if parts.len() == 1 {
                parts.remove(0)
            } else {
                let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
                concatenate(Axis(0), &views).map_err(|error| {
                    CliError::Environment(Failure::new(
                        Code::E0606,
                        format!("inputs cannot be joined: {error}"),
                    ))
                })?
            };
            arrays.push((input.name.clone(), joined));
        }
        let names = self.paths.first().into_iter().flatten().flat_map(|(path, count)| {
            (0..*count).map(move |index| if *count == 1 { path.clone() } else { format!("{path}[{index}]") })
        });
        Ok(Pictures { arrays, names: names.collect() })
    }
}

/// Splits an argument into the input that it names and its path.
fn assigned<'a>(inputs: &[ModelInput], argument: &'a str) -> Result<(usize, &'a str), CliError> {
    let named = argument
        .split_once('=')
        .and_then(|(name, path)| Some((inputs.iter().position(|input| input.name == name)?, path)));
    match named {
        Some(assigned) => Ok(assigned),
        None if inputs.len() == 1 => Ok((0, argument)),
        None => {
            let names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
            let message = format!("`--input {argument}` does not say which input it is for");
            let mut failure =
                Failure::new(Code::E0611, message).note(format!("the inputs are {}", names.join(", ")));
            if let Some(first) = names.first() {
                failure = failure.help(format!("write `--input {first}=PATH`"));
            }
            let wanted = argument.split_once('=').map_or("", |(name, _)| name);
            Err(CliError::Usage(words::suggest(failure, wanted, names)))
        }
    }
}

/// The files that a path names: those of a folder, those that match a pattern, or the file itself.
fn expanded(path: &str) -> Result<Vec<String>, CliError> {
    let is_pattern = path.contains(['*', '?']) && !Path::new(path).exists();
    if !is_pattern && !Path::new(path).is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let path = slashed(path);
    let (folder, pattern) = if is_pattern {
        path.rsplit_once('/').map_or(("", path.as_str()), |(folder, pattern)| (folder, pattern))
    } else {
        (path.trim_end_matches('/'), "*")
    };
    let failed = |error: io::Error| {
        let message = format!("cannot read the folder `{folder}`: {error}");
        CliError::Environment(Failure::new(Code::E0609, message))
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(if folder.is_empty() { "." } else { folder }).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        let wanted = ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()));
        if wanted && fast_glob::glob_match(pattern, &name) {
            found.push(if folder.is_empty() { name } else { format!("{folder}/{name}") });
        }
    }
    if found.is_empty() {
        let failure = Failure::new(Code::E0609, format!("`{path}` names no pictures and no arrays"));
        return Err(CliError::Environment(
            failure.note(format!("files that end with .{} are taken", ENDINGS.join(", ."))),
        ));
    }
    found.sort();
    Ok(found)
}

fn unreadable(path: &str, error: &io::Error) -> Failure {
    Failure::new(Code::E0609, format!("cannot read `{path}`: {error}"))
}

/// Opens a file and tells whether it is a `.npy` array.
fn open(path: &str) -> Result<(std::fs::File, bool), Failure> {
    let unreadable = |error: io::Error| unreadable(path, &error);
    let mut file = files::open(path, NamedBy::User).map_err(unreadable)?;
    let mut start = Vec::new();
    Read::take(&mut file, npy::MAGIC.len() as u64).read_to_end(&mut start).map_err(unreadable)?;
    file.rewind().map_err(unreadable)?;
    Ok((file, start == npy::MAGIC))
}

/// The number of pictures in a file.
fn count(input: &ModelInput, path: &str, layout: Layout) -> Result<usize, Failure> {
    match open(path)? {
        (file, true) => match input.array(BufReader::new(file), layout.order(), path) {
            Ok(array) => Ok(array.pictures()),
            Err(failure) => Err(with_other_layout(input, path, layout, failure)),
        },
        (_, false) => input.takes_pictures(path).map(|()| 1),
    }
}

/// Adds a hint to a failure if the array would fit with the other `--layout`.
fn with_other_layout(input: &ModelInput, path: &str, layout: Layout, failure: Failure) -> Failure {
    let (other, word) = match layout {
        Layout::Nchw => (Layout::Nhwc, "nhwc"),
        Layout::Nhwc => (Layout::Nchw, "nchw"),
    };
    let fits =
        open(path).and_then(|(file, _)| input.array(BufReader::new(file), other.order(), path).map(|_| ()));
    if fits.is_ok() { failure.help(format!("`--layout {word}` takes this array as it is")) } else { failure }
}

/// Reads a file of pictures.
fn read(input: &ModelInput, path: &str, order: ArrayOrder) -> Result<ArrayD<f32>, Failure> {
    let (file, is_array) = open(path)?;
    if is_array {
        return input.array(BufReader::new(file), order, path)?.read();
    }
    let mut bytes = Vec::new();
    for most in [picture::FORMAT_BYTES, picture::MAX_FILE_BYTES] {
        let rest = most.saturating_sub(bytes.len() as u64) + 1;
        (&file).take(rest).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
        picture::check_format(&bytes, path)?;
    }
    if bytes.len() as u64 > picture::MAX_FILE_BYTES {
        let most = picture::MAX_FILE_BYTES;
        return Err(Failure::new(Code::E0605, format!("`{path}` has more than {most} bytes")));
    }
    let prepared = input.picture(&bytes, path)?;
    prepared.warnings.iter().for_each(|line| output::error(&format!("warning: {}\n", safe::line(line))));
    Ok(prepared.tensor)
}

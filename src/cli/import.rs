//! `cnnc import`: an ONNX file becomes a `.cnn` text and its weights.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::base::safe;
use crate::diag::{Code, Failure};
use crate::driver::Session;
use crate::import::{self, ImportOptions, Imported, Storage};
use crate::model::Weights;
use crate::weights::safetensors;

use super::files::{self, FileLoader, NamedBy};
use super::git::Revision;
use super::{CliError, CliResult, output, write};

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without -o the text goes to stdout. With -o NET.cnn the weights go to NET.safetensors.\n\nPyTorch writes a module as such a file, with the names of its parameters, by (packages torch and onnx)\n  model.eval()\n  torch.onnx.export(model, (torch.zeros(1, 3, 224, 224),), \"model.onnx\", dynamo=False,\n                    do_constant_folding=False, training=torch.onnx.TrainingMode.EVAL)\n\nExamples:\n  cnnc import model.onnx\n  cnnc import model.onnx -o net.cnn --weights net.safetensors\n  cnnc import detector.onnx --input images=1x3x640x640 --output /model.22/Concat_output_0"
)]
pub(super) struct Arguments {
    /// The ONNX file
    #[arg(value_name = "MODEL")]
    model: String,
    /// Where the text goes, instead of stdout
    #[arg(short = 'o', value_name = "FILE")]
    text: Option<String>,
    /// Where the weights go: a .safetensors file
    #[arg(long, value_name = "FILE")]
    weights: Option<String>,
    /// The name of the network; that of the file where none is given
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// One statement for each operator, without blocks and groups
    #[arg(long)]
    flat: bool,
    /// Extents of an input, batch first, where the model leaves them open; repeatable
    #[arg(long = "input", value_name = "NAME=NxCxHxW")]
    inputs: Vec<String>,
    /// A value or node that the network ends with, instead of the model's outputs; repeatable
    #[arg(long = "output", value_name = "NODE")]
    outputs: Vec<String>,
}

/// The file of a model, and the files beside it.
pub(super) struct ModelFile {
    path: PathBuf,
    file: RefCell<File>,
    /// The revision of git that holds the files beside it; `None` for the file system.
    revision: Option<Revision>,
}

impl ModelFile {
    /// Opens the file.
    pub(super) fn open(path: &str) -> Result<ModelFile, Failure> {
        let unreadable =
            |error: io::Error| Failure::new(Code::E0609, format!("cannot read `{path}`: {error}"));
        let file = files::open(path, NamedBy::User).map_err(unreadable)?;
        Ok(ModelFile { path: PathBuf::from(path), file: RefCell::new(file), revision: None })
    }

    /// Opens a file of a revision of git.
    fn open_in(revision: &Revision, path: &str) -> Result<ModelFile, Failure> {
        let file = revision.copy(path).map_err(|error| {
            Failure::new(Code::E0703, format!("git cannot read `{}`: {error}", revision.object(path)))
        })?;
        let revision = Some(revision.clone());
        Ok(ModelFile { path: PathBuf::from(path), file: RefCell::new(file), revision })
    }

    /// Imports the model.
    pub(super) fn import(&self, options: &ImportOptions) -> Result<Imported, Failure> {
        let name = self.path.to_string_lossy().into_owned();
        let file = self.file.borrow().try_clone();
        let file =
            file.map_err(|error| Failure::new(Code::E0609, format!("cannot read `{name}`: {error}")))?;
        import::import(file, &name, options, self)
    }
}

impl Storage for ModelFile {
    fn read(&self, beside: Option<&str>, offset: u64, length: u64) -> io::Result<Vec<u8>> {
        let read = |file: &mut File| {
            file.seek(SeekFrom::Start(offset))?;
            let mut bytes = Vec::new();
            file.take(length).read_to_end(&mut bytes)?;
            if bytes.len() as u64 == length { Ok(bytes) } else { Err(io::Error::other("it ends too early")) }
        };
        let Some(beside) = beside else { return read(&mut self.file.borrow_mut()) };
        if self.revision.is_some() {
            return Err(io::Error::other("files beside a model are not read from git"));
        }
        let folder =
            self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = std::fs::canonicalize(folder)?;
        let path = std::fs::canonicalize(folder.join(beside))?;
        if !path.starts_with(&folder) {
            return Err(io::Error::other("it is not in or below the folder of the model"));
        }
        read(&mut files::open(path, NamedBy::File)?)
    }
}

/// Returns whether a path is treated as an ONNX model instead of a source.
pub(super) fn is_model(path: &str) -> bool {
    path.ends_with(".onnx")
}

/// Imports a model and opens the resulting text as a program, the same text that `cnnc import` prints.
pub(super) fn open(path: &str) -> Result<Session, CliError> {
    program(&ModelFile::open(path).map_err(CliError::Environment)?, path)
}

/// Imports the model at `path` from the folder of a project, and opens the resulting text as a program.
pub(super) fn open_below(root: &Path, path: &str) -> Result<Session, CliError> {
    let file = ModelFile::open(&root.join(path).to_string_lossy()).map_err(CliError::Environment)?;
    program(&file, path)
}

/// Imports a model of a revision of git, and opens the resulting text as a program.
pub(super) fn open_in(revision: &Revision, path: &str) -> Result<Session, CliError> {
    program(&ModelFile::open_in(revision, path).map_err(CliError::Environment)?, path)
}

fn program(file: &ModelFile, path: &str) -> Result<Session, CliError> {
    let options = ImportOptions { name: name_of(path), ..ImportOptions::default() };
    let imported = file.import(&options).map_err(stop)?;
    let shown = format!("{path} (imported)");
    Ok(Session::load(&FileLoader, &shown, imported.text.into_bytes(), &name_of(path)))
}

/// The weights that are stored in a model.
pub(super) fn own_weights(path: &str) -> Result<Weights, CliError> {
    let file = ModelFile::open(path).map_err(CliError::Environment)?;
    let options = ImportOptions { name: name_of(path), ..ImportOptions::default() };
    let imported = file.import(&options).map_err(stop)?;
    let mut index = BTreeMap::new();
    for (position, weight) in imported.weights.iter().enumerate() {
        index.insert(weight.key.clone(), position);
        // A tensor's key may be the path of its operator, without `.weight`.
        index.entry(format!("{}.weight", weight.key)).or_insert(position);
    }
    Ok(Weights::by_key(move |key| match index.get(key) {
        Some(&position) => imported.weights[position].values(&file),
        None => Err(Failure::new(Code::E0803, format!("the model has no tensor `{key}`"))),
    }))
}

/// The name that a network gets from the name of its file.
pub(super) fn name_of(path: &str) -> String {
    Path::new(path).file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}

pub(super) fn run(arguments: &Arguments) -> CliResult {
    let options = ImportOptions {
        name: arguments.name.clone().unwrap_or_else(|| name_of(&arguments.model)),
        flat: arguments.flat,
        inputs: arguments.inputs.iter().map(|text| extents(text)).collect::<Result<_, _>>()?,
        outputs: arguments.outputs.clone(),
    };
    let file = ModelFile::open(&arguments.model).map_err(CliError::Environment)?;
    let imported = file.import(&options).map_err(stop)?;
    imported.notes.iter().for_each(|note| output::error(&format!("note: {}\n", safe::line(note))));
    let beside = arguments.text.as_ref().map(|path| {
        let path = path.strip_suffix(".cnn").unwrap_or(path);
        format!("{path}.safetensors")
    });
    let absent = imported.weights.iter().any(|weight| weight.is_absent());
    match (&arguments.weights, beside) {
        (None, Some(_)) if absent => output::error("note: the model holds no weights; none are written\n"),
        (Some(path), _) => write_weights(path, &imported, &file)?,
        (None, Some(path)) => write_weights(&path, &imported, &file)?,
        (None, None) => {}
    }
    match &arguments.text {
        None => output::print(&imported.text),
        Some(path) => write::file(path, |target| {
            target
                .write_all(imported.text.as_bytes())
                .map_err(|error| Failure::new(Code::E0609, format!("cannot write `{path}`: {error}")))
        }),
    }
}

/// Distinguishes exit codes: a model that cannot be imported is wrong (1), one that cannot be read is a fault of the
/// environment (3).
fn stop(failure: Failure) -> CliError {
    match failure.code {
        Code::E0801 => {
            output::failure(&failure);
            CliError::Model
        }
        Code::E0611 | Code::E0805 => CliError::Usage(failure),
        _ => CliError::Environment(failure),
    }
}

fn write_weights(path: &str, imported: &Imported, storage: &ModelFile) -> Result<(), CliError> {
    if !path.ends_with(".safetensors") {
        let message = format!("`--weights {path}`: the file must end with .safetensors");
        return Err(CliError::Usage(Failure::new(Code::E0609, message)));
    }
    let tensors: Vec<(String, Vec<usize>)> =
        imported.weights.iter().map(|weight| (weight.key.clone(), weight.shape.clone())).collect();
    let mut failed = None;
    write::file(path, |mut target| {
        safetensors::write(&mut target, path, &tensors, |index| {
            let weight = &imported.weights[index];
            weight.values(storage).unwrap_or_else(|failure| {
                failed.get_or_insert(failure);
                ndarray::ArrayD::zeros(weight.shape.clone())
            })
        })?;
        match failed {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    })
}

/// Parses `NAME=NxCxHxW`.
fn extents(text: &str) -> Result<(String, Vec<u64>), CliError> {
    let parsed = text.rsplit_once('=').and_then(|(name, dims)| {
        let dims: Option<Vec<u64>> =
            dims.split('x').map(|dim| dim.parse().ok().filter(|&dim| dim > 0)).collect();
        Some((name.to_owned(), dims?))
    });
    parsed.ok_or_else(|| {
        let failure = Failure::new(Code::E0205, format!("`--input {text}` states no extents"));
        CliError::Usage(failure.help("write `--input NAME=1x3x224x224`, batch first"))
    })
}

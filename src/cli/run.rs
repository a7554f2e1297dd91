//! `cnnc run`: executes a network on pictures or arrays.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use ndarray::ArrayD;

use crate::analysis::Checked;
use crate::base::{counted, safe};
use crate::diag::{Code, Failure};
use crate::driver::{Loader, MAX_SOURCE_BYTES, Session};
use crate::lower::KernelPolicy;
use crate::model::{Labels, Model, ModelSettings, OutputValues, UnknownValue};
use crate::tensor::Shape;

use super::files::FileLoader;
use super::inputs::{Inputs, Layout, Pictures};
use super::parameters::{Parameters, Target};
use super::precision::Asked;
use super::predictions::{self, Format};
use super::run_outputs::{OutputFile, Shows};
use super::source::Source;
use super::{CliError, CliResult, machine, memory, output, words};

/// How many of the largest elements are shown where `--top` does not say.
const TOP: usize = 5;

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Pictures are .png, .jpg or .npy files, folders of them, or patterns with `*` and `?`.\n\nExamples:\n  cnnc run examples/digits/lenet5.cnn examples/digits/samples --top 3 \\\n    --weights examples/digits/lenet5.safetensors\n  cnnc run -e 'input 32x32x1; avgpool global' --input examples/digits/samples/7.png"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// Pictures or .npy arrays, as with --input
    #[arg(value_name = "PICTURE")]
    pictures: Vec<String>,
    #[command(flatten)]
    parameters: Parameters,
    /// A picture or .npy array; repeatable
    #[arg(long, value_name = "[NAME=]PATH")]
    input: Vec<String>,
    /// Writes an output as .npy or .png, or all as .npz; repeatable
    #[arg(long, value_name = "[NAME=]FILE")]
    output: Vec<String>,
    /// What the pixels of a .png show
    #[arg(long = "as", value_enum, requires = "output", value_name = "MEANING")]
    shows: Option<Shows>,
    /// Writes named values as .npy files into a folder
    #[arg(long, num_args = 2, value_names = ["NAME,…", "DIR"])]
    dump: Vec<String>,
    /// Shows the K largest elements of a vector
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), value_name = "K")]
    top: Option<u32>,
    /// The form of the output
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// Threads; the processors of the machine where not given
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024), value_name = "N")]
    threads: Option<u16>,
    /// Pictures at once
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..), value_name = "N")]
    batch: u16,
    /// The most bytes that the run may take, such as 2GiB
    #[arg(long, value_parser = memory::parse, value_name = "BYTES")]
    max_memory: Option<u128>,
    /// The order of the axes of arrays
    #[arg(long, value_enum, default_value_t, value_name = "ORDER")]
    layout: Layout,
    /// Convolutions multiply as they are defined: no algorithm that rounds more
    #[arg(long)]
    exact: bool,
    /// The precision of products, in PyTorch's words
    #[arg(long, value_enum, default_value_t, value_name = "PRECISION")]
    precision: Asked,
}

pub(super) fn run(arguments: &Arguments) -> CliResult {
    arguments.source.compile(|session, network| execute(arguments, session, network))
}

fn execute(arguments: &Arguments, session: &Session, network: &Checked) -> CliResult {
    let dumped: Vec<String> =
        arguments.dump.first().map_or(Vec::new(), |names| names.split(',').map(str::to_owned).collect());
    let files = OutputFile::all(network, &arguments.output, arguments.shows)?;
    check_top(arguments, network)?;
    let labels = labels(network, &arguments.source)?;
    let settings = ModelSettings {
        batch: 1,
        threads: machine::threads(arguments.threads),
        isa: machine::isa()?,
        policy: if arguments.exact { KernelPolicy::NoWinograd } else { KernelPolicy::Fastest },
        precision: arguments.precision.into(),
        also: dumped.clone(),
    };
    // A network that does not fit into memory even for one picture is refused before any file is opened.
    let one = Model::plan(network, settings.clone()).map_err(unknown_value)?;
    memory::check(one.memory(), arguments.max_memory)?;
    let weights = arguments.parameters.weights(Target { session, source: &arguments.source, network })?;
    let named: Vec<String> = arguments.input.iter().chain(&arguments.pictures).cloned().collect();
    let inputs = Inputs::find(one.inputs(), &named, arguments.layout)?;
    for file in &files {
        file.check_pictures(inputs.pictures())?;
    }
    let batch = usize::from(arguments.batch).min(inputs.pictures());
    let planned = Model::plan(network, ModelSettings { batch, ..settings }).map_err(unknown_value)?;
    memory::check(planned.memory().saturating_add(inputs.bytes()), arguments.max_memory)?;
    let pictures = inputs.read()?;
    let mut model = planned.load(weights).map_err(CliError::Environment)?;
    let results = run_all(&mut model, &pictures)?;
    // The outputs of the network come first; the values that only `--dump` wants follow.
    let own = &results[..model.outputs().iter().filter(|output| output.of_network).count()];
    for file in &files {
        file.write(own, arguments.layout)?;
    }
    if let [_, folder] = arguments.dump.as_slice() {
        std::fs::create_dir_all(folder).map_err(|error| {
            let message = format!("cannot make the folder `{folder}`: {error}");
            CliError::Environment(Failure::new(Code::E0609, message))
        })?;
        for name in &dumped {
            OutputFile::array(name, format!("{folder}/{name}.npy")).write(&results, arguments.layout)?;
        }
    }
    let top = arguments.top.map_or(TOP, |top| top as usize);
    let name = network.graph().name();
    output::print(&predictions::text(arguments.format, name, own, &pictures.names, top, labels.as_ref())?)?;
    own.iter().for_each(warn_of_nonfinite);
    Ok(())
}

/// Refuses `--top` for a network none of whose outputs has classes.
fn check_top(arguments: &Arguments, network: &Checked) -> CliResult {
    let graph = network.graph();
    let shapes = graph.outputs().iter().filter(|output| !output.train_only);
    let shapes: Vec<Shape> = shapes.map(|output| graph.node(output.node).shape).collect();
    let is_map =
        |shape: &Shape| matches!(shape, Shape::Map { height, width, .. } if (*height, *width) != (1, 1));
    match shapes.first() {
        Some(first) if arguments.top.is_some() && shapes.iter().all(is_map) => {
            let failure =
                Failure::new(Code::E0206, format!("`--top` wants classes, and the output is {first}"));
            Err(CliError::Usage(failure.help("end the network with `flatten` or `avgpool global`")))
        }
        _ => Ok(()),
    }
}

fn unknown_value(error: UnknownValue) -> CliError {
    let failure = Failure::new(Code::E0611, format!("there is no value `{}` to dump", error.name))
        .help("`cnnc report` lists the rows");
    CliError::Usage(words::with_suggestion(failure, error.near))
}

/// The labels of the classes, one a line.
fn labels(network: &Checked, source: &Source) -> Result<Option<Labels>, CliError> {
    let Some(path) = Labels::path(network).map_err(CliError::Environment)? else { return Ok(None) };
    let full = format!("{}{path}", source.folder());
    let failed = |why: String| CliError::Environment(Failure::new(Code::E0608, why));
    let is_model = source.file.as_deref().is_some_and(super::import::is_model);
    let bytes = match FileLoader.read_within(&source.folder(), &full) {
        Ok(bytes) => bytes,
        // A model travels without the file that its metadata names.
        Err(error) if is_model && error.kind() == std::io::ErrorKind::NotFound => {
            output::error(&format!(
                "note: the model names its labels `{}`, which are not there\n",
                safe::line(&full)
            ));
            return Ok(None);
        }
        Err(error) => return Err(failed(format!("cannot read the labels `{full}`: {error}"))),
    };
    if bytes.len() > MAX_SOURCE_BYTES {
        return Err(failed(format!("the labels `{full}` have more than {MAX_SOURCE_BYTES} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|_| failed(format!("the labels `{full}` are not UTF-8")))?;
    Labels::parse(network, &full, &text).map(Some).map_err(CliError::Environment)
}

/// Runs all pictures, with a progress bar on a terminal once it takes a second.
fn run_all(model: &mut Model, pictures: &Pictures) -> Result<Vec<OutputValues>, CliError> {
    let bar =
        std::io::stderr().is_terminal().then(|| indicatif::ProgressBar::new(pictures.names.len() as u64));
    let started = Instant::now();
    let arrays: Vec<(&str, &ArrayD<f32>)> =
        pictures.arrays.iter().map(|(name, array)| (name.as_str(), array)).collect();
    let results = model.run_with(&arrays, |done| {
        if let Some(bar) = bar.as_ref().filter(|_| started.elapsed() > Duration::from_secs(1)) {
            bar.set_position(done as u64);
        }
    });
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    results.map_err(|error| CliError::Environment(Failure::new(Code::E0606, error.to_string())))
}

/// Warns about NaN and infinities, which mostly come from weights of another network or inputs that were not
/// normalised.
fn warn_of_nonfinite(output: &OutputValues) {
    let count = output.nonfinite();
    if count > 0 {
        let (count, of) = (counted(count as u64, "element"), output.values.len());
        output::error(&format!(
            "warning: `{}` has {count} of {of} that are NaN or infinite\n  = help: look at the weights and at \
             `mean` and `std` of the input; `--dump` writes the values of a row\n",
            output.name
        ));
    }
}

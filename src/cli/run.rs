//! `cnnc run`: executes a network on pictures or arrays.

use std::io::IsTerminal;
use std::time::Duration;

use ndarray::{ArrayD, Axis, IxDyn, Slice};
use schemars::JsonSchema;
use serde::Serialize;

use crate::analysis::Checked;
use crate::diag::{Code, Failure};
use crate::driver::Loader;
use crate::exec::Executor;
use crate::ir::NodeId;
use crate::lower::{self, Accuracy, lower};
use crate::tensor::Shape;
use crate::weights::{npy, npz};

use super::inputs::{self, Inputs, Layout};
use super::parameters::Parameters;
use super::source::Source;
use super::{Done, Stop, files, machine, memory, output, words, write};

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cnnc run examples/digits/lenet5.cnn --top 3 \\\n    --weights examples/digits/lenet5.safetensors --input examples/digits/samples/7.png\n  cnnc run -e 'input 32x32x1; avgpool global' --input examples/digits/samples/7.png"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    parameters: Parameters,
    /// A picture or .npy array; repeatable
    #[arg(long, value_name = "[NAME=]PATH")]
    input: Vec<String>,
    /// Writes an output as .npy, or all as .npz; repeatable
    #[arg(long, value_name = "[NAME=]FILE")]
    output: Vec<String>,
    /// Writes named values as .npy files into a folder
    #[arg(long, num_args = 2, value_names = ["NAME,…", "DIR"])]
    dump: Vec<String>,
    /// Shows the K largest elements of a vector
    #[arg(long, value_name = "K")]
    top: Option<usize>,
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
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// For machines
    Json,
}

/// The JSON of `cnnc run`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RunReport {
    /// The version of this structure.
    pub schema_version: u32,
    /// The network's name.
    pub network: String,
    /// The outputs that are run.
    pub outputs: Vec<OutputView>,
}

/// An output of a run.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct OutputView {
    /// `out`, or the name of an `aux`.
    pub name: String,
    /// `[h, w, c]` or `[n]`.
    pub shape: Vec<u64>,
    /// The pictures in order.
    pub pictures: Vec<PictureView>,
}

/// An output of one picture.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PictureView {
    /// The file, with an index where it holds several.
    pub input: String,
    /// The largest elements; empty for maps.
    pub top: Vec<TopView>,
}

/// One of the largest elements.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TopView {
    /// Its position.
    pub index: usize,
    /// Its line of the labels.
    pub label: Option<String>,
    /// Its value; a string where it is NaN or infinite.
    pub score: Score,
}

/// A value; JSON has no NaN.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Score {
    /// A finite number.
    Finite(f32),
    /// `NaN`, `inf` or `-inf`.
    Other(String),
}

pub(super) fn run(arguments: &Arguments) -> Done {
    arguments.source.compile(|_, checked| execute(arguments, checked))
}

fn execute(arguments: &Arguments, checked: &Checked) -> Done {
    let kept = kept_values(checked, &arguments.dump)?;
    let outputs = output_files(checked, &arguments.output)?;
    let labels = labels(checked, &arguments.source)?;
    let mut values = arguments.parameters.values(checked.graph())?;
    let (threads, isa) = (machine::threads(arguments.threads), machine::isa()?);
    let accuracy = if arguments.exact { Accuracy::Direct } else { Accuracy::Fast };
    let plan = |batch| {
        let settings = lower::Settings { batch, accuracy, outputs: kept.clone() };
        let plan = lower(checked.graph(), &settings);
        memory::check(plan.bytes(threads), arguments.max_memory).map(|()| plan)
    };
    // What is too large for one picture is refused before pictures are read.
    plan(1)?;
    let inputs = inputs::read(checked.graph(), &arguments.input, arguments.layout)?;
    let batch = usize::from(arguments.batch).min(inputs.names.len());
    let plan = plan(batch)?;
    let executor = Executor::load_for(isa, plan, threads, |recipe| values.constant(checked.graph(), recipe));
    let mut executor = executor.map_err(Stop::Environment)?;
    let results = run_all(&mut executor, &inputs, batch)?;
    // The outputs stand before what is kept for dumps only.
    let is_output = |name: &str| checked.graph().outputs().iter().any(|output| output.name == name);
    let own = kept.iter().take_while(|(name, _)| is_output(name)).count();
    for (target, path) in &outputs {
        write_output(target.as_deref(), path, &kept[..own], &results[..own], arguments.layout)?;
    }
    if let [names, folder] = arguments.dump.as_slice() {
        std::fs::create_dir_all(folder).map_err(|error| {
            Stop::Environment(Failure::new(
                Code::E0609,
                format!("cannot make the folder `{folder}`: {error}"),
            ))
        })?;
        for name in names.split(',') {
            write_output(Some(name), &format!("{folder}/{name}.npy"), &kept, &results, arguments.layout)?;
        }
    }
    let views = kept[..own]
        .iter()
        .zip(&results)
        .map(|(kept, values)| view(checked, kept, values, &inputs, labels.as_deref(), arguments))
        .collect::<Vec<_>>();
    match arguments.format {
        Format::Json => output::print(&output::json(&RunReport {
            schema_version: 1,
            network: checked.graph().name().to_owned(),
            outputs: views,
        })?),
        Format::Text => output::print(&text(&views, &results[..own])),
    }
}

/// The outputs that are run, then the values to be dumped.
fn kept_values(checked: &Checked, dump: &[String]) -> Result<Vec<(String, NodeId)>, Stop> {
    let graph = checked.graph();
    let outputs = graph.outputs().iter().filter(|output| !output.train_only);
    let mut kept: Vec<(String, NodeId)> = outputs.map(|output| (output.name.clone(), output.node)).collect();
    let Some(names) = dump.first() else { return Ok(kept) };
    for name in names.split(',') {
        if kept.iter().any(|(known, _)| known == name) {
            continue;
        }
        match graph.value(name) {
            Some(id) if !graph.node(id).train_only => kept.push((name.to_owned(), id)),
            _ => {
                let failure = Failure::new(Code::E0611, format!("there is no value `{name}` to dump"))
                    .help("`cnnc report` lists the rows");
                let known = graph
                    .nodes()
                    .map(|(_, node)| node.path.as_str())
                    .chain(graph.values().keys().map(String::as_str));
                return Err(Stop::Usage(words::suggest(failure, name, known)));
            }
        }
    }
    Ok(kept)
}

/// `--output [NAME=]FILE`: the output (`None` for all, in an `.npz`) and the file.
fn output_files(checked: &Checked, arguments: &[String]) -> Result<Vec<(Option<String>, String)>, Stop> {
    let known: Vec<&str> = checked
        .graph()
        .outputs()
        .iter()
        .filter(|output| !output.train_only)
        .map(|output| output.name.as_str())
        .collect();
    let one = |argument: &String| {
        let (name, path) = match argument.split_once('=') {
            Some((name, path)) if known.contains(&name) => (Some(name), path),
            _ => (None, argument.as_str()),
        };
        match (name, path.ends_with(".npz"), path.ends_with(".npy")) {
            (None, true, _) => Ok((None, path.to_owned())),
            (_, false, true) => Ok((Some(name.unwrap_or("out").to_owned()), path.to_owned())),
            _ => Err(Stop::Usage(
                Failure::new(
                    Code::E0609,
                    format!("`--output {argument}`: the file must end with .npy or .npz"),
                )
                .note("one output is written as .npy, all of them by name as .npz"),
            )),
        }
    };
    arguments.iter().map(one).collect()
}

/// The labels of the classes, one a line.
fn labels(checked: &Checked, source: &Source) -> Result<Option<Vec<String>>, Stop> {
    let Some(path) = checked.graph().labels() else { return Ok(None) };
    let leaves = |part: &str| part.is_empty() || part == ".." || part.contains(['\\', ':']);
    if path.split('/').any(leaves) {
        return Err(Stop::Environment(Failure::new(
            Code::E0608,
            format!("the labels `{path}` must lie in or below the folder of the source"),
        )));
    }
    let full = format!("{}{path}", source.folder());
    let bytes = files::FileLoader.read_within(&source.folder(), &full).map_err(|error| {
        Stop::Environment(Failure::new(Code::E0608, format!("cannot read the labels `{full}`: {error}")))
    })?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Stop::Environment(Failure::new(Code::E0608, format!("the labels `{full}` are not UTF-8")))
    })?;
    let labels: Vec<String> = text.lines().map(str::to_owned).collect();
    let out = checked.graph().outputs().first().map(|output| checked.graph().node(output.node).shape);
    if let Some(Shape::Vector(classes)) = out
        && labels.len() as u64 != classes
    {
        return Err(Stop::Environment(Failure::new(
            Code::E0608,
            format!("the labels `{full}` have {} lines, the output has {classes} classes", labels.len()),
        )));
    }
    Ok(Some(labels))
}

fn run_all(executor: &mut Executor, inputs: &Inputs, batch: usize) -> Result<Vec<ArrayD<f32>>, Stop> {
    let pictures = inputs.names.len();
    let bar = (std::io::stderr().is_terminal()).then(|| indicatif::ProgressBar::new(pictures as u64));
    let started = std::time::Instant::now();
    let mut results: Vec<ArrayD<f32>> = Vec::new();
    for first in (0..pictures).step_by(batch) {
        let count = batch.min(pictures - first);
        let arrays = inputs.batch(first, batch);
        let named: Vec<(&str, &ArrayD<f32>)> = arrays.iter().map(|(name, array)| (*name, array)).collect();
        let part = executor
            .run(&named)
            .map_err(|error| Stop::Environment(Failure::new(Code::E0606, error.to_string())))?;
        if results.is_empty() {
            results = part
                .iter()
                .map(|one| {
                    let mut shape = one.shape().to_vec();
                    shape[0] = pictures;
                    ArrayD::zeros(IxDyn(&shape))
                })
                .collect();
        }
        for (all, one) in results.iter_mut().zip(part) {
            all.slice_axis_mut(Axis(0), Slice::from(first..first + count))
                .assign(&one.slice_axis(Axis(0), Slice::from(..count)));
        }
        if let Some(bar) = bar.as_ref().filter(|_| started.elapsed() > Duration::from_secs(1)) {
            bar.set_position((first + count) as u64);
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    Ok(results)
}

fn ordered(values: &ArrayD<f32>, layout: Layout) -> ArrayD<f32> {
    if layout == Layout::Nhwc && values.ndim() == 4 {
        values.view().permuted_axes(IxDyn(&[0, 2, 3, 1])).as_standard_layout().into_owned()
    } else {
        values.clone()
    }
}

/// Writes one value as .npy, or all outputs as .npz.
fn write_output(
    name: Option<&str>,
    path: &str,
    kept: &[(String, NodeId)],
    results: &[ArrayD<f32>],
    layout: Layout,
) -> Done {
    match name {
        Some(name) => {
            let Some(index) = kept.iter().position(|(known, _)| known == name) else { return Ok(()) };
            let values = ordered(&results[index], layout);
            write::file(path, |mut file| npy::write_f32(&mut file, values.view(), path))
        }
        None => {
            let all: Vec<ArrayD<f32>> = results.iter().map(|values| ordered(values, layout)).collect();
            let tensors: Vec<(String, Vec<usize>)> = kept
                .iter()
                .zip(&all)
                .map(|((name, _), values)| (name.clone(), values.shape().to_vec()))
                .collect();
            write::file(path, |mut file| npz::write(&mut file, path, &tensors, |index| all[index].clone()))
        }
    }
}

fn view(
    checked: &Checked,
    (name, id): &(String, NodeId),
    values: &ArrayD<f32>,
    inputs: &Inputs,
    labels: Option<&[String]>,
    arguments: &Arguments,
) -> OutputView {
    let shape = checked.graph().node(*id).shape;
    let count = match shape {
        Shape::Vector(_) => arguments.top.unwrap_or(5),
        Shape::Map { .. } => 0,
    };
    let pictures = inputs.names.iter().zip(values.outer_iter()).map(|(input, picture)| {
        let mut order: Vec<(usize, f32)> = picture.iter().copied().enumerate().collect();
        if count > 0 {
            // The largest first; of equal ones the first; NaN last.
            let key = |value: f32| if value.is_nan() { f32::NEG_INFINITY } else { value };
            order.sort_by(|a, b| key(b.1).total_cmp(&key(a.1)).then(a.0.cmp(&b.0)));
        }
        let top = order.iter().take(count).map(|&(index, score)| TopView {
            index,
            label: labels.filter(|_| name == "out").and_then(|labels| labels.get(index).cloned()),
            score: if score.is_finite() { Score::Finite(score) } else { Score::Other(score.to_string()) },
        });
        PictureView { input: input.clone(), top: top.collect() }
    });
    OutputView { name: name.clone(), shape: shape.dims(), pictures: pictures.collect() }
}

fn text(views: &[OutputView], results: &[ArrayD<f32>]) -> String {
    let mut text = String::new();
    for (view, values) in views.iter().zip(results) {
        for (picture, numbers) in view.pictures.iter().zip(values.outer_iter()) {
            let title = if views.len() > 1 {
                format!("{}: {}", picture.input, view.name)
            } else {
                picture.input.clone()
            };
            text.push_str(&format!("{title}\n"));
            for top in &picture.top {
                let label = top.label.clone().unwrap_or_else(|| top.index.to_string());
                let score = match &top.score {
                    Score::Finite(score) => format!("{score:>10.6}"),
                    Score::Other(other) => format!("{other:>10}"),
                };
                text.push_str(&format!("  {score}  {label}\n"));
            }
            if picture.top.is_empty() {
                let (least, greatest) =
                    numbers.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(least, greatest), &x| {
                        (least.min(x), greatest.max(x))
                    });
                let mean = numbers.iter().map(|&x| f64::from(x)).sum::<f64>() / numbers.len() as f64;
                let shape = view.shape.iter().map(u64::to_string).collect::<Vec<_>>().join("x");
                text.push_str(&format!("  {shape}: least {least}, mean {mean}, greatest {greatest}\n"));
            }
        }
    }
    text
}

//! `cnnc weights`: the tensors that a network wants; seeded ones; a file checked against the network.

use serde::Serialize;

use crate::analysis::Checked;
use crate::base::grouped;
use crate::diag::{Code, Failure};
use crate::driver::Session;
use crate::ir::{Graph, Node};
use crate::model::{NameMatching, TensorMatching};
use crate::ops::{Parameter, Role};
use crate::weights::{npz, safetensors, seeded};

use super::output::ListFormat;
use super::parameters::{self, MatchBy, Target};
use super::source::Source;
use super::{CliError, CliResult, memory, output, write};

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cnnc weights examples/digits/lenet5.cnn\n  cnnc weights examples/digits/lenet5.cnn --seed 1 --output /tmp/seeded.safetensors"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// Checks a weights file against the network
    #[arg(long, value_name = "FILE", conflicts_with_all = ["seed", "output"])]
    against: Option<String>,
    /// How tensors are matched
    #[arg(long, value_enum, default_value_t, value_name = "HOW", requires = "against")]
    weights_by: MatchBy,
    /// Takes a prefix such as `module.` away from the names of the file
    #[arg(long, value_name = "PREFIX", requires = "against")]
    weights_prefix: Option<String>,
    /// The file may have tensors that the network does not want
    #[arg(long, requires = "against")]
    ignore_unused: bool,
    /// Makes seeded tensors
    #[arg(long, value_name = "N", requires = "output", value_parser = parameters::parse_seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Random statistics of batch normalisation
    #[arg(long, requires = "seed")]
    random_bn: bool,
    /// Where the tensors go: a .safetensors or .npz file
    #[arg(short = 'o', long, value_name = "FILE", requires = "seed")]
    output: Option<String>,
    /// The form of the list
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: ListFormat,
}

/// The JSON of `cnnc weights`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct WeightsReport {
    /// The version of this structure.
    pub schema_version: u32,
    /// The network's name.
    pub network: String,
    /// The tensors in the order of the rows.
    pub tensors: Vec<TensorView>,
}

/// A tensor that the network wants.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct TensorView {
    /// Its key.
    pub name: String,
    /// Its dimensions as stored.
    pub shape: Vec<u64>,
    /// `params`, `frozen` or `state`.
    pub role: String,
    /// Whether it serves training only.
    pub train_only: bool,
}

pub(super) fn run(arguments: &Arguments) -> CliResult {
    arguments.source.compile(|session, checked| weights(arguments, session, checked))
}

fn weights(arguments: &Arguments, session: &Session, checked: &Checked) -> CliResult {
    match (&arguments.against, arguments.seed, &arguments.output) {
        (Some(path), ..) => check_file(arguments, session, checked, path),
        (None, Some(seed), Some(path)) => write_seeded(checked.graph(), seed, arguments.random_bn, path),
        _ => list(checked.graph(), arguments.format),
    }
}

/// Checks that a file of weights fits.
fn check_file(arguments: &Arguments, session: &Session, checked: &Checked, path: &str) -> CliResult {
    let matching = match arguments.weights_by {
        MatchBy::Order => TensorMatching::ByOrder,
        MatchBy::Name => {
            let prefix = arguments.weights_prefix.clone();
            let names = NameMatching { prefix, ignore_unused: arguments.ignore_unused, ..Default::default() };
            TensorMatching::ByName(names, None)
        }
    };
    parameters::open(Target { session, source: &arguments.source, network: checked }, path, matching)?;
    output::print_text(&format!("`{path}` fits `{}`\n", checked.graph().name()))
}

/// The parameters that a file of weights holds, with the nodes that declare them.
fn declared(graph: &Graph) -> impl Iterator<Item = (&Node, &Parameter)> {
    graph.nodes().flat_map(|(_, node)| node.parameters.iter().map(move |parameter| (node, parameter)))
}

fn key(node: &Node, parameter: &Parameter) -> String {
    format!("{}.{}", node.path, parameter.key)
}

/// Writes a file with seeded weights.
fn write_seeded(graph: &Graph, seed: u64, random_bn: bool, path: &str) -> CliResult {
    let parameters: Vec<&Parameter> = declared(graph).map(|(_, parameter)| parameter).collect();
    let tensors: Vec<(String, Vec<usize>)> = declared(graph)
        .map(|(node, parameter)| {
            (key(node, parameter), parameter.shape.iter().map(|&dim| dim as usize).collect())
        })
        .collect();
    // Tensors are made one after another, so the largest one decides; the free memory is read only once.
    let elements = |shape: &[usize]| shape.iter().map(|&dim| dim as u128).product::<u128>();
    if let Some((key, shape)) = tensors.iter().max_by_key(|(_, shape)| elements(shape)) {
        memory::check_tensor(key, elements(shape) * 4)?;
    }
    let value = |index: usize| {
        let (key, shape) = &tensors[index];
        seeded::fill(seed, key, &parameters[index].init, random_bn, shape)
    };
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("safetensors") => {
            write::file(path, |mut file| safetensors::write(&mut file, path, &tensors, value))
        }
        Some("npz") => write::file(path, |mut file| npz::write(&mut file, path, &tensors, value)),
        _ => Err(CliError::Usage(Failure::new(
            Code::E0609,
            format!("`--output {path}`: the file must end with .safetensors or .npz"),
        ))),
    }
}

/// Lists the tensors that the network wants.
fn list(graph: &Graph, format: ListFormat) -> CliResult {
    let tensors: Vec<TensorView> = declared(graph)
        .map(|(node, parameter)| TensorView {
            name: key(node, parameter),
            shape: parameter.shape.clone(),
            role: role(parameter.role).to_owned(),
            train_only: node.train_only,
        })
        .collect();
    if format == ListFormat::Json {
        let network = graph.name().to_owned();
        return output::print(&output::json(&WeightsReport { schema_version: 1, network, tensors })?);
    }
    let width = tensors.iter().map(|tensor| tensor.name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for tensor in &tensors {
        let shape = tensor.shape.iter().map(u64::to_string).collect::<Vec<_>>().join("x");
        let train = if tensor.train_only { "  train only" } else { "" };
        text.push_str(&format!("{:<width$}  {shape:<16}  {}{train}\n", tensor.name, tensor.role));
    }
    let elements =
        tensors.iter().map(|tensor| tensor.shape.iter().map(|&dim| u128::from(dim)).product::<u128>()).sum();
    text.push_str(&format!("{} tensors, {} elements\n", tensors.len(), grouped(elements)));
    output::print_text(&text)
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Trainable => "params",
        Role::Frozen => "frozen",
        Role::State => "state",
    }
}

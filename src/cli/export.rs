//! `cnnc export`: a network in the form that another program reads.

use std::path::Path;

use crate::analysis::Checked;
use crate::base::safe;
use crate::diag::{Code, Failure};
use crate::driver::Session;
use crate::export::onnx::{self, Batch, WeightStorage};
use crate::export::{PytorchOptions, is_class_name, pytorch};
use crate::ir::NodeId;

use super::parameters::{Parameters, Target};
use super::source::Source;
use super::{CliError, CliResult, output, write};

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The PyTorch file needs nothing but torch; its state_dict() has the keys and shapes that `cnnc weights` lists.\nIn the ONNX model nodes are named by their paths, and weights keep their keys; what serves training only is left out.\n\nExamples:\n  cnnc export examples/digits/lenet5.cnn --to pytorch\n  cnnc export zoo:resnet50 --to pytorch --class ResNet50 -o /tmp/resnet50.py\n  cnnc export examples/digits/lenet5.cnn --to onnx --weights examples/digits/lenet5.safetensors -o /tmp/lenet5.onnx\n  cnnc export zoo:resnet18 --to onnx --seed 1 --batch dynamic -o /tmp/resnet18.onnx"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// The form
    #[arg(long, value_enum, value_name = "FORM")]
    to: ExportFormat,
    /// Where it goes; the PyTorch file goes to stdout without it
    #[arg(short = 'o', long = "output", value_name = "FILE", required_if_eq("to", "onnx"))]
    output: Option<String>,
    /// PyTorch: the name of the network's class; made from the network's name where none is given
    #[arg(long, value_name = "NAME")]
    class: Option<String>,
    #[command(flatten)]
    parameters: Parameters,
    /// ONNX: leaves the weights out; they become inputs of the model
    #[arg(long, conflicts_with_all = ["weights", "seed", "external_data"])]
    no_weights: bool,
    /// ONNX: pictures that the model takes at once, a number, or `dynamic` for any number
    #[arg(long, value_name = "N", default_value = "1", value_parser = parse_batch)]
    batch: Batch,
    /// ONNX: the operator set of the model
    #[arg(long, value_name = "VERSION", default_value_t = onnx::DEFAULT_OPSET,
          value_parser = clap::value_parser!(u32).range(i64::from(*onnx::OPSETS.start())..=i64::from(*onnx::OPSETS.end())))]
    opset: u32,
    /// ONNX: writes the weights to FILE.data beside the model, as models above 2 GB always do
    #[arg(long)]
    external_data: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ExportFormat {
    /// A Python file of `nn.Module` classes
    Pytorch,
    /// A model for ONNX Runtime and others, with its weights
    Onnx,
}

fn parse_batch(text: &str) -> Result<Batch, String> {
    match text.parse() {
        _ if text == "dynamic" => Ok(Batch::Dynamic),
        Ok(pictures @ 1..=0x7fff_ffff) => Ok(Batch::Fixed(pictures)),
        _ => Err("a batch is a whole number from 1 to 2147483647, or `dynamic`".to_owned()),
    }
}

pub(super) fn run(arguments: &Arguments) -> CliResult {
    match (arguments.to, &arguments.output) {
        (ExportFormat::Pytorch, _) => to_pytorch(arguments),
        (ExportFormat::Onnx, Some(path)) => {
            arguments.source.compile(|session, checked| to_onnx(arguments, session, checked, path))
        }
        (ExportFormat::Onnx, None) => {
            Err(CliError::Usage(Failure::new(Code::E0609, "an ONNX model needs `-o FILE`".to_owned())))
        }
    }
}

fn to_pytorch(arguments: &Arguments) -> CliResult {
    if let Some(class) = arguments.class.as_deref().filter(|class| !is_class_name(class)) {
        let message = format!("`{class}` cannot be the name of a class in Python");
        let help = "a name has letters, digits and `_`, begins with no digit and is no word of Python";
        return Err(CliError::Usage(Failure::new(Code::E0205, message).help(help)));
    }
    arguments.source.compile(|session, checked| {
        let options = PytorchOptions { class: arguments.class.clone(), docs: docs(session) };
        let text = text(checked, &options)?;
        match &arguments.output {
            Some(path) => write::text(path, &text),
            None => output::print_text(&text),
        }
    })
}

fn text(checked: &Checked, options: &PytorchOptions) -> Result<String, CliError> {
    pytorch(checked.graph(), options).map_err(|reason| {
        let message = format!("the network cannot be said in PyTorch: {reason}");
        output::failure(&Failure::new(Code::E0205, message));
        CliError::Model
    })
}

/// The `##` comments of the blocks and networks, by name.
fn docs(session: &Session) -> std::collections::BTreeMap<String, String> {
    let documented = session.program().visible_items().filter(|item| !item.doc.is_empty());
    documented.filter_map(|item| Some((item.name()?.value.to_string(), item.doc.join("\n")))).collect()
}

/// A line `DIGEST  NAME` for each file of the program, as `sha256sum` prints it in the folder of the first one.
fn digests(session: &Session) -> String {
    let sources = session.sources();
    let folder = sources.name(session.root()).rsplit_once('/').map_or("", |(folder, _)| folder);
    let lines = sources.files().map(|file| {
        let name = sources.name(file);
        let below = name.strip_prefix(folder).map_or(name, |name| name.trim_start_matches('/'));
        let digest = hmac_sha256::Hash::hash(sources.text(file).as_bytes());
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{digest}  {}", safe::line(below))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn to_onnx(arguments: &Arguments, session: &Session, network: &Checked, path: &str) -> CliResult {
    let graph = network.graph();
    let mut model = onnx::model(graph, arguments.batch, arguments.opset);
    model.add_metadata("source.sha256", digests(session));
    if arguments.no_weights {
        let nothing = |_: NodeId, _: usize| {
            Err(Failure::new(Code::E0601, "a model without weights asks for none".to_owned()))
        };
        return write::file(path, |mut file| model.write(&mut file, path, WeightStorage::Nowhere, nothing));
    }
    let mut weights = arguments.parameters.weights(Target { session, source: &arguments.source, network })?;
    let parameter = |node: NodeId, index: usize| weights.parameter(graph, (node, index));
    if !arguments.external_data && model.constant_bytes() <= onnx::MAX_FILE {
        return write::file(path, |mut file| model.write(&mut file, path, WeightStorage::Inside, parameter));
    }
    let beside = format!("{path}.data");
    let name = Path::new(&beside).file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_else(|| beside.clone());
    let mut small = Vec::new();
    write::file(&beside, |mut data| {
        model.write(&mut small, &beside, WeightStorage::Beside(&name, &mut data), parameter)
    })?;
    write::file(path, |file| {
        let written = file.write_all(&small);
        written.map_err(|error| Failure::new(Code::E0609, format!("cannot write `{path}`: {error}")))
    })
}

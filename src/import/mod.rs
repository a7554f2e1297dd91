//! Converts ONNX files to `.cnn` texts, as a person would have written them, and weights.
//!
//! ```text
//! bytes ─ model ─▶ nodes ─ convert (fold, view) ─▶ canonical operators ─ peephole ─▶ network
//!   network ─ regions, order, skips ─▶ statements ─ scopes, chains, naming, references ─▶ tree
//!   tree ─ policies, optional, blocks ─▶ text ─ check
//! ```
//!
//! A model is either expressed exactly or refused, with every node that the language cannot express. The passes after
//! `network` decide only how the text looks: the self-check compiles the text and compares its graph with the model,
//! and if they differ, the plain text is used instead. Reading executes nothing.

mod blocks;
mod chains;
mod check;
mod contents;
mod convert;
mod counts;
mod fold;
mod model;
mod naming;
mod network;
mod op;
mod optional;
mod order;
mod outputs;
mod own_inputs;
mod peephole;
mod policies;
mod preprocessing;
mod print;
mod references;
mod refusal;
mod regions;
mod repeats;
mod scopes;
mod sequences;
mod sharing;
mod skips;
mod spell;
mod stream;
mod tensor;
mod tokens;
mod tree;
mod unify;
mod units;
mod values;
mod view;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Seek};

use ndarray::{ArrayD, IxDyn};

use crate::diag::{Advice, Code, Failure};
use crate::driver::limits;

use model::{Dim, Model};
use network::Network;
use refusal::{Refusal, Refusals, shown};
use tensor::Tensor;
use tree::Tree;
use values::Unavailable;

pub use contents::{Contents, read_all};
pub use tensor::Storage;

/// The oldest version of the standard operators that is read.
const OLDEST_OPSET: i64 = 6;

/// The options of an import.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// The name of the network.
    pub name: String,
    /// Writes one statement for each operator: no blocks, no groups.
    pub flat: bool,
    /// The extents of inputs that the model leaves open: by name, the batch first.
    pub inputs: Vec<(String, Vec<u64>)>,
    /// The values or nodes at which the network ends; empty for all outputs of the model.
    pub outputs: Vec<String>,
}

/// An imported model.
pub struct Imported {
    /// The text of one network, in canonical form.
    pub text: String,
    /// Its tensors.
    pub weights: Vec<Weight>,
    /// Facts that the user should know, one line each.
    pub notes: Vec<String>,
}

/// A tensor of an imported model.
pub struct Weight {
    /// The key that the network knows it by.
    pub key: String,
    /// Its extents.
    pub shape: Vec<usize>,
    tensor: Tensor,
}

impl Weight {
    /// Reads or computes the values.
    ///
    /// # Errors
    /// E0802 if the file cannot be read; E0803 if the model holds no values.
    pub fn values(&self, storage: &dyn Storage) -> Result<ArrayD<f32>, Failure> {
        let values = self.tensor.reals(storage).map_err(|unavailable| match unavailable {
            Unavailable::Absent => {
                Failure::new(Code::E0803, format!("the model holds no values for `{}`", self.key))
            }
            Unavailable::Unreadable(why) | Unavailable::Unsupported(why) => {
                Failure::new(Code::E0802, format!("`{}` cannot be read: {}", self.key, shown(&why)))
            }
        })?;
        let values: Vec<f32> = values.into_iter().map(|value| value as f32).collect();
        ArrayD::from_shape_vec(IxDyn(&self.shape), values)
            .map_err(|error| Failure::new(Code::E0802, format!("`{}`: {error}", self.key)))
    }

    /// Returns whether the model has no values for the tensor.
    pub fn is_absent(&self) -> bool {
        self.tensor.is_absent()
    }
}

/// Imports the model that `reader` reads; messages call it `name`.
///
/// # Errors
/// E0801 if the language cannot express what the model computes, with every node that prevents it; E0802 if the file is
/// not an ONNX model or cannot be read.
pub fn import<R: Read + Seek>(
    reader: R,
    name: &str,
    options: &ImportOptions,
    storage: &dyn Storage,
) -> Result<Imported, Failure> {
    let model = Model::read(reader).map_err(|error| unreadable(name, &error))?;
    let mut network = network_of(&model, name, options, storage)?;
    peephole::simplify(&mut network, storage);
    sharing::find(&mut network, model.is_ours());
    preprocessing::read(&model, &mut network);
    refuse_leftovers(&model, &network, name)?;
    let proven = write_down(&mut network, options).map_err(|why| wrong_text(name, &why))?;
    let weights = weights_of(&network, &proven.paths);
    network.notes.extend(folded_norms(&network));
    Ok(Imported { text: proven.text, weights, notes: network.notes })
}

/// Writes a network as text: with blocks, or without if the self-check fails; with shared weights, or with a copy for
/// each use if the language cannot express the sharing. Notes say which of these failed.
///
/// # Errors
/// The first difference, if every text fails the self-check.
fn write_down(network: &mut Network, options: &ImportOptions) -> Result<check::Proven, String> {
    let attempt = |network: &Network, flat: bool| {
        let written = Written::of(network, &options.name, flat, params_of(network));
        check::check(network, &written.order, &written.text)
    };
    let attempts = |network: &mut Network| {
        let why = match attempt(network, options.flat) {
            Ok(proven) => return Ok(proven),
            Err(why) if options.flat => return Err(why),
            Err(why) => why,
        };
        let proven = attempt(network, true)?;
        let note = format!("the text is written plainly, since its blocks differ from the model: {why}");
        network.notes.push(note);
        Ok(proven)
    };
    if !network.shared.is_empty() {
        if let Ok(proven) = attempt(network, options.flat) {
            return Ok(proven);
        }
        // Each operator is a statement of its own with a name: what follows it need not be repeated.
        network.names_owners = true;
        let sharing: Vec<usize> = network.shared.iter().flat_map(|(user, owner)| [*user, *owner]).collect();
        network.trailing.extend(sharing.into_iter().map(|op| (op, 0)));
    }
    let mut outcome = attempts(network);
    if outcome.is_err() && !network.shared.is_empty() {
        let uses = std::mem::take(&mut network.shared).len();
        network.trailing.clear();
        network.notes.push(format!(
            "the model computes {uses} times with the weights of an earlier operator, which the text cannot say: \
             each of these has weights of its own"
        ));
        outcome = attempts(network);
    }
    outcome
}

/// A text, and its operators in the order of the text.
struct Written {
    text: String,
    order: Vec<usize>,
}

impl Written {
    fn of(network: &Network, name: &str, flat: bool, params: Option<u64>) -> Written {
        let mut tree = Tree::new(network);
        let regions = if flat { regions::single(network) } else { regions::reduce(network) };
        let mut statements = order::arrange(&tree, regions);
        if !flat {
            statements = skips::unfold(&tree, statements, None, false);
            regions::shortcuts(&mut statements, network);
            statements = if tree.keys.iter().all(Option::is_none) {
                scopes::nameless(&mut tree, statements)
            } else {
                scopes::group(&mut tree, statements, &[])
            };
            statements = chains::unfold(&mut tree, statements);
            statements = outputs::lift(&mut tree, statements);
            own_inputs::name(&mut tree, &mut statements);
        }
        tree.root = statements;
        if !flat {
            policies::project(&mut tree);
        }
        naming::name(&mut tree);
        references::name(&mut tree);
        let order = check::text_order(&tree);
        spell::spell(&mut tree);
        if !flat {
            blocks::squeezes(&mut tree);
            policies::share(&mut tree);
            counts::find(&mut tree);
            optional::merge(&mut tree);
            blocks::mine(&mut tree);
            blocks::singles(&mut tree);
            blocks::number(&mut tree);
            blocks::automatic_names(&mut tree);
        }
        Written { text: print::print(&tree, &print::network_name(name), params), order }
    }
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    let failure = Failure::new(Code::E0802, format!("`{}` is no readable ONNX model: {error}", shown(name)));
    failure.advise(Advice::WriteOnnx)
}

fn wrong_text(name: &str, why: &str) -> Failure {
    let message = format!("`{}`: the text of the import is not the model: {why}", shown(name));
    Failure::new(Code::E0804, message).help("please report this with the file")
}

/// The nodes that lead to the outputs, in the order of the file, and the names of the output values.
fn needed(model: &Model, outputs: &[String]) -> Result<(Vec<usize>, Vec<String>), String> {
    let mut makers: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, node) in model.nodes.iter().enumerate() {
        for output in node.outputs.iter().filter(|output| !output.is_empty()) {
            makers.entry(output).or_insert(index);
        }
    }
    let mut wanted = Vec::new();
    for output in outputs {
        let of_node = || model.nodes.iter().find(|node| node.name == *output && !output.is_empty());
        match (makers.contains_key(output.as_str()), of_node()) {
            (true, _) => wanted.push(output.clone()),
            (false, Some(node)) => wanted.extend(node.outputs.first().cloned()),
            (false, None) if model.inputs.iter().any(|input| input.name == *output) => {
                wanted.push(output.clone())
            }
            (false, None) => return Err(output.clone()),
        }
    }
    // An output that is listed twice is one.
    let mut listed = BTreeSet::new();
    wanted.retain(|output: &String| listed.insert(output.clone()));
    let mut seen = vec![false; model.nodes.len()];
    let mut todo: Vec<&str> = wanted.iter().map(String::as_str).collect();
    while let Some(name) = todo.pop() {
        if let Some(&index) = makers.get(name)
            && !seen[index]
        {
            seen[index] = true;
            todo.extend(model.nodes[index].inputs.iter().map(String::as_str));
        }
    }
    Ok(((0..model.nodes.len()).filter(|&index| seen[index]).collect(), wanted))
}

/// Converts the model to a network, or refuses it.
fn network_of(
    model: &Model,
    name: &str,
    options: &ImportOptions,
    storage: &dyn Storage,
) -> Result<Network, Failure> {
    let refuse = |message: String| Failure::new(Code::E0801, message);
    match model.opset {
        Some(version) if version < OLDEST_OPSET => {
            return Err(refuse(format!("`{name}` speaks operators of version {version}"))
                .note(format!("versions from {OLDEST_OPSET} on are read"))
                .help("`onnx.version_converter.convert_version` makes a newer one"));
        }
        Some(_) => {}
        None => {
            return Err(refuse(format!("`{name}` does not say which version of ONNX's operators it speaks")));
        }
    }
    let outputs: Vec<String> = match options.outputs.as_slice() {
        [] => model.outputs.iter().map(|output| output.name.clone()).collect(),
        outputs => outputs.to_vec(),
    };
    if outputs.is_empty() {
        return Err(refuse(format!("`{name}` has no output")));
    }
    let (nodes, outputs) = needed(model, &outputs).map_err(|output| {
        let names = model.nodes.iter().flat_map(|node| node.outputs.iter().chain([&node.name]));
        let near = crate::base::did_you_mean(&output, names.map(String::as_str));
        let failure =
            Failure::new(Code::E0611, format!("`{name}` has no value or node `{}`", shown(&output)));
        match near {
            Some(near) => failure.help(crate::base::meant(near)),
            None => failure,
        }
    })?;
    let mut model_inputs = Vec::new();
    for input in inputs_of(model, &nodes, &outputs) {
        let dims = extents(input, options).map_err(|open| {
            let stated: Vec<String> =
                open.iter().map(|dim| if dim.is_empty() { "?".into() } else { shown(dim) }).collect();
            let input = shown(&input.name);
            Failure::new(
                Code::E0805,
                format!("the extents of the input `{input}` are open: {}", stated.join("x")),
            )
            .advise(Advice::StateExtents { input })
        })?;
        model_inputs.push((input.name.clone(), dims));
    }
    let converted = convert::convert(model, &nodes, &model_inputs, &outputs, storage);
    if let Some(why) = converted.unreadable {
        return Err(Failure::new(Code::E0802, format!("`{}` cannot be read: {}", shown(name), shown(&why))));
    }
    if !converted.refusals.all.is_empty() {
        return Err(converted.refusals.failure(name));
    }
    Ok(converted.network)
}

/// The inputs that nodes use and that are not weights.
fn inputs_of<'m>(model: &'m Model, nodes: &[usize], outputs: &[String]) -> Vec<&'m model::Port> {
    let used: BTreeSet<&str> = nodes
        .iter()
        .flat_map(|&index| model.nodes[index].inputs.iter())
        .chain(outputs)
        .map(String::as_str)
        .collect();
    let inputs = model.inputs.iter().filter(|input| !model.initialisers.contains_key(&input.name));
    inputs.filter(|input| used.contains(input.name.as_str())).collect()
}

/// The extents of an input; an open batch is 1.
fn extents(input: &model::Port, options: &ImportOptions) -> Result<Vec<u64>, Vec<String>> {
    if let Some((_, dims)) = options.inputs.iter().find(|(name, _)| *name == input.name) {
        return Ok(dims.clone());
    }
    let dims = input.dims.clone().unwrap_or_default();
    if dims.is_empty() {
        return Err(vec![String::new()]);
    }
    let extent = |(axis, dim): (usize, &Dim)| match dim {
        Dim::Fixed(extent) => Some(*extent),
        Dim::Open(_) if axis == 0 => Some(1),
        Dim::Open(_) => None,
    };
    dims.iter().enumerate().map(extent).collect::<Option<Vec<u64>>>().ok_or_else(|| {
        dims.iter()
            .map(|dim| match dim {
                Dim::Fixed(extent) => extent.to_string(),
                Dim::Open(name) => name.clone(),
            })
            .collect()
    })
}

/// Refuses operators that only a peephole rule could have replaced.
fn refuse_leftovers(model: &Model, network: &Network, name: &str) -> Result<(), Failure> {
    let nodes = network.ops.len() + network.inputs.len();
    if nodes > limits::NODES {
        let message =
            format!("`{name}` becomes a network of {nodes} nodes: the language allows {}", limits::NODES);
        return Err(Failure::new(Code::E0801, message));
    }
    let mut refusals = Refusals { nodes: model.nodes.len(), ..Refusals::default() };
    for op in &network.ops {
        let shapes = network.operand_shapes(op);
        let inferred = if op.inputs.len() > limits::OPERANDS {
            Err(format!("it has {} operands, more than {}", op.inputs.len(), limits::OPERANDS))
        } else if op.is_join() {
            let text: Vec<String> = shapes.iter().map(ToString::to_string).collect();
            let refusal = || format!("the language has no form `{}` of {}", op.word, text.join(" and "));
            op::is_form(op.word, &shapes).then_some(()).ok_or_else(refusal)
        } else {
            op.infer(&shapes).and_then(|(_, parameters)| convert::check_tensors(op, &parameters))
        };
        let used_by_split = op.word == "slice";
        if let Err(reason) = inferred
            && !used_by_split
        {
            let node = model.nodes.get(op.node);
            refusals.all.push(Refusal {
                kind: node.map_or_else(|| op.word.to_owned(), |node| node.kind.clone()),
                node: node.map_or_else(String::new, |node| node.label().to_owned()),
                reason,
            });
        }
    }
    if refusals.all.is_empty() { Ok(()) } else { Err(refusals.failure(name)) }
}

/// The number of trainable elements.
fn params_of(network: &Network) -> Option<u64> {
    let is_owner =
        |(index, op): &(usize, &op::Op)| !network.shared.contains_key(index) && !op.has_flag("fixed");
    let owners = network.ops.iter().enumerate().filter(is_owner);
    let tensors = owners.flat_map(|(_, op)| &op.tensors);
    let trainable = tensors.filter(|(suffix, _)| !suffix.starts_with("running_"));
    trainable.map(|(_, tensor)| tensor.elements()).try_fold(0u64, u64::checked_add)
}

fn weights_of(network: &Network, paths: &BTreeMap<usize, String>) -> Vec<Weight> {
    let mut weights = Vec::new();
    for (&index, path) in paths {
        let op = &network.ops[index];
        for (suffix, tensor) in &op.tensors {
            // The path of a `scale` with one tensor is the name of that tensor.
            let bare = op.tensors.len() == 1 && op.word == "scale" && tensor.origin() == Some(path);
            let key = if bare { path.clone() } else { format!("{path}.{suffix}") };
            let shape = tensor.dims().iter().map(|&dim| dim as usize).collect();
            weights.push(Weight { key, shape, tensor: tensor.clone() });
        }
    }
    weights
}

/// A note that batch normalisation seems to be folded into convolutions.
fn folded_norms(network: &Network) -> Option<String> {
    let convolutions = network.ops.iter().filter(|op| matches!(op.word, "conv" | "dwconv"));
    let folded = convolutions
        .filter(|op| {
            let made_up = |tensor: &Tensor| tensor.origin().is_some_and(|name| name.starts_with("onnx::"));
            op.tensor("weight").is_some_and(made_up)
        })
        .count();
    let kept = network.ops.iter().any(|op| op.word == "bn");
    (folded > 0 && !kept).then(|| {
        format!(
            "the model has its batch normalisation folded into {folded} convolutions; export with \
             `do_constant_folding=False, training=TrainingMode.EVAL` to keep it"
        )
    })
}

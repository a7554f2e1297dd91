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
mod selection;
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
mod written;

use std::collections::BTreeMap;
use std::io::{self, Read, Seek};

use ndarray::{ArrayD, IxDyn};

use crate::diag::{Advice, Code, Failure};
use crate::driver::limits;

use model::Model;
use network::Network;
use refusal::{Refusal, Refusals, shown};
use tensor::Tensor;
use values::Unavailable;

pub use contents::{Contents, read_all};
pub use tensor::Storage;

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
    let mut network = selection::network_of(&model, name, options, storage)?;
    peephole::simplify(&mut network, storage);
    sharing::find(&mut network, model.is_ours());
    preprocessing::read(&model, &mut network);
    refuse_leftovers(&model, &network, name)?;
    let proven = written::write_down(&mut network, options).map_err(|why| wrong_text(name, &why))?;
    let weights = weights_of(&network, &proven.paths);
    network.notes.extend(folded_norms(&network));
    Ok(Imported { text: proven.text, weights, notes: network.notes })
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    let failure = Failure::new(Code::E0802, format!("`{}` is no readable ONNX model: {error}", shown(name)));
    failure.advise(Advice::WriteOnnx)
}

fn wrong_text(name: &str, why: &str) -> Failure {
    let message = format!("`{}`: the text of the import is not the model: {why}", shown(name));
    Failure::new(Code::E0804, message).help("please report this with the file")
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

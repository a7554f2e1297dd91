//! Converts nodes to canonical operators: one rule for each kind of node, in the order of the file.
//!
//! A rule either expresses exactly what its node computes, or refuses it and names the attribute and value that the
//! language cannot express. Nodes that depend on a refused one are skipped without a message.

mod along;
mod arithmetic;
mod arrange;
mod constants;
mod counted;
mod cuts;
mod dense;
mod distances;
mod ends;
mod names;
mod normalise;
mod pointwise;
mod pools;
mod reader;
mod rearrange;
mod reduce;
mod remarked;
mod resize;
mod rows;
mod slices;
mod sliding;
mod windows;

use std::collections::{BTreeMap, BTreeSet};

use crate::tensor::Shape;

use super::model::{Model, Node, is_standard};
use super::network::Network;
use super::op::{Argument, Op, ValueId, too_large};
use super::refusal::{Reason, Refusal, Refusals, shown};
use super::tensor::{DataLocation, Storage, Tensor};
use super::values::ElementType;
use super::view::View;
use ends::is_weight;
use reader::Reader;

pub(super) use names::is_path;
pub(super) use normalise::eps;

/// The knowledge about a value of the model.
#[derive(Clone, Debug)]
enum Known {
    /// A constant.
    Tensor(Tensor),
    /// An arrangement of a value of the network.
    View(View),
    /// It depends on a refused node.
    Lost,
}

/// An operand of a node.
enum Operand {
    Tensor(Tensor),
    View(View),
}

/// An operator before its shape is computed.
struct Draft {
    word: &'static str,
    arguments: Vec<Argument>,
    inputs: Vec<ValueId>,
    key: Option<String>,
    tensors: Vec<(&'static str, Tensor)>,
}

impl Draft {
    fn new(word: &'static str, inputs: Vec<ValueId>) -> Draft {
        Draft { word, arguments: Vec::new(), inputs, key: None, tensors: Vec::new() }
    }

    fn arguments(self, arguments: Vec<Argument>) -> Draft {
        Draft { arguments, ..self }
    }
}

/// The state of a conversion.
struct Converter<'a> {
    storage: &'a dyn Storage,
    opset: i64,
    /// Whether our own exporter wrote the model: operators that compute nothing stand in the program then.
    is_ours: bool,
    /// The batch that the model is made for.
    batch: u64,
    known: BTreeMap<&'a str, Known>,
    /// The values that a node or an output of the model reads.
    used: BTreeSet<&'a str>,
    network: Network,
    /// The keys that operators have already.
    owned: BTreeSet<String>,
    /// The values that [`arrange`] made: for a value and a word, the rearranged value.
    arranged: BTreeMap<(ValueId, String), ValueId>,
    /// Values that `Expand` repeats to these extents. Their view is that of the value before it.
    spread: BTreeMap<&'a str, Vec<u64>>,
}

/// The result of a conversion.
pub(super) struct Converted {
    pub(super) network: Network,
    pub(super) refusals: Refusals,
    /// The first failure to read the file.
    pub(super) unreadable: Option<String>,
}

/// Converts the nodes that lead to the outputs. `inputs` holds the inputs with their extents in the model.
pub(super) fn convert(
    model: &Model,
    nodes: &[usize],
    inputs: &[(String, Vec<u64>)],
    outputs: &[String],
    storage: &dyn Storage,
) -> Converted {
    let (weights, inputs): (Vec<_>, Vec<_>) =
        inputs.iter().partition(|(name, dims)| is_weight(model, nodes, name, dims));
    let batch = inputs.iter().find_map(|(_, dims)| (dims.len() > 1).then(|| dims[0])).unwrap_or(1);
    let mut converter = Converter {
        storage,
        opset: model.opset.unwrap_or(1),
        is_ours: model.is_ours(),
        batch,
        known: BTreeMap::new(),
        used: nodes
            .iter()
            .flat_map(|&index| &model.nodes[index].inputs)
            .chain(outputs)
            .map(String::as_str)
            .filter(|name| !name.is_empty())
            .collect(),
        network: Network::default(),
        owned: BTreeSet::new(),
        arranged: BTreeMap::new(),
        spread: BTreeMap::new(),
    };
    let mut refusals = Refusals { nodes: nodes.len(), ..Refusals::default() };
    let mut unreadable = None;
    for (name, tensor) in &model.initialisers {
        converter.known.insert(name, Known::Tensor(tensor.with_origin(name)));
    }
    for (name, dims) in weights {
        let tensor = Tensor::stored(dims.clone(), ElementType::F32, DataLocation::Absent).with_origin(name);
        converter.known.insert(name, Known::Tensor(tensor));
    }
    for (name, dims) in inputs {
        if let Err(reason) = converter.input(model, nodes, name, dims) {
            let (kind, node) = ("Input".to_owned(), name.clone());
            refusals.all.push(Refusal { kind, node, reason });
            converter.known.insert(name, Known::Lost);
        }
    }
    for &index in nodes {
        let node = &model.nodes[index];
        let done = converter.node(node, index);
        let Err(reason) = done else { continue };
        for output in &node.outputs {
            converter.known.insert(output, Known::Lost);
        }
        match reason {
            Reason::Said(reason) => {
                let kind = if is_standard(&node.domain) {
                    node.kind.clone()
                } else {
                    format!("{}.{}", node.domain, node.kind)
                };
                refusals.all.push(Refusal { kind: shown(&kind), node: node.label().to_owned(), reason });
            }
            Reason::Unreadable(text) => unreadable = unreadable.or(Some(text)),
            Reason::Follows => {}
        }
    }
    for output in outputs {
        match converter.output(output) {
            Ok(value) => converter.network.outputs.push((output.clone(), value)),
            Err(Reason::Said(reason)) => {
                refusals.all.push(Refusal { kind: "Output".to_owned(), node: output.clone(), reason });
            }
            Err(_) => {}
        }
    }
    refusals.cuts = cuts::cuts(model, nodes, &converter);
    Converted { network: converter.network, refusals, unreadable }
}

impl<'a> Converter<'a> {
    fn node(&mut self, node: &'a Node, index: usize) -> Result<(), Reason> {
        if !is_standard(&node.domain) {
            return Err(format!("the domain `{}` is not that of ONNX's operators", node.domain).into());
        }
        let reader = Reader::new(node, index, &self.used);
        let lost =
            node.inputs.iter().any(|input| matches!(self.known.get(input.as_str()), Some(Known::Lost)));
        if lost {
            return Err(Reason::Follows);
        }
        self.refuse_spread(node)?;
        if constants::is_constant(self, node) && self.constant(&reader)? {
            return reader.finish();
        }
        self.rule(&reader)?;
        reader.finish()
    }

    fn rule(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        match node.node.kind.as_str() {
            "Conv" => self.conv(node),
            "ConvTranspose" => self.deconv(node),
            "MaxPool" | "AveragePool" => self.pool(node),
            "LpPool" => self.lp_pool(node),
            "GlobalAveragePool" | "GlobalMaxPool" => self.global_pool(node),
            "ReduceMean" | "ReduceMax" | "ReduceSum" | "ReduceSumSquare" | "ReduceL2" => self.reduce(node),
            "Expand" => self.expand(node),
            "Gemm" | "MatMul" => self.dense(node),
            "BatchNormalization" => self.batch_norm(node),
            "InstanceNormalization" => self.instance_norm(node),
            "LayerNormalization" => self.layer_norm(node),
            "GroupNormalization" => self.group_norm(node),
            "RMSNormalization" => self.rms_norm(node),
            "LpNormalization" => self.lp_norm(node),
            "LRN" => self.lrn(node),
            "Softmax" | "LogSoftmax" => self.softmax(node),
            "PRelu" => self.prelu(node),
            "Clip" => self.clip(node),
            "Dropout" => self.dropout(node),
            "Identity" | "Cast" | "CastLike" => self.passes(node),
            "Add" | "Sub" | "Mul" | "Div" | "Sum" | "Max" | "Min" | "Mean" => self.arithmetic(node),
            "Pow" => self.power(node),
            "Concat" => self.concat(node),
            "Split" => self.split(node),
            "Slice" => self.slice(node),
            "Pad" => self.pad(node),
            "Resize" | "Upsample" => self.resize(node),
            "Flatten" | "Reshape" | "Squeeze" | "Unsqueeze" | "Transpose" => self.rearrange(node),
            "DepthToSpace" | "SpaceToDepth" => self.depth_space(node),
            "Gather" => self.gather(node),
            _ => self.activation(node),
        }
    }

    /// An operand of a node.
    fn operand(&self, node: &Reader<'a>, index: usize) -> Result<Operand, Reason> {
        let name = node.input(index).ok_or_else(|| format!("its input {index} is missing"))?;
        match self.known.get(name) {
            Some(Known::Tensor(tensor)) => Ok(Operand::Tensor(tensor.clone())),
            Some(Known::View(view)) => Ok(Operand::View(view.clone())),
            Some(Known::Lost) => Err(Reason::Follows),
            None => Err(format!("its input `{}` is made by nobody before it", shown(name)).into()),
        }
    }

    /// An operand that must be computed.
    fn view(&self, node: &Reader<'a>, index: usize) -> Result<View, Reason> {
        match self.operand(node, index)? {
            Operand::View(view) => Ok(view),
            Operand::Tensor(_) => Err(format!("its input {index} is constant").into()),
        }
    }

    /// An operand that must be constant; `None` if it is left out.
    fn tensor(&self, node: &Reader<'a>, index: usize, what: &str) -> Result<Option<Tensor>, Reason> {
        if node.input(index).is_none() {
            return Ok(None);
        }
        match self.operand(node, index)? {
            Operand::Tensor(tensor) => Ok(Some(tensor)),
            Operand::View(_) => Err(format!("its {what} is computed, not constant").into()),
        }
    }

    /// A constant operand as integers.
    fn integers(&self, node: &Reader<'a>, index: usize, what: &str) -> Result<Option<Vec<i64>>, Reason> {
        match self.tensor(node, index, what)? {
            None => Ok(None),
            Some(tensor) if tensor.elements() > 64 => Err(format!("its {what} has too many numbers").into()),
            Some(tensor) => Ok(Some(tensor.values(self.storage)?.integers())),
        }
    }

    /// Sets the view of an output of the node.
    fn set(&mut self, node: &Reader<'a>, index: usize, view: View) {
        if let Some(name) = node.node.outputs.get(index).filter(|name| !name.is_empty()) {
            self.known.insert(name, Known::View(view));
        }
    }

    /// Adds an operator; its shape follows from the shape rules of the language.
    fn emit(&mut self, node: &Reader<'_>, draft: Draft) -> Result<ValueId, Reason> {
        let Draft { word, arguments, inputs, key, tensors } = draft;
        let hint = node.hint.clone();
        let output = ValueId(self.network.shapes.len());
        let op = Op { word, arguments, inputs, output, key, hint, tensors, node: node.index };
        let shapes = self.network.operand_shapes(&op);
        let shape = match op.simple_shape(&shapes) {
            Some(shape) if !too_large(shape) => shape,
            Some(_) => return Err("its output is too large".into()),
            None if op.is_join() => {
                let text: Vec<String> = shapes.iter().map(Shape::to_string).collect();
                return Err(format!("`{word}` of the unequal shapes {}", text.join(" and ")).into());
            }
            None => {
                let (shape, parameters) = op.infer(&shapes)?;
                check_tensors(&op, &parameters)?;
                shape
            }
        };
        if let Some(key) = &op.key {
            self.owned.insert(key.clone());
        }
        self.network.ops.push(op);
        Ok(self.network.value(shape))
    }

    /// Adds an operator that treats each element on its own, so that the arrangement stays.
    fn pointwise(
        &mut self,
        node: &Reader<'a>,
        word: &'static str,
        arguments: Vec<Argument>,
    ) -> Result<(), Reason> {
        let view = self.view(node, 0)?;
        let view = self.spelled(node, view)?;
        let value = self.emit(node, Draft::new(word, vec![view.value]).arguments(arguments))?;
        self.set(node, 0, view.of(value));
        Ok(())
    }

    /// The key of an operator with these tensors: the module that their names agree on, unless another operator has
    /// that key.
    fn key(&self, node: &Reader<'a>, tensors: &[(Option<&Tensor>, &[&str])]) -> Option<String> {
        let hint = node.hint.as_deref().filter(|hint| !hint.is_empty() && is_path(hint));
        let named: Vec<String> = tensors
            .iter()
            .filter_map(|(tensor, endings)| names::module_of((*tensor)?.origin()?, endings))
            .collect();
        let free = |key: &&str| !self.owned.contains(*key);
        // Exporters store equal tensors once, so that the name may be that of another module.
        let key = match hint.filter(|hint| named.iter().any(|name| name == hint)) {
            Some(hint) => Some(hint),
            None => named.iter().map(String::as_str).rfind(free).or(hint),
        };
        key.filter(free).map(str::to_owned)
    }
}

/// Checks that each declared parameter has a tensor of its shape.
pub(super) fn check_tensors(op: &Op, parameters: &[crate::ops::Parameter]) -> Result<(), String> {
    for parameter in parameters {
        let Some(tensor) = op.tensor(parameter.key) else {
            return Err(format!("it has no tensor for `{}`", parameter.key));
        };
        if tensor.dims() != parameter.shape {
            return Err(format!(
                "its `{}` has the extents {:?}, not {:?}",
                parameter.key,
                tensor.dims(),
                parameter.shape
            ));
        }
    }
    Ok(())
}

//! A network as an ONNX model.
//!
//! Every operator states in its own file which ONNX nodes compute it; the model and its names are made here. The names
//! are those that other tools and [`crate::import`] understand: a node is named after its path
//! (`/layer1/0/conv1/Conv`), a value and a weight as in the network (`layer1.0.conv1`, `layer1.0.conv1.weight`). Nodes
//! that serve training only are left out, dropout among them; batch normalisation stays.

mod build;
mod model;
mod wire;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::ir::{Graph, NodeId, NodeKind};
use crate::tensor::Shape;

use build::Builder;
use model::{Dim, ValueInfo};
pub use model::{MAX_FILE, OnnxModel, WeightStorage};

/// The operator sets that the exporter supports.
pub const OPSETS: RangeInclusive<u32> = 13..=21;
/// The operator set of a model for which none is asked: the first with layer normalisation, which every current runtime
/// reads.
pub const DEFAULT_OPSET: u32 = 17;

/// The batch size of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// A fixed number of pictures.
    Fixed(u64),
    /// Any number of pictures; the dimension is called `batch`.
    Dynamic,
}

/// Makes the model of a network, for an operator set of [`OPSETS`].
pub fn model(graph: &Graph, batch: Batch, opset: u32) -> OnnxModel {
    let outputs: Vec<_> = graph.outputs().iter().filter(|output| !output.train_only).collect();
    let needed = needed(graph, outputs.iter().map(|output| output.node));
    let mut builder = Builder::new(graph, batch, opset);
    // Users see the names of outputs, so these are reserved before all others.
    let mut named = BTreeMap::new();
    for output in &outputs {
        let is_input = matches!(graph.node(output.node).kind, NodeKind::Input(_));
        if !is_input && !named.contains_key(&output.node) {
            named.insert(output.node, builder.fresh(&output.name));
        }
    }
    let mut values: BTreeMap<NodeId, String> = BTreeMap::new();
    let mut inputs = Vec::new();
    let mut metadata = Vec::new();
    for (id, node) in graph.nodes() {
        let name = match &node.kind {
            NodeKind::Input(input) => {
                let name = builder.fresh(&node.path);
                inputs.push(ValueInfo { name: name.clone(), dims: extents(batch, node.shape) });
                let said = input.to_string();
                if !said.is_empty() {
                    metadata.push((format!("{name}.preprocessing"), said.trim_start().to_owned()));
                }
                name
            }
            NodeKind::Op(op) if needed[id.index()] => {
                let operands = graph.operands(id).iter().map(|operand| values[operand].clone()).collect();
                builder.begin(id, operands);
                let value = op.onnx(&mut builder);
                let wanted = named.get(&id).cloned();
                builder.end(value, wanted)
            }
            NodeKind::Op(_) => continue,
        };
        values.insert(id, name);
    }
    let outputs = outputs
        .into_iter()
        .map(|output| {
            let value = &values[&output.node];
            // An input, or a value that is already an output under another name, gets this name by an `Identity` node.
            let name =
                if *value == output.name { value.clone() } else { builder.identity(value, &output.name) };
            ValueInfo { name, dims: extents(batch, graph.node(output.node).shape) }
        })
        .collect();
    if let Some(labels) = graph.labels() {
        metadata.push(("labels".to_owned(), labels.to_owned()));
    }
    metadata.push(("cnnc.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()));
    builder.finish(inputs, outputs, metadata)
}

/// For each node, whether an output depends on it.
fn needed(graph: &Graph, outputs: impl Iterator<Item = NodeId>) -> Vec<bool> {
    let mut needed = vec![false; graph.len()];
    outputs.for_each(|output| needed[output.index()] = true);
    for id in graph.ids().rev() {
        if needed[id.index()] {
            graph.operands(id).iter().for_each(|operand| needed[operand.index()] = true);
        }
    }
    needed
}

/// The extents of a value: N×C×H×W for a map, N×n for a vector.
fn extents(batch: Batch, shape: Shape) -> Vec<Dim> {
    let batch = match batch {
        Batch::Fixed(pictures) => Dim::Fixed(pictures),
        Batch::Dynamic => Dim::Named("batch"),
    };
    [batch].into_iter().chain(shape.stored().into_iter().map(Dim::Fixed)).collect()
}

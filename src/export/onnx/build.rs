//! Adds nodes and constants to a model, under unique names.

use std::collections::BTreeSet;

use super::Batch;
use super::model::{Initialiser, Node, OnnxModel, ValueInfo, Values};
use crate::ir::{Graph, NodeId};
use crate::ops::{OnnxBuilder, OnnxValue, Parameter, WeightLayout};
use crate::tensor::Shape;

/// A model in the making. The nodes that are added between [`Builder::begin`] and [`Builder::end`] compute one node of
/// the network.
pub(super) struct Builder<'a> {
    graph: &'a Graph,
    batch: Batch,
    /// The version of the operator set, which decides how some operators are written.
    opset: u32,
    nodes: Vec<Node>,
    initialisers: Vec<Initialiser>,
    names: BTreeSet<String>,
    node_names: BTreeSet<String>,
    current: Option<Current>,
}

/// The node of the network that is converted.
struct Current {
    id: NodeId,
    operands: Vec<String>,
    /// The number of nodes in the model before it.
    first: usize,
}

impl<'a> Builder<'a> {
    pub(super) fn new(graph: &'a Graph, batch: Batch, opset: u32) -> Builder<'a> {
        let names = graph.nodes().flat_map(|(_, node)| {
            node.parameters.iter().map(move |parameter| format!("{}.{}", node.path, parameter.key))
        });
        Builder {
            graph,
            batch,
            opset,
            nodes: Vec::new(),
            initialisers: Vec::new(),
            names: names.collect(),
            node_names: BTreeSet::new(),
            current: None,
        }
    }

    /// Begins a node of the network; `operands` are the names of its inputs in the model.
    pub(super) fn begin(&mut self, id: NodeId, operands: Vec<String>) {
        self.current = Some(Current { id, operands, first: self.nodes.len() });
    }

    /// Ends a node: its result gets the name `wanted`, or otherwise the node's path. If no ONNX node was added, the
    /// result is an operand's value and keeps that name.
    pub(super) fn end(&mut self, value: String, wanted: Option<String>) -> String {
        let first = self.current().first;
        let path = self.graph.node(self.current().id).path.clone();
        let made = self.nodes.len() > first && self.nodes.last().is_some_and(|node| node.output == value);
        if !made {
            return match wanted {
                Some(name) => self.identity(&value, &name),
                None => value,
            };
        }
        self.names.remove(&value);
        let name = wanted.unwrap_or_else(|| self.fresh(&path));
        if let Some(last) = self.nodes.last_mut() {
            last.output.clone_from(&name);
        }
        name
    }

    /// Gives a value a second name, by an `Identity` node.
    pub(super) fn identity(&mut self, value: &str, name: &str) -> String {
        self.names.insert(name.to_owned());
        self.nodes.push(Node {
            name: format!("/{name}/Identity"),
            operator: "Identity",
            inputs: vec![value.to_owned()],
            output: name.to_owned(),
            attributes: Vec::new(),
            remark: None,
        });
        name.to_owned()
    }

    pub(super) fn finish(
        self,
        inputs: Vec<ValueInfo>,
        outputs: Vec<ValueInfo>,
        metadata: Vec<(String, String)>,
    ) -> OnnxModel {
        OnnxModel {
            network: self.graph.name().to_owned(),
            opset: self.opset,
            nodes: self.nodes,
            initialisers: self.initialisers,
            inputs,
            outputs,
            metadata,
        }
    }

    fn current(&self) -> &Current {
        self.current.as_ref().expect("an operator is converted between `begin` and `end`")
    }

    /// A value name that is not used yet: `name`, or `name` with a number.
    pub(super) fn fresh(&mut self, name: &str) -> String {
        unused(&mut self.names, name)
    }

    fn constant(&mut self, dims: Vec<u64>, values: Values) -> String {
        let same = |constant: &&Initialiser| constant.dims == dims && constant.values == values;
        // Equal constants are shared. A node needs few, so only the latest ones are searched.
        if let Some(found) = self.initialisers.iter().rev().take(16).find(same) {
            return found.name.clone();
        }
        let path = &self.graph.node(self.current().id).path;
        let name = unused(&mut self.names, &format!("/{}/Constant", path.replace('.', "/")));
        self.initialisers.push(Initialiser { name: name.clone(), dims, values });
        name
    }
}

impl OnnxBuilder for Builder<'_> {
    fn opset(&self) -> u32 {
        self.opset
    }

    fn operands(&self) -> Vec<String> {
        self.current().operands.clone()
    }

    fn inputs(&self) -> Vec<Shape> {
        self.graph.operand_shapes(self.current().id)
    }

    fn output(&self) -> Shape {
        self.graph.node(self.current().id).shape
    }

    fn parameters(&self) -> &[Parameter] {
        self.graph.parameters(self.current().id)
    }

    fn pictures(&self) -> Option<u64> {
        match self.batch {
            Batch::Fixed(pictures) => Some(pictures),
            Batch::Dynamic => None,
        }
    }

    fn node(
        &mut self,
        operator: &'static str,
        inputs: &[String],
        attributes: Vec<(&'static str, OnnxValue)>,
    ) -> String {
        let scope = self.graph.node(self.current().id).path.replace('.', "/");
        let name = unused(&mut self.node_names, &format!("/{scope}/{operator}"));
        let output = self.fresh(&format!("{name}_output_0"));
        let inputs = inputs.to_vec();
        self.nodes.push(Node { name, operator, inputs, output: output.clone(), attributes, remark: None });
        output
    }

    fn remark(&mut self, remark: &str) {
        if let Some(last) = self.nodes.last_mut() {
            last.remark = Some(remark.to_owned());
        }
    }

    fn floats(&mut self, dims: &[u64], values: Vec<f32>) -> String {
        self.constant(dims.to_vec(), Values::Floats(values))
    }

    fn integers(&mut self, values: &[i64]) -> String {
        self.constant(vec![values.len() as u64], Values::Integers(values.to_vec()))
    }

    fn weight(&mut self, index: usize, dims: &[u64], layout: WeightLayout) -> String {
        let owner = self.graph.owner(self.current().id);
        let node = self.graph.node(owner);
        let key = format!("{}.{}", node.path, node.parameters[index].key);
        let constant = Initialiser {
            name: key.clone(),
            dims: dims.to_vec(),
            values: Values::Parameter(owner, index, layout),
        };
        let shared = self.graph.node(self.current().id).shares.is_some();
        let is_there = shared && self.initialisers.contains(&constant);
        if !is_there {
            self.initialisers.push(constant);
        }
        key
    }
}

/// Reserves `name`, or `name` with the first number that makes it unique.
fn unused(names: &mut BTreeSet<String>, name: &str) -> String {
    let mut candidate = name.to_owned();
    let mut number = 0u64;
    while !names.insert(candidate.clone()) {
        number += 1;
        candidate = format!("{name}_{number}");
    }
    candidate
}

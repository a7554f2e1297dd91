//! Adds nodes and constants to a model, and gives them names that nothing else has.

use std::collections::BTreeSet;

use super::Batch;
use super::model::{Attribute, Initialiser, Layout, Model, Node, ValueInfo, Values};
use crate::ir::{Graph, NodeId};
use crate::ops::Parameter;
use crate::tensor::Shape;

/// A model in the making. Between [`Builder::begin`] and [`Builder::end`] it adds what one node of the network becomes.
pub(super) struct Builder<'a> {
    graph: &'a Graph,
    batch: Batch,
    /// The version of the operator set.
    pub(super) opset: u32,
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
    /// The model's nodes that were there before.
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

    /// Begins with a node of the network, whose operands have these names.
    pub(super) fn begin(&mut self, id: NodeId, operands: Vec<String>) {
        self.current = Some(Current { id, operands, first: self.nodes.len() });
    }

    /// Ends a node: its value gets the name `wanted`, or that of its path. A value that no node made, because it is
    /// that of an operand, keeps its name.
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

    /// Passes a value on under another name.
    pub(super) fn identity(&mut self, value: &str, name: &str) -> String {
        self.names.insert(name.to_owned());
        self.nodes.push(Node {
            name: format!("/{name}/Identity"),
            operator: "Identity",
            inputs: vec![value.to_owned()],
            output: name.to_owned(),
            attributes: Vec::new(),
        });
        name.to_owned()
    }

    pub(super) fn finish(
        self,
        inputs: Vec<ValueInfo>,
        outputs: Vec<ValueInfo>,
        metadata: Vec<(String, String)>,
    ) -> Model {
        Model {
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

    /// A name of a value that nothing has yet: this one, or this one with a number.
    pub(super) fn fresh(&mut self, name: &str) -> String {
        unused(&mut self.names, name)
    }

    /// The name of the first operand.
    pub(super) fn operand(&self) -> String {
        self.current().operands[0].clone()
    }

    /// The names of all operands.
    pub(super) fn operands(&self) -> Vec<String> {
        self.current().operands.clone()
    }

    /// The shape of the first operand, of one picture.
    pub(super) fn input(&self) -> Shape {
        self.graph.operand_shapes(self.current().id)[0]
    }

    /// The shapes of all operands.
    pub(super) fn inputs(&self) -> Vec<Shape> {
        self.graph.operand_shapes(self.current().id)
    }

    /// The shape of the node's value, of one picture.
    pub(super) fn output(&self) -> Shape {
        self.graph.node(self.current().id).shape
    }

    /// The parameters that the node computes with.
    pub(super) fn parameters(&self) -> &'a [Parameter] {
        self.graph.parameters(self.current().id)
    }

    /// The position of the parameter with this key; `None` where the node has none.
    pub(super) fn parameter(&self, key: &str) -> Option<usize> {
        self.parameters().iter().position(|parameter| parameter.key == key)
    }

    /// A node of one output; the name of that.
    pub(super) fn node(
        &mut self,
        operator: &'static str,
        inputs: &[String],
        attributes: Vec<(&'static str, Attribute)>,
    ) -> String {
        let scope = self.graph.node(self.current().id).path.replace('.', "/");
        let name = unused(&mut self.node_names, &format!("/{scope}/{operator}"));
        let output = self.fresh(&format!("{name}_output_0"));
        self.nodes.push(Node { name, operator, inputs: inputs.to_vec(), output: output.clone(), attributes });
        output
    }

    /// A node of one input without attributes.
    pub(super) fn apply(&mut self, operator: &'static str, input: &str) -> String {
        self.node(operator, &[input.to_owned()], Vec::new())
    }

    /// A node of two inputs without attributes.
    pub(super) fn join(&mut self, operator: &'static str, first: &str, second: &str) -> String {
        self.node(operator, &[first.to_owned(), second.to_owned()], Vec::new())
    }

    /// A node of a value and a number.
    pub(super) fn with_number(&mut self, operator: &'static str, input: &str, number: f64) -> String {
        let number = self.number(number);
        self.join(operator, input, &number)
    }

    /// A constant of one element and no dimension, in single precision.
    pub(super) fn number(&mut self, number: f64) -> String {
        self.constant(Vec::new(), Values::Floats(vec![number as f32]))
    }

    /// A constant of these elements.
    pub(super) fn floats(&mut self, dims: &[u64], values: Vec<f32>) -> String {
        self.constant(dims.to_vec(), Values::Floats(values))
    }

    /// A list of integers.
    pub(super) fn integers(&mut self, values: &[i64]) -> String {
        self.constant(vec![values.len() as u64], Values::Integers(values.to_vec()))
    }

    fn constant(&mut self, dims: Vec<u64>, values: Values) -> String {
        let same = |constant: &&Initialiser| constant.dims == dims && constant.values == values;
        // A node needs few constants: those that it made last are looked through for an equal one.
        if let Some(found) = self.initialisers.iter().rev().take(16).find(same) {
            return found.name.clone();
        }
        let path = &self.graph.node(self.current().id).path;
        let name = unused(&mut self.names, &format!("/{}/Constant", path.replace('.', "/")));
        self.initialisers.push(Initialiser { name: name.clone(), dims, values });
        name
    }

    /// A parameter of the node with the dimensions that the operator of ONNX wants. Who shares weights gets the
    /// constant of the owner.
    pub(super) fn weight(&mut self, index: usize, dims: &[u64], layout: Layout) -> String {
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

    /// A parameter as it is stored.
    pub(super) fn stored(&mut self, index: usize) -> String {
        let dims = self.parameters()[index].shape.clone();
        self.weight(index, &dims, Layout::Stored)
    }

    /// A parameter of one element for each channel, so that it meets the channels of the node's value.
    pub(super) fn by_channel(&mut self, index: usize) -> String {
        let mut dims = self.parameters()[index].shape.clone();
        if self.output().is_map() {
            dims.extend([1, 1]);
        }
        self.weight(index, &dims, Layout::Stored)
    }

    /// Brings a value to other dimensions behind the batch, which stays.
    pub(super) fn reshape(&mut self, input: &str, dims: &[u64]) -> String {
        let dims: Vec<i64> = [0].into_iter().chain(dims.iter().map(|&dim| dim as i64)).collect();
        let dims = self.integers(&dims);
        self.join("Reshape", input, &dims)
    }

    /// Exchanges the axes, the batch among them.
    pub(super) fn transpose(&mut self, input: &str, axes: &[i64]) -> String {
        self.node("Transpose", &[input.to_owned()], vec![("perm", Attribute::Ints(axes.to_vec()))])
    }

    /// Some positions of one axis: `start..end`.
    pub(super) fn slice(&mut self, input: &str, axis: i64, start: u64, end: u64) -> String {
        let [start, end, axis] = [start as i64, end as i64, axis].map(|value| self.integers(&[value]));
        self.node("Slice", &[input.to_owned(), start, end, axis], Vec::new())
    }

    /// Values behind each other along an axis.
    pub(super) fn concat(&mut self, inputs: &[String], axis: i64) -> String {
        match inputs {
            [one] => one.clone(),
            _ => self.node("Concat", inputs, vec![("axis", Attribute::Int(axis))]),
        }
    }

    /// The number of pictures; `None` where it is open.
    pub(super) fn pictures(&self) -> Option<u64> {
        match self.batch {
            Batch::Fixed(pictures) => Some(pictures),
            Batch::Dynamic => None,
        }
    }
}

/// The name, or the name with the first number that makes it unused; it is used from now on.
fn unused(names: &mut BTreeSet<String>, name: &str) -> String {
    let mut candidate = name.to_owned();
    let mut number = 0u64;
    while !names.insert(candidate.clone()) {
        number += 1;
        candidate = format!("{name}_{number}");
    }
    candidate
}

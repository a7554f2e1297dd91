//! An ONNX model as a value, and its serialisation.
//!
//! Everything except the values of the weights is small and kept in memory; the weights are requested one by one while
//! the file is written. The field numbers are those of `onnx.proto`.

use std::io::{self, Write};

use ndarray::ArrayD;

use super::wire::Message;
use crate::diag::{Code, Failure};
use crate::ir::NodeId;
use crate::ops::{OnnxValue, WeightLayout};

/// The version of the file format that came with an operator set. Version 8 is read by every current runtime.
fn ir_version(opset: u32) -> i64 {
    match opset {
        0..=18 => 8,
        19..=20 => 9,
        _ => 10,
    }
}

/// The size in bytes from which some readers of protocol buffers fail.
pub const MAX_FILE: u64 = 2_000_000_000;

const FLOAT: i64 = 1;
const INT64: i64 = 7;

/// A node with one output.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) operator: &'static str,
    /// The names of its inputs; an empty name is an omitted input.
    pub(super) inputs: Vec<String>,
    pub(super) output: String,
    pub(super) attributes: Vec<(&'static str, OnnxValue)>,
    /// A remark for [`crate::import`] about the operator that the nodes compute, where the nodes alone do not show it.
    pub(super) remark: Option<String>,
}

/// The source of an initialiser's values.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Values {
    /// A parameter of a node of the network, by its index among the node's parameters.
    Parameter(NodeId, usize, WeightLayout),
    Floats(Vec<f32>),
    Integers(Vec<i64>),
}

/// A constant tensor of the model.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Initialiser {
    pub(super) name: String,
    pub(super) dims: Vec<u64>,
    pub(super) values: Values,
}

impl Initialiser {
    fn bytes(&self) -> u64 {
        let size = if matches!(self.values, Values::Integers(_)) { 8 } else { 4 };
        self.dims.iter().fold(size, |product, &dim| product.saturating_mul(dim))
    }

    fn element_type(&self) -> i64 {
        if matches!(self.values, Values::Integers(_)) { INT64 } else { FLOAT }
    }

    /// The message with type, extents and name.
    fn header(&self) -> Message {
        let mut tensor = Message::default();
        tensor.integers(1, self.dims.iter().map(|&dim| dim as i64));
        tensor.integer(2, self.element_type());
        tensor.text(8, &self.name);
        tensor
    }
}

/// A dimension of an input or output.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Dim {
    Fixed(u64),
    /// A named dimension of any size.
    Named(&'static str),
}

/// An input or output of the model.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ValueInfo {
    pub(super) name: String,
    pub(super) dims: Vec<Dim>,
}

impl ValueInfo {
    fn message(&self) -> Message {
        let mut shape = Message::default();
        for dim in &self.dims {
            let mut message = Message::default();
            match dim {
                Dim::Fixed(extent) => message.integer(1, *extent as i64),
                Dim::Named(name) => message.text(2, name),
            }
            shape.message(1, &message);
        }
        let mut tensor = Message::default();
        tensor.integer(1, FLOAT);
        tensor.message(2, &shape);
        let mut kind = Message::default();
        kind.message(1, &tensor);
        let mut info = Message::default();
        info.text(1, &self.name);
        info.message(2, &kind);
        info
    }
}

impl Node {
    fn message(&self) -> Message {
        let mut node = Message::default();
        self.inputs.iter().for_each(|input| node.text(1, input));
        node.text(2, &self.output);
        node.text(3, &self.name);
        node.text(4, self.operator);
        for (name, value) in &self.attributes {
            let mut attribute = Message::default();
            attribute.text(1, name);
            let kind = match value {
                OnnxValue::Float(value) => {
                    attribute.float(2, *value);
                    1
                }
                OnnxValue::Int(value) => {
                    attribute.integer(3, *value);
                    2
                }
                OnnxValue::Text(text) => {
                    attribute.text(4, text);
                    3
                }
                OnnxValue::Ints(values) => {
                    attribute.integers(8, values.iter().copied());
                    7
                }
            };
            attribute.integer(20, kind);
            node.message(5, &attribute);
        }
        if let Some(remark) = &self.remark {
            node.text(6, &format!("cnnc: {remark}"));
        }
        node
    }
}

/// An ONNX model.
#[derive(Clone, Debug)]
pub struct OnnxModel {
    /// The name of the network.
    pub(super) network: String,
    /// The version of the operator set.
    pub(super) opset: u32,
    pub(super) nodes: Vec<Node>,
    pub(super) initialisers: Vec<Initialiser>,
    pub(super) inputs: Vec<ValueInfo>,
    pub(super) outputs: Vec<ValueInfo>,
    /// Further information about the model, as keys and values.
    pub(super) metadata: Vec<(String, String)>,
}

/// The place where the values of the weights are written.
pub enum WeightStorage<'a> {
    /// In the model file.
    Inside,
    /// One behind another in a file of this name beside the model.
    Beside(&'a str, &'a mut dyn Write),
    /// None: the weights become inputs of the model.
    Nowhere,
}

impl OnnxModel {
    /// Says more about the model, under a key.
    pub fn add_metadata(&mut self, key: &str, value: String) {
        self.metadata.push((key.to_owned(), value));
    }

    /// The size of all constants in bytes.
    pub fn constant_bytes(&self) -> u64 {
        self.initialisers.iter().map(Initialiser::bytes).fold(0, u64::saturating_add)
    }

    /// The operators of the nodes, in order.
    pub fn operators(&self) -> impl Iterator<Item = &'static str> {
        self.nodes.iter().map(|node| node.operator)
    }

    /// Writes the model. `parameter` gives the value of a node's parameter as the network declares it.
    ///
    /// # Errors
    ///
    /// E0609 if the file, called `name`, cannot be written; the failures of `parameter`.
    pub fn write(
        &self,
        writer: &mut dyn Write,
        name: &str,
        mut storage: WeightStorage<'_>,
        mut parameter: impl FnMut(NodeId, usize) -> Result<ArrayD<f32>, Failure>,
    ) -> Result<(), Failure> {
        let unwritten =
            |error: io::Error| Failure::new(Code::E0609, format!("cannot write `{name}`: {error}"));
        let mut graph = self.graph(matches!(storage, WeightStorage::Nowhere));
        let mut inside = Vec::new();
        let mut offset = 0;
        let mut length = 0;
        for constant in &self.initialisers {
            let is_weight = matches!(constant.values, Values::Parameter(..));
            match &mut storage {
                WeightStorage::Nowhere if is_weight => {}
                WeightStorage::Beside(file, weights) if is_weight => {
                    let mut tensor = constant.header();
                    let place = [("location", (*file).to_owned()), ("offset", offset.to_string())];
                    for (key, value) in place.into_iter().chain([("length", constant.bytes().to_string())]) {
                        tensor.message(13, &entry(key, &value));
                    }
                    tensor.integer(14, 1);
                    graph.message(5, &tensor);
                    weights.write_all(&elements(constant, &mut parameter)?).map_err(unwritten)?;
                    offset += constant.bytes();
                }
                _ => {
                    let mut head = constant.header();
                    head.begin_bytes(9, constant.bytes());
                    let mut field = Message::default();
                    field.begin_bytes(5, head.as_bytes().len() as u64 + constant.bytes());
                    length += (field.as_bytes().len() + head.as_bytes().len()) as u64 + constant.bytes();
                    inside.push((field, head, constant));
                }
            }
        }
        let mut model = Message::default();
        model.integer(1, ir_version(self.opset));
        model.text(2, "cnnc");
        model.text(3, env!("CARGO_PKG_VERSION"));
        let mut opset = Message::default();
        opset.text(1, "");
        opset.integer(2, i64::from(self.opset));
        model.message(8, &opset);
        self.metadata.iter().for_each(|(key, value)| model.message(14, &entry(key, value)));
        model.begin_bytes(7, graph.as_bytes().len() as u64 + length);
        writer.write_all(model.as_bytes()).map_err(unwritten)?;
        writer.write_all(graph.as_bytes()).map_err(unwritten)?;
        for (field, head, constant) in inside {
            writer.write_all(field.as_bytes()).map_err(unwritten)?;
            writer.write_all(head.as_bytes()).map_err(unwritten)?;
            writer.write_all(&elements(constant, &mut parameter)?).map_err(unwritten)?;
        }
        Ok(())
    }

    /// The graph's message without the values of its constants.
    fn graph(&self, weights_are_inputs: bool) -> Message {
        let mut graph = Message::default();
        self.nodes.iter().for_each(|node| graph.message(1, &node.message()));
        graph.text(2, &self.network);
        self.inputs.iter().for_each(|input| graph.message(11, &input.message()));
        if weights_are_inputs {
            for constant in &self.initialisers {
                if let Values::Parameter(..) = constant.values {
                    let dims = constant.dims.iter().map(|&dim| Dim::Fixed(dim)).collect();
                    graph.message(11, &ValueInfo { name: constant.name.clone(), dims }.message());
                }
            }
        }
        self.outputs.iter().for_each(|output| graph.message(12, &output.message()));
        graph
    }
}

fn entry(key: &str, value: &str) -> Message {
    let mut entry = Message::default();
    entry.text(1, key);
    entry.text(2, value);
    entry
}

/// The elements of a constant as little-endian bytes.
fn elements(
    constant: &Initialiser,
    parameter: &mut impl FnMut(NodeId, usize) -> Result<ArrayD<f32>, Failure>,
) -> Result<Vec<u8>, Failure> {
    let bytes = |values: &mut dyn Iterator<Item = f32>| values.flat_map(f32::to_le_bytes).collect();
    match &constant.values {
        Values::Integers(values) => Ok(values.iter().flat_map(|value| value.to_le_bytes()).collect()),
        Values::Floats(values) => Ok(bytes(&mut values.iter().copied())),
        Values::Parameter(node, index, layout) => {
            let stored = parameter(*node, *index)?;
            let mut stored = stored.iter().copied();
            Ok(match layout {
                WeightLayout::Stored => bytes(&mut stored),
                WeightLayout::Repeated(times) => {
                    bytes(&mut stored.flat_map(|value| std::iter::repeat_n(value, *times)))
                }
                WeightLayout::Connected(filters, maps) => {
                    let taps: usize = constant.dims[2..].iter().product::<u64>() as usize;
                    let mut full = vec![0.0; filters.len() * maps * taps];
                    for (filter, sources) in filters.iter().enumerate() {
                        for &source in sources {
                            let first = (filter * maps + source as usize) * taps;
                            full[first..first + taps]
                                .iter_mut()
                                .zip(&mut stored)
                                .for_each(|(to, tap)| *to = tap);
                        }
                    }
                    bytes(&mut full.into_iter())
                }
            })
        }
    }
}

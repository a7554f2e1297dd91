//! A model as an ONNX file states it: nodes, attributes, tensors, inputs and outputs.
//!
//! `decode` reads it from the bytes of a file, `tensors` its tensors; the values of large ones stay in the file.

mod decode;
mod tensors;

use std::collections::BTreeMap;

use super::tensor::Tensor;
use super::values::ElementType;

/// A model: one graph, and the operator sets that it uses.
#[derive(Debug, Default)]
pub(crate) struct Model {
    /// The version of the standard operators; `None` if the file names none.
    pub(super) opset: Option<i64>,
    /// The program that wrote the file.
    pub(super) producer: String,
    /// The metadata of the model: keys and values.
    pub(super) metadata: Vec<(String, String)>,
    pub(super) nodes: Vec<Node>,
    pub(super) initialisers: BTreeMap<String, Tensor>,
    /// Inputs in the order of the file; old files list initialisers among them.
    pub(super) inputs: Vec<Port>,
    pub(super) outputs: Vec<Port>,
    /// Whether the file defines functions, which are not supported.
    pub(super) functions: bool,
    /// The number of sparse tensors, which are not supported.
    pub(super) sparse: usize,
}

/// A node of the graph.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) domain: String,
    /// Names of values; an empty name is an omitted input.
    pub(super) inputs: Vec<String>,
    pub(super) outputs: Vec<String>,
    pub(super) attributes: Vec<(String, Attribute)>,
    /// The comment of its author.
    pub(super) doc: String,
    pub(super) metadata: Vec<(String, String)>,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Attribute {
    Int(i64),
    Float(f32),
    Text(String),
    Ints(Vec<i64>),
    Floats(Vec<f32>),
    Texts(Vec<String>),
    Tensor(Tensor),
    /// A graph within the node, or another kind that no rule reads.
    Other,
}

/// An input or output of the graph.
#[derive(Clone, Debug, Default)]
pub(super) struct Port {
    pub(super) name: String,
    /// `None` if the file does not state a shape.
    pub(super) dims: Option<Vec<Dim>>,
    pub(super) element: Option<ElementType>,
}

/// A dimension of an input or output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Dim {
    Fixed(u64),
    /// Open, with a name that may be empty.
    Open(String),
}

impl Model {
    /// Returns whether `cnnc export` wrote the file.
    pub(super) fn is_ours(&self) -> bool {
        self.producer == "cnnc"
    }
}

/// Returns whether a domain is that of the standard operators.
pub(super) fn is_standard(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx")
}

impl Node {
    /// The remark with which `cnnc export` describes what the node alone does not show.
    pub(super) fn remark(&self) -> Option<&str> {
        self.doc.strip_prefix("cnnc: ")
    }

    /// The name of the node, or else of its first output.
    pub(super) fn label(&self) -> &str {
        let output = self.outputs.first().map_or("", String::as_str);
        if self.name.is_empty() { output } else { &self.name }
    }
}

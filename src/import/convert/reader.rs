//! Wraps a node for its rule: an attribute or input that the rule did not read refuses the node, so that none is
//! ignored silently.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::super::model::{Attribute, Node};
use super::super::refusal::Reason;
use super::super::tensor::Tensor;

/// A node that remembers which attributes and inputs were read.
pub(super) struct Reader<'a> {
    pub(super) node: &'a Node,
    pub(super) index: usize,
    /// The module that made the node.
    pub(super) hint: Option<String>,
    attributes_read: RefCell<Vec<bool>>,
    inputs_read: RefCell<Vec<bool>>,
    /// Whether another node or the network reads each output.
    asked: Vec<bool>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(node: &'a Node, index: usize, used: &BTreeSet<&str>) -> Reader<'a> {
        Reader {
            node,
            index,
            hint: super::names::hint(node),
            attributes_read: RefCell::new(vec![false; node.attributes.len()]),
            inputs_read: RefCell::new(vec![false; node.inputs.len()]),
            asked: node.outputs.iter().map(|output| used.contains(output.as_str())).collect(),
        }
    }

    fn attribute(&self, name: &str) -> Option<&'a Attribute> {
        let at = self.node.attributes.iter().position(|(known, _)| known == name)?;
        self.attributes_read.borrow_mut()[at] = true;
        Some(&self.node.attributes[at].1)
    }

    /// Marks an attribute that has no effect on the result.
    pub(super) fn ignore(&self, name: &str) {
        self.attribute(name);
    }

    /// Returns whether an attribute is given.
    pub(super) fn has(&self, name: &str) -> bool {
        self.node.attributes.iter().any(|(known, _)| known == name)
    }

    /// An integer attribute.
    pub(super) fn int(&self, name: &str, default: i64) -> Result<i64, Reason> {
        match self.attribute(name) {
            None => Ok(default),
            Some(Attribute::Int(value)) => Ok(*value),
            Some(_) => Err(format!("`{name}` is no whole number").into()),
        }
    }

    /// A float attribute.
    pub(super) fn float(&self, name: &str, default: f64) -> Result<f64, Reason> {
        match self.attribute(name) {
            None => Ok(default),
            Some(Attribute::Float(value)) => Ok(written(*value)),
            Some(Attribute::Int(value)) => Ok(*value as f64),
            Some(_) => Err(format!("`{name}` is no number").into()),
        }
    }

    /// A text attribute.
    pub(super) fn text(&self, name: &str, default: &'a str) -> Result<&'a str, Reason> {
        match self.attribute(name) {
            None => Ok(default),
            Some(Attribute::Text(text)) => Ok(text),
            Some(_) => Err(format!("`{name}` is no text").into()),
        }
    }

    /// A list of integers.
    pub(super) fn ints(&self, name: &str) -> Result<Option<Vec<i64>>, Reason> {
        match self.attribute(name) {
            None => Ok(None),
            Some(Attribute::Ints(values)) => Ok(Some(values.clone())),
            Some(_) => Err(format!("`{name}` is no list of whole numbers").into()),
        }
    }

    /// A list of floats.
    pub(super) fn floats(&self, name: &str) -> Result<Option<Vec<f32>>, Reason> {
        match self.attribute(name) {
            None => Ok(None),
            Some(Attribute::Floats(values)) => Ok(Some(values.clone())),
            Some(_) => Err(format!("`{name}` is no list of numbers").into()),
        }
    }

    /// A tensor.
    pub(super) fn tensor(&self, name: &str) -> Result<Option<Tensor>, Reason> {
        match self.attribute(name) {
            None => Ok(None),
            Some(Attribute::Tensor(tensor)) => Ok(Some(tensor.clone())),
            Some(_) => Err(format!("`{name}` is no tensor").into()),
        }
    }

    /// The name of an input; `None` where it is left out.
    pub(super) fn input(&self, index: usize) -> Option<&'a str> {
        let name = self.node.inputs.get(index)?;
        self.inputs_read.borrow_mut()[index] = true;
        (!name.is_empty()).then_some(name)
    }

    /// Returns whether an output is used.
    pub(super) fn has_output(&self, index: usize) -> bool {
        self.asked.get(index) == Some(&true)
    }

    /// Refuses the node if an integer attribute has another value than `wanted`.
    pub(super) fn must_be(&self, name: &str, wanted: i64) -> Result<(), Reason> {
        let value = self.int(name, wanted)?;
        if value == wanted { Ok(()) } else { Err(format!("`{name}` is {value}, not {wanted}").into()) }
    }

    /// Refuses the node if it has attributes or inputs that no rule read.
    pub(super) fn finish(&self) -> Result<(), Reason> {
        for ((name, value), read) in self.node.attributes.iter().zip(&*self.attributes_read.borrow()) {
            if !read {
                return Err(format!("no rule reads its attribute `{name}` = {}", brief(value)).into());
            }
        }
        for (index, read) in self.inputs_read.borrow().iter().enumerate() {
            if !read && !self.node.inputs[index].is_empty() {
                return Err(format!("no rule reads its input {index}, `{}`", self.node.inputs[index]).into());
            }
        }
        Ok(())
    }
}

fn brief(value: &Attribute) -> String {
    match value {
        Attribute::Int(value) => value.to_string(),
        Attribute::Float(value) => value.to_string(),
        Attribute::Text(text) => format!("\"{}\"", super::super::refusal::shown(text)),
        Attribute::Ints(values) => format!("{values:?}"),
        Attribute::Floats(values) => format!("{values:?}"),
        Attribute::Texts(_) => "texts".to_owned(),
        Attribute::Tensor(tensor) => format!("a tensor of shape {:?}", tensor.dims()),
        Attribute::Other => "a graph or another kind of value".to_owned(),
    }
}

/// The axis that a number names among `rank` axes: a negative one counts from the end.
pub(super) fn axis_at(axis: i64, rank: usize) -> Result<usize, Reason> {
    let at = if axis < 0 { axis.checked_add_unsigned(rank as u64) } else { Some(axis) };
    let at = at.and_then(|at| usize::try_from(at).ok()).filter(|&at| at < rank);
    at.ok_or_else(|| "an axis does not exist".into())
}

/// The number that an author wrote for a float: the shortest decimal that gives the same float.
pub(super) fn written(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

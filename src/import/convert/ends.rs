//! Makes the inputs of the network, and finds the values of its outputs.

use super::super::model::{Attribute, Model, Node};
use super::super::network::Input;
use super::super::op::{ValueId, too_large};
use super::super::refusal::Reason;
use super::arrange::CHANNELS_LAST;
use super::reader::Reader;
use super::{Converter, Known};
use crate::tensor::Shape;

/// The largest batch of a model.
const MAX_BATCH: u64 = 4096;
/// The number of sums and products that may stand between a picture and the transposition of its channels.
const MAX_SCALINGS: usize = 16;

/// Returns whether an input without values stands where weights do: the model is a graph without them.
pub(super) fn is_weight(model: &Model, nodes: &[usize], name: &str, dims: &[u64]) -> bool {
    const WEIGHTED: &[&str] =
        &["Conv", "ConvTranspose", "Gemm", "BatchNormalization", "PRelu", "InstanceNormalization"];
    let mut used = false;
    for &index in nodes {
        let node = &model.nodes[index];
        for (position, _) in node.inputs.iter().enumerate().filter(|(_, input)| *input == name) {
            // A constant of our own exporter with one number for each channel is no input of the language.
            let is_column = model.is_ours() && matches!(dims, [_] | [_, 1, 1]);
            if position == 0 || !is_column && !WEIGHTED.contains(&node.kind.as_str()) {
                return false;
            }
            used = true;
        }
    }
    used
}

impl<'a> Converter<'a> {
    /// Makes an input. If every user of a picture transposes it to channels first, perhaps after a normalisation, its
    /// channels stand last.
    pub(super) fn input(
        &mut self,
        model: &'a Model,
        nodes: &[usize],
        name: &'a str,
        dims: &[u64],
    ) -> Result<(), String> {
        let (shape, layout) = match *dims {
            [_, elements] => (Shape::Vector(elements), None),
            [_, a, b, c] if ends_in_transpositions(model, nodes, name) => {
                (Shape::map(a, b, c), Some(CHANNELS_LAST))
            }
            [_, channels, height, width] => (Shape::map(height, width, channels), Some([1, 2, 3])),
            _ => return Err(format!("its extents are {dims:?}: neither a picture N×C×H×W nor a vector N×n")),
        };
        if dims[0] > MAX_BATCH {
            return Err(format!("it computes {} pictures at once, more than {MAX_BATCH}", dims[0]));
        }
        if too_large(shape) {
            return Err(format!("its extents {dims:?} are beyond the limits of the language"));
        }
        let value = self.network.value(shape);
        let view = self.laid_out(value, layout);
        if view.dims() != dims {
            return Err(format!("its batch is not {}, that of the first input", self.batch));
        }
        self.network.inputs.push(Input { name: name.to_owned(), value, preprocessing: String::new() });
        self.known.insert(name, Known::View(view));
        Ok(())
    }

    /// The value of an output as a map or vector of the language.
    pub(super) fn output(&mut self, name: &str) -> Result<ValueId, Reason> {
        let node = Node::default();
        let reader = Reader::new(&node, usize::MAX, &self.used);
        match self.known.get(name).cloned() {
            Some(Known::View(_)) if self.spread.contains_key(name) => {
                Err("`Expand` repeats its elements; the language has no such operator".into())
            }
            Some(Known::View(view)) => {
                let shape = self.network.shape(view.value);
                // A map at the end whose channels stand last is the same map with its axes in another order.
                if matches!(view.layout(shape), Some([1, 2, 3] | CHANNELS_LAST)) {
                    return Ok(view.value);
                }
                self.feature(&reader, &view)
            }
            Some(Known::Tensor(_)) => Err("it is constant".into()),
            Some(Known::Lost) => Err(Reason::Follows),
            None => Err("nothing makes it".into()),
        }
    }
}

/// Returns whether every user of an input moves its channels from the last axis to the first, perhaps after sums and
/// products with constants.
fn ends_in_transpositions(model: &Model, nodes: &[usize], input: &str) -> bool {
    const SCALING: &[&str] = &["Add", "Sub", "Mul", "Div"];
    let (mut todo, mut steps) = (vec![input], 0);
    while let Some(name) = todo.pop() {
        let users = nodes.iter().map(|&index| &model.nodes[index]);
        let mut users = users.filter(|node| node.inputs.iter().any(|one| one == name)).peekable();
        steps += 1;
        if users.peek().is_none() || steps > MAX_SCALINGS {
            return false;
        }
        for node in users.filter(|node| !makes_channels_first(node)) {
            let constant = |one: &String| one == name || model.initialisers.contains_key(one);
            match node.outputs.first() {
                Some(output) if SCALING.contains(&node.kind.as_str()) && node.inputs.iter().all(constant) => {
                    todo.push(output);
                }
                _ => return false,
            }
        }
    }
    true
}

/// Returns whether a node moves channels from the last axis to the first.
fn makes_channels_first(node: &Node) -> bool {
    let order = node.attributes.iter().find(|(name, _)| name == "perm").map(|(_, value)| value);
    node.kind == "Transpose" && order == Some(&Attribute::Ints(vec![0, 3, 1, 2]))
}

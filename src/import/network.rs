//! The network of a model: canonical operators in the order of their computation.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ops::ConnectionTable;
use crate::tensor::Shape;

use super::op::{Op, ValueId};

/// An input of the network.
#[derive(Clone, Debug)]
pub(super) struct Input {
    /// Its name in the model.
    pub(super) name: String,
    pub(super) value: ValueId,
    /// The words behind the shape that say how a picture becomes this input; empty where the model does not tell.
    pub(super) preprocessing: String,
}

/// Canonical operators, each after those that make its operands.
#[derive(Debug, Default)]
pub(super) struct Network {
    /// The shapes of all values, for one picture.
    pub(super) shapes: Vec<Shape>,
    pub(super) ops: Vec<Op>,
    pub(super) inputs: Vec<Input>,
    /// The name in the model and the value of each output.
    pub(super) outputs: Vec<(String, ValueId)>,
    /// The connection tables of convolutions.
    pub(super) tables: Vec<Arc<ConnectionTable>>,
    /// The file with the names of the classes.
    pub(super) labels: Option<String>,
    /// For operators that compute with the tensors of an earlier one: the index of that operator.
    pub(super) shared: BTreeMap<usize, usize>,
    /// How many words may trail operators that own or take shared tensors, where not the same words follow everywhere:
    /// `shared` repeats the trailing words, too.
    pub(super) trailing: BTreeMap<usize, usize>,
    /// Whether operators that own shared tensors are named even where they have an automatic name, which `shared` does not
    /// find.
    pub(super) names_owners: bool,
    /// Facts that the user should know, one line each.
    pub(super) notes: Vec<String>,
}

impl Network {
    /// The shape of a value.
    pub(super) fn shape(&self, value: ValueId) -> Shape {
        self.shapes[value.0]
    }

    /// Adds a value.
    pub(super) fn value(&mut self, shape: Shape) -> ValueId {
        self.shapes.push(shape);
        ValueId(self.shapes.len() - 1)
    }

    /// The shapes of the operands of an operator.
    pub(super) fn operand_shapes(&self, op: &Op) -> Vec<Shape> {
        op.inputs.iter().map(|&input| self.shape(input)).collect()
    }

    /// The number of uses of each value, as an operand or an output.
    pub(super) fn uses(&self) -> Vec<usize> {
        let mut uses = vec![0; self.shapes.len()];
        let operands = self.ops.iter().flat_map(|op| &op.inputs);
        for value in operands.chain(self.outputs.iter().map(|(_, value)| value)) {
            uses[value.0] += 1;
        }
        uses
    }

    /// Removes operators whose value nobody uses.
    pub(super) fn drop_unused(&mut self) {
        let mut live = vec![false; self.shapes.len()];
        self.outputs.iter().for_each(|(_, value)| live[value.0] = true);
        for op in self.ops.iter().rev() {
            if live[op.output.0] {
                op.inputs.iter().for_each(|input| live[input.0] = true);
            }
        }
        self.ops.retain(|op| live[op.output.0]);
    }
}

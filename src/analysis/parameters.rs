//! Counts the elements of a node's parameters: trainable, frozen, and state (running statistics).

use std::ops::AddAssign;

use crate::ir::Node;
use crate::ops::Role;

/// Elements of parameters; each tensor counts once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Elements {
    /// Trainable elements: weights, biases, the factors and summands of normalisations.
    pub params: u128,
    /// Fixed weights.
    pub frozen: u128,
    /// Running statistics.
    pub state: u128,
}

impl Elements {
    /// The elements of a node's parameters.
    pub fn of(node: &Node) -> Elements {
        let mut elements = Elements::default();
        for parameter in &node.parameters {
            let count = u128::from(parameter.elements());
            match parameter.role {
                Role::Trainable => elements.params += count,
                Role::Frozen => elements.frozen += count,
                Role::State => elements.state += count,
            }
        }
        elements
    }

    /// All elements that a weights file holds.
    pub fn stored(&self) -> u128 {
        self.params + self.frozen + self.state
    }
}

impl AddAssign for Elements {
    fn add_assign(&mut self, other: Elements) {
        self.params += other.params;
        self.frozen += other.frozen;
        self.state += other.state;
    }
}

//! The plan as data.

use crate::ops::{Activation, Op, Pool};
use crate::tensor::{Shape, Window};

use super::constants::Recipe;

/// A piece of the arena, in elements of f32, for the whole batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// Its first element.
    pub offset: usize,
    /// Its elements.
    pub len: usize,
}

/// An input or output.
#[derive(Clone, Debug, PartialEq)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// The shape for one picture.
    pub shape: Shape,
    /// Where its values lie.
    pub buffer: Buffer,
}

/// How a step computes. Activations behind it are applied as the output is written.
#[derive(Clone, Debug, PartialEq)]
pub enum Kernel {
    /// Convolution as a matrix product; the constants are the weight and perhaps a bias.
    Conv {
        /// Along the height.
        rows: Window,
        /// Along the width.
        columns: Window,
        /// Groups of channels.
        groups: usize,
        /// Whether there is a bias.
        bias: bool,
    },
    /// Depthwise convolution; the constants are the weight and perhaps a bias.
    Depthwise {
        /// Along the height.
        rows: Window,
        /// Along the width.
        columns: Window,
        /// Output channels for each input channel.
        multiplier: usize,
        /// Whether there is a bias.
        bias: bool,
    },
    /// Fully-connected layer; the constants are the weight and perhaps a bias.
    Dense {
        /// Whether there is a bias.
        bias: bool,
    },
    /// Pooling, plane by plane.
    Pool(Pool),
    /// A factor and a summand for each channel, which are the constants (batch normalisation).
    Affine,
    /// Sums of its inputs, element by element.
    Add,
    /// Channels one after another.
    Concat,
    /// Copies its input.
    Copy,
    /// The definition of the operator, picture by picture.
    Reference(Op),
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// How it computes.
    pub kernel: Kernel,
    /// The activation of the output.
    pub activation: Option<Activation>,
    /// What it reads.
    pub inputs: Vec<Buffer>,
    /// The shapes of what it reads, for one picture.
    pub input_shapes: Vec<Shape>,
    /// What it writes; the first input where it works in place.
    pub output: Buffer,
    /// The shape of what it writes, for one picture.
    pub output_shape: Shape,
    /// Its constants.
    pub constants: Vec<Recipe>,
    /// The rows that it covers.
    pub covers: Vec<String>,
}

impl Step {
    /// Whether the output overwrites the first input.
    pub fn in_place(&self) -> bool {
        self.inputs.first() == Some(&self.output)
    }
}

/// What is run, and in which memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The network's name.
    pub network: String,
    /// Pictures at once.
    pub batch: usize,
    /// The inputs of the network.
    pub inputs: Vec<Port>,
    /// The outputs that are kept, in the order in which they were asked for.
    pub outputs: Vec<Port>,
    /// The steps in order.
    pub steps: Vec<Step>,
    /// Elements of the arena.
    pub arena: usize,
    /// Elements of the columns that convolutions unfold, shared by all steps.
    pub scratch: usize,
}

impl Plan {
    /// Bytes of all constants.
    pub fn constant_bytes(&self) -> u128 {
        let recipes = self.steps.iter().flat_map(|step| &step.constants);
        recipes.map(|recipe| 4 * recipe.shape.iter().map(|&dim| u128::from(dim)).product::<u128>()).sum()
    }

    /// Bytes that running needs: arena, scratch and constants, and the inputs and outputs outside of the arena.
    pub fn bytes(&self) -> u128 {
        let ports = self.inputs.iter().chain(&self.outputs).map(|port| port.buffer.len as u128).sum::<u128>();
        4 * (self.arena as u128 + self.scratch as u128 + ports) + self.constant_bytes()
    }
}

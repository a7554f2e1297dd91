//! How operators become ONNX: the nodes that compute an operator, a single one where ONNX has it, else a few.

use super::Parameter;
use crate::tensor::Shape;

/// How an operator is said in ONNX.
pub(crate) trait ToOnnx {
    /// Adds the nodes that compute it, and says how their last value is called.
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String;
}

/// The value of an attribute of a node.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum OnnxValue {
    Int(i64),
    Float(f32),
    Text(&'static str),
    Ints(Vec<i64>),
}

/// How the elements of a parameter are laid out in the model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum WeightLayout {
    /// As stored.
    Stored,
    /// Every element so many times: one coefficient becomes a window of equal taps.
    Repeated(usize),
    /// The kernels of a connection table become the kernels of a full convolution, zeros where nothing is connected.
    /// For each filter its input maps, and how many maps there are.
    Connected(Vec<Vec<u64>>, usize),
}

/// The model that an operator adds its nodes to. Values are known by their names; shapes are of one picture.
pub(crate) trait OnnxBuilder {
    /// The version of the operator set.
    fn opset(&self) -> u32;

    /// The names of all operands.
    fn operands(&self) -> Vec<String>;

    /// The shapes of all operands.
    fn inputs(&self) -> Vec<Shape>;

    /// The shape of the node's value, of one picture.
    fn output(&self) -> Shape;

    /// The parameters that the node computes with.
    fn parameters(&self) -> &[Parameter];

    /// The number of pictures; `None` where it is open.
    fn pictures(&self) -> Option<u64>;

    /// Adds a node of one output, and says how that is called.
    fn node(
        &mut self,
        operator: &'static str,
        inputs: &[String],
        attributes: Vec<(&'static str, OnnxValue)>,
    ) -> String;

    /// A constant of these elements.
    fn floats(&mut self, dims: &[u64], values: Vec<f32>) -> String;

    /// A list of integers.
    fn integers(&mut self, values: &[i64]) -> String;

    /// A parameter of the node with the dimensions that the operator of ONNX wants. Who shares weights gets the
    /// constant of the owner.
    fn weight(&mut self, index: usize, dims: &[u64], layout: WeightLayout) -> String;

    /// The name of the first operand.
    fn operand(&self) -> String {
        self.operands()[0].clone()
    }

    /// The shape of the first operand, of one picture.
    fn input(&self) -> Shape {
        self.inputs()[0]
    }

    /// The position of the parameter with this key; `None` where the node has none.
    fn parameter(&self, key: &str) -> Option<usize> {
        self.parameters().iter().position(|parameter| parameter.key == key)
    }

    /// A node of one input without attributes.
    fn apply(&mut self, operator: &'static str, input: &str) -> String {
        self.node(operator, &[input.to_owned()], Vec::new())
    }

    /// A node of two inputs without attributes.
    fn join(&mut self, operator: &'static str, first: &str, second: &str) -> String {
        self.node(operator, &[first.to_owned(), second.to_owned()], Vec::new())
    }

    /// A node of a value and a number.
    fn with_number(&mut self, operator: &'static str, input: &str, number: f64) -> String {
        let number = self.number(number);
        self.join(operator, input, &number)
    }

    /// A constant of one element and no dimension, in single precision.
    fn number(&mut self, number: f64) -> String {
        self.floats(&[], vec![number as f32])
    }

    /// A parameter as it is stored.
    fn stored(&mut self, index: usize) -> String {
        let dims = self.parameters()[index].shape.clone();
        self.weight(index, &dims, WeightLayout::Stored)
    }

    /// A parameter of one element for each channel, so that it meets the channels of the node's value.
    fn by_channel(&mut self, index: usize) -> String {
        let mut dims = self.parameters()[index].shape.clone();
        if self.output().is_map() {
            dims.extend([1, 1]);
        }
        self.weight(index, &dims, WeightLayout::Stored)
    }

    /// Brings a value to other dimensions behind the batch, which stays.
    fn reshape(&mut self, input: &str, dims: &[u64]) -> String {
        let dims: Vec<i64> = [0].into_iter().chain(dims.iter().map(|&dim| dim as i64)).collect();
        let dims = self.integers(&dims);
        self.join("Reshape", input, &dims)
    }

    /// Exchanges the axes, the batch among them.
    fn transpose(&mut self, input: &str, axes: &[i64]) -> String {
        self.node("Transpose", &[input.to_owned()], vec![("perm", OnnxValue::Ints(axes.to_vec()))])
    }

    /// Some positions of one axis: `start..end`.
    fn slice(&mut self, input: &str, axis: i64, start: u64, end: u64) -> String {
        let [start, end, axis] = [start as i64, end as i64, axis].map(|value| self.integers(&[value]));
        self.node("Slice", &[input.to_owned(), start, end, axis], Vec::new())
    }

    /// Values behind each other along an axis.
    fn concat(&mut self, inputs: &[String], axis: i64) -> String {
        match inputs {
            [one] => one.clone(),
            _ => self.node("Concat", inputs, vec![("axis", OnnxValue::Int(axis))]),
        }
    }

    /// The values joined two by two, from the first on, as the network computes them.
    fn chain(&mut self, operator: &'static str, values: &[String]) -> String {
        let first = values[0].clone();
        values[1..].iter().fold(first, |joined, value| self.join(operator, &joined, value))
    }
}

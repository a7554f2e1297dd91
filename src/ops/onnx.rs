//! The ONNX forms of operators: a single node where ONNX has the operator, otherwise a few.

use super::Parameter;
use crate::tensor::Shape;

/// The ONNX form of an operator.
pub(crate) trait ToOnnx {
    /// Adds the nodes that compute the operator, and gives the name of the last value.
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

/// The arrangement of a parameter's elements in the model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum WeightLayout {
    /// Unchanged.
    Stored,
    /// Every element repeated: one coefficient becomes a window of equal taps.
    Repeated(usize),
    /// The kernels of a connection table in the weight of a full convolution, with zeros for missing connections: the
    /// input maps of each filter, and the number of input maps.
    Connected(Vec<Vec<u64>>, usize),
}

/// The model to which an operator adds its nodes. Values are referred to by name; shapes are those of one picture.
pub(crate) trait OnnxBuilder {
    /// The version of the operator set.
    fn opset(&self) -> u32;

    /// The names of all operands.
    fn operands(&self) -> Vec<String>;

    /// The shapes of all operands.
    fn inputs(&self) -> Vec<Shape>;

    /// The shape of the node's result for one picture.
    fn output(&self) -> Shape;

    /// The parameters that the node computes with.
    fn parameters(&self) -> &[Parameter];

    /// The batch size; `None` if it is open.
    fn pictures(&self) -> Option<u64>;

    /// Adds a node with one output, and gives the name of the output.
    fn node(
        &mut self,
        operator: &'static str,
        inputs: &[String],
        attributes: Vec<(&'static str, OnnxValue)>,
    ) -> String;

    /// Says of the last node what an importer cannot see in it.
    fn remark(&mut self, _remark: &str) {}

    /// Adds a constant with these elements.
    fn floats(&mut self, dims: &[u64], values: Vec<f32>) -> String;

    /// Adds a constant list of integers.
    fn integers(&mut self, values: &[i64]) -> String;

    /// Adds a parameter of the node as a constant with these dimensions. A node that shares weights uses the owner's
    /// constant.
    fn weight(&mut self, index: usize, dims: &[u64], layout: WeightLayout) -> String;

    /// The name of the first operand.
    fn operand(&self) -> String {
        self.operands()[0].clone()
    }

    /// The shape of the first operand for one picture.
    fn input(&self) -> Shape {
        self.inputs()[0]
    }

    /// The index of the parameter with this key; `None` if the node has none.
    fn parameter(&self, key: &str) -> Option<usize> {
        self.parameters().iter().position(|parameter| parameter.key == key)
    }

    /// Adds a node with one input and no attributes.
    fn apply(&mut self, operator: &'static str, input: &str) -> String {
        self.node(operator, &[input.to_owned()], Vec::new())
    }

    /// Adds a node with two inputs and no attributes.
    fn join(&mut self, operator: &'static str, first: &str, second: &str) -> String {
        self.node(operator, &[first.to_owned(), second.to_owned()], Vec::new())
    }

    /// Adds a reduction of one axis, which keeps extent 1. The axis is an attribute before operator set 18, and an input
    /// since.
    fn reduce(&mut self, operator: &'static str, input: &str, axis: i64) -> String {
        if self.opset() < 18 {
            return self.node(operator, &[input.to_owned()], vec![("axes", OnnxValue::Ints(vec![axis]))]);
        }
        let axis = self.integers(&[axis]);
        self.join(operator, input, &axis)
    }

    /// Adds a node of a value and a number.
    fn with_number(&mut self, operator: &'static str, input: &str, number: f64) -> String {
        let number = self.number(number);
        self.join(operator, input, &number)
    }

    /// Adds a scalar constant in single precision.
    fn number(&mut self, number: f64) -> String {
        self.floats(&[], vec![number as f32])
    }

    /// Adds a parameter unchanged.
    fn stored(&mut self, index: usize) -> String {
        let dims = self.parameters()[index].shape.clone();
        self.weight(index, &dims, WeightLayout::Stored)
    }

    /// Adds a parameter with one element for each channel, with dimensions that broadcast to the node's result.
    fn by_channel(&mut self, index: usize) -> String {
        let mut dims = self.parameters()[index].shape.clone();
        if self.output().is_map() {
            dims.extend([1, 1]);
        }
        self.weight(index, &dims, WeightLayout::Stored)
    }

    /// Adds a reshape to other dimensions; the batch stays.
    fn reshape(&mut self, input: &str, dims: &[u64]) -> String {
        let dims: Vec<i64> = [0].into_iter().chain(dims.iter().map(|&dim| dim as i64)).collect();
        let dims = self.integers(&dims);
        self.join("Reshape", input, &dims)
    }

    /// Adds a transposition; `axes` includes the batch.
    fn transpose(&mut self, input: &str, axes: &[i64]) -> String {
        self.node("Transpose", &[input.to_owned()], vec![("perm", OnnxValue::Ints(axes.to_vec()))])
    }

    /// Adds a slice `start..end` of one axis.
    fn slice(&mut self, input: &str, axis: i64, start: u64, end: u64) -> String {
        let [start, end, axis] = [start as i64, end as i64, axis].map(|value| self.integers(&[value]));
        self.node("Slice", &[input.to_owned(), start, end, axis], Vec::new())
    }

    /// Adds a concatenation along an axis.
    fn concat(&mut self, inputs: &[String], axis: i64) -> String {
        match inputs {
            [one] => one.clone(),
            _ => self.node("Concat", inputs, vec![("axis", OnnxValue::Int(axis))]),
        }
    }

    /// Combines values two by two from the first on, in the order of the reference kernel.
    fn chain(&mut self, operator: &'static str, values: &[String]) -> String {
        let first = values[0].clone();
        values[1..].iter().fold(first, |joined, value| self.join(operator, &joined, value))
    }
}

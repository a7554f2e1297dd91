//! The names of an operator in other frameworks: the nodes, module or expression of exported models, and the tensors in
//! files of weights.

use super::onnx::{OnnxBuilder, OnnxValue, WeightLayout};
use super::{Op, Parameter, Torch, TorchArgument};
use crate::tensor::Shape;

/// The newest operator set that exported models use.
const OPSET: u32 = 17;

/// The names of an operator in other frameworks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vocabulary {
    /// The ONNX operators that compute it, in order.
    pub onnx: Vec<&'static str>,
    /// The module of PyTorch (`nn.Conv2d(4, 8, kernel_size=3)`), or an expression over the operands `x` and `y`.
    pub torch: String,
    /// Whether PyTorch lacks the module, so that exported files define it.
    pub is_helper: bool,
    /// Its parameters as a weights file holds them: last part of the key and shape, `weight 8x3x3x3`.
    pub parameters: Vec<String>,
}

impl Op {
    /// The names of this operator with its arguments. `inputs` passed [`Operator::infer`](super::Operator::infer).
    pub fn vocabulary(&self, inputs: &[Shape], output: Shape, parameters: &[Parameter]) -> Vocabulary {
        let mut recorder = Recorder { inputs, output, parameters, nodes: Vec::new() };
        self.onnx(&mut recorder);
        let torch = self.torch(inputs, output);
        let is_helper = torch.helper.is_some();
        let torch = if torch.module { module(&torch) } else { expression(&torch) };
        let parameters = parameters.iter().map(described).collect();
        Vocabulary { onnx: recorder.nodes, torch, is_helper, parameters }
    }
}

/// A parameter's key and shape.
fn described(Parameter { key, shape, .. }: &Parameter) -> String {
    let shape: Vec<String> = shape.iter().map(u64::to_string).collect();
    format!("{key} {}", shape.join("x"))
}

/// The call of a module's constructor, without arguments at their defaults.
fn module(torch: &Torch) -> String {
    let written =
        torch.arguments.iter().filter(|argument| argument.default.as_ref() != Some(&argument.value));
    let arguments: Vec<String> = written
        .map(|TorchArgument { name, value, positional, .. }| match positional {
            true => value.clone(),
            false => format!("{name}={value}"),
        })
        .collect();
    format!("{}({})", torch.text, arguments.join(", "))
}

/// The text of an expression with its operands and arguments.
fn expression(torch: &Torch) -> String {
    let text = torch.text.replace("{0}", "x").replace("{1}", "y").replace("{*}", "x, y");
    torch
        .arguments
        .iter()
        .fold(text, |text, TorchArgument { name, value, .. }| text.replace(&format!("{{{name}}}"), value))
}

/// Records which nodes an operator adds.
struct Recorder<'a> {
    inputs: &'a [Shape],
    output: Shape,
    parameters: &'a [Parameter],
    nodes: Vec<&'static str>,
}

impl OnnxBuilder for Recorder<'_> {
    fn opset(&self) -> u32 {
        OPSET
    }

    fn operands(&self) -> Vec<String> {
        vec![String::new(); self.inputs.len()]
    }

    fn inputs(&self) -> Vec<Shape> {
        self.inputs.to_vec()
    }

    fn output(&self) -> Shape {
        self.output
    }

    fn parameters(&self) -> &[Parameter] {
        self.parameters
    }

    fn pictures(&self) -> Option<u64> {
        Some(1)
    }

    fn node(
        &mut self,
        operator: &'static str,
        _inputs: &[String],
        _attributes: Vec<(&'static str, OnnxValue)>,
    ) -> String {
        self.nodes.push(operator);
        String::new()
    }

    fn floats(&mut self, _dims: &[u64], _values: Vec<f32>) -> String {
        String::new()
    }

    fn integers(&mut self, _values: &[i64]) -> String {
        String::new()
    }

    fn weight(&mut self, _index: usize, _dims: &[u64], _layout: WeightLayout) -> String {
        String::new()
    }
}

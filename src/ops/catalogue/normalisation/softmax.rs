//! `softmax` and `logsoftmax`: the exponentials of the channels divided by their sum, and the logarithm of the
//! quotients.

use ndarray::Axis;

use crate::ops::field::{Arguments, Field, arguments};
use crate::ops::onnx::{OnnxBuilder, OnnxValue, ToOnnx};
use crate::ops::tools::{nothing, rules};
use crate::ops::torch::{ToTorch, Torch};
use crate::ops::{Arrays, Cost, Counted, Geometry, Number, OpError, Operator, Reuse, Spec, Tool, Written};
use crate::tensor::Shape;

/// The spec of `softmax`.
pub(crate) static SPEC: Spec = Spec {
    name: "softmax",
    trailing: true,
    summary: "e^x divided by its sum, over the channels at each position, of a vector over its elements.",
    example: "input 10;\nsoftmax  -> 10;\n",
    rules: "Takes a map or a vector.",
    cost: "per element 1 exp, 1 division and 1 subtraction; per position channels − 1 comparisons and channels − 1 additions",
    ..Softmax::WRITTEN
};

/// The spec of `logsoftmax`.
pub(crate) static LOG: Spec = Spec {
    name: "logsoftmax",
    trailing: true,
    summary: "The logarithm of softmax: x less the logarithm of the sum of e^x, over the channels at each position, of a vector over its elements.",
    example: "input 10;\nlogsoftmax  -> 10;\n",
    rules: "Takes a map or a vector.",
    cost: "per element 1 exp and 3 subtractions; per position 1 logarithm (counted as exp), channels − 1 comparisons and channels − 1 additions",
    since: "0.2",
    ..Softmax::WRITTEN
};

arguments! {
    /// The softmax over the channels.
    pub struct Softmax {
        /// Whether the logarithm is taken; it follows from the word.
        log: bool = Field::new(|_, bound| Ok(bound.spec().name == LOG.name), |_, _, _| {}),
    }
}

impl ToTorch for Softmax {
    fn to_torch(&self, _inputs: &[Shape], _output: Shape) -> Torch {
        Torch::module(if self.log { "nn.LogSoftmax" } else { "nn.Softmax" }).named("dim", 1)
    }
}

impl ToOnnx for Softmax {
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let operator = if self.log { "LogSoftmax" } else { "Softmax" };
        builder.node(operator, &[builder.operand()], vec![("axis", OnnxValue::Int(1))])
    }
}

impl Written for Softmax {
    const SPECS: &'static [&'static Spec] = &[&SPEC, &LOG];

    fn spec(&self) -> &'static Spec {
        if self.log { &LOG } else { &SPEC }
    }
}

impl Operator for Softmax {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        Ok(inputs[0])
    }

    fn cost(&self, _inputs: &[Shape], output: Shape) -> Cost {
        let elements = u128::from(output.elements());
        let positions = elements / u128::from(output.channels());
        if self.log {
            return Cost {
                add: 4 * elements - positions,
                exp: elements + positions,
                cmp: elements - positions,
                ..Cost::default()
            };
        }
        Cost {
            add: 2 * elements - positions,
            div: elements,
            exp: elements,
            cmp: elements - positions,
            ..Cost::default()
        }
    }

    fn counted(&self, _inputs: &[Shape], output: Shape) -> Vec<Counted> {
        if self.log {
            return nothing();
        }
        let elements = u128::from(output.elements());
        let positions = elements / u128::from(output.channels());
        rules([
            // THOP counts the exponentials, sums and divisions of each position.
            (Tool::Thop, "3n − 1 for each softmax", 3 * elements - positions),
            (Tool::Ptflops, "1 for each element of softmax", elements),
            (Tool::Calflops, "1 for each input element of softmax", elements),
        ])
    }

    fn geometry(&self, input: Shape, _output: Shape) -> Geometry {
        if input.is_map() { Geometry::Pointwise } else { Geometry::Whole }
    }

    fn reuse(&self) -> Reuse {
        Reuse::InPlace
    }

    fn reference<N: Number>(&self, Arrays { inputs, mut output, .. }: Arrays<'_, N>) {
        let zero = N::from_f64(0.0);
        for (source, mut target) in inputs[0].lanes(Axis(0)).into_iter().zip(output.lanes_mut(Axis(0))) {
            // Subtracting the greatest value keeps the exponentials in range and does not change the quotients.
            let greatest = source.iter().copied().reduce(|a, b| a.max(b)).unwrap_or(zero);
            target.iter_mut().zip(&source).for_each(|(out, &x)| *out = (x - greatest).exp());
            let sum = target.iter().copied().reduce(|a, b| a + b).unwrap_or(zero);
            if self.log {
                let total = sum.ln();
                target.iter_mut().zip(&source).for_each(|(out, &x)| *out = x - greatest - total);
            } else {
                target.mapv_inplace(|x| x / sum);
            }
        }
    }
}

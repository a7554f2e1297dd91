//! `l2norm`: the channels at each position, divided by their Euclidean norm.

use super::epsilon::epsilon;
use super::family::{self, Norm, Together, Trained, norm_operator, sum};
use crate::ops::field::{Arguments, arguments};
use crate::ops::onnx::{OnnxBuilder, ToOnnx};
use crate::ops::tools::nothing;
use crate::ops::torch::{ToTorch, Torch};
use crate::ops::{Attribute, Cost, Counted, Default, Kind, Number, OpError, Spec, Written};
use crate::tensor::Shape;

/// The spec of `l2norm`.
pub(crate) static SPEC: Spec = Spec {
    name: "l2norm",
    trailing: true,
    summary: "Divides the channels at each position by their Euclidean norm, of a vector its elements: x/max(√Σx², eps).",
    example: "input 8x8x4;\nl2norm scale  -> 8x8x4;\n",
    rules: "Takes a map or a vector.",
    cost: "per element 1 multiplication, 1 addition and 1 division; per position 1 addition less, 1 square root and 1 comparison",
    since: "0.2",
    ..L2Norm::WRITTEN
};

arguments! {
    /// Division by the Euclidean norm.
    pub struct L2Norm {
        /// The least divisor.
        eps: f64 = epsilon(&[Attribute {
            name: "eps",
            kind: Kind::Real,
            default: Default::Real(1e-12),
            doc: "the least divisor",
        }]),
    }
}

impl ToTorch for L2Norm {
    fn to_torch(&self, _inputs: &[Shape], _output: Shape) -> Torch {
        Torch::expression("F.normalize({0}, dim=1, eps={eps})").named("eps", self.eps)
    }
}

impl ToOnnx for L2Norm {
    /// Divides by the Euclidean norm of the channels, clamped to at least `eps`.
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let input = builder.operand();
        let norm = builder.reduce("ReduceL2", &input, 1);
        let least = builder.number(self.eps);
        let divisor = builder.node("Clip", &[norm, least], Vec::new());
        builder.join("Div", &input, &divisor)
    }
}

impl Written for L2Norm {
    const SPECS: &'static [&'static Spec] = &[&SPEC];
}

impl Norm for L2Norm {
    fn together(&self, _input: Shape) -> Result<Together, OpError> {
        Ok(Together::Channels)
    }

    fn trained(&self) -> Trained {
        Trained::Nothing
    }

    fn cost_of_set(&self, elements: u128) -> Cost {
        Cost { add: elements - 1, mul: elements, div: elements, sqrt: 1, cmp: 1, ..Cost::default() }
    }

    fn counted_by_tools(&self, _input: Shape) -> Vec<Counted> {
        nothing()
    }

    fn normalise<N: Number>(&self, set: &mut [N]) {
        let norm = sum(set.iter().map(|&x| x * x)).sqrt().max(N::from_f64(self.eps));
        set.iter_mut().for_each(|x| *x = *x / norm);
    }
}

norm_operator!(L2Norm);

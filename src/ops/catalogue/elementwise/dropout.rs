//! `dropout`: the identity in inference.

use crate::diag::Code;
use crate::ops::field::{Arguments, Field, arguments};
use crate::ops::onnx::{OnnxBuilder, ToOnnx};
use crate::ops::tools::{costs_nothing, counted_by_no_tool};
use crate::ops::torch::{ToTorch, Torch};
use crate::ops::{
    Arrays, Bound, Default, Geometry, Kind, Number, OpError, Operator, Reuse, Spec, Value, Written,
};
use crate::tensor::Shape;

/// The spec of `dropout`.
pub(crate) static SPEC: Spec = Spec {
    name: "dropout",
    trailing: true,
    summary: "Drops elements with probability p in training (Srivastava et al. 2014); the identity when run.",
    example: "input 100;\ndense 10 relu dropout 0.5  -> 10;\n",
    rules: "Takes a map or a vector.",
    cost: "none: the identity when run",
    ..Dropout::WRITTEN
};

arguments! {
    /// The identity in inference.
    pub struct Dropout {
        /// The probability in training.
        probability: f64 = Field::value(&Value {
            name: "probability",
            kind: Kind::Real,
            default: Default::Required,
            doc: "at least 0 and below 1",
        }),
    }
}

impl ToTorch for Dropout {
    fn to_torch(&self, _inputs: &[Shape], _output: Shape) -> Torch {
        Torch::module("nn.Dropout").positional("p", self.probability)
    }
}

impl ToOnnx for Dropout {
    /// Adds no node, because dropout does nothing in inference.
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        builder.operand()
    }
}

impl Written for Dropout {
    const SPECS: &'static [&'static Spec] = &[&SPEC];

    fn check(self, _bound: &Bound) -> Result<Dropout, OpError> {
        let probability = self.probability;
        if !(0.0..1.0).contains(&probability) {
            return Err(OpError::new(
                Code::E0205,
                "the probability of `dropout` must be at least 0 and below 1",
            )
            .at("lone value")
            .here(format!("this is {probability}")));
        }
        Ok(self)
    }
}

impl Operator for Dropout {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        Ok(inputs[0])
    }

    costs_nothing!();

    counted_by_no_tool!();

    fn geometry(&self, _input: Shape, _output: Shape) -> Geometry {
        Geometry::Pointwise
    }

    fn reuse(&self) -> Reuse {
        Reuse::Alias
    }

    fn reference<N: Number>(&self, Arrays { inputs, mut output, .. }: Arrays<'_, N>) {
        output.assign(&inputs[0]);
    }
}

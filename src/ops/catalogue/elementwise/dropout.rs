//! `dropout`: the identity when run.

use ndarray::{ArrayViewD, ArrayViewMutD};

use crate::diag::Code;
use crate::ops::{Cost, Default, Geometry, Kind, Number, Op, OpError, Operator, Reuse, Sizes, Spec, Value};
use crate::tensor::Shape;

/// How `dropout` is written.
pub(crate) static SPEC: Spec = Spec {
    name: "dropout",
    trailing: true,
    summary: "Drops elements with probability p in training (Srivastava et al. 2014); the identity when run.",
    example: "input 100;\ndense 10 relu dropout 0.5 -> 10;\n",
    sizes: Sizes::None,
    value: Some(Value {
        name: "probability",
        kind: Kind::Real,
        default: Default::Required,
        doc: "at least 0 and below 1",
    }),
    flags: &[],
    attributes: &[],
    cost: "none: the identity when run",
    onnx: "Dropout",
    torch: "nn.Dropout",
    construct: |bound| {
        let probability = bound.real("value").unwrap_or(0.0);
        if !(0.0..1.0).contains(&probability) {
            return Err(OpError::new(
                Code::E0205,
                "the probability of `dropout` must be at least 0 and below 1",
            )
            .at("value")
            .here(format!("this is {probability}")));
        }
        Ok(Op::Dropout(Dropout { probability }))
    },
};

/// The identity when run.
#[derive(Clone, Debug, PartialEq)]
pub struct Dropout {
    /// The probability in training.
    pub probability: f64,
}

impl Operator for Dropout {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        Ok(inputs[0])
    }

    fn cost(&self, _inputs: &[Shape], _output: Shape) -> Cost {
        Cost::default()
    }

    fn geometry(&self, _input: Shape) -> Geometry {
        Geometry::Pointwise
    }

    fn reuse(&self) -> Reuse {
        Reuse::Alias
    }

    fn reference<N: Number>(
        &self,
        inputs: &[ArrayViewD<'_, N>],
        _parameters: &[ArrayViewD<'_, N>],
        mut output: ArrayViewMutD<'_, N>,
    ) {
        output.assign(&inputs[0]);
    }
}

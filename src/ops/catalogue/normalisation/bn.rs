//! `bn`: batch normalisation with running statistics.

use ndarray::{ArrayViewD, ArrayViewMutD, Axis, IxDyn};

use super::epsilon::{EPS, eps};
use crate::ops::{Cost, Geometry, Init, Number, Op, OpError, Operator, Parameter, Reuse, Role, Sizes, Spec};
use crate::tensor::Shape;

/// How `bn` is written.
pub(crate) static SPEC: Spec = Spec {
    name: "bn",
    trailing: true,
    summary: "Batch normalisation with running statistics (Ioffe & Szegedy 2015): (x − mean)/√(var + eps)·weight + bias.",
    example: "input 8x8x3;\nconv 3x3x4 same bn relu -> 8x8x4;\n",
    sizes: Sizes::None,
    value: None,
    flags: &[],
    attributes: &[EPS],
    cost: "per element 2 additions and 1 multiplication; per channel 1 addition, 1 square root and 1 division",
    onnx: "BatchNormalization",
    torch: "nn.BatchNorm2d",
    construct: |bound| Ok(Op::BatchNorm(BatchNorm { eps: eps(bound)? })),
};

/// Batch normalisation as run: with running statistics.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchNorm {
    /// Added to the variance.
    pub eps: f64,
}

impl Operator for BatchNorm {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        Ok(inputs[0])
    }

    fn parameters(&self, inputs: &[Shape]) -> Vec<Parameter> {
        let one = |key, role, init| Parameter { key, shape: vec![inputs[0].channels()], role, init };
        vec![
            one("weight", Role::Trainable, Init::NormWeight),
            one("bias", Role::Trainable, Init::NormBias),
            one("running_mean", Role::State, Init::NormMean),
            one("running_var", Role::State, Init::NormVariance),
        ]
    }

    fn cost(&self, _inputs: &[Shape], output: Shape) -> Cost {
        let (elements, channels) = (u128::from(output.elements()), u128::from(output.channels()));
        Cost { add: 2 * elements + channels, mul: elements, sqrt: channels, div: channels, ..Cost::default() }
    }

    fn geometry(&self, _input: Shape) -> Geometry {
        Geometry::Pointwise
    }

    fn reuse(&self) -> Reuse {
        Reuse::InPlace
    }

    fn reference<N: Number>(
        &self,
        inputs: &[ArrayViewD<'_, N>],
        parameters: &[ArrayViewD<'_, N>],
        mut output: ArrayViewMutD<'_, N>,
    ) {
        let [weight, bias, mean, variance] = [0, 1, 2, 3].map(|index| &parameters[index]);
        for (channel, mut plane) in output.axis_iter_mut(Axis(0)).enumerate() {
            let at = IxDyn(&[channel]);
            let factor = weight[&at] / (variance[&at] + N::from_f64(self.eps)).sqrt();
            plane.assign(&inputs[0].index_axis(Axis(0), channel));
            plane.mapv_inplace(|x| (x - mean[&at]) * factor + bias[&at]);
        }
    }
}

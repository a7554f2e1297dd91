//! `layernorm`: normalisation over the channels at each position.

use ndarray::{ArrayViewD, ArrayViewMutD, Axis, IxDyn};

use super::epsilon::{EPS, eps};
use crate::ops::{Cost, Geometry, Init, Number, Op, OpError, Operator, Parameter, Reuse, Role, Sizes, Spec};
use crate::tensor::Shape;

/// How `layernorm` is written.
pub(crate) static SPEC: Spec = Spec {
    name: "layernorm",
    trailing: true,
    summary: "Layer normalisation over the channels at each position (Ba et al. 2016), of a vector over its elements.",
    example: "input 8x8x3;\nconv 3x3x4 same layernorm relu -> 8x8x4;\n",
    sizes: Sizes::None,
    value: None,
    flags: &[],
    attributes: &[EPS],
    cost: "per element 5 additions and 3 multiplications; per position 1 addition less, 3 divisions and 1 square root",
    onnx: "LayerNormalization",
    torch: "nn.LayerNorm",
    construct: |bound| Ok(Op::LayerNorm(LayerNorm { eps: eps(bound)? })),
};

/// Layer normalisation over channels.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerNorm {
    /// Added to the variance.
    pub eps: f64,
}

impl Operator for LayerNorm {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        Ok(inputs[0])
    }

    fn parameters(&self, inputs: &[Shape]) -> Vec<Parameter> {
        let one =
            |key, init| Parameter { key, shape: vec![inputs[0].channels()], role: Role::Trainable, init };
        vec![one("weight", Init::NormWeight), one("bias", Init::NormBias)]
    }

    fn cost(&self, _inputs: &[Shape], output: Shape) -> Cost {
        let (elements, channels) = (u128::from(output.elements()), u128::from(output.channels()));
        let positions = elements / channels;
        Cost {
            add: 5 * elements - positions,
            mul: 3 * elements,
            div: 3 * positions,
            sqrt: positions,
            ..Cost::default()
        }
    }

    fn geometry(&self, input: Shape) -> Geometry {
        if input.is_map() { Geometry::Pointwise } else { Geometry::Whole }
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
        let channels = N::from_f64(inputs[0].shape()[0] as f64);
        for (source, mut target) in inputs[0].lanes(Axis(0)).into_iter().zip(output.lanes_mut(Axis(0))) {
            let total = |values: &mut dyn Iterator<Item = N>| {
                values.reduce(|sum, x| sum + x).unwrap_or(N::from_f64(0.0))
            };
            let mean = total(&mut source.iter().copied()) / channels;
            let square = |x: N| {
                let centred = x - mean;
                centred * centred
            };
            let variance = total(&mut source.iter().map(|&x| square(x))) / channels;
            let factor = N::from_f64(1.0) / (variance + N::from_f64(self.eps)).sqrt();
            for (channel, (out, &x)) in target.iter_mut().zip(&source).enumerate() {
                let at = IxDyn(&[channel]);
                *out = (x - mean) * factor * parameters[0][&at] + parameters[1][&at];
            }
        }
    }
}

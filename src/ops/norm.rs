//! `bn` and `layernorm`: shift and scale to mean 0 and variance 1, then by trained numbers.

use ndarray::{ArrayViewD, ArrayViewMutD, Axis, IxDyn};

use super::{
    Attribute, Bound, Cost, Default, Geometry, Init, Kind, Number, Op, OpError, Operator, Parameter, Reuse,
    Role, Sizes, Spec,
};
use crate::diag::Code;
use crate::tensor::Shape;

const EPS: Attribute =
    Attribute { name: "eps", kind: Kind::Real, default: Default::Real(1e-5), doc: "added to the variance" };

/// How `bn` is written.
pub(super) static BATCH: Spec = Spec {
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

/// How `layernorm` is written.
pub(super) static LAYER: Spec = Spec {
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

fn eps(bound: &Bound) -> Result<f64, OpError> {
    let eps = bound.real("eps").unwrap_or(1e-5);
    if eps < 0.0 {
        return Err(OpError::new(Code::E0205, "`eps` must not be negative")
            .at("eps")
            .here(format!("this is {eps}")));
    }
    Ok(eps)
}

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

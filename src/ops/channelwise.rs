//! `scale` and `prelu`: a trained number for each channel. `softmax`: over the channels.

use ndarray::{ArrayViewD, ArrayViewMutD, Axis, IxDyn};

use super::{Cost, Flag, Geometry, Init, Number, Op, OpError, Operator, Parameter, Reuse, Role, Sizes, Spec};
use crate::tensor::Shape;

/// How `scale` is written.
pub(super) static SCALE: Spec = Spec {
    name: "scale",
    trailing: true,
    summary: "Multiplies each channel by a trained factor, and perhaps adds a trained bias.",
    example: "input 8x8x4;\nconv 1x1x4 scale bias -> 8x8x4;\n",
    sizes: Sizes::None,
    value: None,
    flags: &[Flag { name: "bias", doc: "adds a trained bias for each channel" }],
    attributes: &[],
    cost: "per element 1 multiplication, with a bias 1 addition",
    onnx: "Mul, Add",
    torch: "x * weight[:, None, None] + bias[:, None, None]",
    construct: |bound| Ok(Op::Scale(Scale { bias: bound.flag("bias") })),
};

/// How `prelu` is written.
pub(super) static PRELU: Spec = Spec {
    name: "prelu",
    trailing: true,
    summary: "x where x ≥ 0, else a trained slope times x, one for each channel (He et al. 2015).",
    example: "input 8x8x4;\nconv 3x3x8 same prelu -> 8x8x8;\n",
    sizes: Sizes::None,
    value: None,
    flags: &[Flag { name: "shared", doc: "one slope for all channels" }],
    attributes: &[],
    cost: "1 comparison and 1 multiplication per element",
    onnx: "PRelu",
    torch: "nn.PReLU",
    construct: |bound| Ok(Op::PRelu(PRelu { shared: bound.flag("shared") })),
};

/// How `softmax` is written.
pub(super) static SOFTMAX: Spec = Spec {
    name: "softmax",
    trailing: true,
    summary: "e^x divided by its sum, over the channels at each position, of a vector over its elements.",
    example: "input 10;\nsoftmax -> 10;\n",
    sizes: Sizes::None,
    value: None,
    flags: &[],
    attributes: &[],
    cost: "per element 1 exp, 1 division and 1 subtraction; per position channels − 1 comparisons and channels − 1 additions",
    onnx: "Softmax",
    torch: "nn.Softmax(dim=1)",
    construct: |_| Ok(Op::Softmax(Softmax)),
};

/// A trained factor for each channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    /// Whether a trained bias is added.
    pub bias: bool,
}

impl Operator for Scale {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        Ok(inputs[0])
    }

    fn parameters(&self, inputs: &[Shape]) -> Vec<Parameter> {
        let one =
            |key, init| Parameter { key, shape: vec![inputs[0].channels()], role: Role::Trainable, init };
        let mut parameters = vec![one("weight", Init::NormWeight)];
        if self.bias {
            parameters.push(one("bias", Init::NormBias));
        }
        parameters
    }

    fn cost(&self, _inputs: &[Shape], output: Shape) -> Cost {
        let elements = u128::from(output.elements());
        Cost { mul: elements, add: if self.bias { elements } else { 0 }, ..Cost::default() }
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
        output.assign(&inputs[0]);
        for (channel, mut plane) in output.axis_iter_mut(Axis(0)).enumerate() {
            let at = IxDyn(&[channel]);
            let factor = parameters[0][&at];
            match parameters.get(1) {
                Some(bias) => plane.mapv_inplace(|x| x * factor + bias[&at]),
                None => plane.mapv_inplace(|x| x * factor),
            }
        }
    }
}

/// A trained slope below zero.
#[derive(Clone, Debug, PartialEq)]
pub struct PRelu {
    /// One slope for all channels.
    pub shared: bool,
}

impl Operator for PRelu {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        Ok(inputs[0])
    }

    fn parameters(&self, inputs: &[Shape]) -> Vec<Parameter> {
        let slopes = if self.shared { 1 } else { inputs[0].channels() };
        vec![Parameter {
            key: "weight",
            shape: vec![slopes],
            role: Role::Trainable,
            init: Init::Constant(0.25),
        }]
    }

    fn cost(&self, _inputs: &[Shape], output: Shape) -> Cost {
        let elements = u128::from(output.elements());
        Cost { mul: elements, cmp: elements, ..Cost::default() }
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
        output.assign(&inputs[0]);
        let zero = N::from_f64(0.0);
        for (channel, mut plane) in output.axis_iter_mut(Axis(0)).enumerate() {
            let slope = parameters[0][IxDyn(&[if self.shared { 0 } else { channel }])];
            plane.mapv_inplace(|x| {
                let scaled = x * slope;
                if x >= zero { x } else { scaled }
            });
        }
    }
}

/// The softmax over the channels.
#[derive(Clone, Debug, PartialEq)]
pub struct Softmax;

impl Operator for Softmax {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        Ok(inputs[0])
    }

    fn parameters(&self, _inputs: &[Shape]) -> Vec<Parameter> {
        Vec::new()
    }

    fn cost(&self, _inputs: &[Shape], output: Shape) -> Cost {
        let elements = u128::from(output.elements());
        let positions = elements / u128::from(output.channels());
        Cost {
            add: 2 * elements - positions,
            div: elements,
            exp: elements,
            cmp: elements - positions,
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
        _parameters: &[ArrayViewD<'_, N>],
        mut output: ArrayViewMutD<'_, N>,
    ) {
        let zero = N::from_f64(0.0);
        for (source, mut target) in inputs[0].lanes(Axis(0)).into_iter().zip(output.lanes_mut(Axis(0))) {
            // Subtracting the greatest changes nothing but keeps the exponentials in range.
            let greatest = source.iter().copied().reduce(|a, b| a.max(b)).unwrap_or(zero);
            target.iter_mut().zip(&source).for_each(|(out, &x)| *out = (x - greatest).exp());
            let sum = target.iter().copied().reduce(|a, b| a + b).unwrap_or(zero);
            target.mapv_inplace(|x| x / sum);
        }
    }
}

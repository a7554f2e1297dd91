//! `scale`: a trained factor for each channel.

use ndarray::{ArrayViewD, ArrayViewMutD, Axis, IxDyn};

use crate::ops::field::{Arguments, Field, arguments};
use crate::ops::{
    Cost, Flag, Geometry, Init, Number, OpError, Operator, Parameter, Reuse, Role, Spec, Written,
};
use crate::tensor::Shape;

/// How `scale` is written.
pub(crate) static SPEC: Spec = Spec {
    name: "scale",
    trailing: true,
    summary: "Multiplies each channel by a trained factor, and perhaps adds a trained bias.",
    example: "input 8x8x4;\nconv 1x1x4 scale bias  -> 8x8x4;\n",
    cost: "per element 1 multiplication, with a bias 1 addition",
    onnx: "Mul, Add",
    torch: "x * weight[:, None, None] + bias[:, None, None]",
    ..Scale::WRITTEN
};

arguments! {
    /// A trained factor for each channel.
    pub struct Scale {
        /// Whether a trained bias is added.
        bias: bool = Field::flag(&[Flag { name: "bias", doc: "adds a trained bias for each channel" }]),
    }
}

impl Written for Scale {
    const SPECS: &'static [&'static Spec] = &[&SPEC];
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

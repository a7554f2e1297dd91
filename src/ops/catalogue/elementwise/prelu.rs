//! `prelu`: a trained slope below zero.

use ndarray::{ArrayViewD, ArrayViewMutD, Axis, IxDyn};

use crate::ops::field::{Arguments, Field, arguments};
use crate::ops::onnx::{OnnxBuilder, ToOnnx};
use crate::ops::tools::{ACTIVATIONS, MODULE_AND_FUNCTION, WEIGHTS, rules};
use crate::ops::torch::{ToTorch, Torch};
use crate::ops::{
    Cost, Counted, Flag, Geometry, Init, Number, OpError, Operator, Parameter, Reuse, Role, Spec, Tool,
    Written,
};
use crate::tensor::Shape;

/// How `prelu` is written.
pub(crate) static SPEC: Spec = Spec {
    name: "prelu",
    trailing: true,
    summary: "x where x ≥ 0, else a trained slope times x, one for each channel (He et al. 2015).",
    example: "input 8x8x4;\nconv 3x3x8 same prelu  -> 8x8x8;\n",
    cost: "1 comparison and 1 multiplication per element",
    ..PRelu::WRITTEN
};

arguments! {
    /// A trained slope below zero.
    pub struct PRelu {
        /// One slope for all channels.
        shared: bool = Field::flag(&[Flag { name: "shared", doc: "one slope for all channels" }]),
    }
}

impl ToTorch for PRelu {
    fn to_torch(&self, inputs: &[Shape], _output: Shape) -> Torch {
        let slopes = if self.shared { 1 } else { inputs[0].channels() };
        Torch::module("nn.PReLU").optional("num_parameters", slopes, 1)
    }
}

impl ToOnnx for PRelu {
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let slope = if self.shared { builder.stored(0) } else { builder.by_channel(0) };
        builder.join("PRelu", &builder.operand(), &slope)
    }
}

impl Written for PRelu {
    const SPECS: &'static [&'static Spec] = &[&SPEC];
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

    fn counted(&self, inputs: &[Shape], output: Shape) -> Vec<Counted> {
        let elements = u128::from(output.elements());
        let slopes = if self.shared { 1 } else { inputs[0].channels() };
        rules([
            (Tool::Thop, "1 for each element of PReLU", elements),
            (Tool::Ptflops, MODULE_AND_FUNCTION, 2 * elements),
            (Tool::Torchinfo, WEIGHTS, u128::from(slopes)),
            (Tool::Calflops, ACTIVATIONS, elements),
        ])
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

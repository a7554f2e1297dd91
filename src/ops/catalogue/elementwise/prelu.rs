//! `prelu`: a trained slope below zero.

use super::per_channel::{PerChannel, per_channel_operator};
use crate::ops::field::{Arguments, Field, arguments};
use crate::ops::onnx::{OnnxBuilder, ToOnnx};
use crate::ops::tools::{ACTIVATIONS, MODULE_AND_FUNCTION, WEIGHTS, rules};
use crate::ops::torch::{ToTorch, Torch};
use crate::ops::{Cost, Counted, Flag, Init, Number, Parameter, Role, Spec, Tool, Written};
use crate::tensor::Shape;

/// The spec of `prelu`.
pub(crate) static SPEC: Spec = Spec {
    name: "prelu",
    trailing: true,
    summary: "x where x ≥ 0, else a trained slope times x, one for each channel (He et al. 2015).",
    example: "input 8x8x4;\nconv 3x3x8 same prelu  -> 8x8x8;\n",
    rules: "Takes a map, or a vector, whose elements count as channels.",
    cost: "1 comparison and 1 multiplication per element",
    ..PRelu::WRITTEN
};

arguments! {
    /// A trained slope below zero.
    pub struct PRelu {
        /// Whether all channels share one slope.
        shared: bool = Field::flag(&[Flag { name: "shared", doc: "one slope for all channels" }]),
    }
}

impl ToTorch for PRelu {
    fn to_torch(&self, inputs: &[Shape], _output: Shape) -> Torch {
        Torch::module("nn.PReLU").optional("num_parameters", self.slopes(inputs[0].channels()), 1)
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

impl PRelu {
    fn slopes(&self, channels: u64) -> u64 {
        if self.shared { 1 } else { channels }
    }
}

impl PerChannel for PRelu {
    fn numbers(&self, channels: u64) -> Vec<Parameter> {
        let (shape, init) = (vec![self.slopes(channels)], Init::Constant(0.25));
        vec![Parameter { key: "weight", shape, role: Role::Trainable, init }]
    }

    fn operations(&self, elements: u128, _channels: u128) -> Cost {
        Cost { mul: elements, cmp: elements, ..Cost::default() }
    }

    fn other_tools(&self, elements: u128, channels: u128) -> Vec<Counted> {
        rules([
            (Tool::Thop, "1 for each element of PReLU", elements),
            (Tool::Ptflops, MODULE_AND_FUNCTION, 2 * elements),
            (Tool::Torchinfo, WEIGHTS, if self.shared { 1 } else { channels }),
            (Tool::Calflops, ACTIVATIONS, elements),
        ])
    }

    fn function<N: Number>(&self, numbers: &[N]) -> impl Fn(N) -> N {
        let (slope, zero) = (numbers[0], N::from_f64(0.0));
        move |x| {
            let scaled = x * slope;
            if x >= zero { x } else { scaled }
        }
    }
}

per_channel_operator!(PRelu);

//! Functions of each element in ONNX.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use super::{Activation, Function};
use crate::ops::onnx::{OnnxBuilder, OnnxValue, ToOnnx};

impl ToOnnx for Activation {
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let x = builder.operand();
        let number = |value: f64| OnnxValue::Float(value as f32);
        match self.function {
            Function::Relu => builder.apply("Relu", &x),
            Function::Relu6 => clip(builder, &x, Some(0.0), Some(6.0)),
            Function::Hardtanh => clip(builder, &x, Some(-1.0), Some(1.0)),
            Function::Clip { min, max } => clip(builder, &x, min, max),
            Function::Leaky { slope } => builder.node("LeakyRelu", &[x], vec![("alpha", number(slope))]),
            Function::Elu { scale } => builder.node("Elu", &[x], vec![("alpha", number(scale))]),
            Function::Celu { scale } => builder.node("Celu", &[x], vec![("alpha", number(scale))]),
            Function::Selu => builder.node(
                "Selu",
                &[x],
                vec![("alpha", number(1.673_263_242_354_377_2)), ("gamma", number(1.050_700_987_355_480_5))],
            ),
            Function::Sigmoid => builder.apply("Sigmoid", &x),
            Function::Tanh => builder.apply("Tanh", &x),
            Function::Stanh => {
                let inner = builder.with_number("Mul", &x, 2.0 / 3.0);
                let tangent = builder.apply("Tanh", &inner);
                builder.with_number("Mul", &tangent, 1.7159)
            }
            Function::Silu => {
                let gate = builder.apply("Sigmoid", &x);
                builder.join("Mul", &x, &gate)
            }
            Function::QuickGelu => {
                let inner = builder.with_number("Mul", &x, 1.702);
                let gate = builder.apply("Sigmoid", &inner);
                builder.join("Mul", &x, &gate)
            }
            Function::Gelu { approx } => {
                let bell = if approx {
                    let square = builder.join("Mul", &x, &x);
                    let cube = builder.join("Mul", &square, &x);
                    let term = builder.with_number("Mul", &cube, 0.044715);
                    let sum = builder.join("Add", &x, &term);
                    let inner = builder.with_number("Mul", &sum, (2.0 / PI).sqrt());
                    builder.apply("Tanh", &inner)
                } else {
                    let inner = builder.with_number("Div", &x, 1.0 / FRAC_1_SQRT_2);
                    builder.apply("Erf", &inner)
                };
                let above = builder.with_number("Add", &bell, 1.0);
                let weighted = builder.join("Mul", &x, &above);
                builder.with_number("Mul", &weighted, 0.5)
            }
            Function::HardSigmoid { slope } => hard_sigmoid(builder, &x, slope.unwrap_or(1.0 / 6.0)),
            Function::HardSwish if builder.opset() >= 14 => builder.apply("HardSwish", &x),
            Function::HardSwish => {
                let gate = hard_sigmoid(builder, &x, 1.0 / 6.0);
                builder.join("Mul", &x, &gate)
            }
            Function::Mish => {
                let inner = builder.apply("Softplus", &x);
                let gate = builder.apply("Tanh", &inner);
                builder.join("Mul", &x, &gate)
            }
            Function::Softplus => builder.apply("Softplus", &x),
            Function::Softsign => builder.apply("Softsign", &x),
            Function::Abs => builder.apply("Abs", &x),
            Function::Square => builder.join("Mul", &x, &x),
            Function::Sqrt => builder.apply("Sqrt", &x),
            Function::Exp => builder.apply("Exp", &x),
            Function::Log => builder.apply("Log", &x),
            Function::Neg => builder.apply("Neg", &x),
            Function::Times { factor } => builder.with_number("Mul", &x, factor),
            Function::Plus { summand } => builder.with_number("Add", &x, summand),
        }
    }
}

fn hard_sigmoid(builder: &mut dyn OnnxBuilder, x: &str, slope: f64) -> String {
    let attributes = vec![("alpha", OnnxValue::Float(slope as f32)), ("beta", OnnxValue::Float(0.5))];
    builder.node("HardSigmoid", &[x.to_owned()], attributes)
}

fn clip(builder: &mut dyn OnnxBuilder, x: &str, min: Option<f64>, max: Option<f64>) -> String {
    let mut inputs = vec![x.to_owned()];
    inputs.push(min.map_or(String::new(), |min| builder.number(min)));
    if let Some(max) = max {
        inputs.push(builder.number(max));
    }
    builder.node("Clip", &inputs, Vec::new())
}

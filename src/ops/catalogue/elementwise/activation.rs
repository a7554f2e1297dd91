//! The activations: element by element, one line each.

use ndarray::{ArrayViewD, ArrayViewMutD, Zip};

use crate::tensor::Shape;

use crate::ops::{
    Bound, Cost, Default, Geometry, Kind, Number, Op, OpError, Operator, Reuse, Sizes, Spec, Value,
};

/// An activation and its value, where it has one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activation {
    /// Which.
    pub function: Function,
    /// The slope of `leaky`, the scale of `elu`; 0 for the others.
    pub value: f64,
}

macro_rules! activations {
    ($($(#[$attr:meta])* $variant:ident $word:literal, $doc:literal, value $value:expr, cost $cost:expr, $costs:literal, onnx $onnx:literal, torch $torch:literal, $apply:expr;)*) => {
        /// The scalar functions.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Function {
            $(#[doc = $doc] $variant,)*
        }

        /// How the activations are written.
        pub(crate) static SPECS: &[Spec] = &[$(Spec {
            name: $word,
            trailing: true,
            summary: $doc,
            example: concat!("input 8x8x4;\nconv 3x3x8 same ", $word, " -> 8x8x8;\n"),
            sizes: Sizes::None,
            value: $value,
            flags: &[],
            attributes: &[],
            cost: $costs,
            onnx: $onnx,
            torch: $torch,
            construct: |bound: &Bound| {
                let value = bound.real("value").unwrap_or(0.0);
                Ok(Op::Activation(Activation { function: Function::$variant, value }))
            },
        },)*];

        impl Activation {
            /// The function of one element.
            pub fn apply<N: Number>(&self, x: N) -> N {
                let constant = N::from_f64;
                match self.function {
                    $(Function::$variant => {
                        let apply: fn(N, f64, fn(f64) -> N) -> N = $apply;
                        apply(x, self.value, constant)
                    })*
                }
            }

            /// The operations for one element.
            fn cost_of_one(&self) -> Cost {
                match self.function {
                    $(Function::$variant => $cost,)*
                }
            }
        }
    };
}

const fn ops(add: u128, mul: u128, div: u128, exp: u128, cmp: u128) -> Cost {
    let macs = crate::ops::Product { positions: Vec::new(), each: Vec::new() };
    Cost { macs, macs_useful: 0, add, mul, div, sqrt: 0, exp, cmp, connections: 0 }
}

const fn slope(default: f64, doc: &'static str) -> Option<Value> {
    Some(Value { name: "value", kind: Kind::Real, default: Default::Real(default), doc })
}

activations! {
    Relu "relu", "max(x, 0) (Nair & Hinton 2010).", value None, cost ops(0, 0, 0, 0, 1), "1 comparison per element",
        onnx "Relu", torch "nn.ReLU", |x, _, c| x.max(c(0.0));
    Relu6 "relu6", "min(max(x, 0), 6).", value None, cost ops(0, 0, 0, 0, 2), "2 comparisons per element",
        onnx "Clip", torch "nn.ReLU6", |x, _, c| x.max(c(0.0)).min(c(6.0));
    Leaky "leaky", "x where x ≥ 0, else a·x (Maas et al. 2013).", value slope(0.01, "the slope below zero"),
        cost ops(0, 1, 0, 0, 1), "1 comparison and 1 multiplication per element",
        onnx "LeakyRelu", torch "nn.LeakyReLU", |x, a, c| { let scaled = x * c(a); if x >= c(0.0) { x } else { scaled } };
    Elu "elu", "x where x ≥ 0, else a·(e^x − 1) (Clevert et al. 2016).", value slope(1.0, "the scale below zero"),
        cost ops(1, 1, 0, 1, 1), "1 comparison, 1 exp, 1 addition and 1 multiplication per element",
        onnx "Elu", torch "nn.ELU", |x, a, c| { let below = c(a) * (x.exp() - c(1.0)); if x >= c(0.0) { x } else { below } };
    Sigmoid "sigmoid", "1/(1 + e^−x).", value None, cost ops(1, 0, 1, 1, 0), "1 exp, 1 addition and 1 division per element",
        onnx "Sigmoid", torch "nn.Sigmoid", |x, _, c| c(1.0) / (c(1.0) + (-x).exp());
    Tanh "tanh", "The hyperbolic tangent.", value None, cost ops(0, 0, 0, 1, 0), "1 exp per element",
        onnx "Tanh", torch "nn.Tanh", |x, _, _| x.tanh();
    Stanh "stanh", "LeCun's scaled tangent 1.7159·tanh(2x/3) (1998).", value None, cost ops(0, 2, 0, 1, 0), "1 exp and 2 multiplications per element",
        onnx "ScaledTanh", torch "1.7159 * torch.tanh(x * 2 / 3)", |x, _, c| c(1.7159) * (x * c(2.0 / 3.0)).tanh();
    Silu "silu", "x·sigmoid(x) (Elfwing et al. 2018).", value None, cost ops(1, 0, 1, 1, 0), "1 exp, 1 addition and 1 division per element",
        onnx "x · Sigmoid", torch "nn.SiLU", |x, _, c| x / (c(1.0) + (-x).exp());
    Gelu "gelu", "x/2·(1 + erf(x/√2)) (Hendrycks & Gimpel 2016).", value None, cost ops(1, 3, 0, 1, 0), "1 erf, 1 addition and 3 multiplications per element",
        onnx "Gelu", torch "nn.GELU", |x, _, c| x * c(0.5) * (c(1.0) + (x * c(std::f64::consts::FRAC_1_SQRT_2)).erf());
    HardSigmoid "hsigmoid", "clip(x/6 + 1/2, 0, 1) (Howard et al. 2019).", value None, cost ops(1, 0, 1, 0, 2), "1 division, 1 addition and 2 comparisons per element",
        onnx "HardSigmoid", torch "nn.Hardsigmoid", |x, _, c| (x / c(6.0) + c(0.5)).max(c(0.0)).min(c(1.0));
    HardSwish "hswish", "x·hsigmoid(x) (Howard et al. 2019).", value None, cost ops(1, 1, 1, 0, 2), "1 multiplication, 1 division, 1 addition and 2 comparisons per element",
        onnx "HardSwish", torch "nn.Hardswish", |x, _, c| x * (x / c(6.0) + c(0.5)).max(c(0.0)).min(c(1.0));
}

impl Operator for Activation {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        Ok(inputs[0])
    }

    fn cost(&self, _inputs: &[Shape], output: Shape) -> Cost {
        self.cost_of_one().times(output.elements())
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
        _parameters: &[ArrayViewD<'_, N>],
        output: ArrayViewMutD<'_, N>,
    ) {
        Zip::from(output).and(&inputs[0]).for_each(|out, &x| *out = self.apply(x));
    }
}

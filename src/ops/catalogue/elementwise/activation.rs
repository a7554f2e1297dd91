//! The functions of one element: an entry of the list below each.
//!
//! An entry is the whole operator: variant, word, sentence, arguments, cost, the names of other tools and the
//! function. Shape, geometry, memory and kernel follow; `exec` computes every one of them in the convolution
//! before it.

mod onnx;

use ndarray::{ArrayViewD, ArrayViewMutD, Zip};

use crate::diag::Code;
use crate::ops::field::{Arguments, Field};
use crate::ops::tools::{ACTIVATIONS, MODULE_AND_FUNCTION, ONCE, nothing, rules};
use crate::ops::torch::{Helper, ToTorch, Torch};
use crate::ops::{
    Attribute, Bound, Cost, Counted, Default, FIRST, Flag, Geometry, Kind, Number, OpError, Operator,
    Product, Reuse, Spec, Tool, Value, Written,
};
use crate::tensor::Shape;

/// A function that is applied to every element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activation {
    /// Which, with its arguments.
    pub function: Function,
}

macro_rules! elementwise {
    ($(
        $variant:ident $({ $($field:ident: $type:ty = $written:expr),* })?
        $word:literal since $since:expr, $doc:literal, $example:literal,
        cost $cost:expr, $costs:literal, onnx $onnx:literal, torch $torch:literal,
        |$x:ident, $c:ident| $apply:expr;
    )*) => {
        /// The functions of one element.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Function {
            $(#[doc = $doc] $variant $({ $(#[doc = concat!("`", stringify!($field), "` of `", $word, "`.")] $field: $type),* })?,)*
        }

        /// How the functions are written, in the order of the list.
        static SPECS: &[Spec] = &[$({
            $($(#[allow(non_upper_case_globals)] const $field: Field<$type> = $written;)*)?
            const FLAGS: &[&[Flag]] = &[$($($field.flags),*)?];
            const ATTRIBUTES: &[&[Attribute]] = &[$($($field.attributes),*)?];
            const ALL_FLAGS: [Flag; total(FLAGS)] = joined(FLAGS, Flag::NONE);
            const ALL_ATTRIBUTES: [Attribute; total(ATTRIBUTES)] = joined(ATTRIBUTES, Attribute::NONE);
            Spec {
                name: $word,
                trailing: true,
                summary: $doc,
                example: $example,
                value: only_value(&[$($($field.value),*)?]),
                flags: &ALL_FLAGS,
                attributes: &ALL_ATTRIBUTES,
                cost: $costs,
                onnx: $onnx,
                torch: $torch,
                since: $since,
                ..Spec::EMPTY
            }
        }),*];

        static LIST: [&Spec; SPECS.len()] = {
            let mut list = [&SPECS[0]; SPECS.len()];
            let mut at = 0;
            while at < list.len() {
                list[at] = &SPECS[at];
                at += 1;
            }
            list
        };

        impl Arguments for Activation {
            const WRITTEN: Spec = Spec::EMPTY;

            fn read(bound: &Bound) -> Result<Activation, OpError> {
                let function = match bound.spec().name {
                    $($word => Function::$variant $({ $($field: {
                        const FIELD: Field<$type> = $written;
                        (FIELD.read)(&FIELD, bound)?
                    }),* })?,)*
                    other => return Err(OpError::new(Code::E0101, format!("`{other}` is no activation"))),
                };
                Ok(Activation { function })
            }

            #[allow(unused_variables)]
            fn write(&self, bound: &mut Bound) {
                match &self.function {
                    $(Function::$variant $({ $($field),* })? => {
                        $($({
                            const FIELD: Field<$type> = $written;
                            (FIELD.write)(&FIELD, $field, bound);
                        })*)?
                    })*
                }
            }
        }

        impl Activation {
            /// The function of one element.
            pub fn apply<N: Number>(&self, x: N) -> N {
                match self.function {
                    $(Function::$variant $({ $($field),* })? => {
                        let ($x, $c) = (x, |constant: f64| N::from_f64(constant));
                        let _ = &$c;
                        $apply
                    })*
                }
            }

            /// The operations for one element.
            #[allow(unused_variables)]
            fn cost_of_one(&self) -> Cost {
                match self.function {
                    $(Function::$variant $({ $($field),* })? => $cost,)*
                }
            }

            fn word(&self) -> &'static str {
                match self.function {
                    $(Function::$variant $({ $($field: _),* })? => $word,)*
                }
            }
        }
    };
}

use crate::ops::field::{joined, only_value, total};

/// Nothing; the start of the costs below.
const ZERO: Cost = Cost {
    macs: Product { positions: Vec::new(), each: Vec::new() },
    macs_useful: 0,
    add: 0,
    mul: 0,
    div: 0,
    sqrt: 0,
    exp: 0,
    cmp: 0,
    connections: 0,
};

/// The version that brought the second half of the list.
const SECOND: &str = "0.2";

const fn number(value: &'static Value) -> Field<f64> {
    Field::value(value)
}

elementwise! {
    Relu "relu" since FIRST, "max(x, 0) (Nair & Hinton 2010).",
        "input 8x8x4;\nconv 3x3x8 same relu  -> 8x8x8;\n",
        cost Cost { cmp: 1, ..ZERO }, "1 comparison per element", onnx "Relu", torch "nn.ReLU",
        |x, c| x.max(c(0.0));
    Relu6 "relu6" since FIRST, "min(max(x, 0), 6).",
        "input 8x8x4;\nconv 3x3x8 same relu6  -> 8x8x8;\n",
        cost Cost { cmp: 2, ..ZERO }, "2 comparisons per element", onnx "Clip", torch "nn.ReLU6",
        |x, c| x.max(c(0.0)).min(c(6.0));
    Leaky {
        slope: f64 = number(&Value { name: "value", kind: Kind::Real, default: Default::Real(0.01), doc: "the slope below zero" })
    }
        "leaky" since FIRST, "x where x ≥ 0, else a·x (Maas et al. 2013).",
        "input 8x8x4;\nconv 3x3x8 same leaky  -> 8x8x8;\n",
        cost Cost { mul: 1, cmp: 1, ..ZERO }, "1 comparison and 1 multiplication per element", onnx "LeakyRelu", torch "nn.LeakyReLU",
        |x, c| { let scaled = x * c(slope); if x >= c(0.0) { x } else { scaled } };
    Elu {
        scale: f64 = number(&Value { name: "value", kind: Kind::Real, default: Default::Real(1.0), doc: "the scale below zero" })
    }
        "elu" since FIRST, "x where x ≥ 0, else a·(e^x − 1) (Clevert et al. 2016).",
        "input 8x8x4;\nconv 3x3x8 same elu  -> 8x8x8;\n",
        cost Cost { add: 1, mul: 1, exp: 1, cmp: 1, ..ZERO }, "1 comparison, 1 exp, 1 addition and 1 multiplication per element",
        onnx "Elu", torch "nn.ELU",
        |x, c| { let below = c(scale) * (x.exp() - c(1.0)); if x >= c(0.0) { x } else { below } };
    Sigmoid "sigmoid" since FIRST, "1/(1 + e^−x).",
        "input 8x8x4;\nconv 3x3x8 same sigmoid  -> 8x8x8;\n",
        cost Cost { add: 1, div: 1, exp: 1, ..ZERO }, "1 exp, 1 addition and 1 division per element", onnx "Sigmoid", torch "nn.Sigmoid",
        |x, c| c(1.0) / (c(1.0) + (-x).exp());
    Tanh "tanh" since FIRST, "The hyperbolic tangent.",
        "input 8x8x4;\nconv 3x3x8 same tanh  -> 8x8x8;\n",
        cost Cost { exp: 1, ..ZERO }, "1 exp per element", onnx "Tanh", torch "nn.Tanh",
        |x, c| x.tanh();
    Stanh "stanh" since FIRST, "LeCun's scaled tangent 1.7159·tanh(2x/3) (1998).",
        "input 8x8x4;\nconv 3x3x8 same stanh  -> 8x8x8;\n",
        cost Cost { mul: 2, exp: 1, ..ZERO }, "1 exp and 2 multiplications per element",
        onnx "ScaledTanh", torch "1.7159 * torch.tanh(x * 2 / 3)",
        |x, c| c(1.7159) * (x * c(2.0 / 3.0)).tanh();
    Silu "silu" since FIRST, "x·sigmoid(x) (Elfwing et al. 2018).",
        "input 8x8x4;\nconv 3x3x8 same silu  -> 8x8x8;\n",
        cost Cost { add: 1, div: 1, exp: 1, ..ZERO }, "1 exp, 1 addition and 1 division per element", onnx "x · Sigmoid", torch "nn.SiLU",
        |x, c| x / (c(1.0) + (-x).exp());
    Gelu {
        approx: bool = Field::flag(&[Flag { name: "approx", doc: "x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))), PyTorch's approximate=\"tanh\"" }])
    }
        "gelu" since FIRST, "x/2·(1 + erf(x/√2)) (Hendrycks & Gimpel 2016).",
        "input 8x8x4;\nconv 3x3x8 same gelu  -> 8x8x8;\n",
        cost if approx { Cost { add: 2, mul: 6, exp: 1, ..ZERO } } else { Cost { add: 1, mul: 3, exp: 1, ..ZERO } },
        "1 erf, 1 addition and 3 multiplications per element; with `approx` 1 tanh, 2 additions and 6 multiplications",
        onnx "Gelu", torch "nn.GELU",
        |x, c| {
            let bell = if approx {
                let cube = x * x * x;
                (c((2.0 / std::f64::consts::PI).sqrt()) * (x + c(0.044715) * cube)).tanh()
            } else {
                (x * c(std::f64::consts::FRAC_1_SQRT_2)).erf()
            };
            x * c(0.5) * (c(1.0) + bell)
        };
    HardSigmoid {
        slope: Option<f64> = Field::optional_value(&Value { name: "slope", kind: Kind::Real, default: Default::Absent, doc: "the slope around zero; 1/6 where none is given, ONNX and Keras 2 take 0.2" })
    }
        "hsigmoid" since FIRST, "clip(slope·x + 1/2, 0, 1), with the slope 1/6 where none is given (Howard et al. 2019).",
        "input 8x8x4;\nconv 3x3x8 same hsigmoid  -> 8x8x8;\n",
        cost match slope { None => Cost { add: 1, div: 1, cmp: 2, ..ZERO }, Some(_) => Cost { add: 1, mul: 1, cmp: 2, ..ZERO } },
        "1 division (with a slope 1 multiplication), 1 addition and 2 comparisons per element",
        onnx "HardSigmoid", torch "nn.Hardsigmoid",
        |x, c| {
            let scaled = match slope { None => x / c(6.0), Some(slope) => x * c(slope) };
            (scaled + c(0.5)).max(c(0.0)).min(c(1.0))
        };
    HardSwish "hswish" since FIRST, "x·hsigmoid(x) (Howard et al. 2019).",
        "input 8x8x4;\nconv 3x3x8 same hswish  -> 8x8x8;\n",
        cost Cost { add: 1, mul: 1, div: 1, cmp: 2, ..ZERO }, "1 multiplication, 1 division, 1 addition and 2 comparisons per element",
        onnx "HardSwish", torch "nn.Hardswish",
        |x, c| x * (x / c(6.0) + c(0.5)).max(c(0.0)).min(c(1.0));
    Mish "mish" since SECOND, "x·tanh(softplus(x)) (Misra 2019).",
        "input 8x8x4;\nconv 3x3x8 same mish  -> 8x8x8;\n",
        cost Cost { add: 1, mul: 1, exp: 3, cmp: 2, ..ZERO }, "3 exp, 2 comparisons, 1 addition and 1 multiplication per element",
        onnx "Mish", torch "nn.Mish",
        |x, c| x * softplus(x).tanh();
    Selu "selu" since SECOND, "1.0507·x where x ≥ 0, else 1.0507·1.6733·(e^x − 1) (Klambauer et al. 2017).",
        "input 8x8x4;\nconv 3x3x8 same selu  -> 8x8x8;\n",
        cost Cost { add: 1, mul: 2, exp: 1, cmp: 1, ..ZERO }, "1 comparison, 1 exp, 1 addition and 2 multiplications per element",
        onnx "Selu", torch "nn.SELU",
        |x, c| {
            let below = c(1.673_263_242_354_377_2) * (x.exp() - c(1.0));
            c(1.050_700_987_355_480_5) * if x >= c(0.0) { x } else { below }
        };
    Celu {
        scale: f64 = number(&Value { name: "value", kind: Kind::Real, default: Default::Real(1.0), doc: "the scale below zero; not 0" })
    }
        "celu" since SECOND, "x where x ≥ 0, else a·(e^(x/a) − 1) (Barron 2017).",
        "input 8x8x4;\nconv 3x3x8 same celu 0.5  -> 8x8x8;\n",
        cost Cost { add: 1, mul: 1, div: 1, exp: 1, cmp: 1, ..ZERO }, "1 comparison, 1 exp, 1 division, 1 addition and 1 multiplication per element",
        onnx "Celu", torch "nn.CELU",
        |x, c| { let below = c(scale) * ((x / c(scale)).exp() - c(1.0)); if x >= c(0.0) { x } else { below } };
    Softplus "softplus" since SECOND, "ln(1 + e^x) (Dugas et al. 2001).",
        "input 8x8x4;\nconv 3x3x8 same softplus  -> 8x8x8;\n",
        cost Cost { add: 1, exp: 2, cmp: 2, ..ZERO }, "2 exp, 2 comparisons and 1 addition per element", onnx "Softplus", torch "nn.Softplus",
        |x, c| softplus(x);
    Softsign "softsign" since SECOND, "x/(1 + |x|) (Bergstra et al. 2009).",
        "input 8x8x4;\nconv 3x3x8 same softsign  -> 8x8x8;\n",
        cost Cost { add: 1, div: 1, cmp: 1, ..ZERO }, "1 comparison, 1 addition and 1 division per element", onnx "Softsign", torch "nn.Softsign",
        |x, c| x / (c(1.0) + x.max(-x));
    Hardtanh "hardtanh" since SECOND, "min(max(x, −1), 1).",
        "input 8x8x4;\nconv 3x3x8 same hardtanh  -> 8x8x8;\n",
        cost Cost { cmp: 2, ..ZERO }, "2 comparisons per element", onnx "Clip", torch "nn.Hardtanh",
        |x, c| x.max(c(-1.0)).min(c(1.0));
    QuickGelu "quickgelu" since SECOND, "x·sigmoid(1.702·x) (Hendrycks & Gimpel 2016, section 2).",
        "input 8x8x4;\nconv 3x3x8 same quickgelu  -> 8x8x8;\n",
        cost Cost { add: 1, mul: 1, div: 1, exp: 1, ..ZERO }, "1 exp, 1 addition, 1 division and 1 multiplication per element",
        onnx "x · Sigmoid(1.702·x)", torch "x * torch.sigmoid(1.702 * x)",
        |x, c| x / (c(1.0) + (-(x * c(1.702))).exp());
    Abs "abs" since SECOND, "The absolute value |x|.",
        "input 8x8x4;\nconv 3x3x8 same abs  -> 8x8x8;\n",
        cost Cost { cmp: 1, ..ZERO }, "1 comparison per element", onnx "Abs", torch "torch.abs",
        |x, c| x.max(-x);
    Square "square" since SECOND, "The square x·x.",
        "input 8x8x4;\nconv 3x3x8 same square  -> 8x8x8;\n",
        cost Cost { mul: 1, ..ZERO }, "1 multiplication per element", onnx "Mul", torch "torch.square",
        |x, c| x * x;
    Sqrt "sqrt" since SECOND, "The square root; of a negative number NaN.",
        "input 8x8x4;\nconv 3x3x8 same relu sqrt  -> 8x8x8;\n",
        cost Cost { sqrt: 1, ..ZERO }, "1 square root per element", onnx "Sqrt", torch "torch.sqrt",
        |x, c| x.sqrt();
    Exp "exp" since SECOND, "The exponential e^x.",
        "input 8x8x4;\nconv 3x3x8 same exp  -> 8x8x8;\n",
        cost Cost { exp: 1, ..ZERO }, "1 exp per element", onnx "Exp", torch "torch.exp",
        |x, c| x.exp();
    Log "log" since SECOND, "The natural logarithm; of a negative number NaN, of 0 −∞.",
        "input 8x8x4;\nconv 3x3x8 same relu plus 1 log  -> 8x8x8;\n",
        cost Cost { exp: 1, ..ZERO }, "1 logarithm (counted as exp) per element", onnx "Log", torch "torch.log",
        |x, c| x.ln();
    Neg "neg" since SECOND, "The negative −x.",
        "input 8x8x4;\nconv 3x3x8 same neg  -> 8x8x8;\n",
        cost ZERO, "none: a change of sign is no operation", onnx "Neg", torch "torch.neg",
        |x, c| -x;
    Times {
        factor: f64 = number(&Value { name: "factor", kind: Kind::Real, default: Default::Required, doc: "the factor; a negative one stands in parentheses" })
    }
        "times" since SECOND, "Multiplies x by a constant.",
        "input 8x8x4;\nconv 3x3x8 same times (-0.5)  -> 8x8x8;\n",
        cost Cost { mul: 1, ..ZERO }, "1 multiplication per element", onnx "Mul", torch "x * factor",
        |x, c| x * c(factor);
    Plus {
        summand: f64 = number(&Value { name: "summand", kind: Kind::Real, default: Default::Required, doc: "the summand; a negative one stands in parentheses" })
    }
        "plus" since SECOND, "Adds a constant to x.",
        "input 8x8x4;\nconv 3x3x8 same plus 1  -> 8x8x8;\n",
        cost Cost { add: 1, ..ZERO }, "1 addition per element", onnx "Add", torch "x + summand",
        |x, c| x + c(summand);
    Clip {
        min: Option<f64> = Field::optional(&[Attribute { name: "min", kind: Kind::Real, default: Default::Absent, doc: "the least result" }]),
        max: Option<f64> = Field::optional(&[Attribute { name: "max", kind: Kind::Real, default: Default::Absent, doc: "the greatest result; at least `min`" }])
    }
        "clip" since SECOND, "min(max(x, min), max); one of the two limits may be left out.",
        "input 8x8x4;\nconv 3x3x8 same clip min=0 max=6  -> 8x8x8;\n",
        cost Cost { cmp: u128::from(min.is_some()) + u128::from(max.is_some()), ..ZERO }, "1 comparison per element for each limit",
        onnx "Clip", torch "torch.clamp",
        |x, c| {
            let above = min.map_or(x, |min| x.max(c(min)));
            max.map_or(above, |max| above.min(c(max)))
        };
}

/// ln(1 + e^x) as max(x, 0) + ln(1 + e^−|x|), so that no exponential leaves the range.
fn softplus<N: Number>(x: N) -> N {
    x.max(N::from_f64(0.0)) + x.min(-x).exp().ln_1p()
}

impl Activation {
    /// Least and greatest result of a function that only limits the range and keeps NaN; `None` for the others.
    pub fn limits(&self) -> Option<(f64, f64)> {
        match self.function {
            Function::Relu => Some((0.0, f64::INFINITY)),
            Function::Relu6 => Some((0.0, 6.0)),
            Function::Hardtanh => Some((-1.0, 1.0)),
            Function::Clip { min, max } => {
                Some((min.unwrap_or(f64::NEG_INFINITY), max.unwrap_or(f64::INFINITY)))
            }
            _ => None,
        }
    }

    /// This function and another behind it as one, where both only limit the range.
    pub fn limited_by(&self, next: &Activation) -> Option<Activation> {
        let ((least, most), (lower, upper)) = (self.limits()?, next.limits()?);
        let limit = |value: f64| Some(value.max(lower).min(upper)).filter(|limit| limit.is_finite());
        Some(Activation { function: Function::Clip { min: limit(least), max: limit(most) } })
    }
}

/// ScaledTanh of exported PyTorch files.
static SCALED_TANH: Helper = Helper {
    name: "ScaledTanh",
    source: r#"class ScaledTanh(nn.Module):
    """LeCun's scaled tangent, 1.7159 tanh(2x / 3)."""

    def forward(self, x: Tensor) -> Tensor:
        return 1.7159 * torch.tanh(x * 2 / 3)"#,
};

/// QuickGELU of exported PyTorch files.
static QUICK_GELU: Helper = Helper {
    name: "QuickGELU",
    source: r#"class QuickGELU(nn.Module):
    """x sigmoid(1.702 x)."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)"#,
};

impl ToTorch for Activation {
    fn to_torch(&self, _inputs: &[Shape], _output: Shape) -> Torch {
        let module = Torch::module;
        let of = Torch::expression;
        match self.function {
            Function::Relu => module("nn.ReLU"),
            Function::Relu6 => module("nn.ReLU6"),
            Function::Leaky { slope } => module("nn.LeakyReLU").positional("negative_slope", slope),
            Function::Elu { scale } => module("nn.ELU").optional("alpha", scale, 1.0),
            Function::Sigmoid => module("nn.Sigmoid"),
            Function::Tanh => module("nn.Tanh"),
            Function::Stanh => Torch::helper(&SCALED_TANH),
            Function::Silu => module("nn.SiLU"),
            Function::Gelu { approx } => {
                module("nn.GELU").optional("approximate", if approx { "tanh" } else { "none" }, "none")
            }
            Function::HardSigmoid { slope: None } => module("nn.Hardsigmoid"),
            Function::HardSigmoid { slope: Some(slope) } => {
                of("torch.clamp({0} * {slope} + 0.5, 0.0, 1.0)").named("slope", slope)
            }
            Function::HardSwish => module("nn.Hardswish"),
            Function::Mish => module("nn.Mish"),
            Function::Selu => module("nn.SELU"),
            Function::Celu { scale } => module("nn.CELU").optional("alpha", scale, 1.0),
            Function::Softplus => module("nn.Softplus"),
            Function::Softsign => module("nn.Softsign"),
            Function::Hardtanh => module("nn.Hardtanh"),
            Function::QuickGelu => Torch::helper(&QUICK_GELU),
            Function::Abs => of("torch.abs({0})"),
            Function::Square => of("torch.square({0})"),
            Function::Sqrt => of("torch.sqrt({0})"),
            Function::Exp => of("torch.exp({0})"),
            Function::Log => of("torch.log({0})"),
            Function::Neg => of("-{0}"),
            Function::Times { factor } => of("{0} * {factor}").named("factor", factor),
            Function::Plus { summand } => of("{0} + {summand}").named("summand", summand),
            Function::Clip { min, max } => match (min, max) {
                (Some(min), Some(max)) => {
                    of("torch.clamp({0}, min={low}, max={high})").named("low", min).named("high", max)
                }
                (Some(min), None) => of("torch.clamp({0}, min={low})").named("low", min),
                (None, Some(max)) => of("torch.clamp({0}, max={high})").named("high", max),
                (None, None) => of("{0}"),
            },
        }
    }
}

impl Written for Activation {
    const SPECS: &'static [&'static Spec] = &LIST;

    fn spec(&self) -> &'static Spec {
        let word = self.word();
        LIST.iter().find(|spec| spec.name == word).expect("every function is in the list")
    }

    fn check(self, _bound: &Bound) -> Result<Activation, OpError> {
        match self.function {
            Function::Clip { min: None, max: None } => Err(OpError::new(Code::E0203, "`clip` needs a limit")
                .here("neither `min=` nor `max=`")
                .help("for example `clip min=0 max=6`")),
            Function::Clip { min: Some(min), max: Some(max) } if min > max => {
                Err(OpError::new(Code::E0205, "`min` of `clip` is more than `max`")
                    .at("min")
                    .here(format!("{min} is more than {max}")))
            }
            Function::Celu { scale: 0.0 } => {
                Err(OpError::new(Code::E0205, "the scale of `celu` must not be 0")
                    .at("lone value")
                    .here("x is divided by it"))
            }
            _ => Ok(self),
        }
    }
}

impl Operator for Activation {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        Ok(inputs[0])
    }

    fn cost(&self, _inputs: &[Shape], output: Shape) -> Cost {
        self.cost_of_one().times(output.elements())
    }

    fn counted(&self, _inputs: &[Shape], output: Shape) -> Vec<Counted> {
        let elements = u128::from(output.elements());
        match self.function {
            Function::Relu | Function::Elu { .. } | Function::Gelu { .. } => rules([
                (Tool::Ptflops, MODULE_AND_FUNCTION, 2 * elements),
                (Tool::Calflops, ACTIVATIONS, elements),
            ]),
            Function::Leaky { .. } | Function::Silu => {
                rules([(Tool::Ptflops, ONCE, elements), (Tool::Calflops, ACTIVATIONS, elements)])
            }
            // The module calls another function than the one that calflops watches.
            Function::Relu6 => rules([(Tool::Ptflops, ONCE, elements)]),
            _ => nothing(),
        }
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

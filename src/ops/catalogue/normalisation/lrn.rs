//! `lrn`: local response normalisation across neighbouring channels (Krizhevsky et al. 2012, section 3.3).

use ndarray::Axis;

use crate::diag::Code;
use crate::ops::field::{Arguments, Field, arguments};
use crate::ops::input::map_of;
use crate::ops::onnx::{OnnxBuilder, OnnxValue, ToOnnx};
use crate::ops::tools::rules;
use crate::ops::torch::{ToTorch, Torch};
use crate::ops::{
    Arrays, Attribute, Bound, Cost, Counted, Default, Flag, Geometry, Kind, Number, OpError, Operator, Reuse,
    Spec, Tool, Value, Written,
};
use crate::tensor::Shape;

/// The spec of `lrn`.
pub(crate) static SPEC: Spec = Spec {
    name: "lrn",
    trailing: true,
    summary: "Local response normalisation: x/(k + alpha·Σ x²)^beta, the sum over n neighbouring channels.",
    example: "input 8x8x16;\nconv 3x3x16 same relu lrn 5 k=2 alpha=1e-4 beta=0.75  -> 8x8x16;\n",
    cost: "per element: 1 multiplication for its square, an addition for each neighbour, 1 multiplication and 1 addition, 1 power (counted as exp), 1 division",
    ..Lrn::WRITTEN
};

arguments! {
    /// Local response normalisation.
    pub struct Lrn {
        /// Channels in the window, odd.
        size: u64 = Field::value(&Value {
            name: "number of channels",
            kind: Kind::Count { min: 1 },
            default: Default::Required,
            doc: "neighbouring channels, the own one in the middle; odd",
        }),
        /// The summand of the base.
        k: f64 = Field::attribute(&[Attribute {
            name: "k",
            kind: Kind::Real,
            default: Default::Required,
            doc: "the summand",
        }]),
        /// The factor of the sum; [`Lrn::mean`] divides it by the size.
        alpha: f64 = Field::attribute(&[Attribute {
            name: "alpha",
            kind: Kind::Real,
            default: Default::Required,
            doc: "the factor of the sum",
        }]),
        /// The exponent.
        beta: f64 = Field::attribute(&[Attribute {
            name: "beta",
            kind: Kind::Real,
            default: Default::Required,
            doc: "the exponent",
        }]),
        /// Whether the factor is divided by the size.
        mean: bool = Field::flag(&[Flag { name: "mean", doc: "divides alpha by n, also at the border channels (Caffe, PyTorch, ONNX)" }]),
    }
}

impl Lrn {
    /// The factor by which the sum of squares is multiplied.
    pub fn factor(&self) -> f64 {
        if self.mean { self.alpha / self.size as f64 } else { self.alpha }
    }

    fn neighbours(&self, channel: usize, channels: usize) -> std::ops::Range<usize> {
        let half = (self.size / 2) as usize;
        channel.saturating_sub(half)..channel.saturating_add(half).saturating_add(1).min(channels)
    }
}

impl ToTorch for Lrn {
    fn to_torch(&self, _inputs: &[Shape], _output: Shape) -> Torch {
        // PyTorch divides alpha by the size.
        let alpha = if self.mean { self.alpha } else { self.alpha * self.size as f64 };
        Torch::module("nn.LocalResponseNorm")
            .positional("size", self.size)
            .named("alpha", alpha)
            .named("beta", self.beta)
            .named("k", self.k)
    }
}

impl ToOnnx for Lrn {
    /// ONNX divides alpha by the size, as `mean` does; without `mean` the node gets alpha times the size.
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let attributes = vec![
            ("alpha", OnnxValue::Float((self.factor() * self.size as f64) as f32)),
            ("beta", OnnxValue::Float(self.beta as f32)),
            ("bias", OnnxValue::Float(self.k as f32)),
            ("size", OnnxValue::Int(self.size as i64)),
        ];
        builder.node("LRN", &[builder.operand()], attributes)
    }
}

impl Written for Lrn {
    const SPECS: &'static [&'static Spec] = &[&SPEC];

    fn check(self, _bound: &Bound) -> Result<Lrn, OpError> {
        let size = self.size;
        if size.is_multiple_of(2) {
            return Err(OpError::new(Code::E0205, "the number of channels of `lrn` must be odd")
                .at("lone value")
                .here(format!("{size} is even"))
                .note("the channel itself is in the middle"));
        }
        Ok(self)
    }
}

impl Operator for Lrn {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        map_of("lrn", inputs[0])?;
        Ok(inputs[0])
    }

    fn cost(&self, _inputs: &[Shape], output: Shape) -> Cost {
        let (channels, half) = (u128::from(output.channels()), u128::from(self.size / 2));
        let elements = u128::from(output.elements());
        // Channel c has min(c, half) neighbours before it, and as many channels have as many behind.
        let full = half.min(channels);
        let one_side = full * full.saturating_sub(1) / 2 + (channels - full) * half;
        let sums = elements / channels * 2 * one_side;
        Cost { add: sums + elements, mul: 2 * elements, exp: elements, div: elements, ..Cost::default() }
    }

    fn counted(&self, inputs: &[Shape], _output: Shape) -> Vec<Counted> {
        let elements = u128::from(inputs[0].elements());
        // PyTorch squares, average-pools the padded squares, multiplies by alpha and adds k; both tools count these
        // operations.
        let added = u128::from(self.size - 1) * (elements / u128::from(inputs[0].channels()));
        let rule = "4 for each element of local response normalisation, and 1 for each of its padding";
        rules([(Tool::Ptflops, rule, 4 * elements + added), (Tool::Calflops, rule, 4 * elements + added)])
    }

    fn geometry(&self, _input: Shape, _output: Shape) -> Geometry {
        Geometry::Pointwise
    }

    fn reuse(&self) -> Reuse {
        Reuse::Fresh
    }

    fn reference<N: Number>(&self, Arrays { inputs, mut output, .. }: Arrays<'_, N>) {
        let constant = N::from_f64;
        for (source, mut target) in inputs[0].lanes(Axis(0)).into_iter().zip(output.lanes_mut(Axis(0))) {
            let squares: Vec<N> = source.iter().map(|&x| x * x).collect();
            for (channel, out) in target.iter_mut().enumerate() {
                let sum = squares[self.neighbours(channel, squares.len())]
                    .iter()
                    .copied()
                    .reduce(|sum, x| sum + x)
                    .unwrap_or(constant(0.0));
                *out = source[channel] / (constant(self.k) + constant(self.factor()) * sum).powf(self.beta);
            }
        }
    }
}

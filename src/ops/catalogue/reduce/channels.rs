//! `mean channels` and `max channels`: reduce the channels at each position to one.

use ndarray::Axis;

use crate::diag::Code;
use crate::ops::field::{Arguments, Field, arguments};
use crate::ops::onnx::{OnnxBuilder, ToOnnx};
use crate::ops::tools::counted_by_no_tool;
use crate::ops::torch::{ToTorch, Torch};
use crate::ops::{Arrays, Bound, Cost, Flag, Geometry, Number, OpError, Operator, Reuse, Spec, Written};
use crate::tensor::Shape;

/// The spec of `mean channels`.
pub(crate) static MEAN: Spec = Spec {
    name: "mean",
    summary: "The mean of the channels at each position: HxWxC becomes HxWx1 (Woo et al. 2018).",
    example: "input 8x8x4;\nmean channels  -> 8x8x1;\n",
    rules: "Takes a map, or a vector, which becomes a vector of one element.",
    cost: "per position channels − 1 additions and 1 division",
    since: "0.2",
    ..OverChannels::WRITTEN
};

/// The spec of `max channels`.
pub(crate) static MAX: Spec = Spec {
    name: "max",
    summary: "The greatest of the channels at each position: HxWxC becomes HxWx1 (Woo et al. 2018).",
    example: "input 8x8x4;\nmax channels  -> 8x8x1;\n",
    rules: "Takes a map, or a vector, which becomes a vector of one element.",
    cost: "per position channels − 1 comparisons",
    since: "0.2",
    ..OverChannels::WRITTEN
};

arguments! {
    /// Reduces the channels at each position to one.
    pub struct OverChannels {
        /// Whether it is the greatest channel instead of the mean.
        greatest: bool = Field {
            flags: &[Flag { name: "channels", doc: "reduces the channels; it must be given" }],
            ..Field::new(
                |_, bound| Ok(bound.spec().name == MAX.name),
                |_, _, bound| bound.set_flag("channels"),
            )
        },
    }
}

impl ToTorch for OverChannels {
    fn to_torch(&self, _inputs: &[Shape], _output: Shape) -> Torch {
        let reduction = if self.greatest { "amax" } else { "mean" };
        Torch::expression(&format!("{{0}}.{reduction}(dim=1, keepdim=True)"))
    }
}

impl ToOnnx for OverChannels {
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let operator = if self.greatest { "ReduceMax" } else { "ReduceMean" };
        let input = builder.operand();
        builder.reduce(operator, &input, 1)
    }
}

impl Written for OverChannels {
    const SPECS: &'static [&'static Spec] = &[&MEAN, &MAX];

    fn spec(&self) -> &'static Spec {
        if self.greatest { &MAX } else { &MEAN }
    }

    fn check(self, bound: &Bound) -> Result<OverChannels, OpError> {
        if bound.flag("channels") {
            return Ok(self);
        }
        let (name, pool) = if self.greatest { ("max", "maxpool") } else { ("mean", "avgpool") };
        Err(OpError::new(Code::E0203, format!("`{name}` must say over what"))
            .here("no `channels` behind it")
            .help(format!("write `{name} channels`"))
            .help(format!("over the positions of each channel it is `{pool} global`")))
    }
}

impl Operator for OverChannels {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        Ok(inputs[0].with_channels(1))
    }

    fn cost(&self, inputs: &[Shape], output: Shape) -> Cost {
        let positions = u128::from(output.elements());
        let joined = u128::from(inputs[0].elements()) - positions;
        if self.greatest {
            Cost { cmp: joined, ..Cost::default() }
        } else {
            Cost { add: joined, div: positions, ..Cost::default() }
        }
    }

    counted_by_no_tool!();

    fn geometry(&self, input: Shape, _output: Shape) -> Geometry {
        if input.is_map() { Geometry::Pointwise } else { Geometry::Whole }
    }

    fn reuse(&self) -> Reuse {
        Reuse::Fresh
    }

    fn reference<N: Number>(&self, Arrays { inputs, mut output, .. }: Arrays<'_, N>) {
        let channels = N::from_f64(inputs[0].shape()[0] as f64);
        for (source, out) in inputs[0].lanes(Axis(0)).into_iter().zip(output.iter_mut()) {
            let values = source.iter().copied();
            let joined =
                if self.greatest { values.reduce(|a, b| a.max(b)) } else { values.reduce(|a, b| a + b) };
            let joined = joined.unwrap_or(N::from_f64(0.0));
            *out = if self.greatest { joined } else { joined / channels };
        }
    }
}

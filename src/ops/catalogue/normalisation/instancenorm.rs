//! `instancenorm`: normalisation of each channel over its positions.

use super::epsilon::EPS;
use super::family::{self, Norm, Together, Trained, cost_to_standardise, norm_operator, standardise};
use super::groupnorm::grouped;
use crate::ops::field::{Arguments, Field, arguments};
use crate::ops::input::map_of;
use crate::ops::onnx::{OnnxBuilder, ToOnnx};
use crate::ops::tools::{STANDARDISED, WEIGHTS, rules};
use crate::ops::torch::{Helper, ToTorch, Torch};
use crate::ops::{Cost, Counted, Flag, Number, OpError, Spec, Tool, Written};
use crate::tensor::Shape;

/// The spec of `instancenorm`.
pub(crate) static SPEC: Spec = Spec {
    name: "instancenorm",
    trailing: true,
    summary: "Instance normalisation: each channel over its positions (Ulyanov et al. 2016).",
    example: "input 8x8x3;\nconv 3x3x8 same instancenorm relu  -> 8x8x8;\n",
    rules: "Takes a map. Mean and variance are those of the picture at hand, the variance divided by the number of positions; running statistics are not kept (PyTorch's `track_running_stats=False`).",
    cost: "per element 4 additions and 2 multiplications, with `affine` 1 more of each; per channel 1 addition less, 3 divisions and 1 square root",
    since: "0.2",
    ..InstanceNorm::WRITTEN
};

arguments! {
    /// Instance normalisation.
    pub struct InstanceNorm {
        /// Whether there is a trained factor and summand for each channel.
        affine: bool = Field::flag(&[Flag {
            name: "affine",
            doc: "multiplies by a trained factor and adds a trained summand, one of each for a channel",
        }]),
        /// Added to the variance.
        eps: f64 = EPS,
    }
}

/// The class PointInstanceNorm2d of exported PyTorch files.
static INSTANCE: Helper = Helper {
    name: "PointInstanceNorm2d",
    source: r#"class PointInstanceNorm2d(nn.GroupNorm):
    """Instance normalisation of maps that may have a single position."""

    def __init__(
        self, num_features: int, eps: float = 1e-05, affine: bool = False
    ) -> None:
        super().__init__(num_features, num_features, eps=eps, affine=affine)"#,
};

impl ToTorch for InstanceNorm {
    fn to_torch(&self, inputs: &[Shape], _output: Shape) -> Torch {
        if inputs[0].extent() == (1, 1) {
            // `nn.InstanceNorm2d` rejects maps of a single position.
            return Torch::helper(&INSTANCE)
                .positional("num_features", inputs[0].channels())
                .optional("eps", self.eps, 1e-5)
                .optional("affine", self.affine, false);
        }
        Torch::module("nn.InstanceNorm2d")
            .positional("num_features", inputs[0].channels())
            .optional("eps", self.eps, 1e-5)
            .optional("affine", self.affine, false)
    }
}

impl ToOnnx for InstanceNorm {
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let channels = builder.input().channels();
        grouped(builder, channels, self.eps, self.affine, "instancenorm")
    }
}

impl Written for InstanceNorm {
    const SPECS: &'static [&'static Spec] = &[&SPEC];
}

impl Norm for InstanceNorm {
    fn together(&self, input: Shape) -> Result<Together, OpError> {
        let (_, _, channels) = map_of("instancenorm", input)?;
        Ok(Together::Groups(channels))
    }

    fn trained(&self) -> Trained {
        if self.affine { Trained::WeightAndBias } else { Trained::Nothing }
    }

    fn cost_of_set(&self, elements: u128) -> Cost {
        cost_to_standardise(elements)
    }

    fn counted_by_tools(&self, input: Shape) -> Vec<Counted> {
        let elements = u128::from(input.elements());
        if self.affine {
            return rules([
                (Tool::Fvcore, STANDARDISED, 5 * elements),
                (Tool::Thop, "4 for each element of instance normalisation with `affine`", 4 * elements),
                (Tool::Ptflops, "2 for each element of instance normalisation with `affine`", 2 * elements),
                (Tool::Torchinfo, WEIGHTS, 2 * u128::from(input.channels())),
                (Tool::Calflops, STANDARDISED, 5 * elements),
            ]);
        }
        let four = "4 for each element of instance normalisation without `affine`";
        rules([
            (Tool::Fvcore, four, 4 * elements),
            (Tool::Thop, "2 for each element of instance normalisation without `affine`", 2 * elements),
            (Tool::Ptflops, "1 for each element of instance normalisation without `affine`", elements),
            (Tool::Calflops, four, 4 * elements),
        ])
    }

    fn normalise<N: Number>(&self, set: &mut [N]) {
        standardise(set, self.eps);
    }
}

norm_operator!(InstanceNorm);

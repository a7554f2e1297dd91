//! `instancenorm`: normalisation of each channel over its positions.

use super::epsilon::EPS;
use super::family::{self, Norm, Together, Trained, cost_to_standardise, norm_operator, standardise};
use crate::ops::field::{Arguments, Field, arguments};
use crate::ops::input::map_of;
use crate::ops::torch::{Helper, ToTorch, Torch};
use crate::ops::{Cost, Flag, Number, OpError, Spec, Written};
use crate::tensor::Shape;

/// How `instancenorm` is written.
pub(crate) static SPEC: Spec = Spec {
    name: "instancenorm",
    trailing: true,
    summary: "Instance normalisation: each channel over its positions (Ulyanov et al. 2016).",
    example: "input 8x8x3;\nconv 3x3x8 same instancenorm relu  -> 8x8x8;\n",
    cost: "per element 4 additions and 2 multiplications, with `affine` 1 more of each; per channel 1 addition less, 3 divisions and 1 square root",
    onnx: "InstanceNormalization",
    torch: "nn.InstanceNorm2d",
    since: "0.2",
    ..InstanceNorm::WRITTEN
};

arguments! {
    /// Instance normalisation.
    pub struct InstanceNorm {
        /// A trained factor and summand for each channel.
        affine: bool = Field::flag(&[Flag {
            name: "affine",
            doc: "multiplies by a trained factor and adds a trained summand, one of each for a channel",
        }]),
        /// Added to the variance.
        eps: f64 = EPS,
    }
}

/// PointInstanceNorm2d of exported PyTorch files.
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
            // Torch's refuses a single position.
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

    fn normalise<N: Number>(&self, set: &mut [N]) {
        standardise(set, self.eps);
    }
}

norm_operator!(InstanceNorm);

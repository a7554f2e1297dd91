//! Constants of steps as recipes over the parameters of nodes, evaluated once when a plan is loaded.

use ndarray::{ArrayD, Axis};

use crate::ir::NodeId;

/// A tensor of a node: the node and the position among its parameters.
pub(super) type ParameterId = (NodeId, usize);

/// How a constant is made.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// The dimensions of the result.
    pub shape: Vec<u64>,
    /// What is computed.
    pub kind: RecipeKind,
}

/// The kinds of recipes.
#[derive(Clone, Debug, PartialEq)]
pub enum RecipeKind {
    /// The parameter itself.
    Parameter(ParameterId),
    /// A weight whose output channels (axis 0) are multiplied by the factors of a batch normalisation.
    FoldedWeight {
        /// The weight.
        weight: ParameterId,
        /// The normalisation.
        norm: NodeId,
        /// Its `eps`.
        eps: f64,
    },
    /// `(bias − mean) · factor + β`
    FoldedBias {
        /// The bias before the normalisation, where there is one.
        bias: Option<ParameterId>,
        /// The normalisation.
        norm: NodeId,
        /// Its `eps`.
        eps: f64,
    },
    /// `γ / √(var + eps)`
    Factor {
        /// The normalisation.
        norm: NodeId,
        /// Its `eps`.
        eps: f64,
    },
}

impl Recipe {
    /// The parameters that the recipe reads.
    pub fn reads(&self) -> Vec<ParameterId> {
        match self.kind {
            RecipeKind::Parameter(id) => vec![id],
            RecipeKind::FoldedWeight { weight, norm, .. } => vec![weight, (norm, 0), (norm, 3)],
            RecipeKind::FoldedBias { bias, norm, .. } => {
                bias.into_iter().chain([(norm, 0), (norm, 1), (norm, 2), (norm, 3)]).collect()
            }
            RecipeKind::Factor { norm, .. } => vec![(norm, 0), (norm, 3)],
        }
    }

    /// Evaluates the recipe; `tensors` are those of [`Recipe::reads`], in this order. Folding is computed in
    /// f64 and rounded once.
    pub fn evaluate(&self, mut tensors: Vec<ArrayD<f32>>) -> ArrayD<f32> {
        let factor =
            |gamma: f32, variance: f32, eps: f64| f64::from(gamma) / (f64::from(variance) + eps).sqrt();
        match self.kind {
            RecipeKind::Parameter(_) => tensors.swap_remove(0),
            RecipeKind::FoldedWeight { eps, .. } => {
                let mut weight = tensors.swap_remove(0);
                // swap_remove put the last tensor, the variance, in front.
                let (variance, gamma) = (&tensors[0], &tensors[1]);
                for (channel, mut filter) in weight.axis_iter_mut(Axis(0)).enumerate() {
                    let factor = factor(gamma[channel], variance[channel], eps);
                    filter.mapv_inplace(|tap| (f64::from(tap) * factor) as f32);
                }
                weight
            }
            RecipeKind::FoldedBias { bias, eps, .. } => {
                let first = usize::from(bias.is_some());
                let [gamma, beta, mean, variance] = [0, 1, 2, 3].map(|index| &tensors[first + index]);
                ArrayD::from_shape_fn(gamma.raw_dim(), |index| {
                    let bias = if first == 1 { f64::from(tensors[0][&index]) } else { 0.0 };
                    let factor = f64::from(gamma[&index]) / (f64::from(variance[&index]) + eps).sqrt();
                    ((bias - f64::from(mean[&index])) * factor + f64::from(beta[&index])) as f32
                })
            }
            RecipeKind::Factor { eps, .. } => ArrayD::from_shape_fn(tensors[0].raw_dim(), |index| {
                factor(tensors[0][&index], tensors[1][&index], eps) as f32
            }),
        }
    }
}

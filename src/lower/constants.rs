//! The constants of steps as expressions over the parameters of nodes. They are evaluated once, when a plan is
//! loaded.

use ndarray::{ArrayD, Axis};

use crate::ir::NodeId;

/// A parameter of the graph: its node, and its index among the node's parameters.
pub(super) type ParameterId = (NodeId, usize);

/// How a constant is computed from parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct ConstantExpr {
    /// The dimensions of the result.
    pub shape: Vec<u64>,
    /// Which parameters are combined, and how.
    pub kind: ConstantKind,
}

/// The expression of a constant.
#[derive(Clone, Debug, PartialEq)]
pub enum ConstantKind {
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
    /// As [`ConstantKind::FoldedWeight`], of a transposed convolution: the output channels of each group are axis 1, and
    /// the groups are consecutive parts of axis 0.
    FoldedTransposedWeight {
        /// The weight.
        weight: ParameterId,
        /// The groups of the convolution.
        groups: usize,
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
    BatchNormScale {
        /// The normalisation.
        norm: NodeId,
        /// Its `eps`.
        eps: f64,
    },
}

impl ConstantExpr {
    /// The parameters that the expression reads.
    pub fn reads(&self) -> Vec<ParameterId> {
        match self.kind {
            ConstantKind::Parameter(id) => vec![id],
            ConstantKind::FoldedWeight { weight, norm, .. }
            | ConstantKind::FoldedTransposedWeight { weight, norm, .. } => {
                vec![weight, (norm, 0), (norm, 3)]
            }
            ConstantKind::FoldedBias { bias, norm, .. } => {
                bias.into_iter().chain([(norm, 0), (norm, 1), (norm, 2), (norm, 3)]).collect()
            }
            ConstantKind::BatchNormScale { norm, .. } => vec![(norm, 0), (norm, 3)],
        }
    }

    /// Evaluates the expression; `tensors` are those of [`ConstantExpr::reads`], in this order. Folding is computed in
    /// f64 and rounded once.
    pub fn evaluate(&self, mut tensors: Vec<ArrayD<f32>>) -> ArrayD<f32> {
        let factor =
            |gamma: f32, variance: f32, eps: f64| f64::from(gamma) / (f64::from(variance) + eps).sqrt();
        match self.kind {
            ConstantKind::Parameter(_) => tensors.swap_remove(0),
            ConstantKind::FoldedWeight { eps, .. } => {
                let mut weight = tensors.swap_remove(0);
                // swap_remove put the last tensor, the variance, in front.
                let (variance, gamma) = (&tensors[0], &tensors[1]);
                for (channel, mut filter) in weight.axis_iter_mut(Axis(0)).enumerate() {
                    let factor = factor(gamma[channel], variance[channel], eps);
                    filter.mapv_inplace(|tap| (f64::from(tap) * factor) as f32);
                }
                weight
            }
            ConstantKind::FoldedTransposedWeight { groups, eps, .. } => {
                let mut weight = tensors.swap_remove(0);
                // As above.
                let (variance, gamma) = (&tensors[0], &tensors[1]);
                let (of_group, filters) = (weight.shape()[0] / groups, weight.shape()[1]);
                for (channel, mut filters_of_channel) in weight.axis_iter_mut(Axis(0)).enumerate() {
                    for (filter, mut taps) in filters_of_channel.axis_iter_mut(Axis(0)).enumerate() {
                        let output = channel / of_group * filters + filter;
                        let factor = factor(gamma[output], variance[output], eps);
                        taps.mapv_inplace(|tap| (f64::from(tap) * factor) as f32);
                    }
                }
                weight
            }
            ConstantKind::FoldedBias { bias, eps, .. } => {
                let first = usize::from(bias.is_some());
                let [gamma, beta, mean, variance] = [0, 1, 2, 3].map(|index| &tensors[first + index]);
                ArrayD::from_shape_fn(gamma.raw_dim(), |index| {
                    let bias = if first == 1 { f64::from(tensors[0][&index]) } else { 0.0 };
                    let factor = f64::from(gamma[&index]) / (f64::from(variance[&index]) + eps).sqrt();
                    ((bias - f64::from(mean[&index])) * factor + f64::from(beta[&index])) as f32
                })
            }
            ConstantKind::BatchNormScale { eps, .. } => {
                ArrayD::from_shape_fn(tensors[0].raw_dim(), |index| {
                    factor(tensors[0][&index], tensors[1][&index], eps) as f32
                })
            }
        }
    }
}

//! The constants of steps as expressions over the parameters of nodes. They are evaluated once, when a plan is
//! loaded.

use ndarray::{ArrayD, Axis, IxDyn};

use crate::ir::NodeId;

/// A parameter of the graph: its node, and its index among the node's parameters.
pub(super) type ParameterId = (NodeId, usize);

/// The expression that computes a constant from parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct ConstantExpr {
    /// The dimensions of the result.
    pub shape: Vec<u64>,
    /// The operation, with the parameters that it combines.
    pub kind: ConstantKind,
    /// A factor and a summand that are applied to each element afterwards.
    pub then: Linear,
}

/// The expression of a constant.
#[derive(Clone, Debug, PartialEq)]
pub enum ConstantKind {
    /// The parameter itself.
    Parameter(ParameterId),
    /// Zeros, where a layer without a bias gets one.
    Zeros,
    /// A weight whose output channels (axis 0) are multiplied by the factors of a batch normalisation.
    FoldedWeight {
        /// The weight.
        weight: ParameterId,
        /// The normalisation.
        norm: Norm,
    },
    /// As [`ConstantKind::FoldedWeight`], for a transposed convolution: the output channels of each group are axis 1,
    /// and the groups are consecutive ranges of axis 0.
    FoldedTransposedWeight {
        /// The weight.
        weight: ParameterId,
        /// The groups of the convolution.
        groups: usize,
        /// The normalisation.
        norm: Norm,
    },
    /// `(bias − mean) · factor + β`
    FoldedBias {
        /// The bias before the normalisation, where there is one.
        bias: Option<ParameterId>,
        /// The normalisation.
        norm: Norm,
    },
    /// `γ / √(var + eps)`
    NormFactor(Norm),
}

/// A batch normalisation of the graph.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norm {
    /// The node that has the parameters.
    pub node: NodeId,
    /// Added to the variance.
    pub eps: f64,
    /// Whether there is a γ.
    pub scale: bool,
    /// Whether there is a β.
    pub bias: bool,
}

/// `factor · x + summand`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Linear {
    /// Multiplied with each element.
    pub factor: f64,
    /// Added then.
    pub summand: f64,
}

impl Linear {
    /// The identity.
    pub const IDENTITY: Linear = Linear { factor: 1.0, summand: 0.0 };

    /// Applies this function, then another.
    pub(super) fn followed_by(self, next: Linear) -> Linear {
        Linear { factor: self.factor * next.factor, summand: self.summand * next.factor + next.summand }
    }

    /// Applies the function in f64 and rounds once, to f32.
    fn of(self, value: f64) -> f32 {
        (value * self.factor + self.summand) as f32
    }
}

impl Norm {
    /// The parameters of the node that has them, in the order of the operator: γ and β if present, mean, variance.
    fn reads(&self) -> impl Iterator<Item = ParameterId> {
        let node = self.node;
        (0..2 + usize::from(self.scale) + usize::from(self.bias)).map(move |index| (node, index))
    }

    /// γ / √(var + eps), mean and β of a channel; `parameters` are those of [`Norm::reads`].
    fn of_channel(&self, parameters: &[ArrayD<f32>], channel: usize) -> (f64, f64, f64) {
        let at = |index: usize| f64::from(parameters[index][channel]);
        let mean = usize::from(self.scale) + usize::from(self.bias);
        let gamma = if self.scale { at(0) } else { 1.0 };
        let beta = if self.bias { at(mean - 1) } else { 0.0 };
        (gamma / (at(mean + 1) + self.eps).sqrt(), at(mean), beta)
    }
}

impl ConstantExpr {
    /// The expression without a further factor or summand.
    pub(super) fn new(shape: Vec<u64>, kind: ConstantKind) -> ConstantExpr {
        ConstantExpr { shape, kind, then: Linear::IDENTITY }
    }

    /// The parameters that the expression reads.
    pub fn reads(&self) -> Vec<ParameterId> {
        match &self.kind {
            ConstantKind::Parameter(id) => vec![*id],
            ConstantKind::Zeros => Vec::new(),
            ConstantKind::FoldedWeight { weight, norm }
            | ConstantKind::FoldedTransposedWeight { weight, norm, .. } => {
                [*weight].into_iter().chain(norm.reads()).collect()
            }
            ConstantKind::FoldedBias { bias, norm } => bias.iter().copied().chain(norm.reads()).collect(),
            ConstantKind::NormFactor(norm) => norm.reads().collect(),
        }
    }

    /// Evaluates the expression; `tensors` are those of [`ConstantExpr::reads`], in this order. It is computed in f64
    /// and rounded once.
    pub fn evaluate(&self, mut tensors: Vec<ArrayD<f32>>) -> ArrayD<f32> {
        let dims = || IxDyn(&self.shape.iter().map(|&dim| dim as usize).collect::<Vec<_>>());
        match &self.kind {
            ConstantKind::Parameter(_) => {
                let mut value = tensors.swap_remove(0);
                if self.then != Linear::IDENTITY {
                    value.mapv_inplace(|element| self.then.of(f64::from(element)));
                }
                value
            }
            ConstantKind::Zeros => ArrayD::from_elem(dims(), self.then.of(0.0)),
            ConstantKind::FoldedWeight { norm, .. } => {
                let mut weight = tensors.remove(0);
                for (channel, mut filter) in weight.axis_iter_mut(Axis(0)).enumerate() {
                    let (factor, ..) = norm.of_channel(&tensors, channel);
                    filter.mapv_inplace(|tap| self.then.of(f64::from(tap) * factor));
                }
                weight
            }
            ConstantKind::FoldedTransposedWeight { groups, norm, .. } => {
                let mut weight = tensors.remove(0);
                let (of_group, filters) = (weight.shape()[0] / groups, weight.shape()[1]);
                for (channel, mut filters_of_channel) in weight.axis_iter_mut(Axis(0)).enumerate() {
                    for (filter, mut taps) in filters_of_channel.axis_iter_mut(Axis(0)).enumerate() {
                        let (factor, ..) = norm.of_channel(&tensors, channel / of_group * filters + filter);
                        taps.mapv_inplace(|tap| self.then.of(f64::from(tap) * factor));
                    }
                }
                weight
            }
            ConstantKind::FoldedBias { bias, norm } => {
                let bias = bias.map(|_| tensors.remove(0));
                ArrayD::from_shape_fn(dims(), |index| {
                    let (factor, mean, beta) = norm.of_channel(&tensors, index[0]);
                    let bias = bias.as_ref().map_or(0.0, |bias| f64::from(bias[index[0]]));
                    self.then.of((bias - mean) * factor + beta)
                })
            }
            ConstantKind::NormFactor(norm) => ArrayD::from_shape_fn(dims(), |index| {
                let (factor, ..) = norm.of_channel(&tensors, index[0]);
                self.then.of(factor)
            }),
        }
    }
}

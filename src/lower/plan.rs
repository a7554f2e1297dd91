//! The plan as data: steps in order, the tensors that they read and write, and where these lie in the arena.

use crate::ops::{Activation, Lrn, Op, Pool};
use crate::tensor::{Shape, Window};

use super::constants::ConstantExpr;
use super::layout::Layout;
use super::precision::{Factors, Products};
use super::rearrangement::Rearrangement;

/// A value in the arena: one shape for each picture of the batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tensor {
    /// The shape for one picture.
    pub shape: Shape,
    /// The first element of its buffer in the arena, in elements of f32.
    pub offset: usize,
    /// The layout of its elements from there on.
    pub layout: Layout,
}

/// An input or output.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanPort {
    /// Its name.
    pub name: String,
    /// The location of its values; inputs are N×C×H×W.
    pub tensor: Tensor,
}

/// The algorithm of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Every product of the definition.
    Direct,
    /// Winograd's minimal filtering (Lavin & Gray 2015).
    Winograd(WinogradTile),
    /// Every product of the definition, on a matrix unit that multiplies bf16 and sums in f32.
    Matrix(Products),
}

/// The sizes of minimal filtering F(m×n, r×s), rows first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WinogradTile {
    /// Outputs of a tile.
    pub outputs: (usize, usize),
    /// Taps of the kernel.
    pub taps: (usize, usize),
}

impl WinogradTile {
    /// Rows and columns of input that a tile reads.
    pub fn input_size(&self) -> (usize, usize) {
        (self.outputs.0 + self.taps.0 - 1, self.outputs.1 + self.taps.1 - 1)
    }

    /// Positions of a transformed tile: the products that are left for its outputs.
    pub fn positions(&self) -> usize {
        self.input_size().0 * self.input_size().1
    }
}

/// A convolution of any groups, also depthwise with several filters for each channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Convolution {
    /// Along the height.
    pub rows: Window,
    /// Along the width.
    pub columns: Window,
    /// Groups of channels.
    pub groups: usize,
    /// Whether there is a bias.
    pub bias: bool,
    /// Whether the second input is added to the result before the activation.
    pub addend: bool,
    /// The algorithm that computes it.
    pub algorithm: Algorithm,
}

/// A transposed convolution, computed by the [phases](super::Phase) of its outputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransposedConvolution {
    /// Along the height; slides over the output.
    pub rows: Window,
    /// Along the width; slides over the output.
    pub columns: Window,
    /// Groups of channels.
    pub groups: usize,
    /// Whether there is a bias.
    pub bias: bool,
}

impl TransposedConvolution {
    /// Phases along the height and the width of its output.
    pub(super) fn phases(&self, output: &Layout) -> (usize, usize) {
        let along = |window: &Window, outputs: usize| outputs.min(window.stride as usize);
        (along(&self.rows, output.height), along(&self.columns, output.width))
    }
}

/// A normalisation over the channels at a position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ChannelNorm {
    /// `(x − mean) / √(variance + eps)`
    Layer {
        /// Added to the variance.
        eps: f64,
    },
    /// `x / √(mean of the squares + eps)`
    RootMeanSquare {
        /// Added to the mean.
        eps: f64,
    },
    /// `x / max(√(sum of the squares), eps)`
    Euclidean {
        /// The least divisor.
        eps: f64,
    },
}

impl ChannelNorm {
    /// Returns whether the mean is subtracted first.
    pub fn subtracts_mean(&self) -> bool {
        matches!(self, ChannelNorm::Layer { .. })
    }

    /// The factor that normalises values, computed from the sum of their squares over the channels.
    #[inline]
    pub fn scale(&self, squares: f32, channels: usize) -> f32 {
        match *self {
            ChannelNorm::Layer { eps } | ChannelNorm::RootMeanSquare { eps } => {
                1.0 / (squares / channels as f32 + eps as f32).sqrt()
            }
            ChannelNorm::Euclidean { eps } => {
                let norm = squares.sqrt();
                // NaN stays.
                1.0 / if norm < eps as f32 { eps as f32 } else { norm }
            }
        }
    }
}

/// The operation that reduces the channels at a position to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelReduction {
    /// To their mean.
    Mean,
    /// The greatest; NaN if one is NaN.
    Greatest,
}

/// The operation that combines the elements at the same place of several maps, in the order of the maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Combination {
    /// The others are subtracted from the first.
    Difference,
    /// They are multiplied.
    Product,
    /// The greatest; NaN if one is NaN.
    Greatest,
    /// The least; NaN if one is NaN.
    Least,
}

/// The pixels that make each pixel of a map of another size, with their weights; both axes are independent.
#[derive(Clone, Debug, PartialEq)]
pub struct Resample {
    /// For each row of the output, rows of the input.
    pub rows: Vec<Vec<(usize, f32)>>,
    /// For each column of the output, columns of the input.
    pub columns: Vec<Vec<(usize, f32)>>,
}

/// The kernel of a step, with what it needs to know besides the tensors.
#[derive(Clone, Debug, PartialEq)]
pub enum Kernel {
    /// Convolution; the constants are the weight and perhaps a bias.
    Conv(Convolution),
    /// Transposed convolution; the constants are the weight and perhaps a bias.
    TransposedConv(TransposedConvolution),
    /// Depthwise convolution, one filter for each channel; the constants are the weight and perhaps a bias.
    Depthwise {
        /// Along the height.
        rows: Window,
        /// Along the width.
        columns: Window,
        /// Whether there is a bias.
        bias: bool,
    },
    /// Fully-connected layer; the constants are the weight and perhaps a bias.
    Dense {
        /// Whether there is a bias.
        bias: bool,
        /// The numbers that are multiplied.
        factors: Factors,
    },
    /// Pooling.
    Pool(Pool),
    /// A factor for each channel and perhaps a summand, which are the constants (batch normalisation).
    Affine,
    /// Sums of its inputs, element by element.
    Add,
    /// Concatenates channels: copies the operands that were not computed in place.
    Concat {
        /// The first channel of each input.
        channels: Vec<usize>,
    },
    /// Copies its input, perhaps into another layout.
    Copy,
    /// Local response normalisation.
    Lrn(Lrn),
    /// Normalisation over the channels at each position; the constants are a factor and a summand for each channel,
    /// where there are any.
    ChannelNorm(ChannelNorm),
    /// Reduces the channels at each position to one.
    ChannelReduction(ChannelReduction),
    /// `(x − mean) / √(variance + eps)` of groups of channels over all positions; the constants are a factor and a
    /// summand for each channel, where there are any.
    GroupNorm {
        /// Groups of neighbouring channels.
        groups: usize,
        /// Added to the variance.
        eps: f64,
    },
    /// Combines its inputs element by element; one of 1x1xC or HxWx1 serves all positions or channels.
    Combine(Combination),
    /// Interpolates between pixels.
    Resample(Resample),
    /// Moves elements and computes nothing.
    Rearrange(Rearrangement),
    /// The definition of the operator, picture by picture.
    Reference(Op),
}

impl Kernel {
    /// Returns whether the first constant is a weight that the inputs are multiplied with, and the second, if any, a
    /// bias.
    pub(super) fn has_weight(&self) -> bool {
        matches!(
            self,
            Kernel::Conv(_) | Kernel::TransposedConv(_) | Kernel::Depthwise { .. } | Kernel::Dense { .. }
        )
    }

    /// Lets a kernel with a weight add a bias, too.
    pub(super) fn add_bias(&mut self) {
        match self {
            Kernel::Conv(Convolution { bias, .. })
            | Kernel::TransposedConv(TransposedConvolution { bias, .. })
            | Kernel::Depthwise { bias, .. }
            | Kernel::Dense { bias, .. } => *bias = true,
            _ => {}
        }
    }

    /// Returns whether the kernel can apply an activation as it stores its results.
    pub fn has_epilogue(&self) -> bool {
        match self {
            Kernel::Conv(_)
            | Kernel::TransposedConv(_)
            | Kernel::Depthwise { .. }
            | Kernel::Dense { .. }
            | Kernel::Affine
            | Kernel::ChannelNorm(_)
            | Kernel::GroupNorm { .. }
            | Kernel::Combine(_)
            | Kernel::Add => true,
            Kernel::Pool(_)
            | Kernel::Concat { .. }
            | Kernel::Copy
            | Kernel::Lrn(_)
            | Kernel::ChannelReduction(_)
            | Kernel::Rearrange(_)
            | Kernel::Resample(_)
            | Kernel::Reference(_) => false,
        }
    }
}

/// One call of a kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Computes the output.
    pub kernel: Kernel,
    /// Applied to the output as it is stored.
    pub activation: Option<Activation>,
    /// The tensors that the kernel reads.
    pub inputs: Vec<Tensor>,
    /// The tensor that the kernel writes.
    pub output: Tensor,
    /// Memory in the arena for this step alone: first element and number of elements.
    pub scratch: (usize, usize),
    /// The kernel's constants, in the order that [`Kernel`] gives.
    pub constants: Vec<ConstantExpr>,
    /// The paths of the graph's nodes that the step computes.
    pub covers: Vec<String>,
}

impl Step {
    /// The numbers that are multiplied, for a step with a weight.
    pub fn factors(&self) -> Option<Factors> {
        match &self.kernel {
            Kernel::Dense { factors, .. } => Some(*factors),
            Kernel::Conv(Convolution { algorithm: Algorithm::Matrix(products), .. }) => {
                Some(Factors::Bf16Parts(*products))
            }
            kernel => kernel.has_weight().then_some(Factors::F32),
        }
    }

    /// Returns whether the output overwrites this input.
    pub fn overwrites(&self, input: usize) -> bool {
        self.inputs.get(input) == Some(&self.output)
    }
}

/// The steps of a network for a fixed batch, and their memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The network's name.
    pub network: String,
    /// Pictures at once.
    pub batch: usize,
    /// The inputs of the network.
    pub inputs: Vec<PlanPort>,
    /// The outputs that are kept, in the order in which they were asked for.
    pub outputs: Vec<PlanPort>,
    /// The steps in order.
    pub steps: Vec<Step>,
    /// Elements of the arena.
    pub arena: usize,
    /// Elements of scratch memory that each thread has for itself.
    pub scratch_per_thread: usize,
}

impl Plan {
    /// The shape of an input's or output's array: the batch, then C×H×W of a map or the elements of a vector.
    pub fn array_shape(&self, port: &PlanPort) -> Vec<usize> {
        let stored = port.tensor.shape.stored().into_iter().map(|dim| dim as usize);
        [self.batch].into_iter().chain(stored).collect()
    }
}

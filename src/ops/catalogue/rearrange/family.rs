//! What the operators share that put elements of a map to other places: no arithmetic and no parameters.

use crate::ops::{Geometry, OpError};
use crate::tensor::Shape;

/// Where an element of the output comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Source {
    /// Channel, row and column of the input.
    At([u64; 3]),
    /// A constant.
    Fill(f64),
}

/// A rearrangement of a map. [`rearrange_operator`] makes an operator of it.
pub(crate) trait Rearrange {
    /// The shape of the output, or why there is none.
    fn rearranged(&self, input: Shape) -> Result<Shape, OpError>;
    /// Where channel, row and column `at` of the output come from. The channel depends on the channel and on row and
    /// column modulo [`Rearrange::period`]; the row on the row, and what a channel adds to it; the column likewise.
    fn source(&self, input: Shape, at: [u64; 3]) -> Source;
    /// A row and a column of the output that come from the input.
    fn inside(&self) -> (u64, u64) {
        (0, 0)
    }
    /// Rows and columns after which the channels of the input repeat.
    fn period(&self) -> u64 {
        1
    }
    /// How positions of the output see positions of the input.
    fn moves(&self, input: Shape) -> Geometry;
}

/// Makes an operator of a [`Rearrange`].
macro_rules! rearrange_operator {
    ($type:ty) => {
        impl $crate::ops::Operator for $type {
            fn infer(
                &self,
                inputs: &[$crate::tensor::Shape],
            ) -> Result<$crate::tensor::Shape, $crate::ops::OpError> {
                self.rearranged(inputs[0])
            }

            $crate::ops::tools::costs_nothing!();

            $crate::ops::tools::counted_by_no_tool!();

            fn geometry(&self, input: $crate::tensor::Shape) -> $crate::ops::Geometry {
                self.moves(input)
            }

            fn reuse(&self) -> $crate::ops::Reuse {
                $crate::ops::Reuse::Fresh
            }

            fn reference<N: $crate::ops::Number>(
                &self,
                $crate::ops::Arrays { inputs, mut output, .. }: $crate::ops::Arrays<'_, N>,
            ) {
                let dims = inputs[0].shape();
                let input = $crate::tensor::Shape::map(dims[1] as u64, dims[2] as u64, dims[0] as u64);
                for (index, out) in output.indexed_iter_mut() {
                    let at = [index[0] as u64, index[1] as u64, index[2] as u64];
                    *out = match self.source(input, at) {
                        Source::At(from) => inputs[0][ndarray::IxDyn(&from.map(|axis| axis as usize))],
                        Source::Fill(value) => N::from_f64(value),
                    };
                }
            }
        }
    };
}

pub(crate) use rearrange_operator;

//! The shared parts of operators that move the elements of a map: they have no arithmetic and no parameters.

use crate::ops::{Geometry, OpError};
use crate::tensor::Shape;

/// The source of an output element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Source {
    /// An element of the input: channel, row and column.
    At([u64; 3]),
    /// A constant.
    Fill(f64),
}

/// A rearrangement of a map. [`rearrange_operator`] makes an operator of it.
pub(crate) trait Rearrange {
    /// The shape of the output; an error if there is none.
    fn rearranged(&self, input: Shape) -> Result<Shape, OpError>;
    /// The source of the output element at channel, row and column `at`. The source channel depends on the output
    /// channel and on row and column modulo [`Rearrange::period`]. The source row depends on the output row, plus an
    /// offset for each channel; the source column likewise.
    fn source(&self, input: Shape, at: [u64; 3]) -> Source;
    /// A row and a column of the output whose elements come from the input, not from a constant.
    fn inside(&self) -> (u64, u64) {
        (0, 0)
    }
    /// The number of rows and columns after which the source channels repeat.
    fn period(&self) -> u64 {
        1
    }
    /// The geometry of the movement.
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

            fn geometry(
                &self,
                input: $crate::tensor::Shape,
                _output: $crate::tensor::Shape,
            ) -> $crate::ops::Geometry {
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

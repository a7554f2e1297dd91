//! What an operator must say of itself.

use ndarray::{ArrayViewD, ArrayViewMutD};

use super::{Cost, Number, OpError, Parameter};
use crate::tensor::{Shape, Window};

/// How an operator moves information between positions, for receptive fields.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Geometry {
    /// Every output position sees its own input position.
    Pointwise,
    /// Windows along height and width.
    Windows {
        /// The rows.
        rows: Window,
        /// The columns.
        columns: Window,
    },
    /// Transposed windows: output `i·stride + tap·dilation − pad_before` sees input i.
    Transposed {
        /// The rows.
        rows: Window,
        /// The columns.
        columns: Window,
    },
    /// `factor` output positions for each input position, reaching `reach` input positions beyond the own one.
    Enlarged {
        /// Factors along height and width.
        factor: (u64, u64),
        /// 1 where neighbours are interpolated, else 0.
        reach: u64,
    },
    /// Shifts positions by leading padding (rows, columns).
    Shifted {
        /// Zeros before the first row and column.
        before: (u64, u64),
    },
    /// Every output sees the whole input.
    Whole,
}

/// Whether the output may share memory with the first input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// It needs memory of its own.
    Fresh,
    /// It may overwrite its first input, where nobody else needs that.
    InPlace,
    /// It is the same memory under another shape: nothing is computed.
    Alias,
}

/// What an operator must say of itself. Shapes are per picture.
pub trait Operator {
    /// The shape of the output, or why there is none.
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError>;
    /// The parameters in the order in which the kernel takes them; `inputs` passed [`Operator::infer`]. Most
    /// operators have none.
    fn parameters(&self, _inputs: &[Shape]) -> Vec<Parameter> {
        Vec::new()
    }
    /// The operations for one picture.
    fn cost(&self, inputs: &[Shape], output: Shape) -> Cost;
    /// How positions of the output see positions of the input.
    fn geometry(&self, input: Shape) -> Geometry;
    /// Whether the output may share memory with the first input.
    fn reuse(&self) -> Reuse;
    /// The definition of the operator, for one picture: maps are C×H×W, vectors n; writes all of `output`.
    fn reference<N: Number>(
        &self,
        inputs: &[ArrayViewD<'_, N>],
        parameters: &[ArrayViewD<'_, N>],
        output: ArrayViewMutD<'_, N>,
    );
}

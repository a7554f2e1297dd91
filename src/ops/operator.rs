//! The traits that every operator implements: its words, and its facets (shape rule, parameters, cost, …).

use ndarray::{ArrayViewD, ArrayViewMutD};

use super::field::Arguments;
use super::{Bound, Cost, Counted, Number, OpError, Parameter, Spec};
use crate::tensor::{Resampling, Shape, Window};

/// The positions of the input that influence a position of the output; receptive fields are computed from it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Geometry {
    /// Each output position depends on the input position of the same place.
    Pointwise,
    /// Rows depend on rows and columns on columns.
    Axes {
        /// Along the height.
        rows: Reach,
        /// Along the width.
        columns: Reach,
    },
    /// Each output depends on the whole input.
    Whole,
}

/// The input positions that influence an output position, along one axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reach {
    /// The taps of a window.
    Window(Window),
    /// The inputs i with a tap such that `i·stride + tap·dilation − pad_before` is the output position.
    Transposed(Window),
    /// The neighbours from which a pixel is interpolated.
    Resampled(Resampling),
    /// PyTorch's adaptive window: from `floor(i·input/output)` to `ceil((i+1)·input/output)`.
    Adaptive {
        /// Positions of the input.
        input: u64,
        /// Positions of the output, at least 1.
        output: u64,
    },
    /// Input `i − before`: `before` positions were added in front, or removed if it is negative.
    Shifted {
        /// The number of positions added in front.
        before: i64,
    },
}

impl Geometry {
    /// Windows along height and width.
    pub fn sliding((rows, columns): (Window, Window)) -> Geometry {
        Geometry::Axes { rows: Reach::Window(rows), columns: Reach::Window(columns) }
    }

    /// Transposed windows along height and width.
    pub fn transposed((rows, columns): (Window, Window)) -> Geometry {
        Geometry::Axes { rows: Reach::Transposed(rows), columns: Reach::Transposed(columns) }
    }

    /// The windows along height and width of an operator with sliding windows, transposed or not.
    pub fn windows(self) -> Option<(Window, Window)> {
        match self {
            Geometry::Axes { rows: Reach::Window(rows), columns: Reach::Window(columns) }
            | Geometry::Axes { rows: Reach::Transposed(rows), columns: Reach::Transposed(columns) } => {
                Some((rows, columns))
            }
            _ => None,
        }
    }
}

/// Whether the output may share memory with the first input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// It needs its own memory.
    Fresh,
    /// It may overwrite its first input if no other step reads that.
    InPlace,
    /// It has the memory of its input under another shape; nothing is computed.
    Alias,
}

/// The words of an operator, and the rules between its arguments.
pub(crate) trait Written: Arguments {
    /// The specs of all its words; empty for an operator that only a form makes.
    const SPECS: &'static [&'static Spec];

    /// The spec of the word for these arguments.
    fn spec(&self) -> &'static Spec {
        Self::SPECS[0]
    }

    /// The words for it in a drawing; `None` for the usual ones, its word and window.
    fn caption(&self) -> Option<String> {
        None
    }

    /// Checks the rules between arguments.
    fn check(self, _bound: &Bound) -> Result<Self, OpError> {
        Ok(self)
    }
}

/// The arrays of a reference kernel for one picture: maps are C×H×W, vectors n.
pub struct Arrays<'a, N> {
    /// The operands.
    pub inputs: &'a [ArrayViewD<'a, N>],
    /// The parameters, in the order of [`Operator::parameters`].
    pub parameters: &'a [ArrayViewD<'a, N>],
    /// The result.
    pub output: ArrayViewMutD<'a, N>,
}

/// The facets of an operator. Shapes are per picture.
pub trait Operator {
    /// The shape of the output; an error if the inputs are wrong.
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError>;
    /// The parameters in the order in which the kernel takes them; `inputs` passed [`Operator::infer`]. Most
    /// operators have none.
    fn parameters(&self, _inputs: &[Shape]) -> Vec<Parameter> {
        Vec::new()
    }
    /// The operations for one picture; `costs_nothing!()` for what only moves elements.
    fn cost(&self, inputs: &[Shape], output: Shape) -> Cost;
    /// The counts of other tools for one picture besides multiply-accumulates, an entry for each tool with a rule;
    /// `counted_by_no_tool!()` where they all count nothing.
    fn counted(&self, inputs: &[Shape], output: Shape) -> Vec<Counted>;
    /// The positions of an operand that influence a position of the output.
    fn geometry(&self, operand: Shape, output: Shape) -> Geometry;
    /// Returns whether the output may share memory with the first input.
    fn reuse(&self) -> Reuse;
    /// The definition of the operator; writes every element of `output`.
    fn reference<N: Number>(&self, arrays: Arrays<'_, N>);
}

//! The traits that every operator implements: how it is written, and its facets (shape rule, parameters, cost, …).

use ndarray::{ArrayViewD, ArrayViewMutD};

use super::field::Arguments;
use super::{Bound, Cost, Counted, Number, OpError, Parameter, Spec};
use crate::tensor::{Resampling, Shape, Window};

/// How an operator moves information between positions, for receptive fields.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Geometry {
    /// Every output position sees its own input position.
    Pointwise,
    /// The axes are independent of each other.
    Axes {
        /// Along the height.
        rows: Reach,
        /// Along the width.
        columns: Reach,
    },
    /// Every output sees the whole input.
    Whole,
}

/// Which positions of the input a position of the output sees, along one axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reach {
    /// The taps of a window.
    Window(Window),
    /// Those inputs i that have a tap with `i·stride + tap·dilation − pad_before` at the output.
    Transposed(Window),
    /// The neighbours of a position between the pixels.
    Resampled(Resampling),
    /// PyTorch's adaptive window: from `floor(i·input/output)` to `ceil((i+1)·input/output)`.
    Adaptive {
        /// Positions of the input.
        input: u64,
        /// Positions of the output, at least 1.
        output: u64,
    },
    /// Input `i − before`: `before` positions were put in front, or taken away where it is negative.
    Shifted {
        /// Positions put in front.
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

    /// The windows along height and width of an operator that slides one, transposed or not.
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
    /// It needs memory of its own.
    Fresh,
    /// It may overwrite its first input, where nobody else needs that.
    InPlace,
    /// It is the same memory under another shape: nothing is computed.
    Alias,
}

/// How an operator is written: its specs, and what its arguments must hold to together.
pub(crate) trait Written: Arguments {
    /// All words that are written for it; none for what only a form makes.
    const SPECS: &'static [&'static Spec];

    /// The word that is written for these arguments.
    fn spec(&self) -> &'static Spec {
        Self::SPECS[0]
    }

    /// The operator, where the arguments can stand together.
    fn check(self, _bound: &Bound) -> Result<Self, OpError> {
        Ok(self)
    }
}

/// What the definition of an operator computes with, for one picture: maps are C×H×W, vectors n.
pub struct Arrays<'a, N> {
    /// The operands.
    pub inputs: &'a [ArrayViewD<'a, N>],
    /// The parameters, in the order of [`Operator::parameters`].
    pub parameters: &'a [ArrayViewD<'a, N>],
    /// The result.
    pub output: ArrayViewMutD<'a, N>,
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
    /// The operations for one picture; `costs_nothing!()` for what only moves elements.
    fn cost(&self, inputs: &[Shape], output: Shape) -> Cost;
    /// What other tools count for one picture besides multiply-accumulates, an entry for each tool that has a rule;
    /// `counted_by_no_tool!()` where they all count nothing.
    fn counted(&self, inputs: &[Shape], output: Shape) -> Vec<Counted>;
    /// How positions of the output see positions of the input.
    fn geometry(&self, input: Shape) -> Geometry;
    /// Whether the output may share memory with the first input.
    fn reuse(&self) -> Reuse;
    /// The definition of the operator; writes all of `output`.
    fn reference<N: Number>(&self, arrays: Arrays<'_, N>);
}

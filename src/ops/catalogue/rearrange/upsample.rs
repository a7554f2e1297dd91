//! `upsample`: a map enlarged by whole factors.

use ndarray::{ArrayViewD, ArrayViewMutD, IxDyn};

use crate::diag::Code;
use crate::ops::input::map_of;
use crate::ops::{Bound, Cost, Flag, Geometry, Number, Op, OpError, Operator, Reach, Reuse, Sizes, Spec};
use crate::tensor::{Interpolation, Resampling, Shape};

/// How `upsample` is written.
pub(crate) static SPEC: Spec = Spec {
    name: "upsample",
    trailing: false,
    summary: "Enlarges a map by whole factors: repeats pixels, or interpolates between them.",
    example: "input 8x8x4;\nupsample 2 bilinear -> 16x16x4;\n",
    sizes: Sizes::Factor,
    value: None,
    flags: &[
        Flag { name: "nearest", doc: "repeats each pixel (the default)" },
        Flag { name: "bilinear", doc: "interpolates, sampling at (i + ½)/n − ½, clamped to the map" },
    ],
    attributes: &[],
    cost: "nearest: none; bilinear: per element 6 multiplications and 3 additions",
    onnx: "Resize",
    torch: "nn.Upsample",
    construct: |bound| Upsample::new(bound).map(Op::Upsample),
};

/// Enlarges a map by whole factors.
#[derive(Clone, Debug, PartialEq)]
pub struct Upsample {
    /// Factors along height and width.
    pub factor: (u64, u64),
    /// Interpolates instead of repeating.
    pub bilinear: bool,
}

impl Upsample {
    fn new(bound: &Bound) -> Result<Upsample, OpError> {
        if bound.flag("nearest") && bound.flag("bilinear") {
            return Err(OpError::new(Code::E0206, "`nearest` and `bilinear` exclude each other")
                .at("bilinear")
                .here("decide for one"));
        }
        Ok(Upsample { factor: bound.window(), bilinear: bound.flag("bilinear") })
    }
}

/// The two neighbours of a sample and the weight of the second. As in PyTorch, an axis that is not enlarged has one
/// neighbour, and behind the middle of the last pixel both are this pixel.
fn neighbours(index: usize, factor: u64, input: usize) -> (usize, usize, f64) {
    if factor == 1 {
        return (index, index, 0.0);
    }
    let position = ((index as f64 + 0.5) / factor as f64 - 0.5).max(0.0);
    let first = position.floor() as usize;
    (first, (first + 1).min(input - 1), position - first as f64)
}

impl Operator for Upsample {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        let (height, width, channels) = map_of("upsample", inputs[0])?;
        Ok(Shape::map(height.saturating_mul(self.factor.0), width.saturating_mul(self.factor.1), channels))
    }

    fn cost(&self, _inputs: &[Shape], output: Shape) -> Cost {
        let elements = if self.bilinear { u128::from(output.elements()) } else { 0 };
        Cost { mul: 6 * elements, add: 3 * elements, ..Cost::default() }
    }

    fn geometry(&self, input: Shape) -> Geometry {
        let interpolation = if self.bilinear { Interpolation::Linear } else { Interpolation::Nearest };
        let along = |input: u64, factor: u64| {
            let output = input.saturating_mul(factor);
            Reach::Resampled(Resampling { input, output, interpolation, corners: false })
        };
        let (height, width) = input.extent();
        Geometry::Axes { rows: along(height, self.factor.0), columns: along(width, self.factor.1) }
    }

    fn reuse(&self) -> Reuse {
        Reuse::Fresh
    }

    fn reference<N: Number>(
        &self,
        inputs: &[ArrayViewD<'_, N>],
        _parameters: &[ArrayViewD<'_, N>],
        mut output: ArrayViewMutD<'_, N>,
    ) {
        let input = &inputs[0];
        for (index, out) in output.indexed_iter_mut() {
            let (channel, y, x) = (index[0], index[1], index[2]);
            if !self.bilinear {
                *out = input[IxDyn(&[channel, y / self.factor.0 as usize, x / self.factor.1 as usize])];
                continue;
            }
            let (top, bottom, down) = neighbours(y, self.factor.0, input.shape()[1]);
            let (left, right, across) = neighbours(x, self.factor.1, input.shape()[2]);
            let along = |row: usize| {
                let (a, b) = (input[IxDyn(&[channel, row, left])], input[IxDyn(&[channel, row, right])]);
                a * N::from_f64(1.0 - across) + b * N::from_f64(across)
            };
            *out = along(top) * N::from_f64(1.0 - down) + along(bottom) * N::from_f64(down);
        }
    }
}

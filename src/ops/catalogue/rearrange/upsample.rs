//! `upsample`: resizes a map.

mod onnx;

use ndarray::IxDyn;

use crate::diag::Code;
use crate::ops::field::{Arguments, Field, arguments, exclusive, one_of};
use crate::ops::input::map_of;
use crate::ops::tools::rules;
use crate::ops::torch::{ToTorch, Torch};
use crate::ops::{
    Arrays, Bound, Cost, Counted, Flag, Geometry, Number, OpError, Operator, Reach, Reuse, Sizes, Spec, Tool,
    Written,
};
use crate::tensor::{Interpolation, Resampling, Shape};

/// The spec of `upsample`.
pub(crate) static SPEC: Spec = Spec {
    name: "upsample",
    summary: "Enlarges a map by whole factors, or brings it to any size: repeats pixels, or interpolates between them.",
    example: "input 8x8x4;\nupsample 2 bilinear  -> 16x16x4;\n",
    rules: "Takes a map. `to` may make it smaller, too, and then nothing is smoothed (PyTorch's `antialias=False`).",
    cost: "nearest: none; bilinear: per element 6 multiplications and 3 additions; bicubic: 20 and 15",
    ..Upsample::WRITTEN
};

/// The size of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpsampleTarget {
    /// Height and width are multiplied by these factors.
    Factor(u64, u64),
    /// This height and width.
    Size(u64, u64),
}

arguments! {
    /// Resizes a map.
    pub struct Upsample {
        /// The size of the output.
        target: UpsampleTarget = TARGET,
        /// The interpolation between pixels.
        interpolation: Interpolation = INTERPOLATION,
        /// Whether the centres of the corner pixels of input and output coincide, instead of the outer edges.
        corners: bool = Field::flag(&[Flag {
            name: "corners",
            doc: "lays the centres of the corner pixels upon each other (PyTorch's align_corners); not with nearest",
        }]),
    }
}

const TARGET: Field<UpsampleTarget> = Field {
    sizes: Sizes::FactorOrTo,
    ..Field::new(
        |_, bound| match bound.adaptive() {
            Some(_) if !bound.dims().is_empty() => Err(exclusive("to", "size")),
            Some((height, width)) => Ok(UpsampleTarget::Size(height, width)),
            None => {
                let (height, width) = bound.window();
                Ok(UpsampleTarget::Factor(height, width))
            }
        },
        |_, target, bound| match *target {
            UpsampleTarget::Size(height, width) => bound.set_adaptive((height, width)),
            UpsampleTarget::Factor(height, width) => bound.set_size(&[height, width], (1, 1), (1, 1)),
        },
    )
};

const INTERPOLATION: Field<Interpolation> = Field {
    flags: &[
        Flag { name: "nearest", doc: "takes the pixel at floor(i·in/out) (the default)" },
        Flag {
            name: "bilinear", doc: "interpolates, sampling at (i + ½)·in/out − ½, clamped to the map"
        },
        Flag { name: "bicubic", doc: "interpolates by Keys' cubic with a = −0.75, sampling like bilinear" },
    ],
    ..Field::new(
        |field, bound| {
            Ok(match one_of(bound, field.flags)? {
                Some("bilinear") => Interpolation::Linear,
                Some("bicubic") => Interpolation::Cubic,
                _ => Interpolation::Nearest,
            })
        },
        |_, interpolation, bound| match interpolation {
            Interpolation::Nearest => {}
            Interpolation::Linear => bound.set_flag("bilinear"),
            Interpolation::Cubic => bound.set_flag("bicubic"),
        },
    )
};

impl ToTorch for Upsample {
    fn to_torch(&self, _inputs: &[Shape], _output: Shape) -> Torch {
        let torch = Torch::module("nn.Upsample");
        let torch = match self.target {
            UpsampleTarget::Factor(down, across) => torch.named("scale_factor", (down, across)),
            UpsampleTarget::Size(height, width) => torch.named("size", (height, width)),
        };
        let mode = match self.interpolation {
            Interpolation::Nearest => "nearest",
            Interpolation::Linear => "bilinear",
            Interpolation::Cubic => "bicubic",
        };
        torch.optional("mode", mode, "nearest").optional("align_corners", self.corners, false)
    }
}

impl Written for Upsample {
    const SPECS: &'static [&'static Spec] = &[&SPEC];

    fn check(self, _bound: &Bound) -> Result<Upsample, OpError> {
        match self.interpolation {
            Interpolation::Nearest if self.corners => {
                let error = OpError::new(Code::E0206, "`corners` stands with `bilinear` or `bicubic` only");
                Err(error.at("corners").here("the nearest pixel has no such choice"))
            }
            _ => Ok(self),
        }
    }
}

impl Upsample {
    fn output(&self, (height, width): (u64, u64)) -> (u64, u64) {
        match self.target {
            UpsampleTarget::Size(height, width) => (height, width),
            UpsampleTarget::Factor(down, across) => {
                (height.saturating_mul(down), width.saturating_mul(across))
            }
        }
    }

    /// The input pixels of an axis from which output pixel `index` is computed, with their weights.
    pub(crate) fn samples(&self, index: usize, input: usize, output: usize) -> Vec<(usize, f64)> {
        if self.interpolation == Interpolation::Nearest {
            return vec![(index * input / output, 1.0)];
        }
        let position = match self.corners {
            true if output > 1 => index as f64 * (input - 1) as f64 / (output - 1) as f64,
            true => 0.0,
            false => (index as f64 + 0.5) * input as f64 / output as f64 - 0.5,
        };
        if self.interpolation == Interpolation::Linear {
            // As in PyTorch, an axis that keeps its size uses one neighbour only, so that no other pixel is multiplied
            // by 0.
            if input == output {
                return vec![(index, 1.0), (index, 0.0)];
            }
            let position = position.max(0.0);
            let first = (position.floor() as usize).min(input - 1);
            let second = (position - first as f64).min(1.0);
            return vec![(first, 1.0 - second), ((first + 1).min(input - 1), second)];
        }
        let first = position.floor();
        let beyond = position - first;
        let weights = [far(beyond + 1.0), near(beyond), near(1.0 - beyond), far(2.0 - beyond)];
        let place = |tap: usize| (first + tap as f64 - 1.0).clamp(0.0, (input - 1) as f64) as usize;
        weights.into_iter().enumerate().map(|(tap, weight)| (place(tap), weight)).collect()
    }
}

/// Keys' cubic at a distance of at most 1, with a = −0.75.
fn near(x: f64) -> f64 {
    (1.25 * x - 2.25) * x * x + 1.0
}

/// Keys' cubic at a distance between 1 and 2, with a = −0.75.
fn far(x: f64) -> f64 {
    ((-0.75 * x + 3.75) * x - 6.0) * x + 3.0
}

impl Operator for Upsample {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        let (height, width, channels) = map_of("upsample", inputs[0])?;
        let (out_height, out_width) = self.output((height, width));
        Ok(Shape::map(out_height, out_width, channels))
    }

    fn cost(&self, _inputs: &[Shape], output: Shape) -> Cost {
        let elements = u128::from(output.elements());
        match self.interpolation {
            Interpolation::Nearest => Cost::default(),
            Interpolation::Linear => Cost { mul: 6 * elements, add: 3 * elements, ..Cost::default() },
            Interpolation::Cubic => Cost { mul: 20 * elements, add: 15 * elements, ..Cost::default() },
        }
    }

    fn counted(&self, inputs: &[Shape], output: Shape) -> Vec<Counted> {
        let (elements, outputs) = (u128::from(inputs[0].elements()), u128::from(output.elements()));
        let (height, width) = output.extent();
        let (fvcore, fvcore_count) = match self.interpolation {
            Interpolation::Nearest => ("1 for each output of nearest upsampling", outputs),
            Interpolation::Linear => ("4 for each output of bilinear upsampling", 4 * outputs),
            Interpolation::Cubic => ("", 0),
        };
        let (thop, thop_count) = match self.interpolation {
            Interpolation::Nearest => ("1 for each output of nearest upsampling", outputs),
            Interpolation::Linear => ("11 for each output of bilinear upsampling", 11 * outputs),
            Interpolation::Cubic => ("259 for each output of bicubic upsampling", 259 * outputs),
        };
        let ptflops =
            "2 for each output of upsampling: the module and the function it calls are both counted";
        let (calflops, calflops_count) = match self.target {
            UpsampleTarget::Factor(..) => ("1 for each input element of upsampling by a factor", elements),
            UpsampleTarget::Size(..) => {
                ("1 for each output position of upsampling to a size", u128::from(height) * u128::from(width))
            }
        };
        let mut counted = rules([
            (Tool::Fvcore, fvcore, fvcore_count),
            (Tool::Thop, thop, thop_count),
            (Tool::Ptflops, ptflops, 2 * outputs),
            (Tool::Calflops, calflops, calflops_count),
        ]);
        // calflops fails for two different factors.
        if matches!(self.target, UpsampleTarget::Factor(down, across) if down != across) {
            counted.retain(|one| one.tool != Tool::Calflops);
        }
        counted
    }

    fn geometry(&self, input: Shape, _output: Shape) -> Geometry {
        let (height, width) = input.extent();
        let (out_height, out_width) = self.output((height, width));
        let (interpolation, corners) = (self.interpolation, self.corners);
        let along =
            |input: u64, output: u64| Reach::Resampled(Resampling { input, output, interpolation, corners });
        Geometry::Axes { rows: along(height, out_height), columns: along(width, out_width) }
    }

    fn reuse(&self) -> Reuse {
        Reuse::Fresh
    }

    fn reference<N: Number>(&self, Arrays { inputs, mut output, .. }: Arrays<'_, N>) {
        let input = &inputs[0];
        let (height, width) = (output.shape()[1], output.shape()[2]);
        let axis = |extent: usize, input: usize| -> Vec<Vec<(usize, f64)>> {
            (0..extent).map(|index| self.samples(index, input, extent)).collect()
        };
        let (rows, columns) = (axis(height, input.shape()[1]), axis(width, input.shape()[2]));
        for (index, out) in output.indexed_iter_mut() {
            let (channel, y, x) = (index[0], index[1], index[2]);
            let pixel = |row: usize, column: usize| input[IxDyn(&[channel, row, column])];
            if self.interpolation == Interpolation::Nearest {
                *out = pixel(rows[y][0].0, columns[x][0].0);
                continue;
            }
            let along = |row: usize| {
                weighted(columns[x].iter().map(|&(column, weight)| (pixel(row, column), weight)))
            };
            *out = weighted(rows[y].iter().map(|&(row, weight)| (along(row), weight)));
        }
    }
}

/// The weighted sum of numbers.
fn weighted<N: Number>(terms: impl Iterator<Item = (N, f64)>) -> N {
    terms.map(|(x, weight)| x * N::from_f64(weight)).reduce(|sum, x| sum + x).unwrap_or(N::from_f64(0.0))
}

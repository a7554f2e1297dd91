//! `maxpool` and `avgpool`: the largest element or the mean of each window, channel by channel.

mod onnx;
mod region;
mod torch;

use ndarray::IxDyn;

use crate::ops::field::{Arguments, Field, arguments};
use crate::ops::input::map_of;
use crate::ops::tools::rules;
use crate::ops::{
    Arrays, Cost, Counted, Flag, Geometry, Number, OpError, Operator, Reach, Reuse, Spec, Tool, Written,
};
use crate::tensor::{Shape, Window};
use region::{REGION, check_padding};
pub use region::{Region, adaptive_bounds};

/// The spec of `maxpool`.
pub(crate) static MAX: Spec = Spec {
    name: "maxpool",
    summary: "The largest element of each window, channel by channel; padding never wins.",
    example: "input 28x28x6;\nmaxpool 2/2  -> 14x14x6;\n",
    flags: REGION.flags,
    cost: "taps inside the input − 1 comparisons for each output",
    ..Pool::WRITTEN
};

/// The spec of `avgpool`.
pub(crate) static AVERAGE: Spec = Spec {
    name: "avgpool",
    summary: "The mean of each window, channel by channel; divides by the taps inside the input.",
    example: "input 28x28x6;\navgpool 2/2  -> 14x14x6;\n",
    cost: "taps inside the input − 1 additions and 1 division for each output",
    ..Pool::WRITTEN
};

/// The operation that reduces a window to one element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// The largest element.
    Max,
    /// The mean over the taps inside the input.
    Average,
    /// The sum over the taps inside the input, divided by the taps inside input and declared padding.
    AverageWithPadding,
}

arguments! {
    /// A pooling.
    pub struct Pool {
        /// The windows.
        region: Region = REGION,
        /// The operation that reduces a window.
        reduction: Reduction = REDUCTION,
    }
}

/// Read from the words `maxpool` or `avgpool` and the flag `countpad`.
const REDUCTION: Field<Reduction> = Field {
    flags: &[Flag { name: "countpad", doc: "divides by the taps inside the input and its declared padding" }],
    ..Field::new(
        |_, bound| {
            Ok(match bound.spec().name {
                "maxpool" => Reduction::Max,
                _ if bound.flag("countpad") => Reduction::AverageWithPadding,
                _ => Reduction::Average,
            })
        },
        |_, reduction, bound| {
            if *reduction == Reduction::AverageWithPadding {
                bound.set_flag("countpad");
            }
        },
    )
};

impl Written for Pool {
    const SPECS: &'static [&'static Spec] = &[&MAX, &AVERAGE];

    fn spec(&self) -> &'static Spec {
        if self.reduction == Reduction::Max { &MAX } else { &AVERAGE }
    }
}

impl Pool {
    /// The number of elements that PyTorch's module reads, including padding that is uneven and therefore added before
    /// the module. `None` if PyTorch has no module for the pool.
    fn elements_of_module(&self, input: Shape) -> Option<u128> {
        let Region::Sliding(sliding) = self.region else { return Some(u128::from(input.elements())) };
        let (height, width) = input.extent();
        let (rows, columns) = sliding.windows((height, width));
        let accepted =
            |window: Window| window.pad_before == window.pad_after && 2 * window.pad_before <= window.kernel;
        let accepted = accepted(rows) && accepted(columns);
        if self.reduction != Reduction::Max && sliding.dilation != (1, 1)
            || self.reduction == Reduction::Average && !accepted
        {
            return None;
        }
        Some(match accepted {
            true => u128::from(input.elements()),
            false => rows.padded(height) * columns.padded(width) * u128::from(input.channels()),
        })
    }
}

impl Operator for Pool {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        let (height, width, channels) = map_of(self.spec().name, inputs[0])?;
        let (out_height, out_width) = match self.region {
            Region::Global => (1, 1),
            Region::Adaptive(rows, columns) => (rows, columns),
            Region::Sliding(sliding) => {
                let (out_height, out_width) = sliding.output(inputs[0])?;
                let (rows, columns) = sliding.windows((height, width));
                check_padding("height", rows, height, out_height)?;
                check_padding("width", columns, width, out_width)?;
                (out_height, out_width)
            }
        };
        Ok(Shape::map(out_height, out_width, channels))
    }

    fn cost(&self, inputs: &[Shape], output: Shape) -> Cost {
        let (height, width) = inputs[0].extent();
        let (rows, columns) = self.region.axes((height, width));
        let (out_height, out_width) = output.extent();
        let outputs = u128::from(output.elements());
        let taps = rows.useful(height, out_height)
            * columns.useful(width, out_width)
            * u128::from(output.channels());
        match self.reduction {
            Reduction::Max => Cost { cmp: taps - outputs, ..Cost::default() },
            _ => Cost { add: taps - outputs, div: outputs, ..Cost::default() },
        }
    }

    fn counted(&self, inputs: &[Shape], output: Shape) -> Vec<Counted> {
        let Some(elements) = self.elements_of_module(inputs[0]) else { return Vec::new() };
        let all = u128::from(inputs[0].elements());
        let outputs = u128::from(output.elements());
        let average = self.reduction != Reduction::Max;
        let adaptive = average && !matches!(self.region, Region::Sliding(_));
        let (thop, thop_count) = match (average, adaptive) {
            (true, true) => {
                ("1 for each input element and output of adaptive average pooling", all + outputs)
            }
            (true, false) => ("1 for each output of average pooling", outputs),
            _ => ("", 0),
        };
        rules([
            (
                Tool::Fvcore,
                "1 for each input element of adaptive average pooling",
                if adaptive { all } else { 0 },
            ),
            (Tool::Thop, thop, thop_count),
            (
                Tool::Ptflops,
                "2 for each input element of pooling: the module and the function it calls are both counted",
                2 * elements,
            ),
            (Tool::Calflops, "1 for each input element of pooling", elements),
        ])
    }

    fn geometry(&self, input: Shape, _output: Shape) -> Geometry {
        match self.region {
            Region::Sliding(sliding) => Geometry::sliding(sliding.windows(input.extent())),
            Region::Adaptive(rows, columns) => {
                let (height, width) = input.extent();
                Geometry::Axes {
                    rows: Reach::Adaptive { input: height, output: rows },
                    columns: Reach::Adaptive { input: width, output: columns },
                }
            }
            Region::Global => Geometry::Whole,
        }
    }

    fn reuse(&self) -> Reuse {
        Reuse::Fresh
    }

    fn reference<N: Number>(&self, Arrays { inputs, mut output, .. }: Arrays<'_, N>) {
        let (height, width) = (inputs[0].shape()[1] as u64, inputs[0].shape()[2] as u64);
        let (row_axis, column_axis) = self.region.axes((height, width));
        for y in 0..output.shape()[1] {
            let (rows, rows_declared) = row_axis.taps(y as u64, height);
            for x in 0..output.shape()[2] {
                let (columns, columns_declared) = column_axis.taps(x as u64, width);
                let divisor = match self.reduction {
                    Reduction::AverageWithPadding => rows_declared * columns_declared,
                    _ => (rows.len() * columns.len()) as u64,
                };
                for channel in 0..output.shape()[0] {
                    let mut result: Option<N> = None;
                    for &row in &rows {
                        for &column in &columns {
                            let value = inputs[0][IxDyn(&[channel, row, column])];
                            result = Some(match (result, self.reduction) {
                                (None, _) => value,
                                (Some(best), Reduction::Max) => best.max(value),
                                (Some(sum), _) => sum + value,
                            });
                        }
                    }
                    let result = result.unwrap_or(N::from_f64(0.0));
                    let result = if self.reduction == Reduction::Max {
                        result
                    } else {
                        result / N::from_f64(divisor as f64)
                    };
                    output[IxDyn(&[channel, y, x])] = result;
                }
            }
        }
    }
}

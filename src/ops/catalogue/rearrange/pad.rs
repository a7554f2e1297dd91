//! `pad`: zeros around a map.

use ndarray::{ArrayViewD, ArrayViewMutD, Axis, Slice};

use crate::ops::input::map_of;
use crate::ops::{
    Cost, Default, Geometry, Kind, Number, Op, OpError, Operator, Reach, Reuse, Sizes, Spec, Value,
};
use crate::tensor::Shape;

/// How `pad` is written.
pub(crate) static SPEC: Spec = Spec {
    name: "pad",
    trailing: false,
    summary: "Puts zeros around a map.",
    example: "input 28x28x1;\npad 2 -> 32x32x1;\n",
    sizes: Sizes::None,
    value: Some(Value {
        name: "padding",
        kind: Kind::FourPads,
        default: Default::Required,
        doc: "n, or (top, bottom, left, right)",
    }),
    flags: &[],
    attributes: &[],
    cost: "none: data is only moved",
    onnx: "Pad",
    torch: "nn.ZeroPad2d",
    construct: |bound| Ok(Op::Pad(Pad { pads: bound.pads("value").unwrap_or([0; 4]) })),
};

/// Zeros around a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Pad {
    /// Top, bottom, left, right.
    pub pads: [u64; 4],
}

impl Operator for Pad {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        let (height, width, channels) = map_of("pad", inputs[0])?;
        let [top, bottom, left, right] = self.pads;
        let padded = |input: u64, before: u64, after: u64| input.saturating_add(before).saturating_add(after);
        Ok(Shape::map(padded(height, top, bottom), padded(width, left, right), channels))
    }

    fn cost(&self, _inputs: &[Shape], _output: Shape) -> Cost {
        Cost::default()
    }

    fn geometry(&self, _input: Shape) -> Geometry {
        let shifted = |before: u64| Reach::Shifted { before: i64::try_from(before).unwrap_or(i64::MAX) };
        Geometry::Axes { rows: shifted(self.pads[0]), columns: shifted(self.pads[2]) }
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
        output.fill(N::from_f64(0.0));
        let (top, left) = (self.pads[0] as usize, self.pads[2] as usize);
        let (height, width) = (inputs[0].shape()[1], inputs[0].shape()[2]);
        let mut rows = output.slice_axis_mut(Axis(1), Slice::from(top..top + height));
        rows.slice_axis_mut(Axis(2), Slice::from(left..left + width)).assign(&inputs[0]);
    }
}

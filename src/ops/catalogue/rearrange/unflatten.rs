//! `unflatten`: a map of a vector.

use ndarray::{ArrayViewD, ArrayViewMutD};

use crate::diag::Code;
use crate::ops::{Cost, Geometry, Number, Op, OpError, Operator, Reuse, Sizes, Spec};
use crate::tensor::Shape;

/// How `unflatten` is written.
pub(crate) static SPEC: Spec = Spec {
    name: "unflatten",
    trailing: false,
    summary: "Makes a map of a vector, in the order channels, rows, columns.",
    example: "input 784;\nunflatten 7x7x16 -> 7x7x16;\n",
    sizes: Sizes::Map,
    value: None,
    flags: &[],
    attributes: &[],
    cost: "none: data is only moved",
    onnx: "Reshape",
    torch: "nn.Unflatten",
    construct: |bound| match *bound.dims() {
        [height, width, channels] => Ok(Op::Unflatten(Unflatten { height, width, channels })),
        _ => Err(OpError::new(Code::E0203, "`unflatten` needs a size")),
    },
};

/// Makes a map of a vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Unflatten {
    /// Rows.
    pub height: u64,
    /// Columns.
    pub width: u64,
    /// Channels.
    pub channels: u64,
}

impl Operator for Unflatten {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        let shape = Shape::map(self.height, self.width, self.channels);
        match inputs[0] {
            Shape::Vector(elements) if elements == shape.elements() => Ok(shape),
            Shape::Vector(elements) => Err(OpError::new(
                Code::E0307,
                format!("a vector of {elements} does not make a map of {shape}"),
            )
            .at("size")
            .here(format!("has {} elements", shape.elements()))
            .note(format!(
                "{}·{}·{} = {}, not {elements}",
                self.height,
                self.width,
                self.channels,
                shape.elements()
            ))),
            Shape::Map { .. } => Err(OpError::new(Code::E0302, "`unflatten` needs a vector, not a map")
                .here(format!("a map of {} arrives here", inputs[0]))),
        }
    }

    fn cost(&self, _inputs: &[Shape], _output: Shape) -> Cost {
        Cost::default()
    }

    fn geometry(&self, _input: Shape) -> Geometry {
        Geometry::Whole
    }

    fn reuse(&self) -> Reuse {
        Reuse::Alias
    }

    fn reference<N: Number>(
        &self,
        inputs: &[ArrayViewD<'_, N>],
        _parameters: &[ArrayViewD<'_, N>],
        mut output: ArrayViewMutD<'_, N>,
    ) {
        output.iter_mut().zip(&inputs[0]).for_each(|(out, &x)| *out = x);
    }
}

//! `unflatten`: turns a vector into a map.

use crate::diag::Code;
use crate::ops::field::{Arguments, Field, arguments};
use crate::ops::onnx::{OnnxBuilder, ToOnnx};
use crate::ops::tools::{costs_nothing, counted_by_no_tool};
use crate::ops::torch::{ToTorch, Torch};
use crate::ops::{Arrays, Geometry, Number, OpError, Operator, Reuse, Sizes, Spec, Written};
use crate::tensor::Shape;

/// The spec of `unflatten`.
pub(crate) static SPEC: Spec = Spec {
    name: "unflatten",
    trailing: false,
    summary: "Makes a map of a vector, in the order channels, rows, columns.",
    example: "input 784;\nunflatten 7x7x16  -> 7x7x16;\n",
    rules: "Takes a vector of as many elements as the map has.",
    cost: "none: data is only moved",
    ..Unflatten::WRITTEN
};

arguments! {
    /// Turns a vector into a map.
    pub struct Unflatten {
        /// Rows, columns and channels.
        map: [u64; 3] = MAP,
    }
}

/// The size of the map.
const MAP: Field<[u64; 3]> = Field {
    sizes: Sizes::Map,
    ..Field::new(
        |_, bound| match *bound.dims() {
            [height, width, channels] => Ok([height, width, channels]),
            _ => Err(OpError::new(Code::E0203, "`unflatten` needs a size")),
        },
        |_, map, bound| bound.set_size(map, (1, 1), (1, 1)),
    )
};

impl ToTorch for Unflatten {
    fn to_torch(&self, _inputs: &[Shape], output: Shape) -> Torch {
        let (height, width) = output.extent();
        Torch::module("nn.Unflatten")
            .positional("dim", 1)
            .positional("unflattened_size", [output.channels(), height, width])
    }
}

impl ToOnnx for Unflatten {
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let dims = builder.output().stored();
        builder.reshape(&builder.operand(), &dims)
    }
}

impl Written for Unflatten {
    const SPECS: &'static [&'static Spec] = &[&SPEC];
}

impl Operator for Unflatten {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        let [height, width, channels] = self.map;
        let shape = Shape::map(height, width, channels);
        match inputs[0] {
            Shape::Vector(elements) if elements == shape.elements() => Ok(shape),
            Shape::Vector(elements) => Err(OpError::new(
                Code::E0307,
                format!("a vector of {elements} does not make a map of {shape}"),
            )
            .at("size")
            .here(format!("has {} elements", shape.elements()))
            .note(format!("{height}·{width}·{channels} = {}, not {elements}", shape.elements()))),
            Shape::Map { .. } => Err(OpError::new(Code::E0302, "`unflatten` needs a vector, not a map")
                .here(format!("a map of {} arrives here", inputs[0]))),
        }
    }

    costs_nothing!();

    counted_by_no_tool!();

    fn geometry(&self, _input: Shape, _output: Shape) -> Geometry {
        Geometry::Whole
    }

    fn reuse(&self) -> Reuse {
        Reuse::Alias
    }

    fn reference<N: Number>(&self, Arrays { inputs, mut output, .. }: Arrays<'_, N>) {
        output.iter_mut().zip(&inputs[0]).for_each(|(out, &x)| *out = x);
    }
}

//! `flatten`: a vector of a map.

use ndarray::IxDyn;

use crate::ops::field::{Arguments, Field, arguments};
use crate::ops::input::map_of;
use crate::ops::onnx::{OnnxBuilder, OnnxValue, ToOnnx};
use crate::ops::tools::{costs_nothing, counted_by_no_tool};
use crate::ops::torch::{Helper, ToTorch, Torch};
use crate::ops::{Arrays, Flag, Geometry, Number, OpError, Operator, Reuse, Spec, Written};
use crate::tensor::Shape;

/// The spec of `flatten`.
pub(crate) static SPEC: Spec = Spec {
    name: "flatten",
    trailing: false,
    summary: "Makes a vector of a map, in the order channels, rows, columns, as PyTorch and ONNX weights expect.",
    example: "input 5x5x16;\nflatten  -> 400;\n",
    rules: "Takes a map; the elements follow each other as channel, row, column.",
    cost: "none: data is only moved",
    ..Flatten::WRITTEN
};

arguments! {
    /// Makes a vector of a map.
    pub struct Flatten {
        /// Whether the order is rows, columns, channels.
        hwc: bool = Field::flag(&[Flag { name: "hwc", doc: "in the order rows, columns, channels, as Keras weights expect" }]),
    }
}

/// The class FlattenHWC of exported PyTorch files.
static HWC: Helper = Helper {
    name: "FlattenHWC",
    source: r#"class FlattenHWC(nn.Module):
    """Flattens maps in the order rows, columns, channels."""

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(0, 2, 3, 1).flatten(1)"#,
};

impl ToTorch for Flatten {
    fn to_torch(&self, _inputs: &[Shape], _output: Shape) -> Torch {
        if self.hwc { Torch::helper(&HWC) } else { Torch::module("nn.Flatten") }
    }
}

impl ToOnnx for Flatten {
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let mut input = builder.operand();
        if self.hwc {
            input = builder.transpose(&input, &[0, 2, 3, 1]);
        }
        builder.node("Flatten", &[input], vec![("axis", OnnxValue::Int(1))])
    }
}

impl Written for Flatten {
    const SPECS: &'static [&'static Spec] = &[&SPEC];
}

impl Operator for Flatten {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        map_of("flatten", inputs[0])
            .map_err(|error| OpError { helps: vec!["remove it: a vector is flat".to_owned()], ..error })?;
        Ok(Shape::Vector(inputs[0].elements()))
    }

    costs_nothing!();

    counted_by_no_tool!();

    fn geometry(&self, _input: Shape, _output: Shape) -> Geometry {
        Geometry::Pointwise
    }

    fn reuse(&self) -> Reuse {
        if self.hwc { Reuse::Fresh } else { Reuse::Alias }
    }

    fn reference<N: Number>(&self, Arrays { inputs, mut output, .. }: Arrays<'_, N>) {
        let ordered =
            if self.hwc { inputs[0].view().permuted_axes(IxDyn(&[1, 2, 0])) } else { inputs[0].view() };
        output.iter_mut().zip(&ordered).for_each(|(out, &x)| *out = x);
    }
}

//! The concatenation of channels of `concat`, `inception` and `split`.

use ndarray::{Axis, Slice};

use crate::diag::Code;
use crate::ops::field::arguments;
use crate::ops::forms::CONCAT;
use crate::ops::onnx::{OnnxBuilder, ToOnnx};
use crate::ops::tools::{costs_nothing, counted_by_no_tool};
use crate::ops::torch::{ToTorch, Torch};
use crate::ops::{Arrays, Geometry, Number, OpError, Operator, Reuse, Spec, Written};
use crate::tensor::Shape;

arguments! {
    /// A concatenation of channels, or of vectors.
    pub struct Concat;
}

impl ToTorch for Concat {
    fn to_torch(&self, _inputs: &[Shape], _output: Shape) -> Torch {
        Torch::expression("torch.cat([{*}], dim=1)")
    }
}

impl ToOnnx for Concat {
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let operands = builder.operands();
        builder.concat(&operands, 1)
    }
}

impl Written for Concat {
    const SPECS: &'static [&'static Spec] = &[];

    fn spec(&self) -> &'static Spec {
        &CONCAT
    }
}

impl Operator for Concat {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        let first = inputs[0];
        let misfit =
            inputs.iter().find(|shape| shape.extent() != first.extent() || shape.is_map() != first.is_map());
        if let Some(misfit) = misfit {
            return Err(OpError::new(Code::E0306, "the branches differ in height or width")
                .here(format!("{misfit} cannot be concatenated with {first}")));
        }
        let channels = inputs.iter().fold(0u64, |sum, shape| sum.saturating_add(shape.channels()));
        Ok(first.with_channels(channels))
    }

    costs_nothing!();

    counted_by_no_tool!();

    fn geometry(&self, _input: Shape, _output: Shape) -> Geometry {
        Geometry::Pointwise
    }

    fn reuse(&self) -> Reuse {
        Reuse::Fresh
    }

    fn reference<N: Number>(&self, Arrays { inputs, mut output, .. }: Arrays<'_, N>) {
        let mut first = 0;
        for input in inputs {
            let channels = input.shape()[0];
            output.slice_axis_mut(Axis(0), Slice::from(first..first + channels)).assign(input);
            first += channels;
        }
    }
}

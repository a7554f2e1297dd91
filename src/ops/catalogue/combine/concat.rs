//! The concatenation of channels of `concat`, `inception` and `split`.

use ndarray::{Axis, Slice};

use crate::diag::Code;
use crate::ops::field::arguments;
use crate::ops::forms::CombiningForm;
use crate::ops::onnx::{OnnxBuilder, ToOnnx};
use crate::ops::tools::{costs_nothing, counted_by_no_tool};
use crate::ops::torch::{ToTorch, Torch};
use crate::ops::{Arrays, Geometry, Join, Number, OpError, Operator, Reuse, Spec, Written};
use crate::tensor::Shape;

/// The form `inception`.
pub(crate) static INCEPTION: CombiningForm = CombiningForm {
    spec: Spec {
        name: "inception",
        summary: "Concatenates the channels of its branches in written order; maps have the same height and width, vectors are put behind each other.",
        example: "input 14x14x16;\ninception < conv 1x1x8 relu | conv 1x1x4 relu; conv 3x3x12 same relu >  -> 14x14x20;\n",
        cost: "none: data is only moved",
        joins: Some(Join::Channels),
        ..Spec::EMPTY
    },
    branches: 1..=usize::MAX,
    operator: || Concat.into(),
};

/// The form `concat`.
pub(crate) static CONCAT: CombiningForm = CombiningForm {
    spec: Spec {
        name: "concat",
        summary: "Concatenates the channels of its branches in written order; maps have the same height and width, vectors are put behind each other.",
        example: "input 8x8x4;\nconcat < identity | conv 3x3x6 same >  -> 8x8x10;\n",
        cost: "none: data is only moved",
        joins: Some(Join::Channels),
        ..Spec::EMPTY
    },
    branches: 1..=usize::MAX,
    operator: || Concat.into(),
};

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
        &CONCAT.spec
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

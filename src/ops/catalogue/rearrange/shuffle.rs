//! `shuffle`: the channel shuffle of ShuffleNet.

use ndarray::{ArrayViewD, ArrayViewMutD, Axis};

use crate::diag::Code;
use crate::ops::input::map_of;
use crate::ops::{Cost, Default, Geometry, Kind, Number, Op, OpError, Operator, Reuse, Sizes, Spec, Value};
use crate::tensor::Shape;

/// How `shuffle` is written.
pub(crate) static SPEC: Spec = Spec {
    name: "shuffle",
    trailing: true,
    summary: "Channel shuffle: channel i·(C/g) + j becomes channel j·g + i (Zhang et al. 2018).",
    example: "input 8x8x12;\nconv 1x1x12 groups=3 shuffle 3 -> 8x8x12;\n",
    sizes: Sizes::None,
    value: Some(Value {
        name: "number of groups",
        kind: Kind::Count { min: 1 },
        default: Default::Required,
        doc: "the groups of channels",
    }),
    flags: &[],
    attributes: &[],
    cost: "none: data is only moved",
    onnx: "Reshape, Transpose, Reshape",
    torch: "nn.ChannelShuffle",
    construct: |bound| Ok(Op::Shuffle(Shuffle { groups: bound.count("value").unwrap_or(1) })),
};

/// ShuffleNet's channel shuffle.
#[derive(Clone, Debug, PartialEq)]
pub struct Shuffle {
    /// Groups of channels.
    pub groups: u64,
}

impl Operator for Shuffle {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        let (_, _, channels) = map_of("shuffle", inputs[0])?;
        if channels % self.groups != 0 {
            return Err(OpError::new(
                Code::E0303,
                format!("{channels} channels cannot be shuffled in {} groups", self.groups),
            )
            .at("value")
            .here(format!("{channels} is not a multiple of {}", self.groups)));
        }
        Ok(inputs[0])
    }

    fn cost(&self, _inputs: &[Shape], _output: Shape) -> Cost {
        Cost::default()
    }

    fn geometry(&self, _input: Shape) -> Geometry {
        Geometry::Pointwise
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
        let groups = self.groups as usize;
        let per_group = inputs[0].shape()[0] / groups;
        for (channel, mut plane) in output.axis_iter_mut(Axis(0)).enumerate() {
            let source = channel % groups * per_group + channel / groups;
            plane.assign(&inputs[0].index_axis(Axis(0), source));
        }
    }
}

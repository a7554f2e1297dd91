//! `shuffle`: the channel shuffle of ShuffleNet.

use super::family::{Rearrange, Source, rearrange_operator};
use crate::diag::Code;
use crate::ops::field::{Arguments, Field, arguments};
use crate::ops::input::map_of;
use crate::ops::onnx::{OnnxBuilder, ToOnnx};
use crate::ops::torch::{ToTorch, Torch};
use crate::ops::{Default, Geometry, Kind, OpError, Spec, Value, Written};
use crate::tensor::Shape;

/// The spec of `shuffle`.
pub(crate) static SPEC: Spec = Spec {
    name: "shuffle",
    trailing: true,
    summary: "Channel shuffle: channel i·(C/g) + j becomes channel j·g + i (Zhang et al. 2018).",
    example: "input 8x8x12;\nconv 1x1x12 groups=3 shuffle 3  -> 8x8x12;\n",
    rules: "Takes a map; the groups divide its channels (E0303).",
    cost: "none: data is only moved",
    ..Shuffle::WRITTEN
};

arguments! {
    /// ShuffleNet's channel shuffle.
    pub struct Shuffle {
        /// Groups of channels.
        groups: u64 = Field::value(&Value {
            name: "number of groups",
            kind: Kind::Count { min: 1 },
            default: Default::Required,
            doc: "the groups of channels",
        }),
    }
}

impl ToTorch for Shuffle {
    fn to_torch(&self, _inputs: &[Shape], _output: Shape) -> Torch {
        Torch::module("nn.ChannelShuffle").positional("groups", self.groups)
    }
}

impl ToOnnx for Shuffle {
    /// Channel `c` of the output is member `c / groups` of group `c mod groups`: a transposition of groups and members.
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let (input, shape) = (builder.operand(), builder.input());
        let (height, width) = shape.extent();
        let grouped = builder.reshape(&input, &[self.groups, shape.channels() / self.groups, height, width]);
        let exchanged = builder.transpose(&grouped, &[0, 2, 1, 3, 4]);
        builder.reshape(&exchanged, &shape.stored())
    }
}

impl Written for Shuffle {
    const SPECS: &'static [&'static Spec] = &[&SPEC];
}

impl Rearrange for Shuffle {
    fn rearranged(&self, input: Shape) -> Result<Shape, OpError> {
        let (_, _, channels) = map_of("shuffle", input)?;
        if channels % self.groups != 0 {
            return Err(OpError::new(
                Code::E0303,
                format!("{channels} channels cannot be shuffled in {} groups", self.groups),
            )
            .at("lone value")
            .here(format!("{channels} is not a multiple of {}", self.groups)));
        }
        Ok(input)
    }

    fn source(&self, input: Shape, [channel, y, x]: [u64; 3]) -> Source {
        let per_group = input.channels() / self.groups;
        Source::At([channel % self.groups * per_group + channel / self.groups, y, x])
    }

    fn moves(&self, _input: Shape) -> Geometry {
        Geometry::Pointwise
    }
}

rearrange_operator!(Shuffle);

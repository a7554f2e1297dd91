//! `slice`: a range of channels, also made for the branches of `split`.

use ndarray::{Axis, Slice as Range};

use crate::diag::Code;
use crate::ops::field::{Arguments, Field, arguments};
use crate::ops::onnx::{OnnxBuilder, ToOnnx};
use crate::ops::tools::{costs_nothing, counted_by_no_tool};
use crate::ops::torch::{ToTorch, Torch};
use crate::ops::{
    Arrays, Attribute, Default, Geometry, Kind, Number, OpError, Operator, Reuse, Spec, Value, Written,
};
use crate::tensor::Shape;

/// The spec of `slice`.
pub(crate) static SPEC: Spec = Spec {
    name: "slice",
    summary: "Takes n channels, from channel k on, so that a part can be used on its own.",
    example: "input 8x8x12;\nslice 4 at=2  -> 8x8x4;\n",
    rules: "Takes a map, or a vector, whose elements count as channels. The channels k to k + n − 1 exist (E0308).",
    cost: "none: data is only moved",
    since: "0.2",
    ..Slice::WRITTEN
};

arguments! {
    /// The channels `first .. first + count`.
    pub struct Slice {
        /// The number of channels.
        count: u64 = Field::value(&Value {
            name: "number of channels",
            kind: Kind::Count { min: 1 },
            default: Default::Required,
            doc: "the channels that are taken",
        }),
        /// The first channel.
        first: u64 = Field::attribute(&[Attribute {
            name: "at",
            kind: Kind::Count { min: 0 },
            default: Default::Count(0),
            doc: "the first channel that is taken, counted from 0",
        }]),
    }
}

impl ToTorch for Slice {
    fn to_torch(&self, _inputs: &[Shape], _output: Shape) -> Torch {
        Torch::expression("{0}.narrow(1, {start}, {channels})")
            .named("start", self.first)
            .named("channels", self.count)
    }
}

impl ToOnnx for Slice {
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        builder.slice(&builder.operand(), 1, self.first, self.first.saturating_add(self.count))
    }
}

impl Written for Slice {
    const SPECS: &'static [&'static Spec] = &[&SPEC];

    fn caption(&self) -> Option<String> {
        Some(format!("channels {}..{}", self.first, self.first.saturating_add(self.count)))
    }
}

impl Operator for Slice {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        let channels = inputs[0].channels();
        match self.first.checked_add(self.count) {
            Some(end) if self.count > 0 && end <= channels => Ok(inputs[0].with_channels(self.count)),
            _ => Err(OpError::new(Code::E0308, "the channels of the slice do not exist")
                .at("lone value")
                .here(format!("{} from channel {} on, of {channels}", self.count, self.first))
                .note(format!("{} + {} is more than {channels}", self.first, self.count))),
        }
    }

    costs_nothing!();

    counted_by_no_tool!();

    fn geometry(&self, input: Shape, _output: Shape) -> Geometry {
        if input.is_map() { Geometry::Pointwise } else { Geometry::Whole }
    }

    fn reuse(&self) -> Reuse {
        Reuse::Alias
    }

    fn reference<N: Number>(&self, Arrays { inputs, mut output, .. }: Arrays<'_, N>) {
        let range = self.first as usize..(self.first + self.count) as usize;
        output.assign(&inputs[0].slice_axis(Axis(0), Range::from(range)));
    }
}

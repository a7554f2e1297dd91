//! A range of channels: what a branch of `split` takes.

use ndarray::{ArrayViewD, ArrayViewMutD, Axis, Slice as Range};

use crate::diag::Code;
use crate::ops::{Cost, Geometry, Number, OpError, Operator, Reuse};
use crate::tensor::Shape;

/// The channels `first .. first + count`.
#[derive(Clone, Debug, PartialEq)]
pub struct Slice {
    /// The first channel.
    pub first: u64,
    /// How many.
    pub count: u64,
}

impl Operator for Slice {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        let channels = inputs[0].channels();
        match self.first.checked_add(self.count) {
            Some(end) if self.count > 0 && end <= channels => Ok(inputs[0].with_channels(self.count)),
            _ => Err(OpError::new(Code::E0308, "the channels of the slice do not exist")
                .here(format!("{} from {}, of {channels}", self.count, self.first))),
        }
    }

    fn cost(&self, _inputs: &[Shape], _output: Shape) -> Cost {
        Cost::default()
    }

    fn geometry(&self, _input: Shape) -> Geometry {
        Geometry::Pointwise
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
        let range = self.first as usize..(self.first + self.count) as usize;
        output.assign(&inputs[0].slice_axis(Axis(0), Range::from(range)));
    }
}

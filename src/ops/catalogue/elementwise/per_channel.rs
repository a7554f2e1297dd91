//! The shared parts of operators that apply a function with trained parameters to each channel: the output has the
//! shape of the input and may overwrite it.

use crate::ops::{Cost, Counted, Number, Parameter};

/// A function for each channel. [`per_channel_operator`] makes an operator of it.
pub(crate) trait PerChannel {
    /// The parameters for an input with `channels` channels: one element for each channel, or one for all.
    fn numbers(&self, channels: u64) -> Vec<Parameter>;
    /// The operations for `elements` elements in `channels` channels.
    fn operations(&self, elements: u128, channels: u128) -> Cost;
    /// The counts of other tools for `elements` elements in `channels` channels.
    fn other_tools(&self, elements: u128, channels: u128) -> Vec<Counted>;
    /// The function of a channel; `numbers` are those of the channel, in the order of the parameters.
    fn function<N: Number>(&self, numbers: &[N]) -> impl Fn(N) -> N;
}

/// Makes an operator of a [`PerChannel`].
macro_rules! per_channel_operator {
    ($type:ty) => {
        impl $crate::ops::Operator for $type {
            fn infer(
                &self,
                inputs: &[$crate::tensor::Shape],
            ) -> Result<$crate::tensor::Shape, $crate::ops::OpError> {
                Ok(inputs[0])
            }

            fn parameters(&self, inputs: &[$crate::tensor::Shape]) -> Vec<$crate::ops::Parameter> {
                self.numbers(inputs[0].channels())
            }

            fn cost(
                &self,
                _inputs: &[$crate::tensor::Shape],
                output: $crate::tensor::Shape,
            ) -> $crate::ops::Cost {
                self.operations(u128::from(output.elements()), u128::from(output.channels()))
            }

            fn counted(
                &self,
                _inputs: &[$crate::tensor::Shape],
                output: $crate::tensor::Shape,
            ) -> Vec<$crate::ops::Counted> {
                self.other_tools(u128::from(output.elements()), u128::from(output.channels()))
            }

            fn geometry(
                &self,
                _input: $crate::tensor::Shape,
                _output: $crate::tensor::Shape,
            ) -> $crate::ops::Geometry {
                $crate::ops::Geometry::Pointwise
            }

            fn reuse(&self) -> $crate::ops::Reuse {
                $crate::ops::Reuse::InPlace
            }

            fn reference<N: $crate::ops::Number>(&self, arrays: $crate::ops::Arrays<'_, N>) {
                let $crate::ops::Arrays { inputs, parameters, mut output } = arrays;
                let of_channel = |parameter: &ndarray::ArrayViewD<'_, N>, channel: usize| {
                    parameter[ndarray::IxDyn(&[channel % parameter.len()])]
                };
                for (channel, mut plane) in output.axis_iter_mut(ndarray::Axis(0)).enumerate() {
                    let numbers: Vec<N> = parameters.iter().map(|one| of_channel(one, channel)).collect();
                    plane.assign(&inputs[0].index_axis(ndarray::Axis(0), channel));
                    plane.mapv_inplace(self.function(&numbers));
                }
            }
        }
    };
}

pub(crate) use per_channel_operator;

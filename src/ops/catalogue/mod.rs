//! The operators, a file each, in folders of families.

use ndarray::{ArrayViewD, ArrayViewMutD};

use super::{Cost, Geometry, Number, OpError, Operator, Parameter, Reuse, Spec};
use crate::tensor::Shape;

mod bias;
mod combine;
mod elementwise;
mod linear;
mod normalisation;
mod rearrange;
mod windows;

pub use combine::add::Add;
pub use combine::concat::Concat;
pub use combine::mul::Mul;
pub use elementwise::activation::{Activation, Function};
pub use elementwise::dropout::Dropout;
pub use elementwise::prelu::PRelu;
pub use elementwise::scale::Scale;
pub use linear::dense::Dense;
pub use linear::rbf::{Rbf, digit_codes};
pub use normalisation::bn::BatchNorm;
pub use normalisation::layernorm::LayerNorm;
pub use normalisation::lrn::Lrn;
pub use normalisation::softmax::Softmax;
pub use rearrange::flatten::Flatten;
pub use rearrange::pad::Pad;
pub use rearrange::shuffle::Shuffle;
pub use rearrange::slice::Slice;
pub use rearrange::unflatten::Unflatten;
pub use rearrange::upsample::Upsample;
pub use windows::conv::Conv;
pub use windows::deconv::Deconv;
pub use windows::dwconv::DwConv;
pub use windows::pool::{Pool, Reduction, Region, adaptive_bounds};
pub use windows::sliding::{Padding, Sliding};
pub use windows::subsample::Subsample;
macro_rules! catalogue {
    ($($variant:ident($type:ty),)*) => {
        /// An operator with its arguments.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Op {
            $(#[doc = concat!("See `", stringify!($type), "`.")] $variant($type),)*
        }

        $(impl From<$type> for Op {
            fn from(op: $type) -> Op {
                Op::$variant(op)
            }
        })*

        impl Operator for Op {
            fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
                match self { $(Op::$variant(op) => op.infer(inputs),)* }
            }

            fn parameters(&self, inputs: &[Shape]) -> Vec<Parameter> {
                match self { $(Op::$variant(op) => op.parameters(inputs),)* }
            }

            fn cost(&self, inputs: &[Shape], output: Shape) -> Cost {
                match self { $(Op::$variant(op) => op.cost(inputs, output),)* }
            }

            fn geometry(&self, input: Shape) -> Geometry {
                match self { $(Op::$variant(op) => op.geometry(input),)* }
            }

            fn reuse(&self) -> Reuse {
                match self { $(Op::$variant(op) => op.reuse(),)* }
            }

            fn reference<N: Number>(&self, inputs: &[ArrayViewD<'_, N>], parameters: &[ArrayViewD<'_, N>], output: ArrayViewMutD<'_, N>) {
                match self { $(Op::$variant(op) => op.reference(inputs, parameters, output),)* }
            }
        }
    };
}

catalogue! {
    Conv(windows::conv::Conv),
    DwConv(windows::dwconv::DwConv),
    Deconv(windows::deconv::Deconv),
    Dense(linear::dense::Dense),
    Rbf(linear::rbf::Rbf),
    Flatten(rearrange::flatten::Flatten),
    Unflatten(rearrange::unflatten::Unflatten),
    Pool(windows::pool::Pool),
    Subsample(windows::subsample::Subsample),
    BatchNorm(normalisation::bn::BatchNorm),
    LayerNorm(normalisation::layernorm::LayerNorm),
    Lrn(normalisation::lrn::Lrn),
    Activation(elementwise::activation::Activation),
    Softmax(normalisation::softmax::Softmax),
    PRelu(elementwise::prelu::PRelu),
    Dropout(elementwise::dropout::Dropout),
    Upsample(rearrange::upsample::Upsample),
    Pad(rearrange::pad::Pad),
    Shuffle(rearrange::shuffle::Shuffle),
    Scale(elementwise::scale::Scale),
    Add(combine::add::Add),
    Mul(combine::mul::Mul),
    Concat(combine::concat::Concat),
    Slice(rearrange::slice::Slice),
}

/// Every operator that can be written, in the order of the reference.
pub fn catalogue() -> impl Iterator<Item = &'static Spec> {
    let windows = [
        &windows::conv::SPEC,
        &windows::dwconv::SPEC,
        &windows::deconv::SPEC,
        &linear::dense::SPEC,
        &linear::rbf::SPEC,
    ];
    let shapes = [
        &rearrange::flatten::SPEC,
        &rearrange::unflatten::SPEC,
        &windows::pool::MAX,
        &windows::pool::AVERAGE,
        &windows::subsample::SPEC,
    ];
    let norms = [&normalisation::bn::SPEC, &normalisation::layernorm::SPEC, &normalisation::lrn::SPEC];
    let others = [
        &normalisation::softmax::SPEC,
        &elementwise::prelu::SPEC,
        &elementwise::dropout::SPEC,
        &rearrange::upsample::SPEC,
        &rearrange::pad::SPEC,
        &rearrange::shuffle::SPEC,
    ];
    let scale = [&elementwise::scale::SPEC];
    windows
        .into_iter()
        .chain(shapes)
        .chain(norms)
        .chain(elementwise::activation::SPECS)
        .chain(others)
        .chain(scale)
}

/// The operator of this name.
pub fn find(name: &str) -> Option<&'static Spec> {
    catalogue().find(|spec| spec.name == name)
}

//! The catalogue: one file for each operator, in folders of families, and the list of all operators.

use std::ops::RangeInclusive;

use super::field::Arguments;
use super::onnx::{OnnxBuilder, ToOnnx};
use super::torch::ToTorch;
use super::{
    Arrays, Bound, Cost, Counted, Geometry, Number, OpError, Operator, Parameter, Reuse, Spec, Torch, Written,
};
use crate::base::Span;
use crate::diag::Code;
use crate::tensor::Shape;

mod combine;
mod elementwise;
mod linear;
mod normalisation;
pub(super) mod rearrange;
mod reduce;
pub(super) mod weighted;
mod windows;

/// The arity of operators that join the branches of a form.
const SEVERAL: RangeInclusive<usize> = 1..=usize::MAX;

macro_rules! catalogue {
    ($($($module:ident)::+: $type:ident / $arity:expr, $doc:literal;)*) => {
        $(pub use $($module)::+::$type;)*

        /// An operator with its arguments.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Op {
            $(#[doc = $doc] $type($type),)*
        }

        $(impl From<$type> for Op {
            fn from(op: $type) -> Op {
                Op::$type(op)
            }
        })*

        /// Every operator that can be written, in the order of the reference pages.
        pub fn catalogue() -> impl Iterator<Item = &'static Spec> {
            let all: [&[&'static Spec]; _] = [$(<$type as Written>::SPECS),*];
            all.into_iter().flatten().copied()
        }

        /// Makes the operator of bound arguments.
        pub(super) fn construct(bound: &Bound) -> Result<Op, OpError> {
            $(if <$type as Written>::SPECS.iter().any(|spec| spec.name == bound.spec().name) {
                return Ok(<$type as Arguments>::read(bound)?.check(bound)?.into());
            })*
            Err(OpError::new(Code::E0203, format!("`{}` is no operator of its own", bound.spec().name)))
        }

        impl Op {
            /// The spec of the operator's word.
            pub fn spec(&self) -> &'static Spec {
                match self { $(Op::$type(op) => op.spec(),)* }
            }

            /// The arguments of the operator with defaults, as if they had been written.
            pub fn bound(&self) -> Bound {
                match self {
                    $(Op::$type(op) => {
                        let mut bound = Bound::new(op.spec(), Span::MADE);
                        op.write(&mut bound);
                        bound
                    })*
                }
            }

            /// The operator in PyTorch; shapes are per picture, and `inputs` passed [`Operator::infer`].
            pub fn torch(&self, inputs: &[Shape], output: Shape) -> Torch {
                match self { $(Op::$type(op) => op.to_torch(inputs, output),)* }
            }

            /// Adds the ONNX nodes that compute the operator, and gives the name of the last value.
            pub(crate) fn onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
                match self { $(Op::$type(op) => op.to_onnx(builder),)* }
            }

            /// The words for this operator in a drawing, where they are not its word and window.
            pub fn caption(&self) -> Option<String> {
                match self { $(Op::$type(op) => op.caption(),)* }
            }

            /// The number of operands.
            pub fn arity(&self) -> RangeInclusive<usize> {
                match self { $(Op::$type(_) => $arity,)* }
            }
        }

        impl Operator for Op {
            fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
                match self { $(Op::$type(op) => op.infer(inputs),)* }
            }

            fn parameters(&self, inputs: &[Shape]) -> Vec<Parameter> {
                match self { $(Op::$type(op) => op.parameters(inputs),)* }
            }

            fn cost(&self, inputs: &[Shape], output: Shape) -> Cost {
                match self { $(Op::$type(op) => op.cost(inputs, output),)* }
            }

            fn counted(&self, inputs: &[Shape], output: Shape) -> Vec<Counted> {
                match self { $(Op::$type(op) => op.counted(inputs, output),)* }
            }

            fn geometry(&self, operand: Shape, output: Shape) -> Geometry {
                match self { $(Op::$type(op) => op.geometry(operand, output),)* }
            }

            fn reuse(&self) -> Reuse {
                match self { $(Op::$type(op) => op.reuse(),)* }
            }

            fn reference<N: Number>(&self, arrays: Arrays<'_, N>) {
                match self { $(Op::$type(op) => op.reference(arrays),)* }
            }
        }
    };
}

// One line for each operator: module and type, arity, documentation of its variant.
catalogue! {
    windows::conv: Conv / 1..=1, "`conv`.";
    windows::dwconv: DwConv / 1..=1, "`dwconv`.";
    windows::deconv: Deconv / 1..=1, "`deconv`.";
    linear::dense: Dense / 1..=1, "`dense`.";
    linear::rbf: Rbf / 1..=1, "`rbf`.";
    rearrange::flatten: Flatten / 1..=1, "`flatten`.";
    rearrange::unflatten: Unflatten / 1..=1, "`unflatten`.";
    windows::pool: Pool / 1..=1, "`maxpool` and `avgpool`.";
    windows::subsample: Subsample / 1..=1, "`subsample`.";
    reduce::channels: OverChannels / 1..=1, "`mean channels` and `max channels`.";
    normalisation::bn: BatchNorm / 1..=1, "`bn`.";
    normalisation::layernorm: LayerNorm / 1..=1, "`layernorm`.";
    normalisation::groupnorm: GroupNorm / 1..=1, "`groupnorm`.";
    normalisation::instancenorm: InstanceNorm / 1..=1, "`instancenorm`.";
    normalisation::l2norm: L2Norm / 1..=1, "`l2norm`.";
    normalisation::rmsnorm: RmsNorm / 1..=1, "`rmsnorm`.";
    normalisation::lrn: Lrn / 1..=1, "`lrn`.";
    elementwise::activation: Activation / 1..=1, "A function of each element.";
    normalisation::softmax: Softmax / 1..=1, "`softmax` and `logsoftmax`.";
    elementwise::prelu: PRelu / 1..=1, "`prelu`.";
    elementwise::dropout: Dropout / 1..=1, "`dropout`.";
    rearrange::upsample: Upsample / 1..=1, "`upsample`.";
    rearrange::pixelshuffle: PixelShuffle / 1..=1, "`pixelshuffle` and `pixelunshuffle`.";
    rearrange::pad: Pad / 1..=1, "`pad`.";
    rearrange::crop: Crop / 1..=1, "`crop`.";
    rearrange::shuffle: Shuffle / 1..=1, "`shuffle`.";
    rearrange::slice: Slice / 1..=1, "`slice`, and what a branch of `split` takes.";
    elementwise::scale: Scale / 1..=1, "`scale`.";
    combine::add: Add / SEVERAL, "The sum of `add` and `residual`.";
    combine::mul: Mul / SEVERAL, "The product of `mul`.";
    combine::pairwise: Pairwise / SEVERAL, "`sub`, and `max` and `min` of branches.";
    combine::concat: Concat / SEVERAL, "The channels of `concat`, `inception` and `split`.";
}

pub(super) use combine::add::ADD;
pub(super) use combine::concat::{CONCAT, INCEPTION};
pub(super) use combine::mul::MUL;
pub use combine::pairwise::Joined;
pub(super) use combine::pairwise::{MAX, MIN, SUB};
pub use elementwise::activation::Function;
pub use linear::rbf::digit_codes;
pub use rearrange::crop::Kept;
pub use rearrange::upsample::UpsampleTarget;
pub use windows::pool::{Reduction, Region, adaptive_bounds};
pub use windows::sliding::{Padding, Sliding};

/// The word for no operator: the value flows on unchanged, and no node is made.
pub const IDENTITY: &str = "identity";

/// Returns whether a word stands for an operator, or for none as [`IDENTITY`] does.
pub fn is_word(name: &str) -> bool {
    name == IDENTITY || find(name).is_some()
}

/// Finds an operator by its word.
pub fn find(name: &str) -> Option<&'static Spec> {
    catalogue().find(|spec| spec.name == name)
}

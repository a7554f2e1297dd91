//! The operator catalogue: one file per operator.
//!
//! A file holds everything that the project knows of its operator: how it is written ([`Spec`]), its shape
//! rule, parameters, cost, geometry and the reference kernel that defines it. No facet has a default body:
//! an operator without a cost rule does not compile. Operators know neither syntax nor graph.

mod argument;
mod bias;
mod bind;
mod bound;
mod cost;
mod error;
mod number;
mod parameter;
mod spec;

mod window;

mod activation;
mod add;
mod bn;
mod concat;
mod conv;
mod deconv;
mod dense;
mod dropout;
mod dwconv;
mod flatten;
mod forms;
mod layernorm;
mod lrn;
mod mul;
mod norm;
mod pad;
mod pool;
mod prelu;
mod rbf;
mod scale;
mod shuffle;
mod slice;
mod softmax;
mod subsample;
mod unflatten;
mod upsample;

use ndarray::{ArrayViewD, ArrayViewMutD};

use crate::tensor::{Shape, Window};

pub use activation::{Activation, Function};
pub use add::Add;
pub use argument::{ConnectionTable, RawArgument, RawValue, Segment, segments};
pub use bind::bind;
pub use bn::BatchNorm;
pub use bound::Bound;
pub use concat::Concat;
pub use conv::Conv;
pub use cost::{Cost, Product};
pub use deconv::Deconv;
pub use dense::Dense;
pub use dropout::Dropout;
pub use dwconv::DwConv;
pub use error::{At, OpError};
pub use flatten::Flatten;
pub use forms::{INPUT, form, forms};
pub use layernorm::LayerNorm;
pub use lrn::Lrn;
pub use mul::Mul;
pub use number::Number;
pub use pad::Pad;
pub use parameter::{Init, Parameter, Role};
pub use pool::{Pool, Reduction, Region, adaptive_bounds};
pub use prelu::PRelu;
pub use rbf::{Rbf, digit_codes};
pub use scale::Scale;
pub use shuffle::Shuffle;
pub use slice::Slice;
pub use softmax::Softmax;
pub use spec::{Attribute, Default, Flag, Kind, Sizes, Spec, Value};
pub use subsample::Subsample;
pub use unflatten::Unflatten;
pub use upsample::Upsample;
pub use window::{Padding, Sliding};

/// How an operator moves information between positions, for receptive fields.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Geometry {
    /// Every output position sees its own input position.
    Pointwise,
    /// Windows along height and width.
    Windows {
        /// The rows.
        rows: Window,
        /// The columns.
        columns: Window,
    },
    /// Transposed windows: output `i·stride + tap·dilation − pad_before` sees input i.
    Transposed {
        /// The rows.
        rows: Window,
        /// The columns.
        columns: Window,
    },
    /// `factor` output positions for each input position, reaching `reach` input positions beyond the own one.
    Enlarged {
        /// Factors along height and width.
        factor: (u64, u64),
        /// 1 where neighbours are interpolated, else 0.
        reach: u64,
    },
    /// Shifts positions by leading padding (rows, columns).
    Shifted {
        /// Zeros before the first row and column.
        before: (u64, u64),
    },
    /// Every output sees the whole input.
    Whole,
}

/// Whether the output may share memory with the first input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// It needs memory of its own.
    Fresh,
    /// It may overwrite its first input, where nobody else needs that.
    InPlace,
    /// It is the same memory under another shape: nothing is computed.
    Alias,
}

/// What an operator must say of itself. Shapes are per picture.
pub trait Operator {
    /// The shape of the output, or why there is none.
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError>;
    /// The parameters in the order in which the kernel takes them; `inputs` passed [`Operator::infer`]. Most
    /// operators have none.
    fn parameters(&self, _inputs: &[Shape]) -> Vec<Parameter> {
        Vec::new()
    }
    /// The operations for one picture.
    fn cost(&self, inputs: &[Shape], output: Shape) -> Cost;
    /// How positions of the output see positions of the input.
    fn geometry(&self, input: Shape) -> Geometry;
    /// Whether the output may share memory with the first input.
    fn reuse(&self) -> Reuse;
    /// The definition of the operator, for one picture: maps are C×H×W, vectors n; writes all of `output`.
    fn reference<N: Number>(
        &self,
        inputs: &[ArrayViewD<'_, N>],
        parameters: &[ArrayViewD<'_, N>],
        output: ArrayViewMutD<'_, N>,
    );
}

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
    Conv(conv::Conv),
    DwConv(dwconv::DwConv),
    Deconv(deconv::Deconv),
    Dense(dense::Dense),
    Rbf(rbf::Rbf),
    Flatten(flatten::Flatten),
    Unflatten(unflatten::Unflatten),
    Pool(pool::Pool),
    Subsample(subsample::Subsample),
    BatchNorm(bn::BatchNorm),
    LayerNorm(layernorm::LayerNorm),
    Lrn(lrn::Lrn),
    Activation(activation::Activation),
    Softmax(softmax::Softmax),
    PRelu(prelu::PRelu),
    Dropout(dropout::Dropout),
    Upsample(upsample::Upsample),
    Pad(pad::Pad),
    Shuffle(shuffle::Shuffle),
    Scale(scale::Scale),
    Add(add::Add),
    Mul(mul::Mul),
    Concat(concat::Concat),
    Slice(slice::Slice),
}

/// Every operator that can be written, in the order of the reference.
pub fn catalogue() -> impl Iterator<Item = &'static Spec> {
    let windows = [&conv::SPEC, &dwconv::SPEC, &deconv::SPEC, &dense::SPEC, &rbf::SPEC];
    let shapes = [&flatten::SPEC, &unflatten::SPEC, &pool::MAX, &pool::AVERAGE, &subsample::SPEC];
    let norms = [&bn::SPEC, &layernorm::SPEC, &lrn::SPEC];
    let others = [&softmax::SPEC, &prelu::SPEC, &dropout::SPEC, &upsample::SPEC, &pad::SPEC, &shuffle::SPEC];
    let scale = [&scale::SPEC];
    windows.into_iter().chain(shapes).chain(norms).chain(activation::SPECS).chain(others).chain(scale)
}

/// The operator of this name.
pub fn find(name: &str) -> Option<&'static Spec> {
    catalogue().find(|spec| spec.name == name)
}

//! The operators: `catalogue/` has a file for each; the modules beside it bind and print their arguments.
//!
//! An operator's file holds everything that the project knows about the operator: its spec ([`Spec`]), shape rule,
//! parameters, cost, the counts of other tools, geometry, its forms in PyTorch and ONNX, and the reference kernel that
//! defines it. Only the parameters have a default: an operator without a cost rule does not compile. Operators know
//! neither syntax nor graph.

mod argument;
mod arithmetic;
mod bind;
mod border;
mod bound;
mod catalogue;
mod cost;
mod error;
mod field;
mod forms;
mod input;
mod number;
mod onnx;
mod operator;
mod parameter;
mod print;
mod spec;
mod tools;
mod torch;
mod vocabulary;

pub use argument::{ConnectionTable, RawArgument, RawValue, Segment, segments, trailing_word};
pub use arithmetic::{Arithmetic, Operations};
pub use bind::bind;
pub use border::Border;
pub use bound::{Bound, Literal};
use catalogue::construct;
pub(crate) use catalogue::rearrange::family::{Rearrange, Source};
pub use catalogue::*;
pub use cost::{Cost, Product};
pub use error::{At, OpError};
pub use forms::{CombiningForm, INPUT, combining_form, form, forms};
pub use number::Number;
pub(crate) use onnx::{OnnxBuilder, OnnxValue, WeightLayout};
pub(crate) use operator::Written;
pub use operator::{Arrays, Geometry, Operator, Reach, Reuse};
pub use parameter::{Init, Parameter, Role};
pub use spec::{Attribute, Default, FIRST, Flag, Join, Kind, Sizes, Spec, Value};
pub use tools::{Counted, Tool};
pub use torch::{Helper, Torch, TorchArgument};
pub use vocabulary::Vocabulary;

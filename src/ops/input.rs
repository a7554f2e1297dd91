//! Checks that the input of an operator has the kind of shape that it needs, a map or a vector.

use super::OpError;
use crate::diag::Code;
use crate::tensor::Shape;

/// The input map of an operator that needs one.
pub(crate) fn map_of(name: &str, input: Shape) -> Result<(u64, u64, u64), OpError> {
    match input {
        Shape::Map { height, width, channels } => Ok((height, width, channels)),
        Shape::Vector(elements) => {
            Err(OpError::new(Code::E0302, format!("`{name}` needs a map, not a vector"))
                .here(format!("a vector of {elements} arrives here"))
                .help("`unflatten HxWxC` makes a map of a vector"))
        }
    }
}

/// The elements of the vector that an operator needs.
pub(crate) fn vector_of(name: &str, input: Shape) -> Result<u64, OpError> {
    match input {
        Shape::Vector(elements) => Ok(elements),
        Shape::Map { .. } => Err(OpError::new(Code::E0302, format!("`{name}` needs a vector, not a map"))
            .here(format!("a map of {input} arrives here"))
            .help(format!("`flatten` makes a vector of {} elements", input.elements()))
            .help("a 1x1 convolution works on maps: `conv 1x1xN`")),
    }
}

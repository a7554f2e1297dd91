//! Checks that the input of an operator is a map, or a vector, and that it can be cut into groups.

use super::OpError;
use crate::diag::Code;
use crate::tensor::Shape;

/// Height, width and channels of an input that must be a map.
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

/// The elements of an input that must be a vector.
pub(crate) fn vector_of(name: &str, input: Shape) -> Result<u64, OpError> {
    match input {
        Shape::Vector(elements) => Ok(elements),
        Shape::Map { .. } => Err(OpError::new(Code::E0302, format!("`{name}` needs a vector, not a map"))
            .here(format!("a map of {input} arrives here"))
            .help(format!("`flatten` makes a vector of {} elements", input.elements()))
            .help("a 1x1 convolution works on maps: `conv 1x1xN`")),
    }
}

/// Checks that a count of `what` is a multiple of the number of groups.
pub(crate) fn multiple_of(what: &str, count: u64, groups: u64) -> Result<(), OpError> {
    if count.is_multiple_of(groups) {
        return Ok(());
    }
    Err(OpError::new(Code::E0303, format!("{count} {what} cannot be cut into {groups} groups"))
        .here(format!("{count} is not a multiple of {groups}"))
        .note(format!("{count} mod {groups} = {}", count % groups)))
}

//! Replaces the size of the input that the text states by that of the caller.

use crate::tensor::Shape;

/// The shape that replaces the written one of the only input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputSize {
    /// This shape.
    Shape(Shape),
    /// Rows and columns; the channels stay as written.
    Extent(u64, u64),
    /// The side of a square whose channels stay as written; the elements of a vector.
    Side(u64),
}

impl InputSize {
    /// The shape of an input whose text states `written`.
    pub(super) fn of(self, written: Shape) -> Shape {
        match (self, written) {
            (InputSize::Shape(shape), _) => shape,
            (InputSize::Extent(height, width), Shape::Map { channels, .. }) => {
                Shape::map(height, width, channels)
            }
            (InputSize::Side(side), Shape::Map { channels, .. }) => Shape::map(side, side, channels),
            (InputSize::Side(elements), Shape::Vector(_)) => Shape::Vector(elements),
            // A vector has no rows; the operators behind the input report what does not fit.
            (InputSize::Extent(height, width), Shape::Vector(_)) => Shape::map(height, width, 1),
        }
    }
}

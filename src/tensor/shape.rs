//! The shape of a value for one picture: a map H×W×C or a vector of n elements.

use std::fmt;

/// The largest dimension of a value or parameter; kernels index with 32 bits.
pub const MAX_DIMENSION: u64 = (1 << 31) - 1;
/// The largest number of elements of a value or parameter.
pub const MAX_ELEMENTS: u64 = 1 << 48;

/// The shape of a value, without the batch. A `1x1xC` map and a vector of C elements differ.
///
/// Values of a graph have dimensions from 1 to [`MAX_DIMENSION`] and at most [`MAX_ELEMENTS`] elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Height × width × channels; stored as C×H×W.
    Map {
        /// Rows.
        height: u64,
        /// Columns.
        width: u64,
        /// Channels.
        channels: u64,
    },
    /// A vector of elements.
    Vector(u64),
}

impl Shape {
    /// The map `height` × `width` × `channels`.
    pub fn map(height: u64, width: u64, channels: u64) -> Shape {
        Shape::Map { height, width, channels }
    }

    /// The dimensions as written: `[h, w, c]` or `[n]`.
    pub fn dims(&self) -> Vec<u64> {
        match *self {
            Shape::Map { height, width, channels } => vec![height, width, channels],
            Shape::Vector(elements) => vec![elements],
        }
    }

    /// The dimensions as stored for one picture: `[c, h, w]` or `[n]`.
    pub fn stored(&self) -> Vec<u64> {
        match *self {
            Shape::Map { height, width, channels } => vec![channels, height, width],
            Shape::Vector(elements) => vec![elements],
        }
    }

    /// The channels of a map, the elements of a vector: the last written dimension.
    pub fn channels(&self) -> u64 {
        match *self {
            Shape::Map { channels, .. } => channels,
            Shape::Vector(elements) => elements,
        }
    }

    /// Height and width; 1 and 1 for a vector.
    pub fn extent(&self) -> (u64, u64) {
        match *self {
            Shape::Map { height, width, .. } => (height, width),
            Shape::Vector(_) => (1, 1),
        }
    }

    /// The same height and width (or a vector again) with other channels.
    pub fn with_channels(&self, channels: u64) -> Shape {
        match *self {
            Shape::Map { height, width, .. } => Shape::Map { height, width, channels },
            Shape::Vector(_) => Shape::Vector(channels),
        }
    }

    /// The number of elements; exact for the shapes of a graph, saturating beyond.
    pub fn elements(&self) -> u64 {
        self.dims().into_iter().fold(1, u64::saturating_mul)
    }

    /// Returns whether it is a map.
    pub fn is_map(&self) -> bool {
        matches!(self, Shape::Map { .. })
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Map { height, width, channels } => write!(f, "{height}x{width}x{channels}"),
            Shape::Vector(elements) => write!(f, "{elements}"),
        }
    }
}

//! Memory formats: at which offset of its buffer an element of a map is stored.
//!
//! There is one formula, in [`Layout`]: channels in blocks of `lanes`, each block a grid of positions, each
//! position its lanes side by side. One lane is the stored order N×C×H×W, as many lanes as channels is
//! N×H×W×C, and 16 lanes is what the fast kernels read. The grid may be larger than the map: the zeros around
//! it are the padding of the convolutions that read it, so that these need no code for borders.

use crate::tensor::Shape;

/// Channels of a block of the fast kernels: the floats of a 512-bit vector.
pub const LANES: usize = 16;

/// The order in which a kernel reads or writes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MemoryFormat {
    /// N×C×H×W.
    Nchw,
    /// N×H×W×C, for maps of few channels.
    Nhwc,
    /// Blocks of 16 channels; the lanes beyond the last channel may hold any value, which influences no channel.
    Nchw16c,
}

impl MemoryFormat {
    /// Channels of a block for a map of this shape.
    pub fn lanes(self, shape: Shape) -> usize {
        match self {
            MemoryFormat::Nchw => 1,
            MemoryFormat::Nhwc => shape.channels() as usize,
            MemoryFormat::Nchw16c => LANES,
        }
    }
}

/// Zeros around a map: rows above and below, columns left and right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Halo {
    /// Rows above.
    pub top: usize,
    /// Rows below.
    pub bottom: usize,
    /// Columns on the left.
    pub left: usize,
    /// Columns on the right.
    pub right: usize,
}

impl Halo {
    /// The smallest halo that contains both.
    pub fn union(self, other: Halo) -> Halo {
        Halo {
            top: self.top.max(other.top),
            bottom: self.bottom.max(other.bottom),
            left: self.left.max(other.left),
            right: self.right.max(other.right),
        }
    }
}

/// The offsets of a value's elements from the first element of its buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Channels of a block.
    pub lanes: usize,
    /// Blocks of the buffer for one picture.
    pub blocks: usize,
    /// The block with the first channel: not 0 for a part of a concatenation.
    pub first_block: usize,
    /// Rows of the map.
    pub height: usize,
    /// Columns of the map.
    pub width: usize,
    /// The zeros around it.
    pub halo: Halo,
}

impl Layout {
    /// The layout of a map or vector of this shape that has its buffer to itself.
    pub fn new(shape: Shape, format: MemoryFormat, halo: Halo) -> Layout {
        let (height, width) = shape.extent();
        let lanes = format.lanes(shape);
        Layout {
            lanes,
            blocks: (shape.channels() as usize).div_ceil(lanes),
            first_block: 0,
            height: height as usize,
            width: width as usize,
            halo,
        }
    }

    /// Elements from one row to the next.
    pub fn row(&self) -> usize {
        (self.width + self.halo.left + self.halo.right) * self.lanes
    }

    /// Elements from one block to the next.
    pub fn block(&self) -> usize {
        self.row() * (self.height + self.halo.top + self.halo.bottom)
    }

    /// Elements from one picture to the next.
    pub fn picture(&self) -> usize {
        self.block() * self.blocks
    }

    /// The first element of a row of the map: picture, block of the value, row.
    pub fn at(&self, picture: usize, block: usize, row: usize) -> usize {
        picture * self.picture()
            + (self.first_block + block) * self.block()
            + (row + self.halo.top) * self.row()
            + self.halo.left * self.lanes
    }

    /// Returns whether all positions of a block are contiguous, because no halo separates its rows.
    pub fn is_flat(&self) -> bool {
        self.halo == Halo::default()
    }

    /// Elements of the buffer for a batch, without overflow.
    pub fn elements(&self, batch: usize) -> u128 {
        let wide = |a: usize, b: usize, c: usize| a as u128 + b as u128 + c as u128;
        let rows = wide(self.height, self.halo.top, self.halo.bottom);
        let columns = wide(self.width, self.halo.left, self.halo.right);
        [columns, self.lanes as u128, self.blocks as u128, batch as u128]
            .into_iter()
            .fold(rows, u128::saturating_mul)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_formula_serves_every_order() {
        let shape = Shape::map(5, 7, 20);
        let plain = Layout::new(shape, MemoryFormat::Nchw, Halo::default());
        assert_eq!((plain.picture(), plain.at(1, 3, 2)), (700, 700 + 3 * 35 + 2 * 7));
        let few = Layout::new(shape, MemoryFormat::Nhwc, Halo::default());
        assert_eq!((few.blocks, few.at(0, 0, 2)), (1, 2 * 7 * 20));
        let halo = Halo { top: 1, bottom: 2, left: 3, right: 4 };
        let blocked = Layout::new(shape, MemoryFormat::Nchw16c, halo);
        assert_eq!((blocked.blocks, blocked.row(), blocked.block()), (2, 14 * 16, 8 * 14 * 16));
        assert_eq!(blocked.at(0, 1, 0), blocked.block() + blocked.row() + 3 * 16);
        assert_eq!(blocked.elements(3), 3 * blocked.picture() as u128);
        assert_eq!(Layout::new(Shape::Vector(9), MemoryFormat::Nchw, Halo::default()).picture(), 9);
    }
}

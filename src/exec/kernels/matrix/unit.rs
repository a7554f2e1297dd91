//! What a convolution asks of a matrix unit: to split values into parts of bf16, and to multiply tiles of them.
//!
//! An f32 is the sum a + b + c of three bf16 numbers: a is the value rounded to eight bits, b what is left of it, c what
//! is left then. The unit multiplies parts exactly and sums in f32, so that the products of a few pairs of parts, from
//! the small ones to the large, are as exact as a sum of f32 products (Henry, Tang & Heinecke 2019, "Leveraging the
//! bfloat16 Artificial Intelligence Datatype For Higher-Precision Computations"). Denormal parts are zero.
#![allow(unsafe_code)]

use crate::lower::Products;
use crate::lower::strips::TILE;

/// Bytes of a tile.
pub(super) const TILE_BYTES: usize = 1024;

/// Pairs of parts, of the positions and of the filters, in the order of their products. In this order a part that was
/// loaded serves two products.
pub(super) fn pairs(products: Products) -> &'static [(usize, usize)] {
    match products {
        Products::One => &[(0, 0)],
        Products::Three => &[(0, 1), (0, 0), (1, 0)],
        Products::Six => &[(2, 0), (1, 0), (1, 1), (0, 1), (0, 2), (0, 0)],
    }
}

/// The sums of two tiles of positions with two tiles of filters.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct Sums([f32; 4 * TILE * TILE]);

impl Sums {
    pub(super) fn zeroed() -> Sums {
        Sums([0.0; 4 * TILE * TILE])
    }

    /// The sixteen filters' sums of a position.
    pub(super) fn at(&mut self, tile: usize, filters: usize, position: usize) -> *mut f32 {
        let sums = &mut self.0[((tile * 2 + filters) * TILE + position) * TILE..][..TILE];
        sums.as_mut_ptr()
    }

    pub(super) fn all_mut(&mut self) -> *mut f32 {
        self.0.as_mut_ptr()
    }
}

/// Sixteen-value vectors of a map that are split. Distances are in bytes, where nothing else is said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub from: *const f32,
    /// From one vector to the next, in elements.
    pub step: usize,
    /// The number of vectors.
    pub count: usize,
    /// The lanes that are read; the others become zero.
    pub lanes: usize,
    pub to: *mut u8,
    /// From one vector to the next.
    pub pixel: usize,
    /// From one part to the next.
    pub part: usize,
}

/// What is multiplied: two tiles of positions with two tiles of filters, over all steps. Distances are in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tiles<'a> {
    /// The first position of each tile.
    pub positions: [*const u8; 2],
    /// From one position to the next.
    pub pixel: usize,
    /// From one part of a position to the next.
    pub part: usize,
    /// For each step the distance to its values.
    pub steps: &'a [usize],
    /// The filters of each tile: step after step, part after part, a tile each.
    pub filters: [*const u8; 2],
}

/// A matrix unit, or a model of it.
pub(super) trait MatrixUnit: Send + Sync + 'static {
    /// The unit while a thread uses it.
    type Ready;

    /// Makes the unit ready for this thread, until the result is dropped.
    fn ready() -> Self::Ready;

    /// Splits vectors into so many parts.
    ///
    /// # Safety
    /// The lanes can be read and sixteen lanes of each part be written; nobody else uses the target meanwhile.
    unsafe fn split(parts: usize, line: &Line);

    /// Computes the sums of all steps.
    ///
    /// # Safety
    /// The unit is ready. Each tile can be read at each step.
    unsafe fn multiply(products: Products, tiles: &Tiles<'_>, sums: &mut Sums);
}

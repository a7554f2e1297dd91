//! The register tile: a few rows of a few pixels of one block of 16 outputs.
//!
//! For each float of the input that a pixel sees, in the order of the packed weights: one vector of 16 weights,
//! broadcast the float of each pixel, and multiply-accumulate. The sums stay in registers: 28 pixels with 32
//! registers of AVX-512, 6 with 16 of AVX2. The same code serves k×k, 1×1 and the products of Winograd's
//! algorithm, where the pixels are tiles.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
use super::lanes::{Avx2, Avx512};
use super::lanes::{Isa, Lanes, Portable};

/// Blocks of input channels that a tile reads alike.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// How many.
    pub blocks: usize,
    /// Parts of a row of the kernel that lie apart.
    pub segments: usize,
    /// Neighbouring floats of a segment.
    pub run: usize,
}

impl Part {
    /// `channels` of the channels in blocks of `lanes`, for kernel rows of some columns, which lie side by side
    /// or apart.
    pub(super) fn of(channels: usize, lanes: usize, columns: usize, side_by_side: bool) -> [Part; 2] {
        let (blocks, rest) = (channels / lanes, channels % lanes);
        let whole = if side_by_side {
            Part { blocks, segments: 1, run: columns * lanes }
        } else {
            Part { blocks, segments: columns, run: lanes }
        };
        [whole, Part { blocks: usize::from(rest > 0), segments: columns, run: rest }]
    }
}

/// How a tile walks over its input: blocks of channels, rows of the kernel, segments of a row, floats of a segment.
/// All distances are in elements.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    /// The whole blocks of input channels, and the last one with fewer: lanes behind the last channel are not
    /// read, whatever they hold.
    pub parts: [Part; 2],
    /// The distance between two blocks.
    pub block: usize,
    /// Rows of the kernel, and the distance between them.
    pub rows: usize,
    pub row: usize,
    /// The distance between two segments.
    pub segment: usize,
    /// From one pixel to the next in the input.
    pub pixel: usize,
    /// From one row of pixels to the next in the input, the output and the addend.
    pub line: usize,
    pub out_line: usize,
    pub addend_line: usize,
    /// The range of the result; infinite where there is no activation.
    pub least: f32,
    pub most: f32,
}

/// Where the weights of a channel stand among those of a block of filters, which are `channels` of the channels in
/// blocks of `lanes`: the vector of the first of the `taps`, and from one to the next.
pub(super) fn place_of(channel: usize, channels: usize, lanes: usize, taps: usize) -> (usize, usize) {
    let first = channel / lanes * lanes;
    (first * taps + channel % lanes, lanes.min(channels - first))
}

/// Where a tile reads and writes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub input: *const f32,
    pub weights: *const f32,
    /// Sixteen values that every sum starts with.
    pub bias: *const f32,
    /// What is added to the result; null for nothing.
    pub addend: *const f32,
    pub output: *mut f32,
}

/// A tile of fixed rows, columns and distance between pixels.
///
/// # Safety
/// All that the walk reaches from the place can be read, the outputs can be written, and nobody else touches
/// the outputs meanwhile; the machine has the instructions.
pub(super) type Tile = unsafe fn(&Walk, Place);

/// Floats between a weight and the one that is asked for meanwhile: 4 KiB.
const AHEAD: usize = 1024;

/// Writes a statement out for each column, because loops of 28 turns are not unrolled and the sums would then
/// stand in memory.
macro_rules! for_columns {
    (|$column:ident| $do:block) => {
        for_columns!($column $do 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27)
    };
    ($column:ident $do:block $($index:literal)*) => {
        $(if $index < COLUMNS {
            let $column: usize = $index;
            $do
        })*
    };
}

/// # Safety
/// As [`Tile`].
#[inline(always)]
unsafe fn tile<V: Lanes, const ROWS: usize, const COLUMNS: usize, const PIXEL: usize>(
    walk: &Walk,
    place: Place,
) {
    let pixel = if PIXEL == 0 { walk.pixel } else { PIXEL };
    // SAFETY: the pointers below are those that the walk reaches from the place.
    unsafe {
        let bias = V::load(place.bias);
        let mut sums = [[V::splat(0.0); COLUMNS]; ROWS];
        for sums in &mut sums {
            for_columns!(|column| { sums[column] = bias });
        }
        let mut weights = place.weights;
        let mut first = place.input;
        for part in &walk.parts {
            for _ in 0..part.blocks {
                for row in 0..walk.rows {
                    for segment in 0..part.segments {
                        let input = first.wrapping_add(row * walk.row + segment * walk.segment);
                        for step in 0..part.run {
                            V::prefetch(weights.wrapping_add(AHEAD));
                            let weight = V::load(weights);
                            weights = weights.wrapping_add(16);
                            for (line, sums) in sums.iter_mut().enumerate() {
                                let input = input.wrapping_add(line * walk.line + step);
                                for_columns!(|column| {
                                    let value = V::splat(*input.wrapping_add(column * pixel));
                                    sums[column] = sums[column].mac(value, weight);
                                });
                            }
                        }
                    }
                }
                first = first.wrapping_add(walk.block);
            }
        }
        let (least, most) = (V::splat(walk.least), V::splat(walk.most));
        for (line, sums) in sums.iter().enumerate() {
            let output = place.output.wrapping_add(line * walk.out_line);
            if place.addend.is_null() {
                for_columns!(|column| {
                    sums[column].at_least(least).at_most(most).store(output.wrapping_add(column * 16));
                });
            } else {
                let addend = place.addend.wrapping_add(line * walk.addend_line);
                for_columns!(|column| {
                    let sum = sums[column].add(V::load(addend.wrapping_add(column * 16)));
                    sum.at_least(least).at_most(most).store(output.wrapping_add(column * 16));
                });
            }
        }
    }
}

macro_rules! tiles {
    ($name:ident, $vector:ty, $(#[$features:meta])*) => {
        /// # Safety
        /// As [`Tile`].
        $(#[$features])*
        unsafe fn $name<const ROWS: usize, const COLUMNS: usize, const PIXEL: usize>(walk: &Walk, place: Place) {
            // SAFETY: the caller's promise; the instructions are enabled here.
            unsafe { tile::<$vector, ROWS, COLUMNS, PIXEL>(walk, place) }
        }
    };
}

#[cfg(target_arch = "x86_64")]
tiles!(avx512, Avx512, #[target_feature(enable = "avx512f")]);
#[cfg(target_arch = "x86_64")]
tiles!(avx2, Avx2, #[target_feature(enable = "avx2,fma")]);
tiles!(portable, Portable,);

/// Pixels that fit into the registers.
pub(super) fn most_pixels(isa: Isa) -> usize {
    match isa {
        Isa::Avx512 => 28,
        Isa::Avx2 => 6,
        Isa::Portable => 2,
    }
}

macro_rules! one_of {
    ($name:ident, $pixel:expr, $rows:expr, $columns:expr; $($row:literal: $($column:literal)*;)*) => {
        match ($rows, $columns) {
            $($(($row, $column) => Some(match $pixel {
                16 => $name::<$row, $column, 16>,
                32 => $name::<$row, $column, 32>,
                _ => $name::<$row, $column, 0>,
            }),)*)*
            _ => None,
        }
    };
}

/// The tile of so many rows and columns of pixels, where there is one: every number of columns up to
/// [`most_pixels`] in one row, and in several rows what small maps need.
pub(super) fn find(isa: Isa, rows: usize, columns: usize, pixel: usize) -> Option<Tile> {
    let found: Option<Tile> = match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => one_of!(avx512, pixel, rows, columns;
            1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28;
            2: 7 8 9 10 11 12 13 14;
            3: 7 8 9;
            4: 4 5 6 7;
        ),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => one_of!(avx2, pixel, rows, columns; 1: 1 2 3 4 5 6;),
        _ => one_of!(portable, pixel, rows, columns; 1: 1 2;),
    };
    found
}

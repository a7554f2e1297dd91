//! The register tile: a few rows of a few pixels of one block of 16 outputs.
//!
//! For each float of the input that a pixel sees, in the order of the packed weights: load one vector of 16 weights,
//! broadcast the float of each pixel, and multiply-accumulate. The sums stay in registers: 28 pixels with the 32
//! registers of AVX-512, 6 with the 16 of AVX2. The same code serves k×k, 1×1 and the products of Winograd's
//! algorithm, where the pixels are tiles. A last block of at most eight outputs has tiles of half the lanes, which take
//! half the time where the processor executes two 256-bit instructions in the time of one of 512 bits.
//!
//! The inner loop walks pointers to the end of a run and addresses pixels by constant displacements: Intel splits a
//! multiply-accumulate with an indexed memory operand into two micro-operations. `docs/performance.md` says how its
//! machine code is looked at.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
use super::lanes::{Avx2, Avx512, Half};
use super::lanes::{Isa, Portable, TileLanes};

/// Consecutive blocks of input channels that a tile reads in the same way.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChannelBlocks {
    /// The number of blocks.
    pub blocks: usize,
    /// Contiguous segments of a kernel row within a block.
    pub segments: usize,
    /// Floats of a segment.
    pub run: usize,
}

impl ChannelBlocks {
    /// `channels` in blocks of `lanes`, for kernel rows of some columns, which are contiguous or apart (by
    /// dilation): the whole blocks, then the last one, where it has fewer channels.
    pub(super) fn of(channels: usize, lanes: usize, columns: usize, contiguous: bool) -> [ChannelBlocks; 2] {
        let (blocks, rest) = (channels / lanes, channels % lanes);
        let whole = if contiguous {
            ChannelBlocks { blocks, segments: 1, run: columns * lanes }
        } else {
            ChannelBlocks { blocks, segments: columns, run: lanes }
        };
        [whole, ChannelBlocks { blocks: usize::from(rest > 0), segments: columns, run: rest }]
    }
}

/// The input floats that a tile multiplies, in the order of the packed weights: blocks of channels, rows of the
/// kernel, segments of a row, floats of a segment; and where the pixels of the tile lie. Strides are in elements.
#[derive(Clone, Copy, Debug)]
pub(super) struct IterationSpace {
    /// The whole blocks of input channels, and the last one with fewer. Lanes behind the last channel are not read,
    /// whatever they hold.
    pub channels: [ChannelBlocks; 2],
    /// Stride between two blocks of channels.
    pub block: usize,
    pub kernel_rows: usize,
    /// Stride between two rows of the kernel.
    pub kernel_row: usize,
    /// Stride between two segments of a kernel row.
    pub segment: usize,
    /// Stride between two pixels of a row, in the input.
    pub pixel: usize,
    /// Stride between two pixels of a row, in the output; other than 16 only without an addend.
    pub output_pixel: usize,
    /// Stride between two rows of pixels in the input, the output and the addend.
    pub input_row: usize,
    pub output_row: usize,
    pub addend_row: usize,
    /// The range that results are clamped to; infinite where there is no activation.
    pub min: f32,
    pub max: f32,
}

/// The position of a channel's weights within those of a block of filters: the vector of its first tap, and the stride
/// from one of the `taps` to the next, in vectors. `channels` is the number of input channels, in blocks of `lanes`.
pub(super) fn packed_position(channel: usize, channels: usize, lanes: usize, taps: usize) -> (usize, usize) {
    let first = channel / lanes * lanes;
    (first * taps + channel % lanes, lanes.min(channels - first))
}

/// The memory of a tile.
#[derive(Clone, Copy, Debug)]
pub(super) struct TilePointers {
    /// The first float that the first pixel sees.
    pub input: *const f32,
    pub weights: *const f32,
    /// Sixteen values that every sum starts with.
    pub bias: *const f32,
    /// Values that are added to the results; null for none.
    pub addend: *const f32,
    pub output: *mut f32,
}

/// Computes a tile of fixed rows, columns and stride between pixels.
///
/// # Safety
/// Everything that the iteration space reaches from the pointers can be read, the outputs can be written, and nobody
/// else uses the outputs meanwhile; the machine has the instructions.
pub(super) type TileKernel = unsafe fn(&IterationSpace, TilePointers);

/// Prefetch distance of the weights, in elements (4 KiB).
const AHEAD: usize = 1024;
/// Tiles of so few pixels need new weights faster than memory sends them by request of the first cache: they come to the
/// second cache first, so many elements ahead (16 KiB).
const FEW_PIXELS: usize = 18;
const FAR_AHEAD: usize = 4096;

/// Repeats a statement for each column. The compiler does not unroll a loop of 28 turns, and would keep the sums in
/// memory.
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

/// Hides from the compiler how a pointer was computed. Without it, the rows of a tile are addressed by one common
/// index instead of a pointer each, and so are the pixels where they lie side by side.
#[inline(always)]
#[allow(clippy::pointers_in_nomem_asm_block, reason = "nothing is read or written through the pointer")]
fn opaque(pointer: *const f32) -> *const f32 {
    #[cfg(target_arch = "x86_64")]
    {
        let mut pointer = pointer;
        // SAFETY: no instruction is emitted.
        unsafe {
            std::arch::asm!(
                "/* {0} */",
                inout(reg) pointer,
                options(pure, nomem, nostack, preserves_flags)
            );
        }
        pointer
    }
    #[cfg(not(target_arch = "x86_64"))]
    pointer
}

/// # Safety
/// As [`TileKernel`].
#[inline(always)]
unsafe fn tile<V: TileLanes, const ROWS: usize, const COLUMNS: usize, const PIXEL: usize>(
    space: &IterationSpace,
    pointers: TilePointers,
) {
    let pixel = if PIXEL == 0 { space.pixel } else { PIXEL };
    // SAFETY: the pointers below are those that the iteration space reaches. They advance by wrapping arithmetic,
    // because checks of overflow would stand in the inner loop; the plan has checked the sizes of all tensors.
    unsafe {
        let bias = V::load(pointers.bias);
        let mut sums = [[V::splat(0.0); COLUMNS]; ROWS];
        for sums in &mut sums {
            for_columns!(|column| { sums[column] = bias });
        }
        let mut weights = pointers.weights;
        let mut block = pointers.input;
        for part in &space.channels {
            for _ in 0..part.blocks {
                let mut kernel_row = block;
                for _ in 0..space.kernel_rows {
                    let mut segment = kernel_row;
                    for _ in 0..part.segments {
                        let mut input = segment;
                        let end = segment.wrapping_add(part.run);
                        while input != end {
                            if ROWS * COLUMNS <= FEW_PIXELS {
                                V::prefetch_far(weights.wrapping_add(FAR_AHEAD));
                            }
                            V::prefetch(weights.wrapping_add(AHEAD));
                            let weight = V::load(weights);
                            weights = weights.wrapping_add(16);
                            let mut line = if ROWS > 1 || PIXEL == 1 { opaque(input) } else { input };
                            for sums in &mut sums {
                                for_columns!(|column| {
                                    let value = V::splat(*line.wrapping_add(column.wrapping_mul(pixel)));
                                    sums[column] = sums[column].mac(value, weight);
                                });
                                line = opaque(line.wrapping_add(space.input_row));
                            }
                            input = input.wrapping_add(1);
                        }
                        segment = segment.wrapping_add(space.segment);
                    }
                    kernel_row = kernel_row.wrapping_add(space.kernel_row);
                }
                block = block.wrapping_add(space.block);
            }
        }
        let (min, max) = (V::splat(space.min), V::splat(space.max));
        let mut output = pointers.output;
        let mut addend = pointers.addend;
        for sums in &sums {
            if space.output_pixel != 16 {
                for_columns!(|column| {
                    let target = output.wrapping_add(column.wrapping_mul(space.output_pixel));
                    sums[column].at_least(min).at_most(max).store(target);
                });
            } else if addend.is_null() {
                for_columns!(|column| {
                    sums[column].at_least(min).at_most(max).store(output.wrapping_add(column * 16));
                });
            } else {
                for_columns!(|column| {
                    let sum = sums[column].add(V::load(addend.wrapping_add(column * 16)));
                    sum.at_least(min).at_most(max).store(output.wrapping_add(column * 16));
                });
                addend = addend.wrapping_add(space.addend_row);
            }
            output = output.wrapping_add(space.output_row);
        }
    }
}

macro_rules! tiles {
    ($name:ident, $vector:ty, $(#[$features:meta])*) => {
        /// # Safety
        /// As [`TileKernel`].
        $(#[$features])*
        unsafe fn $name<const ROWS: usize, const COLUMNS: usize, const PIXEL: usize>(
            space: &IterationSpace,
            pointers: TilePointers,
        ) {
            // SAFETY: the caller's promise; the instructions are enabled here.
            unsafe { tile::<$vector, ROWS, COLUMNS, PIXEL>(space, pointers) }
        }
    };
}

#[cfg(target_arch = "x86_64")]
tiles!(avx512, Avx512, #[target_feature(enable = "avx512f")]);
#[cfg(target_arch = "x86_64")]
tiles!(half, Half, #[target_feature(enable = "avx512f,avx512vl,fma")]);
#[cfg(target_arch = "x86_64")]
tiles!(avx2, Avx2, #[target_feature(enable = "avx2,fma")]);
tiles!(portable, Portable,);

/// How many of a block's sixteen outputs a tile computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BlockWidth {
    Sixteen,
    /// The first eight; the others are zero.
    Eight,
}

impl BlockWidth {
    /// The width for the last of the blocks of so many outputs.
    pub(super) fn of_last(outputs: usize) -> BlockWidth {
        if (1..=8).contains(&(outputs % 16)) { BlockWidth::Eight } else { BlockWidth::Sixteen }
    }
}

/// The number of pixels whose sums fit into the registers.
pub(super) fn most_pixels(isa: Isa) -> usize {
    match isa.vectors() {
        Isa::Avx512 => 28,
        Isa::Avx2 => 6,
        _ => 2,
    }
}

/// Chooses among compiled tiles. Each line has the rows, the strides between pixels that are compile-time constants
/// (0 serves any other), and the columns.
macro_rules! one_of {
    ($name:ident, $pixel:expr, $rows:expr, $columns:expr; $($row:literal $strides:tt: $($column:literal)*;)*) => {
        match ($rows, $columns) {
            $($(($row, $column) => Some(one_of!(@strides $name, $pixel, $row, $column, $strides)),)*)*
            _ => None,
        }
    };
    (@strides $name:ident, $pixel:expr, $row:literal, $column:literal, [$($stride:literal)*]) => {
        match $pixel {
            $($stride => $name::<$row, $column, $stride>,)*
            _ => $name::<$row, $column, 0>,
        }
    };
}

/// The tile for `rows` × `columns` pixels, if one is compiled: every number of columns up to [`most_pixels`] in one
/// row, and in several rows the sizes that small maps need. Pixels of blocks lie 16 elements apart, or 32 at stride 2;
/// those of pictures of three channels 3, 6 or 12 at strides 1, 2 and 4; those of grey pictures 1. Only AVX-512 has tiles of
/// eight outputs, of one row and for pixels that are 1, 3 or 16 elements apart; elsewhere those of sixteen serve them.
pub(super) fn find(
    isa: Isa,
    block: BlockWidth,
    (rows, columns): (usize, usize),
    pixel: usize,
) -> Option<TileKernel> {
    let found: Option<TileKernel> = match isa.vectors() {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 if block == BlockWidth::Eight && rows == 1 && [1, 3, 16].contains(&pixel) => {
            one_of!(half, pixel, rows, columns;
                1 [1 3 16]: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28;
            )
        }
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => one_of!(avx512, pixel, rows, columns;
            1 [1 3 6 12 16 32]: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28;
            2 [16 32]: 7 8 9 10 11 12 13 14;
            3 [16 32]: 7 8 9;
            4 [16 32]: 4 5 6 7;
        ),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => one_of!(avx2, pixel, rows, columns; 1 [1 3 6 12 16 32]: 1 2 3 4 5 6;),
        _ => one_of!(portable, pixel, rows, columns; 1 [16 32]: 1 2;),
    };
    found
}

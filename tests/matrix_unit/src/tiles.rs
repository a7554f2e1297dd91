//! The tile registers of a thread and what the instructions do with them.

use std::cell::UnsafeCell;

use super::decode::Memory;
use super::refuse;

const ROWS: usize = 16;
const ROW_BYTES: usize = 64;
const TILE_COUNT: usize = 8;

thread_local! {
    pub static TILES: UnsafeCell<Tiles> = const { UnsafeCell::new(Tiles::released()) };
}

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Tile([[u8; ROW_BYTES]; ROWS]);

const EMPTY: Tile = Tile([[0; ROW_BYTES]; ROWS]);

pub struct Tiles {
    /// Rows and bytes of a row of each tile; `None` while nothing is configured.
    sizes: Option<[(usize, usize); TILE_COUNT]>,
    tiles: [Tile; TILE_COUNT],
}

impl Tiles {
    const fn released() -> Tiles {
        Tiles { sizes: None, tiles: [EMPTY; TILE_COUNT] }
    }

    /// `ldtilecfg`: palette 1, no row to start with, sizes within those of the palette.
    ///
    /// # Safety
    /// 64 bytes can be read.
    pub unsafe fn configure(&mut self, from: *const u8) {
        // SAFETY: the caller's promise.
        let bytes = unsafe { std::slice::from_raw_parts(from, 64) };
        let row_bytes = |tile: usize| usize::from(u16::from_le_bytes([bytes[16 + 2 * tile], bytes[17 + 2 * tile]]));
        let sizes = std::array::from_fn(|tile| (usize::from(bytes[48 + tile]), row_bytes(tile)));
        let is_empty = |range: std::ops::Range<usize>| bytes[range].iter().all(|&byte| byte == 0);
        let is_allowed = |&(rows, row_bytes): &(usize, usize)| {
            rows <= ROWS && row_bytes <= ROW_BYTES && row_bytes % 4 == 0 && (rows == 0) == (row_bytes == 0)
        };
        let is_whole = is_empty(2..16) && is_empty(32..48) && is_empty(56..64);
        if bytes[0] != 1 || bytes[1] != 0 || !is_whole || !sizes.iter().all(is_allowed) {
            refuse("a configuration that is not allowed");
        }
        *self = Tiles { sizes: Some(sizes), tiles: [EMPTY; TILE_COUNT] };
    }

    /// `tilerelease`
    pub fn release(&mut self) {
        *self = Tiles::released();
    }

    fn size(&self, tile: usize) -> (usize, usize) {
        match self.sizes {
            Some(sizes) if sizes[tile].0 > 0 => sizes[tile],
            _ => refuse("a tile that is not configured"),
        }
    }

    /// `tilezero`
    pub fn zero(&mut self, tile: usize) {
        self.size(tile);
        self.tiles[tile] = EMPTY;
    }

    /// `tileloadd`
    ///
    /// # Safety
    /// The rows can be read.
    pub unsafe fn load(&mut self, tile: usize, memory: Memory) {
        let (rows, row_bytes) = self.size(tile);
        self.tiles[tile] = EMPTY;
        for (row, to) in self.tiles[tile].0.iter_mut().enumerate().take(rows) {
            let from = memory.start.wrapping_offset(row as isize * memory.stride);
            // SAFETY: the caller's promise.
            unsafe { std::ptr::copy_nonoverlapping(from, to.as_mut_ptr(), row_bytes) };
        }
    }

    /// `tilestored`
    ///
    /// # Safety
    /// The rows can be written.
    pub unsafe fn store(&mut self, tile: usize, memory: Memory) {
        let (rows, row_bytes) = self.size(tile);
        for (row, from) in self.tiles[tile].0.iter().enumerate().take(rows) {
            let to = memory.start.wrapping_offset(row as isize * memory.stride);
            // SAFETY: the caller's promise.
            unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), to, row_bytes) };
        }
    }

    /// `tdpbf16ps`
    pub fn multiply(&mut self, sums: usize, left: usize, right: usize) {
        let ((rows, row_bytes), of_left, of_right) = (self.size(sums), self.size(left), self.size(right));
        if of_left.0 != rows || of_left.1 != 4 * of_right.0 || of_right.1 != row_bytes {
            refuse("tiles whose sizes do not match");
        }
        let is_distinct = sums != left && sums != right && left != right;
        if !is_distinct {
            refuse("a tile that is used twice");
        }
        let (left, right) = (self.tiles[left], self.tiles[right]);
        if is_x86_feature_detected!("fma") && is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has the instructions.
            unsafe { multiply_fused(&mut self.tiles[sums], &left, &right, rows, of_right.0) }
        } else {
            refuse("a processor without FMA");
        }
    }
}

/// The pseudo-code of the manual: sums of the even and of the odd elements by fused multiply-adds, then their sum is added.
/// Denormal operands and results are zero.
#[target_feature(enable = "avx2,fma")]
unsafe fn multiply_fused(sums: &mut Tile, left: &Tile, right: &Tile, rows: usize, pairs: usize) {
    const COLUMNS: usize = ROW_BYTES / 4;
    let mut weights = [[[0.0f32; COLUMNS]; 2]; ROWS];
    for (of_pair, row) in weights.iter_mut().zip(&right.0) {
        for (column, &[even_low, even_high, odd_low, odd_high]) in row.as_chunks::<4>().0.iter().enumerate() {
            of_pair[0][column] = value(even_low, even_high);
            of_pair[1][column] = value(odd_low, odd_high);
        }
    }
    for (to, from) in sums.0.iter_mut().zip(&left.0).take(rows) {
        let mut apart = [[0.0f32; COLUMNS]; 2];
        for (of_pair, &[even_low, even_high, odd_low, odd_high]) in
            weights.iter().zip(from.as_chunks::<4>().0).take(pairs)
        {
            let values = [value(even_low, even_high), value(odd_low, odd_high)];
            for ((sums, weights), value) in apart.iter_mut().zip(of_pair).zip(values) {
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum = flushed(value.mul_add(*weight, *sum));
                }
            }
        }
        for ((to, even), odd) in to.as_chunks_mut::<4>().0.iter_mut().zip(apart[0]).zip(apart[1]) {
            *to = flushed(flushed(f32::from_le_bytes(*to)) + flushed(even + odd)).to_le_bytes();
        }
    }
}

#[inline(always)]
fn value(low: u8, high: u8) -> f32 {
    flushed(f32::from_bits(u32::from(low) << 16 | u32::from(high) << 24))
}

/// Zero for a denormal number.
#[inline(always)]
fn flushed(value: f32) -> f32 {
    if value.abs() < f32::MIN_POSITIVE { 0.0f32.copysign(value) } else { value }
}

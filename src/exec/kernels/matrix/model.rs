//! A matrix unit in plain numbers: the same parts and the same order of sums, on every machine. Tests run the
//! convolution above it where there is no unit; it is no way to run a network fast.
#![allow(unsafe_code)]

use crate::lower::Products;
use crate::lower::strips::{STEP, TILE};

use super::super::bf16;
use super::unit::{Line, MatrixUnit, Sums, TILE_BYTES, Tiles, pairs};

pub(super) struct Model;

impl MatrixUnit for Model {
    type Ready = ();

    fn ready() {}

    unsafe fn split(parts: usize, line: &Line) {
        for vector in 0..line.count {
            let from = line.from.wrapping_add(vector * line.step);
            let to = line.to.wrapping_add(vector * line.pixel);
            for lane in 0..TILE {
                // SAFETY: the caller promises these lanes.
                let mut rest = if lane < line.lanes { unsafe { *from.wrapping_add(lane) } } else { 0.0 };
                for part in 0..parts {
                    let bits = bf16::nearest_normal(rest);
                    rest -= bf16::value(bits);
                    let target = to.wrapping_add(part * line.part + 2 * lane).cast::<u16>();
                    // SAFETY: the caller promises sixteen lanes of each part.
                    unsafe { target.write_unaligned(bits) };
                }
            }
        }
    }

    unsafe fn multiply(products: Products, tiles: &Tiles<'_>, sums: &mut Sums) {
        *sums = Sums::zeroed();
        let parts = products.parts();
        for (step, offset) in tiles.steps.iter().enumerate() {
            for &(of_position, of_filter) in pairs(products) {
                for (filters, packed) in tiles.filters.iter().enumerate() {
                    let packed = packed.wrapping_add((step * parts + of_filter) * TILE_BYTES);
                    // SAFETY: the caller promises the tiles of each step.
                    let filter = unsafe { filter_tile(packed) };
                    for (tile, first) in tiles.positions.iter().enumerate() {
                        for position in 0..TILE {
                            let values = first
                                .wrapping_add(offset + of_position * tiles.part + position * tiles.pixel);
                            let sums = sums.at(tile, filters, position).cast::<[f32; TILE]>();
                            // SAFETY: as above; there are sixteen sums.
                            unsafe { row(values.cast(), &filter, &mut *sums) };
                        }
                    }
                }
            }
        }
    }
}

/// The values of a tile of filters: for each two channels the even ones of sixteen filters, then the odd ones.
///
/// # Safety
/// The tile can be read.
unsafe fn filter_tile(packed: *const u8) -> [[[f32; TILE]; 2]; STEP / 2] {
    let mut values = [[[0.0; TILE]; 2]; STEP / 2];
    for (pair, [even, odd]) in values.iter_mut().enumerate() {
        for filter in 0..TILE {
            let at = packed.wrapping_add(4 * (pair * TILE + filter)).cast::<u16>();
            // SAFETY: the caller's promise.
            unsafe {
                even[filter] = bf16::value(at.read_unaligned());
                odd[filter] = bf16::value(at.wrapping_add(1).read_unaligned());
            }
        }
    }
    values
}

/// One row of `tdpbf16ps` (Intel's manual, volume 2): even and odd channels are summed apart, then added.
///
/// # Safety
/// The values of a step can be read.
unsafe fn row(values: *const u16, filter: &[[[f32; TILE]; 2]; STEP / 2], sums: &mut [f32; TILE]) {
    let mut apart = [[0.0f32; TILE]; 2];
    for (pair, of_pair) in filter.iter().enumerate() {
        for (odd, (apart, weights)) in apart.iter_mut().zip(of_pair).enumerate() {
            // SAFETY: the caller's promise.
            let value = bf16::value(unsafe { values.wrapping_add(2 * pair + odd).read_unaligned() });
            // A product of two bf16 is exact, so that this is what a fused multiply-add gives.
            apart.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += value * weight);
        }
    }
    let [even, odd] = apart;
    sums.iter_mut().zip(even.iter().zip(odd)).for_each(|(sum, (even, odd))| *sum += even + odd);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_parts_are_the_whole_value() {
        let mut bits = 0x9e37_79b9u32;
        for _ in 0..10_000 {
            bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let value = f32::from_bits(bits);
            if !value.is_finite() || value.abs() < 1e-30 || value.abs() > 3.3e38 {
                continue;
            }
            let a = bf16::value(bf16::nearest_normal(value));
            let b = bf16::value(bf16::nearest_normal(value - a));
            let c = bf16::value(bf16::nearest_normal(value - a - b));
            assert_eq!(a + (b + c), value, "{bits:08x}");
        }
    }
}

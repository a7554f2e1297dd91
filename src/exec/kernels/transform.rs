//! The transforms of Winograd's algorithm, from the Cook–Toom construction: `Y = Aᵀ[(G g Gᵀ) ∘ (Bᵀ d B)]A`, a transform
//! along the rows and one along the columns, either of which may be none at all. The points are 0, 1, −1, ∞; for six
//! inputs also ½ and −2, which round less than 2 and −2; for nine also ±½, ±2 and −⅘, which rounds less than other
//! ninth points. `sums` has the matrices of input and output, `filter` computes that of the filter from the points.
#![allow(unsafe_code)]

mod filter;
mod sums;

use super::lanes::Lanes;
use filter::{filter_matrix, left_inverse};
use sums::{
    four_of_six, input_of_four, input_of_nine, input_of_six, three_of_nine, two_of_four, two_of_six,
    unchanged,
};

/// Taps of the largest kernel.
const MOST_TAPS: usize = 25;

/// The transforms of one size of tiles, rows first. A tile of input has `OUTPUTS + TAPS − 1` rows and columns, and as
/// many positions after the transform.
pub(super) trait Transform: Send + Sync + 'static {
    /// Outputs of a tile.
    const OUTPUTS: (usize, usize);
    /// Taps of the kernel.
    const TAPS: (usize, usize);
    /// `G g Gᵀ` of a filter, computed in f64 and rounded once; `write` takes position and value.
    fn filter(taps: &[f32], write: impl FnMut(usize, f32));
    /// Recovers the taps of a filter from its transformed values; `read` gives those at a position.
    fn taps<V: Lanes>(read: impl Fn(usize) -> V) -> [V; MOST_TAPS];
    /// `Bᵀ d B`: transforms the vectors of a tile from `from` on, whose rows are `row` elements apart, and writes them
    /// to `to`, positions `position` elements apart.
    ///
    /// # Safety
    /// All these vectors can be read and written.
    unsafe fn input<V: Lanes>(from: *const f32, row: usize, to: *mut f32, position: usize);
    /// `Aᵀ m A`: transforms products from `from` on, positions `position` elements apart, to outputs, row by row.
    /// Returns the sum of all outputs times zero: NaN in the lanes where one is not finite.
    ///
    /// # Safety
    /// All these vectors can be read and written.
    unsafe fn output<V: Lanes>(from: *const f32, position: usize, to: *mut f32) -> V;
}

/// Repeats a block for each index.
macro_rules! unroll {
    ($index:ident in [$($value:literal)*] $do:block) => {
        $({
            const $index: usize = $value;
            $do
        })*
    };
}

/// Defines a transform of rows and columns. For each axis: the outputs and their indices, the taps, the inputs and
/// their indices, the finite points, and the functions of input and output.
macro_rules! transform {
    (
        $name:ident, $doc:literal,
        $ro:literal $rows_out:tt, $rt:literal, $ri:literal $rows_in:tt, $rp:expr, $rb:ident, $ra:ident;
        $co:literal $columns_out:tt, $ct:literal, $ci:literal $columns_in:tt, $cp:expr, $cb:ident, $ca:ident
    ) => {
        #[doc = $doc]
        pub(super) struct $name;

        impl Transform for $name {
            const OUTPUTS: (usize, usize) = ($ro, $co);
            const TAPS: (usize, usize) = ($rt, $ct);

            fn filter(taps: &[f32], mut write: impl FnMut(usize, f32)) {
                const DOWN: [[f64; $rt]; $ri] = filter_matrix($rp);
                const ACROSS: [[f64; $ct]; $ci] = filter_matrix($cp);
                for (row, down) in DOWN.iter().enumerate() {
                    let halves: [f64; $ct] = std::array::from_fn(|column| {
                        (0..$rt).map(|tap| down[tap] * f64::from(taps[tap * $ct + column])).sum()
                    });
                    for (column, across) in ACROSS.iter().enumerate() {
                        let value: f64 = (0..$ct).map(|tap| halves[tap] * across[tap]).sum();
                        write(row * $ci + column, value as f32);
                    }
                }
            }

            #[inline(always)]
            fn taps<V: Lanes>(read: impl Fn(usize) -> V) -> [V; MOST_TAPS] {
                const DOWN: [[f64; $ri]; $rt] = left_inverse(filter_matrix::<$rt, $ri>($rp));
                const ACROSS: [[f64; $ci]; $ct] = left_inverse(filter_matrix::<$ct, $ci>($cp));
                let zero = V::splat(0.0);
                let mut taps = [zero; MOST_TAPS];
                for (row, down) in DOWN.iter().enumerate() {
                    for column in 0..$ci {
                        let mut half = zero;
                        for (position, &share) in down.iter().enumerate() {
                            half = half.mac(read(position * $ci + column), V::splat(share as f32));
                        }
                        for (tap, across) in ACROSS.iter().enumerate() {
                            let tap = row * $ct + tap;
                            taps[tap] = taps[tap].mac(half, V::splat(across[column] as f32));
                        }
                    }
                }
                taps
            }

            #[inline(always)]
            unsafe fn input<V: Lanes>(from: *const f32, row: usize, to: *mut f32, position: usize) {
                let mut halves = [[V::splat(0.0); $ci]; $ri];
                unroll!(COLUMN in $columns_in {
                    let mut values = [V::splat(0.0); $ri];
                    unroll!(ROW in $rows_in {
                        // SAFETY: the caller's promise.
                        values[ROW] = unsafe { V::load(from.wrapping_add(ROW * row + COLUMN * 16)) };
                    });
                    let values = $rb(values);
                    unroll!(ROW in $rows_in { halves[ROW][COLUMN] = values[ROW]; });
                });
                unroll!(ROW in $rows_in {
                    let values = $cb(halves[ROW]);
                    unroll!(COLUMN in $columns_in {
                        // SAFETY: as above.
                        unsafe { values[COLUMN].store(to.wrapping_add((ROW * $ci + COLUMN) * position)) };
                    });
                });
            }

            #[inline(always)]
            unsafe fn output<V: Lanes>(from: *const f32, position: usize, to: *mut f32) -> V {
                let mut halves = [[V::splat(0.0); $ci]; $ro];
                unroll!(COLUMN in $columns_in {
                    let mut values = [V::splat(0.0); $ri];
                    unroll!(ROW in $rows_in {
                        let from = from.wrapping_add((ROW * $ci + COLUMN) * position);
                        // SAFETY: the caller's promise.
                        values[ROW] = unsafe { V::load(from) };
                    });
                    let values = $ra(values);
                    unroll!(ROW in $rows_out { halves[ROW][COLUMN] = values[ROW]; });
                });
                let zero = V::splat(0.0);
                let mut probes = [zero; $co];
                unroll!(ROW in $rows_out {
                    let values = $ca(halves[ROW]);
                    unroll!(COLUMN in $columns_out {
                        probes[COLUMN] = probes[COLUMN].mac(values[COLUMN], zero);
                        // SAFETY: as above.
                        unsafe { values[COLUMN].store(to.wrapping_add((ROW * $co + COLUMN) * 16)) };
                    });
                });
                probes.into_iter().fold(zero, |sum, probe| sum.add(probe))
            }
        }
    };
}

transform!(
    TwoOfThree, "Tiles of 2×2 outputs of kernels of 3×3 taps.",
    2 [0 1], 3, 4 [0 1 2 3], &FOUR, input_of_four, two_of_four;
    2 [0 1], 3, 4 [0 1 2 3], &FOUR, input_of_four, two_of_four
);
transform!(
    FourOfThree, "Tiles of 4×4 outputs of kernels of 3×3 taps.",
    4 [0 1 2 3], 3, 6 [0 1 2 3 4 5], &SIX, input_of_six, four_of_six;
    4 [0 1 2 3], 3, 6 [0 1 2 3 4 5], &SIX, input_of_six, four_of_six
);
transform!(
    TwoOfFive, "Tiles of 2×2 outputs of kernels of 5×5 taps.",
    2 [0 1], 5, 6 [0 1 2 3 4 5], &SIX, input_of_six, two_of_six;
    2 [0 1], 5, 6 [0 1 2 3 4 5], &SIX, input_of_six, two_of_six
);
transform!(
    FourOfThreeDown, "Tiles of 4×1 outputs of kernels of 3×1 taps.",
    4 [0 1 2 3], 3, 6 [0 1 2 3 4 5], &SIX, input_of_six, four_of_six;
    1 [0], 1, 1 [0], &[], unchanged, unchanged
);
transform!(
    FourOfThreeAcross, "Tiles of 1×4 outputs of kernels of 1×3 taps.",
    1 [0], 1, 1 [0], &[], unchanged, unchanged;
    4 [0 1 2 3], 3, 6 [0 1 2 3 4 5], &SIX, input_of_six, four_of_six
);
transform!(
    ThreeOfSevenDown, "Tiles of 3×1 outputs of kernels of 7×1 taps.",
    3 [0 1 2], 7, 9 [0 1 2 3 4 5 6 7 8], &NINE, input_of_nine, three_of_nine;
    1 [0], 1, 1 [0], &[], unchanged, unchanged
);
transform!(
    ThreeOfSevenAcross, "Tiles of 1×3 outputs of kernels of 1×7 taps.",
    1 [0], 1, 1 [0], &[], unchanged, unchanged;
    3 [0 1 2], 7, 9 [0 1 2 3 4 5 6 7 8], &NINE, input_of_nine, three_of_nine
);

/// The finite points for four inputs.
const FOUR: [f64; 3] = [0.0, 1.0, -1.0];
/// The finite points for six inputs.
const SIX: [f64; 5] = [0.0, 1.0, -1.0, 0.5, -2.0];
/// The finite points for nine inputs.
const NINE: [f64; 8] = [0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, -0.8];

#[cfg(test)]
mod tests {
    use super::super::lanes::{Portable, TileLanes};
    use super::*;

    fn check<T: Transform>() {
        let reach = (T::OUTPUTS.0 + T::TAPS.0 - 1, T::OUTPUTS.1 + T::TAPS.1 - 1);
        let tile: Vec<f32> = (0..reach.0 * reach.1).map(|i| ((i * 7 + 3) % 11) as f32 - 5.0).collect();
        let taps: Vec<f32> = (0..T::TAPS.0 * T::TAPS.1).map(|i| ((i * 5 + 1) % 7) as f32 - 3.0).collect();
        let spread: Vec<f32> = tile.iter().flat_map(|&value| [value; 16]).collect();
        let mut products = vec![0.0; reach.0 * reach.1 * 16];
        let mut outputs = vec![0.0; T::OUTPUTS.0 * T::OUTPUTS.1 * 16];
        // SAFETY: the vectors have sixteen elements for each element of their tile.
        unsafe {
            T::input::<Portable>(spread.as_ptr(), reach.1 * 16, products.as_mut_ptr(), 16);
            T::filter(&taps, |position, value| {
                products[position * 16..][..16].iter_mut().for_each(|product| *product *= value);
            });
            T::output::<Portable>(products.as_ptr(), 16, outputs.as_mut_ptr());
        }
        let mut transformed = vec![0.0; reach.0 * reach.1];
        T::filter(&taps, |position, value| transformed[position] = value);
        let again = T::taps(|position| Portable::splat(transformed[position]));
        for (tap, value) in taps.iter().zip(again) {
            let mut lanes = [0.0; 16];
            // SAFETY: there are sixteen lanes.
            unsafe { value.store(lanes.as_mut_ptr()) };
            assert!((lanes[3] - tap).abs() < 2e-5, "{} instead of {tap}", lanes[3]);
        }
        for y in 0..T::OUTPUTS.0 {
            for x in 0..T::OUTPUTS.1 {
                let product =
                    |tap: usize| taps[tap] * tile[(y + tap / T::TAPS.1) * reach.1 + x + tap % T::TAPS.1];
                let expected: f32 = (0..taps.len()).map(product).sum();
                let found = outputs[(y * T::OUTPUTS.1 + x) * 16];
                assert!((found - expected).abs() < 2e-4, "{y},{x}: {found} instead of {expected}");
            }
        }
    }

    #[test]
    fn transforms_compute_a_convolution_and_keep_the_filter() {
        check::<TwoOfThree>();
        check::<FourOfThree>();
        check::<TwoOfFive>();
        check::<FourOfThreeDown>();
        check::<FourOfThreeAcross>();
        check::<ThreeOfSevenDown>();
        check::<ThreeOfSevenAcross>();
    }
}

//! The transforms of Winograd's algorithm, from the Cook–Toom construction: `Y = Aᵀ[(G g Gᵀ) ∘ (Bᵀ d B)]A` for
//! the points 0, 1, −1, ∞, and for tiles of 4×4 also ½ and −2, which round less than 2 and −2. The matrices of
//! input and output stand as sums with common parts taken out.
#![allow(unsafe_code)]

use super::lanes::Lanes;

/// The transforms of one size of tiles. A tile of input has `SIZE + 2` rows and columns, and as many squared
/// positions after the transform.
pub(super) trait Transform: Send + Sync + 'static {
    /// Outputs of a tile along an axis.
    const SIZE: usize;
    /// `G g Gᵀ` of a filter of 3×3 taps, computed in f64 and rounded once; `write` takes position and value.
    fn filter(taps: &[f32], write: impl FnMut(usize, f32));
    /// The filter of a transformed filter: nine vectors of taps, from what `read` gives for a position.
    fn taps<V: Lanes>(read: impl Fn(usize) -> V) -> [V; 9];
    /// `Bᵀ d B`: the vectors of a tile from `from` on, its rows `row` elements apart, go to `to`, positions
    /// `position` elements apart.
    ///
    /// # Safety
    /// All these vectors can be read and written.
    unsafe fn input<V: Lanes>(from: *const f32, row: usize, to: *mut f32, position: usize);
    /// `Aᵀ m A`: products from `from` on, positions `position` elements apart, become outputs, row by row.
    ///
    /// # Safety
    /// All these vectors can be read and written.
    unsafe fn output<V: Lanes>(from: *const f32, position: usize, to: *mut f32);
}

/// Writes a block out for each index.
macro_rules! unroll {
    ($index:ident in [$($value:literal)*] $do:block) => {
        $({
            const $index: usize = $value;
            $do
        })*
    };
}

macro_rules! transform {
    ($name:ident, $size:literal $outputs:tt, $reach:literal $inputs:tt, $doc:literal, $g:expr, $l:ident, $b:ident, $a:ident) => {
        #[doc = $doc]
        pub(super) struct $name;

        impl Transform for $name {
            const SIZE: usize = $size;

            fn filter(taps: &[f32], mut write: impl FnMut(usize, f32)) {
                const G: [[f64; 3]; $reach] = $g;
                let half = |row: usize, column: usize| -> f64 {
                    (0..3).map(|tap| G[row][tap] * f64::from(taps[tap * 3 + column])).sum()
                };
                for row in 0..$reach {
                    let halves = [half(row, 0), half(row, 1), half(row, 2)];
                    for column in 0..$reach {
                        let value: f64 = (0..3).map(|tap| halves[tap] * G[column][tap]).sum();
                        write(row * $reach + column, value as f32);
                    }
                }
            }

            #[inline(always)]
            fn taps<V: Lanes>(read: impl Fn(usize) -> V) -> [V; 9] {
                let rows: [[V; 3]; $reach] = std::array::from_fn(|row| {
                    $l(std::array::from_fn(|column| read(row * $reach + column)))
                });
                let columns: [[V; 3]; 3] =
                    std::array::from_fn(|column| $l(std::array::from_fn(|row| rows[row][column])));
                std::array::from_fn(|tap| columns[tap % 3][tap / 3])
            }

            #[inline(always)]
            unsafe fn input<V: Lanes>(from: *const f32, row: usize, to: *mut f32, position: usize) {
                let mut halves = [[V::splat(0.0); $reach]; $reach];
                unroll!(COLUMN in $inputs {
                    let mut values = [V::splat(0.0); $reach];
                    unroll!(ROW in $inputs {
                        // SAFETY: the caller's promise.
                        values[ROW] = unsafe { V::load(from.wrapping_add(ROW * row + COLUMN * 16)) };
                    });
                    let values = $b(values);
                    unroll!(ROW in $inputs { halves[ROW][COLUMN] = values[ROW]; });
                });
                unroll!(ROW in $inputs {
                    let values = $b(halves[ROW]);
                    unroll!(COLUMN in $inputs {
                        // SAFETY: as above.
                        unsafe { values[COLUMN].store(to.wrapping_add((ROW * $reach + COLUMN) * position)) };
                    });
                });
            }

            #[inline(always)]
            unsafe fn output<V: Lanes>(from: *const f32, position: usize, to: *mut f32) {
                let mut halves = [[V::splat(0.0); $reach]; $size];
                unroll!(COLUMN in $inputs {
                    let mut values = [V::splat(0.0); $reach];
                    unroll!(ROW in $inputs {
                        let from = from.wrapping_add((ROW * $reach + COLUMN) * position);
                        // SAFETY: the caller's promise.
                        values[ROW] = unsafe { V::load(from) };
                    });
                    let values = $a(values);
                    unroll!(ROW in $outputs { halves[ROW][COLUMN] = values[ROW]; });
                });
                unroll!(ROW in $outputs {
                    let values = $a(halves[ROW]);
                    unroll!(COLUMN in $outputs {
                        // SAFETY: as above.
                        unsafe { values[COLUMN].store(to.wrapping_add((ROW * $size + COLUMN) * 16)) };
                    });
                });
            }
        }
    };
}

transform!(
    Two,
    2 [0 1],
    4 [0 1 2 3],
    "Tiles of 2×2 outputs from 4×4 inputs.",
    [[-1.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0.0, 0.0, 1.0]],
    taps_of_two,
    input_of_two,
    output_of_two
);

transform!(
    Four,
    4 [0 1 2 3],
    6 [0 1 2 3 4 5],
    "Tiles of 4×4 outputs from 6×6 inputs.",
    [
        [1.0, 0.0, 0.0],
        [1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0],
        [-1.0 / 3.0, 1.0 / 3.0, -1.0 / 3.0],
        [-16.0 / 15.0, -8.0 / 15.0, -4.0 / 15.0],
        [1.0 / 15.0, -2.0 / 15.0, 4.0 / 15.0],
        [0.0, 0.0, 1.0],
    ],
    taps_of_four,
    input_of_four,
    output_of_four
);

/// A left inverse of G: each tap has a row of its own, or the sum of two.
#[inline(always)]
fn taps_of_two<V: Lanes>(g: [V; 4]) -> [V; 3] {
    [V::splat(0.0).sub(g[0]), g[1].sub(g[2]), g[3]]
}

/// A left inverse of G, of the rows that never exceed the largest tap.
#[inline(always)]
fn taps_of_four<V: Lanes>(g: [V; 6]) -> [V; 3] {
    [g[0], V::splat(1.5).mul(g[1]).mac(V::splat(1.5), g[2]), g[5]]
}

/// Bᵀ with the rows (−1, 0, 1, 0), (0, 1, 1, 0), (0, −1, 1, 0), (0, −1, 0, 1).
#[inline(always)]
fn input_of_two<V: Lanes>(d: [V; 4]) -> [V; 4] {
    [d[2].sub(d[0]), d[1].add(d[2]), d[2].sub(d[1]), d[3].sub(d[1])]
}

/// Aᵀ with the rows (1, 1, 1, 0), (0, 1, −1, 1).
#[inline(always)]
fn output_of_two<V: Lanes>(m: [V; 4]) -> [V; 2] {
    [m[0].add(m[1]).add(m[2]), m[1].sub(m[2]).add(m[3])]
}

/// Bᵀ with the rows (1, −3/2, −2, 3/2, 1, 0), (0, −1, 1/2, 5/2, 1, 0), (0, 1, −5/2, 1/2, 1, 0),
/// (0, −2, −1, 2, 1, 0), (0, 1/2, −1, −1/2, 1, 0), (0, 1, −3/2, −2, 3/2, 1).
#[inline(always)]
fn input_of_four<V: Lanes>(d: [V; 6]) -> [V; 6] {
    let constant = V::splat;
    let (even, odd) = (d[4].sub(d[2]), d[3].sub(d[1]));
    [
        d[0].sub(d[2]).add(even).mac(odd, constant(1.5)),
        d[4].sub(d[1]).mac(d[2], constant(0.5)).mac(d[3], constant(2.5)),
        d[4].add(d[1]).mac(d[2], constant(-2.5)).mac(d[3], constant(0.5)),
        even.mac(odd, constant(2.0)),
        even.mac(odd, constant(-0.5)),
        d[5].sub(d[3]).sub(odd).mac(even, constant(1.5)),
    ]
}

/// Aᵀ with the rows (1, 1, 1, 1, 1, 0), (0, 1, −1, 1/2, −2, 0), (0, 1, 1, 1/4, 4, 0), (0, 1, −1, 1/8, −8, 1).
#[inline(always)]
fn output_of_four<V: Lanes>(m: [V; 6]) -> [V; 4] {
    let constant = V::splat;
    let (sum, difference) = (m[1].add(m[2]), m[1].sub(m[2]));
    [
        m[0].add(sum).add(m[3]).add(m[4]),
        difference.mac(m[3], constant(0.5)).mac(m[4], constant(-2.0)),
        sum.mac(m[3], constant(0.25)).mac(m[4], constant(4.0)),
        difference.add(m[5]).mac(m[3], constant(0.125)).mac(m[4], constant(-8.0)),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::lanes::Portable;
    use super::*;

    fn check<T: Transform>() {
        let reach = T::SIZE + 2;
        let tile: Vec<f32> = (0..reach * reach).map(|i| ((i * 7 + 3) % 11) as f32 - 5.0).collect();
        let taps: Vec<f32> = (0..9).map(|i| ((i * 5 + 1) % 7) as f32 - 3.0).collect();
        let spread: Vec<f32> = tile.iter().flat_map(|&value| [value; 16]).collect();
        let mut products = vec![0.0; reach * reach * 16];
        let mut outputs = vec![0.0; T::SIZE * T::SIZE * 16];
        // SAFETY: the vectors have sixteen elements for each element of their tile.
        unsafe {
            T::input::<Portable>(spread.as_ptr(), reach * 16, products.as_mut_ptr(), 16);
            T::filter(&taps, |position, value| {
                products[position * 16..][..16].iter_mut().for_each(|product| *product *= value);
            });
            T::output::<Portable>(products.as_ptr(), 16, outputs.as_mut_ptr());
        }
        let mut transformed = vec![0.0; reach * reach];
        T::filter(&taps, |position, value| transformed[position] = value);
        let again = T::taps(|position| Portable::splat(transformed[position]));
        for (tap, value) in taps.iter().zip(again) {
            let mut lanes = [0.0; 16];
            // SAFETY: there are sixteen lanes.
            unsafe { value.store(lanes.as_mut_ptr()) };
            assert!((lanes[3] - tap).abs() < 1e-5, "{} instead of {tap}", lanes[3]);
        }
        for y in 0..T::SIZE {
            for x in 0..T::SIZE {
                let expected: f32 =
                    (0..9).map(|tap| taps[tap] * tile[(y + tap / 3) * reach + x + tap % 3]).sum();
                let found = outputs[(y * T::SIZE + x) * 16];
                assert!((found - expected).abs() < 1e-4, "{y},{x}: {found} instead of {expected}");
            }
        }
    }

    #[test]
    fn transforms_compute_a_convolution_and_keep_the_filter() {
        check::<Two>();
        check::<Four>();
    }
}

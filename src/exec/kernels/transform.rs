//! The transforms of Winograd's algorithm, from the Cook–Toom construction: `Y = Aᵀ[(G g Gᵀ) ∘ (Bᵀ d B)]A`, a
//! transform along the rows and one along the columns, either of which may be none at all. The points are 0, 1, −1,
//! ∞; for six inputs also ½ and −2, which round less than 2 and −2; for nine also ±½, ±2 and −⅘, which rounds less
//! than other ninth points. The matrices of input and output stand as sums with common parts taken out; that of the
//! filter follows from the points.
#![allow(unsafe_code)]

use super::lanes::Lanes;

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
    ///
    /// # Safety
    /// All these vectors can be read and written.
    unsafe fn output<V: Lanes>(from: *const f32, position: usize, to: *mut f32);
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
            unsafe fn output<V: Lanes>(from: *const f32, position: usize, to: *mut f32) {
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
                unroll!(ROW in $rows_out {
                    let values = $ca(halves[ROW]);
                    unroll!(COLUMN in $columns_out {
                        // SAFETY: as above.
                        unsafe { values[COLUMN].store(to.wrapping_add((ROW * $co + COLUMN) * 16)) };
                    });
                });
            }
        }
    };
}

transform!(
    TwoOfThree, "WinogradSchedule of 2×2 outputs of kernels of 3×3 taps.",
    2 [0 1], 3, 4 [0 1 2 3], &FOUR, input_of_four, two_of_four;
    2 [0 1], 3, 4 [0 1 2 3], &FOUR, input_of_four, two_of_four
);
transform!(
    FourOfThree, "WinogradSchedule of 4×4 outputs of kernels of 3×3 taps.",
    4 [0 1 2 3], 3, 6 [0 1 2 3 4 5], &SIX, input_of_six, four_of_six;
    4 [0 1 2 3], 3, 6 [0 1 2 3 4 5], &SIX, input_of_six, four_of_six
);
transform!(
    TwoOfFive, "WinogradSchedule of 2×2 outputs of kernels of 5×5 taps.",
    2 [0 1], 5, 6 [0 1 2 3 4 5], &SIX, input_of_six, two_of_six;
    2 [0 1], 5, 6 [0 1 2 3 4 5], &SIX, input_of_six, two_of_six
);
transform!(
    FourOfThreeDown, "WinogradSchedule of 4×1 outputs of kernels of 3×1 taps.",
    4 [0 1 2 3], 3, 6 [0 1 2 3 4 5], &SIX, input_of_six, four_of_six;
    1 [0], 1, 1 [0], &[], unchanged, unchanged
);
transform!(
    FourOfThreeAcross, "WinogradSchedule of 1×4 outputs of kernels of 1×3 taps.",
    1 [0], 1, 1 [0], &[], unchanged, unchanged;
    4 [0 1 2 3], 3, 6 [0 1 2 3 4 5], &SIX, input_of_six, four_of_six
);
transform!(
    ThreeOfSevenDown, "WinogradSchedule of 3×1 outputs of kernels of 7×1 taps.",
    3 [0 1 2], 7, 9 [0 1 2 3 4 5 6 7 8], &NINE, input_of_nine, three_of_nine;
    1 [0], 1, 1 [0], &[], unchanged, unchanged
);
transform!(
    ThreeOfSevenAcross, "WinogradSchedule of 1×3 outputs of kernels of 1×7 taps.",
    1 [0], 1, 1 [0], &[], unchanged, unchanged;
    3 [0 1 2], 7, 9 [0 1 2 3 4 5 6 7 8], &NINE, input_of_nine, three_of_nine
);

/// The finite points for four inputs.
const FOUR: [f64; 3] = [0.0, 1.0, -1.0];
/// The finite points for six inputs.
const SIX: [f64; 5] = [0.0, 1.0, -1.0, 0.5, -2.0];
/// The finite points for nine inputs.
const NINE: [f64; 8] = [0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, -0.8];

/// G: for each point its powers over its distances from all others; for ∞ the last tap.
const fn filter_matrix<const TAPS: usize, const INPUTS: usize>(points: &[f64]) -> [[f64; TAPS]; INPUTS] {
    let mut matrix = [[0.0; TAPS]; INPUTS];
    let mut row = 0;
    while row < points.len() {
        let mut distances = 1.0;
        let mut other = 0;
        while other < points.len() {
            if other != row {
                distances *= points[row] - points[other];
            }
            other += 1;
        }
        let mut value = 1.0 / distances;
        let mut tap = 0;
        while tap < TAPS {
            matrix[row][tap] = value;
            value *= points[row];
            tap += 1;
        }
        row += 1;
    }
    matrix[INPUTS - 1][TAPS - 1] = 1.0;
    matrix
}

/// The left inverse (GᵀG)⁻¹Gᵀ, of all left inverses the one that amplifies errors least. Computed by Gauss–Jordan
/// elimination of GᵀG, which is positive definite and needs no pivots.
const fn left_inverse<const TAPS: usize, const INPUTS: usize>(
    matrix: [[f64; TAPS]; INPUTS],
) -> [[f64; INPUTS]; TAPS] {
    let mut square = [[0.0; TAPS]; TAPS];
    let mut inverse = [[0.0; INPUTS]; TAPS];
    let mut row = 0;
    while row < TAPS {
        let mut input = 0;
        while input < INPUTS {
            inverse[row][input] = matrix[input][row];
            let mut column = 0;
            while column < TAPS {
                square[row][column] += matrix[input][row] * matrix[input][column];
                column += 1;
            }
            input += 1;
        }
        row += 1;
    }
    let mut pivot = 0;
    while pivot < TAPS {
        let scale = 1.0 / square[pivot][pivot];
        square[pivot] = scaled(square[pivot], scale);
        inverse[pivot] = scaled(inverse[pivot], scale);
        let mut row = 0;
        while row < TAPS {
            if row != pivot {
                let share = square[row][pivot];
                square[row] = less(square[row], square[pivot], share);
                inverse[row] = less(inverse[row], inverse[pivot], share);
            }
            row += 1;
        }
        pivot += 1;
    }
    inverse
}

/// A row times a factor.
const fn scaled<const N: usize>(mut row: [f64; N], factor: f64) -> [f64; N] {
    let mut index = 0;
    while index < N {
        row[index] *= factor;
        index += 1;
    }
    row
}

/// Subtracts a multiple of another row.
const fn less<const N: usize>(mut row: [f64; N], other: [f64; N], share: f64) -> [f64; N] {
    let mut index = 0;
    while index < N {
        row[index] -= other[index] * share;
        index += 1;
    }
    row
}

/// The transform along an axis in which the kernel has one tap.
#[inline(always)]
fn unchanged<V: Lanes>(values: [V; 1]) -> [V; 1] {
    values
}

/// Bᵀ with the rows (−1, 0, 1, 0), (0, 1, 1, 0), (0, −1, 1, 0), (0, −1, 0, 1).
#[inline(always)]
fn input_of_four<V: Lanes>(d: [V; 4]) -> [V; 4] {
    [d[2].sub(d[0]), d[1].add(d[2]), d[2].sub(d[1]), d[3].sub(d[1])]
}

/// Aᵀ with the rows (1, 1, 1, 0), (0, 1, −1, 1).
#[inline(always)]
fn two_of_four<V: Lanes>(m: [V; 4]) -> [V; 2] {
    [m[0].add(m[1]).add(m[2]), m[1].sub(m[2]).add(m[3])]
}

/// Bᵀ with the rows (1, −3/2, −2, 3/2, 1, 0), (0, −1, 1/2, 5/2, 1, 0), (0, 1, −5/2, 1/2, 1, 0),
/// (0, −2, −1, 2, 1, 0), (0, 1/2, −1, −1/2, 1, 0), (0, 1, −3/2, −2, 3/2, 1).
#[inline(always)]
fn input_of_six<V: Lanes>(d: [V; 6]) -> [V; 6] {
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

/// Aᵀ with the rows (1, 1, 1, 1, 1, 0), (0, 1, −1, 1/2, −2, 1).
#[inline(always)]
fn two_of_six<V: Lanes>(m: [V; 6]) -> [V; 2] {
    let constant = V::splat;
    [
        m[0].add(m[1].add(m[2])).add(m[3]).add(m[4]),
        m[1].sub(m[2]).add(m[5]).mac(m[3], constant(0.5)).mac(m[4], constant(-2.0)),
    ]
}

/// Aᵀ with the rows (1, 1, 1, 1, 1, 0), (0, 1, −1, 1/2, −2, 0), (0, 1, 1, 1/4, 4, 0), (0, 1, −1, 1/8, −8, 1).
#[inline(always)]
fn four_of_six<V: Lanes>(m: [V; 6]) -> [V; 4] {
    let constant = V::splat;
    let (sum, difference) = (m[1].add(m[2]), m[1].sub(m[2]));
    [
        m[0].add(sum).add(m[3]).add(m[4]),
        difference.mac(m[3], constant(0.5)).mac(m[4], constant(-2.0)),
        sum.mac(m[3], constant(0.25)).mac(m[4], constant(4.0)),
        difference.add(m[5]).mac(m[3], constant(0.125)).mac(m[4], constant(-8.0)),
    ]
}

/// Bᵀ for 0, ±1, ±2, ±½, −⅘ and ∞. Over neighbours, `u = d₊ + ⅘ d`, it is that of the other points. There the rows of
/// p and −p are `E + p O` and `E − p O`, where E and O are the even and odd inputs over the other two pairs.
#[inline(always)]
fn input_of_nine<V: Lanes>(d: [V; 9]) -> [V; 9] {
    let constant = V::splat;
    let neighbours = |index: usize| d[index + 1].mac(d[index], constant(0.8));
    let u: [V; 8] = [
        neighbours(0),
        neighbours(1),
        neighbours(2),
        neighbours(3),
        neighbours(4),
        neighbours(5),
        neighbours(6),
        neighbours(7),
    ];
    // (x² − 1)(x² − 4)(x² − ¼) = x⁶ − 21/4 x⁴ + 21/4 x² − 1
    let pairs = |none: V, two: V, four: V, six: V| six.sub(none).mac(two.sub(four), constant(5.25));
    let pair = |point: f32, sum: f32, product: f32| {
        let others = |none: V, two: V, four: V| four.mac(two, constant(-sum)).mac(none, constant(product));
        let (even, odd) = (others(u[2], u[4], u[6]), others(u[1], u[3], u[5]));
        (even.mac(odd, constant(point)), even.mac(odd, constant(-point)))
    };
    let (one, minus_one) = pair(1.0, 4.25, 1.0);
    let (two, minus_two) = pair(2.0, 1.25, 0.25);
    let (half, minus_half) = pair(0.5, 5.0, 4.0);
    let zero = pairs(u[0], u[2], u[4], u[6]);
    let ninth = pairs(d[1], d[3], d[5], d[7]);
    let infinity = pairs(u[1], u[3], u[5], u[7]);
    [zero, one, minus_one, two, minus_two, half, minus_half, ninth, infinity]
}

/// Aᵀ with the rows (1, 1, 1, 1, 1, 1, 1, 1, 0), (0, 1, −1, 2, −2, ½, −½, −⅘, 0), (0, 1, 1, 4, 4, ¼, ¼, 16/25, 1).
#[inline(always)]
fn three_of_nine<V: Lanes>(m: [V; 9]) -> [V; 3] {
    let constant = V::splat;
    let (one, two, half) = (m[1].add(m[2]), m[3].add(m[4]), m[5].add(m[6]));
    let (one_apart, two_apart, half_apart) = (m[1].sub(m[2]), m[3].sub(m[4]), m[5].sub(m[6]));
    [
        m[0].add(one).add(two).add(half).add(m[7]),
        one_apart.mac(two_apart, constant(2.0)).mac(half_apart, constant(0.5)).mac(m[7], constant(-0.8)),
        one.add(m[8]).mac(two, constant(4.0)).mac(half, constant(0.25)).mac(m[7], constant(0.64)),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::lanes::Portable;
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

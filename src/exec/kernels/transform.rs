//! The transforms of Winograd's algorithm, from the Cook–Toom construction: `Y = Aᵀ[(G g Gᵀ) ∘ (Bᵀ d B)]A` for
//! the points 0, 1, −1, ∞, and for tiles of 4×4 also ½ and −2, which round less than 2 and −2.

use super::lanes::Lanes;

/// The transforms of one size of tiles.
pub(super) trait Transform: Send + Sync + 'static {
    /// Outputs of a tile along an axis.
    const SIZE: usize;
    /// `G g Gᵀ` of a filter of 3×3 taps, computed in f64 and rounded once; `write` takes position and value.
    fn filter(taps: &[f32], write: impl FnMut(usize, f32));
    /// `Bᵀ d B`: `read` gives the input at a row and column of the tile.
    fn input<V: Lanes>(read: impl Fn(usize, usize) -> V, write: impl FnMut(usize, V));
    /// `Aᵀ m A`: `read` gives the product at a position; `write` takes row, column and value of an output.
    fn output<V: Lanes>(read: impl Fn(usize) -> V, write: impl FnMut(usize, usize, V));
}

/// A product of a constant matrix with a vector of vectors; zeros and ones cost nothing.
#[inline(always)]
fn product<V: Lanes, const ROWS: usize, const INNER: usize>(
    matrix: &[[f32; INNER]; ROWS],
    vector: [V; INNER],
) -> [V; ROWS] {
    let mut result = [V::splat(0.0); ROWS];
    for (result, row) in result.iter_mut().zip(matrix) {
        let mut started = false;
        for (&factor, &value) in row.iter().zip(&vector) {
            if factor == 0.0 {
                continue;
            }
            *result = match (started, factor) {
                (false, 1.0) => value,
                (false, _) => value.mul(V::splat(factor)),
                (true, 1.0) => result.add(value),
                (true, -1.0) => result.sub(value),
                (true, _) => result.mac(value, V::splat(factor)),
            };
            started = true;
        }
    }
    result
}

macro_rules! transform {
    ($name:ident, $size:literal, $reach:literal, $doc:literal, $a:expr, $g:expr, $b:expr) => {
        #[doc = $doc]
        pub(super) struct $name;

        impl $name {
            const A: [[f32; $reach]; $size] = $a;
            const G: [[f64; 3]; $reach] = $g;
            const B: [[f32; $reach]; $reach] = $b;
        }

        impl Transform for $name {
            const SIZE: usize = $size;

            fn filter(taps: &[f32], mut write: impl FnMut(usize, f32)) {
                let half = |row: usize, column: usize| -> f64 {
                    (0..3).map(|tap| $name::G[row][tap] * f64::from(taps[tap * 3 + column])).sum()
                };
                for row in 0..$reach {
                    let halves = [half(row, 0), half(row, 1), half(row, 2)];
                    for column in 0..$reach {
                        let value: f64 = (0..3).map(|tap| halves[tap] * $name::G[column][tap]).sum();
                        write(row * $reach + column, value as f32);
                    }
                }
            }

            #[inline(always)]
            fn input<V: Lanes>(read: impl Fn(usize, usize) -> V, mut write: impl FnMut(usize, V)) {
                let mut halves = [[V::splat(0.0); $reach]; $reach];
                for column in 0..$reach {
                    let mut values = [V::splat(0.0); $reach];
                    for row in 0..$reach {
                        values[row] = read(row, column);
                    }
                    let transformed = product(&$name::B, values);
                    for row in 0..$reach {
                        halves[row][column] = transformed[row];
                    }
                }
                for row in 0..$reach {
                    let transformed = product(&$name::B, halves[row]);
                    for column in 0..$reach {
                        write(row * $reach + column, transformed[column]);
                    }
                }
            }

            #[inline(always)]
            fn output<V: Lanes>(read: impl Fn(usize) -> V, mut write: impl FnMut(usize, usize, V)) {
                let mut halves = [[V::splat(0.0); $reach]; $size];
                for column in 0..$reach {
                    let mut values = [V::splat(0.0); $reach];
                    for row in 0..$reach {
                        values[row] = read(row * $reach + column);
                    }
                    let transformed = product(&$name::A, values);
                    for row in 0..$size {
                        halves[row][column] = transformed[row];
                    }
                }
                for row in 0..$size {
                    let transformed = product(&$name::A, halves[row]);
                    for column in 0..$size {
                        write(row, column, transformed[column]);
                    }
                }
            }
        }
    };
}

transform!(
    Two,
    2,
    4,
    "Tiles of 2×2 outputs from 4×4 inputs.",
    [[1.0, 1.0, 1.0, 0.0], [0.0, 1.0, -1.0, 1.0]],
    [[-1.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0.0, 0.0, 1.0]],
    [[-1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0], [0.0, -1.0, 1.0, 0.0], [0.0, -1.0, 0.0, 1.0]]
);

transform!(
    Four,
    4,
    6,
    "Tiles of 4×4 outputs from 6×6 inputs.",
    [
        [1.0, 1.0, 1.0, 1.0, 1.0, 0.0],
        [0.0, 1.0, -1.0, 0.5, -2.0, 0.0],
        [0.0, 1.0, 1.0, 0.25, 4.0, 0.0],
        [0.0, 1.0, -1.0, 0.125, -8.0, 1.0],
    ],
    [
        [1.0, 0.0, 0.0],
        [1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0],
        [-1.0 / 3.0, 1.0 / 3.0, -1.0 / 3.0],
        [-16.0 / 15.0, -8.0 / 15.0, -4.0 / 15.0],
        [1.0 / 15.0, -2.0 / 15.0, 4.0 / 15.0],
        [0.0, 0.0, 1.0],
    ],
    [
        [1.0, -1.5, -2.0, 1.5, 1.0, 0.0],
        [0.0, -1.0, 0.5, 2.5, 1.0, 0.0],
        [0.0, 1.0, -2.5, 0.5, 1.0, 0.0],
        [0.0, -2.0, -1.0, 2.0, 1.0, 0.0],
        [0.0, 0.5, -1.0, -0.5, 1.0, 0.0],
        [0.0, 1.0, -1.5, -2.0, 1.5, 1.0],
    ]
);

#[cfg(test)]
mod tests {
    use super::super::lanes::Portable;
    use super::*;

    fn check<T: Transform>() {
        let reach = T::SIZE + 2;
        let tile: Vec<f32> = (0..reach * reach).map(|i| ((i * 7 + 3) % 11) as f32 - 5.0).collect();
        let taps: Vec<f32> = (0..9).map(|i| ((i * 5 + 1) % 7) as f32 - 3.0).collect();
        let mut filter = vec![0.0; reach * reach];
        T::filter(&taps, |position, value| filter[position] = value);
        let mut products = vec![Portable::splat(0.0); reach * reach];
        T::input(
            |y, x| Portable::splat(tile[y * reach + x]),
            |position, value: Portable| products[position] = value.mul(Portable::splat(filter[position])),
        );
        T::output(
            |position| products[position],
            |y, x, value: Portable| {
                let expected: f32 =
                    (0..9).map(|tap| taps[tap] * tile[(y + tap / 3) * reach + x + tap % 3]).sum();
                let mut found = [0.0; 16];
                // SAFETY: there are sixteen.
                #[allow(unsafe_code)]
                unsafe {
                    value.store(found.as_mut_ptr())
                };
                assert!((found[0] - expected).abs() < 1e-4, "{y},{x}: {} instead of {expected}", found[0]);
            },
        );
    }

    #[test]
    fn transforms_compute_a_convolution() {
        check::<Two>();
        check::<Four>();
    }
}

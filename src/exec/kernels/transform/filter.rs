//! The matrix that transforms a filter, and its inverse, computed from the points while the compiler runs.

/// G: for each point its powers over its distances from all others; for ∞ the last tap.
pub(super) const fn filter_matrix<const TAPS: usize, const INPUTS: usize>(
    points: &[f64],
) -> [[f64; TAPS]; INPUTS] {
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
pub(super) const fn left_inverse<const TAPS: usize, const INPUTS: usize>(
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

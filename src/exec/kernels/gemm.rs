//! The matrix product, by `matrixmultiply`.
#![allow(unsafe_code)]

/// A matrix as a slice with the distance between its rows; columns are neighbours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Matrix<'a> {
    /// Its elements; the last row may end with the slice.
    pub values: &'a [f32],
    /// Elements from one row to the next.
    pub stride: usize,
}

/// `c = a · b + bias`, with a of rows × inner, b of inner × columns, c of rows × columns; `bias` has one
/// element for each row. `c` starts at its first element and its rows are `c_stride` apart.
///
/// # Panics
/// Where a slice is too short for its matrix.
#[allow(clippy::too_many_arguments)]
pub(super) fn multiply(
    rows: usize,
    inner: usize,
    columns: usize,
    a: Matrix<'_>,
    b: Matrix<'_>,
    bias: Option<&[f32]>,
    c: &mut [f32],
    c_stride: usize,
) {
    if rows == 0 || columns == 0 {
        return;
    }
    let enough = |len: usize, rows: usize, columns: usize, stride: usize| {
        rows == 0 || columns == 0 || (rows - 1) * stride + columns <= len
    };
    assert!(columns <= c_stride || rows == 1, "rows of the result must not overlap");
    assert!(enough(a.values.len(), rows, inner, a.stride), "the left matrix lies in its slice");
    assert!(enough(b.values.len(), inner, columns, b.stride), "the right matrix lies in its slice");
    assert!(enough(c.len(), rows, columns, c_stride), "the result lies in its slice");
    for row in 0..rows {
        let value = bias.map_or(0.0, |bias| bias[row]);
        c[row * c_stride..row * c_stride + columns].fill(value);
    }
    // SAFETY: the assertions above bound every element that the product reads or writes by its slice; `c` is
    // borrowed mutably and so overlaps neither `a` nor `b`.
    unsafe {
        matrixmultiply::sgemm(
            rows,
            inner,
            columns,
            1.0,
            a.values.as_ptr(),
            a.stride as isize,
            1,
            b.values.as_ptr(),
            b.stride as isize,
            1,
            1.0,
            c.as_mut_ptr(),
            c_stride as isize,
            1,
        );
    }
}

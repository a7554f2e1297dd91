//! The copy of its input that a convolution makes for a matrix unit: strips of rows, each value as a sum of bf16 numbers.
//!
//! The unit multiplies sixteen positions, a fixed number of bytes apart, with sixteen filters. So that a convolution of
//! any stride reads positions side by side, a strip has a plane for each remainder of rows and columns by the stride
//! that some tap reads: a tap then reads one plane, shifted by whole positions, and pixels that no tap reads are not
//! copied. The outputs of a strip are numbered row after row, each as wide as a row of a plane; the numbers behind the
//! last output of a row stand for nothing and are not stored.
//!
//! A position holds 32 channels, with the parts of a value 64 bytes apart. Where a map has fewer than sixteen channels,
//! as pictures have, a row is copied as it is, column after column with all its channels: sixteen positions overlap, and
//! a kernel row is one or two steps of 32 values.

use crate::tensor::Window;

use super::layout::LANES;
use super::plan::{Convolution, Tensor};
use super::precision::Products;

/// Values that one product of tiles sums over.
pub const STEP: usize = 32;
/// Positions of a tile, and filters.
pub const TILE: usize = 16;
/// Bytes of a step's values in one part.
const STEP_BYTES: usize = 2 * STEP;
/// Bytes that a strip should fit into, so that it stays in a second-level cache of 2 MiB beside the weights.
const STRIP: usize = 768 << 10;

/// The taps of a kernel along one axis, seen from the outputs of a strip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AxisPlanes {
    /// The remainders by the stride that taps read, ascending: a plane for each.
    pub remainders: Vec<usize>,
    /// The plane of each tap, and by how many positions it is shifted.
    pub taps: Vec<(usize, usize)>,
    /// The greatest shift.
    pub reach: usize,
}

impl AxisPlanes {
    fn of(window: &Window) -> AxisPlanes {
        let (kernel, stride) = (window.kernel as usize, window.stride as usize);
        let offsets: Vec<usize> =
            (0..kernel).map(|tap| tap.saturating_mul(window.dilation as usize)).collect();
        let mut remainders: Vec<usize> = offsets.iter().map(|offset| offset % stride).collect();
        remainders.sort_unstable();
        remainders.dedup();
        let plane = |offset: usize| remainders.partition_point(|&one| one < offset % stride);
        let taps = offsets.iter().map(|&offset| (plane(offset), offset / stride)).collect();
        AxisPlanes { remainders, taps, reach: offsets.last().map_or(0, |offset| offset / stride) }
    }
}

/// Where the values of a strip lie. Distances and sizes are in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StripLayout {
    /// The parts of a value.
    pub parts: usize,
    /// Rows of outputs of a strip; the last one of a picture may have fewer.
    pub rows: usize,
    /// Strips of a picture.
    pub strips: usize,
    /// Blocks of 32 channels, each with all planes.
    pub blocks: usize,
    /// The planes along the height.
    pub down: AxisPlanes,
    /// The planes along the width; one where rows are copied as they are.
    pub across: AxisPlanes,
    /// Positions of a row of a plane.
    pub pitch: usize,
    /// From one position to the next.
    pub pixel: usize,
    /// From one part of a value to the next.
    pub part: usize,
    /// From one plane to the next.
    pub plane: usize,
    /// The whole strip, with what tiles may read behind its last position.
    pub bytes: usize,
}

impl StripLayout {
    /// The strips of a convolution.
    pub fn new(
        convolution: &Convolution,
        products: Products,
        input: &Tensor,
        output: &Tensor,
    ) -> StripLayout {
        let parts = products.parts();
        let down = AxisPlanes::of(&convolution.rows);
        let (height, width) = (output.layout.height, output.layout.width);
        let channels = input.shape.channels() as usize;
        let dense = is_dense(input);
        let (across, pitch, pixel) = if dense {
            // A row is as long as the steps of the last output reach, so that they see no other row.
            let pixel = (convolution.columns.stride as usize).saturating_mul(channels);
            let len =
                (width - 1).saturating_mul(pixel).saturating_add(dense_steps(convolution, channels) * STEP);
            let whole = AxisPlanes { remainders: vec![0], taps: vec![(0, 0)], reach: 0 };
            (whole, len.div_ceil(pixel), pixel.saturating_mul(2))
        } else {
            let across = AxisPlanes::of(&convolution.columns);
            let pitch = width.saturating_add(across.reach);
            (across, pitch, parts * STEP_BYTES)
        };
        let blocks = if dense {
            1
        } else {
            convolution.groups.saturating_mul((channels / convolution.groups).div_ceil(STEP))
        };
        let planes = blocks.saturating_mul(down.remainders.len()).saturating_mul(across.remainders.len());
        let row = pitch.saturating_mul(pixel);
        let row_of_all = row.saturating_mul(planes).saturating_mul(if dense { parts } else { 1 });
        let fit = (STRIP / row_of_all.max(1)).saturating_sub(down.reach).clamp(1, height);
        let strips = match height.div_ceil(fit) {
            1 => 1,
            // An even number keeps two threads busy to the end.
            strips => strips.next_multiple_of(2).min(height),
        };
        let rows = height.div_ceil(strips);
        let plane = row.saturating_mul(rows.saturating_add(down.reach));
        // A tile that begins at the last output reads fifteen positions more.
        let behind = pixel.saturating_mul(TILE).saturating_add(STEP_BYTES);
        let all = plane.saturating_mul(planes).saturating_add(behind);
        let all = all.saturating_add(STEP_BYTES - 1) / STEP_BYTES * STEP_BYTES;
        let (part, bytes) = if dense { (all, all.saturating_mul(parts)) } else { (STEP_BYTES, all) };
        StripLayout {
            parts,
            rows,
            strips: height.div_ceil(rows),
            blocks,
            down,
            across,
            pitch,
            pixel,
            part,
            plane,
            bytes,
        }
    }

    /// Elements of f32 that hold a strip.
    pub fn elements(&self) -> usize {
        self.bytes.div_ceil(4)
    }
}

/// Returns whether the rows of a map are copied as they are.
pub fn is_dense(input: &Tensor) -> bool {
    input.layout.lanes != LANES
}

/// The steps of a kernel row over a map whose rows are copied as they are.
fn dense_steps(convolution: &Convolution, channels: usize) -> usize {
    (convolution.columns.kernel as usize).saturating_mul(channels).div_ceil(STEP)
}

/// The steps of 32 values over which a filter sums.
pub fn steps(convolution: &Convolution, input: &Tensor) -> usize {
    let channels = input.shape.channels() as usize;
    let rows = convolution.rows.kernel as usize;
    if is_dense(input) {
        rows.saturating_mul(dense_steps(convolution, channels))
    } else {
        let blocks = (channels / convolution.groups).div_ceil(STEP);
        rows.saturating_mul(convolution.columns.kernel as usize).saturating_mul(blocks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lower::{Algorithm, Halo, Layout, MemoryFormat};
    use crate::tensor::Shape;

    fn layout(
        (kernel, stride, dilation): (u64, u64, u64),
        (extent, channels): (u64, u64),
        format: MemoryFormat,
    ) -> StripLayout {
        let window =
            Window { dilation, pad_before: kernel / 2, pad_after: kernel / 2, ..Window::new(kernel, stride) };
        let convolution = Convolution {
            rows: window,
            columns: window,
            groups: 1,
            bias: false,
            addend: false,
            algorithm: Algorithm::Matrix(Products::Six),
        };
        let tensor = |extent: u64, channels: u64, format: MemoryFormat| {
            let shape = Shape::map(extent, extent, channels);
            Tensor { shape, offset: 0, layout: Layout::new(shape, format, Halo::default()) }
        };
        let input = tensor(extent * stride, channels, format);
        StripLayout::new(&convolution, Products::Six, &input, &tensor(extent, 64, MemoryFormat::Nchw16c))
    }

    #[test]
    fn planes_follow_the_stride() {
        // Taps 0, 1 and 2 at stride 2: two planes, one of which is read twice.
        let of_three = layout((3, 2, 1), (7, 64), MemoryFormat::Nchw16c);
        assert_eq!(of_three.down.remainders, [0, 1]);
        assert_eq!(of_three.down.taps, [(0, 0), (1, 0), (0, 1)]);
        assert_eq!((of_three.pitch, of_three.pixel, of_three.strips), (8, 192, 1));
        // A single tap reads every second pixel, and only those are copied.
        let of_one = layout((1, 2, 1), (7, 64), MemoryFormat::Nchw16c);
        assert_eq!(of_one.plane, 7 * 7 * 192);
        assert_eq!(of_one.bytes, 2 * of_one.plane + 16 * 192 + 64);
        // Taps at a distance that the stride divides.
        assert_eq!(layout((3, 2, 2), (9, 16), MemoryFormat::Nchw16c).down.taps, [(0, 0), (0, 1), (0, 2)]);
    }

    #[test]
    fn strips_of_a_large_map_stay_in_the_cache() {
        let large = layout((3, 1, 1), (56, 256), MemoryFormat::Nchw16c);
        // Six rows of outputs read eight; the last strip has two.
        assert_eq!((large.strips, large.rows), (10, 6));
        assert!(large.bytes < STRIP);
    }

    #[test]
    fn pictures_keep_their_rows() {
        let picture = layout((7, 2, 1), (112, 3), MemoryFormat::Nhwc);
        // 111 · 6 values before the last output, which reads 32.
        assert_eq!((picture.pitch, picture.pixel), (117, 12));
        assert_eq!(picture.down.remainders, [0, 1]);
        assert_eq!(picture.part % 64, 0);
    }
}

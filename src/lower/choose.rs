//! Chooses the algorithm of a convolution by fixed rules. Nothing is measured at run time, so that the same network
//! always runs the same way.

use crate::tensor::Shape;

use super::layout::LANES;
use super::plan::{Algorithm, Convolution, WinogradTile};

/// Winograd's algorithm serves kernels at stride 1 without dilation, from 16 channels on, and groups of whole blocks.
/// Everything else is direct.
///
/// * 3×3: tiles of 4×4 outputs save most multiplications (a quarter is left), but waste edges and read four times
///   the weights, so that smaller maps take tiles of 2×2 (4/9 are left).
/// * 5×5: tiles of 2×2 (36/100 are left).
/// * 1×7 and 7×1: tiles of three outputs (9/21 are left).
/// * 1×3 and 3×1: tiles of four outputs (6/12 are left).
pub(super) fn algorithm(convolution: &Convolution, input: Shape, output: Shape) -> Algorithm {
    let taps = |window: &crate::tensor::Window| {
        let plain = window.stride == 1 && window.dilation == 1 && !window.ceil;
        plain.then_some(window.kernel)
    };
    let fits = [input.channels(), output.channels()].iter().all(|&channels| {
        let (groups, lanes) = (convolution.groups as u64, LANES as u64);
        channels / groups >= lanes && (groups == 1 || (channels / groups).is_multiple_of(lanes))
    });
    let (Some(down), Some(across), true) = (taps(&convolution.rows), taps(&convolution.columns), fits) else {
        return Algorithm::Direct;
    };
    let (height, width) = output.extent();
    let outputs = match (down, across) {
        (3, 3) if height.min(width) > 21 => (4, 4),
        (3, 3) | (5, 5) if height.min(width) > 3 => (2, 2),
        (7, 1) if height > 2 => (3, 1),
        (1, 7) if width > 2 => (1, 3),
        (3, 1) if height > 3 => (4, 1),
        (1, 3) if width > 3 => (1, 4),
        _ => return Algorithm::Direct,
    };
    Algorithm::Winograd(WinogradTile { outputs, taps: (down as usize, across as usize) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Window;

    fn chosen(
        (down, across): (u64, u64),
        stride: u64,
        groups: usize,
        extent: u64,
        channels: u64,
    ) -> Option<(usize, usize)> {
        let window = |taps| Window { pad_before: taps / 2, pad_after: taps / 2, ..Window::new(taps, stride) };
        let convolution = Convolution {
            rows: window(down),
            columns: window(across),
            groups,
            bias: true,
            addend: false,
            algorithm: Algorithm::Direct,
        };
        let input = Shape::map(extent * stride, extent * stride, channels);
        match algorithm(&convolution, input, Shape::map(extent, extent, 64)) {
            Algorithm::Winograd(tile) => {
                assert_eq!(tile.taps, (down as usize, across as usize));
                Some(tile.outputs)
            }
            Algorithm::Direct => None,
        }
    }

    #[test]
    fn tiles_follow_the_kernel_and_the_size_of_the_map() {
        assert_eq!(chosen((3, 3), 1, 1, 56, 64), Some((4, 4)));
        assert_eq!(chosen((3, 3), 1, 1, 14, 256), Some((2, 2)));
        assert_eq!(chosen((3, 3), 1, 1, 3, 64), None);
        assert_eq!(chosen((5, 5), 1, 1, 27, 64), Some((2, 2)));
        assert_eq!(chosen((1, 7), 1, 1, 17, 64), Some((1, 3)));
        assert_eq!(chosen((7, 1), 1, 1, 17, 64), Some((3, 1)));
        assert_eq!(chosen((3, 1), 1, 1, 8, 64), Some((4, 1)));
        assert_eq!(chosen((3, 3), 1, 2, 14, 64), Some((2, 2)));
    }

    #[test]
    fn other_convolutions_are_direct() {
        for (taps, stride, groups, channels) in
            [(1, 1, 1, 64), (7, 1, 1, 64), (3, 2, 1, 64), (3, 1, 8, 64), (3, 1, 1, 3)]
        {
            assert_eq!(chosen((taps, taps), stride, groups, 56, channels), None);
        }
    }
}

//! Which algorithm a convolution takes: one function with stated rules, nothing is tried out at run time.

use crate::tensor::Shape;

use super::layout::LANES;
use super::plan::{Algorithm, Convolution};

/// Winograd's algorithm serves 3×3 kernels at stride 1 without dilation or groups, from 16 channels on. Tiles of
/// 4×4 outputs save most multiplications (a quarter is left), but waste edges and read four times the
/// weights, so that smaller maps take tiles of 2×2 (4/9 are left). Everything else is direct.
pub(super) fn algorithm(convolution: &Convolution, input: Shape, output: Shape) -> Algorithm {
    let plain = |window: &crate::tensor::Window| {
        window.kernel == 3 && window.stride == 1 && window.dilation == 1 && !window.ceil
    };
    let fits = plain(&convolution.rows)
        && plain(&convolution.columns)
        && convolution.groups == 1
        && input.channels() >= LANES as u64
        && output.channels() >= LANES as u64;
    let (height, width) = output.extent();
    match height.min(width) {
        _ if !fits => Algorithm::Direct,
        0..=3 => Algorithm::Direct,
        4..=21 => Algorithm::Winograd(2),
        _ => Algorithm::Winograd(4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Window;

    fn chosen(kernel: u64, stride: u64, groups: usize, extent: u64, channels: u64) -> Algorithm {
        let window = Window { pad_before: kernel / 2, pad_after: kernel / 2, ..Window::new(kernel, stride) };
        let convolution = Convolution {
            rows: window,
            columns: window,
            groups,
            bias: true,
            addend: false,
            algorithm: Algorithm::Direct,
        };
        let input = Shape::map(extent * stride, extent * stride, channels);
        algorithm(&convolution, input, Shape::map(extent, extent, 64))
    }

    #[test]
    fn tiles_follow_the_size_of_the_map() {
        assert_eq!(chosen(3, 1, 1, 56, 64), Algorithm::Winograd(4));
        assert_eq!(chosen(3, 1, 1, 14, 256), Algorithm::Winograd(2));
        assert_eq!(chosen(3, 1, 1, 3, 64), Algorithm::Direct);
    }

    #[test]
    fn other_convolutions_are_direct() {
        for (kernel, stride, groups, channels) in [(1, 1, 1, 64), (3, 2, 1, 64), (3, 1, 2, 64), (3, 1, 1, 3)]
        {
            assert_eq!(chosen(kernel, stride, groups, 56, channels), Algorithm::Direct);
        }
    }
}

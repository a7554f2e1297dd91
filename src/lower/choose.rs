//! Chooses the algorithm of a convolution by fixed rules. Nothing is measured at run time, so that the same network
//! always runs the same way on machines of one kind.

use crate::tensor::Shape;

use super::layout::{Halo, LANES, Layout, MemoryFormat};
use super::plan::{Algorithm, Convolution, Tensor, WinogradTile};
use super::precision::{Precision, Products};
use super::strips::StripLayout;
use super::{KernelPolicy, PlanOptions};

/// The maps of a convolution.
#[derive(Clone, Copy)]
pub(super) struct Maps {
    pub input: Shape,
    /// The format in which the input is read.
    pub format: MemoryFormat,
    pub output: Shape,
}

/// A matrix unit, where there is one, takes a convolution where it is faster than the algorithms of f32.
pub(super) fn algorithm(convolution: &Convolution, maps: Maps, options: &PlanOptions) -> Algorithm {
    let of_f32 = match options.policy {
        KernelPolicy::Fastest | KernelPolicy::MatrixUnit if maps.format == MemoryFormat::Nchw16c => {
            winograd(convolution, maps.input, maps.output).map_or(Algorithm::Direct, Algorithm::Winograd)
        }
        _ => Algorithm::Direct,
    };
    let products = match options.precision {
        Precision::Highest => Products::Six,
        Precision::High => Products::Three,
        Precision::Medium => Products::One,
    };
    let takes = options.matrix_unit
        && is_for_tiles(convolution, maps, products)
        && (options.policy == KernelPolicy::MatrixUnit || is_faster(products, of_f32, convolution, maps));
    if takes { Algorithm::Matrix(products) } else { of_f32 }
}

/// Returns whether a matrix unit can compute a convolution: groups are whole blocks of channels, pictures are read
/// without gaps, and a strip of one row takes little memory.
fn is_for_tiles(convolution: &Convolution, maps: Maps, products: Products) -> bool {
    const MOST_TAPS: u64 = 1024;
    const MOST_BYTES: usize = 4 << 20;
    let Convolution { rows, columns, groups, .. } = *convolution;
    let (groups, lanes) = (groups as u64, LANES as u64);
    let is_whole = |channels: u64| groups == 1 || (channels / groups).is_multiple_of(lanes);
    let is_picture = maps.format != MemoryFormat::Nchw16c;
    let has_layout = if is_picture {
        groups == 1 && (columns.dilation == 1 || columns.kernel == 1)
    } else {
        is_whole(maps.input.channels()) && is_whole(maps.output.channels())
    };
    let taps = rows.kernel.saturating_mul(columns.kernel);
    let tensor = |shape: Shape, format: MemoryFormat| Tensor {
        shape,
        offset: 0,
        layout: Layout::new(shape, format, Halo::default()),
    };
    has_layout && taps <= MOST_TAPS && {
        let (input, output) = (tensor(maps.input, maps.format), tensor(maps.output, MemoryFormat::Nchw16c));
        StripLayout::new(convolution, products, &input, &output).bytes <= MOST_BYTES
    }
}

/// Returns whether so many products are faster than an algorithm of f32, by what was measured on a processor that has
/// both (`docs/performance.md`):
///
/// * One product is, for every convolution.
/// * Three are from 32 channels and 32 filters on, and for pictures, where a tile has sixteen positions; not beside tiles
///   of 4×4 outputs on maps of more than 112 rows or columns, where memory is the limit.
/// * Six are from 48 channels, 64 filters and 7×7 outputs on, where f32 would be direct or in tiles of 2×2 outputs. Larger
///   tiles save more, and pictures have too few channels.
fn is_faster(products: Products, of_f32: Algorithm, convolution: &Convolution, maps: Maps) -> bool {
    let groups = convolution.groups as u64;
    let (channels, filters) = (maps.input.channels() / groups, maps.output.channels() / groups);
    let is_picture = maps.format != MemoryFormat::Nchw16c;
    let (height, width) = maps.output.extent();
    let positions = u128::from(height) * u128::from(width);
    let outputs_of_tile = match of_f32 {
        Algorithm::Winograd(WinogradTile { outputs, .. }) => outputs,
        _ => (1, 1),
    };
    match products {
        Products::One => true,
        Products::Three => {
            (channels >= 32 || is_picture)
                && filters >= 32
                && positions >= 16
                && !(outputs_of_tile == (4, 4) && height.max(width) > 112)
        }
        Products::Six => {
            let is_simple = matches!(outputs_of_tile, (1, 1) | (2, 2));
            channels >= 48 && filters >= 64 && positions >= 49 && is_simple
        }
    }
}

/// Winograd's algorithm serves kernels at stride 1 without dilation, from 16 channels on, and groups of whole blocks.
/// Everything else is direct.
///
/// * 3×3: tiles of 4×4 outputs save most multiplications (a quarter is left), but waste edges and read four times
///   the weights, so that smaller maps take tiles of 2×2 (4/9 are left).
/// * 5×5: tiles of 2×2 (36/100 are left).
/// * 1×7 and 7×1: tiles of three outputs (9/21 are left).
/// * 1×3 and 3×1: tiles of four outputs (6/12 are left).
fn winograd(convolution: &Convolution, input: Shape, output: Shape) -> Option<WinogradTile> {
    let taps = |window: &crate::tensor::Window| {
        let plain = window.stride == 1 && window.dilation == 1 && !window.ceil;
        plain.then_some(window.kernel)
    };
    let fits = [input.channels(), output.channels()].iter().all(|&channels| {
        let (groups, lanes) = (convolution.groups as u64, LANES as u64);
        channels / groups >= lanes && (groups == 1 || (channels / groups).is_multiple_of(lanes))
    });
    let (Some(down), Some(across), true) = (taps(&convolution.rows), taps(&convolution.columns), fits) else {
        return None;
    };
    let (height, width) = output.extent();
    let outputs = match (down, across) {
        (3, 3) if height.min(width) > 21 => (4, 4),
        (3, 3) | (5, 5) if height.min(width) > 3 => (2, 2),
        (7, 1) if height > 2 => (3, 1),
        (1, 7) if width > 2 => (1, 3),
        (3, 1) if height > 3 => (4, 1),
        (1, 3) if width > 3 => (1, 4),
        _ => return None,
    };
    Some(WinogradTile { outputs, taps: (down as usize, across as usize) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Window;

    fn algorithm_for(
        options: &PlanOptions,
        (down, across): (u64, u64),
        stride: u64,
        groups: usize,
        extent: u64,
        channels: u64,
    ) -> Algorithm {
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
        let format = if channels < 16 { MemoryFormat::Nhwc } else { MemoryFormat::Nchw16c };
        algorithm(&convolution, Maps { input, format, output: Shape::map(extent, extent, 64) }, options)
    }

    fn options(policy: KernelPolicy, precision: Precision, matrix_unit: bool) -> PlanOptions {
        PlanOptions { batch: 1, policy, precision, matrix_unit, outputs: Vec::new() }
    }

    fn chosen(
        taps: (u64, u64),
        stride: u64,
        groups: usize,
        extent: u64,
        channels: u64,
    ) -> Option<(usize, usize)> {
        let options = options(KernelPolicy::Fastest, Precision::Highest, false);
        match algorithm_for(&options, taps, stride, groups, extent, channels) {
            Algorithm::Winograd(tile) => {
                assert_eq!(tile.taps, (taps.0 as usize, taps.1 as usize));
                Some(tile.outputs)
            }
            Algorithm::Direct => None,
            Algorithm::Matrix(_) => unreachable!("there is no unit"),
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

    #[test]
    fn a_matrix_unit_takes_what_it_is_faster_at() {
        use KernelPolicy::{Fastest, NoWinograd};
        use Precision::{High, Highest, Medium};
        let takes = |policy, precision, taps, stride, extent, channels| {
            let options = options(policy, precision, true);
            matches!(algorithm_for(&options, (taps, taps), stride, 1, extent, channels), Algorithm::Matrix(_))
        };
        // 1×1, strided, and small maps; not where Winograd's larger tiles save more, nor pictures.
        for (taps, stride, extent, channels) in
            [(1, 1, 56, 256), (3, 2, 28, 128), (3, 1, 7, 512), (5, 1, 35, 48)]
        {
            assert!(takes(Fastest, Highest, taps, stride, extent, channels));
            assert!(takes(Fastest, High, taps, stride, extent, channels));
        }
        for (taps, stride, extent, channels) in
            [(3, 1, 56, 64), (3, 1, 224, 64), (7, 2, 112, 3), (1, 1, 56, 16)]
        {
            assert!(!takes(Fastest, Highest, taps, stride, extent, channels));
            assert!(takes(Fastest, Medium, taps, stride, extent, channels));
        }
        assert!(takes(Fastest, High, 3, 1, 56, 64) && takes(Fastest, High, 7, 2, 112, 3));
        assert!(!takes(Fastest, High, 3, 1, 224, 64));
        // Without Winograd's algorithm six products only compete with direct convolution.
        assert!(takes(NoWinograd, Highest, 3, 1, 56, 64));
    }

    #[test]
    fn no_strip_is_large() {
        let options = options(KernelPolicy::Fastest, Precision::Medium, true);
        assert_eq!(algorithm_for(&options, (1, 1), 1, 1, 1 << 30, 64), Algorithm::Direct);
        assert_eq!(algorithm_for(&options, (1 << 20, 1), 1, 1, 1 << 30, 64), Algorithm::Direct);
    }
}

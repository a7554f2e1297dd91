//! How much memory the kernels keep: packed weights, and what they need while they run. The kernels read the
//! same figures, so that a plan knows its memory before anything is allocated.

use crate::tensor::Shape;

use super::layout::LANES;
use super::plan::{Algorithm, Convolution, Filtering, Kernel, Step};

/// The input blocks that a block of 16 filters reads. Filters of a group read the channels of their group;
/// where a block holds filters of several groups, or reads channels of several, taps of other groups are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The number of input blocks, the same for each block of filters.
    pub count: usize,
    lanes: usize,
    blocks: usize,
    channels: usize,
    filters: usize,
    groups: usize,
}

impl Reach {
    /// For a convolution of these groups from a map in blocks of `lanes` channels to `filters`.
    pub fn new(channels: usize, lanes: usize, filters: usize, groups: usize) -> Reach {
        let blocks = channels.div_ceil(lanes);
        let mut reach = Reach { count: blocks, lanes, blocks, channels, filters, groups };
        if groups > 1 {
            let widest = (0..filters.div_ceil(LANES)).map(|block| {
                let (first, end) = reach.range(block);
                end - first
            });
            reach.count = widest.max().unwrap_or(blocks);
        }
        reach
    }

    fn range(&self, block: usize) -> (usize, usize) {
        let (channels, filters) = (self.channels / self.groups, self.filters / self.groups);
        let last = (block * LANES + LANES).min(self.filters) - 1;
        let (first, end) = (block * LANES / filters * channels, (last / filters + 1) * channels);
        (first / self.lanes, end.div_ceil(self.lanes))
    }

    /// The channels that each filter is multiplied with, those with taps of zero among them.
    pub fn multiplied(&self) -> usize {
        if self.groups == 1 { self.channels } else { self.count * self.lanes }
    }

    /// Whether filters are multiplied with channels of their own group only. Otherwise a value that is not finite
    /// spoils the sums of other groups too, because nothing but zero times it is NaN.
    pub fn keeps_groups_apart(&self) -> bool {
        let (channels, filters) = (self.channels / self.groups, self.filters / self.groups);
        self.groups == 1 || (channels.is_multiple_of(self.lanes) && filters.is_multiple_of(LANES))
    }

    /// The first input block that a block of filters reads.
    pub fn first(&self, block: usize) -> usize {
        if self.groups == 1 { 0 } else { self.range(block).0.min(self.blocks - self.count) }
    }
}

/// How the work of a Winograd convolution is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tiles {
    /// The sizes of a tile.
    pub filtering: Filtering,
    /// Tiles along the height and width of a picture.
    pub grid: (usize, usize),
    /// Tiles of the batch.
    pub count: usize,
    /// Pieces of consecutive tiles, each transformed, multiplied and transformed back by one thread. With a
    /// single piece the threads share the transformed input and split the filters.
    pub pieces: usize,
    /// Blocks of filters that are multiplied before they are transformed back.
    pub group: usize,
}

/// Tiles that a piece should have: enough to use each weight often, few enough for the cache.
const TILES_OF_PIECE: usize = 56;

impl Tiles {
    /// For tiles of these sizes.
    pub fn new(filtering: Filtering, output: Shape, batch: usize) -> Tiles {
        let (height, width) = output.extent();
        let (down, across) = filtering.outputs;
        let grid = ((height as usize).div_ceil(down), (width as usize).div_ceil(across));
        let count = batch.saturating_mul(grid.0).saturating_mul(grid.1);
        let blocks = (output.channels() as usize).div_ceil(LANES);
        let pieces = if count < 2 * TILES_OF_PIECE - 16 {
            1
        } else {
            count.div_ceil(TILES_OF_PIECE).next_multiple_of(2)
        };
        let group = if pieces == 1 { (blocks / 8).clamp(1, 4) } else { blocks.min(4) };
        Tiles { filtering, grid, count, pieces, group }
    }

    /// Positions of a transformed tile.
    pub fn positions(&self) -> usize {
        self.filtering.positions()
    }

    /// Tiles of the largest piece.
    pub fn most(&self) -> usize {
        self.count.div_ceil(self.pieces)
    }

    /// The tiles of a piece: first and end.
    pub fn of(&self, piece: usize) -> (usize, usize) {
        (piece * self.count / self.pieces, (piece + 1) * self.count / self.pieces)
    }

    /// Elements of the transformed input of a piece.
    pub fn inputs(&self, channels: usize) -> usize {
        self.positions() * self.most() * channels.next_multiple_of(LANES)
    }

    /// Elements of the products of a group of filters of a piece.
    pub fn products(&self) -> usize {
        self.positions() * self.most() * LANES * self.group
    }
}

/// Outputs of a fully-connected layer whose weights lie side by side.
pub const DENSE_OUTPUTS: usize = 2 * LANES;

/// Elements of the constants of a step as its kernel keeps them.
pub(super) fn packed(step: &Step) -> u128 {
    let elements = |dims: &[usize]| dims.iter().map(|&dim| dim as u128).fold(1, u128::saturating_mul);
    let output = step.output.shape.channels() as usize;
    let blocks = output.div_ceil(LANES);
    match &step.kernel {
        Kernel::Conv(convolution) => {
            let input = step.inputs[0];
            let channels = input.shape.channels() as usize;
            let weights = match convolution.algorithm {
                Algorithm::Direct => {
                    let reach = Reach::new(channels, input.layout.lanes, output, convolution.groups);
                    let (rows, columns) = (convolution.rows.kernel, convolution.columns.kernel);
                    elements(&[blocks, reach.multiplied(), rows as usize, columns as usize, LANES])
                }
                Algorithm::Winograd(filtering) => {
                    elements(&[filtering.positions(), blocks, channels / convolution.groups, LANES])
                }
            };
            weights.saturating_add(elements(&[blocks, LANES]))
        }
        Kernel::Depthwise { rows, columns, .. } => {
            elements(&[blocks, (rows.kernel * columns.kernel) as usize + 1, LANES])
        }
        Kernel::Dense { .. } => {
            let inputs = step.inputs[0].shape.channels() as usize;
            elements(&[output.div_ceil(DENSE_OUTPUTS), inputs + 1, DENSE_OUTPUTS])
        }
        Kernel::Affine => elements(&[2, output.next_multiple_of(LANES)]),
        _ => step
            .constants
            .iter()
            .map(|recipe| recipe.shape.iter().map(|&dim| u128::from(dim)).fold(1, u128::saturating_mul))
            .sum(),
    }
}

/// Elements in the arena that a kernel needs while it runs, for all threads.
pub(super) fn scratch(convolution: &Convolution, input: Shape, output: Shape, batch: usize) -> usize {
    match convolution.algorithm {
        Algorithm::Direct => 0,
        Algorithm::Winograd(filtering) => {
            let tiles = Tiles::new(filtering, output, batch);
            if tiles.pieces == 1 { tiles.inputs(input.channels() as usize) } else { 0 }
        }
    }
}

/// Elements that each thread needs for itself while a step runs.
pub(super) fn private(step: &Step, batch: usize) -> usize {
    match &step.kernel {
        Kernel::Conv(Convolution { algorithm: Algorithm::Winograd(filtering), .. }) => {
            let tiles = Tiles::new(*filtering, step.output.shape, batch);
            let inputs = tiles.inputs(step.inputs[0].shape.channels() as usize);
            tiles.products() + if tiles.pieces == 1 { 0 } else { inputs }
        }
        Kernel::Lrn(lrn) => {
            let channels = (step.output.shape.channels() as usize).next_multiple_of(LANES);
            channels + 2 * lrn_reach(lrn.size, channels)
        }
        _ => 0,
    }
}

/// Neighbours on each side that a local response normalisation sums over, where they could exist.
pub fn lrn_reach(size: u64, channels: usize) -> usize {
    usize::try_from(size / 2).unwrap_or(channels).min(channels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_of_a_group_read_the_blocks_of_their_group() {
        // Two groups of 48 channels: three blocks each.
        let reach = Reach::new(96, 16, 64, 2);
        assert_eq!((reach.count, reach.first(0), reach.first(1), reach.first(2)), (3, 0, 0, 3));
        assert!(reach.keeps_groups_apart());
        // 32 groups of 4 channels: each block of filters reads its own block.
        let reach = Reach::new(128, 16, 128, 32);
        assert_eq!((reach.count, reach.first(5)), (1, 5));
        assert!(!reach.keeps_groups_apart());
        // Groups of 20 channels cross the blocks.
        let reach = Reach::new(40, 16, 40, 2);
        assert_eq!(reach.count, 3);
        assert_eq!(reach.first(2), 0);
    }

    #[test]
    fn pieces_cover_all_tiles() {
        for (height, batch) in [(7, 1), (28, 1), (56, 1), (57, 3), (224, 2)] {
            let filtering = Filtering { outputs: (4, 4), taps: (3, 3) };
            let tiles = Tiles::new(filtering, Shape::map(height, height, 64), batch);
            let mut next = 0;
            for piece in 0..tiles.pieces {
                let (first, end) = tiles.of(piece);
                assert!(first == next && end - first <= tiles.most());
                next = end;
            }
            assert_eq!(next, tiles.count);
        }
    }
}

//! Computes how much memory kernels need: packed constants, scratch memory in the arena, scratch memory of each thread.
//!
//! The kernels call the same functions when they allocate, so a plan knows its memory before anything is allocated.

use crate::tensor::Shape;

use super::layout::LANES;
use super::plan::{Algorithm, Convolution, Kernel, Plan, PlanPort, Step, Tensor, WinogradTile};
use super::precision::Factors;
use super::strips::{self, STEP, StripLayout};

impl Plan {
    /// The size in bytes of all constants as the kernels pack them.
    pub fn constant_bytes(&self) -> u128 {
        let own = self.packed_by().into_iter().enumerate().filter(|(index, packed_by)| index == packed_by);
        own.map(|(index, _)| packed(&self.steps[index]).saturating_mul(4)).sum()
    }

    /// The bytes that a run with `threads` threads needs: the arena, the threads' scratch memory, the constants, and
    /// the arrays of inputs and outputs outside the arena.
    pub fn bytes(&self, threads: usize) -> u128 {
        let elements = |port: &PlanPort| u128::from(port.tensor.shape.elements()) * self.batch as u128;
        let ports = self.inputs.iter().chain(&self.outputs).map(elements).sum::<u128>();
        let scratch = self.scratch_per_thread as u128 * threads as u128;
        (4 * (self.arena as u128 + scratch + ports)).saturating_add(self.constant_bytes())
    }
}

/// The range of input channels, in whole blocks, by which a block of 16 filters is multiplied. A filter reads the
/// channels of its group; if a block of filters or of channels spans several groups, the weights between different
/// groups are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelRange {
    /// Input blocks of the range, the same for each block of filters.
    pub count: usize,
    lanes: usize,
    blocks: usize,
    channels: usize,
    filters: usize,
    groups: usize,
}

impl ChannelRange {
    /// The ranges of a grouped convolution that reads a map in blocks of `lanes` channels and has `filters` filters.
    pub fn new(channels: usize, lanes: usize, filters: usize, groups: usize) -> ChannelRange {
        let blocks = channels.div_ceil(lanes);
        let mut range = ChannelRange { count: blocks, lanes, blocks, channels, filters, groups };
        if groups > 1 {
            let widest = (0..filters.div_ceil(LANES)).map(|block| {
                let (first, end) = range.of(block);
                end - first
            });
            range.count = widest.max().unwrap_or(blocks);
        }
        range
    }

    fn of(&self, block: usize) -> (usize, usize) {
        let (channels, filters) = (self.channels / self.groups, self.filters / self.groups);
        let last = (block * LANES + LANES).min(self.filters) - 1;
        let (first, end) = (block * LANES / filters * channels, (last / filters + 1) * channels);
        (first / self.lanes, end.div_ceil(self.lanes))
    }

    /// The channels that each filter is multiplied with, those with taps of zero among them.
    pub fn multiplied(&self) -> usize {
        if self.groups == 1 { self.channels } else { self.count * self.lanes }
    }

    /// Returns whether filters are multiplied with channels of their own group only. Otherwise an infinite or NaN value
    /// contaminates the sums of other groups, because 0 · ∞ and 0 · NaN are NaN.
    pub fn keeps_groups_apart(&self) -> bool {
        let (channels, filters) = (self.channels / self.groups, self.filters / self.groups);
        self.groups == 1 || (channels.is_multiple_of(self.lanes) && filters.is_multiple_of(LANES))
    }

    /// The first input block that a block of filters reads.
    pub fn first(&self, block: usize) -> usize {
        if self.groups == 1 { 0 } else { self.of(block).0.min(self.blocks - self.count) }
    }
}

/// The split of a Winograd convolution into tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WinogradSchedule {
    /// The sizes of a tile.
    pub tile: WinogradTile,
    /// Tiles along the height and width of a picture.
    pub grid: (usize, usize),
    /// Tiles of the batch.
    pub count: usize,
    /// Tasks of consecutive tiles, each transformed, multiplied and transformed back by one thread. With a single
    /// task the threads share the transformed input and split the filters.
    pub tasks: usize,
    /// Blocks of filters that are multiplied before they are transformed back.
    pub group: usize,
}

/// Tiles that a task should have: enough to use each weight often, few enough for the cache.
const TILES_OF_TASK: usize = 56;

impl WinogradSchedule {
    /// Splits a convolution that is computed by tiles of these sizes.
    pub fn new(tile: WinogradTile, output: Shape, batch: usize) -> WinogradSchedule {
        let (height, width) = output.extent();
        let (down, across) = tile.outputs;
        let grid = ((height as usize).div_ceil(down), (width as usize).div_ceil(across));
        let count = batch.saturating_mul(grid.0).saturating_mul(grid.1);
        let blocks = (output.channels() as usize).div_ceil(LANES);
        let tasks = if count < 2 * TILES_OF_TASK - 16 {
            1
        } else {
            count.div_ceil(TILES_OF_TASK).next_multiple_of(2)
        };
        let group = if tasks == 1 { (blocks / 8).clamp(1, 4) } else { blocks.min(4) };
        WinogradSchedule { tile, grid, count, tasks, group }
    }

    /// Positions of a transformed tile.
    pub fn positions(&self) -> usize {
        self.tile.positions()
    }

    /// Tiles of the largest task.
    pub fn most(&self) -> usize {
        self.count.div_ceil(self.tasks)
    }

    /// The tiles of a task: first and end.
    pub fn of(&self, task: usize) -> (usize, usize) {
        (task * self.count / self.tasks, (task + 1) * self.count / self.tasks)
    }

    /// Elements from one position of the transformed tiles to the next, for `blocks` blocks of so many tiles. An odd
    /// number of cache lines, so that the positions of a tile, which are written one behind the other, lie in
    /// different sets of the cache.
    pub fn position(tiles: usize, blocks: usize) -> usize {
        ((tiles * blocks) | 1) * LANES
    }

    /// Elements of the transformed input of a task.
    pub fn inputs(&self, channels: usize) -> usize {
        self.positions() * WinogradSchedule::position(self.most(), channels.div_ceil(LANES))
    }

    /// Elements of the products of a group of filters of a task.
    pub fn products(&self) -> usize {
        self.positions() * WinogradSchedule::position(self.most(), self.group)
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
                    let range = ChannelRange::new(channels, input.layout.lanes, output, convolution.groups);
                    let (rows, columns) = (convolution.rows.kernel, convolution.columns.kernel);
                    elements(&[blocks, range.multiplied(), rows as usize, columns as usize, LANES])
                }
                Algorithm::Winograd(tile) => {
                    elements(&[tile.positions(), blocks, channels / convolution.groups, LANES])
                }
                Algorithm::Matrix(products) => {
                    let steps = strips::steps(convolution, &input);
                    elements(&[blocks, steps, products.parts(), STEP / 2, LANES])
                }
            };
            weights.saturating_add(elements(&[blocks, LANES]))
        }
        // Each tap belongs to one phase; every phase has the bias.
        Kernel::TransposedConv(convolution) => {
            let input = step.inputs[0];
            let channels = input.shape.channels() as usize;
            let range = ChannelRange::new(channels, input.layout.lanes, output, convolution.groups);
            let (rows, columns) = (convolution.rows.kernel as usize, convolution.columns.kernel as usize);
            let (down, across) = convolution.phases(&step.output.layout);
            elements(&[blocks, range.multiplied(), rows, columns, LANES])
                .saturating_add(elements(&[down, across, blocks, LANES]))
        }
        Kernel::Depthwise { rows, columns, .. } => {
            elements(&[blocks, (rows.kernel * columns.kernel) as usize + 1, LANES])
        }
        Kernel::Dense { factors, .. } => {
            let (inputs, panels) = (step.inputs[0].shape.channels() as usize, output.div_ceil(DENSE_OUTPUTS));
            let of_input = match factors {
                Factors::F32 | Factors::Bf16Parts(_) => DENSE_OUTPUTS,
                // Two in an element.
                Factors::Bf16Weights => DENSE_OUTPUTS / 2,
            };
            elements(&[panels, inputs, of_input]).saturating_add(elements(&[panels, DENSE_OUTPUTS]))
        }
        Kernel::Affine | Kernel::ChannelNorm(_) | Kernel::GroupNorm { .. } => {
            elements(&[2, output.next_multiple_of(LANES)])
        }
        _ => step
            .constants
            .iter()
            .map(|constant| constant.shape.iter().map(|&dim| u128::from(dim)).fold(1, u128::saturating_mul))
            .sum(),
    }
}

/// Bands of rows of each block of 16 channels whose moments a normalisation over all positions computes apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MomentBands {
    /// Blocks of channels.
    pub blocks: usize,
    /// Bands of each block.
    pub bands: usize,
    height: usize,
}

impl MomentBands {
    /// Divides a map of this shape into as many bands as keep the threads busy, and at most one for each row.
    pub fn new(shape: Shape) -> MomentBands {
        const BANDS: usize = 8;
        let blocks = (shape.channels() as usize).div_ceil(LANES);
        let height = shape.extent().0 as usize;
        MomentBands { blocks, bands: BANDS.div_ceil(blocks).min(height), height }
    }

    /// Bands of a picture.
    pub fn of_picture(&self) -> usize {
        self.blocks * self.bands
    }

    /// The rows of a band: first and end.
    pub fn rows(&self, band: usize) -> (usize, usize) {
        (band * self.height / self.bands, (band + 1) * self.height / self.bands)
    }
}

/// Elements of scratch memory in the arena that a step needs while it runs, for all threads together.
pub(super) fn scratch(kernel: &Kernel, input: &Tensor, output: &Tensor, batch: usize) -> usize {
    match kernel {
        Kernel::Conv(Convolution { algorithm: Algorithm::Winograd(tile), .. }) => {
            let tiles = WinogradSchedule::new(*tile, output.shape, batch);
            if tiles.tasks == 1 { tiles.inputs(input.shape.channels() as usize) } else { 0 }
        }
        Kernel::Conv(convolution @ Convolution { algorithm: Algorithm::Matrix(products), .. }) => {
            let strips = StripLayout::new(convolution, *products, input, output);
            if strips.strips == 1 { strips.elements().saturating_mul(batch) } else { 0 }
        }
        // A mean and a sum of squares for each channel of a band.
        Kernel::GroupNorm { .. } => {
            batch.saturating_mul(MomentBands::new(output.shape).of_picture()).saturating_mul(2 * LANES)
        }
        _ => 0,
    }
}

/// Elements of scratch memory that each thread needs for itself while a step runs.
pub(super) fn per_thread(step: &Step, batch: usize) -> usize {
    match &step.kernel {
        Kernel::Conv(Convolution { algorithm: Algorithm::Winograd(tile), .. }) => {
            let tiles = WinogradSchedule::new(*tile, step.output.shape, batch);
            let inputs = tiles.inputs(step.inputs[0].shape.channels() as usize);
            tiles.products() + if tiles.tasks == 1 { 0 } else { inputs }
        }
        Kernel::Conv(convolution @ Convolution { algorithm: Algorithm::Matrix(products), .. }) => {
            let strips = StripLayout::new(convolution, *products, &step.inputs[0], &step.output);
            if strips.strips == 1 { 0 } else { strips.elements() }
        }
        Kernel::Lrn(lrn) => {
            lrn_position(lrn.size, step.output.shape.channels() as usize).saturating_mul(LRN_POSITIONS)
        }
        _ => 0,
    }
}

/// Positions that a local response normalisation computes side by side.
pub const LRN_POSITIONS: usize = 8;

/// Elements of scratch memory for a position: its channels in whole blocks, with their neighbours on both sides.
pub fn lrn_position(size: u64, channels: usize) -> usize {
    let padded = channels.next_multiple_of(LANES);
    padded + 2 * lrn_radius(size, padded)
}

/// Neighbouring channels on each side that a local response normalisation sums over, at most all that exist.
pub fn lrn_radius(size: u64, channels: usize) -> usize {
    usize::try_from(size / 2).unwrap_or(channels).min(channels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_of_a_group_read_the_blocks_of_their_group() {
        // Two groups of 48 channels: three blocks each.
        let range = ChannelRange::new(96, 16, 64, 2);
        assert_eq!((range.count, range.first(0), range.first(1), range.first(2)), (3, 0, 0, 3));
        assert!(range.keeps_groups_apart());
        // 32 groups of 4 channels: each block of filters reads its own block.
        let range = ChannelRange::new(128, 16, 128, 32);
        assert_eq!((range.count, range.first(5)), (1, 5));
        assert!(!range.keeps_groups_apart());
        // Groups of 20 channels cross the blocks.
        let range = ChannelRange::new(40, 16, 40, 2);
        assert_eq!(range.count, 3);
        assert_eq!(range.first(2), 0);
    }

    #[test]
    fn tasks_cover_all_tiles() {
        for (height, batch) in [(7, 1), (28, 1), (56, 1), (57, 3), (224, 2)] {
            let tile = WinogradTile { outputs: (4, 4), taps: (3, 3) };
            let tiles = WinogradSchedule::new(tile, Shape::map(height, height, 64), batch);
            let mut next = 0;
            for task in 0..tiles.tasks {
                let (first, end) = tiles.of(task);
                assert!(first == next && end - first <= tiles.most());
                next = end;
            }
            assert_eq!(next, tiles.count);
        }
    }
}

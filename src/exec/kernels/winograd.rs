//! Winograd's minimal filtering F(m×n, r×s) (Lavin & Gray 2015, "Fast Algorithms for Convolutional Neural
//! Networks"): tiles of the input and the filters are transformed, multiplied position by position as matrices
//! of tiles and channels, and transformed back. For which layers: `lower::choose`.
//!
//! With several tasks of tiles a thread does all three for its task, in its own memory. With a single task of
//! tiles the threads share the transformed input and split the filters.
#![allow(unsafe_code)]

mod tiles;

use std::sync::Arc;

use ndarray::ArrayD;

use crate::diag::Failure;
use crate::lower::{Convolution, LANES, Step, Tensor, WinogradSchedule, WinogradTile};

use super::activate::Epilogue;
use super::lanes::{Isa, with};
use super::memory::Memory;
use super::tile::{BlockWidth, ChannelBlocks, IterationSpace, TilePointers};
use super::tile_grid::TileGrid;
use super::transform::Transform;
use super::{CompiledStep, halo, pack};
use tiles::{Inputs, Outputs};

pub(super) struct Winograd<T: Transform> {
    isa: Isa,
    input: Tensor,
    addend: Option<Tensor>,
    output: Tensor,
    filters: TransformedFilters,
    epilogue: Epilogue,
    tiles: WinogradSchedule,
    /// Zeros before the first row and column.
    before: (usize, usize),
    /// The offset in the arena of the shared transformed input.
    scratch: usize,
    /// The cells of the largest task and of one that is smaller by a tile.
    grids: [(usize, TileGrid); 2],
    phases: Vec<usize>,
    transform: std::marker::PhantomData<T>,
}

/// The packed filters in the transformed domain. Channels and filters are counted in blocks of 16, except in
/// `of_group`.
struct TransformedFilters {
    /// Ordered by position of the tile, block of filters, channel of the group, filter of the block.
    weights: Arc<Memory>,
    /// The bias of each filter, and behind it a block of zeros.
    bias: Arc<Memory>,
    /// Blocks of input channels.
    channels: usize,
    /// Blocks of filters.
    blocks: usize,
    /// The number of groups. Several groups consist of whole blocks each.
    groups: usize,
    /// The channels of one group.
    of_group: usize,
}

impl TransformedFilters {
    /// The first block of input channels that a block of filters reads.
    fn first_channels(&self, block: usize) -> usize {
        block / self.blocks.div_ceil(self.groups) * (self.channels / self.groups)
    }

    /// The index of the sixteen weights of a block of filters for one channel of its group, at a position of the tile.
    fn vector(&self, position: usize, block: usize, channel: usize) -> usize {
        ((position * self.blocks + block) * self.of_group + channel) * LANES
    }
}

fn tile_size<T: Transform>() -> WinogradTile {
    WinogradTile { outputs: T::OUTPUTS, taps: T::TAPS }
}

impl<T: Transform> Winograd<T> {
    /// Packs the transformed weight, and the bias.
    ///
    /// # Errors
    /// E0607 where there is too little memory.
    pub(super) fn pack(
        step: &Step,
        convolution: &Convolution,
        constants: &[ArrayD<f32>],
        threads: usize,
    ) -> Result<Vec<Memory>, Failure> {
        let taps = T::TAPS.0 * T::TAPS.1;
        let [inputs, outputs] = [step.inputs[0], step.output].map(|one| one.shape.channels() as usize);
        let filters = outputs.div_ceil(LANES);
        let weight = constants[0].as_slice().expect("constants are loaded in standard layout");
        let of_group = inputs / convolution.groups;
        let len = of_group * LANES;
        let weights = Memory::zeroed(tile_size::<T>().positions() * filters * len)?;
        pack::on_threads(threads, filters, |block| {
            for channel in 0..of_group {
                for lane in 0..LANES.min(outputs - block * LANES) {
                    let filter = &weight[((block * LANES + lane) * of_group + channel) * taps..][..taps];
                    T::filter(filter, |position, value| {
                        let at = (position * filters + block) * len + channel * LANES + lane;
                        // SAFETY: in bounds; no other block has this element.
                        unsafe { *weights.at(at) = value };
                    });
                }
            }
        });
        let bias = pack::channels(constants.get(1).and_then(|bias| bias.as_slice()), outputs)?;
        Ok(vec![weights, bias])
    }

    pub(super) fn new(
        isa: Isa,
        step: &Step,
        convolution: &Convolution,
        batch: usize,
        packed: &[Arc<Memory>],
    ) -> Winograd<T> {
        let (input, output) = (step.inputs[0], step.output);
        let tiles = WinogradSchedule::new(tile_size::<T>(), output.shape, batch);
        let (inputs, outputs) = (input.shape.channels() as usize, output.shape.channels() as usize);
        let (channels, filters) = (inputs.div_ceil(LANES), outputs.div_ceil(LANES));
        let phases = if tiles.tasks == 1 {
            vec![2 * channels, filters.div_ceil(tiles.group)]
        } else {
            vec![tiles.tasks]
        };
        let most = tiles.most();
        let grid = |count: usize| (count, TileGrid::new(isa, BlockWidth::Sixteen, (1, count), LANES));
        Winograd {
            isa,
            input,
            addend: convolution.addend.then(|| step.inputs[1]),
            output,
            filters: TransformedFilters {
                weights: Arc::clone(&packed[0]),
                bias: Arc::clone(&packed[1]),
                channels,
                blocks: filters,
                groups: convolution.groups,
                of_group: inputs / convolution.groups,
            },
            epilogue: Epilogue::of(step.activation),
            tiles,
            before: (convolution.rows.pad_before as usize, convolution.columns.pad_before as usize),
            scratch: step.scratch.0,
            grids: [grid(most), grid(most.saturating_sub(1).max(1))],
            phases,
            transform: std::marker::PhantomData,
        }
    }

    /// Multiplies a group of filters with the transformed tiles `input` at each position, and transforms the products
    /// back.
    fn multiply(
        &self,
        arena: &Memory,
        (first, end): (usize, usize),
        group: usize,
        input: *const f32,
        products: *mut f32,
    ) {
        let count = end - first;
        let blocks = group * self.tiles.group..self.filters.blocks.min((group + 1) * self.tiles.group);
        let space = IterationSpace {
            channels: ChannelBlocks::of(self.filters.of_group, LANES, 1, true),
            block: count * LANES,
            kernel_rows: 1,
            kernel_row: 0,
            segment: 0,
            pixel: LANES,
            input_row: 0,
            output_pixel: LANES,
            output_row: 0,
            addend_row: 0,
            min: f32::NEG_INFINITY,
            max: f32::INFINITY,
        };
        let grid = self
            .grids
            .iter()
            .find(|(tiles, _)| *tiles == count)
            .map(|(_, grid)| grid)
            .expect("tasks differ by at most one tile");
        let cells = grid.cells(0..grid.len());
        let input_position = WinogradSchedule::position(count, self.filters.channels);
        let product_position = WinogradSchedule::position(count, self.tiles.group);
        for position in 0..self.tiles.positions() {
            let input = input.wrapping_add(position * input_position);
            let products = products.wrapping_add(position * product_position);
            grid.visit(cells, |cell| {
                for (index, block) in blocks.clone().enumerate() {
                    let first = self.filters.first_channels(block) * count;
                    let pointers = TilePointers {
                        input: input.wrapping_add((first + cell.column) * LANES),
                        weights: self.filters.weights.at(self.filters.vector(position, block, 0)),
                        bias: self.filters.bias.at(self.filters.blocks * LANES),
                        addend: std::ptr::null(),
                        output: products.wrapping_add((index * count + cell.column) * LANES),
                    };
                    // SAFETY: the memory of inputs and products has room for all positions of the task.
                    unsafe { (cell.tile)(&space, pointers) };
                }
            });
        }
        for (index, block) in blocks.enumerate() {
            with(
                self.isa,
                Outputs {
                    of: self,
                    arena,
                    block,
                    tiles: (first, end),
                    products: products.wrapping_add(index * count * LANES),
                },
            );
        }
    }
}

impl<T: Transform> CompiledStep for Winograd<T> {
    fn phases(&self) -> &[usize] {
        &self.phases
    }

    fn run(&self, phase: usize, task: usize, arena: &Memory, scratch: &Memory) {
        let all = (0, self.tiles.count);
        if self.tiles.tasks > 1 {
            let tiles = self.tiles.of(task);
            let (input, products) = (scratch.at(self.tiles.products()), scratch.at(0));
            for block in 0..self.filters.channels {
                with(self.isa, Inputs { of: self, arena, block, tiles, task: tiles, target: input });
            }
            if task == 0 {
                for picture in 0..self.tiles.count / (self.tiles.grid.0 * self.tiles.grid.1) {
                    for block in 0..self.filters.blocks {
                        // SAFETY: only this task writes the zeros.
                        unsafe { halo::clear(arena, &self.output, picture, block) };
                    }
                }
            }
            for group in 0..self.filters.blocks.div_ceil(self.tiles.group) {
                self.multiply(arena, tiles, group, input, products);
            }
        } else if phase == 0 {
            let (block, half) = (task / 2, task % 2);
            let tiles = (half * all.1 / 2, (half + 1) * all.1 / 2);
            let target = arena.at(self.scratch);
            with(self.isa, Inputs { of: self, arena, block, tiles, task: all, target });
        } else {
            for picture in 0..self.tiles.count / (self.tiles.grid.0 * self.tiles.grid.1) {
                for block in task * self.tiles.group..self.filters.blocks.min((task + 1) * self.tiles.group) {
                    // SAFETY: no other task has this block.
                    unsafe { halo::clear(arena, &self.output, picture, block) };
                }
            }
            self.multiply(arena, all, task, arena.at(self.scratch), scratch.at(0));
        }
    }
}

impl<T: Transform> Winograd<T> {
    /// The picture, row and column of each tile of a range.
    #[inline(always)]
    fn places(&self, (first, end): (usize, usize)) -> impl Iterator<Item = (usize, usize, usize)> {
        let (rows, columns) = self.tiles.grid;
        let mut next = (first / (rows * columns), first / columns % rows, first % columns);
        (first..end).map(move |_| {
            let place = next;
            next.2 += 1;
            if next.2 == columns {
                next = (next.0, next.1 + 1, 0);
            }
            if next.1 == rows {
                next = (next.0 + 1, 0, 0);
            }
            place
        })
    }
}

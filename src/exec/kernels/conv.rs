//! Direct convolution over blocks of channels, for every kernel, stride, dilation and groups.
//!
//! The zeros around the input are stored in memory, so that this code has no borders. A task computes some blocks of
//! filters for some cells of the plane: the weights of a block stay in the cache while its cells are computed.
//! Large maps are split by cells, so that each thread keeps its part of the input; maps with more weights than
//! inputs are split by filters, so that each thread reads its part of the weights once.
#![allow(unsafe_code)]

use ndarray::ArrayD;

use crate::diag::Failure;
use crate::lower::{ChannelRange, Convolution, LANES, Step, Tensor};

use super::activate::Epilogue;
use super::group_fixup::GroupFixup;
use super::lanes::Isa;
use super::memory::Memory;
use super::tile::{ChannelBlocks, IterationSpace, TilePointers, packed_position};
use super::tile_grid::TileGrid;
use super::{CompiledStep, halo, pack};

/// Tasks of a step, where its size allows.
const TASKS: usize = 16;

pub(super) struct Conv {
    isa: Isa,
    tensors: Tensors,
    filters: Filters,
    space: IterationSpace,
    /// From the first position of the input back to what the first output sees, within the halo.
    start: usize,
    grid: TileGrid,
    epilogue: Epilogue,
    split: TaskSplit,
    phases: [usize; 1],
}

struct Tensors {
    input: Tensor,
    addend: Option<Tensor>,
    output: Tensor,
}

/// The packed filters, in blocks of 16.
struct Filters {
    weights: Memory,
    bias: Memory,
    blocks: usize,
    /// Elements of the weights of a block.
    block_len: usize,
    /// The channels that a block is multiplied with.
    channels: ChannelRange,
    /// Present where blocks are multiplied with channels of other groups.
    fixup: Option<GroupFixup>,
}

/// How the work is shared out in tasks: by pictures, bands of cells, and groups of filter blocks.
struct TaskSplit {
    pictures: usize,
    /// Pictures of a task; the batch where the work is split by filters.
    pictures_of_task: usize,
    bands: usize,
    filter_groups: usize,
}

impl Conv {
    pub(super) fn new(
        isa: Isa,
        step: &Step,
        convolution: &Convolution,
        batch: usize,
        constants: Vec<ArrayD<f32>>,
        threads: usize,
    ) -> Result<Conv, Failure> {
        let addend = convolution.addend.then(|| step.inputs[1]);
        let tensors = Tensors { input: step.inputs[0], addend, output: step.output };
        let filters = Filters::new(&tensors, convolution, &constants, threads)?;
        let epilogue = Epilogue::of(step.activation);
        let (rows, columns) = (convolution.rows, convolution.columns);
        let (input, output) = (tensors.input.layout, tensors.output.layout);
        let contiguous = columns.dilation == 1 || columns.kernel == 1;
        let mut space = IterationSpace {
            channels: ChannelBlocks::of(
                filters.channels.multiplied(),
                input.lanes,
                columns.kernel as usize,
                contiguous,
            ),
            block: input.block(),
            kernel_rows: rows.kernel as usize,
            kernel_row: rows.dilation as usize * input.row(),
            segment: columns.dilation as usize * input.lanes,
            pixel: columns.stride as usize * input.lanes,
            input_row: rows.stride as usize * input.row(),
            output_row: output.row(),
            addend_row: addend.map_or(0, |addend| addend.layout.row()),
            min: epilogue.min,
            max: epilogue.max,
        };
        let plane = if tensors.are_one_row(convolution) {
            (space.input_row, space.output_row, space.addend_row) = (0, 0, 0);
            (1, output.height * output.width)
        } else {
            (output.height, output.width)
        };
        let grid = TileGrid::new(isa, plane, space.pixel);
        let split = TaskSplit::new(&filters, input.picture(), grid.len(), batch);
        Ok(Conv {
            isa,
            filters,
            // The halo of the input is at least as wide as the padding of this convolution.
            start: rows.pad_before as usize * input.row() + columns.pad_before as usize * input.lanes,
            tensors,
            space,
            grid,
            epilogue,
            phases: [split.tasks()],
            split,
        })
    }

    /// Computes a band of cells of one block of filters of one picture.
    fn block(&self, arena: &Memory, picture: usize, block: usize, band: usize) {
        let Conv { tensors, filters, space, .. } = self;
        let at = |tensor: &Tensor, block: usize| tensor.offset + tensor.layout.at(picture, block, 0);
        let input = at(&tensors.input, filters.channels.first(block)) - self.start;
        let output = at(&tensors.output, block);
        let addend = tensors.addend.map(|addend| at(&addend, block));
        let cells = self.grid.len();
        for cell in band * cells / self.split.bands..(band + 1) * cells / self.split.bands {
            self.grid.visit(cell, |cell| {
                let position = |row_stride: usize| cell.row * row_stride + cell.column * LANES;
                let target = arena.at(output + position(space.output_row));
                let pointers = TilePointers {
                    input: arena.at(input + cell.row * space.input_row + cell.column * space.pixel),
                    weights: filters.weights.at(block * filters.block_len),
                    bias: filters.bias.at(block * LANES),
                    addend: addend.map_or(std::ptr::null(), |start| {
                        arena.at(start + position(space.addend_row)).cast_const()
                    }),
                    output: target,
                };
                // SAFETY: the plan gives the input the zeros that the kernel reaches, and the packed weights
                // have a vector for each float of the iteration space; no other task writes these outputs.
                unsafe {
                    (cell.tile)(space, pointers);
                    if let Some(fixup) = &filters.fixup {
                        let size = (cell.rows, cell.columns);
                        fixup.recompute_nans(space, pointers, size, &filters.channels, block);
                    }
                    for row in 0..cell.rows {
                        let line = target.wrapping_add(row * space.output_row);
                        self.epilogue.after(self.isa, line, cell.columns * LANES);
                    }
                }
            });
        }
    }
}

impl CompiledStep for Conv {
    fn phases(&self) -> &[usize] {
        &self.phases
    }

    fn run(&self, _phase: usize, task: usize, arena: &Memory, _scratch: &Memory) {
        let split = &self.split;
        let (task, group) = (task / split.filter_groups, task % split.filter_groups);
        let (pictures, band) = (task / split.bands, task % split.bands);
        let first = pictures * split.pictures_of_task;
        let blocks = self.filters.blocks;
        for block in group * blocks / split.filter_groups..(group + 1) * blocks / split.filter_groups {
            for picture in first..(first + split.pictures_of_task).min(split.pictures) {
                if band == 0 {
                    // SAFETY: no other task has the first band of this block.
                    unsafe { halo::clear(arena, &self.tensors.output, picture, block) };
                }
                self.block(arena, picture, block, band);
            }
        }
    }
}

impl Tensors {
    /// Whether the plane of a 1×1 convolution is one long row in all tensors: no zeros anywhere, no stride.
    fn are_one_row(&self, convolution: &Convolution) -> bool {
        let is_pointwise = [convolution.rows, convolution.columns]
            .iter()
            .all(|window| window.kernel == 1 && window.stride == 1 && window.pad_before == 0);
        let (input, output) = (self.input.layout, self.output.layout);
        let all = [Some(self.input), Some(self.output), self.addend];
        is_pointwise
            && all.iter().flatten().all(|one| one.layout.is_flat())
            && (input.height, input.width) == (output.height, output.width)
    }
}

impl Filters {
    fn new(
        tensors: &Tensors,
        convolution: &Convolution,
        constants: &[ArrayD<f32>],
        threads: usize,
    ) -> Result<Filters, Failure> {
        let lanes = tensors.input.layout.lanes;
        let inputs = tensors.input.shape.channels() as usize;
        let filters = tensors.output.shape.channels() as usize;
        let blocks = filters.div_ceil(LANES);
        let channels = ChannelRange::new(inputs, lanes, filters, convolution.groups);
        let kernel = (convolution.rows.kernel as usize, convolution.columns.kernel as usize);
        let taps = kernel.0 * kernel.1;
        let block_len = channels.multiplied() * taps * LANES;
        let weight = constants[0].as_slice().expect("constants are loaded in standard layout");
        let (of_group, filters_of_group) = (inputs / convolution.groups, filters / convolution.groups);
        let weights = pack::blocks(threads, blocks, block_len, |block, packed| {
            let first = channels.first(block) * lanes;
            for (lane, filter) in (block * LANES..filters.min(block * LANES + LANES)).enumerate() {
                let group = filter / filters_of_group;
                for local in 0..of_group {
                    let channel = group * of_group + local - first;
                    let source = &weight[(filter * of_group + local) * taps..][..taps];
                    let (start, step) = packed_position(channel, channels.multiplied(), lanes, taps);
                    for (tap, &value) in source.iter().enumerate() {
                        packed[(start + tap * step) * LANES + lane] = value;
                    }
                }
            }
        })?;
        let bias = pack::channels(constants.get(1).and_then(|bias| bias.as_slice()), filters)?;
        let fixup = (!channels.keeps_groups_apart()).then_some(GroupFixup {
            channels: of_group,
            filters: filters_of_group,
            all_filters: filters,
            kernel,
            lanes,
        });
        Ok(Filters { weights, bias, blocks, block_len, channels, fixup })
    }
}

impl TaskSplit {
    fn new(filters: &Filters, input_len: usize, cells: usize, batch: usize) -> TaskSplit {
        if filters.block_len * filters.blocks > input_len && filters.blocks >= 4 {
            return TaskSplit {
                pictures: batch,
                pictures_of_task: batch,
                bands: 1,
                filter_groups: filters.blocks.min(TASKS),
            };
        }
        let bands = cells.min(TASKS);
        let filter_groups = if bands < 4 { filters.blocks.min(4) } else { 1 };
        TaskSplit { pictures: batch, pictures_of_task: 1, bands, filter_groups }
    }

    fn tasks(&self) -> usize {
        self.pictures / self.pictures_of_task * self.bands * self.filter_groups
    }
}

//! Direct convolution over blocks of channels, for every kernel, stride, dilation and groups; of all outputs, or of
//! rows and columns at a distance.
//!
//! The zeros around the input are stored in memory, so that this code has no borders. A task computes some blocks of
//! filters for some cells of the plane: the weights of a block stay in the cache while its cells are computed.
//! Large maps are split by cells, so that each thread keeps its part of the input; maps with more weights than
//! inputs are split by filters, so that each thread reads its part of the weights once.
#![allow(unsafe_code)]

mod filters;

use std::sync::Arc;

use ndarray::ArrayD;

use crate::diag::Failure;
use crate::lower::{Convolution, LANES, Step, Tensor};

pub(super) use filters::Filters;

use super::activate::Epilogue;
use super::lanes::Isa;
use super::memory::Memory;
use super::tile::{BlockWidth, ChannelBlocks, IterationSpace, TilePointers};
use super::tile_grid::{Cells, GridCell, TileGrid};
use super::{CompiledStep, halo};

/// The number of tasks that a step is split into where it is large enough.
const TASKS: usize = 16;

/// A convolution's kernel, stride and dilation, rows first, and which outputs it computes.
pub(super) struct ConvGeometry {
    /// Rows and columns of the kernel. With none the result is the bias.
    pub taps: (usize, usize),
    pub stride: (usize, usize),
    pub dilation: (usize, usize),
    pub groups: usize,
    /// The row and column of the input that the first output sees with its first tap, within the zeros around it.
    pub first_input: (i64, i64),
    /// The first row and column of the output that are computed. The convolution that computes the very first output
    /// writes the zeros around the map, too.
    pub first_output: (usize, usize),
    /// The distance between rows and between columns that are computed.
    pub output_step: (usize, usize),
    /// Rows and columns that are computed.
    pub outputs: (usize, usize),
}

/// The maps that a convolution reads and writes.
#[derive(Clone, Copy)]
pub(super) struct ConvTensors {
    pub input: Tensor,
    /// A tensor that is added to the results; used only where all outputs are computed.
    pub addend: Option<Tensor>,
    pub output: Tensor,
}

pub(super) struct Conv {
    isa: Isa,
    tensors: ConvTensors,
    filters: Filters,
    space: IterationSpace,
    planes: Planes,
    /// Whether this convolution writes the zeros around the output.
    writes_halo: bool,
    /// The grid of the last block of filters, and that of the others.
    grids: [TileGrid; 2],
    epilogue: Epilogue,
    split: TaskSplit,
    phases: [usize; 1],
}

/// The position of each block of a tensor at which a convolution begins.
#[derive(Clone, Copy)]
struct Plane {
    /// The element in the arena, for the first block of the first picture.
    start: usize,
    /// Elements from one picture to the next.
    picture: usize,
    /// Elements from one block to the next.
    block: usize,
}

impl Plane {
    /// Begins so many elements behind the first position of the map.
    fn of(tensor: &Tensor, offset: isize) -> Plane {
        let start = (tensor.offset + tensor.layout.at(0, 0, 0)).wrapping_add_signed(offset);
        Plane { start, picture: tensor.layout.picture(), block: tensor.layout.block() }
    }

    /// The element at which a block begins. Checks of overflow would take time from small maps; the plan has checked
    /// the sizes of all tensors.
    fn at(&self, picture: usize, block: usize) -> usize {
        let picture = self.start.wrapping_add(picture.wrapping_mul(self.picture));
        picture.wrapping_add(block.wrapping_mul(self.block))
    }
}

/// What a convolution reads and writes.
struct Planes {
    input: Plane,
    addend: Option<Plane>,
    output: Plane,
}

/// The split of the work into tasks: by pictures, bands of cells, and groups of filter blocks.
struct TaskSplit {
    pictures: usize,
    /// Pictures of a task; the whole batch where the work is split by filters.
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
        packed: &[Arc<Memory>],
    ) -> Conv {
        let tensors = ConvTensors::of(step, convolution.addend);
        let geometry = ConvGeometry::of(convolution, &tensors.output);
        let filters = Filters::new(&tensors, &geometry, &packed[0], &packed[1]);
        Conv::with(isa, geometry, tensors, filters, Epilogue::of(step.activation), batch)
    }

    /// Packs the weight and the bias.
    ///
    /// # Errors
    /// E0607 where there is too little memory.
    pub(super) fn pack(
        step: &Step,
        convolution: &Convolution,
        constants: &[ArrayD<f32>],
        threads: usize,
    ) -> Result<Vec<Memory>, Failure> {
        let tensors = ConvTensors::of(step, convolution.addend);
        let geometry = ConvGeometry::of(convolution, &tensors.output);
        let weight = constants[0].as_slice().expect("constants are loaded in standard layout");
        let bias = constants.get(1).and_then(|bias| bias.as_slice());
        Ok(Filters::pack(&tensors, &geometry, weight, bias, threads)?.into())
    }

    /// Makes a convolution of packed filters.
    pub(super) fn with(
        isa: Isa,
        geometry: ConvGeometry,
        tensors: ConvTensors,
        filters: Filters,
        epilogue: Epilogue,
        batch: usize,
    ) -> Conv {
        let ConvGeometry { taps, stride, dilation, output_step, .. } = geometry;
        let (input, output) = (tensors.input.layout, tensors.output.layout);
        let contiguous = dilation.1 == 1 || taps.1 == 1;
        let mut space = IterationSpace {
            channels: ChannelBlocks::of(filters.channels.multiplied(), input.lanes, taps.1, contiguous),
            block: input.block(),
            kernel_rows: taps.0,
            kernel_row: dilation.0 * input.row(),
            segment: dilation.1 * input.lanes,
            pixel: stride.1 * input.lanes,
            output_pixel: output_step.1 * output.lanes,
            input_row: stride.0 * input.row(),
            output_row: output_step.0 * output.row(),
            addend_row: tensors.addend.map_or(0, |addend| addend.layout.row()),
            min: epilogue.min,
            max: epilogue.max,
        };
        let plane = if geometry.is_pointwise() && tensors.are_one_row() {
            (space.input_row, space.output_row, space.addend_row) = (0, 0, 0);
            (1, output.height * output.width)
        } else {
            geometry.outputs
        };
        let last = BlockWidth::of_last(tensors.output.shape.channels() as usize);
        let grids = [last, BlockWidth::Sixteen].map(|block| TileGrid::new(isa, block, plane, space.pixel));
        let split = TaskSplit::new(&filters, input.picture(), grids[0].len(), batch);
        let (row, column) = geometry.first_input;
        let first_output = geometry.first_output.0 * output.row() + geometry.first_output.1 * output.lanes;
        Conv {
            isa,
            filters,
            planes: Planes {
                // The halo of the input is at least as wide as this convolution reaches.
                input: Plane::of(
                    &tensors.input,
                    row as isize * input.row() as isize + column as isize * input.lanes as isize,
                ),
                addend: tensors.addend.map(|addend| Plane::of(&addend, 0)),
                output: Plane::of(&tensors.output, first_output as isize),
            },
            writes_halo: first_output == 0,
            tensors,
            space,
            grids,
            epilogue,
            phases: [split.tasks()],
            split,
        }
    }

    /// Computes some cells of one block of filters of one picture.
    fn block(&self, arena: &Memory, picture: usize, block: usize, cells: Cells) {
        let Conv { filters, space, planes, .. } = self;
        let first = TilePointers {
            input: arena.at(planes.input.at(picture, filters.channels.first(block))),
            weights: filters.weights.at(block.wrapping_mul(filters.block_len)),
            bias: filters.bias.at(block.wrapping_mul(LANES)),
            addend: planes
                .addend
                .map_or(std::ptr::null(), |addend| arena.at(addend.at(picture, block)).cast_const()),
            output: arena.at(planes.output.at(picture, block)),
        };
        let grid = &self.grids[usize::from(block + 1 < filters.blocks)];
        grid.visit(cells, |cell| {
            // Checks of overflow would cost as much as a part of a small tile; the plan has checked all sizes.
            let offset = |row: usize, pixel: usize| {
                cell.row.wrapping_mul(row).wrapping_add(cell.column.wrapping_mul(pixel))
            };
            let pointers = TilePointers {
                input: first.input.wrapping_add(offset(space.input_row, space.pixel)),
                addend: if first.addend.is_null() {
                    first.addend
                } else {
                    first.addend.wrapping_add(offset(space.addend_row, LANES))
                },
                output: first.output.wrapping_add(offset(space.output_row, space.output_pixel)),
                ..first
            };
            // SAFETY: the plan gives the input the zeros that the kernel reaches, and the packed weights
            // have a vector for each float of the iteration space; no other task writes these outputs.
            unsafe {
                (cell.tile)(space, pointers);
                if let Some(fixup) = &filters.fixup {
                    let size = (cell.rows, cell.columns);
                    fixup.recompute_nans(space, pointers, size, &filters.channels, block);
                }
                if !self.epilogue.only_clamps() {
                    self.activate(&cell, pointers.output);
                }
            }
        });
    }

    /// Applies the activation to the outputs of a cell.
    ///
    /// # Safety
    /// The outputs were written, and nobody else accesses them meanwhile.
    unsafe fn activate(&self, cell: &GridCell, output: *mut f32) {
        let IterationSpace { output_row, output_pixel, .. } = self.space;
        for row in 0..cell.rows {
            let line = output.wrapping_add(row * output_row);
            let (runs, len) =
                if output_pixel == LANES { (1, cell.columns * LANES) } else { (cell.columns, LANES) };
            for run in 0..runs {
                // SAFETY: the caller's promise.
                unsafe { self.epilogue.after(self.isa, line.wrapping_add(run * output_pixel), len) };
            }
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
        let cells = self.grids[0].len();
        let cells = self.grids[0].cells(band * cells / split.bands..(band + 1) * cells / split.bands);
        for block in group * blocks / split.filter_groups..(group + 1) * blocks / split.filter_groups {
            for picture in first..(first + split.pictures_of_task).min(split.pictures) {
                if band == 0 && self.writes_halo {
                    // SAFETY: no other task has the first band of this block.
                    unsafe { halo::clear(arena, &self.tensors.output, picture, block) };
                }
                self.block(arena, picture, block, cells);
            }
        }
    }
}

impl ConvGeometry {
    /// The geometry of a convolution that computes all of its outputs.
    fn of(convolution: &Convolution, output: &Tensor) -> ConvGeometry {
        let Convolution { rows, columns, groups, .. } = convolution;
        ConvGeometry {
            taps: (rows.kernel as usize, columns.kernel as usize),
            stride: (rows.stride as usize, columns.stride as usize),
            dilation: (rows.dilation as usize, columns.dilation as usize),
            groups: *groups,
            first_input: (-(rows.pad_before as i64), -(columns.pad_before as i64)),
            first_output: (0, 0),
            output_step: (1, 1),
            outputs: (output.layout.height, output.layout.width),
        }
    }

    /// Returns whether each output sees the input at its own position and nothing else.
    fn is_pointwise(&self) -> bool {
        let one = (1, 1);
        self.taps == one && self.stride == one && self.output_step == one && self.first_input == (0, 0)
    }
}

impl ConvTensors {
    /// The tensors of a step, whose second input may be an addend.
    pub(super) fn of(step: &Step, addend: bool) -> ConvTensors {
        let addend = addend.then(|| step.inputs[1]);
        ConvTensors { input: step.inputs[0], addend, output: step.output }
    }

    /// Returns whether the plane is one long row in all tensors, because there are no zeros around it.
    fn are_one_row(&self) -> bool {
        let (input, output) = (self.input.layout, self.output.layout);
        let all = [Some(self.input), Some(self.output), self.addend];
        all.iter().flatten().all(|one| one.layout.is_flat())
            && (input.height, input.width) == (output.height, output.width)
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

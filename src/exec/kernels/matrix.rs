//! Convolution on a matrix unit that multiplies bf16 and sums in f32, for every kernel, stride and dilation, and groups
//! of whole blocks. For which layers: `lower::choose`; where the values of a strip lie: `lower::strips`.
//!
//! A strip of the input is copied as parts of bf16. Then for each two blocks of filters, so that their weights stay in
//! the cache, for each two tiles of sixteen positions: products over all steps, and the epilogue. A large map is
//! divided into strips, which a thread copies into its own memory and multiplies with all filters. Of a small map the
//! threads share one copy, made in a phase of its own, and divide the filters, so that each reads its weights once.
//!
//! Each output is one sum in one order, whatever the division. A sum that is not finite is computed again as the
//! definition says ([`definition`]): a value that is infinite, NaN or near the largest f32 has no sum of parts.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod amx;
mod copying;
mod definition;
mod filters;
mod model;
mod products;
mod unit;

use std::marker::PhantomData;
use std::sync::Arc;

use ndarray::ArrayD;

use crate::diag::Failure;
use crate::lower::strips::{StripLayout, TILE};
use crate::lower::{Convolution, Products, Step, Tensor};

use super::CompiledStep;
use super::activate::Epilogue;
use super::lanes::{Isa, with};
use super::memory::Memory;
use filters::PartedFilters;
use products::StripProducts;
use unit::MatrixUnit;

/// The tasks that a step with one strip is split into where it is large enough.
const TASKS: usize = 8;

struct MatrixConv<U: MatrixUnit> {
    isa: Isa,
    convolution: Convolution,
    products: Products,
    tensors: ConvTensors,
    filters: PartedFilters,
    strips: StripLayout,
    /// For each step the bytes from a position to the values that it reads.
    steps: Vec<usize>,
    epilogue: Epilogue,
    split: TaskSplit,
    /// The number of tasks of each phase: strips, or blocks to copy and products.
    phases: Vec<usize>,
    unit: PhantomData<U>,
}

/// The maps that the convolution reads and writes.
struct ConvTensors {
    input: Tensor,
    addend: Option<Tensor>,
    output: Tensor,
}

/// The split into tasks.
struct TaskSplit {
    pictures: usize,
    /// Where the shared copies begin in the arena; `None` where each strip is copied by its own task.
    shared: Option<usize>,
    /// Tasks of neighbouring tiles for each two blocks of filters.
    bands: usize,
}

/// Rows of outputs of a picture.
#[derive(Clone, Copy)]
struct Rows {
    picture: usize,
    first: usize,
    count: usize,
}

/// Packs the weight and the bias.
///
/// # Errors
/// E0607 where there is too little memory.
pub(super) fn pack(
    step: &Step,
    (convolution, products): (&Convolution, Products),
    constants: &[ArrayD<f32>],
    threads: usize,
) -> Result<Vec<Memory>, Failure> {
    PartedFilters::pack(step, convolution, products, constants, threads)
}

/// Compiles the step for the unit of these instructions; the model serves those without one.
pub(super) fn compile(
    isa: Isa,
    step: &Step,
    of: (&Convolution, Products),
    batch: usize,
    packed: &[Arc<Memory>],
) -> Box<dyn CompiledStep> {
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Amx => Box::new(MatrixConv::<amx::Amx>::new(isa, step, of, batch, packed)),
        _ => Box::new(MatrixConv::<model::Model>::new(isa, step, of, batch, packed)),
    }
}

impl<U: MatrixUnit> MatrixConv<U> {
    fn new(
        isa: Isa,
        step: &Step,
        (convolution, products): (&Convolution, Products),
        batch: usize,
        packed: &[Arc<Memory>],
    ) -> MatrixConv<U> {
        let tensors = ConvTensors {
            input: step.inputs[0],
            addend: convolution.addend.then(|| step.inputs[1]),
            output: step.output,
        };
        let strips = StripLayout::new(convolution, products, &tensors.input, &tensors.output);
        let filters = PartedFilters::new(step, convolution, products, packed);
        let is_shared = strips.strips == 1;
        let pairs = filters.pairs() * batch;
        let tiles = PositionTiles::new(&strips, tensors.output.layout.width, strips.rows).count.div_ceil(2);
        let bands = if pairs >= TASKS { 1 } else { TASKS.div_ceil(pairs).min(tiles) };
        let phases =
            if is_shared { vec![batch * strips.blocks, pairs * bands] } else { vec![batch * strips.strips] };
        let mut compiled = MatrixConv {
            isa,
            convolution: *convolution,
            products,
            tensors,
            filters,
            strips,
            steps: Vec::new(),
            epilogue: Epilogue::of(step.activation),
            split: TaskSplit { pictures: batch, shared: is_shared.then_some(step.scratch.0), bands },
            phases,
            unit: PhantomData,
        };
        compiled.steps = compiled.steps_of();
        compiled
    }

    /// The shared copy of a picture.
    fn shared(&self, arena: &Memory, picture: usize) -> Option<*mut u8> {
        self.split.shared.map(|first| arena.at(first + picture * self.strips.elements()).cast())
    }
}

impl<U: MatrixUnit> CompiledStep for MatrixConv<U> {
    fn phases(&self) -> &[usize] {
        &self.phases
    }

    fn run(&self, phase: usize, task: usize, arena: &Memory, scratch: &Memory) {
        let strips = &self.strips;
        let of_picture = Rows { picture: 0, first: 0, count: self.tensors.output.layout.height };
        let Some(first) = self.shared(arena, 0) else {
            let (picture, strip) = (task / strips.strips, task % strips.strips);
            let first = strip * strips.rows;
            let rows = Rows { picture, first, count: strips.rows.min(of_picture.count - first) };
            let copy = scratch.at(0).cast();
            // SAFETY: the scratch memory is this thread's and has room for a strip.
            unsafe { self.copy(arena, rows, copy, 0..strips.blocks) };
            let tiles = PositionTiles::new(strips, self.tensors.output.layout.width, rows.count);
            for pair in 0..self.filters.pairs() {
                with(self.isa, StripProducts { of: self, arena, copy, rows, pair, tiles, band: (0, 1) });
            }
            return;
        };
        if phase == 0 {
            let (picture, block) = (task / strips.blocks, task % strips.blocks);
            let copy = self.shared(arena, picture).unwrap_or(first);
            // SAFETY: no other task copies this block.
            unsafe { self.copy(arena, Rows { picture, ..of_picture }, copy, block..block + 1) };
            return;
        }
        // Neighbouring tasks have the same filters.
        let (task, band) = (task / self.split.bands, task % self.split.bands);
        let (pair, picture) = (task / self.split.pictures, task % self.split.pictures);
        let copy = self.shared(arena, picture).unwrap_or(first);
        let rows = Rows { picture, ..of_picture };
        let tiles = PositionTiles::new(strips, self.tensors.output.layout.width, rows.count);
        let band = (band, self.split.bands);
        with(self.isa, StripProducts { of: self, arena, copy, rows, pair, tiles, band });
    }
}

/// The tiles that cover the outputs of a strip: sixteen positions each, of consecutive numbers.
#[derive(Clone, Copy)]
struct PositionTiles {
    count: usize,
    /// Tiles of a row, where rows are covered one by one.
    of_row: Option<usize>,
    pitch: usize,
    width: usize,
    rows: usize,
}

impl PositionTiles {
    /// Covers all numbers, or row by row, whichever takes fewer tiles.
    fn new(strips: &StripLayout, width: usize, rows: usize) -> PositionTiles {
        let pitch = strips.pitch;
        let flat = ((rows - 1) * pitch + width).div_ceil(TILE);
        let of_row = width.div_ceil(TILE);
        let (count, of_row) = if rows * of_row < flat { (rows * of_row, Some(of_row)) } else { (flat, None) };
        PositionTiles { count, of_row, pitch, width, rows }
    }

    /// The first number of a tile, and how many of its positions are stored.
    fn tile(&self, index: usize) -> (usize, usize) {
        match self.of_row {
            None => (index * TILE, TILE),
            Some(of_row) => {
                let (row, first) = (index / of_row, index % of_row * TILE);
                (row * self.pitch + first, TILE.min(self.width - first))
            }
        }
    }

    /// The outputs of a tile that are stored, as runs of neighbours: position in the tile, row, column, length.
    fn runs(&self, index: usize) -> impl Iterator<Item = (usize, usize, usize, usize)> {
        let (start, stored) = self.tile(index);
        let (pitch, width, rows) = (self.pitch, self.width, self.rows);
        let mut next = start;
        std::iter::from_fn(move || {
            if next % pitch >= width {
                next = (next / pitch + 1) * pitch;
            }
            let (row, column) = (next / pitch, next % pitch);
            if next >= start + stored || row >= rows {
                return None;
            }
            let len = (width - column).min(start + stored - next);
            let run = (next - start, row, column, len);
            next += len;
            Some(run)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_store_each_output_once() {
        for (width, pitch, rows) in
            [(7, 9, 7), (1, 1, 1), (56, 58, 11), (112, 117, 5), (16, 40, 3), (20, 21, 4)]
        {
            for of_row in [None, Some(usize::div_ceil(width, TILE))] {
                let count = match of_row {
                    None => usize::div_ceil((rows - 1) * pitch + width, TILE),
                    Some(of_row) => rows * of_row,
                };
                let grid = PositionTiles { count, of_row, pitch, width, rows };
                let mut hits = vec![0; width * rows];
                for tile in 0..count {
                    for (position, row, column, len) in grid.runs(tile) {
                        assert_eq!(grid.tile(tile).0 + position, row * pitch + column);
                        hits[row * width + column..][..len].iter_mut().for_each(|hit| *hit += 1);
                    }
                }
                assert!(hits.iter().all(|&hit| hit == 1), "{width} {pitch} {rows} {of_row:?}");
            }
        }
    }
}

//! Splits the work of a kernel that computes row after row: a task is a band of rows of one block of channels of one
//! picture. The first band of a block also writes the zeros around it.
#![allow(unsafe_code)]

use std::ops::Range;

use crate::lower::Tensor;

use super::halo;
use super::memory::Memory;

/// The bands of the rows of an output.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bands {
    blocks: usize,
    bands: usize,
    height: usize,
}

/// The picture, block and rows that one task computes.
#[derive(Clone, Debug)]
pub(super) struct Band {
    pub(super) picture: usize,
    pub(super) block: usize,
    pub(super) rows: Range<usize>,
}

impl Bands {
    /// Splits into bands of at most `rows` rows.
    pub(super) fn of_rows(output: &Tensor, rows: usize) -> Bands {
        let height = output.layout.height;
        Bands { blocks: blocks(output), bands: height.div_ceil(rows), height }
    }

    /// Splits into the fewest bands with which a picture has at least `tasks` tasks, if it has as many rows.
    pub(super) fn of_tasks(output: &Tensor, tasks: usize) -> Bands {
        let (blocks, height) = (blocks(output), output.layout.height);
        Bands { blocks, bands: tasks.div_ceil(blocks).min(height), height }
    }

    /// The number of tasks for `batch` pictures.
    pub(super) fn tasks(&self, batch: usize) -> usize {
        batch * self.blocks * self.bands
    }

    /// The band of a task; for the first band of a block, the zeros around the block are written as well.
    ///
    /// # Safety
    /// Each task runs once, and only the tasks of this step access `output` meanwhile.
    pub(super) unsafe fn begin(&self, task: usize, arena: &Memory, output: &Tensor) -> Band {
        let (task, band) = (task / self.bands, task % self.bands);
        let (picture, block) = (task / self.blocks, task % self.blocks);
        if band == 0 {
            // SAFETY: no other task has the first band of this block.
            unsafe { halo::clear(arena, output, picture, block) };
        }
        let rows = band * self.height / self.bands..(band + 1) * self.height / self.bands;
        Band { picture, block, rows }
    }
}

fn blocks(output: &Tensor) -> usize {
    (output.shape.channels() as usize).div_ceil(output.layout.lanes)
}

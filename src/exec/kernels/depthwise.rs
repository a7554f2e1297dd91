//! Depthwise convolution with one filter for each channel: sixteen channels of a few neighbouring positions at
//! once. The sums of the positions stay in registers; a row is divided evenly, because a short rest would have
//! too few independent sums to hide the latency of a multiply-accumulate.
//!
//! With 32 registers a kernel of three columns loads each position of a row once, for all the outputs that see it:
//! a multiply-accumulate that reads memory waits for the same ports as the loads.
#![allow(unsafe_code)]

use std::sync::Arc;

use ndarray::ArrayD;

use crate::diag::Failure;
use crate::lower::{LANES, Step, Tensor};
use crate::tensor::Window;

use super::activate::Epilogue;
use super::lanes::{Body, Isa, Lanes, with};
use super::memory::Memory;
use super::{CompiledStep, halo, pack};

/// The most neighbouring outputs that are summed at the same time: those whose sums fit into the registers.
fn most_positions(isa: Isa) -> usize {
    match isa.vectors() {
        Isa::Avx512 => 14,
        Isa::Avx2 => 6,
        _ => 2,
    }
}

/// Rows of a task.
const ROWS: usize = 14;
/// Tasks of a picture, where its size allows.
const TASKS: usize = 16;

pub(super) struct Depthwise {
    isa: Isa,
    rows: Window,
    columns: Window,
    input: Tensor,
    output: Tensor,
    /// The weights of each block, tap by tap.
    weights: Arc<Memory>,
    bias: Arc<Memory>,
    epilogue: Epilogue,
    blocks: usize,
    bands: usize,
    /// The number of tasks among which the blocks of a band are divided.
    parts: usize,
    phases: [usize; 1],
}

impl Depthwise {
    /// Packs the weight and the bias.
    ///
    /// # Errors
    /// E0607 where there is too little memory.
    pub(super) fn pack(step: &Step, constants: &[ArrayD<f32>]) -> Result<Vec<Memory>, Failure> {
        let channels = step.output.shape.channels() as usize;
        let weight = constants[0].as_slice().expect("constants are loaded in standard layout");
        let taps = weight.len() / channels;
        let weights = pack::blocks(1, channels.div_ceil(LANES), taps * LANES, |block, packed| {
            for (lane, channel) in (block * LANES..channels.min(block * LANES + LANES)).enumerate() {
                for tap in 0..taps {
                    packed[tap * LANES + lane] = weight[channel * taps + tap];
                }
            }
        })?;
        let bias = pack::channels(constants.get(1).and_then(|bias| bias.as_slice()), channels)?;
        Ok(vec![weights, bias])
    }

    pub(super) fn new(
        isa: Isa,
        step: &Step,
        (rows, columns): (Window, Window),
        batch: usize,
        packed: &[Arc<Memory>],
    ) -> Depthwise {
        let blocks = (step.output.shape.channels() as usize).div_ceil(LANES);
        let bands = step.output.layout.height.div_ceil(ROWS);
        let parts = TASKS.div_ceil(bands).min(blocks);
        Depthwise {
            isa,
            rows,
            columns,
            input: step.inputs[0],
            output: step.output,
            weights: Arc::clone(&packed[0]),
            bias: Arc::clone(&packed[1]),
            epilogue: Epilogue::of(step.activation),
            blocks,
            bands,
            parts,
            phases: [batch * bands * parts],
        }
    }
}

impl CompiledStep for Depthwise {
    fn phases(&self) -> &[usize] {
        &self.phases
    }

    fn run(&self, _phase: usize, task: usize, arena: &Memory, _scratch: &Memory) {
        let (task, part) = (task / self.parts, task % self.parts);
        let (picture, band) = (task / self.bands, task % self.bands);
        for block in part * self.blocks / self.parts..(part + 1) * self.blocks / self.parts {
            if band == 0 {
                // SAFETY: no other task has the first band of this block.
                unsafe { halo::clear(arena, &self.output, picture, block) };
            }
            with(self.isa, Band { of: self, arena, picture, block, band });
        }
    }
}

struct Band<'a> {
    of: &'a Depthwise,
    arena: &'a Memory,
    picture: usize,
    block: usize,
    band: usize,
}

/// Calls the code for a number of positions that is known when the program runs.
macro_rules! positions {
    ($band:expr, $from:expr, $to:expr, $positions:expr; $($count:literal)*) => {
        match $positions {
            $($count => $band.positions::<V, $count>($from, $to),)*
            _ => unreachable!("a row is cut into parts of at most `most_positions`"),
        }
    };
}

impl Body for Band<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Depthwise { rows, columns, input, output, epilogue, .. } = self.of;
        let before = rows.pad_before as usize * input.layout.row() + columns.pad_before as usize * LANES;
        let source = self.arena.at(input.offset + input.layout.at(self.picture, self.block, 0) - before);
        let target = self.arena.at(output.offset + output.layout.at(self.picture, self.block, 0));
        let down = rows.stride as usize * input.layout.row();
        let width = output.layout.width;
        let across = columns.stride as usize * LANES;
        let parts = width.div_ceil(most_positions(self.of.isa));
        for row in self.band * ROWS..output.layout.height.min(self.band * ROWS + ROWS) {
            let from = source.wrapping_add(row * down);
            let to = target.wrapping_add(row * output.layout.row());
            for part in 0..parts {
                let (column, end) = (part * width / parts, (part + 1) * width / parts);
                let (from, to) = (from.wrapping_add(column * across), to.wrapping_add(column * LANES));
                // SAFETY: the plan gives the input the zeros that the kernel reaches; no other task writes
                // these outputs.
                unsafe { positions!(self, from, to, end - column; 1 2 3 4 5 6 7 8 9 10 11 12 13 14) }
            }
            // SAFETY: as above.
            unsafe { epilogue.after(self.of.isa, to, width * LANES) };
        }
    }
}

impl Band<'_> {
    /// `P` neighbouring outputs.
    ///
    /// # Safety
    /// The windows of the outputs can be read from `from` on, the outputs can be written.
    #[inline(always)]
    unsafe fn positions<V: Lanes, const P: usize>(&self, from: *const f32, to: *mut f32) {
        let Depthwise { columns, bias, epilogue, .. } = self.of;
        // SAFETY: the caller's promise; weights and bias have whole blocks.
        unsafe {
            let mut sums = [V::load(bias.at(self.block * LANES)); P];
            match (columns.kernel, columns.dilation, columns.stride) {
                (3, 1, 1) if V::REGISTERS >= 32 => self.three_taps::<V, P, 1>(&mut sums, from),
                (3, 1, 2) if V::REGISTERS >= 32 => self.three_taps::<V, P, 2>(&mut sums, from),
                _ => self.taps(&mut sums, from),
            }
            let (min, max) = (V::splat(epilogue.min), V::splat(epilogue.max));
            for (index, sum) in sums.iter().enumerate() {
                sum.at_least(min).at_most(max).store(to.wrapping_add(index * LANES));
            }
        }
    }

    /// Adds what the outputs see, tap by tap.
    ///
    /// # Safety
    /// The windows of the outputs can be read from `from` on.
    #[inline(always)]
    unsafe fn taps<V: Lanes, const P: usize>(&self, sums: &mut [V; P], mut from: *const f32) {
        let Depthwise { rows, columns, input, .. } = self.of;
        let (across, stride) = (columns.dilation as usize * LANES, columns.stride as usize * LANES);
        let down = rows.dilation as usize * input.layout.row();
        let mut weights = self.weights();
        for _ in 0..rows.kernel {
            let mut line = from;
            for _ in 0..columns.kernel {
                // SAFETY: the caller's promise; there is a vector of weights for each tap.
                unsafe {
                    let weight = V::load(weights);
                    for (index, sum) in sums.iter_mut().enumerate() {
                        *sum = sum.mac(V::load(line.wrapping_add(index.wrapping_mul(stride))), weight);
                    }
                }
                line = line.wrapping_add(across);
                weights = weights.wrapping_add(LANES);
            }
            from = from.wrapping_add(down);
        }
    }

    /// Does the same as [`Band::taps`] for rows of three taps side by side: a window of three positions moves along each row.
    ///
    /// # Safety
    /// As [`Band::taps`].
    #[inline(always)]
    unsafe fn three_taps<V: Lanes, const P: usize, const STRIDE: usize>(
        &self,
        sums: &mut [V; P],
        mut from: *const f32,
    ) {
        let down = self.of.rows.dilation as usize * self.of.input.layout.row();
        let mut weights = self.weights();
        for _ in 0..self.of.rows.kernel {
            // SAFETY: the caller's promise; there is a vector of weights for each tap.
            unsafe {
                let [left, middle, right] = [load(weights, 0), load(weights, 1), load(weights, 2)];
                let mut seen: [V; 3] = [load(from, 0), load(from, 1), load(from, 2)];
                for (index, sum) in sums.iter_mut().enumerate() {
                    let first = index * STRIDE;
                    if index > 0 && STRIDE == 1 {
                        seen = [seen[1], seen[2], load(from, first + 2)];
                    } else if index > 0 {
                        seen = [seen[2], load(from, first + 1), load(from, first + 2)];
                    }
                    *sum = sum.mac(seen[0], left).mac(seen[1], middle).mac(seen[2], right);
                }
            }
            from = from.wrapping_add(down);
            weights = weights.wrapping_add(3 * LANES);
        }
    }

    /// Points to the weights of the block.
    fn weights(&self) -> *const f32 {
        let Depthwise { rows, columns, weights, .. } = self.of;
        weights.at(self.block * rows.kernel as usize * columns.kernel as usize * LANES)
    }
}

/// Loads the vector at a position.
///
/// # Safety
/// It can be read.
#[inline(always)]
unsafe fn load<V: Lanes>(from: *const f32, position: usize) -> V {
    // SAFETY: the caller's promise.
    unsafe { V::load(from.wrapping_add(position * LANES)) }
}

//! The fully-connected layer: weights of 32 outputs lie side by side, and stream past the pictures once.
//!
//! For one picture the memory's bandwidth decides; weights of bf16 are half as many bytes. Several pictures share each
//! weight: up to eight at a time.
#![allow(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ndarray::ArrayD;

use crate::diag::Failure;
use crate::lower::{DENSE_OUTPUTS, Factors, LANES, Step, Tensor};

use super::activate::Epilogue;
use super::lanes::{Body, Isa, Lanes, with};
use super::memory::Memory;
use super::{CompiledStep, bf16, pack};

/// Prefetch distance of the weights, in elements (4 KiB).
const AHEAD: usize = 1024;

pub(super) struct Dense {
    isa: Isa,
    input: Tensor,
    output: Tensor,
    /// Elements of f32, or pairs of bf16 in each element.
    weights: Arc<Memory>,
    factors: Factors,
    bias: Arc<Memory>,
    epilogue: Epilogue,
    batch: usize,
    phases: [usize; 1],
}

impl Dense {
    pub(super) fn new(isa: Isa, step: &Step, batch: usize, packed: &[Arc<Memory>]) -> Dense {
        let inputs = step.inputs[0].shape.channels() as usize;
        let panels = (step.output.shape.channels() as usize).div_ceil(DENSE_OUTPUTS);
        // The size tells in which form `pack` could pack them.
        let is_f32 = packed[0].len() == panels * inputs * DENSE_OUTPUTS;
        Dense {
            isa,
            input: step.inputs[0],
            output: step.output,
            weights: Arc::clone(&packed[0]),
            factors: if is_f32 { Factors::F32 } else { Factors::Bf16Weights },
            bias: Arc::clone(&packed[1]),
            epilogue: Epilogue::of(step.activation),
            batch,
            phases: [panels],
        }
    }

    /// Packs the weight in panels, and the bias. Weights are rounded to bf16 where the step says so, unless one of them
    /// is finite and would become infinite.
    ///
    /// # Errors
    /// E0607 where there is too little memory.
    pub(super) fn pack(
        step: &Step,
        factors: Factors,
        constants: Vec<ArrayD<f32>>,
        threads: usize,
    ) -> Result<Vec<Memory>, Failure> {
        let (inputs, outputs) =
            (step.inputs[0].shape.channels() as usize, step.output.shape.channels() as usize);
        let panels = outputs.div_ceil(DENSE_OUTPUTS);
        let mut constants = constants.into_iter();
        let weight = constants.next().expect("a fully-connected layer has weights");
        assert!(weight.is_standard_layout() && weight.len() == inputs * outputs, "every output has a row");
        let (weight, _) = weight.into_raw_vec_and_offset();
        let panel = inputs * DENSE_OUTPUTS;
        let weights = match factors {
            Factors::Bf16Weights if fits_bf16(&weight, panel, threads) => {
                pack::given_back(threads, weight, panel, panel / 2, |rows, packed| {
                    pack_bf16(rows, inputs, packed);
                })?
            }
            _ => pack::given_back(threads, weight, panel, panel, |rows, packed| {
                pack_f32(rows, inputs, packed);
            })?,
        };
        let mut bias = Memory::zeroed(panels * DENSE_OUTPUTS)?;
        if let Some(values) = constants.next() {
            bias.all_mut().iter_mut().zip(&values).for_each(|(slot, &value)| *slot = value);
        }
        Ok(vec![weights, bias])
    }
}

/// Returns whether no weight overflows as bf16.
fn fits_bf16(weight: &[f32], panel: usize, threads: usize) -> bool {
    let fits = AtomicBool::new(true);
    pack::on_threads(threads, weight.len().div_ceil(panel), |index| {
        let values = &weight[index * panel..weight.len().min((index + 1) * panel)];
        // Without an early end, so that vectors are compared.
        if values.iter().fold(false, |any, &value| any | bf16::overflows(value)) {
            fits.store(false, Ordering::Relaxed);
        }
    });
    fits.into_inner()
}

/// Packs the rows of a panel: for each input the weights of 32 outputs.
fn pack_f32(rows: &[f32], inputs: usize, packed: &mut [f32]) {
    // A few inputs at a time keep both sides in the cache.
    for start in (0..inputs).step_by(LANES) {
        let end = inputs.min(start + LANES);
        for (lane, row) in rows.chunks_exact(inputs).enumerate() {
            for (input, &value) in row[start..end].iter().enumerate() {
                packed[(start + input) * DENSE_OUTPUTS + lane] = value;
            }
        }
    }
}

/// Packs the rows of a panel: for each input sixteen pairs, of the weights of the outputs `lane` and `lane + 16`.
fn pack_bf16(rows: &[f32], inputs: usize, packed: &mut [f32]) {
    let row = |lane: usize| rows.get(lane * inputs..(lane + 1) * inputs);
    for start in (0..inputs).step_by(LANES) {
        for lane in 0..LANES {
            for input in start..inputs.min(start + LANES) {
                let of = |lane: usize| bf16::nearest(row(lane).map_or(0.0, |row| row[input]));
                packed[input * LANES + lane] = bf16::pair(of(lane), of(lane + LANES));
            }
        }
    }
}

impl CompiledStep for Dense {
    fn phases(&self) -> &[usize] {
        &self.phases
    }

    fn run(&self, _phase: usize, panel: usize, arena: &Memory, _scratch: &Memory) {
        with(self.isa, Panel { dense: self, panel, arena });
    }

    fn packed_factors(&self) -> Option<Factors> {
        Some(self.factors)
    }
}

struct Panel<'a> {
    dense: &'a Dense,
    panel: usize,
    arena: &'a Memory,
}

/// The packed form of the weights of a panel.
trait Weights {
    /// Elements of the weights of an input.
    const ELEMENTS: usize;

    /// Loads the weights of an input.
    ///
    /// # Safety
    /// So many elements can be read.
    unsafe fn load<V: Lanes>(from: *const f32) -> [V; 2];
}

struct OfF32;

impl Weights for OfF32 {
    const ELEMENTS: usize = DENSE_OUTPUTS;

    #[inline(always)]
    unsafe fn load<V: Lanes>(from: *const f32) -> [V; 2] {
        V::prefetch(from.wrapping_add(AHEAD));
        V::prefetch(from.wrapping_add(AHEAD + LANES));
        // SAFETY: the caller's promise.
        unsafe { [V::load(from), V::load(from.wrapping_add(LANES))] }
    }
}

struct OfBf16;

impl Weights for OfBf16 {
    const ELEMENTS: usize = LANES;

    #[inline(always)]
    unsafe fn load<V: Lanes>(from: *const f32) -> [V; 2] {
        V::prefetch(from.wrapping_add(AHEAD));
        // SAFETY: the caller's promise.
        let pairs = unsafe { V::load(from) };
        [pairs.lower_bf16(), pairs.upper_bf16()]
    }
}

impl Body for Panel<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let mut picture = 0;
        while picture < self.dense.batch {
            picture += match self.dense.batch - picture {
                8.. => self.pictures::<V, 8>(picture),
                4.. => self.pictures::<V, 4>(picture),
                2.. => self.pictures::<V, 2>(picture),
                _ => self.pictures::<V, 1>(picture),
            };
        }
    }
}

impl Panel<'_> {
    /// Computes the outputs of the panel for `P` pictures.
    #[inline(always)]
    fn pictures<V: Lanes, const P: usize>(&self, first: usize) -> usize {
        let sums = match self.dense.factors {
            Factors::Bf16Weights => self.sums::<V, OfBf16, P>(first),
            _ => self.sums::<V, OfF32, P>(first),
        };
        let Dense { output, epilogue, .. } = self.dense;
        let (start, outputs) = (self.panel * DENSE_OUTPUTS, output.shape.channels() as usize);
        let (min, max) = (V::splat(epilogue.min), V::splat(epilogue.max));
        for (picture, sums) in sums.iter().enumerate() {
            let mut lanes = [0.0; DENSE_OUTPUTS];
            // SAFETY: the array has the lanes of two vectors; no other task writes these outputs.
            unsafe {
                sums[0].at_least(min).at_most(max).store(lanes.as_mut_ptr());
                sums[1].at_least(min).at_most(max).store(lanes.as_mut_ptr().wrapping_add(LANES));
                epilogue.after(self.dense.isa, lanes.as_mut_ptr(), DENSE_OUTPUTS);
                let count = DENSE_OUTPUTS.min(outputs - start);
                let target = self.arena.slice_mut(output.offset + (first + picture) * outputs + start, count);
                target.copy_from_slice(&lanes[..count]);
            }
        }
        P
    }

    /// The sums of the 32 outputs for `P` pictures. Products are added in the order of the inputs, so that a picture gets
    /// the same sums in every batch.
    #[inline(always)]
    fn sums<V: Lanes, W: Weights, const P: usize>(&self, first: usize) -> [[V; 2]; P] {
        let Dense { input, weights, bias, .. } = self.dense;
        let inputs = input.shape.channels() as usize;
        let start = self.panel * DENSE_OUTPUTS;
        let source: *const f32 = self.arena.at(input.offset + first * inputs);
        let panel: *const f32 = weights.at(self.panel * inputs * W::ELEMENTS);
        // SAFETY: the packed weights and the bias have whole panels, the input has its elements.
        unsafe {
            let mut sums = [[V::load(bias.at(start)), V::load(bias.at(start + LANES))]; P];
            for index in 0..inputs {
                let [low, high] = W::load::<V>(panel.wrapping_add(index * W::ELEMENTS));
                for (picture, sums) in sums.iter_mut().enumerate() {
                    let value = V::splat(*source.wrapping_add(picture * inputs + index));
                    *sums = [sums[0].mac(value, low), sums[1].mac(value, high)];
                }
            }
            sums
        }
    }
}

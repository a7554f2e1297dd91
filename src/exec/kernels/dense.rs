//! The fully-connected layer: weights of 32 outputs lie side by side, and stream past the pictures once.
//!
//! For one picture the memory's bandwidth decides. Several pictures share each weight: up to eight at a time.
#![allow(unsafe_code)]

use std::sync::Arc;

use ndarray::ArrayD;

use crate::diag::Failure;
use crate::lower::{DENSE_OUTPUTS, LANES, Step, Tensor};

use super::activate::Epilogue;
use super::lanes::{Body, Isa, Lanes, with};
use super::memory::Memory;
use super::{CompiledStep, pack};

/// Prefetch distance of the weights, in elements (4 KiB).
const AHEAD: usize = 1024;

pub(super) struct Dense {
    isa: Isa,
    input: Tensor,
    output: Tensor,
    weights: Arc<Memory>,
    bias: Arc<Memory>,
    epilogue: Epilogue,
    batch: usize,
    phases: [usize; 1],
}

impl Dense {
    pub(super) fn new(isa: Isa, step: &Step, batch: usize, packed: &[Arc<Memory>]) -> Dense {
        Dense {
            isa,
            input: step.inputs[0],
            output: step.output,
            weights: Arc::clone(&packed[0]),
            bias: Arc::clone(&packed[1]),
            epilogue: Epilogue::of(step.activation),
            batch,
            phases: [(step.output.shape.channels() as usize).div_ceil(DENSE_OUTPUTS)],
        }
    }

    /// Packs the weight in panels, and the bias.
    ///
    /// # Errors
    /// E0607 where there is too little memory.
    pub(super) fn pack(
        step: &Step,
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
        let weights = pack::given_back(threads, weight, panel, panel, |rows, packed| {
            // A few inputs at a time keep both sides in the cache.
            for start in (0..inputs).step_by(LANES) {
                let end = inputs.min(start + LANES);
                for (lane, row) in rows.chunks_exact(inputs).enumerate() {
                    for (input, &value) in row[start..end].iter().enumerate() {
                        packed[(start + input) * DENSE_OUTPUTS + lane] = value;
                    }
                }
            }
        })?;
        let mut bias = Memory::zeroed(panels * DENSE_OUTPUTS)?;
        if let Some(values) = constants.next() {
            bias.all_mut().iter_mut().zip(&values).for_each(|(slot, &value)| *slot = value);
        }
        Ok(vec![weights, bias])
    }
}

impl CompiledStep for Dense {
    fn phases(&self) -> &[usize] {
        &self.phases
    }

    fn run(&self, _phase: usize, panel: usize, arena: &Memory, _scratch: &Memory) {
        with(self.isa, Panel { dense: self, panel, arena });
    }
}

struct Panel<'a> {
    dense: &'a Dense,
    panel: usize,
    arena: &'a Memory,
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
        let Dense { input, output, weights, bias, epilogue, .. } = self.dense;
        let (inputs, outputs) = (input.shape.channels() as usize, output.shape.channels() as usize);
        let start = self.panel * DENSE_OUTPUTS;
        let source: *const f32 = self.arena.at(input.offset + first * inputs);
        let panel: *const f32 = weights.at(start * inputs);
        // SAFETY: the packed weights and the bias have whole panels, the input has its elements.
        unsafe {
            let halves = [V::load(bias.at(start)), V::load(bias.at(start + LANES))];
            let mut sums = [halves; P];
            for index in 0..inputs {
                let weight = panel.wrapping_add(index * DENSE_OUTPUTS);
                V::prefetch(weight.wrapping_add(AHEAD));
                V::prefetch(weight.wrapping_add(AHEAD + LANES));
                let (low, high) = (V::load(weight), V::load(weight.wrapping_add(LANES)));
                for (picture, sums) in sums.iter_mut().enumerate() {
                    let value = V::splat(*source.wrapping_add(picture * inputs + index));
                    *sums = [sums[0].mac(value, low), sums[1].mac(value, high)];
                }
            }
            let (min, max) = (V::splat(epilogue.min), V::splat(epilogue.max));
            for (picture, sums) in sums.iter().enumerate() {
                let mut lanes = [0.0; DENSE_OUTPUTS];
                sums[0].at_least(min).at_most(max).store(lanes.as_mut_ptr());
                sums[1].at_least(min).at_most(max).store(lanes.as_mut_ptr().wrapping_add(LANES));
                epilogue.after(self.dense.isa, lanes.as_mut_ptr(), DENSE_OUTPUTS);
                let count = DENSE_OUTPUTS.min(outputs - start);
                // No other task writes these outputs.
                let target = self.arena.slice_mut(output.offset + (first + picture) * outputs + start, count);
                target.copy_from_slice(&lanes[..count]);
            }
        }
        P
    }
}

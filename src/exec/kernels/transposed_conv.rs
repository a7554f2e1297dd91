//! Transposed convolution: each phase of its outputs is a direct convolution of stride 1, which writes rows and columns
//! at the distance of the stride.

use std::sync::Arc;

use ndarray::ArrayD;

use crate::diag::Failure;
use crate::lower::{Phase, Step, TransposedConvolution};

use super::CompiledStep;
use super::activate::Epilogue;
use super::conv::{Conv, ConvGeometry, ConvTensors, Filters};
use super::lanes::Isa;
use super::memory::Memory;

pub(super) struct TransposedConv {
    /// The convolution of each phase. They write different outputs, so that all may run at the same time.
    convolutions: Vec<Conv>,
    /// The first task of each convolution.
    first_tasks: Vec<usize>,
    phases: [usize; 1],
}

impl TransposedConv {
    pub(super) fn new(
        isa: Isa,
        step: &Step,
        transposed: &TransposedConvolution,
        batch: usize,
        packed: &[Arc<Memory>],
    ) -> TransposedConv {
        let tensors = ConvTensors::of(step, false);
        let epilogue = Epilogue::of(step.activation);
        let of_phase = |((geometry, ..), packed): ((ConvGeometry, Phase, Phase), &[Arc<Memory>])| {
            let filters = Filters::new(&tensors, &geometry, &packed[0], &packed[1]);
            Conv::with(isa, geometry, tensors, filters, epilogue, batch)
        };
        let phases = phases(&tensors, transposed).into_iter();
        let convolutions: Vec<Conv> = phases.zip(packed.chunks_exact(2)).map(of_phase).collect();
        let mut tasks = 0;
        let mut first_tasks = Vec::with_capacity(convolutions.len());
        for convolution in &convolutions {
            first_tasks.push(tasks);
            tasks += convolution.phases()[0];
        }
        TransposedConv { convolutions, first_tasks, phases: [tasks] }
    }

    /// Packs the weight and the bias of each phase.
    ///
    /// # Errors
    /// E0607 where there is too little memory.
    pub(super) fn pack(
        step: &Step,
        transposed: &TransposedConvolution,
        constants: &[ArrayD<f32>],
        threads: usize,
    ) -> Result<Vec<Memory>, Failure> {
        let tensors = ConvTensors::of(step, false);
        let bias = constants.get(1).and_then(|bias| bias.as_slice());
        let mut packed = Vec::new();
        for (geometry, rows, columns) in phases(&tensors, transposed) {
            let weight = weight_of_phase(&constants[0], transposed.groups, (&rows, &columns));
            packed.extend(Filters::pack(&tensors, &geometry, &weight, bias, threads)?);
        }
        Ok(packed)
    }
}

impl CompiledStep for TransposedConv {
    fn phases(&self) -> &[usize] {
        &self.phases
    }

    fn run(&self, phase: usize, task: usize, arena: &Memory, scratch: &Memory) {
        let index = self.first_tasks.partition_point(|&first| first <= task) - 1;
        self.convolutions[index].run(phase, task - self.first_tasks[index], arena, scratch);
    }
}

/// The convolution of each phase, with its rows and columns.
fn phases(tensors: &ConvTensors, transposed: &TransposedConvolution) -> Vec<(ConvGeometry, Phase, Phase)> {
    let (input, output) = (tensors.input.layout, tensors.output.layout);
    let mut phases = Vec::new();
    for rows in Phase::all(&transposed.rows, input.height, output.height) {
        for columns in Phase::all(&transposed.columns, input.width, output.width) {
            let geometry = ConvGeometry {
                taps: (rows.taps.len(), columns.taps.len()),
                stride: (1, 1),
                dilation: (rows.dilation, columns.dilation),
                groups: transposed.groups,
                first_input: (rows.first_input, columns.first_input),
                first_output: (rows.first, columns.first),
                output_step: (transposed.rows.stride as usize, transposed.columns.stride as usize),
                outputs: (rows.outputs, columns.outputs),
            };
            phases.push((geometry, rows.clone(), columns));
        }
    }
    phases
}

/// The weight of a phase as that of a convolution, filters × channels of a group × rows × columns; that of a transposed
/// convolution is channels × filters of a group × rows × columns.
fn weight_of_phase(weight: &ArrayD<f32>, groups: usize, (rows, columns): (&Phase, &Phase)) -> Vec<f32> {
    let (channels, filters) = (weight.shape()[0] / groups, weight.shape()[1]);
    let mut packed = Vec::with_capacity(groups * filters * channels * rows.taps.len() * columns.taps.len());
    for group in 0..groups {
        for filter in 0..filters {
            for channel in group * channels..(group + 1) * channels {
                for &row in &rows.taps {
                    packed.extend(columns.taps.iter().map(|&column| weight[[channel, filter, row, column]]));
                }
            }
        }
    }
    packed
}

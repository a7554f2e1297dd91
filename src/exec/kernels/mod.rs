//! The kernels, one a file. The reference kernels of the operators define the results; the kernels here are faster and
//! tested against them.

mod activate;
mod bands;
mod bf16;
mod channel_norm;
mod channel_reduction;
mod channel_sums;
mod combine;
mod conv;
mod copy;
mod dense;
mod depthwise;
mod group_fixup;
mod group_norm;
mod halo;
mod lanes;
mod lrn;
mod matrix;
mod memory;
mod pack;
pub mod peak;
mod pool;
mod rearrange;
mod reference;
mod resample;
mod rows;
mod tile;
mod tile_grid;
#[cfg(target_arch = "x86_64")]
mod tile_state;
mod transform;
mod transposed_conv;
mod winograd;

use std::sync::Arc;

use ndarray::ArrayD;

use crate::diag::Failure;
use crate::lower::{Algorithm, Factors, Kernel, Step};

use transform::{
    FourOfThree, FourOfThreeAcross, FourOfThreeDown, ThreeOfSevenAcross, ThreeOfSevenDown, TwoOfFive,
    TwoOfThree,
};
use winograd::Winograd;

pub use lanes::Isa;
pub(super) use memory::{Memory, return_freed};

/// Evaluates an expression with `$T` as the transform of tiles of these sizes.
macro_rules! with_transform {
    ($tile:expr, |$T:ident| $body:expr) => {{
        macro_rules! with {
            ($transform:ty) => {{
                type $T = $transform;
                $body
            }};
        }
        match ($tile.outputs, $tile.taps) {
            ((2, 2), (3, 3)) => with!(TwoOfThree),
            ((4, 4), (3, 3)) => with!(FourOfThree),
            ((2, 2), (5, 5)) => with!(TwoOfFive),
            ((4, 1), (3, 1)) => with!(FourOfThreeDown),
            ((1, 4), (1, 3)) => with!(FourOfThreeAcross),
            ((3, 1), (7, 1)) => with!(ThreeOfSevenDown),
            ((1, 3), (1, 7)) => with!(ThreeOfSevenAcross),
            _ => unreachable!("the plan chooses among these"),
        }
    }};
}

/// A step with its constants packed.
pub(super) trait CompiledStep: Send + Sync {
    /// The number of tasks of each phase. The tasks of a phase may run at the same time; a phase begins when the one
    /// before has ended.
    fn phases(&self) -> &[usize];
    /// Runs a task. `scratch` belongs to the calling thread.
    fn run(&self, phase: usize, task: usize, arena: &Memory, scratch: &Memory);
    /// The numbers that are multiplied, where packing decided it, which may differ from the plan.
    fn packed_factors(&self) -> Option<Factors> {
        None
    }
}

/// Packs the constants of a step in the form that its kernel reads.
///
/// # Errors
/// E0607 where there is too little memory.
pub(super) fn pack_constants(
    step: &Step,
    constants: Vec<ArrayD<f32>>,
    threads: usize,
) -> Result<Vec<Arc<Memory>>, Failure> {
    let channels = step.output.shape.channels() as usize;
    let packed = match &step.kernel {
        Kernel::Conv(convolution) => match convolution.algorithm {
            Algorithm::Direct => conv::Conv::pack(step, convolution, &constants, threads),
            Algorithm::Matrix(products) => matrix::pack(step, (convolution, products), &constants, threads),
            Algorithm::Winograd(tile) => {
                with_transform!(tile, |T| Winograd::<T>::pack(step, convolution, &constants, threads))
            }
        },
        Kernel::TransposedConv(convolution) => {
            transposed_conv::TransposedConv::pack(step, convolution, &constants, threads)
        }
        Kernel::Depthwise { .. } => depthwise::Depthwise::pack(step, &constants),
        Kernel::Dense { factors, .. } => dense::Dense::pack(step, *factors, constants, threads),
        Kernel::Affine | Kernel::ChannelNorm(_) | Kernel::GroupNorm { .. } => {
            pack::factors_and_summands(&constants, channels)
        }
        Kernel::Reference(_) => reference::Reference::pack(&constants),
        _ => Ok(Vec::new()),
    };
    Ok(packed?.into_iter().map(Arc::new).collect())
}

/// Compiles a step for these instructions, with the constants that [`pack_constants`] packed: splits its work into tasks.
pub(super) fn compile(isa: Isa, step: &Step, batch: usize, packed: &[Arc<Memory>]) -> Box<dyn CompiledStep> {
    match &step.kernel {
        Kernel::Conv(convolution) => match convolution.algorithm {
            Algorithm::Direct => Box::new(conv::Conv::new(isa, step, convolution, batch, packed)),
            Algorithm::Matrix(products) => matrix::compile(isa, step, (convolution, products), batch, packed),
            Algorithm::Winograd(tile) => {
                with_transform!(tile, |T| Box::new(Winograd::<T>::new(isa, step, convolution, batch, packed)))
            }
        },
        Kernel::TransposedConv(convolution) => {
            Box::new(transposed_conv::TransposedConv::new(isa, step, convolution, batch, packed))
        }
        Kernel::Depthwise { rows, columns, .. } => {
            Box::new(depthwise::Depthwise::new(isa, step, (*rows, *columns), batch, packed))
        }
        Kernel::Dense { .. } => Box::new(dense::Dense::new(isa, step, batch, packed)),
        Kernel::Pool(pool) => Box::new(pool::Pooling::new(isa, step, pool, batch)),
        Kernel::Affine | Kernel::Add => Box::new(rows::Rows::new(isa, step, batch, packed)),
        Kernel::Copy if step.inputs[0].layout.lanes == step.output.layout.lanes => {
            Box::new(rows::Rows::new(isa, step, batch, packed))
        }
        Kernel::Copy => Box::new(copy::Copy::new(isa, step, batch, &[0])),
        Kernel::Concat { channels } => Box::new(copy::Copy::new(isa, step, batch, channels)),
        Kernel::Lrn(lrn) => Box::new(lrn::Normalisation::new(isa, step, lrn, batch)),
        Kernel::ChannelNorm(norm) => {
            Box::new(channel_norm::ChannelNormalisation::new(isa, step, *norm, batch, packed))
        }
        Kernel::ChannelReduction(reduction) => {
            Box::new(channel_reduction::Reducing::new(isa, step, *reduction, batch))
        }
        Kernel::GroupNorm { groups, eps } => {
            Box::new(group_norm::GroupNormalisation::new(isa, step, (*groups, *eps), batch, packed))
        }
        Kernel::Combine(combination) => Box::new(combine::Combining::new(isa, step, *combination, batch)),
        Kernel::Resample(taps) => Box::new(resample::Resampling::new(isa, step, taps, batch)),
        Kernel::Rearrange(tables) => Box::new(rearrange::Rearranging::new(step, tables, batch)),
        Kernel::Reference(op) => Box::new(reference::Reference::new(step, op, batch, packed)),
    }
}

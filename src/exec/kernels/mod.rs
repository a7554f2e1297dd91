//! The kernels, one a file. The reference kernels of the operators remain the definition; those here are faster and
//! tested against them.

mod activate;
mod bands;
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
mod transform;
mod transposed_conv;
mod winograd;

use ndarray::ArrayD;

use crate::diag::Failure;
use crate::lower::{Algorithm, Kernel, Step};

use transform::{
    FourOfThree, FourOfThreeAcross, FourOfThreeDown, ThreeOfSevenAcross, ThreeOfSevenDown, TwoOfFive,
    TwoOfThree,
};
use winograd::Winograd;

pub use lanes::Isa;
pub(super) use memory::Memory;

/// A step with its constants packed.
pub(super) trait CompiledStep: Send + Sync {
    /// The number of tasks of each phase. The tasks of a phase may run at the same time; a phase begins when the one
    /// before has ended.
    fn phases(&self) -> &[usize];
    /// Runs a task. `scratch` belongs to the thread that calls.
    fn run(&self, phase: usize, task: usize, arena: &Memory, scratch: &Memory);
}

/// Compiles a step for these instructions: packs its constants and splits its work into tasks.
///
/// # Errors
/// E0607 where there is too little memory.
pub(super) fn compile(
    isa: Isa,
    step: &Step,
    batch: usize,
    constants: Vec<ArrayD<f32>>,
    threads: usize,
) -> Result<Box<dyn CompiledStep>, Failure> {
    Ok(match &step.kernel {
        Kernel::Conv(convolution) => match convolution.algorithm {
            Algorithm::Direct => {
                Box::new(conv::Conv::new(isa, step, convolution, batch, constants, threads)?)
            }
            Algorithm::Winograd(tile_size) => {
                macro_rules! with {
                    ($transform:ty) => {
                        Box::new(Winograd::<$transform>::new(
                            isa,
                            step,
                            convolution,
                            batch,
                            constants,
                            threads,
                        )?)
                    };
                }
                match (tile_size.outputs, tile_size.taps) {
                    ((2, 2), (3, 3)) => with!(TwoOfThree),
                    ((4, 4), (3, 3)) => with!(FourOfThree),
                    ((2, 2), (5, 5)) => with!(TwoOfFive),
                    ((4, 1), (3, 1)) => with!(FourOfThreeDown),
                    ((1, 4), (1, 3)) => with!(FourOfThreeAcross),
                    ((3, 1), (7, 1)) => with!(ThreeOfSevenDown),
                    ((1, 3), (1, 7)) => with!(ThreeOfSevenAcross),
                    _ => unreachable!("the plan chooses among these"),
                }
            }
        },
        Kernel::TransposedConv(convolution) => {
            Box::new(transposed_conv::TransposedConv::new(isa, step, convolution, batch, constants, threads)?)
        }
        Kernel::Depthwise { rows, columns, .. } => {
            Box::new(depthwise::Depthwise::new(isa, step, (*rows, *columns), batch, constants)?)
        }
        Kernel::Dense { .. } => Box::new(dense::Dense::new(isa, step, batch, constants, threads)?),
        Kernel::Pool(pool) => Box::new(pool::Pooling::new(isa, step, pool, batch)),
        Kernel::Affine | Kernel::Add => Box::new(rows::Rows::new(isa, step, batch, constants)?),
        Kernel::Copy if step.inputs[0].layout.lanes == step.output.layout.lanes => {
            Box::new(rows::Rows::new(isa, step, batch, constants)?)
        }
        Kernel::Copy => Box::new(copy::Copy::new(step, batch, &[0])),
        Kernel::Concat { channels } => Box::new(copy::Copy::new(step, batch, channels)),
        Kernel::Lrn(lrn) => Box::new(lrn::Normalisation::new(isa, step, lrn, batch)),
        Kernel::ChannelNorm(norm) => {
            Box::new(channel_norm::ChannelNormalisation::new(isa, step, *norm, batch, &constants)?)
        }
        Kernel::ChannelReduction(reduction) => {
            Box::new(channel_reduction::Reducing::new(isa, step, *reduction, batch))
        }
        Kernel::GroupNorm { groups, eps } => {
            Box::new(group_norm::GroupNormalisation::new(isa, step, (*groups, *eps), batch, &constants)?)
        }
        Kernel::Combine(combination) => Box::new(combine::Combining::new(isa, step, *combination, batch)),
        Kernel::Resample(taps) => Box::new(resample::Resampling::new(isa, step, taps, batch)),
        Kernel::Rearrange(tables) => Box::new(rearrange::Rearranging::new(step, tables, batch)),
        Kernel::Reference(op) => Box::new(reference::Reference::new(step, op, batch, constants)),
    })
}

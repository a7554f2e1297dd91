//! The kernels of steps. The reference kernels of the operators remain the definition; those here are faster
//! and tested against them.

mod conv;
mod dense;
mod depthwise;
mod elementwise;
mod gemm;
mod pool;
mod reference;

use ndarray::ArrayD;

use crate::lower::{Kernel, Step};

/// Runs one step. A step that works in place has its first input in `output` and the others in `inputs`.
pub fn run(
    step: &Step,
    batch: usize,
    inputs: &[&[f32]],
    constants: &[ArrayD<f32>],
    output: &mut [f32],
    scratch: &mut [f32],
) {
    let constant =
        |index: usize| constants[index].as_slice().expect("constants are loaded in standard layout");
    match &step.kernel {
        Kernel::Conv { rows, columns, groups, bias } => {
            let bias = bias.then(|| constant(1));
            conv::run(step, (*rows, *columns), *groups, batch, inputs[0], constant(0), bias, output, scratch);
        }
        Kernel::Depthwise { rows, columns, multiplier, bias } => {
            let bias = bias.then(|| constant(1));
            depthwise::run(step, (*rows, *columns), *multiplier, inputs[0], constant(0), bias, output);
        }
        Kernel::Dense { bias } => {
            dense::run(inputs[0], constant(0), bias.then(|| constant(1)), batch, output)
        }
        Kernel::Pool(pool) => pool::run(step, pool, inputs[0], output),
        Kernel::Affine => elementwise::affine(step, inputs, constant(0), constant(1), output),
        Kernel::Add => elementwise::add(step, inputs, output),
        Kernel::Concat => elementwise::concat(batch, inputs, output),
        Kernel::Copy => elementwise::copy(step, inputs, output),
        Kernel::Reference(op) => reference::run(step, op, batch, inputs, constants, output),
    }
    if let Some(activation) = &step.activation {
        elementwise::activate(activation, output);
    }
}

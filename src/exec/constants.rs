//! Reads the constants of a plan's steps and packs them for the kernels: with several threads one step's constants are
//! packed while those of the next are read.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use ndarray::{ArrayD, IxDyn};

use crate::diag::{Code, Failure};
use crate::lower::{ConstantExpr, Plan, Step};

use super::kernels::{Memory, pack_constants, return_freed};

/// The packed constants of each step. Steps that [share](Plan::packed_by) constants have the same copy.
///
/// # Errors
/// Failures of `constant`; E0607 where memory or a thread cannot be had. Of several failures, that of the earliest step.
pub(super) fn pack_all(
    plan: &Plan,
    threads: usize,
    mut constant: impl FnMut(&ConstantExpr) -> Result<ArrayD<f32>, Failure>,
) -> Result<Vec<Vec<Arc<Memory>>>, Failure> {
    let packed_by = plan.packed_by();
    let own: Vec<&Step> = plan
        .steps
        .iter()
        .enumerate()
        .filter(|(index, _)| packed_by[*index] == *index)
        .map(|(_, step)| step)
        .collect();
    let read = |step: &&Step| read(step, &mut constant);
    let mut packed =
        if threads > 1 { side_by_side(&own, threads, read)? } else { in_turn(&own, read)? }.into_iter();
    return_freed();
    let mut all: Vec<Vec<Arc<Memory>>> = Vec::with_capacity(plan.steps.len());
    for (index, &by) in packed_by.iter().enumerate() {
        let constants = if by == index { packed.next().unwrap_or_default() } else { all[by].clone() };
        all.push(constants);
    }
    Ok(all)
}

/// Reads and packs step after step.
fn in_turn(
    steps: &[&Step],
    read: impl FnMut(&&Step) -> Result<Vec<ArrayD<f32>>, Failure>,
) -> Result<Vec<Vec<Arc<Memory>>>, Failure> {
    let constants = steps.iter().map(read);
    constants.zip(steps).map(|(constants, step)| pack_constants(step, constants?, 1)).collect()
}

/// Packs on another thread, and its helpers, what this one reads. At most the constants of two steps are in memory as they
/// were read.
fn side_by_side(
    steps: &[&Step],
    threads: usize,
    read: impl FnMut(&&Step) -> Result<Vec<ArrayD<f32>>, Failure>,
) -> Result<Vec<Vec<Arc<Memory>>>, Failure> {
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel::<Result<Vec<ArrayD<f32>>, Failure>>(0);
        let pack = move || {
            let constants = receiver.iter().zip(steps);
            constants.map(|(constants, step)| pack_constants(step, constants?, threads)).collect()
        };
        let packer = std::thread::Builder::new().spawn_scoped(scope, pack);
        let packer =
            packer.map_err(|error| Failure::new(Code::E0607, format!("cannot start a thread: {error}")))?;
        // Sending fails once the packer has met a failure, which it returns.
        let _ = steps.iter().map(read).try_for_each(|constants| sender.send(constants));
        drop(sender);
        packer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Reads the constants of a step, each in the shape that its expression declares.
fn read(
    step: &Step,
    constant: &mut impl FnMut(&ConstantExpr) -> Result<ArrayD<f32>, Failure>,
) -> Result<Vec<ArrayD<f32>>, Failure> {
    let one = |expression: &ConstantExpr| {
        let value = constant(expression)?;
        let shape: Vec<usize> = expression.shape.iter().map(|&dim| dim as usize).collect();
        // Stored shapes may have further dimensions of size 1, or lack them.
        let value = if value.shape() == shape {
            value
        } else {
            value.into_shape_with_order(IxDyn(&shape)).map_err(|error| {
                Failure::new(Code::E0601, format!("a tensor has the wrong number of elements: {error}"))
            })?
        };
        Ok(if value.is_standard_layout() { value } else { value.as_standard_layout().into_owned() })
    };
    step.constants.iter().map(one).collect()
}

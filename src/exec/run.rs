//! The executor: constants, arena and threads of a plan.

use std::ops::Range;

use ndarray::{ArrayD, IxDyn};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::diag::{Code, Failure};
use crate::lower::{Plan, Recipe, Step};

use super::kernels;

/// A plan with its constants, ready to run.
#[derive(Debug)]
pub struct Executor {
    plan: Plan,
    constants: Vec<Vec<ArrayD<f32>>>,
    arena: Vec<f32>,
    scratch: Vec<f32>,
    threads: ThreadPool,
}

impl Executor {
    /// Loads the constants of a plan. `constant` evaluates a recipe; it is called for each constant once, in
    /// the order of the steps.
    ///
    /// # Errors
    /// What `constant` fails with; E0607 where arena or threads cannot be had.
    pub fn load(
        plan: Plan,
        threads: usize,
        mut constant: impl FnMut(&Recipe) -> Result<ArrayD<f32>, Failure>,
    ) -> Result<Executor, Failure> {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build();
        let threads = pool
            .map_err(|error| Failure::new(Code::E0607, format!("cannot start {threads} threads: {error}")))?;
        let mut constants = Vec::with_capacity(plan.steps.len());
        for step in &plan.steps {
            let values = step.constants.iter().map(|recipe| {
                let value = constant(recipe)?;
                let shape: Vec<usize> = recipe.shape.iter().map(|&dim| dim as usize).collect();
                // Stored shapes may differ by dimensions of size 1.
                let value = if value.shape() == shape {
                    value
                } else {
                    value.into_shape_with_order(IxDyn(&shape)).map_err(|error| {
                        Failure::new(
                            Code::E0601,
                            format!("a tensor has the wrong number of elements: {error}"),
                        )
                    })?
                };
                Ok(value.as_standard_layout().into_owned())
            });
            constants.push(values.collect::<Result<Vec<_>, Failure>>()?);
        }
        let (arena, scratch) = (zeros(plan.arena)?, zeros(plan.scratch)?);
        Ok(Executor { plan, constants, arena, scratch, threads })
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Runs the plan for one batch. `inputs` are in the order of the plan's inputs, each with as many elements
    /// as its buffer; the result holds the outputs in the order of the plan, batch first.
    pub fn run(&mut self, inputs: &[ArrayD<f32>]) -> Vec<ArrayD<f32>> {
        for (port, input) in self.plan.inputs.iter().zip(inputs) {
            let target = &mut self.arena[port.buffer.offset..port.buffer.offset + port.buffer.len];
            assert_eq!(input.len(), target.len(), "an input has the size of its port");
            target.iter_mut().zip(input).for_each(|(slot, &value)| *slot = value);
        }
        let Executor { plan, constants, arena, scratch, threads } = self;
        for (step, constants) in plan.steps.iter().zip(constants.iter()) {
            threads.install(|| run_step(step, plan.batch, constants, arena, scratch));
        }
        plan.outputs
            .iter()
            .map(|port| {
                let values = arena[port.buffer.offset..port.buffer.offset + port.buffer.len].to_vec();
                let shape: Vec<usize> = [plan.batch]
                    .into_iter()
                    .chain(port.shape.stored().into_iter().map(|dim| dim as usize))
                    .collect();
                ArrayD::from_shape_vec(IxDyn(&shape), values).expect("a buffer has the elements of its shape")
            })
            .collect()
    }
}

fn zeros(len: usize) -> Result<Vec<f32>, Failure> {
    let mut values: Vec<f32> = Vec::new();
    values.try_reserve_exact(len).map_err(|_| {
        Failure::new(Code::E0607, format!("cannot allocate {} bytes for values", len as u128 * 4))
    })?;
    values.resize(len, 0.0);
    Ok(values)
}

fn run_step(step: &Step, batch: usize, constants: &[ArrayD<f32>], arena: &mut [f32], scratch: &mut [f32]) {
    let range = |buffer: crate::lower::Buffer| buffer.offset..buffer.offset + buffer.len;
    let mut reads: Vec<Range<usize>> = step.inputs.iter().map(|&buffer| range(buffer)).collect();
    if step.in_place() {
        reads.remove(0);
    }
    let (output, inputs) = borrow(arena, range(step.output), &reads);
    kernels::run(step, batch, &inputs, constants, output, scratch);
}

/// The output and the inputs as slices of one arena. Inputs may overlap each other, but none overlaps the
/// output: the placement keeps values that live at the same time apart.
fn borrow<'a>(
    arena: &'a mut [f32],
    output: Range<usize>,
    inputs: &[Range<usize>],
) -> (&'a mut [f32], Vec<&'a [f32]>) {
    let (before, rest) = arena.split_at_mut(output.start);
    let (middle, after) = rest.split_at_mut(output.len());
    let (before, after): (&[f32], &[f32]) = (before, after);
    let inputs = inputs
        .iter()
        .map(|input| {
            if input.end <= output.start {
                &before[input.clone()]
            } else {
                &after[input.start - output.end..input.end - output.end]
            }
        })
        .collect();
    (middle, inputs)
}

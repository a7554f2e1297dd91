//! The executor: a plan with its packed constants, arena and threads.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use ndarray::{ArrayD, IxDyn};

use crate::diag::{Code, Failure};
use crate::lower::{ConstantExpr, Factors, Plan, PlanPort};

use super::constants::pack_all;
use super::inputs::{InputError, in_order};
use super::kernels::{CompiledStep, Isa, Memory, compile};
use super::thread_pool::{ParallelJob, ThreadPool};

/// A plan with its constants, ready to run.
pub struct Executor {
    plan: Plan,
    pool: ThreadPool<PlanJob>,
}

impl std::fmt::Debug for Executor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Executor").field("plan", &self.plan).finish_non_exhaustive()
    }
}

/// The steps of a plan as phases that all threads run together.
struct PlanJob {
    steps: Vec<Box<dyn CompiledStep>>,
    /// The number of tasks of each phase.
    tasks: Vec<usize>,
    /// The step of each phase, and the phase's index within its step.
    phases: Vec<(usize, usize)>,
    arena: Memory,
    /// The scratch memory of each thread.
    scratch: Vec<Memory>,
    started: Instant,
    /// The time at which the last run began, in nanoseconds since `started`.
    begun: AtomicU64,
    /// The times at which the phases of the last run ended, in nanoseconds since `started`.
    finished: Vec<AtomicU64>,
}

impl ParallelJob for PlanJob {
    fn phases(&self) -> &[usize] {
        &self.tasks
    }

    fn task(&self, phase: usize, task: usize, thread: usize) {
        let (step, phase_of_step) = self.phases[phase];
        self.steps[step].run(phase_of_step, task, &self.arena, &self.scratch[thread]);
    }

    fn finished(&self, phase: usize) {
        self.finished[phase].store(self.now(), Ordering::Relaxed);
    }
}

impl PlanJob {
    fn now(&self) -> u64 {
        self.started.elapsed().as_nanos() as u64
    }
}

impl Executor {
    /// Packs the constants of a plan for the best instructions of this machine. `constant` evaluates an expression;
    /// it is called once for each constant, in the order of the steps; steps that [share](Plan::packed_by) constants
    /// share one copy.
    ///
    /// # Errors
    /// Failures of `constant`; E0607 where memory or threads cannot be had.
    pub fn load(
        plan: Plan,
        threads: usize,
        constant: impl FnMut(&ConstantExpr) -> Result<ArrayD<f32>, Failure>,
    ) -> Result<Executor, Failure> {
        Executor::load_for(Isa::best(), plan, threads, constant)
    }

    /// As [`Executor::load`], with chosen instructions; those that the machine lacks are not taken. Steps for a matrix
    /// unit are computed by its model where there is none.
    ///
    /// # Errors
    /// As [`Executor::load`].
    pub fn load_for(
        isa: Isa,
        plan: Plan,
        threads: usize,
        constant: impl FnMut(&ConstantExpr) -> Result<ArrayD<f32>, Failure>,
    ) -> Result<Executor, Failure> {
        let isa = isa.available();
        let constants = pack_all(&plan, threads, constant)?;
        let compiled = plan.steps.iter().zip(&constants);
        let steps: Vec<Box<dyn CompiledStep>> =
            compiled.map(|(step, constants)| compile(isa, step, plan.batch, constants)).collect();
        let phases: Vec<(usize, usize)> = steps
            .iter()
            .enumerate()
            .flat_map(|(index, step)| (0..step.phases().len()).map(move |phase| (index, phase)))
            .collect();
        let job = PlanJob {
            tasks: phases.iter().map(|&(step, phase)| steps[step].phases()[phase]).collect(),
            finished: phases.iter().map(|_| AtomicU64::new(0)).collect(),
            phases,
            steps,
            arena: Memory::zeroed(plan.arena)?,
            scratch: (0..threads)
                .map(|_| Memory::zeroed(plan.scratch_per_thread))
                .collect::<Result<_, _>>()?,
            started: Instant::now(),
            begun: AtomicU64::new(0),
        };
        let pool = ThreadPool::new(job, threads)
            .map_err(|error| Failure::new(Code::E0607, format!("cannot start {threads} threads: {error}")))?;
        Ok(Executor { plan, pool })
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Runs the plan for one batch. `inputs` holds an array for each input of the plan, by name and in any order,
    /// with the shape that [`Plan::array_shape`] gives it. The result holds the outputs in the order of the plan,
    /// batch first.
    ///
    /// # Errors
    /// An input that is missing, unknown, given twice or of another shape. Then nothing was computed.
    pub fn run(&mut self, inputs: &[(&str, &ArrayD<f32>)]) -> Result<Vec<ArrayD<f32>>, InputError> {
        let arrays = in_order(&self.plan, inputs)?;
        let job = self.pool.work();
        for (port, array) in self.plan.inputs.iter().zip(arrays) {
            job.arena.fill(&port.tensor, self.plan.batch, array);
        }
        job.begun.store(job.now(), Ordering::Relaxed);
        self.pool.run();
        let job = self.pool.work();
        let output = |port: &PlanPort| {
            let values = job.arena.read(&port.tensor, self.plan.batch);
            ArrayD::from_shape_vec(IxDyn(&self.plan.array_shape(port)), values)
                .expect("a tensor has the elements of its shape")
        };
        Ok(self.plan.outputs.iter().map(output).collect())
    }

    /// The numbers that each step with a weight multiplies. They are those of the plan, but for weights that bf16 cannot
    /// hold.
    pub fn factors(&self) -> Vec<Option<Factors>> {
        let job = self.pool.work();
        let steps = self.plan.steps.iter().zip(&job.steps);
        steps.map(|(planned, step)| step.packed_factors().or(planned.factors())).collect()
    }

    /// The nanoseconds that each step took in the last run.
    pub fn step_times(&self) -> Vec<u64> {
        let job = self.pool.work();
        let mut times = vec![0; job.steps.len()];
        let mut before = job.begun.load(Ordering::Relaxed);
        for (&(step, _), finished) in job.phases.iter().zip(&job.finished) {
            let now = finished.load(Ordering::Relaxed);
            times[step] += now.saturating_sub(before);
            before = now;
        }
        times
    }
}

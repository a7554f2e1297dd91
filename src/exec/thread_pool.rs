//! The threads of an executor: started once, they run all steps of a plan together.
//!
//! Between two runs a thread spins for a bounded time and then sleeps. Within a run each thread owns a share of
//! neighbouring tasks of a phase, so that it finds in its cache what it wrote in the phase before; when its share is
//! done, it takes tasks from the others. A phase begins when all tasks of the one before are done. A preempted thread
//! does not block the others unless it is executing a task. The thread that asks for a run takes part in it.
//!
//! A task that panics counts as done, so that nobody waits for it; the run panics at its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{JoinHandle, Thread};

/// The number of checks after which a waiting thread yields the processor.
const SPINS: u32 = 1 << 13;
/// The number of yields after which a thread that waits for a run sleeps.
const YIELDS: u32 = 1 << 8;

/// A job that the threads run together: phases one after another, the tasks of a phase side by side.
pub(super) trait ParallelJob: Send + Sync + 'static {
    /// The number of tasks of each phase, in order.
    fn phases(&self) -> &[usize];
    /// Runs one task on one of the threads.
    fn task(&self, phase: usize, task: usize, thread: usize);
    /// Called by the thread that asked for the run once all tasks of a phase are done.
    fn finished(&self, phase: usize);
}

struct Shared<W> {
    work: W,
    threads: usize,
    /// For each thread and phase: in the lower half the next task of the thread's share, counted from its first; in
    /// the upper half the number of the run.
    next: Vec<AtomicU64>,
    /// Tasks of each phase that are done, over all runs.
    done: Vec<AtomicU64>,
    /// Counts the runs that were asked for.
    runs: AtomicU64,
    /// Whether a task has panicked.
    panicked: AtomicBool,
    stop: AtomicBool,
}

/// The threads and their work.
pub(super) struct ThreadPool<W: ParallelJob> {
    shared: Arc<Shared<W>>,
    helpers: Vec<(Thread, Option<JoinHandle<()>>)>,
}

impl<W: ParallelJob> ThreadPool<W> {
    /// Starts `threads − 1` helper threads; the caller of a run is the other one.
    pub(super) fn new(work: W, threads: usize) -> std::io::Result<ThreadPool<W>> {
        let phases = work.phases().len();
        let counters = |number: usize| (0..number).map(|_| AtomicU64::new(0)).collect::<Vec<_>>();
        let shared = Arc::new(Shared {
            threads,
            next: counters(threads * phases),
            done: counters(phases),
            work,
            runs: AtomicU64::new(0),
            panicked: AtomicBool::new(false),
            stop: AtomicBool::new(false),
        });
        let mut pool = ThreadPool { shared, helpers: Vec::new() };
        for thread in 1..threads {
            let shared = Arc::clone(&pool.shared);
            let handle = std::thread::Builder::new()
                .name(format!("cnnc-{thread}"))
                .spawn(move || shared.serve(thread))?;
            pool.helpers.push((handle.thread().clone(), Some(handle)));
        }
        Ok(pool)
    }

    pub(super) fn work(&self) -> &W {
        &self.shared.work
    }

    /// Runs all phases once. The exclusive borrow keeps runs apart.
    ///
    /// # Panics
    /// If a task panicked in this run or an earlier one, because its results are missing.
    pub(super) fn run(&mut self) {
        let shared = &self.shared;
        let run = shared.runs.load(Ordering::Relaxed) + 1;
        shared.next.iter().for_each(|next| next.store(stamp(run) << 32, Ordering::Relaxed));
        shared.runs.store(run, Ordering::Release);
        self.helpers.iter().for_each(|(thread, _)| thread.unpark());
        shared.take_part(run, 0);
        assert!(!shared.panicked.load(Ordering::Acquire), "a kernel panicked on another thread");
    }
}

impl<W: ParallelJob> Drop for ThreadPool<W> {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        for (thread, handle) in &mut self.helpers {
            thread.unpark();
            if let Some(handle) = handle.take() {
                // The panic of a thread was printed when it happened; dropping adds nothing.
                let _ = handle.join();
            }
        }
    }
}

impl<W: ParallelJob> Shared<W> {
    /// The loop of a helper thread, until the pool is dropped.
    fn serve(&self, thread: usize) {
        let mut seen = 0;
        loop {
            let mut turns = 0;
            let run = loop {
                let run = self.runs.load(Ordering::Acquire);
                if run != seen {
                    break run;
                }
                if self.stop.load(Ordering::Acquire) {
                    return;
                }
                turns += 1;
                if turns < SPINS {
                    std::hint::spin_loop();
                } else if turns < SPINS + YIELDS {
                    std::thread::yield_now();
                } else {
                    std::thread::park();
                }
            };
            seen = run;
            self.take_part(run, thread);
        }
    }

    fn take_part(&self, run: u64, thread: usize) {
        for (phase, &tasks) in self.work.phases().iter().enumerate() {
            while let Some(task) = self.take(run, phase, tasks, thread) {
                let _guard = TaskGuard { done: &self.done[phase], panicked: &self.panicked };
                self.work.task(phase, task, thread);
            }
            wait_until(|| self.done[phase].load(Ordering::Acquire) >= run * tasks as u64);
            if thread == 0 {
                self.work.finished(phase);
            }
        }
    }

    /// Takes the next task of a phase, from the thread's own share first. `None` if all are taken, or if a later run
    /// has begun: then this thread was preempted and the others did its work.
    fn take(&self, run: u64, phase: usize, tasks: usize, thread: usize) -> Option<usize> {
        (thread..self.threads).chain(0..thread).find_map(|owner| {
            let (first, end) = (owner * tasks / self.threads, (owner + 1) * tasks / self.threads);
            let counter = &self.next[owner * self.done.len() + phase];
            let mut next = counter.load(Ordering::Relaxed);
            loop {
                let task = first + (next & u64::from(u32::MAX)) as usize;
                if next >> 32 != stamp(run) || task >= end {
                    return None;
                }
                match counter.compare_exchange_weak(next, next + 1, Ordering::Relaxed, Ordering::Relaxed) {
                    Ok(_) => return Some(task),
                    Err(found) => next = found,
                }
            }
        })
    }
}

/// Counts a task as done when dropped, so that a panic counts too.
struct TaskGuard<'a> {
    done: &'a AtomicU64,
    panicked: &'a AtomicBool,
}

impl Drop for TaskGuard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.panicked.store(true, Ordering::Release);
        }
        // Release: threads that wait for the phase see what the task wrote.
        self.done.fetch_add(1, Ordering::AcqRel);
    }
}

/// The lower half of a run's number, which is stored beside the next task.
fn stamp(run: u64) -> u64 {
    run & u64::from(u32::MAX)
}

fn wait_until(holds: impl Fn() -> bool) {
    let mut turns = 0u32;
    while !holds() {
        if turns < SPINS {
            turns += 1;
            std::hint::spin_loop();
        } else {
            std::thread::yield_now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::sync::atomic::AtomicUsize;

    struct Sums {
        phases: Vec<usize>,
        counts: Vec<AtomicUsize>,
        /// Pieces that were done in this run.
        done: AtomicUsize,
    }

    impl ParallelJob for Sums {
        fn phases(&self) -> &[usize] {
            &self.phases
        }

        fn task(&self, phase: usize, task: usize, _thread: usize) {
            // No task starts before the phases before it are finished.
            let before: usize = self.phases[..phase].iter().sum();
            assert!(self.done.load(Ordering::Relaxed) % 48 >= before);
            self.counts[phase].fetch_add(task + 1, Ordering::Relaxed);
            self.done.fetch_add(1, Ordering::Relaxed);
        }

        fn finished(&self, _phase: usize) {}
    }

    #[test]
    fn every_task_of_every_phase_runs_once_in_each_run() {
        for threads in [1, 2, 5] {
            let phases = vec![7, 0, 1, 40];
            let counts = phases.iter().map(|_| AtomicUsize::new(0)).collect();
            let mut pool =
                ThreadPool::new(Sums { phases, counts, done: AtomicUsize::new(0) }, threads).unwrap();
            for _ in 0..500 {
                pool.run();
            }
            let found: Vec<usize> =
                pool.work().counts.iter().map(|count| count.load(Ordering::Relaxed) / 500).collect();
            assert_eq!(found, [28, 0, 1, 820]);
        }
    }

    /// Panics on helpers; the thread that asks keeps its first task until one did.
    struct Broken {
        panics: AtomicBool,
    }

    impl ParallelJob for Broken {
        fn phases(&self) -> &[usize] {
            &[2, 3]
        }

        fn task(&self, phase: usize, _task: usize, thread: usize) {
            if phase == 0 && thread == 0 {
                while !self.panics.load(Ordering::Relaxed) {
                    std::thread::yield_now();
                }
            } else if phase == 0 {
                self.panics.store(true, Ordering::Relaxed);
                panic!("this panic is part of the test");
            }
        }

        fn finished(&self, _phase: usize) {}
    }

    #[test]
    fn a_panic_on_a_helper_ends_the_run_with_a_panic() {
        let mut pool = ThreadPool::new(Broken { panics: AtomicBool::new(false) }, 2).unwrap();
        for _ in 0..2 {
            let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| pool.run()));
            assert!(run.is_err());
        }
    }
}

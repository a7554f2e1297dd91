//! The threads of an executor: started once, they run all steps of a plan side by side.
//!
//! Between two runs a thread waits, first awake for a bounded time and then asleep. Within a run the threads meet
//! at a barrier after each phase; pieces of a phase go to whoever is free. The thread that asks for a run takes
//! part in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{JoinHandle, Thread};

/// Turns of waiting that are spent awake before a thread lets others run.
const AWAKE: u32 = 1 << 13;
/// Turns of letting others run before a thread that waits for work sleeps.
const YIELDING: u32 = 1 << 8;

/// What the threads run together.
pub(super) trait Work: Send + Sync + 'static {
    /// The pieces of each phase, in order.
    fn phases(&self) -> &[usize];
    /// Runs one piece on one of the threads.
    fn piece(&self, phase: usize, piece: usize, thread: usize);
    /// The threads have met after a phase; called by one of them.
    fn finished(&self, phase: usize);
}

struct Shared<W> {
    work: W,
    threads: usize,
    /// The next piece of each phase.
    next: Vec<AtomicUsize>,
    arrived: AtomicUsize,
    generation: AtomicUsize,
    /// Counts the runs that were asked for.
    runs: AtomicUsize,
    /// Threads that have finished the run.
    done: AtomicUsize,
    stop: AtomicBool,
}

/// The threads and their work.
pub(super) struct Team<W: Work> {
    shared: Arc<Shared<W>>,
    helpers: Vec<(Thread, Option<JoinHandle<()>>)>,
}

impl<W: Work> Team<W> {
    /// Starts `threads − 1` threads beside the one that will ask.
    pub(super) fn new(work: W, threads: usize) -> std::io::Result<Team<W>> {
        let shared = Arc::new(Shared {
            threads,
            next: work.phases().iter().map(|_| AtomicUsize::new(0)).collect(),
            work,
            arrived: AtomicUsize::new(0),
            generation: AtomicUsize::new(0),
            runs: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        });
        let mut team = Team { shared, helpers: Vec::new() };
        for thread in 1..threads {
            let shared = Arc::clone(&team.shared);
            let handle = std::thread::Builder::new()
                .name(format!("cnnc-{thread}"))
                .spawn(move || shared.serve(thread))?;
            team.helpers.push((handle.thread().clone(), Some(handle)));
        }
        Ok(team)
    }

    pub(super) fn work(&self) -> &W {
        &self.shared.work
    }

    /// Runs all phases once. The exclusive borrow keeps runs apart.
    pub(super) fn run(&mut self) {
        let shared = &self.shared;
        shared.next.iter().for_each(|next| next.store(0, Ordering::Relaxed));
        shared.done.store(0, Ordering::Relaxed);
        shared.runs.fetch_add(1, Ordering::Release);
        self.helpers.iter().for_each(|(thread, _)| thread.unpark());
        shared.take_part(0);
        // Nobody reads the counters of this run any more when all are done.
        wait_until(|| shared.done.load(Ordering::Acquire) == shared.threads - 1);
    }
}

impl<W: Work> Drop for Team<W> {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        for (thread, handle) in &mut self.helpers {
            thread.unpark();
            if let Some(handle) = handle.take() {
                // A thread that panicked has said so; there is nothing to add while dropping.
                let _ = handle.join();
            }
        }
    }
}

impl<W: Work> Shared<W> {
    /// What a helper does until the team is dropped.
    fn serve(&self, thread: usize) {
        let mut seen = 0;
        loop {
            let mut turns = 0;
            while self.runs.load(Ordering::Acquire) == seen {
                if self.stop.load(Ordering::Acquire) {
                    return;
                }
                turns += 1;
                if turns < AWAKE {
                    std::hint::spin_loop();
                } else if turns < AWAKE + YIELDING {
                    std::thread::yield_now();
                } else {
                    std::thread::park();
                }
            }
            seen += 1;
            self.take_part(thread);
            self.done.fetch_add(1, Ordering::Release);
        }
    }

    fn take_part(&self, thread: usize) {
        for (phase, &pieces) in self.work.phases().iter().enumerate() {
            loop {
                let piece = self.next[phase].fetch_add(1, Ordering::Relaxed);
                if piece >= pieces {
                    break;
                }
                self.work.piece(phase, piece, thread);
            }
            self.meet(phase);
        }
    }

    /// Waits for all threads; what they wrote before is seen by all afterwards.
    fn meet(&self, phase: usize) {
        if self.threads == 1 {
            return self.work.finished(phase);
        }
        let generation = self.generation.load(Ordering::Relaxed);
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == self.threads {
            self.work.finished(phase);
            self.arrived.store(0, Ordering::Relaxed);
            self.generation.store(generation.wrapping_add(1), Ordering::Release);
        } else {
            wait_until(|| self.generation.load(Ordering::Acquire) != generation);
        }
    }
}

fn wait_until(holds: impl Fn() -> bool) {
    let mut turns = 0u32;
    while !holds() {
        if turns < AWAKE {
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

    struct Sums {
        phases: Vec<usize>,
        counts: Vec<AtomicUsize>,
        order: AtomicUsize,
    }

    impl Work for Sums {
        fn phases(&self) -> &[usize] {
            &self.phases
        }

        fn piece(&self, phase: usize, piece: usize, _thread: usize) {
            // No piece starts before the phases before it are finished.
            assert_eq!(self.order.load(Ordering::Acquire) % self.phases.len(), phase);
            self.counts[phase].fetch_add(piece + 1, Ordering::Relaxed);
        }

        fn finished(&self, _phase: usize) {
            self.order.fetch_add(1, Ordering::Release);
        }
    }

    #[test]
    fn every_piece_of_every_phase_runs_once_in_each_run() {
        for threads in [1, 2, 5] {
            let phases = vec![7, 0, 1, 40];
            let counts = phases.iter().map(|_| AtomicUsize::new(0)).collect();
            let work = Sums { phases, counts, order: AtomicUsize::new(0) };
            let mut team = Team::new(work, threads).unwrap();
            for _ in 0..20 {
                team.run();
            }
            let found: Vec<usize> =
                team.work().counts.iter().map(|count| count.load(Ordering::Relaxed) / 20).collect();
            assert_eq!(found, [28, 0, 1, 820]);
        }
    }
}

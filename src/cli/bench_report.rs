//! The report of `cnnc bench`: its figures as JSON and as a table, and a trace of one run.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;

use crate::analysis::Checked;
use crate::base::counted;
use crate::exec::{Executor, Isa};
use crate::lower::{Factors, Plan, Precision, Step};

/// The JSON of `cnnc bench`. Times are in milliseconds for one batch.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct BenchReport {
    /// The version of this structure.
    pub schema_version: u32,
    /// The network's name.
    pub network: String,
    /// Pictures at once.
    pub batch: u64,
    /// Threads.
    pub threads: u64,
    /// `amx`, `avx512`, `avx2`, `portable` or `amx-model`.
    pub instructions: String,
    /// The precision that was asked for: `highest`, `high` or `medium`. The steps tell what is computed.
    pub precision: String,
    /// The multiply-accumulates that the machine can do with operands in registers, measured, in 10⁹ floating-point
    /// operations a second.
    pub peak_gflops: f64,
    /// The bytes that the threads together can read from memory, measured, in 10⁹ a second.
    pub peak_gigabytes: f64,
    /// Runs that were measured.
    pub runs: u64,
    /// The durations of the measured runs.
    pub time: Times,
    /// Floating-point operations of the network's definition a second, in 10⁹, at the median.
    pub gflops: f64,
    /// The same as a share of the peak; algorithms with fewer multiplications may exceed 1.
    pub share_of_peak: f64,
    /// Bytes that the plan needs.
    pub memory_bytes: u64,
    /// The steps of the plan in order.
    pub steps: Vec<StepView>,
}

/// The time that something took, over all runs.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Times {
    /// Half of the runs took at most as long.
    pub median: f64,
    /// The shortest run.
    pub least: f64,
    /// A tenth of the runs took at most as long.
    pub tenth: f64,
    /// Nine tenths of the runs took at most as long.
    pub ninth: f64,
}

/// A step of the plan.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct StepView {
    /// The kernel.
    pub kernel: String,
    /// The numbers that it multiplies: `f32`; `bf16-weights` with inputs of f32; on a matrix unit `bf16`, `bf16x3` or
    /// `bf16x6`, by the products of bf16 for one of f32; null for steps without a weight.
    pub factors: Option<String>,
    /// The paths of the layers that it computes; none for a copy between layouts.
    pub covers: Vec<String>,
    /// The shape of its output for one picture.
    pub output: Vec<u64>,
    /// Its time.
    pub time: Times,
    /// Its share of the sum of all medians.
    pub share_of_time: f64,
    /// Floating-point operations of the covered layers a second, in 10⁹, at the median.
    pub gflops: f64,
    /// The same as a share of the peak.
    pub share_of_peak: f64,
}

fn times(mut nanoseconds: Vec<u64>) -> Times {
    nanoseconds.sort_unstable();
    let at = |tenths: usize| {
        let index = (nanoseconds.len() * tenths / 10).min(nanoseconds.len().saturating_sub(1));
        nanoseconds.get(index).map_or(0.0, |&one| one as f64 / 1e6)
    };
    Times { median: at(5), least: at(0), tenth: at(1), ninth: at(9) }
}

pub(super) fn view(
    checked: &Checked,
    executor: &Executor,
    precision: Precision,
    (isa, threads): (Isa, usize),
    (peak, bandwidth): (f64, f64),
    whole: &[u64],
    steps: &[Vec<u64>],
) -> BenchReport {
    let plan = executor.plan();
    let costs: BTreeMap<&str, f64> = checked
        .graph()
        .nodes()
        .map(|(id, node)| (node.path.as_str(), checked.cost(id).flops() as f64 * plan.batch as f64))
        .collect();
    // `sum` starts from −0, which JSON would show.
    let flops = |step: &Step| {
        step.covers.iter().filter_map(|path| costs.get(path.as_str())).fold(0.0, |sum, cost| sum + cost)
    };
    let time = times(whole.to_vec());
    let of_steps: Vec<Times> =
        (0..plan.steps.len()).map(|index| times(steps.iter().map(|times| times[index]).collect())).collect();
    let sum: f64 = of_steps.iter().map(|time| time.median).sum();
    let rate = |flops: f64, milliseconds: f64| flops / milliseconds.max(1e-6) / 1e6;
    let all: f64 = plan.steps.iter().map(flops).sum();
    BenchReport {
        schema_version: 1,
        network: plan.network.clone(),
        batch: plan.batch as u64,
        threads: threads as u64,
        instructions: isa.word().to_owned(),
        precision: precision.word().to_owned(),
        peak_gflops: peak,
        peak_gigabytes: bandwidth,
        runs: whole.len() as u64,
        time,
        gflops: rate(all, time.median),
        share_of_peak: rate(all, time.median) / peak,
        memory_bytes: u64::try_from(plan.bytes(threads)).unwrap_or(u64::MAX),
        steps: plan
            .steps
            .iter()
            .zip(executor.factors())
            .zip(of_steps)
            .map(|((step, factors), time)| StepView {
                kernel: step.kernel.to_string(),
                factors: factors.map(|factors| factors.to_string()),
                covers: step.covers.clone(),
                output: step.output.shape.dims(),
                time,
                share_of_time: time.median / sum.max(1e-9),
                gflops: rate(flops(step), time.median),
                share_of_peak: rate(flops(step), time.median) / peak,
            })
            .collect(),
    }
}

/// Tells what is computed where another precision than the highest was asked for.
fn computed(report: &BenchReport) -> Option<String> {
    if report.precision == Precision::Highest.word() {
        return None;
    }
    let mut steps: BTreeMap<&str, u64> = BTreeMap::new();
    for factors in report.steps.iter().filter_map(|step| step.factors.as_deref()) {
        *steps.entry(factors).or_default() += 1;
    }
    let as_highest = if steps.keys().all(|&one| one == Factors::F32.to_string()) {
        " (on this machine computed as highest)"
    } else {
        ""
    };
    let counts: Vec<String> =
        steps.iter().map(|(factors, &count)| format!("{} {factors}", counted(count, "step"))).collect();
    Some(format!("precision {}{as_highest}: {}", report.precision, counts.join(", ")))
}

pub(super) fn table(report: &BenchReport, per_layer: bool) -> String {
    let Times { median, least, tenth, ninth } = report.time;
    let mut text = format!(
        "{}  batch {}, {} thread{}, {}\n\n",
        report.network,
        report.batch,
        report.threads,
        if report.threads == 1 { "" } else { "s" },
        report.instructions
    );
    if let Some(line) = computed(report) {
        text.push_str(&format!("{line}\n\n"));
    }
    if per_layer {
        text.push_str(&format!("{:>9}  {:>5}  {:>8}  {:>5}  step\n", "ms", "time", "GFLOP/s", "peak"));
        for step in &report.steps {
            let shape = step.output.iter().map(u64::to_string).collect::<Vec<_>>().join("x");
            text.push_str(&format!(
                "{:>9.3}  {:>4.1}%  {:>8.1}  {:>4.0}%  {}{} -> {shape}  {}\n",
                step.time.median,
                100.0 * step.share_of_time,
                step.gflops,
                100.0 * step.share_of_peak,
                step.kernel,
                step.factors.as_ref().map_or(String::new(), |factors| format!(" {factors}")),
                step.covers.first().map_or("", String::as_str)
            ));
        }
        text.push('\n');
    }
    text.push_str(&format!(
        "median {median:.3} ms of {} runs (least {least:.3}, 10 % {tenth:.3}, 90 % {ninth:.3})\n",
        report.runs
    ));
    text.push_str(&format!(
        "{:.1} GFLOP/s, {:.0} % of the measured peak of {:.1}; {:.1} MiB of memory\n",
        report.gflops,
        100.0 * report.share_of_peak,
        report.peak_gflops,
        report.memory_bytes as f64 / f64::from(1 << 20)
    ));
    text
}

/// A trace in Chrome's trace event format: one complete event for each step, in microseconds.
pub(super) fn trace(plan: &Plan, nanoseconds: &[u64]) -> serde_json::Value {
    let mut start = 0;
    let events: Vec<serde_json::Value> = plan
        .steps
        .iter()
        .zip(nanoseconds)
        .map(|(step, &time)| {
            let event = json!({
                "name": step.covers.first().cloned().unwrap_or_else(|| step.kernel.to_string()),
                "cat": step.kernel.to_string(),
                "ph": "X",
                "ts": start as f64 / 1e3,
                "dur": time as f64 / 1e3,
                "pid": 1,
                "tid": 1,
                "args": { "step": step.to_string() },
            });
            start += time;
            event
        })
        .collect();
    json!({ "displayTimeUnit": "ms", "traceEvents": events })
}

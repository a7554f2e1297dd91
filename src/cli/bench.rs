//! `cnnc bench`: how long a network takes on this machine, and where the time goes.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::time::{Duration, Instant};

use ndarray::ArrayD;
use serde::Serialize;
use serde_json::json;

use crate::analysis::Checked;
use crate::diag::{Code, Failure};
use crate::exec::{Executor, Isa, peak};
use crate::ir::NodeId;
use crate::lower::{KernelPolicy, Plan, PlanOptions, Step, lower};
use crate::ops::Init;
use crate::weights::seeded;

use super::parameters::Parameters;
use super::source::Source;
use super::{Done, Stop, machine, memory, output, write};

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cnnc bench zoo:resnet50 --threads 2\n  cnnc bench zoo:vgg16 --per-layer --trace /tmp/vgg16.json"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    parameters: Parameters,
    /// Threads; the processors of the machine where not given
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024), value_name = "N")]
    threads: Option<u16>,
    /// Pictures at once
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..), value_name = "N")]
    batch: u16,
    /// Runs that are measured; as many as fit into two seconds where not given
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), value_name = "N")]
    runs: Option<u32>,
    /// Shows the time of each step
    #[arg(long)]
    per_layer: bool,
    /// Direct convolution only
    #[arg(long)]
    exact: bool,
    /// The form of the output
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// Writes the steps of one run as a trace for chrome://tracing or Perfetto
    #[arg(long, value_name = "FILE")]
    trace: Option<String>,
    /// The most bytes that the run may take, such as 2GiB
    #[arg(long, value_parser = memory::parse, value_name = "BYTES")]
    max_memory: Option<u128>,
    /// Runs once for each line of stdin and answers with nanoseconds, to be compared side by side with others
    #[arg(long, conflicts_with_all = ["runs", "per_layer", "trace"])]
    on_demand: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    #[default]
    Table,
    /// For machines
    Json,
}

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
    /// `avx512`, `avx2` or `portable`.
    pub instructions: String,
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

/// How long something took over all runs.
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

pub(super) fn run(arguments: &Arguments) -> Done {
    arguments.source.compile(|_, checked| bench(arguments, checked))
}

fn bench(arguments: &Arguments, checked: &Checked) -> Done {
    let (threads, isa) = (machine::threads(arguments.threads), machine::isa()?);
    let mut parameters = arguments.parameters.clone();
    if parameters.weights.is_none() {
        // The values of the weights do not change the time.
        parameters.seed.get_or_insert(0);
    }
    let mut weights = parameters.weights(checked, None)?;
    let outputs = checked.graph().outputs().iter().filter(|output| !output.train_only);
    let outputs: Vec<(String, NodeId)> = outputs.map(|output| (output.name.clone(), output.node)).collect();
    let policy = if arguments.exact { KernelPolicy::NoWinograd } else { KernelPolicy::Fastest };
    let plan = lower(checked.graph(), &PlanOptions { batch: usize::from(arguments.batch), policy, outputs });
    memory::check(plan.bytes(threads), arguments.max_memory)?;
    let inputs = inputs(&plan);
    let executor = Executor::load_for(isa, plan, threads, |recipe| weights.constant(checked.graph(), recipe));
    let mut executor = executor.map_err(Stop::Environment)?;
    if arguments.on_demand {
        return on_demand(&mut executor, &inputs);
    }
    let (whole, steps) = measure(&mut executor, &inputs, arguments.runs)?;
    if let Some(path) = &arguments.trace {
        let trace = trace(executor.plan(), steps.last().map_or(&[], Vec::as_slice));
        write::file(path, |file| {
            serde_json::to_writer(file, &trace)
                .map_err(|error| Failure::new(Code::E0609, format!("cannot write `{path}`: {error}")))
        })?;
    }
    let bandwidth = peak::bandwidth(isa, threads).map_err(Stop::Environment)?;
    let peaks = (peak::gflops(isa, threads), bandwidth);
    let report = view(checked, executor.plan(), (isa, threads), peaks, &whole, &steps);
    output::print(&match arguments.format {
        Format::Json => output::json(&report)?,
        Format::Table => table(&report, arguments.per_layer),
    })
}

/// Seeded arrays in [−1, 1) for the inputs of a plan, by name.
fn inputs(plan: &Plan) -> Vec<(String, ArrayD<f32>)> {
    let one = |port: &crate::lower::PlanPort| {
        let values = seeded::fill(0, &port.name, &Init::Input, false, &plan.array_shape(port));
        (port.name.clone(), values)
    };
    plan.inputs.iter().map(one).collect()
}

/// Runs once and drops the results.
fn run_once(executor: &mut Executor, inputs: &[(String, ArrayD<f32>)]) -> Done {
    let inputs: Vec<(&str, &ArrayD<f32>)> =
        inputs.iter().map(|(name, array)| (name.as_str(), array)).collect();
    executor.run(&inputs).map_err(|error| Stop::Environment(Failure::new(Code::E0606, error.to_string())))?;
    Ok(())
}

fn on_demand(executor: &mut Executor, inputs: &[(String, ArrayD<f32>)]) -> Done {
    run_once(executor, inputs)?;
    output::print("ready\n")?;
    for line in std::io::stdin().lock().lines() {
        if line.is_err() {
            break;
        }
        let started = Instant::now();
        run_once(executor, inputs)?;
        output::print(&format!("{}\n", started.elapsed().as_nanos()))?;
    }
    Ok(())
}

/// Measures the nanoseconds of each run, and of each step in each run.
fn measure(
    executor: &mut Executor,
    inputs: &[(String, ArrayD<f32>)],
    runs: Option<u32>,
) -> Result<(Vec<u64>, Vec<Vec<u64>>), Stop> {
    for _ in 0..3 {
        run_once(executor, inputs)?;
    }
    let begun = Instant::now();
    let (mut whole, mut steps) = (Vec::new(), Vec::new());
    let enough = |done: usize| match runs {
        Some(runs) => done >= runs as usize,
        None => done >= 10 && begun.elapsed() > Duration::from_secs(2),
    };
    while !enough(whole.len()) {
        let started = Instant::now();
        run_once(executor, inputs)?;
        whole.push(started.elapsed().as_nanos() as u64);
        steps.push(executor.step_times());
    }
    Ok((whole, steps))
}

fn times(mut nanoseconds: Vec<u64>) -> Times {
    nanoseconds.sort_unstable();
    let at = |tenths: usize| {
        let index = (nanoseconds.len() * tenths / 10).min(nanoseconds.len().saturating_sub(1));
        nanoseconds.get(index).map_or(0.0, |&one| one as f64 / 1e6)
    };
    Times { median: at(5), least: at(0), tenth: at(1), ninth: at(9) }
}

fn view(
    checked: &Checked,
    plan: &Plan,
    (isa, threads): (Isa, usize),
    (peak, bandwidth): (f64, f64),
    whole: &[u64],
    steps: &[Vec<u64>],
) -> BenchReport {
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
        instructions: format!("{isa:?}").to_lowercase(),
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
            .zip(of_steps)
            .map(|(step, time)| StepView {
                kernel: step.kernel.to_string(),
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

fn table(report: &BenchReport, per_layer: bool) -> String {
    let Times { median, least, tenth, ninth } = report.time;
    let mut text = format!(
        "{}  batch {}, {} thread{}, {}\n\n",
        report.network,
        report.batch,
        report.threads,
        if report.threads == 1 { "" } else { "s" },
        report.instructions
    );
    if per_layer {
        text.push_str(&format!("{:>9}  {:>5}  {:>8}  {:>5}  step\n", "ms", "time", "GFLOP/s", "peak"));
        for step in &report.steps {
            let shape = step.output.iter().map(u64::to_string).collect::<Vec<_>>().join("x");
            text.push_str(&format!(
                "{:>9.3}  {:>4.1}%  {:>8.1}  {:>4.0}%  {} -> {shape}  {}\n",
                step.time.median,
                100.0 * step.share_of_time,
                step.gflops,
                100.0 * step.share_of_peak,
                step.kernel,
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
fn trace(plan: &Plan, nanoseconds: &[u64]) -> serde_json::Value {
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

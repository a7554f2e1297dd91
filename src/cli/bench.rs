//! `cnnc bench`: how long a network takes on this machine, and where the time goes.

use std::io::BufRead;
use std::time::{Duration, Instant};

use ndarray::ArrayD;

use crate::analysis::Checked;
use crate::diag::{Code, Failure};
use crate::driver::Session;
use crate::exec::{Executor, peak};
use crate::ir::NodeId;
use crate::lower::{KernelPolicy, Plan, PlanOptions, lower};
use crate::ops::Init;
use crate::weights::seeded;

use super::bench_report::{table, trace, view};
use super::parameters::{Parameters, Target};
use super::precision::Asked;
use super::source::Source;
use super::{CliError, CliResult, machine, memory, output, write};

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
    /// The precision of products, in PyTorch's words
    #[arg(long, value_enum, default_value_t, value_name = "PRECISION")]
    precision: Asked,
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

pub(super) fn run(arguments: &Arguments) -> CliResult {
    arguments.source.compile(|session, checked| bench(arguments, session, checked))
}

fn bench(arguments: &Arguments, session: &Session, checked: &Checked) -> CliResult {
    let (threads, isa) = (machine::threads(arguments.threads), machine::isa()?);
    let mut parameters = arguments.parameters.clone();
    if parameters.weights.is_none() {
        // The values of the weights do not change the time.
        parameters.seed.get_or_insert(0);
    }
    let mut weights = parameters.weights(Target { session, source: &arguments.source, network: checked })?;
    let outputs = checked.graph().outputs().iter().filter(|output| !output.train_only);
    let outputs: Vec<(String, NodeId)> = outputs.map(|output| (output.name.clone(), output.node)).collect();
    let policy = if arguments.exact { KernelPolicy::NoWinograd } else { KernelPolicy::Fastest };
    let (batch, precision) = (usize::from(arguments.batch), arguments.precision.into());
    let matrix_unit = isa.has_matrix_unit();
    let plan = lower(checked.graph(), &PlanOptions { batch, policy, precision, matrix_unit, outputs });
    memory::check(plan.bytes(threads), arguments.max_memory)?;
    let inputs = inputs(&plan);
    let executor = Executor::load_for(isa, plan, threads, |recipe| weights.constant(checked.graph(), recipe));
    let mut executor = executor.map_err(CliError::Environment)?;
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
    let bandwidth = peak::bandwidth(isa, threads).map_err(CliError::Environment)?;
    let peaks = (peak::gflops(isa, threads), bandwidth);
    let report = view(checked, &executor, precision, (isa, threads), peaks, &whole, &steps);
    match arguments.format {
        Format::Json => output::print(&output::json(&report)?),
        Format::Table => output::print_prose(&table(&report, arguments.per_layer)),
    }
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
fn run_once(executor: &mut Executor, inputs: &[(String, ArrayD<f32>)]) -> CliResult {
    let inputs: Vec<(&str, &ArrayD<f32>)> =
        inputs.iter().map(|(name, array)| (name.as_str(), array)).collect();
    executor
        .run(&inputs)
        .map_err(|error| CliError::Environment(Failure::new(Code::E0606, error.to_string())))?;
    Ok(())
}

fn on_demand(executor: &mut Executor, inputs: &[(String, ArrayD<f32>)]) -> CliResult {
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
) -> Result<(Vec<u64>, Vec<Vec<u64>>), CliError> {
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

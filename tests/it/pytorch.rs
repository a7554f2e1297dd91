//! Small programs over every operator, executed: the outputs are those of PyTorch, computed in f64
//! (`tests/fixtures/ops/generate.py`), within rtol 1e-4 and atol 1e-5.

use ndarray::ArrayD;
use serde::Deserialize;

use cnnc::analysis::Checked;
use cnnc::driver::{Options, Session};
use cnnc::exec::{Executor, Isa};
use cnnc::lower::{KernelPolicy, PlanOptions, Precision, lower};
use cnnc::ops::Init;
use cnnc::weights::seeded;

#[derive(Deserialize)]
struct Case {
    name: String,
    source: String,
    seed: u64,
    random_bn: bool,
    batch: usize,
    output: String,
    shape: Vec<usize>,
    offset: usize,
    len: usize,
}

/// The output of a network for seeded weights and seeded inputs.
pub(crate) fn run_seeded(
    checked: &Checked,
    output: &str,
    seed: u64,
    random_bn: bool,
    batch: usize,
    exact: bool,
    threads: usize,
) -> ArrayD<f32> {
    let policy = if exact { KernelPolicy::Reference } else { KernelPolicy::Fastest };
    run_for(Isa::best(), checked, output, (seed, random_bn), batch, policy, threads)
}

/// As [`run_seeded`], for chosen instructions and kernels.
pub(crate) fn run_for(
    isa: Isa,
    checked: &Checked,
    output: &str,
    (seed, random_bn): (u64, bool),
    batch: usize,
    policy: KernelPolicy,
    threads: usize,
) -> ArrayD<f32> {
    let inputs: Vec<ArrayD<f32>> = checked
        .graph()
        .inputs()
        .map(|(_, node)| {
            let shape: Vec<usize> =
                [batch].into_iter().chain(node.shape.stored().into_iter().map(|dim| dim as usize)).collect();
            seeded::fill(seed, &node.path, &Init::Input, false, &shape)
        })
        .collect();
    run_on(&inputs, isa, checked, output, (seed, random_bn), policy, threads)
}

/// As [`run_for`], on these inputs.
pub(crate) fn run_on(
    inputs: &[ArrayD<f32>],
    isa: Isa,
    checked: &Checked,
    output: &str,
    (seed, random_bn): (u64, bool),
    policy: KernelPolicy,
    threads: usize,
) -> ArrayD<f32> {
    let batch = inputs[0].shape()[0];
    let graph = checked.graph();
    let node = graph
        .outputs()
        .iter()
        .find(|one| one.name == output)
        .map(|one| one.node)
        .or_else(|| graph.value(output))
        .unwrap();
    let outputs = vec![(output.to_owned(), node)];
    let plan = lower(
        graph,
        &PlanOptions {
            batch,
            policy,
            precision: Precision::Highest,
            matrix_unit: isa.has_matrix_unit(),
            outputs,
        },
    );
    let tensor = |(id, index): (cnnc::ir::NodeId, usize)| {
        let node = graph.node(id);
        let parameter = &node.parameters[index];
        let shape: Vec<usize> = parameter.shape.iter().map(|&dim| dim as usize).collect();
        seeded::fill(seed, &format!("{}.{}", node.path, parameter.key), &parameter.init, random_bn, &shape)
    };
    let mut executor = Executor::load_for(isa, plan, threads, |recipe| {
        Ok(recipe.evaluate(recipe.reads().into_iter().map(tensor).collect()))
    })
    .unwrap();
    let names: Vec<&str> = graph.inputs().map(|(_, node)| node.path.as_str()).collect();
    assert_eq!(names.len(), inputs.len());
    let named: Vec<_> = names.into_iter().zip(inputs).collect();
    executor.run(&named).unwrap().swap_remove(0)
}

fn compile(source: &str) -> Checked {
    let session = Session::load(&(), "case.cnn", source.as_bytes().to_vec(), "case");
    let outcome = session.compile(&Options::default()).unwrap();
    outcome.checked.unwrap_or_else(|| panic!("{source}: {:#?}", outcome.diagnostics))
}

fn cases() -> Vec<(Case, Vec<f32>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/ops");
    let cases: Vec<Case> =
        serde_json::from_str(&std::fs::read_to_string(format!("{folder}/cases.json")).unwrap()).unwrap();
    let bytes = std::fs::read(format!("{folder}/outputs.f32")).unwrap();
    let values: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    cases
        .into_iter()
        .map(|case| (values[case.offset..case.offset + case.len].to_vec(), case))
        .map(|(values, case)| (case, values))
        .collect()
}

fn compare(exact: bool) {
    let mut wrong = Vec::new();
    let cases = cases();
    assert!(cases.len() > 200, "{} cases", cases.len());
    for (case, expected) in &cases {
        let found =
            run_seeded(&compile(&case.source), &case.output, case.seed, case.random_bn, case.batch, exact, 2);
        if found.shape() != case.shape {
            wrong.push(format!(
                "{}: {} has the shape {:?}, not {:?}",
                case.name,
                case.source,
                found.shape(),
                case.shape
            ));
            continue;
        }
        let fits = |(found, expected): (&f32, &f32)| {
            (found - expected).abs() <= 1e-5 + 1e-4 * expected.abs() || found.is_nan() && expected.is_nan()
        };
        let misses = found.iter().zip(expected).filter(|&pair| !fits(pair)).count();
        if misses > 0 {
            wrong.push(format!(
                "{}: {}: {misses} of {} elements differ",
                case.name,
                case.source,
                expected.len()
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn fast_kernels_agree_with_pytorch() {
    compare(false);
}

#[test]
fn definitions_agree_with_pytorch() {
    compare(true);
}

#[test]
fn the_bits_do_not_depend_on_the_threads() {
    let source = "input 33x29x5; conv 3x3x40 same bn relu; dwconv 3x3/2 same; residual < conv 3x3x40 same groups=4 >; maxpool 2/2; flatten; dense 70 tanh;";
    let checked = compile(source);
    let bits = |threads| run_seeded(&checked, "out", 7, true, 2, false, threads).mapv(f32::to_bits);
    let one = bits(1);
    for threads in [2, 3, 8] {
        assert_eq!(one, bits(threads), "{threads} threads");
    }
}

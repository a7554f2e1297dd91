//! Whole networks at full size: the outputs are those of PyTorch (`tests/fixtures/networks/generate.py`), and
//! sampled values on the way tell which layer is wrong. Keys and shapes are those of torchvision.

use std::collections::BTreeMap;

use ndarray::ArrayD;
use serde::Deserialize;

use cnnc::analysis::Checked;
use cnnc::driver::{Options, Session};
use cnnc::exec::Executor;
use cnnc::ir::NodeId;
use cnnc::lower::{Settings, lower};
use cnnc::ops::Init;
use cnnc::weights::seeded;

#[derive(Deserialize)]
struct Network {
    network: String,
    file: String,
    seed: u64,
    random_bn: bool,
    relative_difference: f64,
    runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    input_seed: u64,
    out: Vec<f32>,
    values: BTreeMap<String, Samples>,
}

#[derive(Deserialize)]
struct Samples {
    shape: Vec<usize>,
    max_abs: f64,
    at: Vec<usize>,
    samples: Vec<f32>,
}

fn compile(path: &str, network: Option<&str>) -> Checked {
    let bytes = std::fs::read(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let session = Session::load(&(), path, bytes, "network");
    let options = Options { network: network.map(str::to_owned), ..Options::default() };
    let outcome = session.compile(&options).unwrap();
    outcome.checked.unwrap_or_else(|| panic!("{path}: {:#?}", outcome.diagnostics))
}

fn executor(checked: &Checked, case: &Network, outputs: Vec<(String, NodeId)>) -> Executor {
    let graph = checked.graph();
    let plan = lower(graph, &Settings { batch: 1, exact: false, outputs });
    let tensor = |(id, index): (NodeId, usize)| {
        let node = graph.node(id);
        let parameter = &node.parameters[index];
        let shape: Vec<usize> = parameter.shape.iter().map(|&dim| dim as usize).collect();
        let key = format!("{}.{}", node.path, parameter.key);
        seeded::fill(case.seed, &key, &parameter.init, case.random_bn, &shape)
    };
    Executor::load(plan, 2, |recipe| Ok(recipe.evaluate(recipe.reads().into_iter().map(tensor).collect())))
        .unwrap()
}

fn top5(values: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    order.truncate(5);
    order
}

/// The largest difference, as a share of the largest expected value.
fn difference(found: impl Iterator<Item = f32>, expected: &[f32], scale: f64) -> f64 {
    found.zip(expected).map(|(a, &b)| f64::from((a - b).abs())).fold(0.0, f64::max) / scale
}

#[test]
fn outputs_are_those_of_pytorch() {
    let text = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/networks/networks.json"
    ))
    .unwrap();
    let cases: Vec<Network> = serde_json::from_str(&text).unwrap();
    assert_eq!(cases.len(), 7);
    for case in &cases {
        assert!(
            case.relative_difference > 0.01,
            "the output of {} hardly depends on its input",
            case.network
        );
        let checked = compile(&format!("tests/fixtures/networks/{}", case.file), None);
        let graph = checked.graph();
        let inner: Vec<&String> = case.runs[0].values.keys().collect();
        let mut kept = vec![("out".to_owned(), graph.outputs()[0].node)];
        kept.extend(inner.iter().map(|name| {
            ((*name).clone(), graph.value(name).unwrap_or_else(|| panic!("{}: no `{name}`", case.network)))
        }));
        let mut executor = executor(&checked, case, kept);
        for run in &case.runs {
            let input = graph.inputs().next().unwrap().1;
            let shape: Vec<usize> =
                [1].into_iter().chain(input.shape.stored().into_iter().map(|dim| dim as usize)).collect();
            let results = executor.run(&[seeded::fill(run.input_seed, "input", &Init::Input, false, &shape)]);
            for (name, values) in inner.iter().zip(&results[1..]) {
                let expected = &run.values[*name];
                assert_eq!(values.shape(), expected.shape, "{}: {name}", case.network);
                let flat: Vec<f32> = values.iter().copied().collect();
                let found = expected.at.iter().map(|&index| flat[index]);
                let off = difference(found, &expected.samples, expected.max_abs);
                assert!(off < 1e-4, "{}: `{name}` is off by {off:e}", case.network);
            }
            let out: &ArrayD<f32> = &results[0];
            let scale = run.out.iter().map(|value| f64::from(value.abs())).fold(0.0, f64::max);
            let off = difference(out.iter().copied(), &run.out, scale);
            assert!(off < 1e-4, "{}: the output is off by {off:e}", case.network);
            assert_eq!(top5(out.as_slice().unwrap()), top5(&run.out), "{}", case.network);
        }
    }
}

#[test]
fn torchvision_keys_bind_by_name() {
    for (example, network) in [("resnet50", "resnet50"), ("vgg16", "vgg16")] {
        let path = format!("{}/tests/fixtures/torchvision/{network}.json", env!("CARGO_MANIFEST_DIR"));
        let keys: Vec<(String, Vec<u64>)> =
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let mut wanted: Vec<(String, Vec<u64>)> =
            keys.into_iter().filter(|(key, _)| !key.ends_with(".num_batches_tracked")).collect();
        let checked = compile(&format!("examples/{example}.cnn"), Some(network));
        let nodes = checked.graph().nodes();
        let mut declared: Vec<(String, Vec<u64>)> = nodes
            .flat_map(|(_, node)| {
                node.parameters
                    .iter()
                    .map(move |one| (format!("{}.{}", node.path, one.key), one.shape.clone()))
            })
            .collect();
        wanted.sort();
        declared.sort();
        assert_eq!(declared, wanted, "{network}");
    }
}

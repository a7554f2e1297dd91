//! Whole networks at full size: the outputs of the zoo are those of PyTorch (`tests/fixtures/networks/generate.py`),
//! and sampled values on the way tell which layer is wrong. Keys and shapes are those of torchvision.
//!
//! `NETWORK=vgg16 cargo test --release networks::` executes one network.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ndarray::{ArrayD, Axis};
use serde::Deserialize;

use cnnc::analysis::Checked;
use cnnc::driver::{Options, Session};
use cnnc::exec::{Executor, Isa};
use cnnc::ir::NodeId;
use cnnc::lower::{KernelPolicy, PlanOptions, Precision, lower};
use cnnc::ops::Init;
use cnnc::tensor::Shape;
use cnnc::weights::seeded;
use cnnc::zoo;

use crate::figures;

/// The largest difference from PyTorch, as a share of the largest magnitude.
const TOLERANCE: f64 = 1e-4;

#[derive(Deserialize)]
struct Network {
    network: String,
    seed: u64,
    random_bn: bool,
    /// The parameters of PyTorch's module.
    params: Option<u128>,
    runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    input_seed: u64,
    out: Output,
    values: BTreeMap<String, Summary>,
}

#[derive(Deserialize)]
struct Output {
    #[serde(flatten)]
    summary: Summary,
    step: usize,
    numbers: Vec<f32>,
}

#[derive(Deserialize)]
struct Summary {
    shape: Vec<usize>,
    sum: f64,
    max_abs: f64,
    at: Vec<usize>,
    samples: Vec<f32>,
}

/// A network of the zoo.
pub(crate) fn compile(name: &str) -> Checked {
    let (file, network) = zoo::find(name).unwrap_or_else(|| panic!("the zoo has no `{name}`"));
    let session = Session::load(&(), file.name, file.text.as_bytes().to_vec(), file.name);
    let options = Options { network: network.map(str::to_owned), ..Options::default() };
    let outcome = session.compile(&options).unwrap();
    outcome.checked.unwrap_or_else(|| panic!("{name}: {:#?}", outcome.diagnostics))
}

/// The committed outputs by the name of the network.
fn fixtures() -> BTreeMap<String, Network> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/networks");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let case: Network = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            assert_eq!(path.file_stem().unwrap().to_str(), Some(case.network.as_str()));
            (case.network.clone(), case)
        })
        .collect()
}

/// A network with parameters that are given by key, initial values and dimensions.
pub(crate) fn executor(
    checked: &Checked,
    outputs: Vec<(String, NodeId)>,
    value: impl Fn(&str, &Init, &[usize]) -> ArrayD<f32> + Sync,
) -> Executor {
    let graph = checked.graph();
    let (policy, precision) = (KernelPolicy::Fastest, Precision::Highest);
    let plan = lower(
        graph,
        &PlanOptions { batch: 1, policy, precision, matrix_unit: Isa::best().has_matrix_unit(), outputs },
    );
    let tensor = |(id, index): (NodeId, usize)| {
        let node = graph.node(id);
        let parameter = &node.parameters[index];
        let shape: Vec<usize> = parameter.shape.iter().map(|&dim| dim as usize).collect();
        value(&format!("{}.{}", node.path, parameter.key), &parameter.init, &shape)
    };
    Executor::load(plan, 2, |recipe| Ok(recipe.evaluate(recipe.reads().into_iter().map(tensor).collect())))
        .unwrap()
}

/// A seeded input of one picture: half noise of pixels, half noise of 7x7 patches, which survives the pooling.
fn picture(seed: u64, shape: &Shape) -> ArrayD<f32> {
    let noise = |name: &str, shape: &[usize]| seeded::fill(seed, name, &Init::Input, false, shape);
    let dims: Vec<usize> = shape.stored().into_iter().map(|dim| dim as usize).collect();
    let [channels, height, width] = dims[..] else { panic!("the input is a map") };
    let patches = noise("patches", &[1, channels, 7, 7]);
    let mut picture = noise("input", &[1, channels, height, width]);
    for (index, value) in picture.indexed_iter_mut() {
        let patch = [0, index[1], index[2] * 7 / height, index[3] * 7 / width];
        *value = 0.5 * (*value + patches[patch]);
    }
    picture
}

fn top5(values: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    order.truncate(5);
    order
}

/// The largest difference.
fn difference(found: impl Iterator<Item = f32>, expected: &[f32]) -> f64 {
    found.zip(expected).map(|(a, &b)| f64::from((a - b).abs())).fold(0.0, f64::max)
}

/// How far a value is from its summary: samples and the mean, as a share of the largest magnitude.
fn off(found: &ArrayD<f32>, expected: &Summary) -> f64 {
    let flat: Vec<f32> = found.iter().copied().collect();
    let samples = difference(expected.at.iter().map(|&index| flat[index]), &expected.samples);
    let sum: f64 = flat.iter().copied().map(f64::from).sum();
    let mean = (sum - expected.sum).abs() / flat.len() as f64;
    samples.max(mean) / expected.max_abs
}

/// Runs a network on its inputs: the largest difference of its outputs, or what is wrong.
fn execute(case: &Network) -> Result<f64, String> {
    let [first, second] = &case.runs[..] else { return Err("there are not two inputs".to_owned()) };
    let apart = difference(first.out.numbers.iter().copied(), &second.out.numbers);
    if apart < 100.0 * TOLERANCE * first.out.summary.max_abs {
        return Err("the output hardly depends on the input".to_owned());
    }
    let checked = compile(&case.network);
    let graph = checked.graph();
    let params = checked.totals().elements.params;
    if case.params.is_some_and(|theirs| theirs != params) {
        return Err(format!("{params} parameters, PyTorch has {}", case.params.unwrap_or_default()));
    }
    let inner: Vec<&String> = case.runs[0].values.keys().collect();
    let mut kept = vec![("out".to_owned(), graph.outputs()[0].node)];
    for name in &inner {
        kept.push(((*name).clone(), graph.value(name).ok_or_else(|| format!("there is no `{name}`"))?));
    }
    let mut executor = executor(&checked, kept, |key, init, shape| {
        seeded::fill(case.seed, key, init, case.random_bn, shape)
    });
    let mut largest: f64 = 0.0;
    for run in &case.runs {
        // The second input has a seed of its own.
        let arrays: Vec<(&str, ArrayD<f32>)> = graph
            .inputs()
            .zip(0..)
            .map(|((_, input), index)| {
                (input.path.as_str(), picture(run.input_seed + 100 * index, &input.shape))
            })
            .collect();
        let inputs: Vec<(&str, &ArrayD<f32>)> = arrays.iter().map(|(name, array)| (*name, array)).collect();
        let results = executor.run(&inputs).map_err(|error| error.to_string())?;
        for (name, found) in inner.iter().zip(&results[1..]) {
            let expected = &run.values[*name];
            if found.shape() != expected.shape {
                return Err(format!("`{name}` is {:?}, not {:?}", found.shape(), expected.shape));
            }
            let off = off(found, expected);
            if off > TOLERANCE {
                return Err(format!("`{name}` is off by {off:e}"));
            }
        }
        let Output { summary, step, numbers } = &run.out;
        let out: Vec<f32> = results[0].iter().copied().step_by(*step).collect();
        if results[0].shape() != summary.shape {
            return Err(format!("the output is {:?}, not {:?}", results[0].shape(), summary.shape));
        }
        assert_eq!(out.len(), numbers.len(), "the fixture has as many numbers as it says");
        let off = off(&results[0], summary).max(difference(out.iter().copied(), numbers) / summary.max_abs);
        if off > TOLERANCE {
            return Err(format!("the output is off by {off:e}"));
        }
        // Of a map the largest may be equal.
        if summary.shape.len() == 2 && top5(&out) != top5(numbers) {
            return Err(format!("the five largest are {:?}, not {:?}", top5(&out), top5(numbers)));
        }
        largest = largest.max(off);
    }
    Ok(largest)
}

#[test]
fn outputs_are_those_of_pytorch() {
    let only = std::env::var("NETWORK").ok();
    let cases = fixtures();
    let names: BTreeSet<&str> = cases.keys().map(String::as_str).collect();
    assert_eq!(names, zoo::names().collect(), "a fixture for each network of the zoo");
    let mut differences = BTreeMap::new();
    let mut wrong = Vec::new();
    for (name, case) in cases.iter().filter(|(name, _)| only.as_ref().is_none_or(|only| only == *name)) {
        match execute(case) {
            Ok(off) => {
                println!("{name}: {off:.1e}");
                differences.insert(name.clone(), off);
            }
            Err(why) => wrong.push(format!("{name}: {why}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    if only.is_none() {
        figures::check(&differences);
    }
}

#[test]
fn two_towers_compute_what_two_groups_compute() {
    let (whole, towers) = (compile("alexnet"), compile("alexnet_two_towers"));
    assert_eq!(whole.totals().elements.params, towers.totals().elements.params);
    assert_eq!(whole.totals().macs, towers.totals().macs);
    let parameters =
        || whole.graph().nodes().flat_map(|(_, node)| node.parameters.iter().map(move |one| (node, one)));
    // The weights of both: a tower has the first or second half of the filters of a grouped convolution.
    let value = |key: &str, init: &Init, shape: &[usize]| {
        let (part, half) = match key {
            _ if key.contains(".upper.") => (key.replace(".upper", ""), Some(0)),
            _ if key.contains(".lower.") => (key.replace(".lower", ""), Some(1)),
            _ => (key.to_owned(), None),
        };
        let Some(half) = half else { return seeded::fill(1, key, init, true, shape) };
        let (node, one) =
            parameters().find(|(node, one)| format!("{}.{}", node.path, one.key) == part).unwrap();
        assert_eq!(node.word, "conv");
        let dims: Vec<usize> = one.shape.iter().map(|&dim| dim as usize).collect();
        let all = seeded::fill(1, &part, &one.init, true, &dims);
        let count = shape[0];
        all.slice_axis(Axis(0), (half * count..(half + 1) * count).into()).to_owned()
    };
    let run = |checked: &Checked| {
        let graph = checked.graph();
        let outputs = vec![("out".to_owned(), graph.outputs()[0].node)];
        let input = graph.inputs().next().unwrap().1;
        let array = picture(1, &input.shape);
        executor(checked, outputs, value).run(&[(&input.path, &array)]).unwrap().remove(0)
    };
    let (one, two) = (run(&whole), run(&towers));
    let largest = one.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
    // Groups are convolved directly, whole maps by Winograd's algorithm, which rounds differently.
    assert!(difference(two.iter().copied(), one.as_slice().unwrap()) <= 1e-5 * f64::from(largest));
}

#[test]
fn torchvision_keys_bind_by_name() {
    let networks = [
        ("alexnet_torchvision", "alexnet"),
        ("vgg16", "vgg16"),
        ("resnet18", "resnet18"),
        ("resnet34", "resnet34"),
        ("resnet50", "resnet50"),
        ("resnet101", "resnet101"),
        ("resnet152", "resnet152"),
        ("googlenet_torchvision", "googlenet"),
        ("inception_v3", "inception_v3"),
        ("efficientnet_b0", "efficientnet_b0"),
        ("mobilenet_v3_large", "mobilenet_v3_large"),
        ("regnet_y_400mf", "regnet_y_400mf"),
    ];
    for (network, list) in networks {
        let path = format!("{}/tests/fixtures/torchvision/{list}.json", env!("CARGO_MANIFEST_DIR"));
        let keys: Vec<(String, Vec<u64>)> =
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let mut wanted: Vec<(String, Vec<u64>)> =
            keys.into_iter().filter(|(key, _)| !key.ends_with(".num_batches_tracked")).collect();
        let checked = compile(network);
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

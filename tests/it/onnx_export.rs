//! `cnnc export --to onnx`: what is written is read back by the importer, whose self-check compares graphs, and has the
//! figures and the weights of the network that it was made from. What ONNX Runtime computes of it is compared by
//! `tests/interop/export_check.py`.

use std::collections::BTreeSet;
use std::io::{Cursor, Result, sink};
use std::process::Command;

use cnnc::analysis::Checked;
use cnnc::driver::{Options, Session};
use cnnc::export::onnx::{Batch, OPSETS, WeightStorage, model};
use cnnc::import::{self, import};
use cnnc::zoo;
use ndarray::ArrayD;

use crate::networks;

/// Stands for the file of the weights: all are 1.
struct Ones;

impl import::Storage for Ones {
    fn read(&self, _beside: Option<&str>, _offset: u64, length: u64) -> Result<Vec<u8>> {
        Ok([0u8, 0, 0x80, 0x3f].repeat(length as usize / 4))
    }
}

fn checked(text: &str) -> Checked {
    let session = Session::load(&(), "net.cnn", text.as_bytes().to_vec(), "net");
    let outcome = session.compile(&Options::default()).unwrap();
    outcome.checked.unwrap_or_else(|| panic!("{text}\n{:#?}", outcome.diagnostics))
}

/// The bytes of the model, whose weights go nowhere.
fn exported(network: &Checked, batch: Batch, opset: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let model = model(network.graph(), batch, opset);
    let parameter = |node, index: usize| {
        let parameter = &network.graph().parameters(node)[index];
        Ok(ArrayD::from_elem(parameter.shape.iter().map(|&dim| dim as usize).collect::<Vec<_>>(), 1.0))
    };
    model.write(&mut bytes, "net.onnx", WeightStorage::Beside("weights", &mut sink()), parameter).unwrap();
    bytes
}

/// The network that the importer makes of a model.
fn read_back(bytes: Vec<u8>, inputs: &[(String, Vec<u64>)]) -> std::result::Result<Checked, String> {
    let inputs = inputs.to_vec();
    let options =
        import::ImportOptions { name: "net".to_owned(), inputs, ..import::ImportOptions::default() };
    let imported = import(Cursor::new(bytes), "net.onnx", &options, &Ones);
    let text = imported.map_err(|failure| failure.to_string())?.text;
    let session = Session::load(&(), "net.cnn", text.clone().into_bytes(), "net");
    assert_eq!(session.canonical().as_ref(), Some(&text), "what is imported is in canonical form");
    Ok(checked(&text))
}

/// The keys and the shapes of what a run wants.
fn weights(network: &Checked) -> BTreeSet<(String, Vec<u64>)> {
    let nodes = network.graph().nodes().filter(|(_, node)| !node.train_only);
    nodes
        .flat_map(|(_, node)| {
            node.parameters
                .iter()
                .map(|parameter| (format!("{}.{}", node.path, parameter.key), parameter.shape.clone()))
        })
        .collect()
}

/// Names and shapes of the outputs.
fn outputs(network: &Checked) -> Vec<(String, String)> {
    let graph = network.graph();
    let kept = graph.outputs().iter().filter(|output| !output.train_only);
    kept.map(|output| (output.name.clone(), graph.node(output.node).shape.to_string())).collect()
}

/// What differs between a network and what comes back of it.
fn difference(network: &Checked, back: &Checked) -> Option<String> {
    let figures = |network: &Checked| (network.totals().elements, network.totals().macs);
    if figures(network) != figures(back) {
        return Some(format!("figures: {:?}, {:?}", figures(network), figures(back)));
    }
    let (mut ours, mut theirs) = (outputs(network), outputs(back));
    ours.sort();
    theirs.sort();
    if ours != theirs {
        return Some(format!("outputs: {ours:?}, {theirs:?}"));
    }
    let (ours, theirs) = (weights(network), weights(back));
    let first = ours.symmetric_difference(&theirs).next();
    first.map(|(key, shape)| format!("weights: only one has `{key}` of {shape:?}"))
}

/// Networks that the importer reads otherwise than they are written, each with the reason.
const OTHERWISE: &[(&str, &str)] = &[
    ("lenet5_1998", "a connection table is a full convolution in ONNX"),
    ("resnet18_a", "the zero channels of a shortcut are no word of their own"),
    ("resnet20", "the zero channels of a shortcut are no word of their own"),
];

#[test]
fn a_network_of_each_file_comes_back_as_it_went_out() {
    let mut wrong = Vec::new();
    let mut tried = Vec::new();
    for name in zoo::FILES.iter().filter_map(|file| file.networks.first().copied()) {
        tried.push(name);
        let network = networks::compile(name);
        let found = match read_back(exported(&network, Batch::Fixed(1), *OPSETS.end()), &[]) {
            Ok(back) => difference(&network, &back),
            Err(refusal) => Some(refusal),
        };
        let known = OTHERWISE.iter().any(|(other, _)| *other == name);
        match found {
            Some(what) if !known => wrong.push(format!("{name}: {what}")),
            None if known => wrong.push(format!("{name} is no exception any more")),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(OTHERWISE.iter().all(|(name, _)| tried.contains(name)), "{tried:?}");
}

#[test]
fn the_batch_may_be_open() {
    let network = networks::compile("shufflenet_v2_x0_5");
    let bytes = exported(&network, Batch::Dynamic, *OPSETS.end());
    assert!(bytes.windows(5).any(|name| name == b"batch"));
    let inputs = [("input".to_owned(), vec![1, 3, 224, 224])];
    assert_eq!(difference(&network, &read_back(bytes, &inputs).unwrap()), None);
}

#[test]
fn every_operator_set_holds_the_same_network() {
    for opset in OPSETS {
        for name in ["mobilenet_v3_small", "lenet5", "densenet121"] {
            let network = networks::compile(name);
            let back = read_back(exported(&network, Batch::Fixed(1), opset), &[]).unwrap();
            assert_eq!(difference(&network, &back), None, "{name} in set {opset}");
        }
    }
}

#[test]
fn what_serves_training_is_left_out_and_weights_shared_are_written_once() {
    let network = checked(
        "input 8x8x3;  conv 3x3x4 same relu dropout 0.5;  aux train < avgpool global;  flatten;  dense 2 > as head;
         avgpool global;  flatten;  dense 3;",
    );
    let model = model(network.graph(), Batch::Fixed(1), *OPSETS.end());
    let operators: Vec<&str> = model.operators().collect();
    assert_eq!(operators, ["Conv", "Relu", "GlobalAveragePool", "Flatten", "Gemm"]);
    let siamese = networks::compile("siamese");
    let bytes = exported(&siamese, Batch::Fixed(1), *OPSETS.end());
    for (key, _) in weights(&siamese) {
        // As the name of a constant: behind the tag of the name and its length.
        let name = [&[0x42, key.len() as u8], key.as_bytes()].concat();
        assert_eq!(bytes.windows(name.len()).filter(|window| *window == name).count(), 1, "{key}");
    }
}

fn cnnc(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_cnnc")).args(arguments).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_model_computes_what_its_network_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let text = "input 8x8x3; conv 3x3x4 same bn relu; maxpool 3/2 ceil; flatten; dense 5 softmax;";
    let (model, beside) = (path("net.onnx"), path("beside.onnx"));
    let export = ["export", "-e", text, "--to", "onnx", "--seed", "3", "-o"];
    assert_eq!(cnnc(&[&export[..], &[&model]].concat()).0, Some(0));
    assert_eq!(cnnc(&[&export[..], &[&beside, "--external-data"]].concat()).0, Some(0));
    assert!(std::fs::metadata(&beside).unwrap().len() < std::fs::metadata(&model).unwrap().len());
    let run = |network: &[&str], name: &str| {
        let small = path("small.npy");
        if !std::path::Path::new(&small).exists() {
            let values =
                ndarray::ArrayD::from_shape_fn(vec![1, 3, 8, 8], |at| (at[1] + at[2] * at[3]) as f32 / 50.0);
            let mut file = std::fs::File::create(&small).unwrap();
            cnnc::weights::npy::write_f32(&mut file, values.view(), "small.npy").unwrap();
        }
        let output = path(name);
        let (code, errors) = cnnc(&[&["run"], network, &["--input", &small, "--output", &output]].concat());
        assert_eq!(code, Some(0), "{errors}");
        std::fs::read(output).unwrap()
    };
    let own = run(&["-e", text, "--seed", "3"], "own.npy");
    assert_eq!(run(&[&model], "model.npy"), own);
    assert_eq!(run(&[&beside], "beside.npy"), own);
    // Weights are wanted, and the source is never overwritten.
    assert_eq!(cnnc(&["export", "-e", text, "--to", "onnx", "-o", &model]).0, Some(3));
    let source = path("net.cnn");
    std::fs::write(&source, text).unwrap();
    assert_eq!(cnnc(&["export", &source, "--to", "onnx", "--seed", "1", "-o", &source]).0, Some(2));
    assert_eq!(std::fs::read_to_string(&source).unwrap(), text);
    assert_eq!(cnnc(&["export", "-e", text, "--to", "onnx", "--no-weights", "-o", &model]).0, Some(0));
    assert_eq!(
        cnnc(&["export", "-e", text, "--to", "onnx", "--seed", "1", "--opset", "12", "-o", &model]).0,
        Some(2)
    );
}

//! `cnnc export --to onnx`: what is written is read back by the importer, whose self-check compares graphs, and has the
//! figures and the weights of the network that it was made from. What ONNX Runtime computes of it is compared by
//! `tests/interop/export_check.py`.

use std::collections::BTreeSet;
use std::io::{Cursor, Result, sink};
use std::process::Command;

use cnnc::analysis::Checked;
use cnnc::driver::{Options, Session};
use cnnc::export::onnx::{Batch, DEFAULT_OPSET, OPSETS, WeightStorage, model};
use cnnc::import::{self, import};
use cnnc::ir::NodeKind;
use cnnc::zoo;
use ndarray::ArrayD;

use crate::networks;

/// An exported model, and the file of its weights where that is small; all weights are 1 where it is not.
pub(crate) struct Exported {
    pub(crate) bytes: Vec<u8>,
    beside: Vec<u8>,
}

impl import::Storage for Exported {
    fn read(&self, _beside: Option<&str>, offset: u64, length: u64) -> Result<Vec<u8>> {
        let (start, length) = (offset as usize, length as usize);
        let kept = self.beside.get(start..start + length).map(<[u8]>::to_vec);
        Ok(kept.unwrap_or_else(|| ONE.repeat(length / 4)))
    }
}

const ONE: [u8; 4] = [0, 0, 0x80, 0x3f];
/// Weights of at most so many bytes are kept.
const SMALL: u64 = 1 << 20;

pub(crate) fn checked(text: &str) -> Checked {
    let session = Session::load(&(), "net.cnn", text.as_bytes().to_vec(), "net");
    let outcome = session.compile(&Options::default()).unwrap();
    outcome.checked.unwrap_or_else(|| panic!("{text}\n{:#?}", outcome.diagnostics))
}

pub(crate) fn exported(network: &Checked, batch: Batch, opset: u32) -> Exported {
    let (mut bytes, mut beside, mut nowhere) = (Vec::new(), Vec::new(), sink());
    let model = model(network.graph(), batch, opset);
    let parameter = |node, index: usize| {
        let parameter = &network.graph().parameters(node)[index];
        Ok(ArrayD::from_elem(parameter.shape.iter().map(|&dim| dim as usize).collect::<Vec<_>>(), 1.0))
    };
    let is_small = model.constant_bytes() <= SMALL;
    let weights: &mut dyn std::io::Write = if is_small { &mut beside } else { &mut nowhere };
    model.write(&mut bytes, "net.onnx", WeightStorage::Beside("weights", weights), parameter).unwrap();
    Exported { bytes, beside }
}

/// The network that the importer makes of a model.
fn read_back(model: &Exported, inputs: &[(String, Vec<u64>)]) -> std::result::Result<Checked, String> {
    let inputs = inputs.to_vec();
    let options =
        import::ImportOptions { name: "net".to_owned(), inputs, ..import::ImportOptions::default() };
    let imported = import(Cursor::new(&model.bytes), "net.onnx", &options, model);
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

/// Names, shapes and preprocessing of the inputs.
fn inputs(network: &Checked) -> Vec<String> {
    let nodes = network.graph().nodes();
    nodes
        .filter_map(|(_, node)| match &node.kind {
            NodeKind::Input(input) => Some(format!("{} {}{input}", node.path, node.shape)),
            NodeKind::Op(_) => None,
        })
        .collect()
}

/// What differs between a network and what comes back of it.
fn difference(network: &Checked, back: &Checked) -> Option<String> {
    let figures = |network: &Checked| (network.totals().elements, network.totals().macs);
    if figures(network) != figures(back) {
        return Some(format!("figures: {:?}, {:?}", figures(network), figures(back)));
    }
    if inputs(network) != inputs(back) {
        return Some(format!("inputs: {:?}, {:?}", inputs(network), inputs(back)));
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

/// Programs with what ONNX has no operator for, or what it writes in another way.
const PROGRAMS: &[&str] = &[
    "input 1; scale bias tanh;",
    "input 1x1x1; scale bias relu; scale;",
    "input 9x9x4; conv 3x3x4 circular pad=1; dwconv 3x1 circular pad=(1, 0, 2, 1); pad (0, 3, 1, 0) circular;",
    "input 5x4x3; pad (5, 5, 4, 0) circular; conv 3x3x2 reflect pad=1; pad 1 replicate;",
    "input 9x8x4; residual zeropad < conv 3x3x6/2 pad=1 bn relu; conv 3x3x6 pad=1 bn > relu;
     residual zeropad scale=0.5 < conv 1x1x8 > relu;",
    "input 8x8x4 as x; conv 3x3x4 same as body; @x; relu; residual zeropad < @body; conv 1x1x6/2 >;",
    "input 12; groupnorm 3 eps=0.01; dense 8; groupnorm 1;",
    "input 6x7x6; groupnorm 2; instancenorm affine; instancenorm eps=0.001;",
    "input 7x5x3; bn noscale; bn nobias eps=0.01; bn noscale nobias;",
    "input 7x5x3; concat < avgpool to 3x2 | maxpool to 3x2 >; conv 1x1x2;",
    "input 5x4x3; conv 3x3x4 same relu; aux < avgpool global; flatten; dense 3 > as side; maxpool 2/2; conv 1x1x2;",
    "input 8x8x3; conv 1x1x4 as stem; conv 1x1x2 as head.classes.0; aux < identity > as first; @stem;
     conv 3x3x4/2 as body; conv 1x1x2 as head.classes.1; aux < identity > as second; @body; relu;",
    "input 9x9x2; avgpool 3x2/2 dilate=(2, 3) pad=1; conv 3x3x4; avgpool 2 dilate=2 ceil pad=(0, 1, 1, 1) countpad;",
    "input 8x8x4; subsample 2/2 sigmoid; subsample 2/1; flatten; rbf 5; rbf 3 fixed;",
    "input 12; rbf 1;",
    "input 8x8x3 resize=(8, 8) mean=(0.5, 0.25, 0.125) std=0.5 as picture; conv 3x3x4;",
];

/// Programs, and a line of the text that comes back.
const LINES: &[(&str, &str)] = &[
    ("input 4x4x4; relu; add < shuffle 2 | identity >; conv 1x1x2;", "residual < shuffle 2 >;"),
    ("input 4x4x4; sub < pixelunshuffle 2 | conv 2x2x16/2 >;", "sub < pixelunshuffle 2 | conv 2x2x16/2 >;"),
    ("input 4x5x3; relu; flatten; softmax;", "flatten softmax;"),
    ("input 4x5x3; relu; flatten; logsoftmax;", "flatten logsoftmax;"),
    ("input 4x5x3; relu; flatten; l2norm;", "flatten l2norm;"),
    ("input 4x5x3; relu; flatten; layernorm;", "flatten layernorm;"),
    ("input 4x5x3; relu; flatten; rmsnorm;", "flatten rmsnorm;"),
    ("input 4x5x6; conv 1x1x6 shuffle 2 layernorm;", "conv 1x1x6 shuffle 2 layernorm;"),
    ("input 4x4x4; pixelunshuffle 2; rmsnorm;", "pixelunshuffle 2 rmsnorm;"),
    ("input 4x4x4; conv 1x1x4 shuffle 2 relu scale;", "conv 1x1x4 shuffle 2 relu scale;"),
    ("input 4x4x4; conv 1x1x4 times 1; plus 0; avgpool 1;", "conv 1x1x4 times 1 plus 0;  avgpool 1/1;"),
    ("input 4x4x4; conv 1x1x4; upsample 1 bilinear;", "upsample 1 bilinear;"),
    (
        "input 12x14x6; pad (1, 0, 1, 0); conv 3x3x6 same as s1; tanh; shared s1 as s1_again;",
        "shared s1 as s1_again;",
    ),
    ("input 6x4x4; conv 1x1x4 shuffle 2; avgpool to 5x3;", "conv 1x1x4 shuffle 2;  avgpool to 5x3;"),
    ("input 4x6x3; relu; flatten hwc; unflatten 2x2x18; conv 1x1x2;", "unflatten 2x2x18;"),
    ("input 6x4x4; conv 1x1x4 shuffle 2 instancenorm;", "conv 1x1x4 shuffle 2 instancenorm;"),
    ("input 6x4x4; conv 1x1x4 shuffle 2 groupnorm 4;", "conv 1x1x4 shuffle 2 groupnorm 4;"),
    ("input 4x6x3; relu; flatten hwc scale bias;", "flatten hwc scale bias;"),
    ("input 4x6x3; relu; flatten hwc; rbf 3;", "rbf 3;"),
    ("input 29; unflatten 1x1x29; pad (0, 0, 0, 1) circular;", "pad (0, 0, 0, 1) circular;"),
    ("input 4x8x3; pad (1, 0, 1, 0); conv 3x3x2 replicate pad=1;", "conv 3x3x2 replicate pad=1;"),
    (
        "input 4x4x3; conv 3x3x6 same groupnorm 1 scale bias as s1; maxpool 3/1 pad=1; conv 1x1x3; shared s1 as s1_again;",
        "shared scale1     as scale1_2;",
    ),
    ("input 4x4x8; conv 1x1x8; pixelunshuffle 2; maxpool to 1x2;", "pixelunshuffle 2;  maxpool 2x1/2x1;"),
    ("input 22; dense 9; unflatten 1x1x9; shuffle 3 relu; conv 1x1x2;", "unflatten 1x1x9 shuffle 3 relu;"),
    ("input 9x5x4; relu; flatten hwc; unflatten 1x1x180; abs;", "unflatten 1x1x180;"),
    ("input 7x8x2; avgpool 3/2 pad=1 ceil countpad;", "avgpool 3/2 ceil countpad pad=1;"),
];

#[test]
fn what_comes_back_reads_as_it_was_written() {
    for opset in OPSETS.clone() {
        for (text, line) in LINES {
            let model = exported(&checked(text), Batch::Fixed(1), opset);
            let options =
                import::ImportOptions { name: "net".to_owned(), ..import::ImportOptions::default() };
            let back = import(Cursor::new(&model.bytes), "net.onnx", &options, &model).unwrap().text;
            assert!(back.contains(line), "operator set {opset}: {text}\n{back}");
        }
    }
}

#[test]
fn a_network_of_each_file_comes_back_as_it_went_out() {
    let mut wrong = Vec::new();
    for name in zoo::FILES.iter().filter_map(|file| file.networks.first().copied()) {
        let network = networks::compile(name);
        match read_back(&exported(&network, Batch::Fixed(1), DEFAULT_OPSET), &[]) {
            Ok(back) => wrong.extend(difference(&network, &back).map(|what| format!("{name}: {what}"))),
            Err(refusal) => wrong.push(format!("{name}: {refusal}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn programs_of_each_kind_come_back_as_they_went_out() {
    let mut wrong = Vec::new();
    for text in PROGRAMS {
        let network = checked(text);
        let model = exported(&network, Batch::Fixed(1), DEFAULT_OPSET);
        let options = import::ImportOptions { name: "net".to_owned(), ..import::ImportOptions::default() };
        match import(Cursor::new(&model.bytes), "net.onnx", &options, &model) {
            Ok(back) if !back.notes.is_empty() => wrong.push(format!("{text}: {:?}", back.notes)),
            Ok(back) => {
                wrong.extend(difference(&network, &checked(&back.text)).map(|it| format!("{text}: {it}")))
            }
            Err(refusal) => wrong.push(format!("{text}: {refusal}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn labels_come_back_from_our_own_files_only() {
    let network = checked("input 4x4x2 mean=0.5; labels \"a/labels.txt\"; conv 1x1x2;");
    let mut model = exported(&network, Batch::Fixed(1), DEFAULT_OPSET);
    assert_eq!(read_back(&model, &[]).unwrap().graph().labels(), Some("a/labels.txt"));
    let at = model.bytes.windows(4).position(|name| name == b"cnnc").unwrap();
    model.bytes[at..at + 4].copy_from_slice(b"none");
    let back = read_back(&model, &[]).unwrap();
    assert_eq!((back.graph().labels(), inputs(&back)), (None, vec!["input 4x4x2".to_owned()]));
}

#[test]
fn the_batch_may_be_open() {
    let network = networks::compile("shufflenet_v2_x0_5");
    let model = exported(&network, Batch::Dynamic, DEFAULT_OPSET);
    assert!(model.bytes.windows(5).any(|name| name == b"batch"));
    let inputs = [("input".to_owned(), vec![1, 3, 224, 224])];
    assert_eq!(difference(&network, &read_back(&model, &inputs).unwrap()), None);
}

/// Before operator set 17 layer normalisation is written out, over the last axis of what is transposed.
#[test]
fn a_vector_that_is_normalised_comes_back_from_every_operator_set() {
    for text in
        ["input 1x1x8; layernorm;", "input 4x4x8; layernorm; avgpool global; layernorm; flatten; dense 3;"]
    {
        let network = checked(text);
        for opset in OPSETS {
            let back = read_back(&exported(&network, Batch::Fixed(1), opset), &[]);
            let back = back.unwrap_or_else(|failure| panic!("{text} in {opset}: {failure}"));
            assert_eq!(difference(&network, &back), None, "{text} in {opset}");
        }
    }
}

#[test]
fn every_operator_set_holds_the_same_network() {
    for opset in OPSETS {
        for name in ["mobilenet_v3_small", "lenet5", "densenet121"] {
            let network = networks::compile(name);
            let back = read_back(&exported(&network, Batch::Fixed(1), opset), &[]).unwrap();
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
    let model = model(network.graph(), Batch::Fixed(1), DEFAULT_OPSET);
    let operators: Vec<&str> = model.operators().collect();
    assert_eq!(operators, ["Conv", "Relu", "GlobalAveragePool", "Flatten", "Gemm"]);
    let siamese = networks::compile("siamese");
    let bytes = exported(&siamese, Batch::Fixed(1), DEFAULT_OPSET).bytes;
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

//! Weights bound by name: the rule of shapes, and what loading rules accept.

use std::io::Cursor;

use ndarray::ArrayD;

use cnnc::analysis::Checked;
use cnnc::diag::Failure;
use cnnc::driver::{Options, Session};
use cnnc::weights::binding::{Binding, Misfit, NameMatching, TensorSource, by_name};
use cnnc::weights::{WeightFile, safetensors};

fn compile(source: &str) -> Checked {
    let session = Session::load(&(), "net.cnn", source.as_bytes().to_vec(), "net");
    session.compile(&Options::default()).unwrap().checked.unwrap()
}

/// Binds tensors of these names and shapes to a network.
fn bind(source: &str, tensors: &[(&str, &[usize])], rules: &NameMatching) -> Result<Binding, Misfit> {
    let tensors: Vec<(String, Vec<usize>)> =
        tensors.iter().map(|&(name, shape)| (name.to_owned(), shape.to_vec())).collect();
    let mut bytes = Vec::new();
    safetensors::write(&mut bytes, "w", &tensors, |index| ArrayD::zeros(tensors[index].1.clone())).unwrap();
    let file = WeightFile::open(Cursor::new(bytes), "w").unwrap();
    by_name(compile(source).graph(), &file, "w", rules)
}

fn refused(source: &str, tensors: &[(&str, &[usize])]) -> Failure {
    *bind(source, tensors, &NameMatching::default()).unwrap_err().failure
}

#[test]
fn keras_kernels_of_lucky_sizes_are_refused_by_name_of_their_layout() {
    for (source, shape) in [
        ("input 8x8x8; conv 1x1x8 nobias", [1, 1, 8, 8]),
        ("input 8x8x3; dwconv 3x3 nobias", [3, 3, 3, 1]),
        ("input 8x8x1; conv 5x5x5 nobias", [5, 5, 1, 5]),
        ("input 9x9x3; deconv 2x2x2/2 nobias", [2, 2, 2, 3]),
    ] {
        let key = format!(
            "{}.weight",
            if source.contains("dwconv") {
                "dwconv1"
            } else if source.contains("deconv") {
                "deconv1"
            } else {
                "conv1"
            }
        );
        let failure = refused(source, &[(&key, &shape)]);
        let line = failure.notes.iter().find(|note| note.starts_with("misshapen")).unwrap();
        assert!(line.contains("looks like Keras' layout"), "{source}: {line}");
    }
}

#[test]
fn a_linear_serves_a_convolution_of_one_pixel() {
    let bound =
        bind("input 4x4x3; conv 1x1x8 nobias", &[("conv1.weight", &[8, 3])], &NameMatching::default());
    assert_eq!(bound.unwrap().notes, ["`conv1.weight` is taken as 8x3x1x1; the file has 8x3"]);
}

#[test]
fn biases_that_a_norm_takes_away_are_named() {
    let source = "input 4x4x3; conv 1x1x2 bn; conv 1x1x2 bias bn;";
    let norm =
        |at: usize| ["weight", "bias", "running_mean", "running_var"].map(|key| format!("bn{at}.{key}"));
    let mut tensors: Vec<(String, Vec<usize>)> = vec![
        ("conv1.weight".to_owned(), vec![2, 3, 1, 1]),
        ("conv1.bias".to_owned(), vec![2]),
        ("conv2.weight".to_owned(), vec![2, 2, 1, 1]),
        ("conv2.bias".to_owned(), vec![2]),
    ];
    tensors.extend(norm(1).into_iter().chain(norm(2)).map(|key| (key, vec![2])));
    let tensors: Vec<(&str, &[usize])> =
        tensors.iter().map(|(key, shape)| (key.as_str(), shape.as_slice())).collect();
    let failure = refused(source, &tensors);
    let note = "`conv1.bias` is the bias of an operator before `bn`, which takes it away";
    assert!(failure.notes.iter().any(|one| one == note), "{failure}");
    let kept = source.replace("conv 1x1x2 bn", "conv 1x1x2 bias bn");
    bind(&kept, &tensors, &NameMatching::default()).unwrap();
}

const TWO: &str = "input 4x4x3; conv 1x1x8; conv 1x1x2;";
const TRUNK: [(&str, &[usize]); 2] = [("conv1.weight", &[8, 3, 1, 1]), ("conv1.bias", &[8])];

#[test]
fn a_prefix_is_stripped() {
    let rules = NameMatching { prefix: Some("module.".to_owned()), ..NameMatching::default() };
    let tensors: [(&str, &[usize]); 2] =
        [("module.conv1.weight", &[8, 3, 1, 1]), ("module.conv1.bias", &[8])];
    let source = "input 4x4x3; conv 1x1x8;";
    bind(source, &tensors, &rules).unwrap();
    let misfit = bind(source, &tensors, &NameMatching::default()).unwrap_err();
    assert_eq!(misfit.prefix.as_deref(), Some("module."));
}

#[test]
fn a_trunk_without_its_head_is_filled_from_a_seed() {
    let rules = NameMatching { fill_missing: true, ..NameMatching::default() };
    let bound = bind(TWO, &TRUNK, &rules).unwrap();
    assert_eq!(bound.warnings, ["`w` lacks 2 tensors, which are filled: `conv2.weight`, `conv2.bias`"]);
    let checked = compile(TWO);
    let source = |path: &str| {
        let (id, _) = checked.graph().nodes().find(|(_, node)| node.path == path).unwrap();
        bound.source(id, 0)
    };
    assert!(matches!(source("conv1"), TensorSource::Tensor(_)));
    assert_eq!(source("conv2"), TensorSource::Missing);
    assert!(refused(TWO, &TRUNK).notes[0].starts_with("2 missing"));
}

#[test]
fn tensors_that_nothing_reads_are_noted_on_demand() {
    let source = "input 4x4x3; conv 1x1x8;";
    let tensors: Vec<(&str, &[usize])> = TRUNK.into_iter().chain([("fc.weight", &[9, 9][..])]).collect();
    let rules = NameMatching { ignore_unused: true, ..NameMatching::default() };
    let bound = bind(source, &tensors, &rules).unwrap();
    assert_eq!(bound.notes, ["`w` has 1 tensor that the network does not read: `fc.weight`"]);
    assert!(refused(source, &tensors).notes[0].contains("1 unexpected"));
}

#[test]
fn names_that_differ_by_a_scope_say_where_it_comes_from() {
    let source = "input 4x4x3; aux < conv 1x1x2 nobias as conv4_1 > as face; conv 1x1x8 nobias as conv4_2";
    let failure = refused(source, &[("conv4_1.weight", &[2, 3, 1, 1]), ("conv4_2.weight", &[8, 3, 1, 1])]);
    assert!(failure.notes.iter().any(|note| note.contains("the scope `face.`")), "{failure}");
}

#[test]
fn many_layers_against_many_unknown_tensors_end_soon() {
    let source = "input 2x2x1; [conv 1x1x1 nobias] * 20_000;";
    let names: Vec<String> = (0..50_000).map(|index| format!("unknown.layer{index}.weight")).collect();
    let tensors: Vec<(&str, &[usize])> = names.iter().map(|name| (name.as_str(), &[1][..])).collect();
    let started = std::time::Instant::now();
    let failure = refused(source, &tensors);
    assert!(failure.notes[0].starts_with("20000 missing, 50000 unexpected"), "{}", failure.notes[0]);
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

//! Every shipped network compiles without a diagnostic, and its figures are the published ones.

use std::path::{Path, PathBuf};

use cnnc::analysis::Checked;
use cnnc::driver::{Loader, Options, Session};

struct Files;

impl Loader for Files {
    fn read(&self, path: &str) -> std::io::Result<Vec<u8>> {
        std::fs::read(path)
    }
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "cnn") {
            found.push(path);
        }
    }
}

/// The shipped networks, in the order of their names.
pub(crate) fn all() -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples"), &mut found);
    found.sort();
    found
}

fn compile(example: &str, network: &str) -> Checked {
    let path = format!("{}/examples/{example}", env!("CARGO_MANIFEST_DIR"));
    let options = Options { network: Some(network.to_owned()), ..Options::default() };
    let session = Session::open(&Files, &path).unwrap();
    let outcome = session.compile(&options).unwrap();
    outcome.checked.unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics))
}

#[test]
fn examples_check_without_a_word() {
    let examples = all();
    assert!(examples.len() >= 12, "{} examples", examples.len());
    for path in examples {
        let session = Session::open(&Files, &path.to_string_lossy()).unwrap();
        let outcome = session.check(&Options::default()).unwrap();
        assert!(outcome.diagnostics.is_empty(), "{}: {:#?}", path.display(), outcome.diagnostics);
    }
}

#[test]
fn every_shipped_network_states_shapes_and_expects_figures() {
    for file in cnnc::zoo::FILES {
        for word in ["->", "expect "] {
            assert!(file.text.contains(word), "{} has no `{word}`", file.name);
        }
    }
}

#[test]
fn totals_are_the_published_ones() {
    // Parameters and multiply-accumulates: LeCun et al. 1998 (section II-B), torchvision's weight metadata, the
    // two-tower AlexNet of Krizhevsky et al. 2012 and GoogLeNet as Caffe counts them, and timm's table.
    let figures = [
        ("digits/lenet5.cnn", "lenet5", 61_706, 416_520),
        ("zoo/alexnet.cnn", "alexnet", 60_965_224, 724_406_816),
        ("zoo/vgg.cnn", "vgg16", 138_357_544, 15_470_264_320),
        ("zoo/resnet.cnn", "resnet50", 25_557_032, 4_089_184_256),
        ("zoo/googlenet.cnn", "googlenet", 6_998_552, 1_582_671_872),
        ("zoo/inception_v3.cnn", "inception_v3", 23_834_568, 5_713_216_096),
        ("zoo/inception_resnet_v2.cnn", "inception_resnet_v2", 55_843_464, 13_155_794_016),
    ];
    for (example, network, params, macs) in figures {
        let checked = compile(example, network);
        assert_eq!(checked.totals().elements.params, params, "{network}");
        assert_eq!(checked.totals().macs, macs, "{network}");
    }
}

#[test]
fn useful_macs_leave_the_padding_out() {
    for (example, network, useful) in [
        ("zoo/alexnet.cnn", "alexnet", 671_322_656),
        ("zoo/vgg.cnn", "vgg16", 14_969_824_000),
        ("zoo/resnet.cnn", "resnet50", 3_948_251_904),
    ] {
        assert_eq!(compile(example, network).totals().macs_useful, useful, "{network}");
    }
}

#[test]
fn lenet5_of_1998_has_the_figures_of_its_paper() {
    let checked = compile("zoo/lenet5_1998.cnn", "lenet5_1998");
    assert_eq!(checked.totals().elements.params, 60_000);
    assert_eq!(checked.totals().elements.frozen, 840);
    assert_eq!(checked.totals().connections, 340_908);
    // Trainable parameters and connections of section II-B; OUTPUT has the 840 fixed codes.
    let rows = [
        ("C1", 156, 122_304),
        ("S2", 12, 5_880),
        ("C3", 1_516, 151_600),
        ("S4", 32, 2_000),
        ("C5", 48_120, 48_120),
        ("F6", 10_164, 10_164),
        ("OUTPUT", 0, 840),
    ];
    for (name, params, connections) in rows {
        let id = checked.graph().value(name).unwrap();
        let (id, _) = checked
            .graph()
            .layers()
            .find(|(_, node)| node.path == name)
            .unwrap_or((id, checked.graph().node(id)));
        assert_eq!(checked.layer_totals(id).elements.params, params, "{name}");
        assert_eq!(checked.layer_totals(id).connections, connections, "{name}");
    }
}

#[test]
fn the_lower_bound_of_vgg16_is_input_and_output_of_conv1_2() {
    let checked = compile("zoo/vgg.cnn", "vgg16");
    assert_eq!(checked.memory().lower_bound, 25_690_112);
    assert!(checked.memory().planned >= checked.memory().lower_bound);
}

#[test]
fn receptive_fields_are_those_of_araujo_et_al() {
    let field = |checked: &Checked, name: &str| {
        let id = checked.graph().value(name).unwrap();
        let rows = checked.receptive(id).rows;
        (rows.size, rows.stride.to_f64(), rows.padding.to_f64())
    };
    assert_eq!(field(&compile("zoo/vgg.cnn", "vgg16"), "features"), (212, 32.0, 90.0));
    assert_eq!(field(&compile("zoo/resnet.cnn", "resnet50"), "layer4").0, 427);
}

#[test]
fn depths_are_those_of_the_names() {
    for (example, network, depth) in [
        ("zoo/lenet5_1998.cnn", "lenet5_1998", 7),
        ("zoo/alexnet.cnn", "alexnet", 8),
        ("zoo/vgg.cnn", "vgg16", 16),
        ("zoo/resnet.cnn", "resnet50", 50),
    ] {
        assert_eq!(compile(example, network).depth(), depth, "{network}");
    }
}

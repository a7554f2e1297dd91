//! torchvision's own weights bind with no mapping: for each network a file with the keys, types and shapes of its
//! `state_dict` (the lists in `tests/fixtures/torchvision`, made by the script there), but without values.

use std::io::{Cursor, Read, Result, Seek, SeekFrom};
use std::path::Path;

use serde_json::json;

use cnnc::driver::{Options, Session};
use cnnc::weights::WeightFile;
use cnnc::weights::binding::{NameMatching, by_name};

/// Networks of the zoo and beside the lists, by the list that they bind.
const NETWORKS: [(&str, &str, &str); 19] = [
    ("alexnet", "examples/zoo/alexnet_torchvision.cnn", "alexnet_torchvision"),
    ("vgg16", "examples/zoo/vgg.cnn", "vgg16"),
    ("resnet18", "examples/zoo/resnet.cnn", "resnet18"),
    ("resnet34", "examples/zoo/resnet.cnn", "resnet34"),
    ("resnet50", "examples/zoo/resnet.cnn", "resnet50"),
    ("resnet101", "examples/zoo/resnet.cnn", "resnet101"),
    ("resnet152", "examples/zoo/resnet.cnn", "resnet152"),
    ("googlenet", "examples/zoo/googlenet_torchvision.cnn", "googlenet_torchvision"),
    ("inception_v3", "examples/zoo/inception_v3.cnn", "inception_v3"),
    ("mobilenet_v2", "examples/zoo/mobilenet_v2.cnn", "mobilenet_v2"),
    ("densenet121", "examples/zoo/densenet.cnn", "densenet121"),
    ("vgg16_bn", "tests/fixtures/torchvision/vgg16_bn.cnn", "vgg16_bn"),
    ("mobilenet_v3_large", "tests/fixtures/torchvision/mobilenet_v3_large.cnn", "mobilenet_v3_large"),
    ("squeezenet1_1", "examples/zoo/squeezenet.cnn", "squeezenet1_1"),
    ("shufflenet_v2_x1_0", "examples/zoo/shufflenet_v2.cnn", "shufflenet_v2_x1_0"),
    ("mnasnet1_0", "tests/fixtures/torchvision/mnasnet1_0.cnn", "mnasnet1_0"),
    ("efficientnet_b0", "tests/fixtures/torchvision/efficientnet_b0.cnn", "efficientnet_b0"),
    ("convnext_tiny", "tests/fixtures/torchvision/convnext_tiny.cnn", "convnext_tiny"),
    ("regnet_y_400mf", "tests/fixtures/torchvision/regnet_y_400mf.cnn", "regnet_y_400mf"),
];

/// A safetensors file whose header is there and whose values are zeros that nobody stored.
struct Unfilled {
    header: Cursor<Vec<u8>>,
    length: u64,
}

impl Unfilled {
    fn new(tensors: &[(String, Vec<usize>)]) -> Unfilled {
        let mut header = serde_json::Map::new();
        let mut end = 0;
        for (key, shape) in tensors {
            let (dtype, size) = if key.ends_with(".num_batches_tracked") { ("I64", 8) } else { ("F32", 4) };
            let start = end;
            end += size * shape.iter().product::<usize>() as u64;
            let entry = json!({ "dtype": dtype, "shape": shape, "data_offsets": [start, end] });
            assert!(header.insert(key.clone(), entry).is_none(), "{key} is listed twice");
        }
        let text = serde_json::to_vec(&header).unwrap();
        let bytes = [&(text.len() as u64).to_le_bytes()[..], &text].concat();
        let length = bytes.len() as u64 + end;
        Unfilled { header: Cursor::new(bytes), length }
    }
}

impl Read for Unfilled {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = self.header.read(buffer)?;
        assert!(read > 0 || buffer.is_empty(), "binding reads no values");
        Ok(read)
    }
}

impl Seek for Unfilled {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        match to {
            SeekFrom::End(offset) => self.header.seek(SeekFrom::Start(self.length.strict_add_signed(offset))),
            _ => self.header.seek(to),
        }
    }
}

/// Binds a list to its network: the number of tensors that are bound, or what is wrong.
fn bind(list: &str, file: &str, network: &str, keep: fn(&str) -> bool) -> std::result::Result<usize, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join(format!("tests/fixtures/torchvision/{list}.json"))).unwrap();
    let mut tensors: Vec<(String, Vec<usize>)> = serde_json::from_str(&text).unwrap();
    tensors.retain(|(key, _)| keep(key));
    let session = Session::load(&(), file, std::fs::read(root.join(file)).unwrap(), network);
    let options = Options { network: Some(network.to_owned()), ..Options::default() };
    let outcome = session.compile(&options).unwrap();
    let checked = outcome.checked.ok_or_else(|| format!("{:#?}", outcome.diagnostics))?;
    let weights =
        WeightFile::open(Unfilled::new(&tensors), list).map_err(|failure| format!("{failure:#?}"))?;
    by_name(checked.graph(), &weights, list, &NameMatching::default())
        .map_err(|failure| format!("{failure:#?}"))?;
    Ok(tensors.len())
}

#[test]
fn state_dicts_bind_with_no_mapping() {
    let mut wrong = Vec::new();
    for (list, file, network) in NETWORKS {
        if let Err(why) = bind(list, file, network, |_| true) {
            wrong.push(format!("{list}: {why}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn heads_that_only_train_may_be_left_out() {
    bind("inception_v3", "examples/zoo/inception_v3.cnn", "inception_v3", |key| {
        !key.starts_with("AuxLogits.")
    })
    .unwrap();
    let file = "examples/zoo/googlenet_torchvision.cnn";
    bind("googlenet", file, "googlenet_torchvision", |key| !key.starts_with("aux")).unwrap();
    // Nothing else may be.
    let why = bind("googlenet", file, "googlenet_torchvision", |key| key != "conv3.bn.bias").unwrap_err();
    assert!(why.contains("conv3.bn.bias"), "{why}");
}

//! A part of a network may be called `out`, as its output is: where outputs are named, `out` is the output; where parts
//! are, it is the part.

use std::fs::File;

use cnnc::driver::{Options, Session};
use cnnc::weights::npy;
use ndarray::ArrayD;

use super::predictions::cnnc;

const NETWORK: &str = "network n {
    input 4x4x1;
    conv 1x1x2 as out;
    relu;
    conv 1x1x3;
    expect out == 4x4x3;
    expect out.out == 4x4x2;
    expect out.params == 4;
}
";

#[test]
fn expectations_tell_the_part_from_the_output() {
    let session = Session::load(&(), "n.cnn", NETWORK.as_bytes().to_vec(), "n");
    let outcome = session.compile(&Options::default()).unwrap();
    assert!(outcome.checked.is_some(), "{:?}", outcome.diagnostics);
}

#[test]
fn a_branch_is_not_called_like_the_output() {
    let text = "network n { input 4x4x1; aux < relu > as out; conv 1x1x2; }";
    let session = Session::load(&(), "n.cnn", text.as_bytes().to_vec(), "n");
    let outcome = session.compile(&Options::default()).unwrap();
    let codes: Vec<String> = outcome.diagnostics.iter().map(|one| one.code.to_string()).collect();
    assert_eq!(codes, ["E0111"]);
}

#[test]
fn a_dump_is_of_the_part_and_an_output_of_the_network() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("n.cnn"), NETWORK).unwrap();
    let picture = ArrayD::<f32>::ones(vec![1, 1, 4, 4]);
    npy::write_f32(&mut File::create(folder.path().join("x.npy")).unwrap(), picture.view(), "x").unwrap();
    let words = "run n.cnn --seed 1 --input x.npy --output out=y.npy --dump out,conv2 d";
    let (code, _, said) = cnnc(folder.path(), &words.split(' ').collect::<Vec<_>>());
    assert_eq!(code, 0, "{said}");
    let read = |name: &str| {
        let mut file = File::open(folder.path().join(name)).unwrap();
        let header = npy::read_header(&mut file, name).unwrap();
        npy::read_f32(&mut file, &header, u64::MAX, name).unwrap()
    };
    assert_eq!(read("d/out.npy").shape(), [1, 2, 4, 4]);
    assert_eq!(read("y.npy").shape(), [1, 3, 4, 4]);
    assert_eq!(read("d/conv2.npy"), read("y.npy"));
}

//! A program that embeds the compiler: it reports a network, classifies a picture, and shows what is wrong with a text.
//! `cargo run --example embed`

use std::error::Error;
use std::io::Cursor;

use cnnc::diag::{RenderStyle, render};
use cnnc::driver::{Options, Session};
use cnnc::model::{Model, ModelSettings, TensorMatching, Weights};
use cnnc::report::{Report, ReportSettings, Selection, table};

const NETWORK: &str = include_str!("digits/lenet5.cnn");
const WEIGHTS: &[u8] = include_bytes!("digits/lenet5.safetensors");
const SEVEN: &[u8] = include_bytes!("digits/samples/7.png");

pub(crate) fn embed() -> Result<String, Box<dyn Error>> {
    let session = Session::load(&(), "lenet5.cnn", NETWORK.as_bytes().to_vec(), "lenet5");
    let network = session.compile(&Options::default())?.checked.ok_or("the network has errors")?;
    let report = Report::of(&network, session.sources(), ReportSettings::default());
    let table = table(&report, &Selection::default(), 80);

    let weights =
        Weights::open(&network, Cursor::new(WEIGHTS), "lenet5.safetensors", TensorMatching::default())?;
    let mut model = Model::plan(&network, ModelSettings::default())?.load(weights)?;
    let input = model.inputs()[0].clone();
    let outputs = model.run(&[(&input.name, &input.picture(SEVEN, "7.png")?.tensor)])?;
    let best = outputs[0].top(0, 1)[0];

    let wrong = Session::load(&(), "wrong.cnn", b"input 8x8x1; cnov 3x3x4".to_vec(), "wrong");
    let found = wrong.check(&Options::default())?;
    let drawn = render(&found.diagnostics, wrong.sources(), RenderStyle::default());
    Ok(format!("{table}\nthe picture shows a {}\n\n{drawn}", best.index))
}

#[allow(clippy::print_stdout, dead_code, reason = "a program may print; the test calls `embed`")]
fn main() -> Result<(), Box<dyn Error>> {
    println!("{}", embed()?);
    Ok(())
}

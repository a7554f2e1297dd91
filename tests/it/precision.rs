//! The precisions of products: how far results may be off, what does not change them, and weights and inputs at the
//! ends of the range.

use std::process::{Command, Output};

use ndarray::{ArrayD, Axis, IxDyn, Slice};
use proptest::prelude::*;

use cnnc::analysis::Checked;
use cnnc::exec::{Executor, Isa};
use cnnc::lower::{Factors, Kernel, KernelPolicy, Plan, PlanOptions, Precision, lower};
use cnnc::model::{Model, ModelSettings};
use cnnc::ops::Init;
use cnnc::weights::seeded;

use super::convolutions::{compile, kinds};

fn plan(checked: &Checked, policy: KernelPolicy, precision: Precision, batch: usize) -> Plan {
    let outputs = vec![("out".to_owned(), checked.graph().outputs()[0].node)];
    lower(checked.graph(), &PlanOptions { batch, policy, precision, matrix_unit: false, outputs })
}

/// A fully-connected layer without anything else.
struct Layer {
    weight: ArrayD<f32>,
    bias: ArrayD<f32>,
    input: ArrayD<f32>,
}

impl Layer {
    /// Seeded numbers.
    fn new(inputs: usize, outputs: usize, batch: usize) -> Layer {
        let fill = |name: &str, shape: &[usize]| seeded::fill(5, name, &Init::Input, false, shape);
        Layer {
            weight: fill("weight", &[outputs, inputs]),
            bias: fill("bias", &[outputs]),
            input: fill("input", &[batch, inputs]),
        }
    }

    fn load(&self, isa: Isa, policy: KernelPolicy, precision: Precision, threads: usize) -> Executor {
        let (outputs, inputs) = (self.weight.shape()[0], self.weight.shape()[1]);
        let checked = compile(&format!("input {inputs}; dense {outputs}"));
        let plan = plan(&checked, policy, precision, self.input.shape()[0]);
        let mut next = [&self.weight, &self.bias].into_iter();
        let constant = |recipe: &cnnc::lower::ConstantExpr| {
            Ok(recipe.evaluate(recipe.reads().iter().filter_map(|_| next.next().cloned()).collect()))
        };
        Executor::load_for(isa, plan, threads, constant).unwrap()
    }

    fn run(&self, isa: Isa, precision: Precision, threads: usize) -> ArrayD<f32> {
        let mut executor = self.load(isa, KernelPolicy::Fastest, precision, threads);
        executor.run(&[("input", &self.input)]).unwrap().remove(0)
    }

    /// The definition in f64, of these weights.
    fn defined(&self, weight: &ArrayD<f32>) -> Vec<f64> {
        let rows = |array: &ArrayD<f32>| -> Vec<Vec<f64>> {
            array.outer_iter().map(|row| row.iter().map(|&value| f64::from(value)).collect()).collect()
        };
        let (weights, pictures) = (rows(weight), rows(&self.input));
        let output = |picture: &Vec<f64>, (row, bias): (&Vec<f64>, &f32)| {
            picture.iter().zip(row).map(|(a, b)| a * b).sum::<f64>() + f64::from(*bias)
        };
        pictures
            .iter()
            .flat_map(|picture| weights.iter().zip(&self.bias).map(move |row| output(picture, row)))
            .collect()
    }

    /// The weights with their upper sixteen bits, rounded to the nearest and to the even one.
    fn rounded(&self) -> ArrayD<f32> {
        self.weight.mapv(|value| {
            let lower = value.to_bits() & 0xffff;
            let upper = value.to_bits() >> 16;
            let up = lower > 0x8000 || lower == 0x8000 && upper & 1 == 1;
            f32::from_bits((upper + u32::from(up)) << 16)
        })
    }
}

/// The largest difference, as a share of the largest expected element.
fn difference(found: &ArrayD<f32>, expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(f64::MIN_POSITIVE, |largest, value| largest.max(value.abs()));
    found.iter().zip(expected).map(|(&a, b)| (f64::from(a) - b).abs()).fold(0.0, f64::max) / largest
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn dense_layers_of_medium_precision_multiply_rounded_weights(
        inputs in 1usize..300,
        outputs in 1usize..100,
        batch in 1usize..20,
    ) {
        let layer = Layer::new(inputs, outputs, batch);
        let (exact, rounded) = (layer.defined(&layer.weight), layer.defined(&layer.rounded()));
        for isa in kinds() {
            let one = layer.run(isa, Precision::Medium, 1);
            let off = difference(&one, &rounded);
            prop_assert!(off <= 4e-6, "{isa:?}: off by {off:e} of the rounded weights");
            let off = difference(&one, &exact);
            prop_assert!(off <= 1e-2, "{isa:?}: off by {off:e} of the definition");
            let three = layer.run(isa, Precision::Medium, 3);
            prop_assert_eq!(one.mapv(f32::to_bits), three.mapv(f32::to_bits));
        }
    }
}

#[test]
fn a_picture_gets_the_same_bits_in_every_batch() {
    for precision in [Precision::Highest, Precision::High, Precision::Medium] {
        for isa in kinds() {
            let all = Layer::new(77, 45, 23).run(isa, precision, 2);
            for batch in [1, 2, 5, 8, 16] {
                let mut layer = Layer::new(77, 45, 23);
                layer.input = layer.input.slice_axis(Axis(0), Slice::from(23 - batch..)).to_owned();
                let some = layer.run(isa, precision, 1);
                let same = all.slice_axis(Axis(0), Slice::from(23 - batch..));
                assert_eq!(some.mapv(f32::to_bits), same.mapv(f32::to_bits), "{precision:?} {isa:?} {batch}");
            }
        }
    }
}

#[test]
fn weights_that_bf16_cannot_hold_stay_f32() {
    let largest = f32::from_bits(0x7f7f_0000);
    for (value, factors) in [
        (largest, Factors::Bf16Weights),
        (f32::MAX, Factors::F32),
        (-f32::MAX, Factors::F32),
        (f32::from_bits(0x7f7f_8000), Factors::F32),
        (f32::INFINITY, Factors::Bf16Weights),
        (f32::NAN, Factors::Bf16Weights),
    ] {
        let mut layer = Layer::new(40, 50, 2);
        layer.weight[[33, 17]] = value;
        layer.input.fill(1e-3);
        for isa in kinds() {
            let mut executor = layer.load(isa, KernelPolicy::Fastest, Precision::Medium, 2);
            assert_eq!(executor.factors(), [Some(factors)], "{value:e}");
            let found = executor.run(&[("input", &layer.input)]).unwrap().remove(0);
            for ((picture, output), &found) in found.indexed_iter().map(|(at, value)| ((at[0], at[1]), value))
            {
                let product = f64::from(value) * f64::from(layer.input[[picture, 17]]);
                match (output == 33, product.is_finite()) {
                    (true, true) => {
                        assert!((f64::from(found) / product - 1.0).abs() < 1e-5, "{value:e}: {found}")
                    }
                    (true, false) => assert_eq!(f64::from(found).to_string(), product.to_string(), "{isa:?}"),
                    (false, _) => {
                        assert!(found.is_finite(), "{value:e} of output 33 reached output {output}")
                    }
                }
            }
        }
    }
}

#[test]
fn inputs_that_are_not_finite_reach_the_outputs_of_their_picture() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut layer = Layer::new(40, 50, 3);
        layer.input[[1, 7]] = value;
        for isa in kinds() {
            let found = layer.run(isa, Precision::Medium, 1);
            let defined = layer.defined(&layer.rounded());
            for (&found, defined) in found.iter().zip(defined) {
                let agree = (f64::from(found) - defined).abs() < 1e-4
                    || f64::from(found).to_string() == defined.to_string();
                assert!(agree, "{isa:?} {value}: {found}, {defined}");
            }
        }
    }
}

#[test]
fn denormal_weights_keep_the_bits_that_bf16_has() {
    let mut layer = Layer::new(3, 2, 1);
    layer.bias.fill(0.0);
    layer.weight = ArrayD::from_elem(IxDyn(&[2, 3]), f32::from_bits(0x0001_0000));
    layer.weight[[1, 0]] = f32::from_bits(0x0000_7fff);
    layer.input = ArrayD::from_elem(IxDyn(&[1, 3]), 1.0);
    for isa in kinds() {
        let found = layer.run(isa, Precision::Medium, 1);
        assert_eq!(
            found.mapv(f32::to_bits).into_raw_vec_and_offset().0,
            [0x0003_0000, 0x0002_0000],
            "{isa:?}"
        );
    }
}

#[test]
fn medium_takes_half_of_the_memory_of_dense_layers() {
    let checked = compile("input 1000; dense 640 nobias");
    let bytes = |precision| plan(&checked, KernelPolicy::Fastest, precision, 1).constant_bytes();
    assert_eq!(bytes(Precision::Highest), 4 * 640 * 1001);
    assert_eq!(bytes(Precision::High), 4 * 640 * 1001);
    assert_eq!(bytes(Precision::Medium), 2 * 640 * 1000 + 4 * 640);
}

#[test]
fn reference_kernels_compute_in_f32_whatever_is_asked() {
    let checked = compile("input 20; dense 10");
    let plan = plan(&checked, KernelPolicy::Reference, Precision::Medium, 1);
    assert!(plan.steps.iter().all(|step| matches!(step.kernel, Kernel::Reference(_))));
    assert!(plan.steps.iter().all(|step| step.factors().is_none()));
}

fn cnnc(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cnnc")).args(arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn exact_refuses_less_than_the_highest_precision() {
    for command in ["run", "bench"] {
        let exact = |word| cnnc(&[command, "-e", "input 4; dense 2", "--exact", "--precision", word]);
        for word in ["high", "medium"] {
            let refused = exact(word);
            assert_eq!(refused.status.code(), Some(2));
            assert!(stderr(&refused).contains(&format!("`--precision {word}`")), "{}", stderr(&refused));
        }
    }
    let refused = cnnc(&["bench", "-e", "input 4; dense 2", "--precision", "low"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("highest, high, medium"), "{}", stderr(&refused));
}

#[test]
fn bench_says_what_is_computed() {
    let bench = |word| {
        let source = "input 8x8x3; conv 3x3x4; flatten; dense 2";
        let output = cnnc(&[
            "bench",
            "-e",
            source,
            "--runs",
            "1",
            "--threads",
            "1",
            "--per-layer",
            "--precision",
            word,
        ]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(!bench("highest").contains("precision"));
    assert!(bench("medium").contains("bf16-weights"));
    assert!(bench("high").contains("precision high"));
}

/// The part of `--help` about one option.
fn help_of(command: &str, option: &str) -> String {
    let help = String::from_utf8_lossy(&cnnc(&[command, "--help"]).stdout).into_owned();
    let lines = help.lines().skip_while(|line| !line.trim_start().starts_with(option));
    let end = |line: &&str| !line.trim_start().starts_with("[default");
    let lines: Vec<&str> = lines.take_while(end).map(str::trim_end).collect();
    lines.join("\n")
}

#[test]
fn the_help_says_what_the_words_mean() {
    let help = help_of("run", "--precision");
    insta::assert_snapshot!(help, @r"
          --precision <PRECISION>
              The precision of products, in PyTorch's words

              Possible values:
              - highest: f32
              - high:    16 bits of each factor where the processor has a matrix unit, else f32
              - medium:  8 bits (bf16); without a matrix unit of the weights of dense layers alone
    ");
    assert_eq!(help_of("bench", "--precision"), help);
}

#[test]
fn models_take_a_precision() {
    let checked = compile("input 64; dense 64");
    let memory = |precision| {
        let settings = ModelSettings { threads: 1, precision, ..ModelSettings::default() };
        Model::plan(&checked, settings).unwrap().memory()
    };
    assert_eq!(memory(Precision::default()) - memory(Precision::Medium), 2 * 64 * 64);
}

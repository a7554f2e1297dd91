//! Plans with folding, fusion, reused memory and several pieces of work, against plans of the definitions alone.

use ndarray::ArrayD;

use cnnc::analysis::Checked;
use cnnc::driver::{Options, Session};
use cnnc::lower::{Kernel, KernelPolicy, PlanOptions, Precision, lower};

use super::pytorch::run_seeded;

fn compile(source: &str) -> Checked {
    let session = Session::load(&(), "plan.cnn", source.as_bytes().to_vec(), "plan");
    let outcome = session.compile(&Options::default()).unwrap();
    outcome.checked.unwrap_or_else(|| panic!("{source}: {:#?}", outcome.diagnostics))
}

/// Within 1e-4 of the largest element.
fn assert_near(fast: &ArrayD<f32>, exact: &ArrayD<f32>, what: &str) {
    assert_eq!(fast.shape(), exact.shape(), "{what}");
    let largest = exact.iter().fold(0f32, |largest, value| largest.max(value.abs()));
    let near = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-4 * largest;
    assert!(fast.iter().zip(exact).all(near), "{what}: {fast} instead of {exact}");
}

/// Maps of more positions than a convolution unfolds at once, with tails in every kernel.
#[test]
fn large_layers_agree_with_their_definitions_with_the_same_bits_for_any_number_of_threads() {
    let checked = compile(
        "input 75x71x5; conv 3x3x13 same bn relu; maxpool 3/1 same; dwconv 5x5 pad=2 bn relu6;
         residual project bn < conv 1x1x12 bn relu; conv 3x3x20/2 pad=1 groups=4 bn > relu;
         avgpool 2/2; flatten; dense 33 relu; dense 7",
    );
    let fast = run_seeded(&checked, "out", 5, true, 2, false, 1);
    for threads in [2, 3, 8] {
        let bits = |array: &ArrayD<f32>| array.mapv(f32::to_bits);
        assert_eq!(
            bits(&run_seeded(&checked, "out", 5, true, 2, false, threads)),
            bits(&fast),
            "{threads} threads"
        );
    }
    assert_near(&fast, &run_seeded(&checked, "out", 5, true, 2, true, 2), "out");
}

/// Each program has values with several users, aliases, or operators that could overwrite what is still needed.
const SHARED: [&str; 8] = [
    "input 6x5x4; conv 3x3x4 same as c; relu; concat < identity | @c >; conv 1x1x3",
    "input 6x5x4; residual < relu; bn >; residual < bn relu; tanh > relu; bn",
    "input 6x5x4; conv 1x1x4 bn as c; add < identity | @c | relu | bn >; mul < @c | sigmoid >",
    "input 6x5x4; add < identity | identity > relu; add < identity | identity | relu >",
    "input 6x5x4; conv 3x3x6 same bn; split 2 < relu | bn relu >; split 3 < identity | tanh | bn >; shuffle 2",
    "input 6x5x4; dropout 0.5 as d; relu; dropout 0.2; add < identity | @d >; flatten; dropout 0.1; dense 5 bn relu",
    "input 6x5x4; conv 3x3x4 same bias bn relu as c; bn; aux < relu; flatten; dense 3 > as side; add < @c | identity >",
    "input 60; unflatten 5x4x3 as u; conv 3x3x3 same relu; add < identity | @u > relu; flatten; unflatten 4x5x3; bn",
];

#[test]
fn every_value_of_a_network_can_be_kept_and_is_that_of_the_definitions() {
    for source in SHARED {
        let checked = compile(source);
        let mut names: Vec<&str> = checked.graph().layers().map(|(_, node)| node.path.as_str()).collect();
        names.extend(checked.graph().outputs().iter().map(|output| output.name.as_str()));
        for name in names {
            let run = |exact| run_seeded(&checked, name, 3, true, 2, exact, 2);
            assert_near(&run(false), &run(true), &format!("{name} of {source}"));
        }
    }
}

/// The number of steps that compute the output.
fn steps(checked: &Checked, policy: KernelPolicy) -> usize {
    let outputs = vec![("out".to_owned(), checked.graph().outputs()[0].node)];
    let precision = Precision::Highest;
    lower(checked.graph(), &PlanOptions { batch: 2, policy, precision, matrix_unit: false, outputs })
        .steps
        .len()
}

/// Programs of one step, and how many operators they have.
const MELTED: [(&str, usize); 16] = [
    ("input 9x8x16; conv 3x3x20 same times (-0.5)", 2),
    ("input 9x8x16; conv 3x3x20 same nobias plus 1.5 relu", 3),
    ("input 9x8x16; conv 3x3x20 same bn times 3 plus 1 plus (-0.25) times 0.5 clip min=-1 max=2", 7),
    ("input 9x8x16; conv 3x3x20 same groups=4 bn noscale times 2 sigmoid", 4),
    ("input 9x8x16; conv 3x3x20 same bn nobias plus 2", 3),
    ("input 9x8x16; conv 3x3x20 same bn noscale nobias relu clip max=0.5", 4),
    ("input 9x8x16; deconv 2x2x20/2 times 2 plus 1", 3),
    ("input 9x8x16; deconv 4x4x24/2 pad=1 groups=2 bn nobias times 2 plus 1 relu6", 5),
    ("input 9x8x16; dwconv 3x3 same nobias times 0.25 plus 0.5 hardtanh", 4),
    ("input 40; dense 20 nobias times 2 plus (-3) relu", 4),
    ("input 40; dense 20 bn noscale; clip min=-0.5; clip max=0.5", 4),
    ("input 9x8x16; conv 1x1x16 relu6 clip min=1 hardtanh clip max=0.25", 5),
    ("input 9x8x16; bn times 2 plus 1", 3),
    ("input 9x8x16; bn noscale nobias; relu", 2),
    ("input 9x8x16; scale; plus 1; times 4", 3),
    ("input 40; bn nobias; times 2; clip max=1", 3),
];

#[test]
fn factors_summands_and_ranges_melt_into_the_layer_before() {
    for (source, operators) in MELTED {
        let checked = compile(source);
        assert_eq!(steps(&checked, KernelPolicy::Reference), operators, "{source}");
        let fast = steps(&checked, KernelPolicy::Fastest);
        // The input is copied into blocks of channels.
        let copies =
            usize::from(source.contains("x16;") && !source.contains("; bn") && !source.contains("scale;"));
        assert_eq!(fast, 1 + copies, "{source}");
        let run = |exact| run_seeded(&checked, "out", 3, true, 2, exact, 2);
        assert_near(&run(false), &run(true), source);
    }
}

#[test]
fn convolutions_beyond_the_edge_of_a_map_are_pads_and_plain_convolutions() {
    let checked = compile("input 9x9x16; conv 3x3x16 same reflect bn relu; dwconv 3x3 same circular");
    let options = PlanOptions {
        batch: 1,
        policy: KernelPolicy::Fastest,
        precision: Precision::Highest,
        matrix_unit: false,
        outputs: vec![("out".to_owned(), checked.graph().outputs()[0].node)],
    };
    let plan = lower(checked.graph(), &options);
    let kernels: Vec<&str> = plan
        .steps
        .iter()
        .map(|step| match step.kernel {
            Kernel::Rearrange(_) => "pad",
            Kernel::Conv(_) => "conv",
            Kernel::Depthwise { .. } => "dwconv",
            Kernel::Copy => "copy",
            _ => "other",
        })
        .filter(|&kernel| kernel != "copy")
        .collect();
    assert_eq!(kernels, ["pad", "conv", "pad", "dwconv"]);
    let covered: Vec<&String> = plan.steps.iter().flat_map(|step| &step.covers).collect();
    assert_eq!(covered, ["conv1", "bn1", "relu1", "dwconv1"]);
}

#[test]
fn what_is_read_elsewhere_or_would_leave_the_range_does_not_melt() {
    for (source, fewer) in [
        // The value before `times` is used twice.
        ("input 40; dense 20 as d; times 2; add < identity | @d >", 0),
        ("input 40; dense 20; times 1e30; times 1e-30", 1),
        ("input 40; dense 20; times 0", 1),
        // Only the first activation is applied.
        ("input 40; dense 20; relu; times 2; bn", 1),
        ("input 40; dense 20; tanh; clip max=0.5", 1),
    ] {
        let checked = compile(source);
        let all = steps(&checked, KernelPolicy::Reference);
        assert_eq!(steps(&checked, KernelPolicy::Fastest), all - fewer, "{source}");
        let run = |exact| run_seeded(&checked, "out", 3, true, 2, exact, 2);
        assert_near(&run(false), &run(true), source);
    }
}

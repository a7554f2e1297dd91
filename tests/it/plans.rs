//! Plans with folding, fusion, reused memory and several pieces of work, against plans of the definitions alone.

use ndarray::ArrayD;

use cnnc::analysis::Checked;
use cnnc::driver::{Options, Session};

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
        let mut names: Vec<&str> = checked.graph().rows().map(|(_, node)| node.path.as_str()).collect();
        names.extend(checked.graph().outputs().iter().map(|output| output.name.as_str()));
        for name in names {
            let run = |exact| run_seeded(&checked, name, 3, true, 2, exact, 2);
            assert_near(&run(false), &run(true), &format!("{name} of {source}"));
        }
    }
}

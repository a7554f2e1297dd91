//! Values that are not finite, or nearly too large: they reach what reads them and nothing else, whatever the kernels
//! do inside. The definitions of the operators say where that is.

use ndarray::ArrayD;

use cnnc::analysis::Checked;
use cnnc::driver::{Options, Session};
use cnnc::exec::Isa;
use cnnc::lower::KernelPolicy;
use cnnc::ops::Init;
use cnnc::weights::seeded;

use super::pytorch::run_on;

fn compile(source: &str) -> Checked {
    let session = Session::load(&(), "case.cnn", source.as_bytes().to_vec(), "case");
    let outcome = session.compile(&Options::default()).unwrap();
    outcome.checked.unwrap_or_else(|| panic!("{source}: {:#?}", outcome.diagnostics))
}

/// Whether both are the same number as far as range goes, or near.
fn agree(found: f32, expected: f32, largest: f32) -> bool {
    if expected.is_finite() {
        (found - expected).abs() <= 1e-4 * largest.max(1.0)
    } else {
        found == expected || found.is_nan() && expected.is_nan()
    }
}

fn check(source: &str) {
    let checked = compile(source);
    let shape: Vec<usize> = [2]
        .into_iter()
        .chain(checked.graph().inputs().next().unwrap().1.shape.stored().into_iter().map(|dim| dim as usize))
        .collect();
    let input: ArrayD<f32> = seeded::fill(3, "input", &Init::Input, false, &shape);
    for (turn, value) in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e38].into_iter().enumerate() {
        let mut input = input.clone();
        let len = input.len();
        // The second picture stays as it is.
        input.as_slice_mut().unwrap()[(turn * 7919 + len / 3) % (len / 2)] = value;
        let inputs = [input];
        let run = |isa, policy| run_on(&inputs, isa, &checked, "out", (3, true), policy, 2);
        let expected = run(Isa::best(), KernelPolicy::Reference);
        let largest = expected.iter().filter(|x| x.is_finite()).fold(0.0f32, |most, x| most.max(x.abs()));
        for isa in [Isa::Portable, Isa::Avx2, Isa::Avx512].into_iter().filter(|&isa| isa <= Isa::best()) {
            for policy in [KernelPolicy::NoWinograd, KernelPolicy::Fastest] {
                let found = run(isa, policy);
                assert_eq!(found.shape(), expected.shape());
                let misses = found.iter().zip(&expected).filter(|&(&a, &b)| !agree(a, b, largest)).count();
                assert_eq!(misses, 0, "{isa:?} {policy:?} {value} {source}: of {}", expected.len());
            }
        }
    }
}

#[test]
fn groups_of_a_convolution_stay_apart() {
    for source in [
        "input 6x9x24; conv 3x3x24 same groups=8",
        "input 5x7x40; conv 3x3x40 same groups=2 relu6",
        "input 7x7x64; conv 3x3x48 groups=2 dilate=2 sigmoid",
        "input 5x5x6; conv 3x3x8/2 same groups=2",
        "input 6x6x17; dwconv 3x3 same mult=3 relu",
        "input 6x6x24; residual < conv 3x3x24 same groups=8 > relu",
        "input 6x6x24; conv 1x1x24 groups=8 tanh; conv 1x1x8 groups=4",
    ] {
        check(source);
    }
}

#[test]
fn transposed_convolutions_spread_them_as_far_as_their_kernel() {
    for source in [
        "input 6x7x24; conv 1x1x20; deconv 3x3x18/2 pad=1 outpad=1 relu; conv 1x1x5",
        "input 5x7x24; deconv 4x4x24/2 pad=1 groups=8; maxpool 2/2",
        "input 5x7x20; deconv 2x2x17/3 nobias; conv 3x3x4 same",
        "input 5x6x3; deconv 3x2x6/1x2 dilate=2 groups=3 tanh",
    ] {
        check(source);
    }
}

#[test]
fn lanes_behind_the_last_channel_reach_nothing() {
    for source in [
        "input 6x9x24; conv 3x3x20 same relu; conv 3x3x17 same; conv 1x1x5",
        "input 6x9x24; conv 1x1x20 relu6; conv 1x5x17 dilate=2 relu; dwconv 3x3 same; conv 1x1x5",
        "input 8x8x18; conv 3x3x18 same hsigmoid; lrn 3 k=0 alpha=1 beta=0.75; conv 1x1x3",
        "input 6x6x20; bn relu; maxpool 2/1; conv 2x2x9; flatten; dense 3",
    ] {
        check(source);
    }
}

#[test]
fn combinations_and_moves_keep_them_in_their_places() {
    for source in [
        "input 6x9x20; maxpool 1; min < identity | tanh >; maxpool 2/2",
        "input 6x9x20; maxpool 1; max < tanh | identity > relu; maxpool 2/2",
        "input 6x9x20; maxpool 1; sub < identity | tanh >; maxpool 2/2",
        "input 6x9x20; maxpool 1; mul < identity | avgpool global; tanh >; maxpool 2/2",
        "input 6x9x20; maxpool 1; upsample 2 bilinear; maxpool 3/3",
        "input 6x9x20; maxpool 1; upsample to 9x7 bicubic; maxpool 3/3",
        "input 6x9x20; maxpool 1; pad 2 reflect; slice 17 at=2; pixelunshuffle 1; crop 1; conv 1x1x5",
    ] {
        check(source);
    }
}

#[test]
fn normalisations_keep_them_in_their_sets() {
    for source in [
        "input 6x9x24; conv 1x1x24; groupnorm 4; conv 1x1x5",
        "input 6x9x18; conv 1x1x18; groupnorm 1; maxpool 2/2",
        "input 5x7x20; instancenorm affine relu; maxpool 2/2",
        "input 6x6x20; rmsnorm; maxpool 2/2",
        "input 6x6x20; l2norm scale; maxpool 2/2",
        "input 6x6x20; layernorm relu6; maxpool 2/2",
    ] {
        check(source);
    }
}

#[test]
fn words_that_move_or_change_single_values_keep_them_where_they_are() {
    for source in [
        "input 6x8x20; conv 1x1x20; pixelshuffle 2; slice 3 at=1; crop (1, 2, 0, 3); conv 3x3x4 same",
        "input 6x8x5; pixelunshuffle 2 dcr; pad (1, 2, 0, 1) reflect; conv 1x1x7",
        "input 6x8x18; pad 2 circular; crop to 7x7; pad 1 value=0.5; dwconv 3x3",
        "input 6x8x18; conv 3x3x6 replicate pad=1 times (-0.5) plus 2 clip min=-3 max=3",
        "input 6x8x18; conv 3x3x24 same reflect relu; dwconv 3x3 same circular; conv 1x1x4",
        "input 9x12x16; conv 3x3x16 same circular; residual < conv 3x3x16 same reflect > relu; maxpool 2/2",
        "input 6x8x18; split (3, 5, 10) < sqrt | exp | log >; maxpool 2/2",
        "input 5x7x18; upsample to 9x6 bilinear corners; conv 1x1x3",
        "input 5x7x18; upsample 2 bicubic; maxpool 2/2",
        "input 6x8x18; max < identity | min < neg | abs >  >; mean channels",
        "input 6x8x18; sub < hardtanh | identity >; max channels",
        "input 6x8x18; split (3, 5, 10) < mish | selu; celu 0.5 | softsign >; conv 1x1x4",
        "input 6x8x18; softplus; square; bn noscale; conv 1x1x4",
        "input 6x8x18; quickgelu; hsigmoid 0.2; bn nobias; logsoftmax",
        "input 6x8x9; conv 3x3x9 same relu as c; shared c as d; gelu approx",
    ] {
        check(source);
    }
}

#[test]
fn tiles_of_winograd_show_them_in_their_windows_only() {
    for source in [
        "input 9x11x16; conv 3x3x16 same",
        "input 30x27x16; conv 3x3x24 same relu",
        "input 26x26x20; conv 3x3x16 pad=(2,0,0,1) silu",
        "input 26x26x20; conv 3x3x20 same relu; conv 3x3x16 same relu",
        "input 24x24x16; residual < conv 3x3x16 same > relu",
    ] {
        check(source);
    }
}

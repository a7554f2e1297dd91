//! Reference kernels on small numbers, worked out by hand.

use super::program::run;

fn near(actual: &[f64], expected: &[f64]) {
    let close = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-12;
    assert!(
        actual.len() == expected.len() && actual.iter().zip(expected).all(close),
        "{actual:?} instead of {expected:?}"
    );
}

#[test]
fn flatten_orders_channels_first_or_last() {
    // Two channels of 1x3: 1 2 3 and 4 5 6.
    let map = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    assert_eq!(run("input 1x3x2; flatten;", &map, &[]), map);
    assert_eq!(run("input 1x3x2; flatten hwc;", &map, &[]), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
}

#[test]
fn shuffle_deals_the_groups_out_in_turn() {
    let map = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
    assert_eq!(run("input 1x1x6; shuffle 2;", &map, &[]), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
}

#[test]
fn pad_names_its_sides_top_bottom_left_right() {
    let padded = run("input 1x1x1; pad (1,0,2,0);", &[7.0], &[]);
    assert_eq!(padded, [0.0, 0.0, 0.0, 0.0, 0.0, 7.0]);
}

#[test]
fn upsample_repeats_or_interpolates() {
    assert_eq!(run("input 1x2x1; upsample 2;", &[1.0, 5.0], &[]), [1.0, 1.0, 5.0, 5.0, 1.0, 1.0, 5.0, 5.0]);
    // Samples at −1/4, 1/4, 3/4 and 5/4, clamped to 0 and 1.
    near(&run("input 1x2x1; upsample 1x2 bilinear;", &[1.0, 5.0], &[]), &[1.0, 2.0, 4.0, 5.0]);
    near(&run("input 2x1x1; upsample 3x1 bilinear;", &[0.0, 3.0], &[]), &[0.0, 0.0, 1.0, 2.0, 3.0, 3.0]);
}

#[test]
fn bn_uses_its_running_statistics() {
    // Channel 0: (x − 1)/√(3 + 1)·4 + 0.5; channel 1: (x − 0)/√(0 + 1)·1 + 0.
    let parameters: [&[f64]; 4] = [&[4.0, 1.0], &[0.5, 0.0], &[1.0, 0.0], &[3.0, 0.0]];
    near(&run("input 1x2x2; bn eps=1;", &[1.0, 2.0, 3.0, 4.0], &parameters), &[0.5, 2.5, 3.0, 4.0]);
}

#[test]
fn layernorm_normalises_over_the_channels_of_each_position() {
    // Position 0 holds 1 and 3 (mean 2, variance 1), position 1 holds 4 and 0 (mean 2, variance 4).
    let root = (4.0f64 + 3.0).sqrt();
    let normalised = run("input 1x2x2; layernorm eps=3;", &[1.0, 4.0, 3.0, 0.0], &[&[1.0, 2.0], &[0.0, 1.0]]);
    near(&normalised, &[-0.5, 2.0 / root, 2.0, 1.0 - 4.0 / root]);
}

#[test]
fn lrn_sums_over_the_neighbours_that_exist() {
    // Sums of squares over three channels: 1 + 4, 1 + 4 + 9, 4 + 9.
    let map = [1.0, 2.0, 3.0];
    let plain = run("input 1x1x3; lrn 3 k=2 alpha=0.5 beta=1;", &map, &[]);
    near(&plain, &[1.0 / 4.5, 2.0 / 9.0, 3.0 / 8.5]);
    let mean = run("input 1x1x3; lrn 3 k=2 alpha=1.5 beta=1 mean;", &map, &[]);
    near(&mean, &plain);
}

#[test]
fn softmax_sums_to_one_over_the_channels_and_never_overflows() {
    let two = run("input 1x2x2; softmax;", &[0.0, 1000.0, 3f64.ln(), 1000.0], &[]);
    near(&two, &[0.25, 0.5, 0.75, 0.5]);
}

#[test]
fn scale_and_prelu_have_a_number_for_each_channel() {
    let map = [-2.0, 2.0, -4.0, 4.0];
    assert_eq!(run("input 1x2x2; scale;", &map, &[&[3.0, 0.5]]), [-6.0, 6.0, -2.0, 2.0]);
    assert_eq!(run("input 1x2x2; scale bias;", &map, &[&[3.0, 0.5], &[1.0, 0.0]]), [-5.0, 7.0, -2.0, 2.0]);
    assert_eq!(run("input 1x2x2; prelu;", &map, &[&[0.5, 0.25]]), [-1.0, 2.0, -1.0, 4.0]);
    assert_eq!(run("input 1x2x2; prelu shared;", &map, &[&[0.5]]), [-1.0, 2.0, -2.0, 4.0]);
}

#[test]
fn activations_follow_their_formulas() {
    let e = std::f64::consts::E;
    let points = [-4.0, -1.0, 0.0, 1.0, 8.0];
    let values = |word: &str| run(&format!("input 5; {word};"), &points, &[]);
    near(&values("relu"), &[0.0, 0.0, 0.0, 1.0, 8.0]);
    near(&values("relu6"), &[0.0, 0.0, 0.0, 1.0, 6.0]);
    near(&values("leaky"), &[-0.04, -0.01, 0.0, 1.0, 8.0]);
    near(&values("leaky 0.5"), &[-2.0, -0.5, 0.0, 1.0, 8.0]);
    near(&values("elu 2")[1..], &[2.0 / e - 2.0, 0.0, 1.0, 8.0]);
    near(&values("sigmoid")[1..4], &[1.0 / (1.0 + e), 0.5, e / (1.0 + e)]);
    near(&values("silu")[1..4], &[-1.0 / (1.0 + e), 0.0, e / (1.0 + e)]);
    near(&values("hsigmoid"), &[0.0, 1.0 / 3.0, 0.5, 2.0 / 3.0, 1.0]);
    near(&values("hswish"), &[0.0, -1.0 / 3.0, 0.0, 2.0 / 3.0, 8.0]);
    let tanh = (e * e - 1.0) / (e * e + 1.0);
    near(&values("tanh")[1..4], &[-tanh, 0.0, tanh]);
    let power = (4.0f64 / 3.0).exp();
    near(&values("stanh")[3..4], &[1.7159 * (power - 1.0) / (power + 1.0)]);
    // erf(1/√2) = 0.682689…
    near(&values("gelu")[1..4], &[-0.158_655_253_931_457_05, 0.0, 0.841_344_746_068_542_9]);
}

#[test]
fn nan_goes_through_every_activation() {
    for word in
        ["relu", "relu6", "leaky", "elu", "sigmoid", "tanh", "stanh", "silu", "gelu", "hsigmoid", "hswish"]
    {
        assert!(run(&format!("input 1; {word};"), &[f64::NAN], &[])[0].is_nan(), "{word}");
    }
    assert!(run("input 2; softmax;", &[f64::NAN, 1.0], &[]).iter().all(|x| x.is_nan()));
    assert!(run("input 1; prelu;", &[f64::NAN], &[&[0.25]])[0].is_nan());
    assert!(run("input 1x2x1; maxpool 1x2;", &[f64::NAN, 1.0], &[])[0].is_nan());
}

#[test]
fn a_depthwise_filter_reads_the_channel_it_belongs_to() {
    let out = run("input 1x1x2; dwconv 1x1 mult=2 nobias;", &[10.0, 20.0], &[&[1.0, 2.0, 3.0, 4.0]]);
    assert_eq!(out, [10.0, 20.0, 60.0, 80.0]);
}

#[test]
fn a_transposed_convolution_spreads_its_kernel() {
    // 1·[1 2 3] at 0 and 10·[1 2 3] at 2, cropped by one on the left.
    let out = run("input 1x2x1; deconv 1x3x1/1x2 pad=(0,0,1,0) nobias;", &[1.0, 10.0], &[&[1.0, 2.0, 3.0]]);
    assert_eq!(out, [2.0, 13.0, 20.0, 30.0]);
}

#[test]
fn averages_divide_by_what_is_inside() {
    let row = [2.0, 4.0, 6.0];
    assert_eq!(run("input 1x3x1; avgpool 1x2/1x2 pad=(0,0,1,0);", &row, &[]), [2.0, 5.0]);
    assert_eq!(run("input 1x3x1; avgpool 1x2/1x2 pad=(0,0,1,0) countpad;", &row, &[]), [1.0, 5.0]);
    // The window that `ceil` adds holds one element, and what lies beyond the padding never counts.
    assert_eq!(run("input 1x3x1; avgpool 1x2/1x2 ceil countpad;", &row, &[]), [3.0, 6.0]);
}

#[test]
fn subsampling_and_distances_follow_lenet() {
    assert_eq!(run("input 2x2x1; subsample 2;", &[1.0, 2.0, 3.0, 4.0], &[&[0.5], &[1.0]]), [6.0]);
    assert_eq!(run("input 2; rbf 2;", &[1.0, 2.0], &[&[0.0, 0.0, 1.0, 4.0]]), [5.0, 4.0]);
}

//! The fast kernels against the definitions of the operators, for the instructions of every processor: shapes with
//! tails in every direction, groups, dilation, pictures at once, and any number of threads.

use ndarray::ArrayD;
use proptest::prelude::*;

use cnnc::analysis::Checked;
use cnnc::driver::{Options, Session};
use cnnc::exec::Isa;
use cnnc::lower::KernelPolicy;

use super::pytorch::run_for;

/// Compiles a text without errors.
pub(crate) fn compile(source: &str) -> Checked {
    let session = Session::load(&(), "case.cnn", source.as_bytes().to_vec(), "case");
    let outcome = session.compile(&Options::default()).unwrap();
    outcome.checked.unwrap_or_else(|| panic!("{source}: {:#?}", outcome.diagnostics))
}

/// The kinds of instructions that this machine has.
pub(crate) fn kinds() -> impl Iterator<Item = Isa> {
    [Isa::Portable, Isa::Avx2, Isa::Avx512].into_iter().filter(|&isa| isa <= Isa::best())
}

/// The largest difference, as a share of the largest expected element.
fn difference(found: &ArrayD<f32>, expected: &ArrayD<f32>) -> f32 {
    assert_eq!(found.shape(), expected.shape());
    let largest = expected.iter().fold(f32::MIN_POSITIVE, |largest, value| largest.max(value.abs()));
    found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / largest
}

/// Direct convolution, and what else rounds as the definitions do, differs by sums in another order; Winograd's
/// tiles of four outputs along an axis lose up to four bits more (`docs/performance.md`).
const BOUNDS: [(KernelPolicy, f32); 2] = [(KernelPolicy::NoWinograd, 4e-6), (KernelPolicy::Fastest, 3e-5)];

fn check(source: &str, batch: usize) {
    let checked = compile(source);
    let expected = run_for(Isa::best(), &checked, "out", (3, true), batch, KernelPolicy::Reference, 2);
    for isa in kinds() {
        for (policy, bound) in BOUNDS {
            let one = run_for(isa, &checked, "out", (3, true), batch, policy, 1);
            let off = difference(&one, &expected);
            assert!(off <= bound, "{isa:?} {policy:?} {source}: off by {off:e}");
            let three = run_for(isa, &checked, "out", (3, true), batch, policy, 3);
            assert_eq!(one.mapv(f32::to_bits), three.mapv(f32::to_bits), "{isa:?} {policy:?} {source}");
        }
    }
}

fn channels() -> impl Strategy<Value = u64> {
    prop::sample::select(vec![1, 2, 3, 8, 15, 16, 17, 24, 32, 40, 48])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn convolutions_of_every_shape_are_those_of_the_definition(
        (height, width) in (1u64..19, 1u64..34),
        (channels, filters, groups) in (channels(), channels(), prop::sample::select(vec![1u64, 1, 2, 3])),
        (kernel_height, kernel_width) in (1u64..4, 1u64..6),
        (stride_down, stride_across) in (1u64..3, 1u64..4),
        (dilate_down, dilate_across) in (1u64..3, 1u64..3),
        (top, bottom, left, right) in (0u64..3, 0u64..3, 0u64..3, 0u64..3),
        activation in prop::sample::select(vec!["", "relu", "relu6", "tanh", "leaky"]),
        batch in 1usize..3,
    ) {
        let (extent_down, extent_across) =
            (dilate_down * (kernel_height - 1) + 1, dilate_across * (kernel_width - 1) + 1);
        prop_assume!(height + top + bottom >= extent_down && width + left + right >= extent_across);
        let (channels, filters) = (channels * groups, filters * groups);
        check(
            &format!(
                "input {height}x{width}x{channels}; conv {kernel_height}x{kernel_width}x{filters}/{stride_down}x{stride_across} \
                 pad=({top},{bottom},{left},{right}) dilate=({dilate_down},{dilate_across}) groups={groups} bn {activation}"
            ),
            batch,
        );
    }

    #[test]
    fn convolutions_beyond_the_edge_of_a_map_are_those_of_the_definition(
        (height, width) in (4u64..19, 4u64..34),
        channels in channels(),
        (top, bottom, left, right) in (0u64..4, 0u64..4, 0u64..4, 0u64..4),
        (kernel, stride) in (1u64..5, 1u64..3),
        border in prop::sample::select(vec!["reflect", "replicate", "circular"]),
        (word, rest) in prop::sample::select(vec![
            ("conv", "bn relu"), ("conv", "tanh"), ("conv", "nobias"), ("dwconv", "bn"), ("dwconv", "mult=3 relu6"),
        ]),
        use_of in prop::sample::select(vec!["", "residual ifsame", "twice"]),
        batch in 1usize..3,
    ) {
        let (size, stride) = if use_of.is_empty() { (kernel, stride) } else { (3, 1) };
        let filters = if word == "conv" { format!("x{channels}") } else { String::new() };
        let pads = if use_of.is_empty() { format!("pad=({top},{bottom},{left},{right})") } else { "same".to_owned() };
        let one = format!("{word} {size}x{size}{filters}/{stride} {pads} {border} {rest}");
        let network = match use_of {
            "" => one,
            "twice" => format!("add < {one} | {one} | identity >").replace(" mult=3", ""),
            form => format!("{form} < {one} >"),
        };
        check(&format!("input {height}x{width}x{channels}; {network}; relu"), batch);
    }

    #[test]
    fn transposed_convolutions_of_every_shape_are_those_of_the_definition(
        (height, width) in (1u64..9, 1u64..31),
        (channels, filters, groups) in (channels(), channels(), prop::sample::select(vec![1u64, 1, 2, 3])),
        (kernel_height, kernel_width) in (1u64..6, 1u64..5),
        (stride_down, stride_across) in (1u64..4, 1u64..4),
        (dilate_down, dilate_across) in (1u64..4, 1u64..3),
        (top, bottom, left, right) in (0u64..3, 0u64..3, 0u64..3, 0u64..3),
        outpad in 0u64..2,
        rest in prop::sample::select(vec!["", "bn", "relu", "bn tanh", "nobias", "bn silu"]),
        batch in 1usize..3,
    ) {
        let full = |input: u64, stride: u64, kernel: u64, dilate: u64| (input - 1) * stride + dilate * (kernel - 1) + 1;
        prop_assume!(full(height, stride_down, kernel_height, dilate_down) > top + bottom);
        prop_assume!(full(width, stride_across, kernel_width, dilate_across) > left + right);
        prop_assume!(outpad < stride_down.max(dilate_down) && outpad < stride_across.max(dilate_across));
        let (channels, filters) = (channels * groups, filters * groups);
        check(
            &format!(
                "input {height}x{width}x{channels}; \
                 deconv {kernel_height}x{kernel_width}x{filters}/{stride_down}x{stride_across} \
                 pad=({top},{bottom},{left},{right}) outpad={outpad} dilate=({dilate_down},{dilate_across}) \
                 groups={groups} {rest}; pad 1"
            ),
            batch,
        );
    }

    #[test]
    fn winograd_convolutions_of_every_size_are_those_of_the_definition(
        kernel in prop::sample::select(vec!["3x3", "5x5", "3x1", "1x3", "7x1", "1x7"]),
        (height, width) in (7u64..44, 7u64..44),
        (channels, filters) in (16u64..40, 16u64..40),
        (top, bottom, left, right) in (0u64..4, 0u64..4, 0u64..4, 0u64..4),
        activation in prop::sample::select(vec!["", "relu", "sigmoid"]),
        batch in 1usize..3,
    ) {
        check(
            &format!(
                "input {height}x{width}x{channels}; conv {kernel}x{filters} pad=({top},{bottom},{left},{right}) {activation}"
            ),
            batch,
        );
    }

    #[test]
    fn pools_and_depthwise_convolutions_are_those_of_the_definition(
        (height, width) in (3u64..31, 3u64..31),
        channels in channels(),
        (kernel, stride, pad) in (1u64..4, 1u64..3, 0u64..2),
        word in prop::sample::select(vec!["maxpool", "avgpool", "avgpool_countpad", "dwconv", "dwconv_mult"]),
        ceil: bool,
        batch in 1usize..3,
    ) {
        let pad = pad.min(kernel - 1);
        let ceil = if ceil && !word.starts_with("dw") { "ceil" } else { "" };
        let (word, rest) = match word.split_once('_') {
            Some((word, "mult")) => (word, "mult=3"),
            Some((word, rest)) => (word, rest),
            None => (word, ""),
        };
        let size = if word == "dwconv" { format!("{kernel}x{kernel}") } else { kernel.to_string() };
        check(
            &format!("input {height}x{width}x{channels}; {word} {size}/{stride} pad={pad} {ceil} {rest}"),
            batch,
        );
    }

    #[test]
    fn normalisations_over_channels_or_positions_are_those_of_the_definition(
        // Few enough elements that the definition's plain sums round little themselves.
        // More than two positions: a normalisation of two values that are nearly equal multiplies what was rounded before.
        (height, width) in (1u64..4, prop::sample::select(vec![5u64, 7, 20, 70])),
        channels in prop::sample::select(vec![16u64, 18, 24, 40]),
        word in prop::sample::select(vec![
            "layernorm", "rmsnorm eps=0.01", "l2norm scale", "groupnorm 1", "groupnorm 2 eps=0.5", "instancenorm",
            "instancenorm affine",
        ]),
        activation in prop::sample::select(vec!["", "relu", "silu"]),
        batch in 1usize..3,
    ) {
        check(
            &format!("input {height}x{width}x{channels}; conv 1x1x{channels}; plus 0.25; {word} {activation}; conv 3x3x5 pad=1;"),
            batch,
        );
    }

    #[test]
    fn rearrangements_are_those_of_the_definition(
        (height, width) in (2u64..9, prop::sample::select(vec![2u64, 7, 30])),
        channels in prop::sample::select(vec![16u64, 20, 32, 36, 48, 64]),
        word in prop::sample::select(vec![
            "pad 2", "pad (1,0,2,5) value=0.5", "pad 1 reflect", "pad 1 circular", "pad (0,3,0,1) replicate", "crop (1,0,0,1)",
            "crop to 2x2", "slice 5", "slice 16", "shuffle 4", "pixelshuffle 2", "pixelshuffle 2 dcr",
            "pixelunshuffle 2", "upsample 2", "upsample to 5x7", "split 2 < relu | identity >",
        ]),
        blocked: bool,
        batch in 1usize..3,
    ) {
        let even = if word.starts_with("pixelun") { 2 } else { 1 };
        let first = if blocked { format!("conv 1x1x{channels}; ") } else { String::new() };
        check(
            &format!("input {}x{}x{channels}; {first}{word}; conv 3x3x5 pad=1;", height * even, width * even),
            batch,
        );
    }

    #[test]
    fn combinations_and_interpolations_are_those_of_the_definition(
        (height, width) in (1u64..9, prop::sample::select(vec![1u64, 7, 30])),
        channels in prop::sample::select(vec![1u64, 15, 16, 20, 48]),
        word in prop::sample::select(vec![
            "sub < identity | tanh > relu", "max < identity | tanh | neg >", "min < identity | neg > silu",
            "mul < identity | conv 1x1x{C} | tanh > relu6", "mul < identity | avgpool global; sigmoid >",
            "mul < avgpool global; sigmoid | identity > leaky", "mul < identity | conv 1x1x1 sigmoid >",
            "upsample 2 bilinear", "upsample to 5x9 bilinear corners", "upsample 3x2 bicubic", "upsample to 4x5 bicubic",
        ]),
        batch in 1usize..3,
    ) {
        let word = word.replace("{C}", &channels.to_string());
        check(&format!("input {height}x{width}x{channels}; conv 1x1x{channels}; {word}; conv 3x3x5 pad=1;"), batch);
    }

    #[test]
    fn means_and_greatest_values_of_channels_are_those_of_the_definition(
        (height, width) in (1u64..9, 1u64..34),
        channels in channels(),
        word in prop::sample::select(vec!["mean", "max"]),
        rest in prop::sample::select(vec!["", "; sigmoid", "; conv 3x3x5 pad=1", "; mul < identity | @c >"]),
        batch in 1usize..3,
    ) {
        check(&format!("input {height}x{width}x{channels}; conv 1x1x{channels} as c; {word} channels{rest};"), batch);
    }

    #[test]
    fn layer_normalisations_are_those_of_the_definition(
        (height, width) in (1u64..9, 1u64..34),
        channels in channels(),
        pad in 1u64..3,
        batch in 1usize..3,
    ) {
        check(
            &format!("input {height}x{width}x{channels}; layernorm; conv 3x3x5 pad={pad}; layernorm eps=0.5;"),
            batch,
        );
    }
}

/// Widths of the published networks, odd numbers of blocks among them; values that are kept in parts of a
/// concatenation, in sums and behind views.
#[test]
fn channels_of_published_networks_are_served() {
    for source in [
        "input 9x9x48; conv 3x3x80 same relu; conv 1x1x208 relu; conv 3x3x16/2 same",
        "input 14x14x32; concat < conv 1x1x64 relu | conv 1x1x16 relu; conv 3x3x48 same relu | maxpool 3/1 same; conv 1x1x32 > relu; conv 3x3x20 same",
        "input 7x7x32; concat < identity | conv 3x3x32 same >; concat < identity | conv 3x3x32 same >; bn relu; conv 1x1x16",
        "input 30x30x3; conv 3x3x32/2 bn relu6; residual < conv 1x1x96 bn relu6; dwconv 3x3 same bn relu6; conv 1x1x32 bn >; avgpool global; flatten; dense 10; softmax",
        "input 12x12x64; residual < conv 3x3x64 same relu; conv 3x3x64 same > relu; residual project < conv 3x3x32/2 pad=1 > relu; lrn 5 k=2 alpha=0.1 beta=0.75",
        "input 5x5x16; conv 3x3x24 same groups=8; conv 3x3x24 same groups=24 silu; lrn 3 k=1 alpha=0.5 beta=0.6; flatten; dense 3",
        "input 13x13x96; conv 5x5x128 pad=2 groups=2 relu; conv 3x3x64 same groups=4; conv 1x7x32 same; conv 7x1x24 same",
        "input 300; dense 100 relu; dense 33 tanh; dense 1 sigmoid",
    ] {
        for batch in [1, 2, 9] {
            check(source, batch);
        }
    }
}

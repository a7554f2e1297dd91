//! Receptive fields: size, effective stride and padding against the published table of Araujo et al. 2019, "Computing
//! Receptive Fields of Convolutional Neural Networks" (google-research/receptive_field, 224x224 inputs); sizes behind
//! enlarged values against a walk through random networks.

use std::collections::{BTreeMap, BTreeSet};

use cnnc::analysis::{Checked, Status};
use cnnc::driver::{Options, Session};
use cnnc::ir::{Graph, NodeId};
use cnnc::ops::{Op, Region, UpsampleTarget};
use cnnc::tensor::{Interpolation, Window};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// The TF-Slim networks of the table; values have the names of its end points.
const ALEXNET_V2: &str = "input 224x224x3;
conv 11x11x64/4 relu as conv1; maxpool 3/2 as pool1;
conv 5x5x192 same relu as conv2; maxpool 3/2;
conv 3x3x384 same relu as conv3; conv 3x3x384 same relu as conv4; conv 3x3x256 same relu as conv5;
maxpool 3/2 as pool5";

const VGG_A: &str = "input 224x224x3;
conv 3x3x64 same relu as conv1_1; maxpool 2/2 as pool1;
conv 3x3x128 same relu as conv2_1; maxpool 2/2 as pool2;
conv 3x3x256 same relu as conv3_1; conv 3x3x256 same relu as conv3_2; maxpool 2/2 as pool3;
conv 3x3x512 same relu as conv4_1; conv 3x3x512 same relu as conv4_2; maxpool 2/2 as pool4;
conv 3x3x512 same relu as conv5_1; conv 3x3x512 same relu as conv5_2; maxpool 2/2 as pool5";

/// ResNet v1 with the stride in the last unit of a stage, as TF-Slim has it.
fn resnet_v1([n1, n2, n3, n4]: [u32; 4]) -> String {
    format!(
        "block unit(c, s = 1) {{
            residual project bn < conv 1x1x(c) bn relu; conv 3x3x(c)/(s) pad=1 bn relu; conv 1x1x(4*c) bn > relu;
        }}
        block stage(c, n, s) {{ unit(c) * (n - 1); unit(c, s=s); }}
        network resnet_v1 {{
            input 224x224x3;
            conv 7x7x64/2 pad=3 bn relu; maxpool 3/2 same;
            stage(64, {n1}, 2) as block1; stage(128, {n2}, 2) as block2;
            stage(256, {n3}, 2) as block3; stage(512, {n4}, 1) as block4;
        }}"
    )
}

/// Rows of the table: end point, receptive field, effective stride, effective padding.
type Row = (&'static str, u128, f64, f64);

fn compare(network: &str, text: &str, rows: &[Row]) {
    let session = Session::load(&(), network, text.as_bytes().to_vec(), "network");
    let outcome = session.compile(&Options::default()).unwrap();
    let checked = outcome.checked.unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics));
    for &(name, size, stride, padding) in rows {
        let id = checked.graph().value(name).unwrap();
        let receptive = checked.receptive(id);
        for axis in [&receptive.rows, &receptive.columns] {
            let found = (axis.size, axis.stride.to_f64(), axis.padding.to_f64());
            assert_eq!(found, (size, stride, padding), "{network}, {name}");
        }
    }
}

#[test]
fn plain_networks_have_the_published_fields() {
    compare(
        "alexnet_v2",
        ALEXNET_V2,
        &[
            ("conv1", 11, 4.0, 0.0),
            ("pool1", 19, 8.0, 0.0),
            ("conv2", 51, 8.0, 16.0),
            ("conv3", 99, 16.0, 32.0),
            ("conv4", 131, 16.0, 48.0),
            ("conv5", 163, 16.0, 64.0),
            ("pool5", 195, 32.0, 64.0),
        ],
    );
    compare(
        "vgg_a",
        VGG_A,
        &[
            ("conv1_1", 3, 1.0, 1.0),
            ("pool1", 4, 2.0, 1.0),
            ("conv2_1", 8, 2.0, 3.0),
            ("pool2", 10, 4.0, 3.0),
            ("conv3_1", 18, 4.0, 7.0),
            ("conv3_2", 26, 4.0, 11.0),
            ("pool3", 30, 8.0, 11.0),
            ("conv4_1", 46, 8.0, 19.0),
            ("conv4_2", 62, 8.0, 27.0),
            ("pool4", 70, 16.0, 27.0),
            ("conv5_1", 102, 16.0, 43.0),
            ("conv5_2", 134, 16.0, 59.0),
            ("pool5", 150, 32.0, 59.0),
        ],
    );
}

#[test]
fn residual_networks_have_the_published_fields() {
    let published: [([u32; 4], [Row; 4]); 3] = [
        (
            [3, 4, 6, 3],
            [
                ("block1", 35, 8.0, 15.0),
                ("block2", 99, 16.0, 47.0),
                ("block3", 291, 32.0, 143.0),
                ("block4", 483, 32.0, 239.0),
            ],
        ),
        (
            [3, 4, 23, 3],
            [
                ("block1", 35, 8.0, 15.0),
                ("block2", 99, 16.0, 47.0),
                ("block3", 835, 32.0, 415.0),
                ("block4", 1027, 32.0, 511.0),
            ],
        ),
        (
            [3, 8, 36, 3],
            [
                ("block1", 35, 8.0, 15.0),
                ("block2", 163, 16.0, 79.0),
                ("block3", 1315, 32.0, 655.0),
                ("block4", 1507, 32.0, 751.0),
            ],
        ),
    ];
    for (units, rows) in published {
        compare(&format!("resnet_v1 {units:?}"), &resnet_v1(units), &rows);
    }
}

/// The pixels of the input, which goes on beyond its borders, that a position of a value sees along its rows: found
/// by walking back through the definitions of the operators, one position at a time.
struct Walk<'a> {
    graph: &'a Graph,
    known: BTreeMap<(NodeId, i64), BTreeSet<i64>>,
}

impl Walk<'_> {
    fn seen(&mut self, id: NodeId, position: i64) -> BTreeSet<i64> {
        if let Some(seen) = self.known.get(&(id, position)) {
            return seen.clone();
        }
        let operands = self.graph.operands(id);
        let seen = match self.graph.node(id).op() {
            None => BTreeSet::from([position]),
            Some(op) => {
                let mut all = BTreeSet::new();
                for operand in operands {
                    let height = self.graph.node(operand).shape.extent().0;
                    for read in positions_read(op, height, position) {
                        all.extend(self.seen(operand, read));
                    }
                }
                all
            }
        };
        self.known.insert((id, position), seen.clone());
        seen
    }
}

/// The rows of an operand that a row of the result reads.
fn positions_read(op: &Op, height: u64, position: i64) -> Vec<i64> {
    let window = |window: Window| {
        let first = position * window.stride as i64 - window.pad_before as i64;
        (0..window.kernel as i64).map(|tap| first + tap * window.dilation as i64).collect()
    };
    match op {
        Op::Conv(conv) => window(conv.sliding.windows((height, height)).0),
        Op::Pool(pool) => match pool.region {
            Region::Sliding(sliding) => window(sliding.windows((height, height)).0),
            Region::Adaptive(rows, _) => {
                let (rows, height) = (rows as i64, height as i64);
                let last = ((position + 1) * height - 1).div_euclid(rows);
                ((position * height).div_euclid(rows)..=last).collect()
            }
            Region::Global => unreachable!("not generated"),
        },
        Op::Deconv(deconv) => {
            let window = deconv.windows().0;
            let reads = |input: &i64| {
                let distance = position + window.pad_before as i64 - input * window.stride as i64;
                (0..window.kernel as i64).any(|tap| tap * window.dilation as i64 == distance)
            };
            let about = position.div_euclid(window.stride as i64);
            (about - 40..=about + 40).filter(reads).collect()
        }
        Op::Upsample(upsample) => {
            let UpsampleTarget::Factor(factor, _) = upsample.target else { unreachable!("not generated") };
            let factor = factor as i64;
            let own = position.div_euclid(factor);
            // The sample lies at (position + ½)/factor − ½.
            let (numerator, unit) = (2 * position + 1 - factor, 2 * factor);
            let before = numerator.div_euclid(unit);
            match (upsample.interpolation, numerator.rem_euclid(unit)) {
                (Interpolation::Nearest, _) => vec![own],
                (_, 0) => vec![before],
                (_, _) => vec![before, before + 1],
            }
        }
        Op::Pad(pad) => vec![position - pad.pads[0] as i64],
        _ => vec![position],
    }
}

fn compiled(text: &str) -> Option<Checked> {
    let session = Session::load(&(), "random.cnn", text.as_bytes().to_vec(), "random");
    session.compile(&Options::default()).ok()?.checked
}

/// Compares every value with the walk.
fn agrees_with_the_walk(text: &str, checked: &Checked) {
    let graph = checked.graph();
    let mut walk = Walk { graph, known: BTreeMap::new() };
    for (id, node) in graph.nodes() {
        let height = node.shape.extent().0;
        let sizes = (0..height as i64).map(|position| {
            let seen = walk.seen(id, position);
            let extent = |first: &i64| (seen.last().unwrap_or(first) - first + 1) as u128;
            seen.first().map_or(0, extent)
        });
        let sizes: Vec<u128> = sizes.collect();
        let (least, greatest) = (*sizes.iter().min().unwrap(), *sizes.iter().max().unwrap());
        let receptive = checked.receptive(id);
        let at = format!("{} ({}) of {text}", node.path, receptive.status.name());
        assert_eq!(receptive.rows.size, greatest, "{at}: {sizes:?}");
        match receptive.status {
            Status::Exact => assert_eq!(least, greatest, "{at}"),
            Status::ByPosition => {
                assert!(least < greatest || receptive.columns.least < receptive.columns.size, "{at}");
                assert_eq!(receptive.rows.least, least, "{at}");
            }
            Status::Misaligned => {}
            Status::Whole => panic!("{at}"),
        }
    }
}

fn statement() -> impl Strategy<Value = String> {
    prop_oneof![
        (1u32..6, 1u32..4, 0u32..3).prop_map(|(k, s, p)| format!("conv {k}x{k}x1/{s} pad={p}")),
        (2u32..4, 1u32..3).prop_map(|(k, d)| format!("conv {k}x{k}x1 same dilate={d}")),
        (2u32..4, 1u32..4).prop_map(|(k, s)| format!("maxpool {k}/{s}")),
        (1u32..4).prop_map(|n| format!("upsample {n}")),
        (1u32..4).prop_map(|n| format!("upsample {n} bilinear")),
        (1u32..6, 1u32..4, 1u32..3).prop_map(|(k, s, d)| format!("deconv {k}x{k}x1/{s} dilate={d}")),
        (2u32..6, 1u32..4).prop_map(|(k, s)| format!("deconv {k}x{k}x1/{s} pad=1")),
        prop_oneof![Just(6), Just(8)].prop_map(|n: u32| format!("avgpool to {n}")),
        (0u32..3, 0u32..3).prop_map(|(a, b)| format!("pad ({a},{b},1,1)")),
    ]
}

/// Statements that keep the size, for bodies of residuals.
fn keeping() -> impl Strategy<Value = String> {
    prop_oneof![
        (1u32..6).prop_map(|k| format!("conv {k}x{k}x1 same")),
        Just("maxpool 2/2; conv 3x3x1 same; upsample 2".to_owned()),
        Just("conv 2x2x1/2; deconv 2x2x1/2".to_owned()),
        Just("maxpool 2/2; upsample 2 bilinear; upsample 2; maxpool 3/2 same".to_owned()),
        Just("conv 3x3x1; pad 1".to_owned()),
        Just("conv 3x3x1; pad (0,2,0,2)".to_owned()),
        Just("maxpool 3/3; avgpool to 12; maxpool 2/2; upsample 4".to_owned()),
        Just("deconv 3x3x1/2 pad=1 outpad=1; maxpool 2/2".to_owned()),
    ]
}

fn branching() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => statement(),
        2 => keeping().prop_map(|body| format!("residual < {body} >")),
        2 => (keeping(), keeping()).prop_map(|(a, b)| format!("add < {a} | {b} >")),
        1 => (keeping(), keeping(), keeping()).prop_map(|(a, b, c)| format!("inception < {a} | {b} | {c} >; conv 1x1x1")),
    ]
}

proptest! {
    // Fixed, because periods that are too long for the exact figure would be rare findings.
    #![proptest_config(ProptestConfig { cases: 300, rng_seed: RngSeed::Fixed(17), ..ProptestConfig::default() })]

    #[test]
    fn random_networks_see_what_a_walk_finds(
        size in 12u32..40,
        statements in prop::collection::vec(branching(), 1..6),
    ) {
        let text = format!("input {size}x{size}x1; {}", statements.join("; "));
        if let Some(checked) = compiled(&text) {
            let small = checked.graph().nodes().all(|(_, node)| node.shape.extent().0 <= 400);
            prop_assume!(small);
            agrees_with_the_walk(&text, &checked);
        }
    }
}

#[test]
fn enlarged_values_see_what_is_said_of_them() {
    for (text, size, least, status) in [
        ("maxpool 2/2; maxpool 2/2; upsample 2; upsample 2; conv 3x3x1 same", 8, 4, Status::ByPosition),
        ("deconv 3x3x1/2 pad=1; deconv 3x3x1/2 pad=1", 2, 1, Status::ByPosition),
        ("upsample 2", 1, 1, Status::Exact),
        ("upsample 2; conv 3x3x1 same", 2, 2, Status::Exact),
        ("deconv 2x2x1/3", 1, 0, Status::ByPosition),
        ("deconv 4x4x1/2 pad=1", 2, 2, Status::Exact),
        ("maxpool 2/2; upsample 2; conv 3x3x1/2 pad=1", 4, 4, Status::Exact),
        ("residual < maxpool 2/2; conv 3x3x1 same; upsample 2 >", 6, 6, Status::Exact),
        ("conv 3x3x1 same; concat < identity | conv 3x3x1; pad (0,2,0,2) >", 5, 5, Status::Misaligned),
    ] {
        let text = format!("input 64x64x1; {text}");
        let checked = compiled(&text).unwrap();
        agrees_with_the_walk(&text, &checked);
        let rows = checked.receptive(checked.out().unwrap());
        let found = (rows.rows.size, rows.rows.least, rows.status);
        assert_eq!(found, (size, least, status), "{text}");
    }
}

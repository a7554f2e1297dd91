//! Numbers that other implementations know: seeded values as numpy computes them (`tests/fixtures/seeded.py`),
//! and the digit codes as bitmaps.

use serde::Deserialize;

use cnnc::ops::{Init, digit_codes};
use cnnc::weights::seeded;

#[derive(Deserialize)]
struct Row {
    seed: u64,
    key: String,
    kind: String,
    fan_in: Option<u64>,
    random_bn: bool,
    bits: Vec<String>,
}

fn init(kind: &str, fan_in: Option<u64>) -> Init {
    match (kind, fan_in) {
        ("sym", _) => Init::Input,
        ("weight", Some(fan_in)) => Init::Kaiming { fan_in },
        ("bias", Some(fan_in)) => Init::Bias { fan_in },
        ("norm_weight", _) => Init::NormWeight,
        ("norm_bias", _) => Init::NormBias,
        ("mean", _) => Init::NormMean,
        ("var", _) => Init::NormVariance,
        _ => panic!("unknown kind `{kind}`"),
    }
}

#[test]
fn seeded_values_are_those_of_numpy() {
    let rows: Vec<Row> = serde_json::from_str(include_str!("../fixtures/seeded.json")).unwrap();
    assert!(rows.len() > 10, "{} rows", rows.len());
    for row in rows {
        let init = init(&row.kind, row.fan_in);
        let values = seeded::fill(row.seed, &row.key, &init, row.random_bn, &[row.bits.len()]);
        let bits: Vec<String> = values.iter().map(|value| format!("{:08x}", value.to_bits())).collect();
        assert_eq!(bits, row.bits, "{} of seed {}", row.key, row.seed);
    }
}

#[test]
fn digit_codes_are_the_bitmaps_of_the_fixtures() {
    let pixels = include_str!("../fixtures/rbf_codes.txt").chars().filter(|pixel| !pixel.is_whitespace());
    let expected: Vec<f32> = pixels.map(|pixel| if pixel == '#' { 1.0 } else { -1.0 }).collect();
    assert_eq!(digit_codes(), expected);
}

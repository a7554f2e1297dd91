//! The attributes of an operator by the names of the language, for comparison.

use crate::ops::{Function, Op, Padding, Reduction, Region, Sliding};

/// A name and a value as it is written.
pub(super) type Attribute = (&'static str, String);

/// The attributes of an operator that decide what it computes. Every operator has an arm of its own, so that
/// a new one is not forgotten.
pub(super) fn of(op: &Op) -> Vec<Attribute> {
    match op {
        Op::Conv(conv) => {
            let mut list = sliding(&conv.sliding);
            list.push(("filters", conv.filters.to_string()));
            list.push(("groups", conv.groups.to_string()));
            list.push(("bias", word(conv.bias)));
            if let Some(table) = &conv.table {
                list.push(("table", format!("{} kernels", table.kernels())));
            }
            list
        }
        Op::DwConv(conv) => {
            let mut list = sliding(&conv.sliding);
            list.push(("mult", conv.multiplier.to_string()));
            list.push(("bias", word(conv.bias)));
            list
        }
        Op::Deconv(conv) => vec![
            ("kernel", pair(conv.kernel)),
            ("stride", pair(conv.stride)),
            ("dilate", pair(conv.dilation)),
            ("padding", padding(&conv.padding)),
            ("outpad", pair(conv.outpad)),
            ("filters", conv.filters.to_string()),
            ("groups", conv.groups.to_string()),
            ("bias", word(conv.bias)),
        ],
        Op::Dense(dense) => vec![("outputs", dense.outputs.to_string()), ("bias", word(dense.bias))],
        Op::Rbf(rbf) => vec![("classes", rbf.classes.to_string()), ("fixed", word(rbf.fixed))],
        Op::Flatten(flatten) => vec![("hwc", word(flatten.hwc))],
        Op::Unflatten(map) => vec![("map", format!("{}x{}x{}", map.height, map.width, map.channels))],
        Op::Pool(pool) => {
            let mut list = match &pool.region {
                Region::Sliding(window) => sliding(window),
                Region::Global => vec![("window", "global".to_owned())],
                Region::Adaptive(height, width) => vec![("window", format!("to {height}x{width}"))],
            };
            let reduction = match pool.reduction {
                Reduction::Max => "max",
                Reduction::Average => "average",
                Reduction::AverageWithPadding => "average with padding",
            };
            list.push(("reduction", reduction.to_owned()));
            list
        }
        Op::Subsample(subsample) => sliding(&subsample.sliding),
        Op::BatchNorm(bn) => vec![("eps", bn.eps.to_string())],
        Op::LayerNorm(norm) => vec![("eps", norm.eps.to_string())],
        Op::Lrn(lrn) => vec![
            ("size", lrn.size.to_string()),
            ("k", lrn.k.to_string()),
            ("alpha", lrn.alpha.to_string()),
            ("beta", lrn.beta.to_string()),
        ],
        Op::Activation(activation) => match activation.function {
            Function::Leaky | Function::Elu => vec![("value", activation.value.to_string())],
            _ => Vec::new(),
        },
        Op::Softmax(_) | Op::Mul(_) | Op::Concat(_) => Vec::new(),
        Op::PRelu(prelu) => vec![("shared", word(prelu.shared))],
        Op::Dropout(dropout) => vec![("p", dropout.probability.to_string())],
        Op::Upsample(upsample) => {
            vec![("factor", pair(upsample.factor)), ("bilinear", word(upsample.bilinear))]
        }
        Op::Pad(pad) => vec![("pad", four(&pad.pads))],
        Op::Shuffle(shuffle) => vec![("groups", shuffle.groups.to_string())],
        Op::Scale(scale) => vec![("bias", word(scale.bias))],
        Op::Add(add) => {
            let scale = add.scale.map(|scale| ("scale", scale.to_string()));
            let zeropad = add.zeropad.map(|stride| ("zeropad", pair(stride)));
            scale.into_iter().chain(zeropad).collect()
        }
        Op::Slice(slice) => vec![("first", slice.first.to_string()), ("count", slice.count.to_string())],
    }
}

fn sliding(sliding: &Sliding) -> Vec<Attribute> {
    vec![
        ("kernel", pair(sliding.kernel)),
        ("stride", pair(sliding.stride)),
        ("dilate", pair(sliding.dilation)),
        ("padding", padding(&sliding.padding)),
        ("ceil", word(sliding.ceil)),
    ]
}

fn word(flag: bool) -> String {
    if flag { "yes" } else { "no" }.to_owned()
}

fn pair((height, width): (u64, u64)) -> String {
    if height == width { height.to_string() } else { format!("{height}x{width}") }
}

fn four(pads: &[u64; 4]) -> String {
    let [top, bottom, left, right] = pads;
    if pads.iter().all(|pad| pad == top) {
        top.to_string()
    } else {
        format!("({top}, {bottom}, {left}, {right})")
    }
}

fn padding(padding: &Padding) -> String {
    match padding {
        Padding::Same => "same".to_owned(),
        Padding::Explicit(pads) => four(pads),
    }
}

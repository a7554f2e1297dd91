//! The branch forms. Those that are an operator of their branches are [`CombiningForm`]s and stand in the operator's
//! file; the specs of the others and of `input`, whose nodes are made by `sema`, stand here.

use std::ops::RangeInclusive;

use super::catalogue::{ADD, CONCAT, INCEPTION, MAX, MIN, MUL, SUB};
use super::{Attribute, Default, Flag, Join, Kind, Op, Sizes, Spec, Value};

/// A form that is an operator of its branches, such as `concat`.
#[derive(Debug)]
pub struct CombiningForm {
    /// The spec of the form.
    pub spec: Spec,
    /// The number of branches that it takes.
    pub branches: RangeInclusive<usize>,
    /// Makes the operator that takes the ends of the branches.
    pub operator: fn() -> Op,
}

/// The numbers of branches of most combinations.
pub(super) const TWO_OR_MORE: RangeInclusive<usize> = 2..=usize::MAX;

static COMBINING_FORMS: [&CombiningForm; 7] = [&INCEPTION, &CONCAT, &ADD, &MUL, &SUB, &MAX, &MIN];

/// The spec of `residual`.
pub(super) static RESIDUAL: Spec = Spec {
    name: "residual",
    summary: "Adds the shortcut to the end of the body (He et al. 2015); where shapes differ a policy says what to do.",
    example: "input 8x8x4;\nresidual < conv 3x3x4 same relu; conv 3x3x4 same > relu  -> 8x8x4;\n",
    flags: &[
        Flag {
            name: "project",
            doc: "where shapes differ: a 1x1 convolution in the shortcut (option B), `downsample.0`",
        },
        Flag { name: "bn", doc: "batch normalisation behind the projection, `downsample.1`" },
        Flag { name: "nobias", doc: "no bias in a projection without `bn`" },
        Flag {
            name: "zeropad",
            doc: "where shapes differ: every stride-th pixel, zero channels appended (option A)",
        },
        Flag { name: "ifsame", doc: "adds only where the shapes agree, else the plain body" },
    ],
    attributes: &[
        Attribute {
            name: "scale",
            kind: Kind::Real,
            default: Default::Absent,
            doc: "multiplies the end of the body",
        },
        Attribute {
            name: "eps",
            kind: Kind::Real,
            default: Default::Absent,
            doc: "of the projection's `bn`",
        },
    ],
    cost: "one addition per element for each operand beyond the first, none for the zero channels of `zeropad`; with `scale=` one multiplication per element",
    joins: Some(Join::Sum),
    ..Spec::EMPTY
};

/// The spec of `split`.
pub(super) static SPLIT: Spec = Spec {
    name: "split",
    summary: "Cuts the channels into n equal parts or parts of given sizes, one for each branch, and concatenates the ends of the branches.",
    example: "input 8x8x4;\nsplit 2 < conv 3x3x6 same | identity >  -> 8x8x8;\n",
    value: Some(&Value {
        name: "parts",
        kind: Kind::Counts { min: 1 },
        default: Default::Required,
        doc: "the number of equal parts, one for each branch; or their channels, `(n1, n2, …)`, which sum up to those that arrive",
    }),
    rules: "Takes a map, or a vector, whose elements count as channels. n divides the channels (E0303); given parts sum up to them (E0308). There are as many branches as parts (E0215).",
    cost: "none: data is only moved",
    joins: Some(Join::Channels),
    ..Spec::EMPTY
};

/// The spec of `aux`.
pub(super) static AUX: Spec = Spec {
    name: "aux",
    summary: "A side branch: the trunk flows on, the end of the branch is a further named output.",
    example: "input 8x8x4;\nconv 3x3x8 same;\naux train < avgpool global; flatten; dense 10 >  -> 10  as head;\navgpool global;\n",
    flags: &[Flag { name: "train", doc: "serves training only: has its own totals and is not run" }],
    cost: "that of its operators",
    ..Spec::EMPTY
};

static FORMS: [&Spec; 10] = [
    &RESIDUAL,
    &INCEPTION.spec,
    &CONCAT.spec,
    &ADD.spec,
    &MUL.spec,
    &SUB.spec,
    &MAX.spec,
    &MIN.spec,
    &SPLIT,
    &AUX,
];

/// The spec of `input`.
pub static INPUT: Spec = Spec {
    name: "input",
    summary: "An input of the network and how a picture becomes its tensor: resized, scaled to 0…1, − mean, ÷ std.",
    example: "input 224x224x3 resize=256 mean=(0.485, 0.456, 0.406) std=(0.229, 0.224, 0.225);\nconv 7x7x64/2 pad=3  -> 112x112x64;\n",
    sizes: Sizes::MapOrValue,
    value: Some(&Value {
        name: "number of elements",
        kind: Kind::Count { min: 1 },
        default: Default::Absent,
        doc: "elements of a vector",
    }),
    flags: &[
        Flag {
            name: "letterbox",
            doc: "scales a picture to the largest size of its proportion that fits, centred; the rest is grey (0.5)",
        },
        Flag {
            name: "orient",
            doc: "turns a picture as its EXIF mark says; without it, it is read as stored",
        },
    ],
    attributes: &[
        Attribute {
            name: "resize",
            kind: Kind::Counts { min: 1 },
            default: Default::Absent,
            doc: "`n`: the shorter side of a picture gets so many pixels; `(h, w)`: it gets this size, whatever its \
                  proportion. Then its centre is cut out",
        },
        Attribute {
            name: "letterbox",
            kind: Kind::Real,
            default: Default::Absent,
            doc: "the flag with another grey, from 0 (black) to 1 (white), before mean and std",
        },
        Attribute {
            name: "range",
            kind: Kind::Real,
            default: Default::Real(1.0),
            doc: "what white becomes before the mean; 255 for networks that were trained on bytes",
        },
        Attribute {
            name: "order",
            kind: Kind::Choice(&["rgb", "bgr"]),
            default: Default::Absent,
            doc: "the order of the three channels of the tensor, and so of mean and std; `rgb` where none is given",
        },
        Attribute {
            name: "mean",
            kind: Kind::Reals,
            default: Default::Absent,
            doc: "subtracted from each channel, which runs from 0 to the range",
        },
        Attribute {
            name: "std",
            kind: Kind::Reals,
            default: Default::Absent,
            doc: "divides each channel, after the mean",
        },
    ],
    ..Spec::EMPTY
};

/// All branch forms.
pub fn forms() -> impl Iterator<Item = &'static Spec> {
    FORMS.into_iter()
}

/// The form of this name.
pub fn form(name: &str) -> Option<&'static Spec> {
    forms().find(|spec| spec.name == name)
}

/// The form of this name that is an operator of its branches.
pub fn combining_form(name: &str) -> Option<&'static CombiningForm> {
    COMBINING_FORMS.into_iter().find(|combination| combination.spec.name == name)
}

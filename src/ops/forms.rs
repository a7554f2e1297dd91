//! The specs of the branch forms and of `input`, whose nodes are made by `sema`.

use super::{Attribute, Default, Flag, Join, Kind, Sizes, Spec, Value};

/// How `residual` is written.
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

/// How `inception` is written.
pub(super) static INCEPTION: Spec = Spec {
    name: "inception",
    summary: "Concatenates the channels of its branches in written order; maps have the same height and width, vectors are put behind each other.",
    example: "input 14x14x16;\ninception < conv 1x1x8 relu | conv 1x1x4 relu; conv 3x3x12 same relu >  -> 14x14x20;\n",
    cost: "none: data is only moved",
    joins: Some(Join::Channels),
    ..Spec::EMPTY
};

/// How `concat` is written.
pub(super) static CONCAT: Spec = Spec {
    name: "concat",
    summary: "Concatenates the channels of its branches in written order; maps have the same height and width, vectors are put behind each other.",
    example: "input 8x8x4;\nconcat < identity | conv 3x3x6 same >  -> 8x8x10;\n",
    cost: "none: data is only moved",
    joins: Some(Join::Channels),
    ..Spec::EMPTY
};

/// How `add` is written.
pub(super) static ADD: Spec = Spec {
    name: "add",
    summary: "Adds its branches element by element; all have the same shape.",
    example: "input 8x8x4;\nadd < identity | conv 3x3x4 same >  -> 8x8x4;\n",
    cost: "one addition per element for each operand beyond the first",
    joins: Some(Join::Sum),
    ..Spec::EMPTY
};

/// How `mul` is written.
pub(super) static MUL: Spec = Spec {
    name: "mul",
    summary: "Multiplies its branches element by element; a branch may be 1x1xC or HxWx1, one has the full shape.",
    example: "input 8x8x4;\nmul < identity | avgpool global; conv 1x1x4 sigmoid >  -> 8x8x4;\n",
    rules: "Other shapes than these are E0307.",
    cost: "one multiplication per element for each operand beyond the first",
    ..Spec::EMPTY
};

/// How `sub` is written.
pub(super) static SUB: Spec = Spec {
    name: "sub",
    summary: "Subtracts the second branch from the first, element by element; both have the same shape.",
    example: "input 8x8x4;\nsub < identity | conv 3x3x4 same >  -> 8x8x4;\n",
    rules: "There are two branches (E0215) of one shape (E0307).",
    cost: "one subtraction per element",
    since: "0.2",
    ..Spec::EMPTY
};

/// How `max` is written.
pub(super) static MAX: Spec = Spec {
    name: "max",
    summary: "The greatest of its branches, element by element; all have the same shape.",
    example: "input 8x8x4;\nmax < identity | conv 3x3x4 same >  -> 8x8x4;\n",
    cost: "one comparison per element for each operand beyond the first",
    since: "0.2",
    ..Spec::EMPTY
};

/// How `min` is written.
pub(super) static MIN: Spec = Spec {
    name: "min",
    summary: "The least of its branches, element by element; all have the same shape.",
    example: "input 8x8x4;\nmin < identity | conv 3x3x4 same >  -> 8x8x4;\n",
    cost: "one comparison per element for each operand beyond the first",
    since: "0.2",
    ..Spec::EMPTY
};

/// How `split` is written.
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

/// How `aux` is written.
pub(super) static AUX: Spec = Spec {
    name: "aux",
    summary: "A side branch: the trunk flows on, the end of the branch is a further named output.",
    example: "input 8x8x4;\nconv 3x3x8 same;\naux train < avgpool global; flatten; dense 10 >  -> 10  as head;\navgpool global;\n",
    flags: &[Flag { name: "train", doc: "serves training only: has its own totals and is not run" }],
    cost: "that of its operators",
    ..Spec::EMPTY
};

static FORMS: [&Spec; 10] = [&RESIDUAL, &INCEPTION, &CONCAT, &ADD, &MUL, &SUB, &MAX, &MIN, &SPLIT, &AUX];

/// How `input` is written.
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

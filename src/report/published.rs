//! Where a framework implements a shipped network in another way than the catalogue's modules, and by how much that
//! changes a tool's count.
//!
//! A tool that watches modules does not count functions, and the reverse. The rule of an operator assumes the module
//! that the catalogue names. Where torchvision or Keras write something else in a model of theirs, that is a fact about
//! the model, listed here. It holds for the network as shipped only, with its parameters and multiply-accumulates. The
//! test `tests/it/dialects.rs` compares the amounts with the tools' own figures.

/// A model of a framework that departs from the modules of the operators.
struct Published {
    /// The shipped network.
    network: &'static str,
    /// Its parameters, by which it is known.
    params: u128,
    /// Its multiply-accumulates, by which it is known.
    macs: u128,
    /// A departure of the framework, the tool whose figure it moves, and by how much.
    departures: &'static [(&'static str, &'static [(&'static str, i128)])],
}

static PUBLISHED: &[Published] = &[
    Published {
        network: "alexnet_torchvision",
        params: 61_100_840,
        macs: 714_188_480,
        departures: &[(
            "torchvision pools 6x6 to 6x6 before `flatten`",
            &[("fvcore", 9_216), ("timm", 9_216), ("THOP", 18_432), ("ptflops", 18_432), ("calflops", 9_216)],
        )],
    },
    Published {
        network: "vgg11",
        params: 132_863_336,
        macs: 7_609_090_048,
        departures: &[(
            "torchvision pools 7x7 to 7x7 before `flatten`",
            &[
                ("fvcore", 25_088),
                ("timm", 25_088),
                ("THOP", 50_176),
                ("ptflops", 50_176),
                ("calflops", 25_088),
            ],
        )],
    },
    Published {
        network: "vgg13",
        params: 133_047_848,
        macs: 11_308_466_176,
        departures: &[(
            "torchvision pools 7x7 to 7x7 before `flatten`",
            &[
                ("fvcore", 25_088),
                ("timm", 25_088),
                ("THOP", 50_176),
                ("ptflops", 50_176),
                ("calflops", 25_088),
            ],
        )],
    },
    Published {
        network: "vgg16",
        params: 138_357_544,
        macs: 15_470_264_320,
        departures: &[(
            "torchvision pools 7x7 to 7x7 before `flatten`",
            &[
                ("fvcore", 25_088),
                ("timm", 25_088),
                ("THOP", 50_176),
                ("ptflops", 50_176),
                ("calflops", 25_088),
            ],
        )],
    },
    Published {
        network: "vgg19",
        params: 143_667_240,
        macs: 19_632_062_464,
        departures: &[(
            "torchvision pools 7x7 to 7x7 before `flatten`",
            &[
                ("fvcore", 25_088),
                ("timm", 25_088),
                ("THOP", 50_176),
                ("ptflops", 50_176),
                ("calflops", 25_088),
            ],
        )],
    },
    Published {
        network: "googlenet_torchvision",
        params: 6_624_904,
        macs: 1_498_376_192,
        departures: &[("torchvision calls a function for `relu`", &[("ptflops", -3_226_160)])],
    },
    Published {
        network: "resnet50_v1",
        params: 25_557_032,
        macs: 3_857_973_248,
        departures: &[("Keras' ResNet has biases before `bn`", &[("Keras", 26_560)])],
    },
    Published {
        network: "resnet101_v1",
        params: 44_549_160,
        macs: 7_570_194_432,
        departures: &[("Keras' ResNet has biases before `bn`", &[("Keras", 52_672)])],
    },
    Published {
        network: "resnet152_v1",
        params: 60_192_808,
        macs: 11_282_415_616,
        departures: &[("Keras' ResNet has biases before `bn`", &[("Keras", 75_712)])],
    },
    Published {
        network: "inception_v3",
        params: 23_834_568,
        macs: 5_713_216_096,
        departures: &[
            (
                "torchvision calls functions for `relu` and for the pools within the modules",
                &[("THOP", -2_002_400), ("ptflops", -11_544_640)],
            ),
            ("Keras' Inception has `bn noscale`", &[("Keras", -17_216)]),
        ],
    },
    Published {
        network: "inception_resnet_v2",
        params: 55_843_464,
        macs: 13_155_794_016,
        departures: &[("Keras' Inception has `bn noscale`", &[("Keras", -30_272)])],
    },
    Published {
        network: "densenet121",
        params: 7_978_856,
        macs: 2_834_161_664,
        departures: &[(
            "torchvision calls functions for the last `relu` and for `avgpool global`",
            &[("THOP", -51_200), ("ptflops", -100_352)],
        )],
    },
    Published {
        network: "densenet169",
        params: 14_149_480,
        macs: 3_359_843_328,
        departures: &[(
            "torchvision calls functions for the last `relu` and for `avgpool global`",
            &[("THOP", -83_200), ("ptflops", -163_072)],
        )],
    },
    Published {
        network: "densenet201",
        params: 20_013_928,
        macs: 4_291_365_888,
        departures: &[(
            "torchvision calls functions for the last `relu` and for `avgpool global`",
            &[("THOP", -96_000), ("ptflops", -188_160)],
        )],
    },
    Published {
        network: "densenet161",
        params: 28_681_000,
        macs: 7_727_907_072,
        departures: &[(
            "torchvision calls functions for the last `relu` and for `avgpool global`",
            &[("THOP", -110_400), ("ptflops", -216_384)],
        )],
    },
    Published {
        network: "mobilenet_v2",
        params: 3_504_872,
        macs: 300_774_272,
        departures: &[(
            "torchvision calls a function for `avgpool global`",
            &[("THOP", -64_000), ("ptflops", -62_720)],
        )],
    },
    Published {
        network: "shufflenet_v2_x0_5",
        params: 1_366_792,
        macs: 40_476_448,
        departures: &[(
            "torchvision takes the mean of the axes in place of `avgpool global`",
            &[
                ("fvcore", -50_176),
                ("timm", -50_176),
                ("THOP", -51_200),
                ("ptflops", -100_352),
                ("calflops", -50_176),
            ],
        )],
    },
    Published {
        network: "shufflenet_v2_x1_0",
        params: 2_278_604,
        macs: 144_907_992,
        departures: &[(
            "torchvision takes the mean of the axes in place of `avgpool global`",
            &[
                ("fvcore", -50_176),
                ("timm", -50_176),
                ("THOP", -51_200),
                ("ptflops", -100_352),
                ("calflops", -50_176),
            ],
        )],
    },
    Published {
        network: "shufflenet_v2_x1_5",
        params: 3_503_624,
        macs: 295_759_392,
        departures: &[(
            "torchvision takes the mean of the axes in place of `avgpool global`",
            &[
                ("fvcore", -50_176),
                ("timm", -50_176),
                ("THOP", -51_200),
                ("ptflops", -100_352),
                ("calflops", -50_176),
            ],
        )],
    },
    Published {
        network: "shufflenet_v2_x2_0",
        params: 7_393_996,
        macs: 583_253_464,
        departures: &[(
            "torchvision takes the mean of the axes in place of `avgpool global`",
            &[
                ("fvcore", -100_352),
                ("timm", -100_352),
                ("THOP", -102_400),
                ("ptflops", -200_704),
                ("calflops", -100_352),
            ],
        )],
    },
];

/// The additions of a framework's own model of this network to the figure of a tool, each with its reason.
pub(super) fn departures(
    network: &str,
    params: u128,
    macs: u128,
    tool: &str,
) -> impl Iterator<Item = (&'static str, i128)> {
    let found =
        PUBLISHED.iter().find(|one| one.network == network && one.params == params && one.macs == macs);
    let departures = found.map_or(&[][..], |one| one.departures);
    departures.iter().flat_map(move |(reason, amounts)| {
        amounts.iter().filter(move |(one, _)| *one == tool).map(move |(_, count)| (*reason, *count))
    })
}

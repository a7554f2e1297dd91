//! The ways in which each command is used, whose options are walked in pairs.

use super::options::{Group, Walk, Way, walk_all, way};

const MAIN: Group = ("network", &["--network", "main"]);
const FILE: Group = ("file", &["n.cnn"]);
const ARRAY: Group = ("input", &["--input", "a.npy"]);
const SEED: Group = ("seed", &["--seed", "1"]);

const NETWORK: Way = way("network", &["--network", "other"]);
const CLASSES: Way = way("set", &["--set", "classes=7"]);
const CONSTANT: Way = way("set", &["--set", "k=5"]);
const SIZE: Way = way("input_size", &["--input-size", "32x32x3"]);
const MEMORY: Way = way("max_memory", &["--max-memory", "1KiB"]).quiet(&["--max-memory", "1GiB"]);

/// The text of `-e`: that of the file, but for the number of classes.
const TEXT: Way = way(
    "text",
    &[
        "-e",
        "let k = 4;
let unused = 1;
block pair(n) { conv 3x3x(n) same relu; conv 3x3x(n) same bn relu; }
network main(classes = 5) { input 16x16x3; pair(k) * 3 as s[]; conv 2x2x4 same; maxpool 2/2; avgpool global; flatten; dense (classes); }
network other { input 16x16x3; conv 2x2x(k) same; avgpool global; flatten; dense 3; }",
    ],
);

const WEIGHTS: Way = way("weights", &["--weights", "v.npz"]);
const MISSING: Way = way("weights", &["--weights", "missing.npz"]).quiet(&["--weights", "w.npz"]);
const BY_ORDER: Way =
    way("weights_by", &["--weights-by", "order"]).beside(&[("weights", &["--weights", "ordered.npz"])]);
const PREFIX: Way = way("weights_prefix", &["--weights-prefix", "module."])
    .beside(&[("weights", &["--weights", "prefixed.npz"])]);
const UNUSED: Way =
    way("ignore_unused", &["--ignore-unused"]).beside(&[("weights", &["--weights", "extra.npz"])]);

/// The settings of a network.
fn with_settings(mut ways: Vec<Way>) -> Vec<Way> {
    ways.extend([TEXT, NETWORK, CLASSES, CONSTANT, SIZE]);
    ways
}

#[test]
fn check_obeys_or_refuses() {
    let ways = |fix: bool| {
        let mut ways = vec![
            TEXT,
            way("also", &["--also", "short=o.txt"]),
            way("max", &["--max", "params=1"]).quiet(&["--max", "params=1G"]),
            way("deny_warnings", &["--deny-warnings"]),
            way("config", &["--config", "c.toml"]),
            way("no_config", &["--no-config"]),
            way("baseline", &["--baseline", "wrong.txt"]).quiet(&["--baseline", "b.txt"]),
            way("update", &["--update"]).beside(&[("baseline", &["--baseline", "wrong.txt"])]),
            way("threads", &["--threads", "1"]),
            NETWORK,
            CLASSES,
            CONSTANT,
            SIZE,
        ];
        if fix {
            ways.push(way("fix", &["--fix"]));
            ways.push(way("diff", &["--diff"]).beside(&[("fix", &["--fix"])]));
        }
        ways
    };
    walk_all(
        "check",
        &[
            Walk { base: &[("files", &["n.cnn"])], ways: ways(false), without: &["fix", "diff"] },
            Walk {
                base: &[("files", &["n.cnn"]), ("baseline", &["--baseline", "b.txt"])],
                ways: ways(false),
                without: &["fix", "diff"],
            },
            Walk {
                base: &[("files", &["n.cnn"]), ("max", &["--max", "params=1"])],
                ways: ways(false),
                without: &["fix", "diff", "deny_warnings"],
            },
            Walk {
                base: &[("files", &["n.cnn", "slip.cnn"]), ("max", &["--max", "params=1"])],
                ways: ways(true),
                // Another network than those of the second file is no option of it.
                without: &["network", "text"],
            },
            Walk {
                base: &[("files", &["slip.cnn"])],
                ways: vec![
                    way("fix", &["--fix"]),
                    way("diff", &["--diff"]).beside(&[("fix", &["--fix"])]),
                    way("max", &["--max", "params=1"]).quiet(&["--max", "params=1G"]),
                    way("deny_warnings", &["--deny-warnings"]),
                    way("network", &["--network", "main"]),
                ],
                without: &[
                    "also",
                    "baseline",
                    "color",
                    "config",
                    "format",
                    "input_size",
                    "no_config",
                    "set",
                    "text",
                    "threads",
                    "update",
                ],
            },
        ],
    );
}

#[test]
fn fmt_obeys_or_refuses() {
    let ways = || vec![way("check", &["--check"]), way("diff", &["--diff"])];
    walk_all("fmt", &[Walk { base: &[("paths", &["wide.cnn", "broken.cnn"])], ways: ways(), without: &[] }]);
}

#[test]
fn report_obeys_or_refuses() {
    let ways = vec![
        way("columns", &["--columns", "name,params"]),
        way("sort", &["--sort", "params"]),
        way("top", &["--top", "2"]),
        way("depth", &["--depth", "1"]),
        way("tree", &["--tree"]),
        way("batch", &["--batch", "4"]),
        way("exact", &["--exact"]),
        way("device", &["--device", "d.toml"]),
        way("dialects", &["--dialects"]),
        way("save_baseline", &["--save-baseline", "o.txt"]),
        way("explain", &["--explain", "s.0.conv1"]),
    ];
    walk_all("report", &[Walk { base: &[FILE, MAIN], ways: with_settings(ways), without: &[] }]);
}

#[test]
fn diff_obeys_or_refuses() {
    let fail_on = way("fail_on", &["--fail-on", "params>+1%"]).quiet(&["--fail-on", "params>+1000%"]);
    let ways = || vec![fail_on, CLASSES, SIZE];
    walk_all(
        "diff",
        &[
            Walk {
                base: &[("old", &["old.cnn"]), ("new", &["one.cnn"]), MAIN],
                ways: ways(),
                without: &["color"],
            },
            Walk {
                base: &[("old", &["old.cnn"]), ("new", &["partly.cnn"])],
                ways: [ways(), vec![way("network", &["--network", "main"])]].concat(),
                without: &[],
            },
        ],
    );
}

#[test]
fn init_obeys_or_refuses() {
    let ways = vec![way("no_workflow", &["--no-workflow"]), way("stdout", &["--stdout"])];
    walk_all("init", &[Walk { base: &[], ways, without: &[] }]);
}

/// The options of a run on vectors and maps, beside those that give weights.
fn run_ways(weights: &[Way]) -> Vec<Way> {
    let mut ways = vec![
        way("pictures", &["c.npy"]),
        way("output", &["--output", "o.npy"]),
        way("shows", &["--as", "classes"]).beside(&[("output", &["--output", "seen=o.png"])]),
        way("dump", &["--dump", "s.0.conv1", "d"]),
        way("top", &["--top", "1"]),
        way("threads", &["--threads", "1"]),
        way("batch", &["--batch", "2"]),
        way("exact", &["--exact"]),
        way("precision", &["--precision", "medium"]),
        MEMORY,
        SIZE.quiet(&["--input-size", "16x16x3"]),
        way("layout", &["--layout", "nhwc"]).beside(&[("input", &["--input", "l.npy"])]),
        TEXT,
        NETWORK,
        CLASSES,
        CONSTANT,
    ];
    ways.extend_from_slice(weights);
    ways
}

#[test]
fn run_obeys_or_refuses() {
    let random = way("random_bn", &["--random-bn"]);
    let seed = way("seed", &["--seed", "2"]);
    let filled = seed.beside(&[("weights", &["--weights", "trunk.npz"])]);
    walk_all(
        "run",
        &[
            Walk {
                base: &[FILE, ARRAY, MAIN, SEED],
                ways: run_ways(&[random, seed, WEIGHTS]),
                without: &["weights_by", "weights_prefix", "ignore_unused"],
            },
            Walk {
                base: &[FILE, ARRAY, MAIN, ("weights", &["--weights", "w.npz"])],
                ways: run_ways(&[WEIGHTS, BY_ORDER, PREFIX, UNUSED, filled]),
                without: &["random_bn"],
            },
        ],
    );
}

#[test]
fn bench_obeys_or_refuses() {
    let shown = vec![
        CONSTANT,
        way("batch", &["--batch", "2"]),
        way("trace", &["--trace", "t.json"]),
        way("per_layer", &["--per-layer"]),
        way("runs", &["--runs", "2"]),
    ];
    let asked = vec![way("on_demand", &["--on-demand"]), CONSTANT, way("batch", &["--batch", "2"])];
    // The memory that is refused tells what would be run, without a measurement.
    let planned = with_settings(vec![
        MISSING,
        way("seed", &["--seed", "2"]),
        way("random_bn", &["--random-bn"]).beside(&[SEED]),
        BY_ORDER,
        PREFIX,
        UNUSED,
        way("threads", &["--threads", "7"]),
        way("batch", &["--batch", "2"]),
        way("exact", &["--exact"]),
        way("precision", &["--precision", "medium"]),
        way("max_memory", &["--max-memory", "2KiB"]),
    ]);
    let weights = &["weights", "weights_by", "weights_prefix", "ignore_unused", "seed", "random_bn"];
    let others: Vec<&str> =
        ["text", "network", "input_size", "color", "threads", "exact", "precision", "max_memory"]
            .into_iter()
            .chain(weights.iter().copied())
            .collect();
    let without = |more: &[&'static str]| [others.as_slice(), more].concat();
    walk_all(
        "bench",
        &[
            Walk {
                base: &[FILE, MAIN, ("runs", &["--runs", "1"])],
                ways: shown,
                without: &without(&["on_demand"]),
            },
            Walk {
                base: &[FILE, MAIN],
                ways: asked,
                without: &without(&["format", "per_layer", "trace", "runs"]),
            },
            Walk {
                base: &[FILE, MAIN, ("max_memory", &["--max-memory", "1KiB"])],
                ways: planned,
                without: &["format", "per_layer", "trace", "runs", "on_demand"],
            },
        ],
    );
}

#[test]
fn weights_obeys_or_refuses() {
    let made = way("seed", &["--seed", "1"]).beside(&[("output", &["--output", "o.npz"])]);
    let file = way("output", &["--output", "o.safetensors"]).beside(&[SEED]);
    let random = way("random_bn", &["--random-bn"]).beside(&[SEED, ("output", &["--output", "o.npz"])]);
    let order =
        way("weights_by", &["--weights-by", "order"]).beside(&[("against", &["--against", "ordered.npz"])]);
    let prefix = way("weights_prefix", &["--weights-prefix", "module."])
        .beside(&[("against", &["--against", "prefixed.npz"])]);
    let unused =
        way("ignore_unused", &["--ignore-unused"]).beside(&[("against", &["--against", "extra.npz"])]);
    let ways = vec![way("against", &["--against", "w.npz"]), made, file, random, order, prefix, unused];
    walk_all("weights", &[Walk { base: &[FILE, MAIN], ways: with_settings(ways), without: &[] }]);
}

#[test]
fn graph_obeys_or_refuses() {
    let ways = with_settings(vec![way("depth", &["--depth", "1"])]);
    walk_all("graph", &[Walk { base: &[FILE, MAIN], ways, without: &[] }]);
}

#[test]
fn dump_obeys_or_refuses() {
    let stages = vec![CLASSES, CONSTANT, SIZE];
    walk_all(
        "dump",
        &[
            Walk {
                base: &[FILE, MAIN, ("after", &["--after", "expand"])],
                ways: with_settings(Vec::new()),
                without: &["precision"],
            },
            Walk {
                base: &[FILE, MAIN, ("after", &["--after", "lower"])],
                ways: with_settings(vec![way("precision", &["--precision", "medium"])]),
                without: &[],
            },
            Walk {
                base: &[("file", &["one.cnn"]), ("after", &["--after", "expand"])],
                ways: stages,
                without: &["text", "network", "precision"],
            },
        ],
    );
}

#[test]
fn import_obeys_or_refuses() {
    let ways = || {
        vec![
            way("text", &["-o", "o.cnn"]),
            way("weights", &["--weights", "p.safetensors"]),
            way("name", &["--name", "other"]),
            way("flat", &["--flat"]),
            way("inputs", &["--input", "x=1x3x32x32"]),
            way("outputs", &["--output", "/layer1/0/conv1/Conv"]),
        ]
    };
    walk_all("import", &[Walk { base: &[("model", &["residual.onnx"])], ways: ways(), without: &[] }]);
}

#[test]
fn export_obeys_or_refuses() {
    let pytorch = vec![
        way("output", &["-o", "o.py"]),
        way("class", &["--class", "Special"]),
        way("weights", &["--weights", "w.npz"]),
        way("weights_by", &["--weights-by", "order"]).beside(&[("weights", &["--weights", "w.npz"])]),
    ];
    let onnx = |weights: &[Way]| {
        let mut ways = vec![
            way("output", &["-o", "p.onnx"]),
            way("batch", &["--batch", "dynamic"]),
            way("opset", &["--opset", "13"]),
            way("external_data", &["--external-data"]),
        ];
        ways.extend_from_slice(weights);
        ways.push(way("class", &["--class", "Special"]));
        with_settings(ways)
    };
    walk_all(
        "export",
        &[
            Walk {
                base: &[FILE, MAIN, ("to", &["--to", "pytorch"])],
                ways: with_settings(pytorch),
                without: &[
                    "to",
                    "weights",
                    "weights_by",
                    "weights_prefix",
                    "ignore_unused",
                    "seed",
                    "random_bn",
                    "no_weights",
                    "batch",
                    "opset",
                    "external_data",
                ],
            },
            Walk {
                base: &[FILE, MAIN, ("to", &["--to", "onnx"]), ("output", &["-o", "o.onnx"]), SEED],
                ways: onnx(&[way("seed", &["--seed", "2"]), way("random_bn", &["--random-bn"])]),
                without: &["to", "weights", "weights_by", "weights_prefix", "ignore_unused", "no_weights"],
            },
            Walk {
                base: &[
                    FILE,
                    MAIN,
                    ("to", &["--to", "onnx"]),
                    ("output", &["-o", "o.onnx"]),
                    ("weights", &["--weights", "w.npz"]),
                ],
                ways: onnx(&[
                    WEIGHTS,
                    BY_ORDER,
                    PREFIX,
                    UNUSED,
                    way("seed", &["--seed", "2"]).beside(&[("weights", &["--weights", "trunk.npz"])]),
                ]),
                without: &["to", "no_weights", "random_bn"],
            },
            Walk {
                base: &[
                    FILE,
                    MAIN,
                    ("to", &["--to", "onnx"]),
                    ("output", &["-o", "o.onnx"]),
                    ("no_weights", &["--no-weights"]),
                ],
                ways: onnx(&[]),
                without: &[
                    "to",
                    "weights",
                    "weights_by",
                    "weights_prefix",
                    "ignore_unused",
                    "seed",
                    "random_bn",
                    "external_data",
                ],
            },
        ],
    );
}

#[test]
fn zoo_obeys_or_refuses() {
    walk_all("zoo", &[Walk { base: &[], ways: vec![way("name", &["lenet5"])], without: &[] }]);
}

#[test]
fn commands_of_one_option_are_walked_too() {
    walk_all("ops", &[Walk { base: &[], ways: vec![way("name", &["conv"])], without: &[] }]);
    walk_all("guide", &[Walk { base: &[], ways: vec![way("topic", &["topics"])], without: &[] }]);
    walk_all("man", &[Walk { base: &[], ways: vec![way("command", &["report"])], without: &[] }]);
    walk_all(
        "explain",
        &[Walk { base: &[("code", &["E0304"])], ways: vec![way("code", &["W0203"])], without: &[] }],
    );
    walk_all("completions", &[Walk { base: &[("shell", &["bash"])], ways: Vec::new(), without: &[] }]);
}

/// A command that is new has its walk.
#[test]
fn every_command_is_walked() {
    let walks = include_str!("option_walks.rs");
    for command in cnnc::cli::command().get_subcommands().map(clap::Command::get_name) {
        // The server has one option, which changes nothing.
        let walked = command == "lsp"
            || walks.contains(&format!("walk_all(\"{command}\""))
            || walks.contains(&format!("        \"{command}\",\n"));
        assert!(walked, "no test walks the options of `{command}`");
    }
}

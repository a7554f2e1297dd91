//! Every word that came after the first edition, in the order of the language's reference: what is written, what comes
//! out, what is refused, and how many configurations PyTorch's fixtures hold. Each program is also run by the fast
//! kernels against the definitions. Below stands where the rules that are no operators are tested.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cnnc::driver::{Options, Outcome, Session};

use super::pytorch::run_seeded;

struct Row {
    /// The words.
    words: &'static str,
    /// Statements behind `input 4x6x8;` with the shape of what comes out.
    right: &'static [(&'static str, &'static str)],
    /// Statements behind the same input with the code of their error.
    wrong: &'static [(&'static str, &'static str)],
    /// The kinds of fixtures, each with at least forty configurations.
    fixtures: &'static [&'static str],
}

const ROWS: [Row; 15] = [
    Row {
        words: "slice",
        right: &[("slice 3", "4x6x3"), ("slice 3 at=5", "4x6x3"), ("flatten; slice 5 at=100", "5")],
        wrong: &[("slice 3 at=6", "E0308"), ("slice 9", "E0308")],
        fixtures: &["slice"],
    },
    Row {
        words: "split with unequal parts",
        right: &[("split (3, 1, 4) < relu | tanh | identity >", "4x6x8")],
        wrong: &[("split (3, 1, 3) < relu | tanh | identity >", "E0308")],
        fixtures: &["split-parts"],
    },
    Row {
        words: "crop",
        right: &[("crop 1", "2x4x8"), ("crop (1, 0, 2, 3)", "3x1x8"), ("crop to 3x5", "3x5x8")],
        wrong: &[("crop to 5x6", "E0319"), ("crop 2", "E0319")],
        fixtures: &["crop", "crop-to"],
    },
    Row {
        words: "pad and its modes",
        right: &[
            ("pad (1, 0, 2, 3) reflect", "5x11x8"),
            ("pad 5 replicate", "14x16x8"),
            ("pad 2 circular", "8x10x8"),
            ("pad 1 value=0.5", "6x8x8"),
            ("conv 3x3x5 pad=1 reflect", "4x6x5"),
            ("dwconv 3x3 pad=1 circular", "4x6x8"),
        ],
        wrong: &[
            ("pad 4 reflect", "E0311"),
            ("pad 1 reflect value=1", "E0206"),
            ("conv 3x3x5 pad=4 reflect", "E0311"),
        ],
        fixtures: &["pad-border", "pad-value", "conv-border", "dwconv-border"],
    },
    Row {
        words: "upsample",
        right: &[
            ("upsample 2 bicubic", "8x12x8"),
            ("upsample 2x3", "8x18x8"),
            ("upsample to 3x7 bilinear corners", "3x7x8"),
            ("upsample to 2x2", "2x2x8"),
        ],
        wrong: &[("upsample 2 corners", "E0206")],
        fixtures: &["upsample-to"],
    },
    Row {
        words: "pixelshuffle and pixelunshuffle",
        right: &[
            ("pixelshuffle 2", "8x12x2"),
            ("pixelshuffle 2 dcr", "8x12x2"),
            ("pixelunshuffle 2", "2x3x32"),
            ("pixelunshuffle 2 dcr", "2x3x32"),
        ],
        wrong: &[("pixelshuffle 3", "E0303"), ("pixelunshuffle 4", "E0303")],
        fixtures: &["pixelshuffle", "pixelunshuffle"],
    },
    Row {
        words: "groupnorm, instancenorm, l2norm, rmsnorm",
        right: &[
            ("groupnorm 4 eps=0.01", "4x6x8"),
            ("instancenorm", "4x6x8"),
            ("conv 1x1x8 instancenorm affine", "4x6x8"),
            ("l2norm", "4x6x8"),
            ("conv 1x1x8 l2norm scale", "4x6x8"),
            ("rmsnorm", "4x6x8"),
            ("flatten; rmsnorm", "192"),
        ],
        wrong: &[("groupnorm 3", "E0303"), ("groupnorm", "E0203")],
        fixtures: &["groupnorm", "instancenorm", "l2norm", "rmsnorm"],
    },
    Row {
        words: "bn without parts",
        right: &[("bn noscale", "4x6x8"), ("conv 1x1x8 bn nobias", "4x6x8"), ("bn noscale nobias", "4x6x8")],
        wrong: &[("bn noscales", "E0201")],
        fixtures: &["bn-parts"],
    },
    Row {
        words: "times and plus",
        right: &[("times (-0.5)", "4x6x8"), ("conv 1x1x5 times 2 plus (-1)", "4x6x5")],
        wrong: &[("times", "E0203"), ("plus", "E0203")],
        fixtures: &["times", "plus"],
    },
    Row {
        words: "clip",
        right: &[
            ("clip min=0 max=6", "4x6x8"),
            ("conv 1x1x5 clip max=0.1", "4x6x5"),
            ("clip min=(-0.1)", "4x6x8"),
        ],
        wrong: &[("clip", "E0203"), ("clip min=2 max=1", "E0205")],
        fixtures: &["clip"],
    },
    Row {
        words: "hsigmoid with a slope",
        right: &[("hsigmoid", "4x6x8"), ("conv 1x1x5 hsigmoid 0.2", "4x6x5")],
        wrong: &[("hsigmoid 0.2 0.3", "E0202")],
        fixtures: &["hsigmoid"],
    },
    Row {
        words: "functions of each element",
        right: &[
            ("mish; selu; celu 0.5; softplus; softsign", "4x6x8"),
            ("hardtanh; quickgelu; logsoftmax; abs; square", "4x6x8"),
            ("abs; sqrt; exp; log; neg", "4x6x8"),
            ("conv 1x1x5 gelu approx", "4x6x5"),
            ("conv 1x1x5 gelu tanh", "4x6x5"),
            ("conv 1x1x5 mish; conv 1x1x5 celu; conv 1x1x5 logsoftmax", "4x6x5"),
        ],
        wrong: &[("gelu approximate", "E0201"), ("celu 0", "E0205")],
        fixtures: &[
            "mish",
            "selu",
            "celu",
            "softplus",
            "softsign",
            "hardtanh",
            "quickgelu",
            "logsoftmax",
            "abs",
            "square",
            "sqrt",
            "exp",
            "log",
            "neg",
            "gelu-approx",
        ],
    },
    Row {
        words: "mean channels and max channels",
        right: &[("mean channels", "4x6x1"), ("max channels", "4x6x1")],
        wrong: &[("mean", "E0203"), ("max", "E0203")],
        fixtures: &["mean-channels", "max-channels"],
    },
    Row {
        words: "sub, max, min",
        right: &[
            ("sub < relu | tanh >", "4x6x8"),
            ("max < relu | tanh | neg >", "4x6x8"),
            ("min < identity | conv 1x1x8 >", "4x6x8"),
        ],
        wrong: &[("sub < relu | tanh | identity >", "E0215"), ("min < identity | conv 1x1x5 >", "E0307")],
        fixtures: &["sub", "max", "min"],
    },
    Row {
        words: "shared",
        right: &[("conv 3x3x8 same bn relu as c; shared c as d; shared d", "4x6x8")],
        wrong: &[("flatten; dense 5 as d; shared d", "E0322"), ("shared nothing", "E0103")],
        fixtures: &[],
    },
];

/// Where the rules are tested that are no operators: file and function, below this folder unless a folder is named.
const RULES: [(&str, &[&str]); 15] = [
    (
        "new words break no old file",
        &[
            "later_words.rs a_block_that_is_named_like_a_later_word_keeps_its_name",
            "second_reading.rs programs_mean_what_the_second_reading_says",
        ],
    ),
    (
        "shared: names, weights, analyses",
        &[
            "src/sema/tests.rs shared_statements_take_the_weights_of_the_earlier_one",
            "src/sema/tests.rs what_is_shared_must_fit",
            "shared_weights.rs a_shared_tower_computes_with_the_weights_of_the_first",
            "shared_weights.rs an_edit_of_the_shared_part_shows_at_both_uses",
            "shared_weights.rs the_second_use_is_drawn_dashed_with_the_name_of_the_first",
            "shared_weights.rs constants_of_a_shared_part_are_packed_once",
            "onnx_export.rs what_serves_training_is_left_out_and_weights_shared_are_written_once",
            "export_pytorch.rs a_shared_part_is_called_again",
        ],
    ),
    (
        "input: sizes, letterbox, range, order, turned pictures",
        &[
            "inputs.rs pictures_become_inputs_as_pillow_and_numpy_make_them",
            "inputs.rs the_grey_of_a_letterbox_is_scaled_and_normalised_like_the_picture",
            "inputs.rs a_picture_is_turned_where_the_input_says_so",
            "inputs.rs wrong_words_about_pictures_are_answered_at_their_place",
        ],
    ),
    (
        "loading weights",
        &[
            "binding.rs a_prefix_is_stripped",
            "binding.rs a_trunk_without_its_head_is_filled_from_a_seed",
            "binding.rs tensors_that_nothing_reads_are_noted_on_demand",
            "binding.rs names_that_differ_by_a_scope_say_where_it_comes_from",
        ],
    ),
    (
        "receptive fields by position",
        &[
            "receptive_fields.rs enlarged_values_see_what_is_said_of_them",
            "receptive_fields.rs random_networks_see_what_a_walk_finds",
        ],
    ),
    ("words of other tools", &["mistakes.rs words_of_other_tools_and_common_slips_are_answered"]),
    (
        "other arguments than written",
        &["inputs.rs another_size_of_the_input_keeps_what_is_said_about_pictures"],
    ),
    ("words as arguments", &["src/sema/tests.rs a_word_is_used_where_it_stands_behind_an_operator"]),
    ("inline blocks", &["src/sema/tests.rs inline_blocks_write_into_the_scope_of_their_call"]),
    ("numbering", &["src/sema/tests.rs members_begin_at_a_number_and_splits_may_be_unequal"]),
    (
        "outputs as pictures",
        &[
            "output_pictures.rs one_channel_is_grey_and_three_are_colours",
            "output_pictures.rs classes_have_fixed_colours_and_outputs_their_names",
        ],
    ),
    (
        "the edition and newer compilers",
        &[
            "reading.rs the_edition_is_given_once_before_everything_else",
            "later_words.rs an_unknown_word_may_be_one_of_a_newer_compiler",
        ],
    ),
    ("counted operations", &["contract.rs kernels_do_the_operations_that_are_declared"]),
    (
        "values that are not finite",
        &["nonfinite.rs words_that_move_or_change_single_values_keep_them_where_they_are"],
    ),
    ("melting", &["plans.rs factors_summands_and_ranges_melt_into_the_layer_before"]),
];

fn compile(statements: &str) -> Outcome {
    let text = format!("input 4x6x8; {statements};");
    let session = Session::load(&(), "row.cnn", text.into_bytes(), "row");
    session.compile(&Options::default()).unwrap()
}

#[test]
fn every_later_word_does_what_the_reference_says() {
    let mut wrong = Vec::new();
    for row in &ROWS {
        for (statements, shape) in row.right {
            let outcome = compile(statements);
            let Some(checked) = outcome.checked else {
                wrong.push(format!("{}: `{statements}` is refused: {:?}", row.words, outcome.diagnostics));
                continue;
            };
            let found = checked.graph().node(checked.graph().outputs()[0].node).shape.to_string();
            if found != *shape {
                wrong.push(format!("{}: `{statements}` gives {found}", row.words));
            }
            let [fast, defined] =
                [false, true].map(|exact| run_seeded(&checked, "out", 11, true, 2, exact, 2));
            let near =
                |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-5 + 1e-4 * b.abs() || a.is_nan() && b.is_nan();
            if fast.shape() != defined.shape() || !fast.iter().zip(&defined).all(near) {
                wrong.push(format!("{}: `{statements}` is computed otherwise than defined", row.words));
            }
        }
        for (statements, code) in row.wrong {
            let found: Vec<String> =
                compile(statements).diagnostics.iter().map(|one| one.code.to_string()).collect();
            if found != [*code] {
                wrong.push(format!("{}: `{statements}` gives {found:?}", row.words));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_later_word_has_forty_configurations_computed_by_pytorch() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/ops");
    let cases = std::fs::read_to_string(format!("{folder}/cases.json")).unwrap();
    let cases: serde_json::Value = serde_json::from_str(&cases).unwrap();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for case in cases.as_array().unwrap() {
        let (kind, _) = case["name"].as_str().unwrap().rsplit_once('-').unwrap();
        *counts.entry(kind).or_default() += 1;
    }
    for kind in ROWS.iter().flat_map(|row| row.fixtures) {
        let count = counts.get(kind).copied().unwrap_or(0);
        assert!(count >= 40, "{kind} has {count}");
    }
}

#[test]
fn every_later_rule_has_its_test() {
    for (rule, tests) in RULES {
        for test in tests {
            let (file, function) = test.split_once(' ').unwrap();
            let folder = if file.contains('/') { "" } else { "tests/it/" };
            let path = format!("{}/{folder}{file}", env!("CARGO_MANIFEST_DIR"));
            let text =
                std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{rule}: {path}: {error}"));
            assert!(text.contains(&format!("fn {function}(")), "{rule}: no test {function} in {file}");
        }
    }
}

/// Words of operators, with those of their arguments.
fn words() -> BTreeSet<&'static str> {
    let operators = cnnc::ops::catalogue().chain(cnnc::ops::forms());
    operators
        .flat_map(|spec| {
            let flags = spec.flags.iter().map(|flag| flag.name);
            let attributes = spec.attributes.iter().map(|attribute| attribute.name);
            [spec.name].into_iter().chain(flags).chain(attributes)
        })
        .collect()
}

#[test]
fn every_word_stands_in_the_dictionary_and_the_corpus_of_the_fuzzers() {
    let dictionary = include_str!("../fuzz/cnn.dict");
    let mut corpus = String::new();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let files = std::fs::read_dir(own).unwrap().map(|entry| entry.unwrap().path());
    for path in
        files.filter(|path| path.extension().is_some_and(|end| end == "cnn")).chain(super::examples::all())
    {
        corpus += &std::fs::read_to_string(path).unwrap();
    }
    let corpus: BTreeSet<&str> =
        corpus.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').collect();
    let missing = |known: &dyn Fn(&str) -> bool| -> Vec<&str> {
        words().into_iter().filter(|word| !known(word)).collect()
    };
    let in_dictionary = |word: &str| dictionary.lines().any(|line| line.trim_matches('"') == word);
    assert_eq!(missing(&in_dictionary), [""; 0], "not in the dictionary");
    assert_eq!(missing(&|word| corpus.contains(word)), [""; 0], "not in the corpus");
}

#[test]
fn a_block_that_is_named_like_a_later_word_keeps_its_name() {
    let check = |text: &str| {
        let session = Session::load(&(), "old.cnn", text.as_bytes().to_vec(), "old");
        session.compile(&Options::default()).unwrap()
    };
    for word in ["exp", "clip", "slice", "times", "crop"] {
        let outcome =
            check(&format!("block {word}() {{ conv 3x3x7 same; }} network old {{ input 4x6x8; {word}(); }}"));
        let codes: Vec<String> = outcome.diagnostics.iter().map(|one| one.code.to_string()).collect();
        assert_eq!(codes, ["W0106"], "{word}");
        let checked = outcome.checked.unwrap();
        assert_eq!(
            checked.graph().node(checked.graph().outputs()[0].node).shape.to_string(),
            "4x6x7",
            "{word}"
        );
    }
    let refused = check("block conv() { relu; } network old { input 4x6x8; conv(); }");
    assert!(refused.diagnostics.iter().any(|one| one.code.to_string() == "E0111"));
}

#[test]
fn an_unknown_word_may_be_one_of_a_newer_compiler() {
    let help = format!("this is cnnc {}; a newer one may know the word", env!("CARGO_PKG_VERSION"));
    for statement in [
        "flashattention 3",
        "conv 3x3x5 flashattention",
        "conv 3x3x5 flashattention=3",
        "add < relu | tanh > flashattention",
        "flashattention < relu | tanh >",
        "flashattention()",
    ] {
        let session =
            Session::load(&(), "new.cnn", format!("cnn 1; input 4x6x8; {statement};").into_bytes(), "new");
        let outcome = session.compile(&Options::default()).unwrap();
        let shown = format!("{:?}", outcome.diagnostics);
        assert!(shown.contains(&help), "{statement}: {shown}");
    }
}

//! The importer on small models, written by `tests/interop/tiny_models.py`.

use std::io::{Cursor, Error, Result};

use cnnc::driver::Session;
use cnnc::import::{ImportOptions, Imported, Storage, import};

/// The folder of fixtures.
struct Folder(&'static str);

impl Storage for Folder {
    fn read(&self, beside: Option<&str>, offset: u64, length: u64) -> Result<Vec<u8>> {
        let bytes = std::fs::read(path(beside.unwrap_or(self.0)))?;
        let (start, end) = (offset as usize, (offset + length) as usize);
        bytes.get(start..end).map(<[u8]>::to_vec).ok_or_else(|| Error::other("it ends too early"))
    }
}

fn path(name: &str) -> String {
    format!("{}/tests/fixtures/onnx/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn imported(file: &'static str, options: &ImportOptions) -> std::result::Result<Imported, String> {
    let bytes = std::fs::read(path(file)).unwrap();
    let options = ImportOptions { name: file.trim_end_matches(".onnx").to_owned(), ..options.clone() };
    import(Cursor::new(bytes), file, &options, &Folder(file)).map_err(|failure| failure.to_string())
}

fn text(file: &'static str) -> String {
    let imported = imported(file, &ImportOptions::default()).unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!(imported.notes, Vec::<String>::new(), "{file}");
    imported.text
}

#[test]
fn a_residual_network_is_written_as_a_person_would() {
    let wanted = "\
block basic(c, s = 1) {
    residual project bn <
        conv 3x3x(c)/(s) pad=1 bn relu;
        conv 3x3x(c) pad=1 bn
    > relu;
}
network residual {
    input 8x8x3 as x;
    conv 3x3x4 pad=1 bn relu;
    basic(4)                             as layer1[];
    [basic(8, s=2); basic(8)]  -> 4x4x8  as layer2[];
    avgpool global;  flatten;  dense 5   as fc;
    expect params == 2_593;
}
";
    assert_eq!(text("residual.onnx"), wanted);
}

#[test]
fn the_plain_text_has_the_same_weights() {
    let blocks = imported("residual.onnx", &ImportOptions::default()).unwrap();
    let flat = imported("residual.onnx", &ImportOptions { flat: true, ..ImportOptions::default() }).unwrap();
    assert!(!flat.text.contains("block"), "{}", flat.text);
    let keys = |imported: &Imported| {
        let mut keys: Vec<String> = imported.weights.iter().map(|weight| weight.key.clone()).collect();
        keys.sort();
        keys
    };
    assert_eq!(keys(&blocks), keys(&flat));
    assert!(keys(&blocks).contains(&"layer2.0.downsample.1.running_var".to_owned()));
}

/// Whether each of the lines stands in the text of a model; columns do not count.
fn has(file: &'static str, lines: &[&str]) {
    let text = text(file);
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    for line in lines {
        assert!(text.lines().any(|found| words(found) == words(line)), "`{line}` is not in\n{text}");
    }
}

/// The models that can be imported as they are.
const FILES: [&str; 18] = [
    "activations.onnx",
    "channels_last.onnx",
    "external.onnx",
    "normalised_picture.onnx",
    "numbered_from_one.onnx",
    "outputs_of_modules.onnx",
    "padded_at_the_end.onnx",
    "partial_stages.onnx",
    "pooled_shortcuts.onnx",
    "repeated_layer.onnx",
    "repeated_module.onnx",
    "repeated_step.onnx",
    "residual.onnx",
    "rounded_up_pools.onnx",
    "several.onnx",
    "shuffle.onnx",
    "two_activations.onnx",
    "written_out.onnx",
];

#[test]
fn texts_are_in_canonical_form() {
    for flat in [false, true] {
        for file in FILES {
            let text = imported(file, &ImportOptions { flat, ..ImportOptions::default() }).unwrap().text;
            let session = Session::load(&(), file, text.clone().into_bytes(), "imported");
            assert_eq!(session.canonical(), Some(text), "{file}");
        }
    }
}

#[test]
fn shape_arithmetic_and_shuffles_dissolve() {
    has("shuffle.onnx", &["split 2 < identity | dwconv 3x3 nobias pad=1 as branch > shuffle 2;"]);
}

#[test]
fn transpositions_of_channels_last_cancel() {
    let line =
        "conv 3x3x4/2 same nobias scale bias relu as stem;  avgpool global;  flatten;  dense 3 as top;";
    has("channels_last.onnx", &["input 8x8x3 as image;", line]);
}

#[test]
fn activations_are_put_together_again() {
    has("activations.onnx", &["silu gelu hswish hsigmoid;"]);
}

#[test]
fn what_functions_write_out_is_put_together_again() {
    has(
        "written_out.onnx",
        &[
            "avgpool 4x1/1 times 4;",
            "concat < slice 2 | slice 2 at=4 > tanh times 3;",
            "flatten;  dense 5 nobias as fc;",
            "rmsnorm eps=1e-6 softmax as norm;",
        ],
    );
}

#[test]
fn a_form_that_would_broadcast_is_refused() {
    let failure = imported("mean_less_value.onnx", &ImportOptions::default()).err().unwrap();
    assert!(failure.contains("Sub `y`: the language has no form `sub` of 4x6x8 and 4x6x1"), "{failure}");
}

#[test]
fn arithmetic_with_constants_and_an_input_as_an_output() {
    has("constants.onnx", &["aux < identity > as same;", "times 0.3 relu plus 2 times 0.25;"]);
}

#[test]
fn a_convolution_of_one_axis_goes_over_a_row() {
    has("channel_attention.onnx", &["unflatten 1x8x1;", "conv 1x3x1 same nobias sigmoid as conv;  flatten;"]);
}

#[test]
fn a_value_that_is_repeated_is_taken_by_products_only() {
    let failure = imported("spread.onnx", &ImportOptions::default()).err().unwrap();
    assert!(failure.contains("Add `/Add`: its input 1 is spread to [1, 8, 6, 6] by `Expand`"), "{failure}");
}

#[test]
fn rows_and_columns_in_steps_are_a_pixel_unshuffle_with_permuted_weights() {
    let imported = imported("focus.onnx", &ImportOptions::default()).unwrap();
    assert!(imported.text.contains("pixelunshuffle 2;\n    conv 1x1x4 as stem;"), "{}", imported.text);
    let note = "the channels that the weight of `stem` takes are permuted: `pixelunshuffle` puts them in another order";
    assert_eq!(imported.notes, [note]);
    // The model has the places of the squares in the order of columns, each with all channels.
    let weight = imported.weights.iter().find(|weight| weight.key == "stem.weight").unwrap();
    let permuted = weight.values(&Folder("focus.onnx")).unwrap();
    let bytes = std::fs::read(path("focus.onnx")).unwrap();
    let values: Vec<u8> = permuted.iter().flat_map(|value| value.to_le_bytes()).collect();
    let first = |input: usize| &values[4 * input..4 * input + 4];
    let original: Vec<u8> =
        [0, 4, 8, 2, 6, 10, 1, 5, 9, 3, 7, 11].into_iter().flat_map(first).copied().collect();
    assert!(bytes.windows(original.len()).any(|window| window == original));
}

#[test]
fn padding_at_the_end_only_is_same() {
    has(
        "padded_at_the_end.onnx",
        &[
            "# allow W0203: the model pads as TensorFlow does",
            "conv 3x3x4/2 same as stem;",
            "conv 5x5x4/(s) same relu as conv;",
            "[unit(s=2); unit()] -> 4x4x4 as blocks[];",
        ],
    );
}

#[test]
fn padding_that_only_rounds_up_is_ceil() {
    has(
        "rounded_up_pools.onnx",
        &["conv 3x3x4 pad=1;  maxpool 3/2 ceil;", "conv 3x3x4 pad=1;  maxpool 4x3/3x2 ceil pad=(1, 0);"],
    );
}

#[test]
fn a_stage_that_keeps_its_size_has_pools_of_one_element() {
    has(
        "pooled_shortcuts.onnx",
        &[
            "| conv 3x3x(c) pad=1 relu;  avgpool (s)/(s);",
            "basic(4) as layer1[];",
            "basic(8, s=2) as layer2[];",
        ],
    );
}

#[test]
fn members_may_be_numbered_from_one() {
    has("numbered_from_one.onnx", &["[basic(s=2); basic() * 2] -> 4x4x8 as s1.\"b*\" from 1;"]);
}

#[test]
fn a_picture_is_normalised_before_its_channels_are_put_first() {
    has(
        "normalised_picture.onnx",
        &["input 6x8x3 as picture;", "times 0.25;", "scale bias as mean;", "conv 3x3x4 as stem;"],
    );
}

#[test]
fn outputs_of_modules_keep_the_names_of_the_model() {
    has(
        "outputs_of_modules.onnx",
        &["aux < @trunk.1.first > as \"/trunk/1/Relu\".out;", "aux < @trunk.1 > as \"/trunk/Relu\".out;"],
    );
}

#[test]
fn the_activation_is_a_parameter_of_a_block() {
    has("two_activations.onnx", &["[bottleneck() * 2; bottleneck(act=sigmoid)] as layers[];"]);
}

#[test]
fn equal_sequences_are_blocks_and_inner_concatenations_stand_outside_of_their_modules() {
    has("partial_stages.onnx", &["split 2 < identity | concat < identity | basic() as m[] > >;"]);
}

#[test]
fn factors_and_lengths_of_channels_are_words() {
    let failure = imported("response.onnx", &ImportOptions::default()).err().unwrap();
    assert!(failure.contains("Div `v7`: the language has no form `div` of 1x1x4 and 1x1x1"), "{failure}");
    let cut = ImportOptions { outputs: vec!["v5".to_owned()], ..ImportOptions::default() };
    let text = imported("response.onnx", &cut).unwrap().text;
    for words in
        ["times (-0.36772984) plus (-0.18080758) square", "avgpool global times 36 sqrt;", "mean channels;"]
    {
        assert!(text.contains(words), "`{words}` is not in\n{text}");
    }
}

#[test]
fn a_factor_without_a_bias_says_nothing() {
    has("no_bias.onnx", &["dense 5 nobias as fc;"]);
}

#[test]
fn several_inputs_and_outputs_have_names() {
    let lines = ["input 8x8x3 as left;", "input 8x8x3 as right;", "concat < @enc_left | identity >;"];
    has("several.onnx", &lines);
    has("several.onnx", &["aux < identity > as both;", "conv 1x1x2 as head;"]);
}

#[test]
fn the_output_called_out_ends_the_network() {
    let text = text("named_out.onnx");
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("`{words}` is not in\n{text}"));
    let (head, score, end) = (at(" as head;"), at("as score;"), at("@head;"));
    assert!(head < score && score < end && !text.contains("as out"), "{text}");
}

#[test]
fn two_operators_with_tensors_of_one_module_have_two_names() {
    has("parted.onnx", &["conv 3x3x4 nobias;  pad (0, 1, 0, 1) scale bias;"]);
    let weights = imported("parted.onnx", &ImportOptions::default()).unwrap().weights;
    let keys: Vec<&str> = weights.iter().map(|weight| weight.key.as_str()).collect();
    assert_eq!(keys, ["conv1.weight", "scale1.weight", "scale1.bias"]);
}

#[test]
fn a_module_that_runs_several_times_shares_its_weights() {
    let lines = [
        "[conv 3x3x8 bias pad=1 bn relu; conv 3x3x8 pad=1 relu] as tower[];",
        "@stem; maxpool 2/2 as t1;",
        "shared tower as tower_2;",
        "shared head as head_2;",
        "shared tower as tower_3;",
        "shared head as head_3;",
        "expect params == 1_444;",
    ];
    has("repeated_module.onnx", &lines);
    has("repeated_step.onnx", &["shared c as c_2;", "shared bn as bn_2", "expect params == 632;"]);
    // The words behind the convolution differ, so that it stands alone.
    let lines =
        ["conv 3x3x3 pad=1 as c;", "shared c as c_2; relu;", "shared c as c_3;", "expect params == 84;"];
    has("repeated_layer.onnx", &lines);
    let keys = imported("repeated_step.onnx", &ImportOptions::default()).unwrap().weights.len();
    assert_eq!(keys, 2 + 2 + 4, "of two convolutions and one normalisation");
}

#[test]
fn positions_divided_by_their_length_are_normalised() {
    has("unit_length.onnx", &["l2norm;", "expect params == 0;"]);
}

#[test]
fn a_refusal_names_the_nodes_and_where_to_cut() {
    let failure = imported("refused.onnx", &ImportOptions::default()).err().unwrap();
    assert!(
        failure.starts_with("error[E0801]: `refused.onnx` cannot be imported: 1 of its 5 nodes"),
        "{failure}"
    );
    assert!(failure.contains("MatMul `/attention/MatMul`: a product of two computed values"), "{failure}");
    assert!(failure.contains("the output `features` alone imports the 2 nodes that lead there"), "{failure}");
    let cut = ImportOptions { outputs: vec!["features".to_owned()], ..ImportOptions::default() };
    assert!(imported("refused.onnx", &cut).unwrap().text.contains("conv 3x3x4 relu;"));
}

#[test]
fn what_no_rule_says_is_refused() {
    let failure = imported("unread_attribute.onnx", &ImportOptions::default()).err().unwrap();
    assert!(failure.contains("Pad `y`: `mode` is `wrong`"), "{failure}");
}

#[test]
fn a_pool_of_two_readings_and_an_output_of_exchanged_axes_are_refused() {
    let failure = imported("read_differently.onnx", &ImportOptions::default()).err().unwrap();
    assert!(failure.contains("MaxPool `/pool/MaxPool`: `auto_pad` with `dilations`"), "{failure}");
    assert!(failure.contains("Output `turned`: the axes of its input are permuted"), "{failure}");
}

#[test]
fn corners_over_a_part_of_a_position_are_refused() {
    let failure = imported("fractional_corners.onnx", &ImportOptions::default()).err().unwrap();
    assert!(failure.contains("Resize `y`: `align_corners` over 1.2"), "{failure}");
}

#[test]
fn a_normalisation_of_opset_6_without_is_test_is_in_training_mode() {
    let failure = imported("training_statistics.onnx", &ImportOptions::default()).err().unwrap();
    assert!(failure.contains("`is_test` is 0: it is in training mode"), "{failure}");
}

#[test]
fn open_extents_are_asked_for() {
    let failure = imported("open_extents.onnx", &ImportOptions::default()).err().unwrap();
    assert!(
        failure.starts_with("error[E0805]: the extents of the input `x` are open: nx3xheightxwidth"),
        "{failure}"
    );
    let stated =
        ImportOptions { inputs: vec![("x".to_owned(), vec![1, 3, 10, 12])], ..ImportOptions::default() };
    assert!(imported("open_extents.onnx", &stated).unwrap().text.contains("input 10x12x3 as x;"));
}

#[test]
fn external_data_is_read_from_beside_the_model() {
    let imported = imported("external.onnx", &ImportOptions::default()).unwrap();
    let weight = imported.weights.iter().find(|weight| weight.key == "conv1.weight").unwrap();
    let values = weight.values(&Folder("external.onnx")).unwrap();
    assert_eq!(values.shape(), [4, 3, 3, 3]);
    assert!(values.iter().any(|&value| value != 0.0));
}

#[test]
fn a_cut_or_changed_file_is_refused_without_a_panic() {
    let good = std::fs::read(path("shuffle.onnx")).unwrap();
    for length in 0..good.len() {
        let _ =
            import(Cursor::new(&good[..length]), "cut", &ImportOptions::default(), &Folder("shuffle.onnx"));
    }
    let mut changed = good.clone();
    for at in 0..good.len() {
        for byte in [0, 1, 0x7f, 0x80, 0xff] {
            changed[at] = byte;
            let _ =
                import(Cursor::new(&changed), "changed", &ImportOptions::default(), &Folder("shuffle.onnx"));
        }
        changed[at] = good[at];
    }
}

//! Tests of the expansion from outside: programs, the rows that they expand to, and the errors that they cause.

use crate::base::SourceMap;
use crate::diag::{Diagnostic, Sink};
use crate::ir::Graph;
use crate::tensor::Shape;

use super::{Definition, ExpandOptions, Files, Program, check_uncalled_blocks, expand};

fn compile(text: &str) -> (Option<Graph>, Vec<Diagnostic>, SourceMap) {
    let mut files = Files::default();
    let file = files.set("test.cnn", text);
    let mut sink = Sink::default();
    let program = Program::load(&mut files, &(), file, "test", &mut sink);
    let map = files.map().clone();
    let network = program.entries().into_iter().find(|entry| entry.needs.is_empty()).map(|entry| entry.name);
    let options = ExpandOptions { network, partial: true, ..ExpandOptions::default() };
    let expanded = expand(&program, &map, &options, &mut sink);
    check_uncalled_blocks(&program, &map, &options, &expanded.called, &mut sink);
    (expanded.complete.then_some(expanded.graph), sink.into_sorted(), map)
}

fn rows(text: &str) -> Vec<String> {
    let (graph, diagnostics, _) = compile(text);
    let graph = graph.unwrap_or_else(|| panic!("{diagnostics:#?}"));
    graph.layers().map(|(_, node)| format!("{} {}", node.path, node.shape)).collect()
}

/// `code line: headline` of every error.
fn errors(text: &str) -> Vec<String> {
    let (_, diagnostics, map) = compile(text);
    let show =
        |one: &Diagnostic| format!("{} {}: {}", one.code, map.location(one.primary.span).line, one.message);
    diagnostics.iter().filter(|one| one.code.id().starts_with('E')).map(show).collect()
}

#[test]
fn ordinals_count_named_operators_too() {
    assert_eq!(
        rows("input 8x8x3; conv 3x3x4 relu as first; conv 3x3x4 relu;"),
        ["first 6x6x4", "relu1 6x6x4", "conv2 4x4x4", "relu2 4x4x4"]
    );
}

#[test]
fn sequences_number_heads_and_trailing_words() {
    assert_eq!(
        rows(
            "input 8x8x3; [conv 3x3x4 same relu * 2; identity; conv 1x1x2 as last] as features[]; conv 1x1x1;"
        ),
        [
            "features.0 8x8x4",
            "features.1 8x8x4",
            "features.2 8x8x4",
            "features.3 8x8x4",
            "features.last 8x8x2",
            "conv1 8x8x1"
        ]
    );
}

#[test]
fn members_may_be_sequences_and_patterns() {
    assert_eq!(
        rows(
            "input 4x4x2; [[conv 1x1x3; relu] as []; conv 1x1x3] as f[]; [conv 1x1x2; conv 1x1x2] as trunk.\"block1-*\"; conv 1x1x4 relu as c[];"
        ),
        [
            "f.0.0 4x4x3",
            "f.0.1 4x4x3",
            "f.1 4x4x3",
            "trunk.block1-0 4x4x2",
            "trunk.block1-1 4x4x2",
            "c.0 4x4x4",
            "c.1 4x4x4"
        ]
    );
}

#[test]
fn blocks_residuals_and_projections_are_named_as_in_torchvision() {
    let text = "block b(c, s = 1) { residual project < conv 3x3x(c)/(s) same relu; conv 3x3x(c) same > relu; }\n\
                input 8x8x4; [b(4); b(8, s=2)] as layer1[];";
    assert_eq!(
        rows(text),
        [
            "layer1.0.conv1 8x8x4",
            "layer1.0.relu1 8x8x4",
            "layer1.0.conv2 8x8x4",
            "layer1.0.residual1 8x8x4",
            "layer1.0.relu2 8x8x4",
            "layer1.1.conv1 4x4x8",
            "layer1.1.relu1 4x4x8",
            "layer1.1.conv2 4x4x8",
            "layer1.1.downsample.0 4x4x8",
            "layer1.1.residual1 4x4x8",
            "layer1.1.relu2 4x4x8",
        ]
    );
}

#[test]
fn repetition_by_zero_writes_nothing() {
    assert_eq!(
        rows("input 4x4x2; [conv 1x1x3 relu] * 0 -> 4x4x2; conv 1x1x1 * 2 as c;"),
        ["c.0 4x4x1", "c.1 4x4x1"]
    );
}

#[test]
fn references_see_written_names_up_to_the_wall() {
    let text =
        "block b() { conv 1x1x2 as skip; relu; }\ninput 4x4x2; b() as enc; concat < identity | @enc.skip >;";
    assert_eq!(rows(text), ["enc.skip 4x4x2", "enc.relu1 4x4x2", "concat1 4x4x4"]);
    assert_eq!(
        errors("block b() { conv 1x1x2 as skip; relu; }\ninput 4x4x2; b(); concat < identity | @skip >;"),
        ["E0103 2: unknown value `@skip`"]
    );
    assert_eq!(errors("block b() { @x; }\ninput 4x4x2 as x; b();"), ["E0103 1: unknown value `@x`"]);
}

#[test]
fn three_mistakes_give_three_errors() {
    let text = "input 28x28x1;\nconv 5x5x16 smae;\nmaxpool 2/2 -> 14x14x16;\ncnov 3x3x8;\nrelu -> 12x12x8;\nconv 3x3x8 -> 9x9x8;\n";
    assert_eq!(errors(text).len(), 3, "{:#?}", errors(text));
}

#[test]
fn residual_paths_that_differ_name_both_ends() {
    let text = "input 56x56x64;\nresidual <\n conv 3x3x128/2 same\n> relu;\n";
    assert_eq!(errors(text), ["E0304 2: residual paths differ"]);
}

#[test]
fn a_huge_repetition_is_refused_at_once() {
    assert_eq!(
        errors("input 8x8x64; [conv 3x3x64 same] * 1000000000;"),
        ["E0314 1: the expansion is too large"]
    );
    assert_eq!(
        errors("input 8x8x64; [[[identity] * 100000] * 100000] * 100000;"),
        ["E0314 1: the expansion is too large"]
    );
}

#[test]
fn instances_pass_their_arguments() {
    let text = "network n(a, classes = 10) { input 4x4x1; conv 1x1x(a); flatten; dense (classes); }\nnetwork m(classes = 7) = n(3, classes);";
    let (graph, diagnostics, _) = compile(text);
    let graph = graph.unwrap_or_else(|| panic!("{diagnostics:#?}"));
    assert_eq!(graph.name(), "m");
    assert_eq!(graph.outputs()[0].name, "out");
}

#[test]
fn blocks_that_contain_themselves_are_refused() {
    assert_eq!(
        errors("block a() { b(); }\nblock b() { a(); }\ninput 4x4x1; a();"),
        ["E0107 2: the block `a` contains itself"]
    );
}

#[test]
fn an_error_in_a_repeated_block_is_reported_once() {
    let text = "block b() { conv 3x3x4 groups=3; }\ninput 9x9x4;\nb() * 3;\n";
    assert_eq!(errors(text).len(), 1, "{:#?}", errors(text));
}

#[test]
fn several_inputs_begin_with_a_reference() {
    let text = "input 4x4x1 as left; input 4x4x1 as right; concat < @left; conv 1x1x2 | @right >;";
    assert_eq!(rows(text), ["conv1 4x4x2", "concat1 4x4x3"]);
    assert_eq!(errors("input 4x4x1 as a; input 4x4x1 as b; conv 1x1x2;"), ["E0309 1: `conv` has no input"]);
}

#[test]
fn the_stated_shape_of_an_auxiliary_branch_is_its_own() {
    let text = |shape: &str| {
        format!(
            "input 4x4x2; aux < avgpool global; flatten; dense 5 > -> {shape} as side; conv 1x1x3 -> 4x4x3;"
        )
    };
    assert_eq!(errors(&text("5")), Vec::<String>::new());
    assert_eq!(errors(&text("6")), ["E0301 1: the shape is 5, not 6"]);
}

#[test]
fn shared_statements_take_the_weights_of_the_earlier_one() {
    let text = "block tower() { conv 3x3x4 same bn relu; flatten; dense 5; }\n\
                input 4x4x1 as left; input 4x4x1 as right;\n\
                @left; tower() -> 5 as tower; @right; shared tower -> 5 as right_tower; concat < @tower | identity >;";
    let (graph, diagnostics, _) = compile(text);
    let graph = graph.unwrap_or_else(|| panic!("{diagnostics:#?}"));
    let shown: Vec<String> = graph
        .nodes()
        .filter_map(|(_, node)| node.shares.map(|owner| format!("{} {}", node.path, graph.node(owner).path)))
        .collect();
    assert_eq!(
        shown,
        ["right_tower.conv1 tower.conv1", "right_tower.bn1 tower.bn1", "right_tower.dense1 tower.dense1"]
    );
    let own: usize = graph.nodes().map(|(_, node)| node.parameters.len()).sum();
    assert_eq!(own, 1 + 4 + 2);
}

#[test]
fn what_is_shared_must_fit() {
    assert_eq!(
        errors("input 8x8x3; conv 3x3x8 same as a; shared a as b;"),
        ["E0322 1: the weight of `a` does not fit here"]
    );
    assert_eq!(errors("input 8x8x3 as x; relu; shared x;"), ["E0322 1: `x` cannot be shared"]);
    assert_eq!(errors("input 8x8x3; shared a;"), ["E0103 1: unknown value `@a`"]);
    let trailing = "input 8x8x4; conv 3x3x4 same bn as c; shared c as d; conv 3x3x4 same bn;";
    assert_eq!(rows(trailing), ["c 8x8x4", "bn1 8x8x4", "d 8x8x4", "bn2 8x8x4", "conv3 8x8x4", "bn3 8x8x4"]);
}

#[test]
fn inline_blocks_write_into_the_scope_of_their_call() {
    let text = "inline block cba(k, c, word act = silu) { conv (k)x(k)x(c) pad=(k // 2) bn act; }\n\
                input 8x8x3; [cba(3, 4); cba(1, 2, act=identity) * 2; relu] as s[]; cba(3, 4, act=relu);";
    assert_eq!(
        rows(text),
        [
            "s.0 8x8x4",
            "s.1 8x8x4",
            "s.2 8x8x4",
            "s.3 8x8x2",
            "s.4 8x8x2",
            "s.5 8x8x2",
            "s.6 8x8x2",
            "s.7 8x8x2",
            "conv1 8x8x4",
            "bn1 8x8x4",
            "relu1 8x8x4"
        ]
    );
    let seen = "inline block b() { conv 1x1x2 as inner; }\ninput 4x4x2; b(); @inner;";
    assert_eq!(errors(seen).len(), 1);
    assert_eq!(
        errors("block w(word act) { conv 1x1x2 act; }\ninput 4x4x2; w(conv);"),
        ["E0205 2: `conv` is no trailing word"]
    );
}

#[test]
fn a_word_is_used_where_it_stands_behind_an_operator() {
    let unused = |text: &str| {
        let mut files = Files::default();
        let file = files.set("test.cnn", text);
        let mut sink = Sink::default();
        let program = Program::load(&mut files, &(), file, "test", &mut sink);
        super::unused::check(&program, &mut sink);
        sink.into_sorted().iter().map(|one| one.message.clone()).collect::<Vec<_>>()
    };
    assert_eq!(unused("block b(word act) { relu; bn eps=0.1 act } input 8x8x3; b(relu);"), [""; 0]);
    let said = unused("block b(word act, word other) { conv 1x1x2 act } input 8x8x3; b(relu, relu);");
    assert_eq!(said, ["the parameter `other` of this block is not used"]);
    // A number is not used by a word of its name.
    let said = unused("block b(relu) { conv 1x1x2 relu } input 8x8x3; b(3);");
    assert_eq!(said, ["the parameter `relu` of this block is not used"]);
}

#[test]
fn members_begin_at_a_number_and_splits_may_be_unequal() {
    assert_eq!(
        rows("input 4x4x2; [conv 1x1x2; conv 1x1x2] as t.\"b*\" from 1;"),
        ["t.b1 4x4x2", "t.b2 4x4x2"]
    );
    assert_eq!(rows("input 4x4x6; split (2, 4) < identity | conv 1x1x3 >;"), ["conv1 4x4x3", "split1 4x4x5"]);
}

#[test]
fn uses_and_shapes_are_kept_where_the_text_has_errors() {
    let text = "let n = 4; block b(c) { conv 3x3x(c) same relu; } input 8x8x3; b(n) as first; @first; rleu;";
    let mut files = Files::default();
    let file = files.set("test.cnn", text);
    let mut sink = Sink::default();
    let program = Program::load(&mut files, &(), file, "test", &mut sink);
    let map = files.map().clone();
    let options = ExpandOptions { uses: true, ..ExpandOptions::default() };
    let expanded = expand(&program, &map, &options, &mut sink);
    assert!(!expanded.complete && expanded.graph.len() == 3);
    let definitions = expanded.uses.definitions().iter();
    let shown: Vec<(&str, &Definition)> =
        definitions.map(|(&word, definition)| (map.snippet(word), definition)).collect();
    let named = |name: &str| shown.iter().find(|(word, _)| *word == name).map(|(_, definition)| *definition);
    assert_eq!(named("conv"), Some(&Definition::Operator("conv")));
    assert!(matches!(named("n"), Some(Definition::Constant(at)) if map.snippet(*at) == "n"));
    assert!(matches!(named("c"), Some(Definition::Parameter(at)) if map.snippet(*at) == "c"));
    assert!(matches!(named("b"), Some(Definition::Block(at)) if map.snippet(*at) == "b"));
    assert!(matches!(named("first"), Some(Definition::Value { path, .. }) if path == "first"));
    let passages = expanded.uses.passages().iter();
    let passed: Vec<String> = passages
        .filter(|(statement, _)| map.snippet(**statement).starts_with("conv"))
        .map(|(_, one)| format!("{:?} {:?} {}", one.arriving, one.leaving, one.copies))
        .collect();
    assert_eq!(passed, [format!("{:?} {:?} 1", Some(Shape::map(8, 8, 3)), Some(Shape::map(8, 8, 4)))]);
}

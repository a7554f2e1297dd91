//! What every operator promises: it is documented, its example compiles, its kernel writes a value of the
//! inferred shape, reads all parameters that it declares, and does exactly the operations of its cost.

use std::collections::BTreeSet;

use ndarray::ArrayD;
use proptest::prelude::*;

use cnnc::analysis::Checked;
use cnnc::base::{Span, Spanned};
use cnnc::diag::{ExpansionTrace, Sink};
use cnnc::ops::{Default, INPUT, Kind, RawArgument, RawValue, Sizes, Spec, bind, catalogue, forms};

use super::counting::{Counting, Counts, count};
use super::program::{apply, compile, operands, parameters};

/// Programs that use what the examples of the reference leave out.
const PROGRAMS: &[&str] = &[
    "input 9x7x4; conv 3x2x6/2x1 pad=(1,2) dilate=(2,1) groups=2 bias bn;",
    "input 9x7x4; conv 3x3x5 pad=(0,3,1,2) nobias; conv 2x2x1 valid;",
    "table half 4 -> 3 { 0; 1 2; 0 1 3; } input 6x6x4; conv 3x3x3 same table=half;",
    "input 7x8x3; dwconv 3x2/2 same mult=2 bias bn;",
    "input 7x8x3; dwconv 3x3 pad=1 dilate=2 nobias; dwconv 1x2 valid;",
    "input 5x4x4; deconv 3x2x6/2x3 pad=(1,0,0,1) outpad=(1,2) groups=2 nobias;",
    "input 5x4x2; deconv 4x4x3/2 same bias bn; deconv 2x2x2 valid dilate=2;",
    "input 6; dense 4 bias bn; dense 3 nobias; rbf 5;",
    "input 3x4x2; flatten hwc; unflatten 2x4x3;",
    "input 9x8x2; maxpool 3/2 pad=1 ceil; maxpool 2x3/1x2 same; maxpool 2/1 dilate=2 pad=(1,0);",
    "input 9x8x2; avgpool 3/2 pad=1 ceil countpad; avgpool 3/1 same; avgpool 2/1 dilate=2 pad=(1,0); avgpool 2 valid;",
    "input 9x8x2; avgpool 3/2 pad=(1,0,0,1) ceil;",
    "input 9x8x2; maxpool to 4x3; avgpool to 3; maxpool global;",
    "input 9x8x2; avgpool to 12x5; maxpool valid 2/1; avgpool global;",
    "input 9x8x2; subsample 3x2/2;",
    "input 4x4x5; bn eps=0.01 layernorm eps=0.1 scale;",
    "input 6; bn layernorm scale bias relu prelu softmax dropout 0.1;",
    "input 4x3x7; lrn 5 k=1 alpha=0.1 beta=0.75 mean; lrn 21 k=1 alpha=0.1 beta=0.5; lrn 1 k=2 alpha=1 beta=1;",
    "input 4x4x5; leaky elu prelu shared softmax;",
    "input 4x4x5; leaky 0.2 elu 0.5;",
    "input 6x6x4; conv 3x3x4 pad=2 reflect; conv 3x3x4 same replicate groups=2 bias; conv 2x3x3/2 pad=(1,0,2,1) circular nobias;",
    "input 6x6x4; dwconv 3x3/2 pad=(1,0,2,1) reflect; dwconv 3x3 same replicate mult=2; dwconv 3x3 pad=1 circular bias bn;",
    "input 4x4x6; bn noscale; bn nobias; bn noscale nobias eps=0.1; groupnorm 3 eps=0.1; groupnorm 1; groupnorm 6;",
    "input 6; groupnorm 2; l2norm eps=0.5; rmsnorm eps=0.1; logsoftmax;",
    "input 4x3x6; instancenorm affine; instancenorm eps=0.1; l2norm; rmsnorm; logsoftmax;",
    "input 4x3x6; mish selu celu 0.5 softplus softsign hardtanh quickgelu gelu approx;",
    "input 4x3x6; abs square plus 1 sqrt log neg exp times (-0.5) plus (-2) hsigmoid 0.2;",
    "input 4x3x6; clip min=0 max=6; clip min=-1; clip max=2;",
    "input 5x6x4; upsample to 7x3; upsample to 4 bilinear; upsample to 9x2 bicubic; upsample 2 bicubic corners; upsample to 5x1 bilinear corners;",
    "input 5x6x12; pixelshuffle 2; pixelunshuffle 2; pixelshuffle 2 dcr; pixelunshuffle 2 dcr;",
    "input 5x6x2; pad (1,0,2,3) reflect; pad 1 replicate; pad (0,2,1,0) circular; pad 1 value=-2;",
    "input 9x8x2; crop 1; crop (1,0,2,1); crop to 3x2; crop to 1;",
    "input 5x4x6; slice 4; slice 2 at=1; split (1,1) < identity | relu >; mean channels; max channels;",
    "input 5; slice 3 at=2; split (1,2) < dense 4 | identity >; sub < identity | relu >; max < identity | relu | tanh >; mean channels;",
    "input 5x4x6; sub < identity | relu >; max < identity | relu | tanh >; min < identity | relu >; max channels;",
    "input 4x3x2; upsample 2x3 nearest; upsample 1x2 bilinear;",
    "input 4x3x2; pad (1,0,2,3); pad 1;",
    "input 4x4x6; shuffle 2; split 3 < identity | conv 1x1x1 | relu >;",
    "input 5x6x3; residual project bn eps=0.1 scale=0.5 < conv 3x3x4/2 same >;",
    "input 5x6x3; residual project nobias < conv 3x3x4/2 same >;",
    "input 5x6x3; residual project < conv 3x3x4/2 same >;",
    "input 5x6x3; residual zeropad scale=2 < conv 3x3x5/2 same >;",
    "input 5x6x3; residual ifsame < conv 3x3x3 same >; residual ifsame < conv 3x3x5 >;",
    "input 5x6x3; add < identity | relu | tanh >; mul < identity | avgpool global | conv 1x1x1 | sigmoid >;",
    "input 5; add < identity | relu >; mul < identity | relu | tanh >; concat < identity | relu | dense 3 >;",
    "input 6x6x4; aux < flatten; dense 3 > as side; aux train < flatten; dense 2 > as head; conv 1x1x1;",
];

fn programs() -> impl Iterator<Item = &'static str> {
    catalogue().chain(forms()).map(|spec| spec.example).chain(PROGRAMS.iter().copied())
}

/// Where the kernels of a program do other operations than declared, or leave elements of their output out.
fn broken_promises(text: &str) -> Vec<String> {
    let graph = compile(text).expect(text);
    let checked = Checked::new(graph);
    let graph = checked.graph();
    let mut broken = Vec::new();
    for (id, node) in graph.nodes().filter(|(_, node)| node.op().is_some()) {
        let (operands, parameters) = (operands::<Counting>(graph, id), parameters(graph, id));
        let views: Vec<_> = operands.iter().map(|array| array.view()).collect();
        let (performed, output) = count(|| apply(graph, id, &views, &parameters));
        let declared = Counts::from(&checked.cost(id));
        if performed != declared {
            broken.push(format!("{text}: {} does {performed:?}, declares {declared:?}", node.path));
        }
        if checked.cost(id).macs.value() < declared.macs {
            broken.push(format!("{text}: {} has more useful multiply-accumulates than all", node.path));
        }
        // Roots and logarithms of negative numbers are NaN by definition.
        let defined = |at: usize| {
            matches!(node.word, "sqrt" | "log") && operands[0].iter().nth(at).is_some_and(|x| x.0 < 0.0)
        };
        if output.iter().enumerate().any(|(at, x)| x.0.is_nan() && !defined(at)) {
            broken.push(format!("{text}: {} does not write all of its output", node.path));
        }
    }
    broken
}

#[test]
fn kernels_do_the_operations_that_are_declared() {
    let broken: Vec<String> = programs().flat_map(broken_promises).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn kernels_read_every_element_of_the_declared_parameters() {
    for text in programs() {
        let graph = compile(text).expect(text);
        for (id, node) in graph.nodes().filter(|(_, node)| !node.parameters.is_empty()) {
            // A slope below zero matters for one sign of an element only.
            let (positive, parameters) = (operands::<f32>(&graph, id), parameters(&graph, id));
            let negative: Vec<_> = positive.iter().map(|operand| operand.mapv(|x| -x)).collect();
            let matters = |parameters: &[ArrayD<f32>]| {
                [&positive, &negative].into_iter().any(|operands| {
                    let views: Vec<_> = operands.iter().map(|array| array.view()).collect();
                    apply(&graph, id, &views, parameters).iter().any(|x| x.is_nan())
                })
            };
            for index in 0..parameters.len() {
                // Of a large parameter, about twenty elements spread over it.
                let step = parameters[index].len() / 20 + 1;
                for element in (0..parameters[index].len()).step_by(step) {
                    let key = node.parameters[index].key;
                    let mut poisoned = parameters.clone();
                    poisoned[index].iter_mut().skip(element).take(1).for_each(|x| *x = f32::NAN);
                    assert!(matters(&poisoned), "{text}: {} ignores element {element} of `{key}`", node.path);
                }
            }
        }
    }
}

#[test]
fn every_spec_is_documented_and_its_example_compiles() {
    for spec in catalogue().chain(forms()).chain([&INPUT]) {
        let Spec { name, summary, example, .. } = spec;
        assert!(summary.ends_with('.') && summary.len() >= 10, "`{name}` needs a summary");
        let docs = spec.flags.iter().map(|flag| (flag.name, flag.doc));
        let docs = docs.chain(spec.attributes.iter().map(|attribute| (attribute.name, attribute.doc)));
        for (part, doc) in docs.chain(spec.value.iter().map(|value| (value.name, value.doc))) {
            assert!(!part.is_empty() && doc.len() > 3, "`{part}` of `{name}` needs a doc line");
        }
        assert!(example.split(|c: char| !c.is_alphanumeric()).any(|word| word == *name), "{example}");
        assert!(example.contains("->"), "the example of `{name}` states no shape");
        if let Err(errors) = compile(example) {
            panic!("the example of `{name}`: {errors:?}");
        }
    }
    for spec in catalogue() {
        assert!(!spec.cost.is_empty(), "`{}` says no cost", spec.name);
        let vocabulary = cnnc::driver::vocabulary(spec);
        assert!(
            vocabulary.is_some_and(|known| !known.torch.is_empty()),
            "`{}` lacks a vocabulary",
            spec.name
        );
    }
}

#[test]
fn names_are_unique() {
    let heads: Vec<&str> = catalogue().chain([&INPUT]).map(|spec| spec.name).collect();
    assert_eq!(heads.iter().collect::<BTreeSet<_>>().len(), heads.len(), "{heads:?}");
    let words: Vec<&str> = forms().map(|spec| spec.name).collect();
    assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len(), "{words:?}");
    // `max channels` and `max < … >` differ by their branches.
    let both: Vec<&str> = words.into_iter().filter(|word| heads.contains(word)).collect();
    assert_eq!(both, ["max"]);
}

#[test]
fn the_programs_use_every_flag_and_attribute() {
    let statements: Vec<&str> = programs().flat_map(|text| text.split([';', '<', '>', '|'])).collect();
    for spec in catalogue().chain(forms()) {
        let flags = spec.flags.iter().map(|flag| flag.name.to_owned());
        for part in flags.chain(spec.attributes.iter().map(|attribute| format!("{}=", attribute.name))) {
            let used = statements.iter().any(|text| {
                let words = || text.split_whitespace();
                words().any(|word| word == spec.name)
                    && words()
                        .any(|word| if part.ends_with('=') { word.starts_with(&part) } else { word == part })
            });
            assert!(used, "no program uses `{part}` of `{}`", spec.name);
        }
    }
}

/// A value of a kind; `None` for the kinds of forms, `input` and tables.
fn random_value(kind: Kind, numbers: &mut impl FnMut(u64) -> u64) -> Option<RawValue> {
    let int = |value: u64| RawValue::Int(i128::from(value));
    match kind {
        Kind::Count { min } => Some(int(min + numbers(4))),
        Kind::Real => Some(RawValue::Real(numbers(8) as f64 / 8.0 - 0.25)),
        Kind::Pair { min } => Some(RawValue::Tuple(vec![int(min + numbers(3)), int(min + numbers(3))])),
        Kind::Pads | Kind::FourPads => Some(RawValue::Tuple((0..4).map(|_| int(numbers(3))).collect())),
        Kind::Reals | Kind::Counts { .. } | Kind::Table | Kind::Choice(_) => None,
    }
}

/// Arguments of every kind that a spec declares, drawn from `numbers`.
fn random_arguments(spec: &Spec, mut numbers: impl FnMut(u64) -> u64) -> Vec<RawArgument> {
    let span = Span::MADE;
    let mut arguments = Vec::new();
    let mut dims = |count: u64| (0..count).map(|_| 1 + numbers(4)).collect::<Vec<u64>>();
    let to = |dims: Vec<u64>| {
        let word = RawArgument::Word(Spanned::new("to".into(), span));
        [word, RawArgument::Size { dims, stride: Vec::new(), span }]
    };
    let size = match spec.sizes {
        Sizes::None | Sizes::To | Sizes::MapOrValue => None,
        Sizes::KernelFilters => Some((dims(3), dims(2))),
        Sizes::Kernel => Some((dims(2), dims(2))),
        Sizes::Window | Sizes::WindowOrWord => Some((dims(2), dims(2))),
        Sizes::Map => Some((dims(3), Vec::new())),
        Sizes::FactorOrTo => Some((dims(2), Vec::new())),
    };
    let adaptive = spec.sizes.has_to().then(|| dims(2));
    let is_adaptive = adaptive.is_some() && numbers(3) == 0;
    match (adaptive, size) {
        (Some(adaptive), _) if is_adaptive => arguments.extend(to(adaptive)),
        (_, Some((dims, stride))) => arguments.push(RawArgument::Size { dims, stride, span }),
        _ => {}
    }
    if let Some(declared) = spec.value.filter(|_| !is_adaptive)
        && let Some(value) = random_value(declared.kind, &mut numbers)
    {
        arguments.push(RawArgument::Value(Spanned::new(value, span)));
    }
    for attribute in spec.attributes {
        let Some(value) = random_value(attribute.kind, &mut numbers) else { continue };
        if attribute.default == Default::Required || numbers(2) == 0 {
            let name = Spanned::new(attribute.name.into(), span);
            arguments.push(RawArgument::Attribute { name, value: Spanned::new(value, span) });
        }
    }
    for flag in spec.flags.iter().filter(|flag| flag.name == "channels" || numbers(3) == 0) {
        arguments.push(RawArgument::Word(Spanned::new(flag.name.into(), span)));
    }
    arguments
}

#[test]
fn an_operator_gives_its_arguments_back() {
    let mut state = 1u64;
    let mut numbers = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for spec in catalogue() {
        let mut made = 0;
        for _ in 0..400 {
            let arguments = random_arguments(spec, &mut numbers);
            let bound = bind(spec, Span::MADE, &arguments, &ExpansionTrace::default(), &mut Sink::default());
            let Some(Ok(op)) = bound.map(|bound| bound.operator()) else { continue };
            made += 1;
            let back = op.bound();
            assert_eq!(back.spec().name, spec.name, "{op:?}");
            assert_eq!(back.operator().as_ref(), Ok(&op), "{back}");
        }
        assert!(made >= 20, "only {made} of 400 arguments of `{}` were accepted", spec.name);
    }
}

#[test]
fn an_operator_is_written_as_it_is_read() {
    for text in programs() {
        let graph = compile(text).expect(text);
        for (id, node) in graph.nodes() {
            let Some(op) = node.op() else { continue };
            let bound = op.bound();
            let is_written = catalogue().any(|spec| std::ptr::eq(spec, bound.spec()));
            let has_table = bound.table("table").is_some();
            if !is_written || has_table {
                continue;
            }
            // A statement of its own behind an input of the operand's shape is the same operator.
            let operand = graph.operand_shapes(id)[0];
            let again = compile(&format!("input {operand}; {bound};")).unwrap_or_else(|_| panic!("{bound}"));
            let found = again.nodes().last().and_then(|(_, node)| node.op().cloned());
            assert_eq!(found.as_ref(), Some(op), "{bound}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn windows_of_all_kinds_cost_what_is_declared(
        which in 0usize..6, kernel in (1u64..5, 1u64..5), stride in (1u64..4, 1u64..4),
        dilation in (1u64..4, 1u64..4), pads in (0u64..4, 0u64..4, 0u64..4, 0u64..4),
        input in (1u64..11, 1u64..11), same: bool, word: bool,
    ) {
        let size = format!("{}x{}", kernel.0, kernel.1);
        let stride = format!("/{}x{}", stride.0, stride.1);
        let padding = if same { "same".to_owned() } else { format!("pad=({},{},{},{})", pads.0, pads.1, pads.2, pads.3) };
        let ceil = if word && !same { "ceil" } else { "" };
        let tail = format!("{padding} dilate=({},{})", dilation.0, dilation.1);
        let operator = match which {
            0 => format!("conv {size}x2{stride} {tail}"),
            1 => format!("dwconv {size}{stride} {tail}"),
            2 => format!("deconv {size}x2{stride} {tail}"),
            3 => format!("maxpool {size}{stride} {ceil} {tail}"),
            4 => format!("avgpool {size}{stride} {ceil} {tail}"),
            _ => format!("avgpool {size}{stride} {ceil} countpad {tail}"),
        };
        let text = format!("input {}x{}x2; {operator};", input.0, input.1);
        prop_assume!(compile(&text).is_ok());
        prop_assert_eq!(broken_promises(&text), Vec::<String>::new());
    }

    #[test]
    fn adaptive_pools_cost_what_is_declared(input in (1u64..20, 1u64..20), output in (1u64..20, 1u64..20)) {
        let text = format!("input {}x{}x1; avgpool to {}x{};", input.0, input.1, output.0, output.1);
        prop_assert_eq!(broken_promises(&text), Vec::<String>::new());
    }
}

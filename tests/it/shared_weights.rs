//! `shared`: a part that runs once more with the same weights gives the same results for the same input.

use cnnc::driver::{Options, Session};
use cnnc::exec::Isa;
use cnnc::lower::{KernelPolicy, Plan, PlanOptions, Precision, lower};
use cnnc::ops::Init;
use cnnc::weights::seeded;

use crate::pytorch::run_on;

#[test]
fn a_shared_tower_computes_with_the_weights_of_the_first() {
    let source = "
        block tower() { conv 3x3x16 pad=1 bn relu; dwconv 3x3 pad=1; bn; avgpool global; flatten; dense 5 }
        input 8x8x3 as left;
        input 8x8x3 as right;
        @left; tower() as first;
        @right; shared first as second;
        add < @first | @second >;";
    let session = Session::load(&(), "siamese.cnn", source.as_bytes().to_vec(), "siamese");
    let outcome = session.compile(&Options::default()).unwrap();
    let checked = outcome.checked.unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics));
    let input = |seed| seeded::fill(seed, "input", &Init::Input, false, &[2, 3, 8, 8]);
    for policy in [KernelPolicy::Fastest, KernelPolicy::Reference] {
        let run = |inputs: &[_], output| run_on(inputs, Isa::best(), &checked, output, (7, true), policy, 2);
        let first = run(&[input(1), input(2)], "first");
        assert_eq!(first, run(&[input(2), input(1)], "second"));
        assert_ne!(first, run(&[input(1), input(2)], "second"));
    }
}

const TOWERS: &str = "
    block tower() { conv 3x3x4 same relu; conv 3x3x4 same; }
    input 9x9x4 as l;
    input 9x9x4 as r;
    @l; tower() as t;
    @r; shared t as u;
    add < @t | @u >;";

fn plan(source: &str, policy: KernelPolicy) -> Plan {
    let session = Session::load(&(), "shared.cnn", source.as_bytes().to_vec(), "shared");
    let outcome = session.compile(&Options::default()).unwrap();
    let checked = outcome.checked.unwrap_or_else(|| panic!("{source}: {:#?}", outcome.diagnostics));
    let outputs = vec![("out".to_owned(), checked.graph().outputs()[0].node)];
    lower(
        checked.graph(),
        &PlanOptions { batch: 1, policy, precision: Precision::Highest, matrix_unit: false, outputs },
    )
}

#[test]
fn constants_of_a_shared_part_are_packed_once() {
    let parts = "conv 3x3x16 same bn relu; deconv 2x2x16/2 times 2; dwconv 3x3 same; bn; groupnorm 4; layernorm; prelu; \
                 conv 3x3x20/2 pad=1; flatten; dense 30 relu; rbf 5";
    for size in [9, 40] {
        let twice = format!(
            "block part() {{ {parts} }} input {size}x{size}x16 as l; input {size}x{size}x16 as r;
             @l; part() as p; @r; shared p as q; add < @p | @q >;"
        );
        let once = format!("input {size}x{size}x16; {parts}");
        for policy in [KernelPolicy::Fastest, KernelPolicy::NoWinograd, KernelPolicy::Reference] {
            let (twice, once) = (plan(&twice, policy), plan(&once, policy));
            assert_eq!(twice.constant_bytes(), once.constant_bytes(), "{policy:?} {twice}");
            assert!(once.packed_by().iter().enumerate().all(|(index, &by)| index == by));
            let users = twice.packed_by().iter().enumerate().filter(|&(index, &by)| index != by).count();
            let packed = once.steps.iter().filter(|step| !step.constants.is_empty()).count();
            assert_eq!(users, packed, "{policy:?} {twice}");
            assert_eq!(twice.to_string().matches("(constants of step ").count(), packed);
        }
    }
}

/// A head over several levels: the larger are convolved with other tiles than the smaller, each kind packed once.
#[test]
fn each_form_of_shared_constants_is_packed_once() {
    let source = "input 64x64x32 as a; conv 3x3x32 same as head; maxpool 2/2; shared head as b; maxpool 2/2;
                  shared head as c; maxpool 2/2; shared head as d; maxpool 2/2; shared head as e";
    let plan = plan(source, KernelPolicy::Fastest);
    let convolutions = |step: &&cnnc::lower::Step| step.to_string().starts_with("conv ");
    let kinds: std::collections::BTreeSet<String> = plan
        .steps
        .iter()
        .filter(convolutions)
        .map(|step| step.to_string().split(" 3x3").next().unwrap().to_owned())
        .collect();
    let packed_by = plan.packed_by();
    let own = plan.steps.iter().zip(&packed_by).enumerate();
    let own = own.filter(|&(index, (step, &by))| index == by && convolutions(&step));
    assert_eq!(own.count(), kinds.len(), "{plan}");
    assert!(kinds.len() < 5, "{plan}");
}

/// What the program of this text prints.
fn printed(arguments: &[&str]) -> String {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_cnnc")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn an_edit_of_the_shared_part_shows_at_both_uses() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (old, new) = (
        file("old.cnn", TOWERS.to_owned()),
        file("new.cnn", TOWERS.replace("3x3x4 same relu", "5x5x4 same relu")),
    );
    let text = printed(&["diff", &old, &new, "--format", "json"]);
    let diff: serde_json::Value = serde_json::from_str(&text).unwrap();
    let changed = diff.to_string();
    assert!(changed.contains("t.conv1") && changed.contains("u.conv1"), "{text}");
    // 256 parameters once, and 9x9x4x16x4 products at each use.
    let table = printed(&["diff", &old, &new]);
    assert!(table.contains("+256 params, +41.5 k macs in 2 layers"), "{table}");
}

#[test]
fn the_second_use_is_drawn_dashed_with_the_name_of_the_first() {
    let whole = printed(&["graph", "-e", TOWERS]);
    assert!(whole.contains("weights of t.conv1\", style=\"rounded,dashed\""), "{whole}");
    let folded = printed(&["graph", "-e", TOWERS, "--depth", "1"]);
    assert!(folded.contains("\"u\\n3 operators, weights of t\""), "{folded}");
    assert!(folded.lines().any(|line| line.contains("weights of t") && line.contains("dashed")), "{folded}");
    let first = folded.lines().find(|line| line.contains("\"t\\n")).unwrap();
    assert!(first.contains("3 operators\"") && !first.contains("dashed"), "{folded}");
}

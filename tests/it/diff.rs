//! `cnnc diff`: layers are paired as a reader would, differences belong to the edits that caused them, gates
//! and revisions hold.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use cnnc::analysis::Metric;
use cnnc::diff::{ChangeView, DiffReport, MARKER, NetworkDiff, Side, html, markdown, table};
use cnnc::driver::{Options, Session};
use proptest::prelude::*;

const BASE: &str = "network net {
    input 32x32x3;
    conv 3x3x64 same relu;
    maxpool 2/2;
    conv 3x3x128 same bn relu;
    conv 3x3x128 same bn relu;
    avgpool global;
    flatten;
    dense 10 as head;
}
";

fn diff(old: &str, new: &str) -> NetworkDiff {
    let compile = |text: &str| {
        let session = Session::load(&(), "net.cnn", text.as_bytes().to_vec(), "net");
        let outcome = session.compile(&Options::default()).unwrap();
        (outcome.checked.unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics)), session)
    };
    let ((old, old_session), (new, new_session)) = (compile(old), compile(new));
    NetworkDiff::of(
        "net.cnn",
        Side { checked: &old, sources: old_session.sources() },
        Side { checked: &new, sources: new_session.sources() },
    )
}

fn kinds(diff: &NetworkDiff) -> Vec<(&str, &str)> {
    diff.layers.iter().map(|layer| (layer.kind.as_str(), layer.name.as_str())).collect()
}

fn total(diff: &NetworkDiff, metric: Metric) -> i128 {
    diff.totals.iter().find(|figure| figure.metric == metric).unwrap().change
}

/// What the edits, alone and together, say of a metric.
fn attributed(diff: &NetworkDiff) -> [i128; 3] {
    let sums = |change: &ChangeView| [change.params, change.macs, change.activation_bytes];
    let alone = diff.edits.iter().map(|edit| sums(&edit.change));
    let together = diff.together.iter().map(|one| sums(&one.change));
    alone.chain(together).fold([0; 3], |sum, one| [sum[0] + one[0], sum[1] + one[1], sum[2] + one[2]])
}

#[test]
fn a_network_does_not_differ_from_itself() {
    let same = diff(BASE, BASE);
    assert!(!same.changed && same.layers.is_empty() && same.edits.is_empty());
    assert!(same.totals.iter().all(|figure| figure.change == 0));
}

#[test]
fn an_edit_has_its_place_and_all_that_follows_from_it() {
    let wider = diff(BASE, &BASE.replace("3x3x64", "3x3x96"));
    let edits: Vec<String> =
        wider.edits.iter().map(|edit| format!("{} at {}:{}", edit.text, edit.file, edit.line)).collect();
    assert_eq!(edits, ["filters 64 → 96 at net.cnn:3"]);
    assert_eq!(
        kinds(&wider),
        [("changed", "conv1"), ("changed", "relu1"), ("changed", "maxpool1"), ("changed", "conv2")]
    );
    assert_eq!(wider.edits[0].change.params, 32 * 28 + 32 * 9 * 128);
    assert_eq!(wider.edits[0].change.params, total(&wider, Metric::Params));
    assert_eq!(wider.edits[0].change.macs, total(&wider, Metric::Macs));
}

#[test]
fn an_inserted_layer_is_one_insertion() {
    let new = BASE.replace("    avgpool", "    conv 1x1x128 bn relu;\n    avgpool");
    let new = new.replace("    maxpool", "    conv 3x3x64 same relu;\n    maxpool");
    let deeper = diff(BASE, &new);
    assert_eq!(
        kinds(&deeper),
        [("added", "conv2"), ("added", "relu2"), ("added", "conv5"), ("added", "bn3"), ("added", "relu5")]
    );
    assert_eq!(deeper.renumbered, 4, "two convolutions and two activations");
    let lines: Vec<u32> = deeper.edits.iter().map(|edit| edit.line).collect();
    assert_eq!(lines, [4, 8]);
    assert_eq!(attributed(&deeper)[0], total(&deeper, Metric::Params));
    let back = diff(&new, BASE);
    assert!(back.edits.iter().all(|edit| edit.kind == "removed"));
    assert_eq!(attributed(&back)[0], total(&back, Metric::Params));
    assert_eq!(total(&back, Metric::Params), -total(&deeper, Metric::Params));
}

#[test]
fn what_two_edits_cause_is_theirs_together() {
    let new = BASE.replace("3x3x64", "3x3x96").replacen("3x3x128", "3x3x160", 1);
    let both = diff(BASE, &new);
    assert_eq!(both.edits.len(), 2);
    assert_eq!(both.together.len(), 1, "the second convolution differs by both");
    assert_eq!(both.together[0].edits, [0, 1]);
    assert_eq!(attributed(&both)[0], total(&both, Metric::Params));
}

#[test]
fn an_edit_of_a_block_a_call_or_a_constant_is_found_where_it_was_made() {
    let old = "let width = 16;\nblock unit(c) {\n    conv 3x3x(c) same bn relu;\n}\nnetwork net {\n    input 32x32x3;\n    [unit(width) * 3] as a[];\n    unit(64);\n    conv 1x1x10;\n}\n";
    let place = |new: String| {
        let diff = diff(old, &new);
        assert_eq!(attributed(&diff)[0], total(&diff, Metric::Params));
        assert_eq!(diff.edits.len(), 1, "{:?}", diff.edits);
        let edit = &diff.edits[0];
        (edit.line, edit.text.clone(), edit.touched)
    };
    assert_eq!(place(old.replace("conv 3x3x(c)", "conv 5x5x(c)")), (3, "kernel 3 → 5".to_owned(), 4));
    assert_eq!(place(old.replace("unit(64)", "unit(80)")), (8, "filters 64 → 80".to_owned(), 1));
    assert_eq!(place(old.replace("width = 16", "width = 24")), (1, "filters 16 → 24".to_owned(), 3));
    let (line, text, touched) = place(old.replace("* 3", "* 4"));
    assert_eq!((line, touched), (7, 3), "{text}");
}

#[test]
fn the_shape_of_the_input_is_an_edit() {
    let larger = diff(BASE, &BASE.replace("32x32x3", "64x64x3"));
    assert_eq!(larger.edits[0].text, "shape 32x32x3 → 64x64x3");
    assert_eq!(larger.edits[0].change.macs, total(&larger, Metric::Macs));
    assert_eq!(larger.new_shapes.inputs, [[64, 64, 3]]);
}

proptest! {
    /// Whatever is inserted, widened and dropped: the edits account for the whole difference.
    #[test]
    fn edits_account_for_the_whole_difference(
        old in prop::collection::vec((1u64..5, 0usize..3), 1..8),
        new in prop::collection::vec((1u64..5, 0usize..3), 1..8),
    ) {
        let source = |layers: &[(u64, usize)]| {
            let layer = |&(filters, kind): &(u64, usize)| match kind {
                0 => format!("conv 3x3x{filters} same relu;\n"),
                1 => format!("conv 1x1x{filters} bn;\n"),
                _ => "maxpool 3/1 same;\n".to_owned(),
            };
            format!("input 8x8x2;\n{}conv 1x1x3;\n", layers.iter().map(layer).collect::<String>())
        };
        let found = diff(&source(&old), &source(&new));
        let totals = [Metric::Params, Metric::Macs, Metric::ActivationBytes].map(|metric| total(&found, metric));
        prop_assert_eq!(attributed(&found), totals);
    }
}

#[test]
fn a_comment_has_its_marker_and_its_limit() {
    let layers =
        |width: u64| -> String { (0..400).map(|_| format!("conv 3x3x{width} same bn relu;\n")).collect() };
    let source = |width| format!("input 8x8x3;\n{}", layers(width));
    let mut report = DiffReport::new("a", "b");
    report.networks.push(diff(&source(4), &source(5)));
    let text = markdown(&report);
    assert!(text.starts_with(MARKER));
    assert!(text.len() <= 60_000, "{} bytes", text.len());
    assert!(text.contains("| params |") && text.contains("</details>") && text.contains("more"));
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    for _ in 0..200 {
        report.networks.push(report.networks[0].clone());
    }
    let text = markdown(&report);
    assert!(text.len() <= 60_000, "{} bytes", text.len());
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    assert!(table(&report).contains("… and"));
}

fn cnnc(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cnnc"));
    command.args(arguments).current_dir(folder).env("NO_COLOR", "1").stdin(Stdio::null()).output().unwrap()
}

#[test]
fn gates_decide_the_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("old.cnn"), BASE).unwrap();
    std::fs::write(folder.path().join("new.cnn"), BASE.replace("3x3x64", "3x3x65")).unwrap();
    let code =
        |gate: &str| cnnc(folder.path(), &["diff", "old.cnn", "new.cnn", "--fail-on", gate]).status.code();
    assert_eq!(code("params>+2%"), Some(0));
    assert_eq!(code("params>+0.1%"), Some(1));
    assert_eq!(code("macs>+1"), Some(1));
    assert_eq!(code("macs>1"), Some(2));
    assert_eq!(cnnc(folder.path(), &["diff", "old.cnn", "no.cnn"]).status.code(), Some(3));
    let output = cnnc(folder.path(), &["diff", "old.cnn", "new.cnn", "--fail-on", "macs>+1"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("error[E0406]: `macs` of `net` is beyond the gate `macs>+1`"), "{said}");
}

#[test]
fn the_json_is_that_of_the_committed_schema() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("old/a.cnn", BASE),
        ("old/gone.cnn", "input 8x8x1; relu;"),
        ("new/a.cnn", BASE),
        ("new/here.cnn", "input 9x9x1; conv 3x3x2;"),
    ] {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(
            path,
            if name == "new/a.cnn" { text.replace("3x3x64", "5x5x64") } else { text.to_owned() },
        )
        .unwrap();
    }
    let output = cnnc(folder.path(), &["diff", "old", "new", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema/diff.schema.json");
    let schema: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(report["networks"][0]["file"], "a.cnn");
    assert_eq!(report["added"][0]["network"], "here");
    assert_eq!(report["removed"][0]["network"], "gone");
}

#[test]
fn a_version_with_errors_is_wrong_and_hides_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("old.cnn"), BASE).unwrap();
    let expects = BASE.replace("as head;", "as head;\n    expect params == 1;").replace("3x3x64", "3x3x96");
    std::fs::write(folder.path().join("expects.cnn"), expects).unwrap();
    std::fs::write(folder.path().join("wrong.cnn"), BASE.replace("maxpool", "maxpol")).unwrap();
    let output = cnnc(folder.path(), &["diff", "old.cnn", "expects.cnn"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains("filters 64 → 96 at expects.cnn:3"));
    assert!(String::from_utf8(output.stderr).unwrap().contains("error[E0401]"));
    let output = cnnc(folder.path(), &["diff", "old.cnn", "wrong.cnn"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("error[E0101]"));
    assert!(!String::from_utf8(output.stdout).unwrap().contains("removed"));
}

#[test]
fn the_page_has_both_versions_side_by_side() {
    let mut report = DiffReport::new("old & gone", "new");
    report.networks.push(diff(
        BASE,
        &BASE.replace("3x3x64", "3x3x96").replace("    avgpool", "    relu as extra;\n    avgpool"),
    ));
    let page = html(&report);
    assert!(page.contains("<h1>1 of 1 network changed</h1>") && page.contains("old &amp; gone"), "{page}");
    assert!(page.contains("<li>filters 64 → 96 at net.cnn:3"), "{page}");
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("<tr><td")).collect();
    assert_eq!(rows.len(), report.networks[0].layers.len(), "{page}");
    assert!(rows.iter().all(|row| row.matches("<td").count() == 9), "{page}");
    assert!(rows.iter().any(|row| row.starts_with("<tr><td></td>") && row.contains("extra")), "{page}");
    assert!(rows[0].contains("<td>conv1</td><td class=\"n\">32x32x64</td>"), "{page}");
    assert!(rows[0].contains("<td>conv1</td><td class=\"n\">32x32x96</td>"), "{page}");
    assert_eq!(page.matches("<section>").count(), page.matches("</section>").count());
}

//! `cnnc run`: which pictures it takes, what it shows of them, and which weights fit.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use ndarray::{ArrayD, array};

use cnnc::weights::{npy, safetensors};

/// Exit code, stdout and stderr.
pub(super) fn cnnc(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_cnnc"))
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn write_array(path: &Path, values: ArrayD<f32>) {
    npy::write_f32(&mut fs::File::create(path).unwrap(), values.view(), "a").unwrap();
}

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn pictures_are_named_behind_the_file_as_folders_and_as_patterns() {
    let root = Path::new(ROOT);
    let run = |inputs: &[&str]| {
        let common = ["run", "examples/digits/lenet5.cnn"];
        let weights = ["--weights", "examples/digits/lenet5.safetensors", "--top", "1", "--format", "csv"];
        let (code, out, said) = cnnc(root, &[&common[..], inputs, &weights].concat());
        assert_eq!(code, 0, "{inputs:?}: {said}");
        out
    };
    let folder = run(&["examples/digits/samples"]);
    assert!(folder.starts_with("input,output,rank,index,label,score\r\n"), "{folder}");
    let seven =
        folder.lines().find(|line| line.starts_with("examples/digits/samples/7.png,out,1,7,")).unwrap();
    assert_eq!(run(&["examples/digits/samples/*.png"]), folder);
    assert_eq!(run(&["--input", "examples/digits/samples"]), folder);
    assert_eq!(run(&["examples/digits/samples/7.png"]).lines().nth(1), Some(seven));
    let (code, _, said) = cnnc(root, &["run", "examples/digits/lenet5.cnn", "src", "--seed", "1"]);
    assert_eq!(code, 3);
    assert!(said.contains("names no pictures"), "{said}");
}

#[test]
fn classes_are_ranked_and_maps_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write_array(&path.join("a.npy"), array![[[1.0]], [[3.0]], [[2.0]]].into_dyn());
    let run =
        |text: &str, more: &[&str]| cnnc(path, &[&["run", "-e", text, "--input", "a.npy"], more].concat());
    let (code, out, _) = run("input 1x1x3; relu", &["--top", "2"]);
    assert_eq!((code, out.lines().count()), (0, 3));
    assert!(out.lines().nth(1).unwrap().ends_with("  1"), "{out}");
    write_array(&path.join("a.npy"), ArrayD::zeros(vec![3, 2, 2]));
    let (code, _, said) = run("input 2x2x3; relu", &["--top", "2"]);
    assert_eq!(code, 2);
    assert!(said.contains("`flatten`"), "{said}");
    assert_eq!(run("input 2x2x3; relu", &[]).0, 0);
}

#[test]
fn values_that_are_no_numbers_are_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    write_array(&folder.path().join("a.npy"), array![1.0, f32::NAN].into_dyn());
    let (code, _, said) = cnnc(folder.path(), &["run", "-e", "input 2; relu", "--input", "a.npy"]);
    assert_eq!(code, 0);
    assert!(said.contains("warning: `out` has 1 element of 2 that are NaN or infinite"), "{said}");
}

#[test]
fn what_a_broken_expectation_speaks_of_is_shown_first() {
    let folder = tempfile::tempdir().unwrap();
    let text = "input 8x8x1; conv 3x3x2; expect params == 1";
    let shown: [(&[&str], &str); 4] = [
        (&["report", "-e", text, "--format", "csv"], "conv1,"),
        (&["graph", "-e", text], "digraph"),
        (&["weights", "-e", text], "conv1.weight"),
        (&["dump", "-e", text, "--after", "lower"], "conv1"),
    ];
    for (arguments, part) in shown {
        let (code, out, said) = cnnc(folder.path(), arguments);
        assert_eq!(code, 1, "{arguments:?}");
        assert!(out.contains(part), "{arguments:?}: {out}");
        assert!(said.contains("error[E0401]"), "{arguments:?}: {said}");
    }
}

#[test]
fn another_input_size_keeps_the_channels() {
    let folder = tempfile::tempdir().unwrap();
    let shape = |size: &str| {
        let text = "input 8x8x3; relu";
        let (code, out, said) =
            cnnc(folder.path(), &["report", "-e", text, "--input-size", size, "--format", "json"]);
        assert_eq!(code, 0, "{said}");
        let report: serde_json::Value = serde_json::from_str(&out).unwrap();
        report["layers"][0]["shape"].to_string()
    };
    assert_eq!(shape("16"), "[16,16,3]");
    assert_eq!(shape("16x20"), "[16,20,3]");
    assert_eq!(shape("16x20x1"), "[16,20,1]");
}

#[test]
fn the_length_of_a_flattened_map_is_open_under_another_input_size() {
    let folder = tempfile::tempdir().unwrap();
    let report = |text: &str| {
        let arguments = ["report", "-e", text, "--input-size", "16", "--format", "json"];
        let (code, out, said) = cnnc(folder.path(), &arguments);
        (code, serde_json::from_str::<serde_json::Value>(&out).ok(), said)
    };
    let (code, found, said) = report("input 8x8x3; flatten -> 192; relu -> 192; dense 5 -> 5");
    assert_eq!(code, 0, "{said}");
    assert_eq!(found.unwrap()["totals"]["params"], 16 * 16 * 3 * 5 + 5);
    let (code, _, said) = report("input 8x8x3; flatten -> 192; dense 5 -> 6");
    assert!(code == 1 && said.contains("error[E0301]: the shape is 5, not 6"), "{said}");
}

#[test]
fn weights_of_another_number_of_classes_name_the_setting() {
    let folder = tempfile::tempdir().unwrap();
    let text =
        "network net(classes = 10, width = 4) { input 4x4x3; conv 1x1x(width); flatten; dense (classes); }";
    std::fs::write(folder.path().join("net.cnn"), text).unwrap();
    let made = ["weights", "net.cnn", "--set", "classes=7", "--seed", "1", "-o", "w.safetensors"];
    assert_eq!(cnnc(folder.path(), &made).0, 0);
    let (code, _, said) = cnnc(folder.path(), &["weights", "net.cnn", "--against", "w.safetensors"]);
    assert_eq!(code, 3);
    assert!(said.contains("help: with `--set classes=7` the file fits"), "{said}");
    let other = ["weights", "net.cnn", "--set", "width=5", "--against", "w.safetensors"];
    let (_, _, said) = cnnc(folder.path(), &other);
    assert!(!said.contains("--set"), "no single setting helps: {said}");
}

#[test]
fn prefixes_surplus_and_missing_tensors_have_their_options() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write_array(&path.join("a.npy"), array![[[2.0]]].into_dyn());
    let write = |name: &str, keys: &[&str]| {
        let tensors: Vec<(String, Vec<usize>)> = keys
            .iter()
            .map(|key| ((*key).to_owned(), if key.ends_with("weight") { vec![1, 1, 1, 1] } else { vec![1] }))
            .collect();
        let value = |index: usize| ArrayD::from_elem(tensors[index].1.clone(), 3.0);
        safetensors::write(&mut fs::File::create(path.join(name)).unwrap(), name, &tensors, value).unwrap();
    };
    write("prefixed.safetensors", &["module.conv1.weight", "module.conv1.bias"]);
    write("surplus.safetensors", &["conv1.weight", "conv1.bias", "head.bias"]);
    write("lacking.safetensors", &["conv1.weight"]);
    let run = |file: &str, more: &[&str]| {
        let common = ["run", "-e", "input 1x1x1; conv 1x1x1", "--input", "a.npy", "--weights", file];
        cnnc(path, &[&common[..], more].concat())
    };
    let cases: [(&str, &str, &[&str]); 3] = [
        ("prefixed.safetensors", "`--weights-prefix module.`", &["--weights-prefix", "module."]),
        ("surplus.safetensors", "`--ignore-unused`", &["--ignore-unused"]),
        ("lacking.safetensors", "`--seed N` beside `--weights`", &["--seed", "0"]),
    ];
    for (file, help, options) in cases {
        let (code, _, said) = run(file, &[]);
        assert_eq!(code, 3, "{file}");
        assert!(said.contains(help), "{said}");
        let (code, out, said) = run(file, options);
        assert_eq!(code, 0, "{file}: {said}");
        if file != "lacking.safetensors" {
            assert!(out.contains("9.0"), "2 · 3 + 3 is 9: {out}");
        }
    }
    assert!(
        run("surplus.safetensors", &["--ignore-unused"])
            .2
            .contains("note: `surplus.safetensors` has 1 tensor")
    );
    assert!(run("lacking.safetensors", &["--seed", "0"]).2.contains("`conv1.bias`"));
}

#[test]
fn the_guide_and_the_manual_come_from_the_binary() {
    let folder = tempfile::tempdir().unwrap();
    let guide = cnnc(folder.path(), &["guide"]).1;
    let branches = cnnc(folder.path(), &["guide", "branches"]).1;
    assert!(branches.starts_with("## Branches") && guide.contains(&branches));
    let (code, _, said) = cnnc(folder.path(), &["guide", "branchs"]);
    assert_eq!(code, 2);
    assert!(said.contains("did you mean `Branches`?"), "{said}");
    let page = cnnc(folder.path(), &["man", "report"]).1;
    assert!(page.contains(".TH cnnc-report 1") && page.contains("\\-\\-columns"), "{page}");
}

//! The contract with scripts: exit codes, streams, JSON, files.

use std::process::{Command, Output, Stdio};

fn cnnc(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cnnc"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn exit_codes_tell_model_usage_and_environment_apart() {
    let cases: [(&[&str], i32); 12] = [
        (&["check", "zoo:vgg16"], 0),
        (&["check", "-e", "input 8x8x1; cnov 3x3x4"], 1),
        (&["check", "-e", "input 8x8x1; conv 3x3x4; expect params == 1"], 1),
        (&["report", "zoo:vgg16", "--sort", "parms"], 2),
        (&["report", "examples/zoo/inception_naive.cnn"], 2),
        (&["report", "zoo:resnet51"], 2),
        (&["reprot", "x"], 2),
        (&["report", "--set", "x", "-e", "input 8x8x1; relu"], 2),
        (&["check", "no/such/file.cnn"], 3),
        (&["run", "examples/digits/lenet5.cnn", "--input", "examples/digits/samples/7.png"], 3),
        (
            &[
                "run",
                "examples/digits/lenet5.cnn",
                "--weights",
                "README.md",
                "--input",
                "examples/digits/samples/7.png",
            ],
            3,
        ),
        (&["explain", "E9999"], 2),
    ];
    for (arguments, expected) in cases {
        let output = cnnc(arguments);
        assert_eq!(code(&output), expected, "{arguments:?}: {}", text(&output.stderr));
        if expected != 0 {
            assert!(output.stdout.is_empty(), "{arguments:?} writes to stdout: {}", text(&output.stdout));
            assert!(!output.stderr.is_empty(), "{arguments:?} says nothing");
        }
    }
}

#[test]
fn mistyped_words_get_suggestions() {
    let cases: [(&[&str], &str); 6] = [
        (&["report", "zoo:vgg16", "--sort", "parms"], "`params`"),
        (&["report", "examples/zoo/resnet.cnn", "--network", "resnet5"], "`resnet50`"),
        (&["report", "zoo:resnet5"], "`resnet50`"),
        (&["zoo", "alexnett"], "`alexnet`"),
        (&["reprot", "x"], "report"),
        (&["ops", "cnov"], "`conv`"),
    ];
    for (arguments, suggestion) in cases {
        let said = text(&cnnc(arguments).stderr);
        assert!(said.contains(suggestion), "{arguments:?}: {said}");
    }
}

#[test]
fn three_mistakes_give_three_errors_at_their_places() {
    let source = "input 28x28x1;\nconv 5x5x16 smae -> 28x28x16;\nmaxpool 2/2 -> 14x14x15;\ncnov 3x3x8;\n";
    let output = cnnc(&["check", "--format", "json", "-e", source]);
    assert_eq!(code(&output), 1);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let places: Vec<(&str, u64)> = report["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["code"].as_str().unwrap(), one["line"].as_u64().unwrap()))
        .collect();
    assert_eq!(places, [("E0201", 2), ("E0301", 3), ("E0101", 4)]);
}

#[test]
fn the_report_has_the_promised_fields() {
    let output = cnnc(&["report", "zoo:resnet50", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for field in [
        "schema_version",
        "cost_model",
        "network",
        "inputs",
        "outputs",
        "layers",
        "totals",
        "totals_train_only",
    ] {
        assert!(!report[field].is_null(), "{field}");
    }
    let layers = report["layers"].as_array().unwrap();
    let fields = [
        "name",
        "op",
        "inputs",
        "shape",
        "params",
        "frozen",
        "state",
        "macs",
        "macs_useful",
        "flops",
        "weight_bytes",
        "activation_bytes",
        "receptive_field",
        "train_only",
        "source",
    ];
    for layer in layers {
        for field in fields {
            assert!(!layer[field].is_null(), "{field} of {layer}");
        }
    }
    for metric in ["params", "state", "macs", "macs_useful", "weight_bytes", "activation_bytes"] {
        let sum: u64 = layers.iter().map(|layer| layer[metric].as_u64().unwrap()).sum();
        assert_eq!(report["totals"][metric].as_u64().unwrap(), sum, "{metric}");
    }
    assert_eq!(report["totals"]["depth"], 50);
}

#[test]
fn a_closed_pipe_is_quiet() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cnnc"))
        .args(["dump", "zoo:resnet50", "--after", "parse"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn seeded_weights_are_written_whole_and_fit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seeded.safetensors");
    let path = path.to_str().unwrap();
    assert_eq!(code(&cnnc(&["weights", "examples/digits/lenet5.cnn", "--seed", "3", "--output", path])), 0);
    assert_eq!(code(&cnnc(&["weights", "examples/digits/lenet5.cnn", "--against", path])), 0);
    let wrong = cnnc(&["weights", "zoo:alexnet", "--against", path]);
    assert_eq!(code(&wrong), 3);
    assert!(text(&wrong.stderr).contains("E0601"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn reports_do_not_depend_on_the_folder() {
    let here = cnnc(&["report", "-e", "input 8x8x3; conv 3x3x4 same relu * 3"]);
    let there = Command::new(env!("CARGO_BIN_EXE_cnnc"))
        .args(["report", "-e", "input 8x8x3; conv 3x3x4 same relu * 3"])
        .current_dir(std::env::temp_dir())
        .env("LANG", "de_DE.UTF-8")
        .output()
        .unwrap();
    assert_eq!(here.stdout, there.stdout);
}

#[test]
fn csv_has_digits_only_whatever_else_is_asked_for() {
    for more in [&["--exact"][..], &["--depth", "1"], &["--depth", "1", "--exact"], &[]] {
        let columns = ["report", "zoo:vgg16", "--format", "csv", "--columns", "name,params,macs"];
        let output = cnnc(&[&columns[..], more].concat());
        let text = text(&output.stdout);
        let mut params = 0;
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            params += fields[1].parse::<u64>().unwrap();
            fields[2].parse::<u64>().unwrap();
        }
        assert_eq!(params, 138_357_544, "{more:?}");
    }
}

#[test]
fn a_chosen_network_without_its_arguments_names_them() {
    let output = cnnc(&["report", "examples/zoo/resnet.cnn", "--network", "resnet", "--set", "n2=1"]);
    assert_eq!(code(&output), 2);
    let said = text(&output.stderr);
    assert!(said.contains("n1, n3, n4, published") && said.contains("--set n1=…"), "{said}");
    let all = ["n1=3", "n2=4", "n3=6", "n4=3", "published=25557032"].map(|value| format!("--set={value}"));
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let output = cnnc(&[&["report", "examples/zoo/resnet.cnn", "--network", "resnet"], &all[..]].concat());
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
}

#[test]
fn settings_get_suggestions() {
    let output = cnnc(&["report", "zoo:vgg16", "--set", "clases=10"]);
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("did you mean `classes`?"), "{}", text(&output.stderr));
}

#[test]
fn a_file_that_cannot_be_written_is_named_as_it_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing/seeded.npz");
    let path = path.to_str().unwrap();
    let output = cnnc(&["weights", "examples/digits/lenet5.cnn", "--seed", "3", "--output", path]);
    assert_eq!(code(&output), 3);
    assert_eq!(
        text(&output.stderr).trim_end(),
        format!("error[E0609]: cannot write `{path}`: its folder does not exist")
    );
}

#[test]
fn help_shows_examples_that_work() {
    let commands =
        ["check", "report", "run", "weights", "graph", "dump", "explain", "ops", "zoo", "diff", "init"];
    for command in commands {
        let help = text(&cnnc(&[command, "--help"]).stdout).replace("\\\n", "");
        let examples: Vec<&str> = help.lines().filter_map(|line| line.trim().strip_prefix("cnnc ")).collect();
        assert_eq!(examples.len(), 2, "{command}: {help}");
        for example in examples {
            // The quotes of the examples are plain: everything between two belongs to one argument.
            let mut arguments: Vec<String> = Vec::new();
            for (index, part) in example.split('\'').enumerate() {
                if index % 2 == 1 {
                    arguments.push(part.to_owned());
                } else {
                    arguments.extend(part.split_whitespace().map(str::to_owned));
                }
            }
            let folder = tempfile::tempdir().unwrap();
            let target = folder.path().join("seeded.safetensors");
            for argument in &mut arguments {
                if argument.starts_with("/tmp/") {
                    *argument = target.to_str().unwrap().to_owned();
                }
            }
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let redirected = arguments.iter().position(|argument| *argument == ">" || *argument == "|");
            let output = cnnc(&arguments[..redirected.unwrap_or(arguments.len())]);
            assert_eq!(code(&output), 0, "cnnc {example}: {}", text(&output.stderr));
        }
    }
}

#[test]
fn an_archive_of_outputs_holds_no_dumps_and_a_batch_no_more_than_the_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let output = cnnc(&[
        "run",
        "examples/digits/lenet5.cnn",
        "--seed",
        "1",
        "--input",
        "examples/digits/samples/7.png",
        "--batch",
        "65535",
        "--max-memory",
        "1MiB",
        "--dump",
        "conv1",
        &path("values"),
        "--output",
        &path("all.npz"),
    ]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let archive = zip::ZipArchive::new(std::fs::File::open(path("all.npz")).unwrap()).unwrap();
    assert_eq!(archive.file_names().map(Result::unwrap).collect::<Vec<_>>(), ["out.npy"]);
    assert!(std::fs::exists(path("values/conv1.npy")).unwrap());
}

#[test]
fn arrays_with_their_axes_in_the_other_order_are_told_the_option() {
    let array = |layout: &str| {
        cnnc(&[
            "run",
            "examples/digits/lenet5.cnn",
            "--seed",
            "1",
            "--input",
            "examples/digits/held_out.npy",
            "--layout",
            layout,
        ])
    };
    assert_eq!(code(&array("nchw")), 0);
    let refused = array("nhwc");
    assert_eq!(code(&refused), 3);
    assert!(text(&refused.stderr).contains("`--layout nchw`"), "{}", text(&refused.stderr));
}

/// A new folder for the files of one test.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_text_that_is_not_utf8_is_a_wrong_model_for_every_command() {
    let folder = folder();
    let path = folder.path().join("latin1.cnn");
    std::fs::write(&path, b"input 8x8x1; # \xe9\nrelu;").unwrap();
    for command in ["check", "report", "graph", "weights"] {
        let output = cnnc(&[command, path.to_str().unwrap()]);
        assert_eq!(code(&output), 1, "{command}");
        assert!(text(&output.stderr).contains("E0014"), "{command}: {}", text(&output.stderr));
    }
}

#[test]
fn sizes_beyond_64_bits_are_counted() {
    let output = cnnc(&["weights", "-e", "input 16777216; dense 16777216 * 70000"]);
    let last = text(&output.stdout).lines().last().unwrap().to_owned();
    assert_eq!(last, "140000 tensors, 19 703 249 544 151 040 000 elements");
    let output = cnnc(&["check", "-e", "input 8x8x1; relu -> 4294967296x4294967296x4294967296"]);
    assert_eq!(code(&output), 1);
}

#[test]
fn tensors_that_no_memory_holds_are_refused_and_the_old_file_is_kept() {
    let folder = folder();
    let path = folder.path().join("w.npz");
    std::fs::write(&path, "old").unwrap();
    let path = path.to_str().unwrap();
    let output = cnnc(&["weights", "-e", "input 16777216; dense 16777216", "--seed", "1", "--output", path]);
    assert_eq!(code(&output), 3);
    assert!(text(&output.stderr).starts_with("error[E0607]: the tensor `dense1.weight` has "));
    assert_eq!(std::fs::read(path).unwrap(), b"old");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// Returns whether programs that this one starts ignore a signal: a shell lets its background jobs ignore SIGINT.
#[cfg(unix)]
fn is_ignored(signal: u32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_no_unfinished_file() {
    let folder = folder();
    let path = folder.path().join("w.safetensors");
    std::fs::write(&path, "old").unwrap();
    let network = "input 1024; dense 1024 * 4000";
    for (signal, number) in [("INT", 2), ("TERM", 15)] {
        if is_ignored(number) {
            continue;
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_cnnc"))
            .args(["weights", "-e", network, "--seed", "1", "--output", path.to_str().unwrap()])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while std::fs::read_dir(folder.path()).unwrap().count() < 2 {
            assert!(child.try_wait().unwrap().is_none(), "it ended before a file was begun");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
        assert_eq!(child.wait().unwrap().code(), None, "it ends by the signal");
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "after {signal}");
    }
}

#[cfg(unix)]
#[test]
fn links_out_of_the_folder_are_not_read() {
    let folder = folder();
    let inner = folder.path().join("inner");
    std::fs::create_dir(&inner).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("secret.cnn", "secret words");
    write("block.cnn", "block b { relu }");
    write("inner/own.cnn", "block b { relu }");
    for (link, target) in [("out.cnn", "../block.cnn"), ("in.cnn", "own.cnn"), ("bad.cnn", "../secret.cnn")] {
        std::os::unix::fs::symlink(target, inner.join(link)).unwrap();
    }
    let main = |used: &str| {
        write("inner/main.cnn", &format!("use \"{used}\"; network n {{ input 8x8x1; b(); }}"));
        cnnc(&["check", inner.join("main.cnn").to_str().unwrap()])
    };
    assert_eq!(code(&main("in.cnn")), 0);
    let output = main("out.cnn");
    assert_eq!(code(&output), 1);
    assert!(text(&output.stderr).contains("a link leads out of the folder"), "{}", text(&output.stderr));
    write("inner/main.cnn", "network n { input 8x8x1; relu }");
    let output = cnnc(&["check", inner.to_str().unwrap()]);
    assert_eq!((code(&output), text(&output.stderr).as_str()), (0, ""));
}

#[test]
fn seeds_and_members_of_a_family_are_explained() {
    for arguments in [
        &["run", "zoo:lenet5", "--seed", "-1", "--input", "x.npy"][..],
        &["weights", "zoo:lenet5", "--seed", "1.5", "--output", "x.npz"],
    ] {
        let output = cnnc(arguments);
        assert_eq!(code(&output), 2);
        let said = text(&output.stderr);
        assert!(said.contains("a seed is a whole number from 0 to 18446744073709551615"), "{said}");
    }
    let output = cnnc(&["zoo", "resnet50"]);
    assert_eq!(code(&output), 0);
    assert!(!text(&output.stdout).contains("resnet18"), "{}", text(&output.stdout));
    assert_eq!(text(&cnnc(&["zoo", "resnet"]).stderr), "");
}

#[cfg(target_os = "linux")]
#[test]
fn help_that_cannot_be_written_is_an_error() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let status =
        Command::new(env!("CARGO_BIN_EXE_cnnc")).arg("--help").stdout(full).stderr(Stdio::null()).status();
    assert_eq!(status.unwrap().code(), Some(3));
}

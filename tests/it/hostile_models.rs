//! Hostile ONNX models: lengths that lie, names from elsewhere, files beside the model, long series.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use cnnc::import::{ImportOptions, Imported, Storage, import};

use super::predictions::cnnc;

const EVIL: &str = "a\n::error::pwn\n\u{1b}[2J\"`'\\ {x}\u{202e}</script><img src=x>\"\"\"";

pub(crate) fn number(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 127 {
        bytes.push(value as u8 | 128);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

pub(crate) fn integer(field: u64, value: u64) -> Vec<u8> {
    [number(field << 3), number(value)].concat()
}

pub(crate) fn message(field: u64, bytes: &[u8]) -> Vec<u8> {
    [number(field << 3 | 2), number(bytes.len() as u64), bytes.to_vec()].concat()
}

pub(crate) fn text(field: u64, text: &str) -> Vec<u8> {
    message(field, text.as_bytes())
}

fn node(kind: &str, name: &str, inputs: &[&str], output: &str) -> Vec<u8> {
    let inputs: Vec<u8> = inputs.iter().flat_map(|input| text(1, input)).collect();
    message(1, &[inputs, text(2, output), text(3, name), text(4, kind)].concat())
}

/// A value of 1x3x8x8.
fn port(field: u64, name: &str) -> Vec<u8> {
    let dims: Vec<u8> = [1, 3, 8, 8].iter().flat_map(|&dim| message(1, &integer(1, dim))).collect();
    let tensor = [integer(1, 1), message(2, &dims)].concat();
    message(field, &[text(1, name), message(2, &message(1, &tensor))].concat())
}

/// A model of operator set 17 with these parts of its graph.
fn model(parts: &[Vec<u8>]) -> Vec<u8> {
    [integer(1, 8), message(7, &parts.concat()), message(8, &integer(2, 17))].concat()
}

/// A model with an open input, whose last node is none of the language.
pub(crate) fn detector() -> Vec<u8> {
    let dims = [text(2, "batch"), integer(1, 3), text(2, "height"), text(2, "width")];
    let dims: Vec<u8> = dims.iter().flat_map(|dim| message(1, dim)).collect();
    let tensor = [integer(1, 1), message(2, &dims)].concat();
    let images = message(11, &[text(1, "images"), message(2, &message(1, &tensor))].concat());
    let last = node("NonZero", "/model.22/NonZero", &["/model.22/Concat_output_0"], "output0");
    let first = node("Relu", "/model.22/Relu", &["images"], "/model.22/Concat_output_0");
    model(&[first, last, images, port(12, "output0")])
}

struct Nothing;

impl Storage for Nothing {
    fn read(&self, _: Option<&str>, _: u64, _: u64) -> std::io::Result<Vec<u8>> {
        Err(std::io::Error::other("there is nothing"))
    }
}

fn imported(bytes: Vec<u8>) -> Result<Imported, String> {
    let options = ImportOptions { name: "n".to_owned(), ..ImportOptions::default() };
    import(std::io::Cursor::new(bytes), "n.onnx", &options, &Nothing).map_err(|failure| failure.to_string())
}

#[test]
fn lengths_that_lie_are_refused() {
    for length in [10, 1 << 31, 1 << 40, 1 << 62, u64::MAX] {
        let bytes = [number(7 << 3 | 2), number(length), b"abc".to_vec()].concat();
        let said = imported(bytes).err().unwrap();
        assert!(said.contains("E0802") && said.contains("beyond the end"), "{said}");
    }
    for bytes in [vec![], vec![255; 64], vec![0x3a], vec![0x3a, 0x80]] {
        assert!(imported(bytes.clone()).err().unwrap().contains("E0802"), "{bytes:?}");
    }
}

#[test]
fn a_circle_a_missing_value_and_a_value_made_twice_are_refused() {
    let (x, y) = (port(11, "x"), port(12, "y"));
    let circle = [node("Add", "", &["x", "y"], "a"), node("Relu", "", &["a"], "y"), x.clone(), y.clone()];
    assert!(imported(model(&circle)).err().unwrap().contains("its input `y` is made by nobody before it"));
    let missing = [node("Relu", "", &["z"], "y"), x.clone(), y.clone()];
    assert!(imported(model(&missing)).err().unwrap().contains("its input `z` is made by nobody before it"));
    let two = [node("Relu", "", &["x"], "y"), x.clone(), x.clone(), y.clone()];
    assert!(imported(model(&two)).err().unwrap().contains("two inputs have one name"));
    let twice = [node("Relu", "", &["x"], "y"), node("Tanh", "", &["x"], "y"), x, y];
    assert!(imported(model(&twice)).err().unwrap().contains("two nodes make the same value"));
}

#[test]
fn constants_of_nodes_without_inputs_are_refused() {
    let kinds = [
        "Exp",
        "Sqrt",
        "Clip",
        "Cast",
        "Concat",
        "Where",
        "Transpose",
        "Reshape",
        "Slice",
        "Expand",
        "Gather",
    ];
    for kind in kinds.into_iter().chain(["Add", "Pow", "ReduceMean", "Identity", "BatchNormalization"]) {
        let sum = node("Add", "", &["x", "c"], "y");
        let parts = [node(kind, "", &[], "c"), sum, port(11, "x"), port(12, "y")];
        let said = imported(model(&parts)).err().unwrap();
        assert!(said.contains("E0801") && said.contains(kind), "{kind}: {said}");
    }
}

#[test]
fn an_output_that_is_listed_twice_is_one() {
    for name in ["out", "y"] {
        let last = node("Tanh", "", &["v"], name);
        let parts = [node("Relu", "", &["x"], "v"), last, port(11, "x"), port(12, name), port(12, name)];
        let text = imported(model(&parts)).unwrap().text;
        assert!(text.contains("relu tanh") && !text.contains("aux"), "{text}");
    }
}

#[test]
fn long_series_are_written_in_lines_of_their_own() {
    let names: Vec<String> = (0..1001).map(|index| format!("v{index}")).collect();
    let mut parts: Vec<Vec<u8>> =
        names.windows(2).map(|pair| node("Abs", "", &[&pair[0]], &pair[1])).collect();
    parts.extend([port(11, "v0"), port(12, "v1000")]);
    let text = imported(model(&parts)).unwrap().text;
    assert!(text.contains(" abs * 30;\n"), "{text}");
}

#[test]
fn more_nodes_than_a_network_may_have_are_refused_before_they_are_written() {
    let names: Vec<String> = (0..=100_000).map(|index| format!("v{index}")).collect();
    let mut parts: Vec<Vec<u8>> =
        names.windows(2).map(|pair| node("Abs", "", &[&pair[0]], &pair[1])).collect();
    parts.extend([port(11, "v0"), port(12, "v100000")]);
    let said = imported(model(&parts)).err().unwrap();
    assert!(said.contains("E0801") && said.contains("100001 nodes"), "{said}");
}

#[test]
fn names_of_a_model_stay_text_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let name = |part: &str| format!("{EVIL}{part}");
    let parts = [
        node("Relu", &name("1"), &[&name("in")], &name("v")),
        node("Tanh", &name("2"), &[&name("v")], &name("out")),
        node("Abs", &name("3"), &[&name("v")], &name("also")),
        port(11, &name("in")),
        port(12, &name("out")),
        port(12, &name("also")),
    ];
    fs::write(path.join("n.onnx"), model(&parts)).unwrap();
    let unknown = [node(&name(""), &name("4"), &[&name("in")], "y"), port(11, &name("in")), port(12, "y")];
    fs::write(path.join("u.onnx"), model(&unknown)).unwrap();
    for arguments in [
        &["import", "n.onnx"][..],
        &["import", "u.onnx"],
        &["import", "n.onnx", "--output", "none"],
        &["import", "n.onnx", "--output", EVIL],
        &["import", "n.onnx", "--input", EVIL],
        &["import", "n.onnx", "--name", EVIL],
        &["report", "n.onnx"],
        &["report", "n.onnx", "--format", "markdown"],
        &["report", "n.onnx", "--format", "csv"],
        &["report", "n.onnx", "--format", "latex"],
        &["report", "n.onnx", "--dialects"],
        &["graph", "n.onnx"],
        &["graph", "n.onnx", "--format", "mermaid"],
        &["graph", "n.onnx", "--format", "svg"],
        &["dump", "n.onnx", "--after", "lower"],
        &["diff", "n.onnx", "zoo:lenet5", "--format", "markdown"],
        &["export", "n.onnx", "--to", "pytorch"],
    ] {
        let (code, out, err) = cnnc(path, arguments);
        assert!(code <= 3, "{arguments:?}: {err}");
        for text in [&out, &err] {
            assert!(!text.lines().any(|line| line.starts_with("::error::pwn")), "{arguments:?}: {text}");
            assert!(!text.contains(['\u{1b}', '\u{202e}']), "{arguments:?}: {text:?}");
        }
        if arguments.contains(&"svg") {
            assert!(!out.contains("<img") && !out.contains("</script>"), "{out}");
        }
    }
}

/// Names that would end a text of Python, or begin a line of it.
#[test]
fn names_stay_text_in_python() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let text = "## A \"\"\" doc \\\nnetwork n { input 8x8x3 as \"in\\\"\\\"\\\"put'\"; conv 3x3x4 same as \"import os; os.system('x')\"; aux < relu > as \"class\"; }";
    fs::write(path.join("n.cnn"), text).unwrap();
    let (code, python, said) = cnnc(path, &["export", "n.cnn", "--to", "pytorch"]);
    assert!(code < 2, "{said}");
    assert!(!python.lines().any(|line| line.trim_start().starts_with("import os")), "{python}");
}

#[cfg(unix)]
#[test]
fn files_beside_a_model_are_regular_and_stay_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let model_of = |place: &str| {
        let entry = |key: &str, value: &str| message(13, &[text(1, key), text(2, value)].concat());
        let dims: Vec<u8> = [4, 3, 1, 1].iter().flat_map(|&dim| integer(1, dim)).collect();
        let place = [entry("location", place), entry("offset", "0"), entry("length", "48")].concat();
        let tensor = message(5, &[dims, integer(2, 1), text(8, "w"), place, integer(14, 1)].concat());
        model(&[node("Conv", "", &["x", "w"], "y"), port(11, "x"), port(12, "y"), tensor])
    };
    assert!(Command::new("mkfifo").arg(path.join("pipe")).status().unwrap().success());
    std::os::unix::fs::symlink("/dev/zero", path.join("zero")).unwrap();
    for (place, why) in [
        ("pipe", "no regular file"),
        ("zero", "not in or below the folder"),
        ("../n.onnx", "No such file"),
        ("/etc/passwd", "not in or below the folder"),
        (".", "it is a folder"),
    ] {
        fs::write(path.join("n.onnx"), model_of(place)).unwrap();
        let (code, _, said) = cnnc(path, &["import", "n.onnx", "-o", "o.cnn"]);
        assert_eq!(code, 3, "{place}: {said}");
        assert!(said.contains(why) && !path.join("o.cnn").exists(), "{place}: {said}");
    }
    // The weights that a model reads are no output.
    fs::write(path.join("w.safetensors"), [0; 48]).unwrap();
    fs::write(path.join("n.onnx"), model_of("w.safetensors")).unwrap();
    let (code, _, said) = cnnc(path, &["import", "n.onnx", "--weights", "w.safetensors"]);
    assert_eq!(code, 2, "{said}");
    assert_eq!(fs::read(path.join("w.safetensors")).unwrap(), [0; 48]);
}

/// What never ends, and headers of the protocol that lie.
#[cfg(feature = "lsp")]
#[test]
fn the_language_server_ends_on_what_is_no_message() {
    for input in [
        &b"Content-Length: 99999999999999999999\r\n\r\n{}"[..],
        b"Content-Length: 4294967296\r\n\r\n{}",
        b"Content-Length: -1\r\n\r\n{}",
        b"Content-Length: 2\r\n\r\n{]",
        b"\r\n\r\n",
        b"Content-Length: 10\r\n\r\n",
        &[b'x'; 100_000],
        b"",
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cnnc"))
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The server may have left before all of it is written.
        let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), input);
        let mut waited = 0;
        let code = loop {
            match child.try_wait().unwrap() {
                Some(status) => break status.code(),
                None if waited == 600 => {
                    panic!("it does not end: {:?}", String::from_utf8_lossy(&input[..20]))
                }
                None => waited += 1,
            }
            std::thread::sleep(Duration::from_millis(100));
        };
        assert_eq!(code, Some(1), "{:?}", String::from_utf8_lossy(&input[..input.len().min(60)]));
    }
}

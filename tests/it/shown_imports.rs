//! What README and `docs/from-pytorch.md` show of `cnnc import` is what it prints. The graphs are written by
//! `tests/interop/graphs.py`, without weights.

use std::fs;
use std::path::Path;

use super::predictions::cnnc;

/// The text of the first block of a page that begins with these lines.
fn shown(page: &str, beginning: &str) -> String {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
    let (_, rest) = text.split_once(&format!("```text\n{beginning}")).unwrap_or_else(|| panic!("{page}"));
    rest.split("```").next().unwrap().to_owned()
}

#[test]
fn what_is_shown_of_an_import_is_what_it_prints() {
    let graphs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/graphs");
    for (model, page, beginning) in [
        ("resnet50.onnx", "README.md", "$ cnnc import resnet50.onnx -o resnet50.cnn\n$ cat resnet50.cnn\n"),
        ("resnet18.onnx", "docs/from-pytorch.md", "$ cnnc import resnet18.onnx\n"),
    ] {
        let (code, text, said) = cnnc(&graphs, &["import", model]);
        assert_eq!((code, said.as_str()), (0, ""), "{model}");
        assert_eq!(text, shown(page, beginning), "{page} shows another text of {model}");
    }
}

//! Recognises files of other kinds that are given as a program, such as pictures or weights, and says where they
//! belong.

/// The number of lines in which signs of another format are looked for.
const LINES_READ: usize = 200;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Foreign {
    /// The kind of text, with an article.
    pub(super) what: &'static str,
    /// What to do with it.
    pub(super) help: &'static str,
}

const PICTURE: &str = "a picture is an input of a network that runs";
const ARRAYS: &str = "arrays and weights are given to a network that runs";
const EXPORT: &str = "export the model to ONNX (`torch.onnx.export`), and import that";
const CONVERT: &str = "convert the model to ONNX, and import that";

/// Recognises a file by its first bytes, or its first lines.
pub(super) fn recognise(bytes: &[u8]) -> Option<Foreign> {
    let found = |what, help| Some(Foreign { what, help });
    let begins = |magic: &[u8]| bytes.starts_with(magic);
    match bytes {
        _ if begins(b"\x89PNG") => found("a PNG picture", PICTURE),
        _ if begins(b"\xff\xd8\xff") => found("a JPEG picture", PICTURE),
        _ if begins(b"\x93NUMPY") => found("a NumPy array", ARRAYS),
        _ if begins(b"PK\x03\x04") => found("a ZIP archive, such as `.npz`, `.pt` or `.keras`", ARRAYS),
        _ if begins(b"\x89HDF") => found("an HDF5 file, as Keras writes them", CONVERT),
        _ if begins(b"%PDF") => found("a PDF", "a program is text"),
        [0x80, 0x02..=0x05, ..] => found("a Python pickle, as PyTorch writes them", EXPORT),
        // The version field of a model, and another field behind it.
        [0x08, 0..=0x1f, 0x12 | 0x1a | 0x22 | 0x2a | 0x32 | 0x3a | 0x42, ..] => {
            found("an ONNX model", "name it `.onnx`; an import makes a `.cnn` text and weights of it")
        }
        _ if is_safetensors(bytes) => found("a safetensors file", "weights are given to a network that runs"),
        _ => text(std::str::from_utf8(bytes).ok()?.trim_start_matches('\u{feff}')),
    }
}

/// A length of eight bytes, and JSON of this length.
fn is_safetensors(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else { return false };
    let length = u64::from_le_bytes(*length);
    rest.first() == Some(&b'{') && length <= rest.len() as u64
}

/// Recognises texts.
fn text(text: &str) -> Option<Foreign> {
    let found = |what, help| Some(Foreign { what, help });
    let start = text.trim_start();
    let json = |open: char| start.strip_prefix(open).map(str::trim_start);
    if json('{').is_some_and(|rest| rest.starts_with(['"', '}']))
        || json('[').is_some_and(|rest| rest.starts_with(['{', '"']))
    {
        return found("JSON", "JSON is a form of reports; a program is a text of its own");
    }
    let beginning: String = start.chars().take(16).collect::<String>().to_ascii_lowercase();
    if ["<!doctype", "<html", "<?xml", "<svg"].iter().any(|tag| beginning.starts_with(tag)) {
        return found("HTML or XML", "a program is a text of its own");
    }
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty()).take(LINES_READ);
    let mut sections = lines().filter(|line| !line.starts_with(['#', ';']));
    if let Some(section) = sections.next()
        && ["[net]", "[network]"].iter().any(|net| section.eq_ignore_ascii_case(net))
        && sections.next().is_some_and(|line| line.contains('=') && !line.ends_with(';'))
    {
        return found("a Darknet configuration", CONVERT);
    }
    let is_layer = |line: &str| matches!(line, "layer {" | "layers {" | "layer{" | "layers{");
    if lines().any(is_layer) && lines().any(|line| line.starts_with("type:")) {
        return found("a Caffe prototxt", CONVERT);
    }
    let is_import = |line: &str| {
        let imports = line.starts_with("import ") || (line.starts_with("from ") && line.contains(" import "));
        imports && !line.contains(';')
    };
    let is_definition = |line: &str| {
        (line.starts_with("class ") || line.starts_with("def ")) && line.ends_with(':') && line.contains('(')
    };
    let code = || lines().filter(|line| !line.starts_with('#'));
    if code().next().is_some_and(|line| is_import(line) || line.starts_with("\"\"\""))
        || code().any(is_definition)
    {
        let named = |word: &str| code().any(|line| is_import(line) && line.contains(word));
        return match () {
            () if named("torch") => found("a PyTorch program", EXPORT),
            () if named("keras") || named("tensorflow") => found("a Keras program", CONVERT),
            () => found("a Python program", EXPORT),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(bytes: &[u8]) -> &'static str {
        recognise(bytes).map_or("", |foreign| foreign.what)
    }

    #[test]
    fn files_of_other_tools_are_recognised() {
        let safetensors = [&12_u64.to_le_bytes()[..], b"{\"a\":{}}    "].concat();
        for (bytes, expected) in [
            (&b"\x89PNG\r\n\x1a\n"[..], "a PNG picture"),
            (b"\xff\xd8\xff\xe0", "a JPEG picture"),
            (b"\x08\x08\x12\x07pytorch", "an ONNX model"),
            (b"\x08\x08\x12\x00:", "an ONNX model"),
            (b"PK\x03\x04", "a ZIP archive, such as `.npz`, `.pt` or `.keras`"),
            (b"\x93NUMPY\x01\x00", "a NumPy array"),
            (&safetensors, "a safetensors file"),
            (b"{\n  \"config\": {} }", "JSON"),
            (b"<?xml version=\"1.0\"?>", "HTML or XML"),
            (b"# yolo\n[net]\nbatch=64\n", "a Darknet configuration"),
            (b"name: \"LeNet\"\nlayer {\n  type: \"Input\"\n}\n", "a Caffe prototxt"),
            (b"import torch\nimport torch.nn as nn\n", "a PyTorch program"),
            (b"# a comment\nfrom tensorflow import keras\n", "a Keras program"),
            (b"class Net(nn.Module):\n    pass\n", "a Python program"),
        ] {
            assert_eq!(what(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn programs_are_not_taken_for_something_else() {
        for text in [
            "input 8x8x3; relu;",
            "[net] * 2;",
            "[net];\nlet a = 1;",
            "import b;",
            "{ \n input 8x8x3 }",
            "< a | b >",
            "# import torch\ninput 8x8x3;",
            "",
        ] {
            assert_eq!(what(text.as_bytes()), "", "{text}");
        }
    }
}

//! What the server answers within a statement that is being typed.

use std::path::Path;

use serde_json::{Value, json};

use crate::canonical::programs;
use crate::lsp_client::{Editor, MemoryFiles, at, position};

const URI: &str = "file:///w/net.cnn";

/// A network with an unfinished line, and the text that stands around it.
struct Typed {
    editor: Editor,
    cursor: Value,
}

impl Typed {
    /// Opens the network with a line in its middle; `‸` is the cursor.
    fn line(line: &str) -> Typed {
        let text = Typed::text(line);
        let cursor = position(&text, text.find('‸').unwrap());
        let mut editor = Editor::start(&MemoryFiles::default());
        editor.open(URI, &text.replace('‸', ""));
        Typed { editor, cursor }
    }

    fn text(line: &str) -> String {
        format!(
            "let wide = 2 * 8;\nblock cell(c, s = 1) {{\n    let half = c // 2;\n    conv 3x3x(half)/(s) same;\n}}\nnetwork n(classes = 10) {{\n    input 32x32x3;\n    conv 3x3x(wide) same relu as stem;\n    cell(32, 2) as first;\n    {line}\n    avgpool global;  flatten;  dense (classes);\n    expect stem.params <= 1K;\n}}\n"
        )
    }

    fn ask(mut self, method: &str) -> Value {
        let answer = self.editor.request(method, at(URI, self.cursor));
        self.editor.shut_down();
        answer
    }

    fn labels(self) -> Vec<String> {
        let answer = self.ask("textDocument/completion");
        answer.as_array().unwrap().iter().map(|one| one["label"].as_str().unwrap().to_owned()).collect()
    }

    fn hover(self) -> String {
        self.ask("textDocument/hover")["contents"]["value"].as_str().unwrap_or_default().to_owned()
    }
}

#[test]
fn names_are_proposed_behind_their_marks_before_anything_is_typed() {
    for line in ["concat < @‸", "@‸", "shared ‸", "@st‸;", "[@‸"] {
        assert_eq!(Typed::line(line).labels(), ["first", "stem"], "{line}");
    }
    for line in ["expect ‸", "expect pa‸", "relu; expect ‸;", "relu\n    expect ‸"] {
        let labels = Typed::line(line).labels();
        assert!(
            labels.contains(&"params".to_owned()) && labels.contains(&"peak_memory".to_owned()),
            "{line}"
        );
    }
    for line in ["expect stem.‸", "expect stem.pa‸"] {
        let labels = Typed::line(line).labels();
        assert!(labels.contains(&"stem.params".to_owned()), "{line}: {labels:?}");
        assert!(!labels.contains(&"stem.peak_memory".to_owned()), "{line}: {labels:?}");
    }
    // A flag of that name, a comment and a string are no marks.
    for line in ["rmsnorm shared ‸", "relu # @‸", "labels \"@‸\";"] {
        assert!(!Typed::line(line).labels().contains(&"stem".to_owned()), "{line}");
    }
}

#[test]
fn the_shape_of_the_statement_is_proposed_behind_its_arrow() {
    for line in ["conv 3x3x24/2 same -> ‸", "conv 3x3x24/2 same ->‸", "cell(48, 2) -> ‸;"] {
        assert_eq!(Typed::line(line).labels(), ["8x8x24"], "{line}");
    }
    assert_eq!(Typed::line("conv 3x3x24/2 smae -> ‸").labels(), [""; 0]);
}

#[test]
fn a_size_or_value_is_proposed_first_behind_an_operator() {
    for (line, wanted) in
        [("conv ‸", "3x3x16"), ("maxpool ‸", "2/2"), ("dense ‸", "1"), ("dropout ‸", "0.5"), ("relu ‸", "bn")]
    {
        assert_eq!(Typed::line(line).labels()[0], wanted, "{line}");
    }
}

#[test]
fn hover_says_what_arrives_at_an_unfinished_statement() {
    for line in ["co‸nv 3x3x", "co‸nv 3x3x24 sam", "co‸nv"] {
        let hover = Typed::line(line).hover();
        assert!(hover.starts_with("**16x16x16 → ?**"), "{line}: {hover}");
        assert!(hover.contains("**`conv`** Convolution"), "{line}: {hover}");
    }
    // Behind a statement that is wrong nobody knows.
    let hover = Typed::line("conv 3x3x24 sam; co‸nv 3x3x").hover();
    assert!(hover.starts_with("**`conv`**"), "{hover}");
}

#[test]
fn constants_and_parameters_have_their_values() {
    let cases = [
        ("conv 3x3x(wi‸de) same;", "```cnn\nlet wide = 2 * 8\n```\n\n= **16**"),
        ("dense (clas‸ses);", "```cnn\nclasses = 10\n```"),
        ("let k = 7 // 2; conv (k‸)x1x4;", "```cnn\nlet k = 7 // 2\n```\n\n= **3** in the first use"),
    ];
    for (line, wanted) in cases {
        assert_eq!(Typed::line(line).hover(), wanted, "{line}");
    }
    let text = "network n { input 8x8x4; cell(6, 2); cell(12); }\nblock cell(c, s = 1) {\n    let half = c // 2;\n    conv 3x3x(half)/(s) same;\n}\n";
    let mut editor = Editor::start(&MemoryFiles::default());
    editor.open(URI, text);
    for (mark, wanted) in [("half)", "= **3** in the first use"), ("s) same", "= **2** in the first use")] {
        let hover = editor.request("textDocument/hover", at(URI, position(text, text.find(mark).unwrap())));
        let value = hover["contents"]["value"].as_str().unwrap();
        assert!(value.ends_with(wanted), "{mark}: {value}");
    }
    editor.shut_down();
}

#[test]
fn the_lens_stays_while_the_text_is_broken() {
    let mut typed = Typed::line("conv 3x3x24 sam‸;");
    let document = json!({ "textDocument": { "uri": URI } });
    let lenses = typed.editor.request("textDocument/codeLens", document);
    assert_eq!(lenses[0]["command"]["title"], "no figures: the network has errors");
    assert_eq!(lenses.as_array().unwrap().len(), 3);
    typed.editor.shut_down();
}

#[test]
fn names_in_an_unfinished_statement_lead_to_their_definitions() {
    for (line, wanted) in [
        ("ce‸ll(48, ", "cell(c, s = 1)"),
        ("residual < conv 3x3x32 same; ce‸ll(32)", "cell(c, s = 1)"),
        ("[ ce‸ll(32", "cell(c, s = 1)"),
        ("concat < identity | @fir‸st", "first;"),
        ("conv 3x3x(wi‸de) smae (", "wide = "),
        ("cell(clas‸ses, ", "classes = 10"),
    ] {
        let text = Typed::text(&line.replace('‸', ""));
        let place = Typed::line(line).ask("textDocument/definition");
        assert_eq!(place["range"]["start"], position(&text, text.find(wanted).unwrap()), "{line}");
        let mut params = Typed::line(line);
        let declared = json!({ "includeDeclaration": true });
        let asked = json!({ "textDocument": { "uri": URI }, "position": params.cursor, "context": declared });
        let found = params.editor.request("textDocument/references", asked);
        assert!(found.as_array().unwrap().len() > 1, "{line}: {found}");
        params.editor.shut_down();
    }
    let hover = Typed::line("ce‸ll(48, ").hover();
    assert!(hover.starts_with("```cnn\nblock cell(c, s = 1)\n```"), "{hover}");
}

#[test]
fn an_unfinished_item_hides_nothing_below_it() {
    let below =
        "block cell(c) {\n    conv 3x3x(c) same;\n}\nnetwork n {\n    input 8x8x3;\n    cell(4);\n}\n";
    for line in
        ["use", "use ", "use \"bl", "let", "let wide =", "block", "block ", "table t 6 ->", "network m ="]
    {
        let text = format!("{line}\n{below}");
        let mut editor = Editor::start(&MemoryFiles::default());
        editor.open(URI, &text);
        let document = json!({ "textDocument": { "uri": URI } });
        let symbols = editor.request("textDocument/documentSymbol", document.clone());
        let names: Vec<&str> =
            symbols.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["cell", "n"], "{line}");
        let range = json!({ "start": position(&text, 0), "end": position(&text, text.len()) });
        let asked = json!({ "textDocument": { "uri": URI }, "range": range });
        let hints = editor.request("textDocument/inlayHint", asked);
        assert_eq!(hints.as_array().unwrap().len(), 2, "{line}: {hints}");
        let lenses = editor.request("textDocument/codeLens", document);
        assert_eq!(lenses.as_array().unwrap().len(), 3, "{line}: {lenses}");
        let place = position(&text, text.find("cell(4)").unwrap());
        let definition = editor.request("textDocument/definition", at(URI, place));
        assert_eq!(definition["range"]["start"], position(&text, text.find("cell(c)").unwrap()), "{line}");
        editor.shut_down();
    }
}

#[test]
fn a_constant_is_not_proposed_for_itself() {
    let text = "let deep = 2;\nlet wide = deep * \nnetwork n { input 8x8x3; relu; }\n";
    let mut editor = Editor::start(&MemoryFiles::default());
    for text in [text.to_owned(), text.replace("* \n", "* 4;\n")] {
        editor.open(URI, &text);
        let place = position(&text, text.find("* ").unwrap() + 2);
        let items = editor.request("textDocument/completion", at(URI, place));
        let labels: Vec<&str> =
            items.as_array().unwrap().iter().map(|one| one["label"].as_str().unwrap()).collect();
        assert!(labels.contains(&"deep") && !labels.contains(&"wide"), "{labels:?}");
    }
    editor.shut_down();
}

#[test]
fn the_arriving_shape_is_proposed_where_one_arrives() {
    let proposed = |text: &str| {
        let mut editor = Editor::start(&MemoryFiles::default());
        editor.open(URI, &text.replace('‸', ""));
        let place = position(text, text.find('‸').unwrap());
        let items = editor.request("textDocument/completion", at(URI, place));
        editor.shut_down();
        items.as_array().unwrap().iter().any(|one| one["label"] == "in.c")
    };
    let below = "\nnetwork m(c = 3) {\n    input 8x8x3;\n    relu;\n}\n";
    for line in [
        "let wide = ‸",
        "let wide = 2 * (‸);",
        "block b(n = ‸) { relu; }",
        "network k(n = ‸",
        "inline block b(n = (‸",
        "network k = m(‸);",
    ] {
        assert!(!proposed(&format!("{line}{below}")), "{line}");
        assert!(!proposed(&format!("{below}{line}")), "{line}");
    }
    for line in ["let half = ‸", "conv 3x3x(‸", "[conv 1x1x8] * ‸;", "b(‸)", "concat < conv 1x1x(‸"]
    {
        assert!(
            proposed(&format!("block b(n) {{ relu; }}\nnetwork m {{\n    input 8x8x3;\n    {line}\n}}\n")),
            "{line}"
        );
        // A file of bare statements.
        assert!(proposed(&format!("input 8x8x3;\n{line}\n")), "{line}");
    }
}

#[test]
fn files_in_and_below_the_folder_are_proposed_behind_use() {
    let files = MemoryFiles::of(&[
        ("/w/net.cnn", ""),
        ("/w/blocks.cnn", "block b(n) { conv 1x1x(n); }\n"),
        ("/w/parts/stem.cnn", "block stem() { relu; }\n"),
        ("/other.cnn", "block c() { relu; }\n"),
    ]);
    for line in ["use \"‸\";", "use \"‸", "use \"pa‸", "use \"zoo:‸\";"] {
        let mut editor = Editor::start(&files);
        editor.open(URI, &format!("{}\nnetwork n {{ input 8x8x3; relu; }}\n", line.replace('‸', "")));
        let place = position(line, line.find('‸').unwrap());
        let items = editor.request("textDocument/completion", at(URI, place));
        let labels: Vec<&str> =
            items.as_array().unwrap().iter().map(|one| one["label"].as_str().unwrap()).collect();
        assert_eq!(labels, ["blocks.cnn", "parts/stem.cnn"], "{line}");
        editor.shut_down();
    }
}

#[test]
fn a_line_that_is_being_typed_hides_no_other_item() {
    let mut files = Vec::new();
    programs(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples"), &mut files);
    let mut editor = Editor::start(&MemoryFiles::default());
    editor.open(URI, "");
    let (mut version, mut cut) = (1, 0);
    let mut outline = |text: &str| -> Vec<String> {
        version += 1;
        editor.replace(URI, version, text);
        let answer = editor.request("textDocument/documentSymbol", json!({ "textDocument": { "uri": URI } }));
        answer.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let names = outline(&text);
        let lines: Vec<&str> = text.lines().collect();
        // A file of bare statements has no items.
        if !text.contains("network ") {
            continue;
        }
        for (number, line) in lines.iter().enumerate().filter(|(_, line)| line.is_ascii()) {
            let end = line.len() - line.trim_start().len() + number % (line.trim().len() + 1);
            let typed = [&lines[..number], &[&line[..end]], &lines[number + 1..]].concat().join("\n");
            let left = outline(&typed);
            let lost: Vec<&String> = names.iter().filter(|name| !left.contains(name)).collect();
            assert!(lost.len() <= 1, "{lost:?} in {} after\n{}", file.display(), &line[..end]);
            cut += 1;
        }
    }
    editor.shut_down();
    assert!(cut > 1000, "{cut} lines");
}

//! The colours of the Tree-sitter grammar name the words of the catalogue, and no others. `UPDATE=1` writes the file
//! anew. That the grammar parses what is shipped is tried by `tests/editor/tree_sitter.sh`, which needs its generator.

use std::fs;
use std::path::Path;

use cnnc::ops::{self, Spec};

const FILE: &str = "editors/tree-sitter-cnn/queries/highlights.scm";

/// Words as strings of a query, sorted, each once.
fn strings<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut words: Vec<String> = words.into_iter().map(|word| format!("\"{word}\"")).collect();
    words.sort();
    words.dedup();
    words.join(" ")
}

fn query() -> String {
    let specs: Vec<&Spec> = ops::catalogue().chain(ops::forms()).chain([&ops::INPUT]).collect();
    let operators = strings(ops::catalogue().map(|spec| spec.name));
    let forms = strings(ops::forms().map(|spec| spec.name));
    let flags = specs.iter().flat_map(|spec| spec.flags.iter().map(|flag| flag.name));
    let flags = strings(flags.chain(["global", "to"]).filter(|flag| ops::find(flag).is_none()));
    format!(
        r#"; Of several patterns that fit a node the last one counts. The lists of words are those of the operator catalogue.

(comment) @comment
(string) @string
[(integer) (real) (quantity) (times) (stride) (open)] @number
["cnn" "use" "let" "block" "inline" "network" "table" "input" "labels" "expect" "shared" "as" "from" "in" "word"] @keyword
["+" "-" "*" "/" "//" "%" "^" "=" "->" "==" "<=" ">=" "@"] @operator
["(" ")" "[" "]" "{{" "}}" "<" ">"] @punctuation.bracket
["," ";" "|" "."] @punctuation.delimiter

(name (identifier) @variable)
(parameter name: (identifier) @variable.parameter)
(named_argument name: (identifier) @variable.parameter)
(let name: (identifier) @constant)
(table name: (identifier) @constant)
(attribute name: (identifier) @attribute)
(attribute name: (table_attribute) @attribute)
(attribute value: (identifier) @constant)
(function_call function: (identifier) @function.builtin)
(extent) @keyword

(block name: (identifier) @function)
(call block: (identifier) @function)
(network name: (identifier) @type)
(instance name: (identifier) @type)
(instance of: (identifier) @type)

(new_path) @label
(path (part) @label)
(expect path: (path (part) @constant.builtin .))

((operator name: (identifier) @function.builtin)
  (#any-of? @function.builtin {operators} {forms}))
(form name: (identifier) @function.builtin)
((operator name: (identifier) @keyword)
  (#eq? @keyword "identity"))
(word (identifier) @variable.parameter)
((word (identifier) @function.builtin)
  (#any-of? @function.builtin {operators}))
((word (identifier) @keyword.modifier)
  (#any-of? @keyword.modifier {flags}))
"#
    )
}

#[test]
fn the_colours_of_the_tree_sitter_grammar_are_those_of_the_catalogue() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let written = query();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &written).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == written, "{FILE} is not that of the catalogue: run the test with UPDATE=1");
}

//! Translates statements in words of PyTorch, Keras, ONNX, Caffe and Darknet into this language.
//!
//! [`words`] is the table of names, [`attributes`] that of named arguments. A statement in foreign words is translated
//! as a whole, with the author's own numbers, so that the answer can be pasted.

mod attributes;
mod words;

use crate::base::Span;
use crate::diag::Builder;

pub(super) use attributes::{Meaning, meaning};
use words::{Kind, Word};

/// A statement in words of another tool, and its translation.
pub(super) struct Translation {
    /// The tool and its word: ``PyTorch's `Conv2d` ``.
    pub origin: String,
    /// The whole statement in this language; empty where no single one says it.
    pub written: String,
    /// Notes about single arguments: what each became, or why it was dropped.
    pub details: Vec<String>,
    /// Whether `written` contains numbers that the author did not give.
    pub is_example: bool,
}

impl Translation {
    /// Proposes the translation for the text of `whole`.
    pub(super) fn attach<'s>(self, builder: Builder<'s>, whole: Span) -> Builder<'s> {
        let Translation { origin, written, details, is_example } = self;
        if written.is_empty() {
            return details.into_iter().fold(builder, |builder, detail| builder.help(detail));
        }
        let builder = if origin.is_empty() {
            builder.fix(format!("no parentheses here: write `{written}`"), whole, written.clone())
        } else if is_example {
            builder.help(format!("{origin} is written as in `{written}` here"))
        } else {
            builder.fix(format!("{origin} is `{written}` here"), whole, written.clone())
        };
        details.into_iter().fold(builder, |builder, detail| builder.help(format!("{detail}: `{written}`")))
    }
}

/// A trailing word of another tool.
pub(super) struct Trailing {
    pub origin: String,
    pub written: &'static str,
}

/// Translates an activation or normalisation of another tool to a trailing word.
pub(super) fn trailing(word: &str) -> Option<Trailing> {
    let known = words::find(word)?;
    let written = match known.kind {
        Kind::Plain(written) => written,
        Kind::Valued { word, .. } => word,
        _ => return None,
    };
    let first = written.split(' ').next().unwrap_or(written);
    let is_trailing = crate::ops::find(first).is_some_and(|spec| spec.trailing);
    is_trailing.then(|| Trailing { origin: known.origin(word), written })
}

/// The arguments of a statement as text.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// Sizes, values and words, in source order.
    pub plain: Vec<String>,
    /// Named arguments, `name=value`.
    pub named: Vec<(String, String)>,
}

/// Translates a statement that begins with a word of another tool.
pub(super) fn statement(word: &str, given: &Written) -> Option<Translation> {
    let known = words::find(word)?;
    if let Kind::Form(form) = known.kind {
        let (origin, written) = (known.origin(word), format!("{form} < … | … >"));
        return Some(Translation { origin, written, details: Vec::new(), is_example: true });
    }
    if let Kind::Explained(explanation) = known.kind {
        let (origin, details) = (known.origin(word), vec![explanation.to_owned()]);
        return Some(Translation { origin, written: String::new(), details, is_example: true });
    }
    let mut parts = Parts::default();
    let details: Vec<String> = given
        .named
        .iter()
        .filter_map(|(name, value)| {
            let meaning = meaning(name, value)?;
            let detail = format!("`{name}={value}` is {}", meaning.shown());
            parts.take(meaning);
            Some(detail)
        })
        .collect();
    let (written, is_example) = compose(&known, &given.plain, parts);
    Some(Translation { origin: known.origin(word), written, details, is_example })
}

/// Translates `name(…)`, where `name` is an operator or a word of another tool.
pub(super) fn call(name: &str, given: &Written) -> Option<Translation> {
    let lists = |names: &[String]| names.iter().map(|one| format!("@{one}")).collect::<Vec<_>>().join(" | ");
    let form = match words::find(name).map(|word| word.kind) {
        Some(Kind::Form(form)) => Some(form),
        _ => crate::ops::form(name).map(|spec| spec.name),
    };
    if let Some(form) = form {
        let written = match given.plain.is_empty() {
            true => format!("{form} < … | … >"),
            false => format!("{form} < {} >", lists(&given.plain)),
        };
        let is_example = given.plain.is_empty();
        let origin = words::find(name).map_or(String::new(), |word| word.origin(name));
        return Some(Translation { origin, written, details: Vec::new(), is_example });
    }
    if crate::ops::is_word(name) {
        let mut words = vec![name.to_owned()];
        words.extend(given.plain.iter().cloned());
        words.extend(given.named.iter().map(|(name, value)| format!("{name}={value}")));
        let (origin, written) = (String::new(), words.join(" "));
        return Some(Translation { origin, written, details: Vec::new(), is_example: false });
    }
    statement(name, given)
}

/// The parts of a translated statement, collected from arguments of another tool.
#[derive(Debug, Default)]
struct Parts {
    kernel: Option<String>,
    filters: Option<String>,
    stride: Option<String>,
    value: Option<String>,
    /// Flags and attributes, then trailing words.
    behind: Vec<String>,
    trailing: Vec<String>,
}

impl Parts {
    fn take(&mut self, meaning: Meaning) {
        match meaning {
            Meaning::Kernel(kernel) => self.kernel = Some(kernel),
            Meaning::Filters(filters) => self.filters = Some(filters),
            Meaning::Stride(stride) => self.stride = Some(stride),
            Meaning::Value(value) => self.value = Some(value),
            Meaning::Written(written) => self.behind.push(written),
            Meaning::Trailing(word) => self.trailing.push(word),
            Meaning::Left(_) => {}
        }
    }
}

/// Writes the statement, and says whether it holds numbers that the author did not give.
fn compose(word: &Word, plain: &[String], mut parts: Parts) -> (String, bool) {
    let sized = plain.iter().find(|one| one.contains('x') || one.contains('/')).cloned();
    let numbers: Vec<&String> =
        plain.iter().filter(|one| one.starts_with(|c: char| c.is_ascii_digit() || c == '(')).collect();
    let others = plain.iter().filter(|one| one.starts_with(|c: char| c.is_ascii_alphabetic()));
    let others: Vec<String> = others.cloned().collect();
    let mut example = false;
    let mut or = |given: Option<String>, example_value: &str| {
        given.unwrap_or_else(|| {
            example = true;
            example_value.to_owned()
        })
    };
    let number = |index: usize| numbers.get(index).map(|one| (*one).clone());
    let stride = |stride: &Option<String>| stride.as_ref().map_or(String::new(), |one| format!("/{one}"));
    let mut written: Vec<String> = match word.kind {
        Kind::Plain(written) | Kind::Form(written) => vec![written.to_owned()],
        Kind::Advice(advice) | Kind::Explained(advice) => return (advice.to_owned(), true),
        Kind::Valued { word, after } => {
            let value = parts.value.take().or_else(|| number(0));
            match (word, value.as_deref()) {
                ("avgpool to" | "maxpool to", Some("1")) => vec![word.replace(" to", " global")],
                _ => [word.to_owned()].into_iter().chain(value).chain(after.map(str::to_owned)).collect(),
            }
        }
        Kind::Filters { word } => {
            // `Linear(512, 10)`: the last number is the output.
            let units = parts.filters.take().or_else(|| numbers.last().map(|one| (*one).clone()));
            vec![word.to_owned(), or(units, "10")]
        }
        Kind::Kernel { word, filters } => {
            let size = match sized {
                Some(size) => format!("{size}{}", stride(&parts.stride)),
                None => {
                    // PyTorch: (in, out, kernel, stride, padding); Keras: (filters, kernel).
                    let torch = filters && numbers.len() >= if parts.kernel.is_some() { 2 } else { 3 };
                    let first = usize::from(torch);
                    let count = if filters { parts.filters.take().or_else(|| number(first)) } else { None };
                    let kernel = parts.kernel.take().or_else(|| number(if filters { first + 1 } else { 0 }));
                    if torch {
                        parts.stride = parts.stride.take().or_else(|| number(3));
                        parts.behind.extend(number(4).map(|pad| format!("pad={pad}")));
                    }
                    let kernel = square(&or(kernel, "3"));
                    let count = if filters { format!("x{}", or(count, "64")) } else { String::new() };
                    format!("{kernel}{count}{}", stride(&parts.stride))
                }
            };
            vec![word.to_owned(), size]
        }
        Kind::Window { word } => {
            let size = match sized {
                Some(size) => format!("{size}{}", stride(&parts.stride)),
                None => {
                    let window = or(parts.kernel.take().or_else(|| number(0)), "2");
                    let step = parts.stride.take().or_else(|| number(1));
                    let window = window.trim_matches(['(', ')']).replace(", ", "x").replace(',', "x");
                    format!("{window}{}", step.map_or(String::new(), |one| format!("/{one}")))
                }
            };
            vec![word.to_owned(), size]
        }
    };
    written.extend(parts.behind);
    written.extend(others);
    written.extend(parts.trailing);
    (written.join(" "), example)
}

/// `3` is `3x3`, and so is `(3, 3)`.
fn square(kernel: &str) -> String {
    let inner = kernel.trim_matches(['(', ')']);
    match inner.split_once(',') {
        Some((height, width)) => format!("{}x{}", height.trim(), width.trim()),
        None if kernel.contains('x') => kernel.to_owned(),
        None => format!("{inner}x{inner}"),
    }
}

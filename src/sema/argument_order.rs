//! The canonical order of arguments: values and sizes, then flags, then attributes as in the catalogue, for each
//! operator word of a statement.

use crate::ops::{self, Sizes, Spec};
use crate::syntax::Parsed;
use crate::syntax::ast::Arg;
use crate::syntax::format::{ArgumentOrder, format};

/// The canonical text of a file; `None` where it has syntax errors.
pub fn canonical(parsed: &Parsed) -> Option<String> {
    format(parsed, &CatalogueOrder)
}

/// Orders arguments as the operator catalogue declares them.
#[derive(Clone, Copy, Debug)]
pub struct CatalogueOrder;

impl ArgumentOrder for CatalogueOrder {
    fn order(&self, head: Option<&str>, args: &[Arg]) -> Vec<usize> {
        let mut segment = 0;
        let mut spec = head.and_then(|head| ops::find(head).or_else(|| ops::form(head)));
        let mut keys = Vec::with_capacity(args.len());
        let mut follows_to = false;
        for (index, arg) in args.iter().enumerate() {
            let is_size_of_to = std::mem::take(&mut follows_to);
            let key = match (arg, spec) {
                (Arg::Word(word), _) if !belongs(spec, &word.value) => {
                    // A trailing word, or one whose meaning only the call of the block tells.
                    segment += 1;
                    spec = ops::find(&word.value).filter(|spec| spec.trailing);
                    (segment, 0, 0)
                }
                (Arg::Word(word), _) if word.value == "to" => {
                    follows_to = true;
                    (segment, 1, 0)
                }
                (Arg::Word(_), _) => (segment, 2, 0),
                (Arg::Size(_) | Arg::Value(_), _) if is_size_of_to => (segment, 1, 1),
                (Arg::Size(_) | Arg::Value(_), _) => (segment, 0, 1),
                (Arg::Attribute { name, .. }, Some(spec)) => {
                    let place = spec.attributes.iter().position(|one| one.name == name.value);
                    (segment, 3, place.unwrap_or(spec.attributes.len()))
                }
                // The operator or form before it is not known.
                (Arg::Attribute { .. }, None) => (segment, 3, 0),
            };
            keys.push((key, index));
        }
        keys.sort_unstable();
        keys.into_iter().map(|(_, index)| index).collect()
    }
}

/// Returns whether a word is a flag of the operator before it, or the `to` of its size.
fn belongs(spec: Option<&Spec>, word: &str) -> bool {
    spec.is_some_and(|spec| {
        spec.has_flag(word) || (word == "to" && matches!(spec.sizes, Sizes::WindowOrWord))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SourceMap;
    use crate::diag::Sink;
    use crate::syntax::{format::format, parse};

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let mut map = SourceMap::default();
        let file = map.add("test.cnn", text);
        let parsed = parse(&map, file, &mut Sink::default());
        assert_eq!(format(&parsed, &CatalogueOrder).as_deref(), Some(expected), "{text}");
    }

    #[test]
    fn flags_stand_before_attributes_and_both_before_trailing_words() {
        check("conv groups=2 same 3x3x8 bn eps=1e-3", "conv 3x3x8 same groups=2 bn eps=1e-3;\n");
        check(
            "lrn beta=0.75 mean 5 alpha=1e-4 k=2; gelu tanh",
            "lrn 5 mean k=2 alpha=1e-4 beta=0.75;  gelu tanh;\n",
        );
        check(
            "avgpool to 7x7 relu; residual scale=0.5 project < a > relu",
            "avgpool to 7x7 relu;  residual project scale=0.5 < a > relu;\n",
        );
        check("b(1) leaky 0.1 bn eps=1e-3", "b(1) leaky 0.1 bn eps=1e-3;\n");
        check("conv 3x3x8 act pad=1 same", "conv 3x3x8 act pad=1 same;\n");
    }

    #[test]
    fn arguments_around_a_comment_stay() {
        check("conv same # why\n 3x3x8", "conv same  # why\n        3x3x8;\n");
    }
}

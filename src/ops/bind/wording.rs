//! The words of the binder's messages: examples of sizes and values, and what a kind of value accepts.

use crate::ops::{Kind, RawValue, Sizes};

pub(super) fn size_example(sizes: Sizes) -> &'static str {
    match sizes {
        Sizes::None | Sizes::To => "",
        Sizes::KernelFilters => "3x3x64",
        Sizes::Kernel => "3x3",
        Sizes::Window | Sizes::WindowOrWord => "2/2",
        Sizes::Map | Sizes::MapOrValue => "7x7x16",
        Sizes::FactorOrTo => "2",
    }
}

pub(super) fn value_example(kind: Kind) -> &'static str {
    match kind {
        Kind::Count { .. } | Kind::Counts { .. } => "5",
        Kind::Real => "0.5",
        Kind::Pair { .. } | Kind::Pads | Kind::FourPads => "1",
        Kind::Reals => "(0.5, 0.5, 0.5)",
        Kind::Table => "my_table",
        Kind::Choice(words) => words.first().copied().unwrap_or_default(),
    }
}

pub(super) fn wanted(kind: Kind) -> String {
    match kind {
        Kind::Count { min } => format!("a whole number of at least {min}"),
        Kind::Counts { min } => format!("a whole number of at least {min}, or several in parentheses"),
        Kind::Real => "a number".to_owned(),
        Kind::Pair { min } => format!("n or (height, width), whole numbers of at least {min}"),
        Kind::Pads => "n, (height, width) or (top, bottom, left, right)".to_owned(),
        Kind::FourPads => "n or (top, bottom, left, right)".to_owned(),
        Kind::Reals => "a number, or one for each channel in parentheses".to_owned(),
        Kind::Table => "the name of a connection table".to_owned(),
        Kind::Choice(words) => {
            let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            format!("one of {}", words.join(", "))
        }
    }
}

pub(super) fn shown(value: &RawValue) -> String {
    match value {
        RawValue::Int(int) => int.to_string(),
        RawValue::Real(real) => real.to_string(),
        RawValue::Tuple(values) => format!("({})", values.iter().map(shown).collect::<Vec<_>>().join(", ")),
        RawValue::Word(word) => format!("the word `{word}`"),
        RawValue::Table(_) => "a connection table".to_owned(),
    }
}

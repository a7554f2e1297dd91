//! The operator reference, drawn from the specs of the catalogue.

use crate::ops::{Default, Kind, Sizes, Spec, Vocabulary};

/// The list of all operators, one line each.
pub fn list(specs: &[&Spec]) -> String {
    let width = specs.iter().map(|spec| spec.name.len()).max().unwrap_or(0);
    specs.iter().map(|spec| format!("{:<width$}  {}\n", spec.name, spec.summary)).collect()
}

/// The page of an operator, in Markdown; `vocabulary` is what the example becomes in other frameworks.
pub fn page(spec: &Spec, vocabulary: Option<&Vocabulary>) -> String {
    let mut text = format!("# `{}`\n\n{}\n", spec.name, spec.summary);
    if spec.trailing {
        text.push_str("\nCan be a trailing word.\n");
    }
    text.push_str(&format!("\n```cnn\n{}```\n", spec.example));
    let size = match spec.sizes {
        Sizes::None => None,
        Sizes::KernelFilters => Some(
            "`KxKxN/S`: kernel height × kernel width × filters, and perhaps the stride `/s` or `/shxsw` (1)",
        ),
        Sizes::Kernel => Some("`KxK/S`: kernel height × kernel width, and perhaps the stride (1)"),
        Sizes::Window => Some("`K/S` or `KxK/S`: the window, and perhaps the stride (the window)"),
        Sizes::WindowOrWord => Some(
            "`K/S` or `KxK/S`: the window, and perhaps the stride (the window); or `global`; or `to HxW`, `to n` (adaptive)",
        ),
        Sizes::Map => Some("`HxWxC`"),
        Sizes::MapOrValue => Some("`HxWxC` for a map, `n` for a vector"),
        Sizes::FactorOrTo => Some("`n` or `hxw`: the factors; or `to HxW`, `to n`: the size of the output"),
        Sizes::To => None,
    };
    let value = spec.value.filter(|_| spec.sizes != Sizes::MapOrValue);
    if size.is_some() || value.is_some() || !spec.flags.is_empty() || !spec.attributes.is_empty() {
        text.push_str("\n| argument | kind | default | |\n| --- | --- | --- | --- |\n");
    }
    if let Some(size) = size {
        text.push_str(&format!("| size | | | {size} |\n"));
    }
    if let Some(value) = value {
        text.push_str(&format!(
            "| {} | {} | {} | {} |\n",
            value.name,
            kind(value.kind),
            default(value.default),
            value.doc
        ));
    }
    for flag in spec.flags {
        text.push_str(&format!("| `{}` | flag | | {} |\n", flag.name, flag.doc));
    }
    for attribute in spec.attributes {
        let (kind, default) = (kind(attribute.kind), default(attribute.default));
        text.push_str(&format!("| `{}=` | {kind} | {default} | {} |\n", attribute.name, attribute.doc));
    }
    if !spec.rules.is_empty() {
        text.push_str(&format!("\n{}\n", spec.rules));
    }
    if let Some(Vocabulary { parameters, .. }) = vocabulary
        && !parameters.is_empty()
    {
        let listed: Vec<String> = parameters.iter().map(|parameter| format!("`{parameter}`")).collect();
        text.push_str(&format!("\nParameters of the example: {}.\n", listed.join(", ")));
    }
    if !spec.cost.is_empty() {
        text.push_str(&format!("\nCost: {}.\n", spec.cost));
    }
    if let Some(Vocabulary { onnx, torch, is_helper, .. }) = vocabulary {
        let torch = match is_helper {
            true => format!("`{torch}`, a module that exported files define"),
            false => format!("`{torch}`"),
        };
        let onnx = if onnx.is_empty() { "nothing".to_owned() } else { onnx.join(", ") };
        text.push_str(&format!("\nThe example in ONNX: {onnx}. In PyTorch: {torch}.\n"));
    }
    text
}

fn kind(kind: Kind) -> String {
    match kind {
        Kind::Count { min } => format!("whole number ≥ {min}"),
        Kind::Real => "number".to_owned(),
        Kind::Pair { min } => format!("n or (h, w), ≥ {min}"),
        Kind::Pads => "n, (h, w) or (top, bottom, left, right)".to_owned(),
        Kind::Counts { min } => format!("whole numbers of at least {min}"),
        Kind::FourPads => "n or (top, bottom, left, right)".to_owned(),
        Kind::Reals => "number or tuple".to_owned(),
        Kind::Table => "name of a table".to_owned(),
        Kind::Choice(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or "),
    }
}

fn default(default: Default) -> String {
    match default {
        Default::Required => "required".to_owned(),
        Default::Absent => String::new(),
        Default::Count(count) => count.to_string(),
        Default::Real(real) => real.to_string(),
    }
}

//! Templates of completion items: text with marks at the places to fill in, `$1` being the first.

use crate::ops::{self, Default as Fallback, Kind, Sizes, Spec, Value};
use crate::syntax::ast::Param;
use crate::tensor::Shape;

/// A template without its marks: `conv ${1:3x3}x$0` is `conv 3x3x`.
pub(super) fn plain(template: &str) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('$') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(body) = rest.strip_prefix('{') {
            let end = body.find('}').unwrap_or(body.len());
            text.push_str(body[..end].split_once(':').map_or("", |(_, shown)| shown));
            rest = body.get(end + 1..).unwrap_or_default();
        } else {
            rest = rest.trim_start_matches(|one: char| one.is_ascii_digit());
        }
    }
    text.push_str(rest);
    text
}

/// The template of an operator with the arguments that it requires.
pub(super) fn operator_template(spec: &Spec, arriving: Option<Shape>) -> String {
    if ops::form(spec.name).is_some() {
        let value = spec.value.as_ref().map_or("", |_| " ${2:2}");
        return format!("{}{value} <\n    ${{1:identity}}\n>$0", spec.name);
    }
    match size_template(spec, arriving) {
        Some(size) => format!("{} {size}", spec.name),
        // `mean` and `max` need `channels`.
        None if spec.has_flag("channels") => format!("{} channels", spec.name),
        None => match &spec.value {
            Some(value) if value.default == Fallback::Required => {
                format!("{} {}", spec.name, value_template(spec, value))
            }
            _ => spec.name.to_owned(),
        },
    }
}

/// The template of an operator's size, near to the arriving shape: as many filters as channels.
pub(super) fn size_template(spec: &Spec, arriving: Option<Shape>) -> Option<String> {
    let channels = arriving.map_or(64, |shape| shape.channels());
    Some(match spec.sizes {
        Sizes::None | Sizes::To => return None,
        Sizes::KernelFilters => format!("${{1:3x3}}x${{2:{channels}}}"),
        Sizes::Kernel => "${1:3x3}".to_owned(),
        Sizes::Window | Sizes::WindowOrWord => "${1:2}/${2:2}".to_owned(),
        Sizes::Map => "${1:7x7}x${2:64}".to_owned(),
        Sizes::MapOrValue => "${1:224x224x3}".to_owned(),
        Sizes::FactorOrTo => "${1:2}".to_owned(),
    })
}

/// A value for an operator: its default, or that of its example, which its limits allow.
pub(super) fn value_template(spec: &Spec, value: &Value) -> String {
    let mut words = spec.example.split([' ', ';', '\n']).skip_while(|word| *word != spec.name);
    let shown = words.nth(1).filter(|word| word.parse::<f64>().is_ok());
    match (value.default, value.kind, shown) {
        (Fallback::Required, Kind::Real, Some(shown)) => format!("${{1:{shown}}}"),
        _ => default_template(value.kind, value.default),
    }
}

pub(super) fn default_template(kind: Kind, default: Fallback) -> String {
    let shown = match (default, kind) {
        (Fallback::Count(count), _) => count.to_string(),
        (Fallback::Real(real), _) => real.to_string(),
        (_, Kind::Count { min } | Kind::Pair { min }) => min.max(1).to_string(),
        (_, Kind::Counts { min }) => format!("({0}, {0})", min.max(1)),
        (_, Kind::Real | Kind::Reals) => "1.0".to_owned(),
        (_, Kind::Pads | Kind::FourPads) => "1".to_owned(),
        (_, Kind::Table) => String::new(),
        (_, Kind::Choice(words)) => words.first().copied().unwrap_or_default().to_owned(),
    };
    format!("${{1:{shown}}}")
}

/// The template of a call, with a mark for each parameter that has no default.
pub(super) fn call_template(name: &str, params: &[Param]) -> String {
    let needed = params.iter().filter(|param| param.default.is_none());
    let places: Vec<String> =
        needed.enumerate().map(|(index, param)| format!("${{{}:{}}}", index + 1, param.name.value)).collect();
    format!("{name}({})", places.join(", "))
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_template_without_marks_is_what_it_shows() {
        assert_eq!(plain("conv ${1:3x3}x${2:64}$0"), "conv 3x3x64");
        assert_eq!(plain("use \"$0\";"), "use \"\";");
        assert_eq!(plain("${1}x$2 $ ${3:a"), "x  a");
    }
}

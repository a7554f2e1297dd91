//! Turns names of the network into valid Python names.

use std::collections::BTreeSet;

/// Python's keywords.
const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// The attributes of every `nn.Module`, which `self.name` would find instead of a submodule.
const ATTRIBUTES: &[&str] = &[
    "T_destination",
    "add_module",
    "apply",
    "bfloat16",
    "buffers",
    "call_super_init",
    "children",
    "compile",
    "cpu",
    "cuda",
    "double",
    "dump_patches",
    "eval",
    "extra_repr",
    "float",
    "forward",
    "get_buffer",
    "get_extra_state",
    "get_parameter",
    "get_submodule",
    "half",
    "ipu",
    "load_state_dict",
    "modules",
    "mtia",
    "named_buffers",
    "named_children",
    "named_modules",
    "named_parameters",
    "parameters",
    "register_backward_hook",
    "register_buffer",
    "register_forward_hook",
    "register_forward_pre_hook",
    "register_full_backward_hook",
    "register_full_backward_pre_hook",
    "register_load_state_dict_post_hook",
    "register_load_state_dict_pre_hook",
    "register_module",
    "register_parameter",
    "register_state_dict_post_hook",
    "register_state_dict_pre_hook",
    "requires_grad_",
    "set_extra_state",
    "set_submodule",
    "share_memory",
    "state_dict",
    "to",
    "to_empty",
    "train",
    "training",
    "type",
    "xpu",
    "zero_grad",
];

/// Names of the file that no variable may shadow.
const IN_USE: &[&str] =
    &["F", "Tensor", "nn", "self", "torch", "int", "float", "bool", "str", "tuple", "list", "super"];

/// Returns whether a text is an ASCII identifier and no keyword.
pub(super) fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|other| other.is_ascii_alphanumeric() || other == '_')
        && !KEYWORDS.contains(&name)
}

/// Returns whether a class may have this name.
pub fn is_class_name(name: &str) -> bool {
    is_identifier(name) && !IN_USE.contains(&name) && !name.starts_with("__")
}

/// Returns whether a submodule can be accessed as `self.name`. Names with a leading underscore may be private ones of
/// torch.
pub(super) fn is_attribute(name: &str) -> bool {
    is_identifier(name) && !name.starts_with('_') && !ATTRIBUTES.contains(&name)
}

/// Returns whether a variable may have this name.
pub(super) fn is_variable(name: &str) -> bool {
    is_identifier(name) && !IN_USE.contains(&name) && !name.starts_with('_')
}

/// Quotes a string for Python.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '\\' => quoted.push_str("\\\\"),
            '"' => quoted.push_str("\\\""),
            other if other.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(other))),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// The statement that sets a submodule: `self.conv1 = …`, or an assignment to `self._modules` if the name is no
/// attribute.
pub(super) fn assigned(name: &str, value: &str) -> String {
    if is_attribute(name) {
        format!("self.{name} = {value}")
    } else {
        format!("self._modules[{}] = {value}", quoted(name))
    }
}

/// The expression for a submodule of a module.
pub(super) fn member(module: &str, name: &str) -> String {
    if is_attribute(name) {
        format!("{module}.{name}")
    } else {
        format!("{module}._modules[{}]", quoted(name))
    }
}

/// Converts a name to the form of class names: `basic_block` becomes `BasicBlock`; empty if it has no letter.
pub(super) fn camel_case(name: &str) -> String {
    let words = name.split(|character: char| !character.is_ascii_alphanumeric());
    let mut camel = String::new();
    for word in words {
        let mut characters = word.chars();
        if let Some(first) = characters.next() {
            camel.push(first.to_ascii_uppercase());
            camel.push_str(characters.as_str());
        }
    }
    if camel.chars().all(|character| character.is_ascii_digit()) {
        return String::new();
    }
    if camel.starts_with(|first: char| first.is_ascii_digit()) { format!("Net{camel}") } else { camel }
}

/// Reserves `name`, or `name` with a number if it is taken.
pub(super) fn unused(taken: &mut BTreeSet<String>, name: &str) -> String {
    let mut found = name.to_owned();
    let mut number = 2;
    while !taken.insert(found.clone()) {
        found = format!("{name}{number}");
        number += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_python_or_torch_keep_are_no_attributes() {
        for name in ["class", "forward", "type", "0", "a-b", "_modules", "grün", ""] {
            assert!(!is_attribute(name), "{name}");
        }
        assert!(is_attribute("conv1"));
        assert_eq!(member("self", "type"), "self._modules[\"type\"]");
        assert_eq!(assigned("a\"b", "x"), "self._modules[\"a\\\"b\"] = x");
    }

    #[test]
    fn classes_are_in_camel_case() {
        assert_eq!(camel_case("basic_block"), "BasicBlock");
        assert_eq!(camel_case("3d-net"), "Net3dNet");
        assert_eq!(camel_case("12"), "");
    }
}

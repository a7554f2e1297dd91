//! Chooses the constructor parameters of classes: the values that differ between their instances.

use std::collections::BTreeSet;

use super::build::{Class, Classes};
use super::module::{Argument, Module, flatten};
use super::names;

/// A constructor parameter.
#[derive(Debug)]
pub(super) struct Parameter {
    /// Its name.
    pub(super) name: String,
    /// Its type annotation.
    pub(super) hint: String,
    /// The column with its value for each instance.
    pub(super) column: usize,
    /// Whether an expression of `forward` reads it, so that the constructor stores it in `self`.
    pub(super) kept: bool,
}

/// A class with its constructor's parameters.
#[derive(Debug)]
pub(super) struct Unified {
    /// The class.
    pub(super) class: Class,
    /// Its constructor arguments.
    pub(super) parameters: Vec<Parameter>,
    /// The text for each argument: a literal, or an expression of parameters.
    pub(super) columns: Vec<String>,
    /// The index of the first column that belongs to `forward`.
    pub(super) forward_from: usize,
}

/// A complete file before it is printed.
#[derive(Debug)]
pub(super) struct File {
    /// The classes, each before those that use it.
    pub(super) classes: Vec<Unified>,
    /// The texts of the helpers, ordered by name.
    pub(super) helpers: Vec<&'static str>,
}

/// Chooses the parameters of all classes.
pub(super) fn unify(classes: Classes) -> File {
    let mut unified: Vec<Unified> = Vec::new();
    for class in classes.all {
        let one = unify_class(class, &unified);
        unified.push(one);
    }
    File { classes: unified, helpers: classes.helpers.iter().map(|helper| helper.source).collect() }
}

fn unify_class(class: Class, before: &[Unified]) -> Unified {
    let mut arguments = Vec::new();
    let mut matters = Vec::new();
    for (_, member) in &class.members {
        flatten(member, &mut arguments);
        mark(member, before, &mut matters);
    }
    let forward_from = arguments.len();
    if let Some(forward) = &class.forward {
        arguments.extend(forward.arguments.iter().cloned());
        matters.resize(arguments.len(), true);
    }
    let mut taken: BTreeSet<String> = class.members.iter().map(|(name, _)| name.clone()).collect();
    taken.insert("self".to_owned());
    let mut parameters: Vec<Parameter> = Vec::new();
    let mut columns = Vec::new();
    for (column, argument) in arguments.iter().enumerate() {
        let values: Vec<&str> = class.instances.iter().map(|row| row[column].as_str()).collect();
        if !matters[column] || values.iter().all(|value| *value == values[0]) {
            columns.push(argument.value.clone());
            continue;
        }
        let in_forward = column >= forward_from;
        let known = parameters.iter_mut().find_map(|parameter| {
            let known: Vec<&str> = class.instances.iter().map(|row| row[parameter.column].as_str()).collect();
            let text = related(argument, &known, &values, &parameter.name)?;
            let plain = text == parameter.name;
            if in_forward && !plain {
                return None;
            }
            parameter.kept |= in_forward;
            Some(if in_forward { format!("self.{text}") } else { text })
        });
        let text = known.unwrap_or_else(|| {
            let wanted = if names::is_attribute(&argument.name) { argument.name.as_str() } else { "value" };
            let name = names::unused(&mut taken, wanted);
            let text = if in_forward { format!("self.{name}") } else { name.clone() };
            parameters.push(Parameter { name, hint: hint(&values), column, kept: in_forward });
            text
        });
        columns.push(text);
    }
    Unified { class, parameters, columns, forward_from }
}

/// Marks the arguments that are written: those of a class of this file only if its constructor takes them.
fn mark(module: &Module, before: &[Unified], matters: &mut Vec<bool>) {
    match module {
        Module::Torch(_, arguments) => matters.extend(arguments.iter().map(|_| true)),
        Module::Class(class, arguments) => {
            let from = matters.len();
            matters.extend(arguments.iter().map(|_| false));
            for parameter in &before[*class].parameters {
                matters[from + parameter.column] = true;
            }
        }
        Module::Sequence(members) | Module::List(members) => {
            members.iter().for_each(|member| mark(member, before, matters));
        }
    }
}

/// The role of an argument; parameters of one role can replace each other.
fn role(name: &str) -> &str {
    match name.trim_end_matches(|one: char| one.is_ascii_digit()) {
        // A depthwise convolution has as many groups as channels.
        "groups" => "channels",
        stem => ["channels", "features", "filters"]
            .into_iter()
            .find(|end| stem.ends_with(end))
            .map_or(stem, |_| "channels"),
    }
}

/// An expression for `values` by a parameter with the values `known`: the parameter itself, a multiple or a fraction of
/// it, or the padding that goes with a kernel size.
fn related(argument: &Argument, known: &[&str], values: &[&str], name: &str) -> Option<String> {
    let numbers = |texts: &[&str]| texts.iter().map(|text| text.parse().ok()).collect::<Option<Vec<u64>>>();
    if (role(&argument.name), role(name)) == ("padding", "kernel_size") {
        let (known, values) = (numbers(known)?, numbers(values)?);
        return known.iter().map(|kernel| kernel / 2).eq(values).then(|| format!("{name} // 2"));
    }
    if role(&argument.name) != role(name) {
        return None;
    }
    if known == values {
        return Some(name.to_owned());
    }
    if role(name) != "channels" {
        return None;
    }
    let (known, values) = (numbers(known)?, numbers(values)?);
    let pairs = || known.iter().zip(&values);
    let times = values[0].checked_div(known[0])?;
    if times > 1 && pairs().all(|(&known, &value)| known.checked_mul(times) == Some(value)) {
        return Some(format!("{times} * {name}"));
    }
    let part = known[0].checked_div(values[0])?;
    let divides = part > 1 && pairs().all(|(&known, &value)| value.checked_mul(part) == Some(known));
    divides.then(|| format!("{name} // {part}"))
}

/// The type annotation for values.
fn hint(values: &[&str]) -> String {
    let of = |value: &str| {
        if value.parse::<i64>().is_ok() {
            "int".to_owned()
        } else if value == "True" || value == "False" {
            "bool".to_owned()
        } else if value.starts_with('"') {
            "str".to_owned()
        } else if value.starts_with("[[") {
            "list[list[int]]".to_owned()
        } else if value.starts_with('(') {
            let items = value.matches(',').count() + 1;
            format!("tuple[{}]", vec!["int"; items].join(", "))
        } else {
            "float".to_owned()
        }
    };
    let kinds: BTreeSet<String> = values.iter().map(|value| of(value)).collect();
    kinds.into_iter().collect::<Vec<_>>().join(" | ")
}

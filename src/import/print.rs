//! Prints the tree as text. Here statements become lines; long groups and forms take several. `units` decides which
//! statements share a line or become a repetition.

mod groups;

use std::collections::BTreeSet;

use super::naming::quoted_path;
use super::peephole::pads_at_the_end;
use super::references::{DEFAULT_INPUT, input_names};
use super::repeats::Repeats;
use super::tokens::{Role, literal, render, table_name};
use super::tree::{Form, GroupId, Mode, Parameter, Repeat, Statement, Tree};
use super::units::{Unit, Units, WIDTH};
use crate::tensor::Shape;

/// The greatest length of a group on one line.
const SHORT: usize = 64;

/// The whole text; `params` is the number of trainable elements.
pub(super) fn print(tree: &Tree<'_>, name: &str, params: Option<u64>) -> String {
    let patterned = tree.groups.iter().filter(|group| group.mode == Mode::Pattern && !group.is_copy);
    let patterns = patterned.map(|group| group.path.as_slice()).collect();
    let mut printer = Printer { tree, repeats: Repeats::of(tree), patterns };
    let mut text = String::new();
    if pads_at_the_end(tree.network) {
        text.push_str("# allow W0203: the model pads as TensorFlow does\n");
    }
    for (number, table) in tree.network.tables.iter().enumerate() {
        let rows = table.rows.iter().map(|row| row.iter().map(u64::to_string).collect::<Vec<_>>().join(" "));
        let rows = rows.collect::<Vec<_>>().join("; ");
        let (name, filters) = (table_name(number), table.rows.len());
        text.push_str(&format!("table {name} {} -> {filters} {{ {rows}; }}\n", table.inputs));
    }
    for block in tree.blocks.iter().rev() {
        let parameters: Vec<String> = block.parameters.iter().map(parameter).collect();
        let head = format!("block {}({}) {{", block.name, parameters.join(", "));
        let body = tree.group(block.body);
        let mut lines = Vec::new();
        if block.uses_channels {
            lines.push("let cin = in.c;".to_owned());
        }
        lines.extend(printer.list(&body.statements, 1, body.mode != Mode::Explicit, false));
        match lines.as_slice() {
            [line] if head.len() + line.len() + 3 <= WIDTH => text.push_str(&format!("{head} {line} }}\n")),
            _ => {
                text.push_str(&format!("{head}\n"));
                lines.iter().for_each(|line| text.push_str(&format!("    {line}\n")));
                text.push_str("}\n");
            }
        }
    }
    text.push_str(&format!("network {name} {{\n"));
    let labels = tree.network.labels.iter().map(|path| format!("labels \"{path}\";"));
    let inputs = printer.inputs().into_iter().chain(labels);
    for line in inputs.chain(printer.list(&tree.root, 1, false, true)) {
        text.push_str(&format!("    {line}\n"));
    }
    if let Some(params) = params {
        text.push_str(&format!("    expect params == {};\n", underscored(params)));
    }
    text.push_str("}\n");
    text
}

/// Returns whether a group is written in several lines.
pub(super) fn is_long(tree: &Tree<'_>, id: GroupId) -> bool {
    let mut printer = Printer { tree, repeats: Repeats::default(), patterns: BTreeSet::new() };
    printer.group(id, 0, false).0.len() > 1
}

/// A parameter as its block declares it.
fn parameter(parameter: &Parameter) -> String {
    let Parameter { name, role, default } = parameter;
    let word = if *role == Role::Word { "word " } else { "" };
    let default = default.map_or(String::new(), |default| format!(" = {}", literal(*role, default)));
    format!("{word}{name}{default}")
}

/// A number with `_` between thousands.
fn underscored(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

struct Printer<'t, 'n> {
    tree: &'t Tree<'n>,
    repeats: Repeats<'t>,
    /// The scopes whose members are named by a pattern.
    patterns: BTreeSet<&'t [String]>,
}

impl<'t> Printer<'t, '_> {
    fn inputs(&self) -> Vec<String> {
        let network = self.tree.network;
        let one = |(input, name): (&super::network::Input, String)| {
            let (shape, preprocessing) = (network.shape(input.value), &input.preprocessing);
            match name.as_str() {
                DEFAULT_INPUT if network.inputs.len() == 1 => format!("input {shape}{preprocessing};"),
                name => format!("input {shape}{preprocessing} as {name};"),
            }
        };
        network.inputs.iter().zip(input_names(self.tree)).map(one).collect()
    }

    /// The lines of a statement without its `;`, and whether they end with a written name.
    fn statement(&mut self, statement: &'t Statement, depth: usize, numbered: bool) -> (Vec<String>, bool) {
        if let Some((path, name)) = self.shared(statement, depth, numbered) {
            let name = name.map(|name| format!(" as {}", quoted_path(&name)));
            let is_named = name.is_some();
            return (vec![format!("shared {}{}", quoted_path(&path), name.unwrap_or_default())], is_named);
        }
        self.written(statement, depth, numbered)
    }

    /// If a statement repeats an earlier one with the same weights: the path of that one, and the statement's own name
    /// if it is written.
    fn shared(
        &mut self,
        statement: &'t Statement,
        depth: usize,
        numbered: bool,
    ) -> Option<(String, Option<String>)> {
        let own = match statement {
            Statement::Head(head) => head.name.clone().filter(|_| !numbered),
            Statement::Group(id) if !numbered => Some(self.tree.group(*id).component.clone()),
            _ => return None,
        };
        let earlier = self.repeats.earlier(self.tree, statement)?;
        let path = self.repeats.path(self.tree, earlier)?;
        // The texts of both are compared as printed in full, without `shared` inside.
        let repeats = std::mem::take(&mut self.repeats);
        let mut text = |one: &'t Statement| {
            let (mut lines, named) = self.written(one, depth, false);
            if let (true, Some(last)) = (named, lines.last_mut()) {
                last.truncate(last.rfind(" as ").unwrap_or(last.len()));
            }
            lines
        };
        let are_equal = text(earlier) == text(statement);
        self.repeats = repeats;
        are_equal.then_some((path, own))
    }

    fn written(&mut self, statement: &'t Statement, depth: usize, numbered: bool) -> (Vec<String>, bool) {
        match statement {
            Statement::Head(head) => {
                let text = render(&head.tokens, &self.tree.slots);
                match head.name.as_ref().filter(|_| !numbered) {
                    Some(name) => (vec![format!("{text} as {}", quoted_path(name))], true),
                    None => (vec![text], false),
                }
            }
            Statement::Identity { name: None, .. } => (vec!["identity".to_owned()], false),
            Statement::Identity { name: Some(name), .. } => {
                (vec![format!("identity as {}", quoted_path(name))], true)
            }
            Statement::Fetch { name, .. } => (vec![format!("@{name}")], false),
            Statement::Aux { of, name, .. } => {
                let value = of.as_ref().map_or("identity".to_owned(), |of| format!("@{of}"));
                (vec![format!("aux < {value} > as {}", quoted_path(name))], true)
            }
            Statement::Part { .. } => (vec!["identity".to_owned()], false),
            Statement::Optional(optional) => {
                let (mut lines, named) = self.statement(&optional.statement, depth, numbered);
                let flag = &self.tree.slots[optional.flag.0];
                let Some(expression) = &flag.expression else { return (lines, named) };
                match lines.as_slice() {
                    [line] => (vec![format!("[{line}] * ({expression})")], true),
                    _ => {
                        lines = lines.into_iter().map(|line| format!("    {line}")).collect();
                        lines.insert(0, "[".to_owned());
                        lines.push(format!("] * ({expression})"));
                        (lines, true)
                    }
                }
            }
            Statement::Repeat(repeat) => {
                let (mut lines, named) = self.statement(&repeat.statement, depth, numbered);
                if let (Some(last), Some(count)) = (lines.last_mut(), self.count(repeat)) {
                    last.push_str(&format!(" * {count}"));
                }
                (lines, named)
            }
            Statement::Form(form) => {
                let (mut lines, name) = (self.form(form, depth, numbered), form.name.as_ref());
                let name = name.filter(|_| !numbered);
                if let (Some(name), Some(last)) = (name, lines.last_mut()) {
                    last.push_str(&format!(" as {}", quoted_path(name)));
                }
                (lines, name.is_some())
            }
            Statement::Group(id) => self.group(*id, depth, numbered),
        }
    }

    fn form(&mut self, form: &'t Form, depth: usize, numbered: bool) -> Vec<String> {
        let mut head = form.kind.to_owned();
        if form.kind == "split" {
            let equal = form.parts.windows(2).all(|two| two[0] == two[1]);
            let sizes = form.parts.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
            head.push_str(&if equal { format!(" {}", form.parts.len()) } else { format!(" ({sizes})") });
        }
        if let Some(policy) = &form.policy {
            head.push_str(&format!(" {policy}"));
        }
        if let Some(scale) = form.scale {
            head.push_str(&format!(" scale={}", super::tokens::number(scale)));
        }
        let tail = format!(">{}", render(&form.tokens, &self.tree.slots));
        let branches: Vec<Vec<String>> =
            form.branches.iter().map(|branch| self.list(branch, depth + 1, numbered, false)).collect();
        let flat: Vec<String> = branches.iter().map(|lines| joined(lines)).collect();
        let one = format!("{head} < {} {tail}", flat.join(" | "));
        let short = branches.iter().all(|lines| lines.len() == 1);
        let single = form.branches.iter().all(|branch| branch.len() == 1);
        let plain = form.branches.iter().flatten().all(|one| self.is_plain(one));
        if one.len() + 4 * depth <= WIDTH && ((short && single) || (form.kind != "residual" && plain)) {
            return vec![one];
        }
        let mut lines = vec![format!("{head} <")];
        if let [branch] = branches.as_slice() {
            lines.extend(without_last_semicolon(branch).into_iter().map(|line| format!("    {line}")));
        } else {
            for branch in &branches {
                for (index, line) in without_last_semicolon(branch).into_iter().enumerate() {
                    lines.push(format!("    {} {line}", if index == 0 { "|" } else { " " }));
                }
            }
        }
        lines.push(tail);
        lines
    }

    /// Returns whether a form with the name of the scope around it is the same as the scope: what trails it stands outside.
    fn opens_scope(&self, form: &Form) -> bool {
        form.name.is_none() && !form.trailing.iter().any(|&op| self.tree.op(op).is_keyed())
    }

    fn is_call(&self, statement: &Statement) -> bool {
        matches!(statement, Statement::Group(id) if self.tree.group(*id).call.is_some())
    }

    /// The count of a repeated member as it is written; `None` for one copy.
    fn count(&self, repeat: &Repeat) -> Option<String> {
        let slot = &self.tree.slots[repeat.count.0];
        match &slot.expression {
            Some(expression) => Some(format!("({expression})")),
            None => slot.value.filter(|&count| count > 1).map(|count| count.to_string()),
        }
    }

    /// Returns whether a statement always fits on a line.
    fn is_plain(&self, statement: &Statement) -> bool {
        match statement {
            Statement::Identity { .. }
            | Statement::Fetch { .. }
            | Statement::Head(_)
            | Statement::Optional(_)
            | Statement::Repeat(_) => true,
            Statement::Form(form) => {
                form.kind != "residual" && form.branches.iter().flatten().all(|one| self.is_plain(one))
            }
            other => self.is_call(other),
        }
    }

    /// The shape that is stated behind a group of the network, if the group changes height or width.
    fn stated_shape(&self, statement: &Statement) -> Option<String> {
        let Statement::Group(id) = statement else { return None };
        let group = self.tree.group(*id);
        if group.call.is_some() || group.statements.len() < 2 {
            return None;
        }
        let shape = |value: super::op::ValueId| self.tree.network.shapes.get(value.0).copied();
        match (shape(group.input)?, shape(group.output)?) {
            (before @ Shape::Map { .. }, after @ Shape::Map { .. }) if before.extent() != after.extent() => {
                Some(after.to_string())
            }
            _ => None,
        }
    }

    /// The lines of a list, each statement with its `;`.
    fn list(&mut self, statements: &'t [Statement], depth: usize, numbered: bool, root: bool) -> Vec<String> {
        let mut units = Units::new(self.tree);
        for statement in statements {
            if let Statement::Optional(optional) = statement {
                let flag = &self.tree.slots[optional.flag.0];
                if flag.expression.is_none() && flag.value.unwrap_or(0) == 0 {
                    continue;
                }
            }
            if let Statement::Identity { name: Some(name), .. } = statement
                && units.ends_with_name(&quoted_path(name))
            {
                continue;
            }
            let (lines, named) = self.statement(statement, depth, numbered);
            let is_member = matches!(statement, Statement::Group(_))
                && !self.is_call(statement)
                && lines.last().is_some_and(|line| line.ends_with(" as []"))
                && !lines[0].starts_with('[');
            let is_name = matches!(
                statement,
                Statement::Identity { .. } | Statement::Fetch { .. } | Statement::Aux { .. }
            );
            let repeats = lines.len() == 1 && !is_name && (!named || is_member);
            let shape = if root { self.stated_shape(statement) } else { None };
            let repeats = repeats && !matches!(statement, Statement::Repeat(_));
            units.push(Unit { statement, lines, count: 1, repeats, is_member, shape });
        }
        units.lines(depth)
    }
}

/// Joins the statements of several lines into one, without the last `;`.
fn joined(lines: &[String]) -> String {
    let flat: Vec<&str> = lines.iter().map(|line| line.trim_end_matches(';')).collect();
    flat.join("; ").replace(";  ", "; ")
}

fn without_last_semicolon(lines: &[String]) -> Vec<String> {
    let mut lines = lines.to_vec();
    if let Some(last) = lines.last_mut() {
        *last = last.trim_end_matches(';').to_owned();
    }
    lines
}

/// A valid name for the network.
pub(super) fn network_name(name: &str) -> String {
    let name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    let name = name.trim_matches('_');
    let starts = name.chars().next();
    match starts {
        None => "imported".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("net_{name}"),
        Some(_) => name.chars().take(80).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::naming::quoted;
    use super::*;

    #[test]
    fn names_of_networks_are_identifiers() {
        assert_eq!(network_name("resnet50-v1.5"), "resnet50_v1_5");
        assert_eq!(network_name("320n"), "net_320n");
        assert_eq!(network_name("…"), "imported");
        assert_eq!(quoted("block1-0"), "\"block1-0\"");
        assert_eq!(underscored(25_557_032), "25_557_032");
    }
}

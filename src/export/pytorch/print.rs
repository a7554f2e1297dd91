//! Writes classes as the text of a Python file.

use crate::ir::Graph;
use crate::tensor::Shape;

use super::forward::{Forward, hole};
use super::layout::{self, write, write_head};
use super::module::{Argument, Module};
use super::names;
use super::unify::{File, Unified};

/// Prints the file of a network.
pub(super) fn print(graph: &Graph, file: &File) -> String {
    let mut body = String::new();
    for helper in &file.helpers {
        body.push_str(&format!("\n\n{helper}\n"));
    }
    for class in &file.classes {
        body.push_str("\n\n");
        print_class(&mut body, class, file);
    }
    let network = file.classes.last().map_or("Network", |class| class.class.name.as_str());
    let uses = |text: &str| body.contains(text);
    let mut out = format!("\"\"\"The network {} in PyTorch.\"\"\"\n\n", documentation(graph.name()));
    out.push_str("import torch\n");
    if uses("F.") {
        out.push_str("import torch.nn.functional as F\n");
    }
    out.push_str("from torch import Tensor, nn\n");
    if !uses("torch.") {
        out = out.replace("import torch\n", "");
    }
    out.push_str(&body);
    out.push_str(&format!(
        r#"

if __name__ == "__main__":
    model = {network}()
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    frozen = sum(p.numel() for p in model.parameters() if not p.requires_grad)
    print(f"{{trainable:,}} trainable and {{frozen:,}} frozen parameters")
"#
    ));
    out
}

fn print_class(out: &mut String, unified: &Unified, file: &File) {
    let class = &unified.class;
    out.push_str(&format!("class {}(nn.Module):\n", class.name));
    if let Some(doc) = &class.doc {
        let lines = layout::paragraphs(doc, 4);
        let lines: Vec<String> = lines.iter().map(|line| documentation(line)).collect();
        match lines.as_slice() {
            [line] => out.push_str(&format!("    \"\"\"{line}\"\"\"\n\n")),
            lines => {
                out.push_str(&format!("    \"\"\"{}\n", lines.first().map_or("", String::as_str)));
                for line in lines.iter().skip(1) {
                    out.push_str(&if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") });
                }
                out.push_str("    \"\"\"\n\n");
            }
        }
    }
    let parameters = unified.parameters.iter().map(|one| format!("{}: {}", one.name, one.hint));
    let parameters: Vec<String> = std::iter::once("self".to_owned()).chain(parameters).collect();
    write_head(out, 4, &format!("def __init__({})", parameters.join(", ")), " -> None:");
    out.push_str("        super().__init__()\n");
    for parameter in unified.parameters.iter().filter(|parameter| parameter.kept) {
        write(out, 8, &format!("self.{0} = {0}", parameter.name));
    }
    let mut column = 0;
    for (name, member) in &class.members {
        let value = module(member, unified, file, &mut column);
        write(out, 8, &names::assigned(name, &value));
    }
    if let Some(forward) = &class.forward {
        out.push('\n');
        print_forward(out, forward, unified);
    }
}

fn print_forward(out: &mut String, forward: &Forward, unified: &Unified) {
    let tensors = |count: usize| match count {
        1 => "Tensor".to_owned(),
        2..=6 => format!("tuple[{}]", vec!["Tensor"; count].join(", ")),
        // Longer tuples would not fit on a line.
        _ => "tuple[Tensor, ...]".to_owned(),
    };
    let trains = forward.training_outputs.len() > forward.outputs.len();
    let mut returns = tensors(forward.outputs.len());
    if trains {
        returns = format!("{returns} | {}", tensors(forward.training_outputs.len()));
    }
    let inputs = forward.inputs.iter().map(|input| format!("{input}: Tensor"));
    let inputs: Vec<String> = std::iter::once("self".to_owned()).chain(inputs).collect();
    write_head(out, 4, &format!("def forward({})", inputs.join(", ")), &format!(" -> {returns}:"));
    let mut lines = forward.lines.as_slice();
    // A last assignment to the only output becomes `return` of its expression.
    let direct = match (lines, forward.training_outputs.as_slice()) {
        ([before @ .., last], [output]) => {
            let value = last.text.strip_prefix(&format!("{output} = "));
            value.map(|value| (before, value.to_owned(), last.shape))
        }
        _ => None,
    };
    if let Some((before, ..)) = &direct {
        lines = before;
    }
    let filled = |text: &str| {
        (0..forward.arguments.len()).fold(text.to_owned(), |text, index| {
            text.replace(&hole(index), &unified.columns[unified.forward_from + index])
        })
    };
    let mut training = false;
    for line in lines {
        if line.training && !training {
            out.push_str("        if self.training:\n");
        }
        training = line.training;
        let indent = if training { 12 } else { 8 };
        write_noted(out, indent, &filled(&line.text), line.shape);
    }
    if let Some((_, value, shape)) = direct {
        return write_noted(out, 8, &format!("return {}", filled(&value)), shape);
    }
    let values = |names: &[String], indent: usize| {
        let text = format!("return {}", names.join(", "));
        if layout::fits(indent, &text) { text } else { format!("return ({})", names.join(", ")) }
    };
    if trains {
        out.push_str("        if self.training:\n");
        write(out, 12, &values(&forward.training_outputs, 12));
    }
    write(out, 8, &values(&forward.outputs, 8));
}

/// Writes a statement with the shape of its value, where both fit on a line.
fn write_noted(out: &mut String, indent: usize, text: &str, shape: Option<Shape>) {
    let noted = shape.map(|shape| format!("{text}  # {shape}"));
    match noted.filter(|noted| layout::fits(indent, noted)) {
        Some(noted) => out.push_str(&format!("{}{noted}\n", " ".repeat(indent))),
        None => write(out, indent, text),
    }
}

/// The constructor call of a module.
fn module(module_: &Module, unified: &Unified, file: &File, column: &mut usize) -> String {
    match module_ {
        Module::Torch(class, arguments) => {
            let from = *column;
            *column += arguments.len();
            let written = arguments.iter().enumerate().filter_map(|(index, argument)| {
                let text = &unified.columns[from + index];
                let Argument { name, default, positional, .. } = argument;
                match default {
                    Some(default) if default == text => None,
                    _ if *positional => Some(text.clone()),
                    _ => Some(format!("{name}={text}")),
                }
            });
            format!("{class}({})", written.collect::<Vec<_>>().join(", "))
        }
        Module::Class(class, arguments) => {
            let from = *column;
            *column += arguments.len();
            let inner = &file.classes[*class];
            let mut by_place = true;
            let written = inner.parameters.iter().map(|parameter| {
                let text = &unified.columns[from + parameter.column];
                let counts = parameter.name.contains("channels") || parameter.name.contains("features");
                by_place &= counts;
                if by_place { text.clone() } else { format!("{}={text}", parameter.name) }
            });
            let written: Vec<String> = written.collect();
            format!("{}({})", inner.class.name, written.join(", "))
        }
        Module::Sequence(members) => sequence("nn.Sequential", false, members, unified, file, column),
        Module::List(members) => sequence("nn.ModuleList", true, members, unified, file, column),
    }
}

fn sequence(
    class: &str,
    list: bool,
    members: &[Module],
    unified: &Unified,
    file: &File,
    column: &mut usize,
) -> String {
    let texts: Vec<String> = members.iter().map(|member| module(member, unified, file, column)).collect();
    let mut items = Vec::new();
    let mut rest = texts.as_slice();
    while let Some(first) = rest.first() {
        let count = rest.iter().take_while(|text| *text == first).count();
        items.push(if count > 1 { format!("*[{first} for _ in range({count})]") } else { first.clone() });
        rest = &rest[count..];
    }
    let items = items.join(", ");
    if list { format!("{class}([{items}])") } else { format!("{class}({items})") }
}

/// Escapes a line of a docstring.
fn documentation(text: &str) -> String {
    let text: String = text.chars().map(|one| if one.is_control() { ' ' } else { one }).collect();
    let text = text.replace('\\', "\\\\").replace("\"\"\"", "'''");
    if text.ends_with('"') { format!("{text} ") } else { text }
}

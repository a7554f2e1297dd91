//! The self-check: compiles the text and compares the resulting graph with the model.
//!
//! The values of both graphs are numbered together: equal operators over equal operands get equal numbers. An operator
//! with parameters is equal only to the one with the same key.

use std::collections::BTreeMap;

use crate::analysis::Checked;
use crate::diag::Severity;
use crate::driver::{Options, Session};
use crate::ir::{Graph, Node, NodeId};
use crate::ops::{self, Activation, Function};

use super::network::Network;
use super::op::{Argument, Op, ValueId};
use super::tree::{Statement, Tree};

/// The result of a successful self-check.
pub(super) struct Proven {
    /// The path of each operator with parameters.
    pub(super) paths: BTreeMap<usize, String>,
    /// The text in canonical form.
    pub(super) text: String,
}

/// The operators of a tree, in the order of the text.
pub(super) fn text_order(tree: &Tree<'_>) -> Vec<usize> {
    let mut order = Vec::new();
    list_order(tree, &tree.root, &mut order);
    order
}

fn list_order(tree: &Tree<'_>, statements: &[Statement], order: &mut Vec<usize>) {
    for statement in statements {
        match statement {
            Statement::Head(head) => {
                order.push(head.op);
                order.extend(&head.trailing);
            }
            Statement::Form(form) => {
                form.branches.iter().for_each(|branch| list_order(tree, branch, order));
                order.extend(&form.projection);
                order.extend(form.op);
                order.extend(&form.trailing);
            }
            Statement::Group(id) => list_order(tree, &tree.group(*id).statements, order),
            _ => {}
        }
    }
}

/// Compiles a text and compares it with the model. `order` lists the operators in the order of the text.
///
/// # Errors
/// The first difference.
pub(super) fn check(network: &Network, order: &[usize], text: &str) -> Result<Proven, String> {
    let session = Session::load(&(), "imported.cnn", text.as_bytes().to_vec(), "imported");
    let outcome = session.compile(&Options::default()).map_err(|error| error.to_string())?;
    let error = outcome.diagnostics.iter().find(|one| one.severity == Severity::Error);
    if let Some(error) = error {
        return Err(format!("{}: {}", error.code, error.message));
    }
    let checked = outcome.checked.ok_or("it does not compile")?;
    let paths = compare(network, order, &checked)?;
    let text = session.canonical().ok_or("it has no canonical form")?;
    Ok(Proven { paths, text })
}

fn compare(network: &Network, order: &[usize], checked: &Checked) -> Result<BTreeMap<usize, String>, String> {
    let graph = checked.graph();
    let paths = paired(network, order, graph)?;
    let mut numbering = Numbering::default();
    let theirs = numbering.of_graph(graph)?;
    let ours = numbering.of_network(network, &paths)?;
    let written = graph.outputs().iter().map(|output| (output.name.as_str(), theirs[output.node.index()]));
    let mut asked = Vec::new();
    for (name, value) in &network.outputs {
        asked.push((name.as_str(), ours[value.0].ok_or("an output is never computed")?));
    }
    compare_outputs(written.collect(), asked)?;
    Ok(paths)
}

/// Compares outputs by name. The value at the end of the trunk is called `out` in the text, whatever its name in the
/// model; every other output keeps its name.
fn compare_outputs(mut written: Vec<(&str, usize)>, asked: Vec<(&str, usize)>) -> Result<(), String> {
    let mut end = Vec::new();
    for (name, number) in asked {
        match written.iter().position(|(known, _)| *known == name) {
            Some(at) if written.swap_remove(at).1 == number => {}
            Some(_) => return Err(format!("the output `{name}` differs")),
            None => end.push((name, number)),
        }
    }
    match (end.as_slice(), written.as_slice()) {
        ([], []) => Ok(()),
        ([(_, asked)], [("out", written)]) if asked == written => Ok(()),
        ([(name, _), ..], _) => Err(format!("the output `{name}` differs")),
        ([], [(name, _), ..]) => Err(format!("the text has an output `{name}` that the model lacks")),
    }
}

/// Assigns the nodes of the graph with parameters to the operators of the network with parameters: both are in the
/// order of the text.
fn paired(network: &Network, order: &[usize], graph: &Graph) -> Result<BTreeMap<usize, String>, String> {
    let mut nodes = graph.nodes().filter(|(_, node)| !node.parameters.is_empty());
    let mut paths = BTreeMap::new();
    for &index in order {
        let op = &network.ops[index];
        if op.tensors.is_empty() || network.shared.contains_key(&index) {
            continue;
        }
        let (_, node) = nodes.next().ok_or("the text has too few operators with parameters")?;
        if let Some(key) = op.key.as_ref().filter(|key| **key != node.path) {
            return Err(format!("`{}` stands where `{key}` should", node.path));
        }
        super::convert::check_tensors(op, &node.parameters)?;
        paths.insert(index, node.path.clone());
    }
    match nodes.next() {
        Some((_, node)) => Err(format!("`{}` is no operator of the model", node.path)),
        None => Ok(paths),
    }
}

/// Numbers values by the operator and operands that compute them.
#[derive(Default)]
struct Numbering {
    known: BTreeMap<(String, Vec<usize>), usize>,
    /// The operands of each concatenation, so that nested concatenations can be compared as flat ones.
    concatenated: BTreeMap<usize, Vec<usize>>,
}

impl Numbering {
    fn number(&mut self, signature: String, operands: Vec<usize>) -> usize {
        let next = self.known.len();
        *self.known.entry((signature, operands)).or_insert(next)
    }

    fn join(&mut self, word: &str, mut operands: Vec<usize>) -> usize {
        match word {
            "concat" => {
                let flat: Vec<usize> = operands
                    .iter()
                    .flat_map(|operand| {
                        self.concatenated.get(operand).cloned().unwrap_or_else(|| vec![*operand])
                    })
                    .collect();
                let number = self.number("concat".to_owned(), flat.clone());
                self.concatenated.insert(number, flat);
                number
            }
            "add" | "mul" | "max" | "min" => {
                operands.sort_unstable();
                self.number(word.to_owned(), operands)
            }
            _ => self.number(word.to_owned(), operands),
        }
    }

    fn of_graph(&mut self, graph: &Graph) -> Result<Vec<usize>, String> {
        let mut numbers: Vec<usize> = Vec::new();
        let mut inputs = 0;
        for (id, node) in graph.nodes() {
            let operands: Vec<usize> =
                graph.operands(id).into_iter().map(|one: NodeId| numbers[one.index()]).collect();
            let number = match node.op() {
                None => {
                    inputs += 1;
                    self.number(format!("input {inputs} {}", node.shape), vec![])
                }
                Some(op) => self.node(node, graph.node(graph.owner(id)), op, operands)?,
            };
            numbers.push(number);
        }
        Ok(numbers)
    }

    /// Numbers the value of a node; `owner` is the node whose parameters it computes with.
    fn node(
        &mut self,
        node: &Node,
        owner: &Node,
        op: &ops::Op,
        mut operands: Vec<usize>,
    ) -> Result<usize, String> {
        let word = match node.word {
            "residual" => "add",
            "inception" | "split" => "concat",
            word => word,
        };
        if let ops::Op::Add(add) = op {
            if let Some(scale) = add.scale {
                operands[0] = self.number(times(scale), vec![operands[0]]);
            }
            if let Some(strides) = add.zeropad {
                return Ok(self.join(&zero_padded(strides), operands));
            }
        }
        Ok(match op {
            ops::Op::Dropout(_) => operands[0],
            _ if operands.len() > 1 => self.join(word, operands),
            ops::Op::Activation(Activation { function: Function::Times { factor } }) => {
                self.number(times(*factor), operands)
            }
            // A form with one branch has the value of that branch.
            ops::Op::Add(_) | ops::Op::Concat(_) | ops::Op::Mul(_) => operands[0],
            _ if !owner.parameters.is_empty() => self.number(format!("{op:?} {}", owner.path), operands),
            _ => self.number(signature(op), operands),
        })
    }

    fn of_network(
        &mut self,
        network: &Network,
        paths: &BTreeMap<usize, String>,
    ) -> Result<Vec<Option<usize>>, String> {
        let mut numbers: Vec<Option<usize>> = vec![None; network.shapes.len()];
        for (index, input) in network.inputs.iter().enumerate() {
            let signature = format!("input {} {}", index + 1, network.shape(input.value));
            numbers[input.value.0] = Some(self.number(signature, vec![]));
        }
        for (index, op) in network.ops.iter().enumerate() {
            let operand =
                |value: &ValueId| numbers[value.0].ok_or("a value is used before it is made".to_owned());
            let operands = op.inputs.iter().map(operand).collect::<Result<Vec<_>, _>>()?;
            let number = match (op.word, paths.get(network.shared.get(&index).unwrap_or(&index))) {
                ("dropout", _) => operands[0],
                ("zeropad", _) => match op.arguments[..] {
                    [Argument::Pair(_, strides, _)] => self.join(&zero_padded(strides), operands),
                    _ => return Err("a shortcut without strides".to_owned()),
                },
                _ if op.is_join() => self.join(op.word, operands),
                (_, Some(path)) => self.number(format!("{:?} {path}", op.operator()?), operands),
                _ => self.number(simple(op)?, operands),
            };
            numbers[op.output.0] = Some(number);
        }
        Ok(numbers)
    }
}

/// The signature of a multiplication by a number, whether written as a word or as an attribute of a form.
fn times(factor: f64) -> String {
    signature(&ops::Activation { function: ops::Function::Times { factor } }.into())
}

/// The signature of a sum with a shortcut of option A.
fn zero_padded((rows, columns): (u64, u64)) -> String {
    format!("zeropad {rows}x{columns}")
}

fn signature(op: &ops::Op) -> String {
    format!("{op:?}")
}

/// The signature of an operator without parameters.
fn simple(op: &Op) -> Result<String, String> {
    if op.word == "slice" {
        let mut slice = ops::Slice { first: 0, count: 0 };
        for argument in &op.arguments {
            match argument {
                Argument::Count(count) => slice.count = *count,
                Argument::Number("at", first, _) => slice.first = *first,
                _ => {}
            }
        }
        return Ok(signature(&ops::Op::Slice(slice)));
    }
    Ok(signature(&op.operator()?))
}

//! The `forward` method of a class: its statements in source order, with variable names as a person would choose them.

mod again;

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::{Graph, NodeId, NodeKind, Output};
use crate::tensor::Shape;

use again::called_again;
pub(super) use again::is_called_again;

use super::module::{Argument, Kind, argument};
use super::names;
use super::scopes::{ROOT, Scopes};

/// A `forward` method.
#[derive(Clone, Debug, Default)]
pub(super) struct Forward {
    /// The names of its parameters.
    pub(super) inputs: Vec<String>,
    /// Its statements.
    pub(super) lines: Vec<Line>,
    /// The names of the returned variables.
    pub(super) outputs: Vec<String>,
    /// The names of the variables returned in training, which may be more.
    pub(super) training_outputs: Vec<String>,
    /// The numbers in its expressions; the text contains a [`hole`] for each.
    pub(super) arguments: Vec<Argument>,
}

/// A statement.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// The text, with holes for arguments.
    pub(super) text: String,
    /// Whether it is executed in training only.
    pub(super) training: bool,
    /// The shape of its value, written as a comment where it changes, in the network itself only.
    pub(super) shape: Option<Shape>,
}

/// The placeholder for a number in an expression.
pub(super) fn hole(index: usize) -> String {
    format!("\u{0}{index}\u{0}")
}

/// The values that enter a range of nodes, in order of first use.
pub(super) fn entering(graph: &Graph, (first, last): (usize, usize)) -> Vec<NodeId> {
    let mut found = Vec::new();
    for id in graph.ids().skip(first).take(last + 1 - first) {
        for operand in graph.operands(id) {
            if operand.index() < first && !found.contains(&operand) {
                found.push(operand);
            }
        }
    }
    found
}

/// The values of a range of nodes that nodes outside use; if there are none, the last one.
pub(super) fn leaving(graph: &Graph, (first, last): (usize, usize)) -> Vec<NodeId> {
    let used = |id: &NodeId| {
        graph.users(*id).iter().any(|user| user.index() > last)
            || graph.outputs().iter().any(|output| output.node == *id)
    };
    let nodes: Vec<NodeId> = graph.ids().skip(first).take(last + 1 - first).collect();
    let found: Vec<NodeId> = nodes.iter().copied().filter(used).collect();
    if found.is_empty() { nodes.last().copied().into_iter().collect() } else { found }
}

/// A statement whose variables have no names yet.
struct Step {
    /// The called module, or an expression.
    what: What,
    operands: Vec<NodeId>,
    results: Vec<NodeId>,
    /// A name that suits a variable for its value.
    name: String,
    training: bool,
    /// Whether it is a single operator.
    single: bool,
}

enum What {
    Call(String),
    Expression { text: String, arguments: Vec<Argument> },
}

/// Makes the `forward` of a callable scope.
pub(super) fn forward(graph: &Graph, scopes: &Scopes, kinds: &[Kind], scope: usize) -> Forward {
    let steps = steps(graph, scopes, kinds, scope);
    let (inputs, outputs) = if scope == ROOT {
        let outputs = graph.outputs().iter().map(|output| output.node).collect();
        (graph.inputs().map(|(id, _)| id).collect(), outputs)
    } else {
        (entering(graph, scopes.all[scope].range), leaving(graph, scopes.all[scope].range))
    };
    let variables = Variables { names: BTreeMap::new(), last_use: last_uses(&steps, &outputs) };
    let mut writer = Writer { graph, is_root: scope == ROOT, variables, forward: Forward::default() };
    writer.parameters(&inputs);
    let mut shape = None;
    for (index, step) in steps.into_iter().enumerate() {
        let now = step.results.first().map(|&result| graph.node(result).shape);
        let is_said = writer.is_root && step.results.len() == 1 && now != shape;
        shape = now;
        // A module that as a whole serves training is called in training only.
        let training = step.training && !scopes.trains_only(scope);
        let value = writer.value(step.what, &step.operands);
        let targets = writer.targets(index, &step.results, &step.name, step.single);
        let text = format!("{} = {value}", targets.join(", "));
        writer.forward.lines.push(Line { text, training, shape: now.filter(|_| is_said) });
    }
    writer.returns(&outputs);
    writer.forward
}

/// The last step that uses each value; no step is the last one of an output.
fn last_uses(steps: &[Step], outputs: &[NodeId]) -> BTreeMap<NodeId, usize> {
    let steps = steps.iter().enumerate();
    let uses = steps.flat_map(|(index, step)| step.operands.iter().map(move |&operand| (operand, index)));
    let mut last_uses: BTreeMap<NodeId, usize> = uses.collect();
    last_uses.extend(outputs.iter().map(|&output| (output, usize::MAX)));
    last_uses
}

/// Writes the statements of a `forward` one after another.
struct Writer<'g> {
    graph: &'g Graph,
    is_root: bool,
    variables: Variables,
    forward: Forward,
}

impl Writer<'_> {
    fn parameters(&mut self, inputs: &[NodeId]) {
        for (index, &input) in inputs.iter().enumerate() {
            let node = self.graph.node(input);
            let wanted = match &node.kind {
                NodeKind::Input(_) if self.is_root && inputs.len() > 1 => &node.path,
                _ => ["x", "y", "z"].get(index).copied().unwrap_or("x"),
            };
            let name = self.variables.take(input, &[wanted, "x"], None);
            self.forward.inputs.push(name);
        }
    }

    /// The expression of a step.
    fn value(&mut self, what: What, operands: &[NodeId]) -> String {
        let operands: Vec<String> = operands.iter().map(|&operand| self.variables.name(operand)).collect();
        match what {
            What::Call(module) => format!("{module}({})", operands.join(", ")),
            What::Expression { text, arguments } => {
                let mut value = text.replace("{*}", &operands.join(", "));
                for (port, operand) in operands.iter().enumerate() {
                    value = value.replace(&format!("{{{port}}}"), operand);
                }
                for argument in arguments {
                    let place = hole(self.forward.arguments.len());
                    value = value.replace(&format!("{{{}}}", argument.name), &place);
                    self.forward.arguments.push(argument);
                }
                value
            }
        }
    }

    /// The variables of a step's results.
    fn targets(&mut self, index: usize, results: &[NodeId], name: &str, is_single: bool) -> Vec<String> {
        let several = results.len() > 1;
        let mut targets = Vec::new();
        for &result in results {
            let own = if several { format!("{name}{}", targets.len() + 1) } else { name.to_owned() };
            let is_aux = |output: &&Output| output.node == result && output.name != "out";
            let aux = self.graph.outputs().iter().find(is_aux).filter(|_| self.is_root);
            let wanted: &[&str] = match aux {
                Some(output) => &[&output.name, "y"],
                None if is_single => &["x", "y", &own, "y"],
                None => &["x", &own, "y"],
            };
            targets.push(self.variables.take(result, wanted, Some(index)));
        }
        targets
    }

    fn returns(&mut self, outputs: &[NodeId]) {
        for &output in outputs {
            let is_trained = |named: &Output| named.node == output && named.train_only;
            let name = self.variables.name(output);
            if !(self.is_root && self.graph.outputs().iter().any(is_trained)) {
                self.forward.outputs.push(name.clone());
            }
            self.forward.training_outputs.push(name);
        }
    }
}

/// The variables and the values that they hold.
struct Variables {
    names: BTreeMap<NodeId, String>,
    last_use: BTreeMap<NodeId, usize>,
}

impl Variables {
    fn name(&self, value: NodeId) -> String {
        self.names.get(&value).cloned().unwrap_or_else(|| "x".to_owned())
    }

    /// Gives a value the first wanted name that is free from step `at` on, or otherwise the last one with a number.
    fn take(&mut self, value: NodeId, wanted: &[&str], at: Option<usize>) -> String {
        let last_use = &self.last_use;
        let later = |held: &NodeId| {
            last_use.get(held).is_some_and(|&last| at.is_none_or(|at| last > at)) || at.is_none()
        };
        self.names.retain(|held, _| later(held));
        let busy: BTreeSet<&str> = self.names.values().map(String::as_str).collect();
        let free = |name: &&&str| names::is_variable(name) && !busy.contains(**name);
        let name = match wanted.iter().find(free) {
            Some(name) => (*name).to_owned(),
            None => {
                let last = wanted.iter().rev().find(|name| names::is_variable(name)).copied().unwrap_or("y");
                let numbered = (2u64..).map(|number| format!("{last}{number}"));
                numbered.into_iter().find(|name| !busy.contains(name.as_str())).unwrap_or_default()
            }
        };
        self.names.insert(value, name.clone());
        name
    }
}

fn steps(graph: &Graph, scopes: &Scopes, kinds: &[Kind], scope: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    let (mut at, last) = scopes.all[scope].range;
    while at <= last {
        let Some(id) = graph.ids().nth(at) else { break };
        at += 1;
        let Some(own) = scopes.of_node[id.index()] else { continue };
        let path = scopes.between(scope, own);
        let called = path.iter().copied().find(|&inner| scopes.all[inner].callable);
        if let Some(called) = called {
            let range = scopes.all[called].range;
            steps.push(Step {
                what: What::Call(access(scopes, kinds, scope, called)),
                operands: entering(graph, range),
                results: leaving(graph, range),
                name: scopes.all[called].name.clone(),
                training: graph.node(id).train_only,
                single: false,
            });
            at = range.1 + 1;
        } else if let Some((step, end)) = path
            .iter()
            .filter(|&&opened| scopes.all[opened].range.0 == id.index())
            .find_map(|&opened| called_again(graph, scopes, kinds, scope, opened))
        {
            steps.push(step);
            at = end + 1;
        } else {
            steps.push(operator(graph, scopes, kinds, scope, id));
        }
    }
    steps
}

/// The step of one operator.
fn operator(graph: &Graph, scopes: &Scopes, kinds: &[Kind], scope: usize, id: NodeId) -> Step {
    let node = graph.node(id);
    let owner = graph.owner(id);
    let what = match node.op().map(|op| op.torch(&graph.operand_shapes(id), node.shape)) {
        Some(torch) if torch.module => {
            let held = scopes.of_node[owner.index()].unwrap_or(ROOT);
            What::Call(access(scopes, kinds, scope, held))
        }
        Some(torch) => What::Expression {
            text: torch.text,
            arguments: torch.arguments.into_iter().map(argument).collect(),
        },
        None => What::Expression { text: "{0}".to_owned(), arguments: Vec::new() },
    };
    Step {
        what,
        operands: graph.operands(id),
        results: vec![id],
        name: node.path.rsplit('.').next().unwrap_or_default().to_owned(),
        training: node.train_only,
        single: true,
    }
}

/// The Python expression by which a class accesses a module below it.
fn access(scopes: &Scopes, kinds: &[Kind], scope: usize, target: usize) -> String {
    let (mut text, mut around) = ("self".to_owned(), scope);
    for part in scopes.between(scope, target) {
        let name = &scopes.all[part].name;
        text = match kinds[around] {
            Kind::Sequence | Kind::List => format!("{text}[{name}]"),
            _ => names::member(&text, name),
        };
        around = part;
    }
    text
}

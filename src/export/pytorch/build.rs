//! Makes a class for each scope. Scopes of the same structure become instances of one class.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::grow_stack;
use crate::ir::{Graph, NodeId};
use crate::ops::Helper;

use super::PytorchOptions;
use super::forward::{Forward, entering, forward, is_called_again, leaving};
use super::module::{Kind, Module, argument, flatten, structure};
use super::names;
use super::scopes::{ROOT, Scopes};

/// A class and the values of its instances.
#[derive(Debug)]
pub(super) struct Class {
    /// Its name.
    pub(super) name: String,
    /// Its documentation.
    pub(super) doc: Option<String>,
    /// Its submodules by name, as the first instance has them.
    pub(super) members: Vec<(String, Module)>,
    /// Its `forward`; `None` where it only holds modules.
    pub(super) forward: Option<Forward>,
    /// For each instance the values of all its arguments.
    pub(super) instances: Vec<Vec<String>>,
}

/// The classes of a file: each before those that use it, the network last.
#[derive(Debug)]
pub(super) struct Classes {
    /// The classes.
    pub(super) all: Vec<Class>,
    /// The helpers that they use.
    pub(super) helpers: BTreeSet<&'static Helper>,
}

/// Makes the classes of a network.
pub(super) fn build(graph: &Graph, scopes: &Scopes, options: &PytorchOptions) -> Classes {
    let kinds = (0..scopes.all.len()).map(|scope| kind(graph, scopes, scope)).collect();
    let mut builder = Builder {
        graph,
        scopes,
        options,
        kinds,
        keys: BTreeMap::new(),
        classes: Classes { all: Vec::new(), helpers: BTreeSet::new() },
        taken: ["F", "Tensor", "None", "True", "False"].map(str::to_owned).into(),
    };
    builder.find_helpers();
    let network = match &options.class {
        Some(class) => class.clone(),
        None => Some(names::camel_case(graph.name()))
            .filter(|name| !name.is_empty())
            .unwrap_or("Network".to_owned()),
    };
    let network = names::unused(&mut builder.taken, &network);
    builder.class(ROOT, &network, 0);
    builder.classes
}

fn kind(graph: &Graph, scopes: &Scopes, scope: usize) -> Kind {
    let this = &scopes.all[scope];
    if scopes.is_leaf(scope) {
        return Kind::Leaf;
    }
    let numbers: Option<Vec<u64>> = this
        .children
        .iter()
        .filter(|&&child| !scopes.is_leaf(child) || holds_module(graph, scopes, child))
        .map(|&child| {
            let name = &scopes.all[child].name;
            name.parse().ok().filter(|number: &u64| number.to_string() == *name && *number < 10_000)
        })
        .collect();
    let numbered = numbers.filter(|numbers| !numbers.is_empty() && scope != ROOT);
    let Some(numbers) = numbered else {
        return if this.callable { Kind::Class } else { Kind::Holder };
    };
    let ascending = numbers.windows(2).all(|pair| pair[0] < pair[1]);
    if this.callable {
        return if ascending && is_chain(graph, scopes, scope) { Kind::Sequence } else { Kind::Class };
    }
    let dense = numbers.iter().enumerate().all(|(index, &number)| index as u64 == number);
    if dense && this.own.is_none() { Kind::List } else { Kind::Holder }
}

/// Returns whether a leaf scope is a module with own parameters.
fn holds_module(graph: &Graph, scopes: &Scopes, leaf: usize) -> bool {
    let Some(id) = scopes.all[leaf].own else { return false };
    let node = graph.node(id);
    let module = |op: &crate::ops::Op| op.torch(&graph.operand_shapes(id), node.shape).module;
    node.shares.is_none() && node.op().is_some_and(module)
}

/// Returns whether each child takes the value of the preceding one, so that `nn.Sequential` can compute them.
fn is_chain(graph: &Graph, scopes: &Scopes, scope: usize) -> bool {
    let this = &scopes.all[scope];
    if this.own.is_some() {
        return false;
    }
    let (inputs, outputs) = (entering(graph, this.range), leaving(graph, this.range));
    let ([input], [output]) = (inputs.as_slice(), outputs.as_slice()) else { return false };
    let mut value = *input;
    for &child in &this.children {
        let range = scopes.all[child].range;
        let whole = if scopes.is_leaf(child) {
            holds_module(graph, scopes, child)
                && graph.operands(NodeId::clone(&scopes.all[child].own.unwrap_or(value))).len() == 1
        } else {
            scopes.all[child].callable
        };
        let leaves = leaving(graph, range);
        if !whole || entering(graph, range) != [value] || leaves.len() != 1 {
            return false;
        }
        value = leaves[0];
    }
    value == *output
}

struct Builder<'a> {
    graph: &'a Graph,
    scopes: &'a Scopes,
    options: &'a PytorchOptions,
    kinds: Vec<Kind>,
    /// The class of each structure, by its key.
    keys: BTreeMap<String, usize>,
    classes: Classes,
    taken: BTreeSet<String>,
}

impl Builder<'_> {
    fn find_helpers(&mut self) {
        for (id, node) in self.graph.nodes() {
            let Some(op) = node.op() else { continue };
            if let Some(helper) = op.torch(&self.graph.operand_shapes(id), node.shape).helper {
                self.classes.helpers.insert(helper);
                self.taken.insert(helper.name.to_owned());
            }
        }
    }

    /// The module of a scope; `None` if nothing in it is a module. `depth` is the number of enclosing block calls.
    fn module(&mut self, scope: usize, around: &str, depth: usize) -> Option<Module> {
        match self.kinds[scope] {
            Kind::Leaf => {
                if !holds_module(self.graph, self.scopes, scope) {
                    return None;
                }
                let id = self.scopes.all[scope].own?;
                let node = self.graph.node(id);
                let torch = node.op()?.torch(&self.graph.operand_shapes(id), node.shape);
                Some(Module::Torch(torch.text, torch.arguments.into_iter().map(argument).collect()))
            }
            Kind::Sequence => {
                let mut members = Vec::new();
                for (name, member) in self.members(scope, around, depth) {
                    let number: usize = name.parse().unwrap_or(members.len());
                    while members.len() < number {
                        members.push(Module::Torch("nn.Identity".to_owned(), Vec::new()));
                    }
                    members.push(member);
                }
                Some(Module::Sequence(members))
            }
            Kind::List => {
                let members = self.members(scope, around, depth);
                Some(Module::List(members.into_iter().map(|(_, member)| member).collect()))
            }
            Kind::Class | Kind::Holder => {
                let blocks = self.blocks(scope);
                let (name, depth) = match blocks.get(depth..) {
                    Some([.., block]) => (block.clone(), blocks.len()),
                    // `denselayer1`, `denselayer2`: the number is that of the instance.
                    _ => {
                        let name =
                            self.scopes.all[scope].name.trim_end_matches(|one: char| one.is_ascii_digit());
                        (name.to_owned(), depth.max(blocks.len()))
                    }
                };
                let named = names::camel_case(&name);
                let named = if named.is_empty() { format!("{around}Part") } else { named };
                self.class(scope, &named, depth)
            }
        }
    }

    /// The blocks whose calls made the whole scope, the outermost first.
    fn blocks(&self, scope: usize) -> Vec<String> {
        let (first, last) = self.scopes.all[scope].range;
        let mut common: Option<Vec<(u32, String)>> = None;
        for id in self.graph.ids().skip(first).take(last + 1 - first) {
            let node = self.graph.node(id);
            let mut chain: Vec<(u32, String)> = node
                .trace
                .innermost_first()
                .filter_map(|expansion| Some((expansion.call.start, expansion.block.as_ref()?.to_string())))
                .collect();
            chain.reverse();
            let common = common.get_or_insert_with(|| chain.clone());
            let agreed = common.iter().zip(&chain).take_while(|(a, b)| a == b).count();
            common.truncate(agreed);
        }
        common.unwrap_or_default().into_iter().map(|(_, block)| block).collect()
    }

    fn members(&mut self, scope: usize, around: &str, depth: usize) -> Vec<(String, Module)> {
        let mut members = Vec::new();
        for &child in &self.scopes.all[scope].children {
            if is_called_again(self.graph, self.scopes, &self.kinds, child) {
                continue;
            }
            let member = grow_stack(|| self.module(child, around, depth));
            members.extend(member.map(|member| (self.scopes.all[child].name.clone(), member)));
        }
        members
    }

    /// The class of a scope's structure; made if there is none.
    fn class(&mut self, scope: usize, name: &str, depth: usize) -> Option<Module> {
        let members = self.members(scope, name, depth);
        let called = self.scopes.all[scope].callable;
        if members.is_empty() && !called {
            return None;
        }
        let forward = called.then(|| forward(self.graph, self.scopes, &self.kinds, scope));
        let mut arguments = Vec::new();
        members.iter().for_each(|(_, member)| flatten(member, &mut arguments));
        arguments.extend(forward.iter().flat_map(|forward| forward.arguments.clone()));
        let mut key = format!("{name}\n");
        for (name, member) in &members {
            key.push_str(&format!("{name:?} "));
            structure(member, &mut key);
        }
        if let Some(forward) = &forward {
            let lines: Vec<_> = forward.lines.iter().map(|line| (&line.text, line.training)).collect();
            key.push_str(&format!("{:?} {lines:?} {:?}", forward.inputs, forward.training_outputs));
        }
        let class = match self.keys.get(&key) {
            Some(&class) if scope != ROOT => class,
            _ => {
                let class = self.classes.all.len();
                let unique =
                    if scope == ROOT { name.to_owned() } else { names::unused(&mut self.taken, name) };
                // Several classes of one block share its documentation; only the first one shows it.
                let is_new =
                    |doc: &String| self.classes.all.iter().all(|made| made.doc.as_ref() != Some(doc));
                let doc = self.doc(scope, depth).filter(is_new);
                let made = Class { name: unique, doc, members, forward, instances: Vec::new() };
                self.classes.all.push(made);
                self.keys.insert(key, class);
                class
            }
        };
        let values = arguments.iter().map(|argument| argument.value.clone()).collect();
        self.classes.all[class].instances.push(values);
        Some(Module::Class(class, arguments))
    }

    fn doc(&self, scope: usize, depth: usize) -> Option<String> {
        if scope == ROOT {
            return self.options.docs.get(self.graph.name()).cloned();
        }
        let blocks = self.blocks(scope);
        if blocks.len() != depth {
            return None;
        }
        self.options.docs.get(blocks.last()?).cloned()
    }
}

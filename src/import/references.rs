//! Names the inputs, and the values that are fetched: by the name of the statement that makes them, where it has one or
//! can have one, otherwise by `identity as t1`.

use std::collections::{BTreeMap, BTreeSet};

use crate::ops;

use super::naming::quoted_path;
use super::op::ValueId;
use super::tree::{GroupId, Mode, Statement, Tree};

/// The name of an only input that has no other.
pub(super) const DEFAULT_INPUT: &str = "input";

/// Where a value has its name.
struct Definition {
    /// The scope, from the network down.
    scope: Vec<String>,
    name: String,
    /// The length of the path of the module around it that may become a block: `@` sees nothing outside of it.
    wall: usize,
}

/// The places of a tree at which a value is fetched, by value.
type Uses = BTreeMap<ValueId, Vec<Vec<String>>>;

/// Names the values that are fetched; each `@` gets the path from where it stands.
pub(super) fn name(tree: &mut Tree<'_>) {
    let mut namer = Namer::new(tree);
    let mut root = std::mem::take(&mut tree.root);
    if namer.uses.is_empty() {
        tree.root = root;
        return;
    }
    namer.define(tree, &mut root, &[], 0, &mut 0);
    each_fetch(tree, &mut root, &[], &mut |value, name, scope| {
        if let Some(found) = namer.find(value, scope) {
            *name = found;
        }
    });
    tree.root = root;
}

struct Namer {
    uses: Uses,
    /// The paths of all modules and operators.
    paths: BTreeSet<Vec<String>>,
    /// The names that no value may get.
    taken: BTreeSet<String>,
    definitions: BTreeMap<ValueId, Vec<Definition>>,
}

impl Namer {
    fn new(tree: &mut Tree<'_>) -> Namer {
        let mut uses = Uses::new();
        let mut root = std::mem::take(&mut tree.root);
        each_fetch(tree, &mut root, &[], &mut |value, _, scope| {
            uses.entry(value).or_default().push(scope.to_vec());
        });
        tree.root = root;
        let (mut paths, mut taken) = (BTreeSet::new(), BTreeSet::new());
        let mut definitions: BTreeMap<ValueId, Vec<Definition>> = BTreeMap::new();
        if !uses.is_empty() {
            for key in tree.keys.iter().flatten() {
                paths.extend((1..=key.len()).map(|length| key[..length].to_vec()));
                taken.extend(key.iter().cloned());
            }
        }
        for (input, name) in tree.network.inputs.iter().zip(input_names(tree)) {
            taken.insert(name.clone());
            definitions.entry(input.value).or_default().push(Definition { scope: Vec::new(), name, wall: 0 });
        }
        Namer { uses, paths, taken, definitions }
    }

    /// Names the values that a list of statements defines. `number` counts those without a name of their own within the
    /// module that `wall` is the length of the path of.
    fn define(
        &mut self,
        tree: &mut Tree<'_>,
        statements: &mut [Statement],
        scope: &[String],
        wall: usize,
        number: &mut usize,
    ) {
        for at in 0..statements.len() {
            let (before, rest) = statements.split_at_mut(at);
            match &mut rest[0] {
                Statement::Identity { value, name: Some(name) } => {
                    let own = before.last().and_then(|maker| written_name(tree, maker));
                    let own = own.filter(|own| {
                        before.last().is_some_and(|maker| tree.ends(maker).1 == *value)
                            && self.is_seen(*value, own, scope, wall)
                    });
                    *name = own.unwrap_or_else(|| self.numbered(number));
                    if let Some(maker) = before.last_mut().filter(|maker| tree.ends(maker).1 == *value) {
                        give_name(tree, maker, name);
                    }
                    let definition = Definition { scope: scope.to_vec(), name: quoted_path(name), wall };
                    self.definitions.entry(*value).or_default().push(definition);
                }
                Statement::Form(form) => {
                    for branch in &mut form.branches {
                        self.define(tree, branch, scope, wall, number);
                    }
                }
                Statement::Group(id) => self.define_group(tree, *id, wall, number),
                _ => {}
            }
        }
    }

    fn define_group(&mut self, tree: &mut Tree<'_>, id: GroupId, wall: usize, number: &mut usize) {
        let is_closed = !tree.escapes(id);
        let path = tree.group(id).path.clone();
        tree.within(id, |tree, inner| {
            if is_closed {
                self.define(tree, inner, &path, path.len(), &mut 0);
            } else {
                self.define(tree, inner, &path, wall, number);
            }
        });
    }

    fn numbered(&self, number: &mut usize) -> String {
        *number += 1;
        while self.taken.contains(&format!("t{number}")) {
            *number += 1;
        }
        format!("t{number}")
    }

    /// Returns whether every `@` for a value finds it by the name of its maker: no scope around the `@` has a path that begins
    /// as it is written there.
    fn is_seen(&self, value: ValueId, name: &str, scope: &[String], wall: usize) -> bool {
        let own = name.split('.').next().unwrap_or_default();
        self.uses.get(&value).into_iter().flatten().all(|from| {
            let (first, outer) = match scope.get(wall) {
                Some(module) if !from.starts_with(scope) => (module.as_str(), wall),
                _ => (own, scope.len()),
            };
            (outer + 1..=from.len()).all(|length| {
                let path = from[..length].iter().map(String::as_str).chain([first]);
                !self.paths.contains(&path.map(str::to_owned).collect::<Vec<_>>())
            })
        })
    }

    /// How a value is written that is fetched from a scope.
    fn find(&self, value: ValueId, from: &[String]) -> Option<String> {
        let definitions = self.definitions.get(&value)?;
        let around = definitions.iter().filter(|known| from.starts_with(&known.scope));
        let inner = around.max_by_key(|known| known.scope.len());
        if let Some(known) = inner {
            return Some(known.name.clone());
        }
        let known = definitions.first()?;
        let outside = known.scope.get(known.wall..).unwrap_or_default().join(".");
        Some(format!("{}.{}", quoted_path(&outside), known.name))
    }
}

/// The name that will stand behind a statement.
fn written_name(tree: &Tree<'_>, statement: &Statement) -> Option<String> {
    match statement {
        Statement::Head(head) => head.name.clone(),
        Statement::Form(form) => form.name.clone(),
        Statement::Group(id) => {
            let group = tree.group(*id);
            match (group.mode, group.statements.as_slice()) {
                _ if group.is_nameless => None,
                // A single operator has the path of its scope and its own.
                (Mode::Explicit, [Statement::Head(head)]) => {
                    let is_plain = !head.trailing.iter().any(|&op| tree.op(op).is_keyed());
                    let name = head.name.as_ref().filter(|_| is_plain)?;
                    Some(format!("{}.{name}", group.component))
                }
                (_, [Statement::Group(_)]) => None,
                (Mode::Explicit | Mode::Sequence, _) => Some(group.component.clone()),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Names a statement without parameters, which changes no path.
fn give_name(tree: &Tree<'_>, statement: &mut Statement, name: &str) {
    let is_plain = |op: &usize| !tree.op(*op).is_keyed();
    match statement {
        Statement::Head(head)
            if head.name.is_none() && is_plain(&head.op) && head.trailing.iter().all(is_plain) =>
        {
            head.name = Some(name.to_owned());
        }
        Statement::Form(form) if form.name.is_none() => {
            let simple = form.branches.iter().flatten().all(|one| match one {
                Statement::Head(head) => is_plain(&head.op) && head.trailing.iter().all(is_plain),
                Statement::Fetch { .. } => true,
                other => other.is_wire(),
            });
            if simple && form.policy.is_none() && form.trailing.iter().all(is_plain) {
                form.name = Some(name.to_owned());
            }
        }
        _ => {}
    }
}

/// The names of the inputs: those of the model, unless the name is taken in the text. A single input can do without a
/// name; several need one each, so that characters that a name cannot have are replaced.
pub(super) fn input_names(tree: &Tree<'_>) -> Vec<String> {
    let network = tree.network;
    let paths = tree.keys.iter().chain(&tree.hints).flatten();
    let mut taken: BTreeSet<String> = paths.filter_map(|path| path.first().cloned()).collect();
    taken.extend(network.outputs.iter().filter_map(|(name, _)| name.split('.').next()).map(str::to_owned));
    taken.insert("out".to_owned());
    let default_is_free = !network.outputs.iter().any(|(name, _)| name == DEFAULT_INPUT)
        && !tree.keys.iter().chain(&tree.hints).flatten().any(|path| *path == [DEFAULT_INPUT]);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_single = network.inputs.len() == 1;
    let mut names = Vec::new();
    for (index, input) in network.inputs.iter().enumerate() {
        let written: String = input.name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
        let begins = written.starts_with(|c: char| !c.is_ascii_digit()) && written.len() <= 60;
        let fits = begins && !is_automatic(&written) && !taken.contains(&written);
        let name = if fits && (!is_single || written == input.name) {
            written
        } else if is_single && default_is_free {
            DEFAULT_INPUT.to_owned()
        } else {
            let numbered = (index + 1..).map(|number| format!("{DEFAULT_INPUT}{number}"));
            numbered.into_iter().find(|name| !taken.contains(name)).unwrap_or_default()
        };
        taken.insert(name.clone());
        names.push(name);
    }
    names
}

/// Returns whether the language may give this name automatically, such as `conv1` or `t3`.
fn is_automatic(name: &str) -> bool {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_word = ops::find(stem).is_some() || ops::form(stem).is_some() || matches!(stem, "t" | "project");
    stem.len() < name.len() && is_word
}

type Visit<'v> = dyn FnMut(ValueId, &mut String, &[String]) + 'v;

fn each_fetch(tree: &mut Tree<'_>, statements: &mut [Statement], path: &[String], visit: &mut Visit<'_>) {
    each(tree, statements, path, &mut |statement, path| {
        if let Statement::Fetch { value, name } | Statement::Aux { value, of: Some(name), .. } = statement {
            visit(*value, name, path);
        }
    });
}

fn each(
    tree: &mut Tree<'_>,
    statements: &mut [Statement],
    path: &[String],
    visit: &mut dyn FnMut(&mut Statement, &[String]),
) {
    for statement in statements {
        visit(statement, path);
        match statement {
            Statement::Form(form) => {
                form.branches.iter_mut().for_each(|branch| each(tree, branch, path, visit))
            }
            Statement::Group(id) => {
                let path = tree.group(*id).path.clone();
                tree.within(*id, |tree, inner| each(tree, inner, &path, visit));
            }
            _ => {}
        }
    }
}

//! Groups statements by the modules of the author: a run of statements whose keys begin alike, and that has all such
//! keys, becomes a group.

use std::collections::{BTreeMap, BTreeSet};

use super::order::OUT;
use super::tree::{Form, GroupId, Statement, Tree};

/// Words that belong to the module right before them where the model has no hints.
const FOLLOWERS: &[&str] = &[
    "shuffle",
    "relu",
    "relu6",
    "leaky",
    "elu",
    "sigmoid",
    "tanh",
    "silu",
    "gelu",
    "hsigmoid",
    "hswish",
    "prelu",
    "mish",
    "selu",
    "celu",
    "softplus",
    "clip",
    "hardtanh",
    "quickgelu",
];

/// The scopes below `path` to which a statement of a list belongs.
struct Info {
    /// The next parts of its keys, behind `path`.
    next: BTreeSet<String>,
    /// Whether a key of it stands directly in the scope `path`, or outside of it.
    direct: bool,
    keys: usize,
    /// The index of the next statement with a key, this one included.
    keyed: Option<usize>,
}

/// Groups a list of statements that stands in the scope `path`.
pub(super) fn group(tree: &mut Tree<'_>, statements: Vec<Statement>, path: &[String]) -> Vec<Statement> {
    let (below, outputs) = (tree.keys_below(), &tree.network.outputs);
    let aside = outputs.iter().map(|(name, _)| name.clone()).filter(|name| outputs.len() > 1 && name != OUT);
    let aside = aside.collect();
    Grouper { tree, below, aside }.group(statements, path)
}

struct Grouper<'t, 'n> {
    tree: &'t mut Tree<'n>,
    below: BTreeMap<Vec<String>, usize>,
    /// The names of outputs besides the last value, which no group can have.
    aside: BTreeSet<String>,
}

impl Grouper<'_, '_> {
    fn group(&mut self, statements: Vec<Statement>, path: &[String]) -> Vec<Statement> {
        let mut infos: Vec<Info> = statements.iter().map(|statement| self.info(statement, path)).collect();
        let mut keyed = None;
        for (index, info) in infos.iter_mut().enumerate().rev() {
            keyed = if info.keys > 0 { Some(index) } else { keyed };
            info.keyed = keyed;
        }
        let mut rest: Vec<Option<Statement>> = statements.into_iter().map(Some).collect();
        let mut grouped: Vec<Statement> = Vec::new();
        let mut scattered = BTreeSet::new();
        let mut at = 0;
        while at < rest.len() {
            let run = self
                .run(&rest, &infos, at, path, &mut scattered)
                .or_else(|| self.deep_run(&rest, &infos, at, path, &mut scattered));
            if let Some((inner, end)) = run {
                let mut members = Vec::new();
                if inner.len() == path.len() + 1 {
                    while grouped.last().is_some_and(|last| self.leads(last, &inner)) {
                        members.extend(grouped.pop());
                    }
                    members.reverse();
                }
                members.extend(rest[at..end].iter_mut().filter_map(Option::take));
                let members = self.group(members, &inner);
                let component = inner[path.len()..].join(".");
                let id = self.tree.add_group(component, inner, members);
                grouped.push(Statement::Group(id));
                at = end;
                continue;
            }
            let Some(mut statement) = rest[at].take() else { break };
            if let Statement::Form(form) = &mut statement {
                for branch in &mut form.branches {
                    *branch = self.group(std::mem::take(branch), path);
                }
            }
            grouped.push(statement);
            at += 1;
        }
        grouped
    }

    fn info(&self, statement: &Statement, path: &[String]) -> Info {
        let keys = self.tree.keys_of(statement);
        let deeper = |key: &&&Vec<String>| key.len() > path.len() + 1 && key.starts_with(path);
        Info {
            next: keys.iter().filter(deeper).map(|key| key[path.len()].clone()).collect(),
            direct: keys.iter().any(|key| key.len() == path.len() + 1 || !key.starts_with(path)),
            keys: keys.len(),
            keyed: None,
        }
    }

    /// The scope one level down that begins at a statement, and its end. `scattered` holds the scopes whose keys go
    /// beyond the run of statements that begins with their first one; no later run can be complete.
    fn run(
        &self,
        rest: &[Option<Statement>],
        infos: &[Info],
        at: usize,
        path: &[String],
        scattered: &mut BTreeSet<Vec<String>>,
    ) -> Option<(Vec<String>, usize)> {
        let info = &infos[at];
        if info.next.len() != 1 || info.direct {
            return None;
        }
        let component = info.next.first()?;
        let inner: Vec<String> = path.iter().chain([component]).cloned().collect();
        if scattered.contains(&inner)
            || self.aside.contains(&inner.join("."))
            || self.stands_outside(rest[at].as_ref()?, &inner)
        {
            return None;
        }
        let belongs = |index: usize| {
            let info = &infos[index];
            info.next.len() == 1 && !info.direct && info.next.contains(component)
        };
        let end = self.extend(rest, infos, at, &inner, &belongs);
        if self.is_complete(&inner, &infos[at..end]) {
            return Some((inner, end));
        }
        scattered.insert(inner);
        None
    }

    /// The scope more than one level down that begins at a statement. Its outer scope is interrupted by others.
    fn deep_run(
        &self,
        rest: &[Option<Statement>],
        infos: &[Info],
        at: usize,
        path: &[String],
        scattered: &mut BTreeSet<Vec<String>>,
    ) -> Option<(Vec<String>, usize)> {
        let statement = rest[at].as_ref()?;
        let keys = self.tree.keys_of(statement);
        let first = keys.first()?;
        if !keys.iter().all(|key| key.starts_with(path)) {
            return None;
        }
        let shortest = keys.iter().map(|key| key.len()).min()?;
        let common =
            (0..shortest - 1).take_while(|&part| keys.iter().all(|key| key[part] == first[part])).count();
        for length in path.len() + 2..=common {
            let inner = first[..length].to_vec();
            if self.stands_outside(statement, &inner) {
                return None;
            }
            if scattered.contains(&inner) || self.aside.contains(&inner.join(".")) {
                continue;
            }
            let belongs = |index: usize| {
                let keys = rest[index].as_ref().map(|one| self.tree.keys_of(one)).unwrap_or_default();
                !keys.is_empty() && keys.iter().all(|key| key.starts_with(&inner))
            };
            let end = self.extend(rest, infos, at, &inner, &belongs);
            if self.is_complete(&inner, &infos[at..end]) {
                return Some((inner, end));
            }
            scattered.insert(inner);
        }
        None
    }

    /// Returns whether a run of statements has all keys below a path.
    fn is_complete(&self, path: &[String], run: &[Info]) -> bool {
        self.below.get(path) == Some(&run.iter().map(|info| info.keys).sum())
    }

    /// Finds the end of a scope that begins at a statement.
    fn extend(
        &self,
        rest: &[Option<Statement>],
        infos: &[Info],
        at: usize,
        inner: &[String],
        belongs: &dyn Fn(usize) -> bool,
    ) -> usize {
        let mut last = at;
        while last + 1 < rest.len() {
            let next = last + 1;
            let Some(statement) = rest[next].as_ref() else { break };
            if infos[next].keys > 0 {
                if !belongs(next) || self.stands_outside(statement, inner) {
                    break;
                }
                last = next;
                continue;
            }
            // Statements without keys belong to the scope if more of it follows, or if their hints say so.
            let following = infos[next].keyed;
            if let Some(following) = following.filter(|&index| belongs(index)) {
                let outside = rest[following].as_ref().is_some_and(|one| self.stands_outside(one, inner));
                if !outside {
                    last = following;
                    continue;
                }
                last = following - 1;
                continue;
            }
            if self.is_inside(statement, inner, true) {
                last = next;
                continue;
            }
            break;
        }
        last + 1
    }

    /// Returns whether a form joins branches that are modules of a scope, and stands outside of that scope itself.
    fn stands_outside(&self, statement: &Statement, inner: &[String]) -> bool {
        let Statement::Form(form) = statement else { return false };
        if let Some(hint) = form.op.or(form.within).and_then(|op| self.tree.hints[op].as_ref()) {
            return hint.len() < inner.len() && inner.starts_with(hint);
        }
        self.joins_members(form, statement, inner)
    }

    /// Without hints: the children of a `Sequential` are numbered, and it contains no joins.
    fn joins_members(&self, form: &Form, statement: &Statement, inner: &[String]) -> bool {
        let keys = self.tree.keys_of(statement);
        if keys.is_empty() || !matches!(form.kind, "residual" | "add" | "split") {
            return false;
        }
        let numbers: BTreeSet<&String> = keys.iter().filter_map(|key| key.get(inner.len())).collect();
        let numbered = |part: &&String| part.chars().all(|c| c.is_ascii_digit());
        keys.iter().all(|key| key.starts_with(inner) && key.len() > inner.len())
            && numbers.iter().all(numbered)
            && numbers.len() > 1
    }

    /// Returns whether a statement without keys belongs to a scope.
    fn is_inside(&self, statement: &Statement, inner: &[String], behind: bool) -> bool {
        let ops = self.tree.ops_of(statement);
        if ops.is_empty() {
            return false;
        }
        let hints: Vec<Option<&Vec<String>>> = ops.iter().map(|&op| self.tree.hints[op].as_ref()).collect();
        if hints.iter().all(Option::is_none) {
            let follows = |head: &super::tree::Head| FOLLOWERS.contains(&self.tree.op(head.op).word);
            return behind && matches!(statement, Statement::Head(head) if follows(head));
        }
        hints.iter().all(|hint| hint.is_some_and(|hint| hint.starts_with(inner)))
    }

    /// Returns whether a statement without keys is the first one of a scope.
    fn leads(&self, statement: &Statement, inner: &[String]) -> bool {
        !matches!(
            statement,
            Statement::Group(_)
                | Statement::Fetch { .. }
                | Statement::Identity { .. }
                | Statement::Aux { .. }
        ) && self.tree.keys_of(statement).is_empty()
            && self.is_inside(statement, inner, false)
    }
}

/// For models without any names: puts each form, with the activations behind it, into a group.
pub(super) fn nameless(tree: &mut Tree<'_>, statements: Vec<Statement>) -> Vec<Statement> {
    let mut grouped = Vec::new();
    let mut rest = statements.into_iter().peekable();
    let mut number = 0;
    while let Some(statement) = rest.next() {
        let mut fetches = false;
        tree.walk(&statement, true, &mut |one| {
            fetches |= matches!(
                one,
                Statement::Fetch { .. } | Statement::Identity { name: Some(_), .. } | Statement::Aux { .. }
            );
        });
        if !matches!(statement, Statement::Form(_)) || fetches {
            grouped.push(statement);
            continue;
        }
        let mut members = vec![statement];
        while let Some(Statement::Head(head)) = rest.peek() {
            if !FOLLOWERS.contains(&tree.op(head.op).word) {
                break;
            }
            members.extend(rest.next());
        }
        number += 1;
        let component = format!("u{number}");
        let id: GroupId = tree.add_group(component.clone(), vec![component], members);
        tree.groups[id.0].is_nameless = true;
        grouped.push(Statement::Group(id));
    }
    grouped
}

//! Names statements: by their automatic name, by a number of a sequence or by a pattern if that gives the model's name,
//! and otherwise by `as`.

use std::collections::{BTreeMap, BTreeSet};

use crate::ops;

use super::tree::{GroupId, Mode, Statement, Tree};

/// The number of trailing words of a statement; more would not fit on a line, or exceed the limit of arguments.
pub(super) const MOST_TRAILING: usize = 32;

/// Returns whether a word can trail another operator.
pub(super) fn is_trailing(word: &str) -> bool {
    ops::find(word).is_some_and(|spec| spec.trailing)
}

/// A member of a scope, in the order of the text.
enum Member {
    Op(usize),
    /// A form whose operator has no key, because a policy may remove it or because it is an inner concatenation.
    Form(&'static str),
    Group(GroupId),
    Wire,
}

/// Names all statements of the network.
pub(super) fn name(tree: &mut Tree<'_>) {
    let root = std::mem::take(&mut tree.root);
    let mut namer = Namer { tree };
    let (root, _, _) = namer.scope(root, &[], true);
    tree.root = root;
}

struct Namer<'t, 'n> {
    tree: &'t mut Tree<'n>,
}

impl Namer<'_, '_> {
    fn scope(
        &mut self,
        statements: Vec<Statement>,
        path: &[String],
        root: bool,
    ) -> (Vec<Statement>, Mode, Option<String>) {
        for id in self.direct_groups(&statements) {
            let (inner, inner_path) = {
                let group = &mut self.tree.groups[id.0];
                (std::mem::take(&mut group.statements), group.path.clone())
            };
            let (inner, mode, pattern) = self.scope(inner, &inner_path, false);
            let group = &mut self.tree.groups[id.0];
            (group.statements, group.mode, group.pattern) = (inner, mode, pattern);
        }
        if !root {
            if let Some(gaps) = self.numbered(&statements, path) {
                let mut statements = statements;
                for (at, count) in gaps.into_iter().rev() {
                    let (value, _) = self.tree.ends(&statements[at]);
                    let wires = (0..count).map(|_| Statement::Identity { value, name: None });
                    statements.splice(at..at, wires);
                }
                let every = |_: usize| true;
                return (self.merge_trailing(statements, &every), Mode::Sequence, None);
            }
            if let Some(pattern) = self.pattern(&statements) {
                return (statements, Mode::Pattern, Some(pattern));
            }
        }
        let mut names = self.explicit(&statements, path);
        let unnamed = |op: usize| !names.contains_key(&op);
        let mut statements = self.merge_trailing(statements, &unnamed);
        if self.tree.network.names_owners {
            let owners = self.tree.network.shared.values().copied().collect();
            self.name_owners(&statements, path, &owners, &mut names);
        }
        set_names(&mut statements, &names);
        (statements, Mode::Explicit, None)
    }

    /// The groups directly in a scope, also those in forms, but not those in other groups.
    fn direct_groups(&self, statements: &[Statement]) -> Vec<GroupId> {
        let mut members = Vec::new();
        self.members(statements, &mut members);
        let group = |member| if let Member::Group(id) = member { Some(id) } else { None };
        members.into_iter().filter_map(group).collect()
    }

    fn members(&self, statements: &[Statement], members: &mut Vec<Member>) {
        for statement in statements {
            match statement {
                Statement::Head(head) => {
                    members.push(Member::Op(head.op));
                    members.extend(head.trailing.iter().map(|&op| Member::Op(op)));
                }
                Statement::Form(form) => {
                    members.push(form.op.map_or(Member::Form(form.kind), Member::Op));
                    form.branches.iter().for_each(|branch| self.members(branch, members));
                    members.extend(form.trailing.iter().map(|&op| Member::Op(op)));
                }
                Statement::Group(id) => members.push(Member::Group(*id)),
                Statement::Identity { name: None, .. } => members.push(Member::Wire),
                _ => {}
            }
        }
    }

    /// For each operator that ends a form, the word whose ordinal makes its automatic name.
    fn kinds(&self, statements: &[Statement], kinds: &mut BTreeMap<usize, &'static str>) {
        for statement in statements {
            if let Statement::Form(form) = statement {
                if let Some(op) = form.op {
                    kinds.insert(op, form.kind);
                }
                form.branches.iter().for_each(|branch| self.kinds(branch, kinds));
            }
        }
    }

    /// If the members can be numbered: the positions at which numbers are skipped, and how many.
    fn numbered(&self, statements: &[Statement], path: &[String]) -> Option<Vec<(usize, usize)>> {
        let mut counter = Counter { tree: self.tree, path, next: 0, gaps: Vec::new(), keyed: 0 };
        counter.list(statements, true)?;
        let missing: usize = counter.gaps.iter().map(|(_, count)| count).sum();
        let few = missing <= counter.keyed && !(counter.keyed == 1 && missing > 0);
        (counter.keyed > 0 && few).then_some(counter.gaps)
    }

    /// The written pattern of members that are all groups `X0`, `X1`, …, from whatever number on.
    fn pattern(&self, statements: &[Statement]) -> Option<String> {
        let holds_one = |statement: &Statement| match statement {
            Statement::Group(id) => {
                matches!(self.tree.group(*id).statements.as_slice(), [Statement::Head(_)])
            }
            _ => false,
        };
        let mut found: Option<(&str, u64)> = None;
        for (index, statement) in (0..).zip(statements) {
            let Statement::Group(id) = statement else { return None };
            let component = self.tree.group(*id).component.as_str();
            let stem = component.trim_end_matches(|c: char| c.is_ascii_digit());
            let number: u64 = component[stem.len()..].parse().ok()?;
            let first = number.checked_sub(index)?;
            let plain = !stem.is_empty() && !stem.contains('.') && component == format!("{stem}{number}");
            if !plain || found.is_some_and(|known| known != (stem, first)) {
                return None;
            }
            found = Some((stem, first));
        }
        match found? {
            (stem, 0) => Some(format!("\"{stem}*\"")),
            // A lone member, or members of one operator each, are shorter with their names.
            (stem, first) if statements.len() > 1 && !statements.iter().all(holds_one) => {
                Some(format!("\"{stem}*\" from {first}"))
            }
            _ => None,
        }
    }

    /// The names that must be written in a scope, by operator.
    fn explicit(&self, statements: &[Statement], path: &[String]) -> BTreeMap<usize, String> {
        let mut members = Vec::new();
        self.members(statements, &mut members);
        let mut kinds = BTreeMap::new();
        self.kinds(statements, &mut kinds);
        let rest = |op: usize| Some(self.tree.keys[op].as_ref()?.get(path.len()..)?.join("."));
        let mut taken: BTreeSet<String> = BTreeSet::new();
        for member in &members {
            match member {
                Member::Op(op) => taken.extend(rest(*op)),
                Member::Group(id) => {
                    taken.insert(self.tree.group(*id).component.clone());
                }
                _ => {}
            }
        }
        let (mut ordinals, mut names) = (BTreeMap::new(), BTreeMap::new());
        for member in &members {
            let kind = match member {
                Member::Op(op) => kinds.get(op).copied().unwrap_or(self.tree.op(*op).word),
                Member::Form(kind) => kind,
                _ => continue,
            };
            let ordinal = ordinals.entry(kind).or_insert(0);
            *ordinal += 1;
            let automatic = format!("{kind}{ordinal}");
            let Member::Op(op) = member else { continue };
            match rest(*op) {
                Some(name) if name == automatic => {}
                Some(name) => {
                    names.insert(*op, name);
                }
                None if taken.contains(&automatic) => {
                    let fresh = (2..).map(|n| format!("{automatic}_{n}")).find(|name| !taken.contains(name));
                    let fresh = fresh.unwrap_or_default();
                    taken.insert(fresh.clone());
                    names.insert(*op, fresh);
                }
                None => {}
            }
        }
        names
    }

    fn most_trailing(&self, op: usize) -> usize {
        self.tree.network.trailing.get(&op).map_or(MOST_TRAILING, |&most| most.min(MOST_TRAILING))
    }

    /// Adds the names of statements whose tensors are shared: `shared` finds no automatic names.
    fn name_owners(
        &self,
        statements: &[Statement],
        path: &[String],
        owners: &BTreeSet<usize>,
        names: &mut BTreeMap<usize, String>,
    ) {
        for statement in statements {
            match statement {
                Statement::Head(head) if owners.contains(&head.op) => {
                    let rest = self.tree.keys[head.op].as_ref().and_then(|key| key.get(path.len()..));
                    if let Some(rest) = rest {
                        names.entry(head.op).or_insert_with(|| rest.join("."));
                    }
                }
                Statement::Form(form) => {
                    form.branches.iter().for_each(|branch| self.name_owners(branch, path, owners, names));
                }
                _ => {}
            }
        }
    }

    /// Moves operators into the statement before them as trailing words.
    fn merge_trailing(&self, statements: Vec<Statement>, may: &dyn Fn(usize) -> bool) -> Vec<Statement> {
        let mut merged: Vec<Statement> = Vec::new();
        for mut statement in statements {
            if let Statement::Form(form) = &mut statement {
                for branch in &mut form.branches {
                    *branch = self.merge_trailing(std::mem::take(branch), may);
                }
            }
            if let Statement::Head(head) = &statement
                && head.trailing.is_empty()
                && is_trailing(self.tree.op(head.op).word)
                && may(head.op)
            {
                match merged.last_mut() {
                    Some(Statement::Head(before))
                        if before.trailing.len() < self.most_trailing(before.op) =>
                    {
                        before.trailing.push(head.op);
                        before.output = head.output;
                        continue;
                    }
                    Some(Statement::Form(before)) if before.trailing.len() < MOST_TRAILING => {
                        before.trailing.push(head.op);
                        before.output = head.output;
                        continue;
                    }
                    _ => {}
                }
            }
            merged.push(statement);
        }
        merged
    }
}

fn set_names(statements: &mut [Statement], names: &BTreeMap<usize, String>) {
    for statement in statements {
        match statement {
            Statement::Head(head) => head.name = names.get(&head.op).cloned(),
            Statement::Form(form) => {
                form.name = form.op.and_then(|op| names.get(&op).cloned());
                form.branches.iter_mut().for_each(|branch| set_names(branch, names));
            }
            _ => {}
        }
    }
}

/// Counts the members of a scope, which may become a sequence.
struct Counter<'t, 'n> {
    tree: &'t Tree<'n>,
    path: &'t [String],
    next: usize,
    gaps: Vec<(usize, usize)>,
    keyed: usize,
}

impl Counter<'_, '_> {
    fn list(&mut self, statements: &[Statement], top: bool) -> Option<()> {
        for (at, statement) in statements.iter().enumerate() {
            match statement {
                Statement::Identity { name: None, .. } => self.next += 1,
                Statement::Group(id) => {
                    let component = self.tree.group(*id).component.clone();
                    self.member(&component, at, top)?;
                }
                Statement::Head(head) => {
                    self.op(head.op, at, top)?;
                    for &op in &head.trailing {
                        self.op(op, at, false)?;
                    }
                }
                Statement::Form(form) => {
                    match form.op {
                        Some(op) => self.op(op, at, top)?,
                        None => self.next += 1,
                    }
                    form.branches.iter().try_for_each(|branch| self.list(branch, false))?;
                    for &op in &form.trailing {
                        self.op(op, at, false)?;
                    }
                }
                _ => return None,
            }
        }
        Some(())
    }

    fn op(&mut self, op: usize, at: usize, top: bool) -> Option<()> {
        let Some(key) = &self.tree.keys[op] else {
            self.next += 1;
            return Some(());
        };
        match &key[self.path.len().min(key.len())..] {
            [number] => self.member(&number.clone(), at, top),
            _ => None,
        }
    }

    /// Counts a member with a number. At the top level the numbers before it may be skipped.
    fn member(&mut self, component: &str, at: usize, top: bool) -> Option<()> {
        let number: usize =
            component.parse().ok().filter(|number: &usize| number.to_string() == component)?;
        let missing = number.checked_sub(self.next)?;
        if missing > 0 {
            if !top {
                return None;
            }
            self.gaps.push((at, missing));
        }
        self.next = number + 1;
        self.keyed += 1;
        Some(())
    }
}

/// A part of a path, quoted if necessary.
pub(super) fn quoted(part: &str) -> String {
    let plain = !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { part.to_owned() } else { format!("\"{part}\"") }
}

/// A path, its parts quoted if necessary.
pub(super) fn quoted_path(path: &str) -> String {
    path.split('.').map(quoted).collect::<Vec<_>>().join(".")
}

//! Turns groups that differ in their numbers only into calls of one block.

use std::collections::{BTreeMap, BTreeSet};

use super::print;
use super::sequences;
use super::stream::stream;
use super::tokens::{Token, skeleton};
use super::tree::{GroupId, Mode, Statement, Tree};
use super::unify;

/// The number of blocks in a text.
const MOST_BLOCKS: usize = 100;

/// The number of forms around a group from which on a block is easier to read.
const DEEP: usize = 2;

/// Names of path parts that are too general for a block.
const VAGUE: &[&str] = &["block", "layer", "layers", "conv", "branch", "unit", "features", "body"];

/// Returns whether a group can be replaced by the call of a block.
pub(super) fn is_candidate(tree: &Tree<'_>, id: GroupId) -> bool {
    let group = tree.group(id);
    // A statement in a block cannot continue the numbering of a sequence around the call.
    if group.call.is_some() || group.mode == Mode::Sequence || tree.escapes(id) {
        return false;
    }
    let has = |is: &dyn Fn(&Statement) -> bool| group.statements.iter().any(is);
    let is_lone = |one: &Statement| matches!(one, Statement::Group(id) if matches!(tree.group(*id).statements[..], [Statement::Head(_)]));
    let several = group.statements.len() >= 2;
    has(&|one| matches!(one, Statement::Form(_)))
        || several && has(&|one| matches!(one, Statement::Head(_)))
        || several && has(&is_lone) && print::is_long(tree, id)
}

/// Returns whether a group is squeeze-and-excitation: `mul < identity | avgpool global; … >` and nothing else.
fn is_squeeze(tree: &Tree<'_>, id: GroupId) -> bool {
    let group = tree.group(id);
    let [Statement::Form(form)] = group.statements.as_slice() else { return false };
    let pools = |branch: &[Statement]| match branch.first() {
        Some(Statement::Head(head)) => {
            tree.op(head.op).word == "avgpool" && tree.op(head.op).has_flag("global")
        }
        _ => false,
    };
    let shape = form.kind == "mul" && form.branches.len() == 2 && form.branches[0][0].is_wire();
    shape
        && group.call.is_none()
        && group.mode == Mode::Explicit
        && pools(&form.branches[1])
        && !tree.escapes(id)
}

/// Groups by their skeleton, in the order of the first one with each.
fn buckets(
    tree: &Tree<'_>,
    lists: &[&[Statement]],
    may: &dyn Fn(GroupId) -> bool,
) -> Vec<(usize, Vec<GroupId>)> {
    let mut order: Vec<(usize, Vec<GroupId>)> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for statements in lists {
        for id in tree.groups_in(statements) {
            if !may(id) {
                continue;
            }
            let tokens: Vec<Token> = stream(tree, &tree.group(id).statements, false);
            let at = *known.entry(skeleton(&tokens)).or_insert_with(|| {
                order.push((tokens.len(), Vec::new()));
                order.len() - 1
            });
            order[at].1.push(id);
        }
    }
    order
}

/// Makes blocks of squeeze-and-excitation, even of a single one, which keeps its channel counts from becoming
/// parameters of an enclosing block.
pub(super) fn squeezes(tree: &mut Tree<'_>) {
    let found = buckets(tree, &[&tree.root], &|id| is_squeeze(tree, id));
    for (_, instances) in found {
        make(tree, instances, Some("se"));
    }
}

/// Makes blocks of groups that occur at least twice, the largest first, in the network and in earlier blocks.
pub(super) fn mine(tree: &mut Tree<'_>) {
    while tree.blocks.len() < MOST_BLOCKS {
        let bodies = tree.blocks.iter().map(|block| tree.group(block.body).statements.as_slice());
        let lists: Vec<&[Statement]> = std::iter::once(tree.root.as_slice()).chain(bodies).collect();
        let found = buckets(tree, &lists, &|id| is_candidate(tree, id));
        let mut best: Option<(usize, Vec<GroupId>)> = None;
        for (length, instances) in found {
            if instances.len() >= 2 && best.as_ref().is_none_or(|(longest, _)| length > *longest) {
                best = Some((length, instances));
            }
        }
        match best {
            Some((_, instances)) => make(tree, instances, None),
            None if sequences::open(tree) => {}
            None => return,
        }
    }
}

/// Makes blocks of groups that occur once: of each numbered member that follows an optional statement or is repeated,
/// and is no sequence, since only a call can be numbered there; and of what is written in several lines deep within
/// forms.
pub(super) fn singles(tree: &mut Tree<'_>) {
    while tree.blocks.len() < MOST_BLOCKS {
        let bodies = || tree.blocks.iter().map(|block| tree.group(block.body));
        let found = find_single(tree, &tree.root, false)
            .or_else(|| {
                bodies().find_map(|body| find_single(tree, &body.statements, body.mode != Mode::Explicit))
            })
            .or_else(|| find_deep(tree, &tree.root, 0))
            .or_else(|| bodies().find_map(|body| find_deep(tree, &body.statements, 0)));
        let Some(id) = found else { return };
        make(tree, vec![id], None);
    }
}

/// Returns whether a group of several statements can stand behind the wall of a block.
fn may_be_single(tree: &Tree<'_>, id: GroupId) -> bool {
    let group = tree.group(id);
    group.mode == Mode::Explicit && group.statements.len() >= 2 && !tree.escapes(id)
}

/// A group of several lines in a form of a form.
fn find_deep(tree: &Tree<'_>, statements: &[Statement], depth: usize) -> Option<GroupId> {
    statements.iter().find_map(|statement| match statement {
        Statement::Group(id) if tree.group(*id).call.is_none() => {
            let is_deep = depth >= DEEP && may_be_single(tree, *id) && print::is_long(tree, *id);
            if is_deep { Some(*id) } else { find_deep(tree, &tree.group(*id).statements, depth) }
        }
        Statement::Form(form) => form.branches.iter().find_map(|branch| find_deep(tree, branch, depth + 1)),
        _ => None,
    })
}

fn find_single(tree: &Tree<'_>, statements: &[Statement], numbered: bool) -> Option<GroupId> {
    let mut optional = false;
    for statement in statements {
        let inner = match statement {
            Statement::Optional(inner) => {
                optional = true;
                &inner.statement
            }
            Statement::Repeat(repeat) => {
                optional = true;
                &repeat.statement
            }
            other => other,
        };
        let found = match inner {
            Statement::Group(id) if tree.group(*id).call.is_none() => {
                let group = tree.group(*id);
                let is_number = group.component.chars().all(|c| c.is_ascii_digit());
                if numbered && optional && is_number && group.mode == Mode::Explicit && !tree.escapes(*id) {
                    return Some(*id);
                }
                find_single(tree, &group.statements, group.mode != Mode::Explicit)
            }
            Statement::Form(form) => {
                form.branches.iter().find_map(|branch| find_single(tree, branch, numbered))
            }
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

fn make(tree: &mut Tree<'_>, instances: Vec<GroupId>, name: Option<&str>) {
    let taken = |tree: &Tree<'_>, name: &str| tree.blocks.iter().any(|block| block.name == name);
    let name = match name {
        Some(name) if !taken(tree, name) => name.to_owned(),
        _ => name_of(tree, &instances),
    };
    unify::into_block(tree, instances, name);
}

/// Returns whether a name is a reserved word or the name of an operator.
fn is_reserved(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "cnn", "use", "let", "block", "table", "network", "input", "labels", "expect", "aux", "if", "else",
        "for", "match", "fn", "with", "import", "shared", "inline", "word", "identity", "train", "in", "as",
        "from", "to",
    ];
    WORDS.contains(&name)
        || crate::ops::find(name).is_some()
        || crate::ops::form(name).is_some()
        || super::op::JOINS.contains(&name)
}

/// The name of a block: from the names of its instances in the model, or otherwise from their operators.
fn name_of(tree: &Tree<'_>, instances: &[GroupId]) -> String {
    let words: Vec<&str> = instances
        .iter()
        .map(|id| {
            let last = tree.group(*id).path.last().map_or("", String::as_str);
            let end = last.find(|c: char| !(c.is_ascii_alphabetic() || c == '_')).unwrap_or(last.len());
            last[..end].trim_end_matches('_')
        })
        .collect();
    let common = words[0];
    let same = !tree.group(instances[0]).is_nameless && words.iter().all(|word| *word == common);
    let lower = common.to_ascii_lowercase();
    let base = match lower.as_str() {
        _ if !same => None,
        "unit" | "layer" | "body" => Some(format!("{lower}_block")),
        "conv" => Some(if has_norm(tree, instances[0]) { "conv_bn" } else { "convs" }.to_owned()),
        word if VAGUE.contains(&word) || common.len() < 3 => None,
        _ => {
            let mut chars = common.chars();
            let first = chars.next().map(|c| c.to_ascii_lowercase());
            Some(first.into_iter().chain(chars).collect())
        }
    };
    let base = base.unwrap_or_else(|| by_content(tree, instances[0]).to_owned());
    let base = if is_reserved(&base) { format!("{base}_block") } else { base };
    let taken = |name: &str| tree.blocks.iter().any(|block| block.name == name) || is_reserved(name);
    std::iter::once(base.clone())
        .chain((2..).map(|number| format!("{base}{number}")))
        .find(|name| !taken(name))
        .unwrap_or(base)
}

fn has_norm(tree: &Tree<'_>, id: GroupId) -> bool {
    tree.ops_of(&Statement::Group(id)).into_iter().any(|op| tree.op(op).word == "bn")
}

fn by_content(tree: &Tree<'_>, id: GroupId) -> &'static str {
    let statements = &tree.group(id).statements;
    let words = |statements: &[Statement]| -> Vec<&str> {
        statements.iter().flat_map(|one| tree.ops_of(one)).map(|op| tree.op(op).word).collect()
    };
    let all = words(statements);
    let form =
        statements.iter().find_map(|one| if let Statement::Form(form) = one { Some(form) } else { None });
    let Some(form) = form else {
        let direct: Vec<&str> = statements
            .iter()
            .filter_map(
                |one| if let Statement::Head(head) = one { Some(tree.op(head.op).word) } else { None },
            )
            .collect();
        return match () {
            () if all.first() == Some(&"conv") && all.iter().take(3).any(|word| *word == "bn") => "conv_bn",
            () if direct.contains(&"dwconv") => "separable",
            () => "unit",
        };
    };
    match form.kind {
        "residual" => {
            let convolutions = words(&form.branches[0]).iter().filter(|word| **word == "conv").count();
            match convolutions {
                _ if all.contains(&"dwconv") && !all.contains(&"layernorm") => "inverted",
                3 => "bottleneck",
                2 => "basic",
                _ => "res_block",
            }
        }
        "mul" => "se",
        "inception" => "inception_module",
        "split" => "split_unit",
        "concat" if form.branches.iter().any(|branch| matches!(branch[0], Statement::Fetch { .. })) => {
            "concat_unit"
        }
        "concat" if form.branches.iter().any(|branch| branch[0].is_wire()) => "dense_layer",
        "concat" => "concat_unit",
        _ => "unit",
    }
}

/// Numbers blocks of the same name in the order of the text. Blocks are printed in the reverse of the order in which
/// they were made.
pub(super) fn number(tree: &mut Tree<'_>) {
    let mut seen = BTreeSet::new();
    for index in (0..tree.blocks.len()).rev() {
        let name = tree.blocks[index].name.clone();
        let base = name.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
        let fresh = std::iter::once(base.clone())
            .chain((2..).map(|number| format!("{base}{number}")))
            .find(|name| !seen.contains(name) && !is_reserved(name))
            .unwrap_or(name);
        seen.insert(fresh.clone());
        tree.blocks[index].name = fresh;
    }
}

/// Marks calls whose automatic name equals their name in the model, so that they are printed without `as`.
pub(super) fn automatic_names(tree: &mut Tree<'_>) {
    let bodies: Vec<(GroupId, bool)> =
        tree.blocks.iter().map(|block| (block.body, tree.group(block.body).mode != Mode::Explicit)).collect();
    let mut lists = vec![(tree.root.clone(), false)];
    lists.extend(bodies.into_iter().map(|(body, numbered)| (tree.group(body).statements.clone(), numbered)));
    for (statements, numbered) in lists {
        name_calls(tree, &statements, numbered);
    }
}

fn name_calls(tree: &mut Tree<'_>, statements: &[Statement], numbered: bool) {
    let mut ordinals: BTreeMap<usize, usize> = BTreeMap::new();
    let mut inner = Vec::new();
    let mut named = fetched_groups(tree, statements);
    named.extend(owning_groups(tree, statements));
    calls(tree, statements, &mut |tree, id| {
        let Some(call) = tree.group(id).call.as_ref().map(|call| call.block) else {
            inner.push(id);
            return;
        };
        let ordinal = ordinals.entry(call).or_insert(0);
        *ordinal += 1;
        let automatic = format!("{}{ordinal}", tree.blocks[call].name);
        let group = &mut tree.groups[id.0];
        group.automatic =
            !numbered && !named.contains(&id) && (group.is_nameless || group.component == automatic);
    });
    for id in inner {
        let (statements, mode) = (tree.group(id).statements.clone(), tree.group(id).mode);
        name_calls(tree, &statements, mode != Mode::Explicit);
    }
}

/// The groups whose values are fetched, which need written names.
fn fetched_groups(tree: &Tree<'_>, statements: &[Statement]) -> BTreeSet<GroupId> {
    let mut fetched = BTreeSet::new();
    for two in statements.windows(2) {
        if let [Statement::Group(id), Statement::Identity { name: Some(name), .. }] = two
            && *name == tree.group(*id).component
        {
            fetched.insert(*id);
        }
    }
    let forms =
        statements.iter().filter_map(|one| if let Statement::Form(form) = one { Some(form) } else { None });
    forms.flat_map(|form| &form.branches).for_each(|branch| fetched.extend(fetched_groups(tree, branch)));
    fetched
}

/// The groups whose weights are shared, which need written names, too.
fn owning_groups(tree: &Tree<'_>, statements: &[Statement]) -> BTreeSet<GroupId> {
    let owners: BTreeSet<usize> = tree.network.shared.values().copied().collect();
    if owners.is_empty() {
        return BTreeSet::new();
    }
    let mut groups = tree.groups_in(statements);
    groups.retain(|&id| tree.ops_of(&Statement::Group(id)).iter().any(|op| owners.contains(op)));
    groups.into_iter().collect()
}

/// Visits the groups directly in a scope, in the order of the text.
fn calls(tree: &mut Tree<'_>, statements: &[Statement], visit: &mut dyn FnMut(&mut Tree<'_>, GroupId)) {
    for statement in statements {
        match statement {
            Statement::Form(form) => form.branches.iter().for_each(|branch| calls(tree, branch, visit)),
            Statement::Optional(optional) => calls(tree, std::slice::from_ref(&optional.statement), visit),
            Statement::Repeat(repeat) => calls(tree, std::slice::from_ref(&repeat.statement), visit),
            Statement::Group(id) => visit(tree, *id),
            _ => {}
        }
    }
}

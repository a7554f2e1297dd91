//! Finds operators that compute with the tensors of an earlier one: modules that the author calls several times.
//!
//! Such an operator is written as `shared PATH`. The file does not say whether tensors are shared on purpose: exporters
//! store equal tensors once, and freshly initialised normalisations of one size are equal. So a weight of a product
//! counts as shared wherever it is used twice; the small tensors of a normalisation, an activation or a `scale` only if
//! the nodes come from one module or follow an operator that shares its weight.

use std::collections::{BTreeMap, BTreeSet};

use super::naming::{MOST_TRAILING, is_trailing};
use super::network::Network;
use super::op::{Op, ValueId};

/// The number of operators with one tensor among which an owner is searched. If more operators have a tensor, it is
/// equal by chance.
const MOST_OWNERS: usize = 256;

/// Finds the operators that share tensors, gives each a key of its own, and records whose tensors it takes.
/// `names_are_kept` says that the file does not merge equal tensors, so that every tensor with two users is shared.
pub(super) fn find(network: &mut Network, names_are_kept: bool) {
    let makers: BTreeMap<ValueId, usize> =
        network.ops.iter().enumerate().map(|(index, op)| (op.output, index)).collect();
    let mut users: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
    for (index, op) in network.ops.iter().enumerate() {
        let Some(origin) = op.tensors.iter().find_map(|(_, tensor)| tensor.origin()) else { continue };
        let before = users.entry(origin).or_default();
        let owner = before.iter().copied().find(|&owner| {
            let earlier = &network.ops[owner];
            is_same(earlier, op)
                && (names_are_kept
                    || multiplies(op)
                    || same_module(earlier, op)
                    || follows(network, &makers, &shared, owner, index))
        });
        match owner {
            Some(owner) => drop(shared.insert(index, owner)),
            None if before.len() < MOST_OWNERS => before.push(index),
            None => {}
        }
    }
    let hints: Vec<Option<String>> = network.ops.iter().map(|op| op.hint.clone()).collect();
    give_keys(network, &shared, names_are_kept);
    complete_hints(network, &makers, &hints);
    network.trailing = equal_followers(network, &shared);
    network.shared = shared;
}

/// For owners and users of tensors that are followed by different words: how many words are the same everywhere.
fn equal_followers(network: &Network, shared: &BTreeMap<usize, usize>) -> BTreeMap<usize, usize> {
    let mut next: Vec<Option<usize>> = vec![None; network.shapes.len()];
    let uses = network.uses();
    for (index, op) in network.ops.iter().enumerate() {
        if let [input] = *op.inputs.as_slice()
            && uses[input.0] == 1
            && is_trailing(op.word)
        {
            next[input.0] = Some(index);
        }
    }
    let follower = |index: usize| next[network.ops[index].output.0];
    let alike = |one: usize, other: usize| {
        let (a, b) = (&network.ops[one], &network.ops[other]);
        a.word == b.word
            && a.arguments == b.arguments
            && (b.tensors.is_empty() || shared.get(&other) == Some(&one))
    };
    let mut equal: BTreeMap<usize, usize> = BTreeMap::new();
    for (&user, &owner) in shared {
        let (mut at, mut earlier) = (follower(user), follower(owner));
        for count in 0..MOST_TRAILING {
            match (at, earlier) {
                (Some(one), Some(other)) if alike(other, one) => {
                    (at, earlier) = (follower(one), follower(other));
                }
                (None, None) => break,
                _ => {
                    let least = equal.get(&owner).map_or(count, |&known| known.min(count));
                    equal.insert(owner, least);
                    break;
                }
            }
        }
    }
    // All users of an owner are followed by as few words as it is.
    let of_users = shared.iter().filter_map(|(user, owner)| Some((*user, *equal.get(owner)?)));
    let of_users: Vec<(usize, usize)> = of_users.collect();
    equal.extend(of_users);
    equal
}

/// Returns whether two operators have the same word, arguments and tensors.
fn is_same(one: &Op, other: &Op) -> bool {
    one.word == other.word
        && one.arguments == other.arguments
        && one.tensors.len() == other.tensors.len()
        && one.tensors.iter().zip(&other.tensors).all(|(a, b)| a.0 == b.0 && a.1.is_same(&b.1))
}

/// Returns whether an operator has a weight of a product, which two modules do not have equal by chance.
fn multiplies(op: &Op) -> bool {
    op.takes_bias()
}

/// Returns whether both nodes come from one module of the author.
fn same_module(one: &Op, other: &Op) -> bool {
    one.hint.as_ref().is_some_and(|hint| !hint.is_empty() && other.hint.as_ref() == Some(hint))
}

/// Returns whether the operator before `index` shares the tensors of the operator before `owner`.
fn follows(
    network: &Network,
    makers: &BTreeMap<ValueId, usize>,
    shared: &BTreeMap<usize, usize>,
    owner: usize,
    index: usize,
) -> bool {
    let before = |index: usize| makers.get(network.ops[index].inputs.first()?).copied();
    before(index).and_then(|maker| shared.get(&maker)).is_some_and(|&maker| before(owner) == Some(maker))
}

/// Gives owners and users unique keys. A user's key is the owner's with the number of the use in its first part.
fn give_keys(network: &mut Network, shared: &BTreeMap<usize, usize>, names_are_kept: bool) {
    let owners = network.ops.iter().enumerate().filter(|(index, _)| !shared.contains_key(index));
    let mut roots: BTreeSet<String> = owners.filter_map(|(_, op)| op.key.as_deref()).map(root).collect();
    let mut fresh = |stem: &str, first: usize| {
        let name = (first..).map(|number| format!("{stem}_{number}")).find(|name| !roots.contains(name));
        roots.extend(name.clone());
        name.unwrap_or_default()
    };
    let mut uses: BTreeMap<usize, usize> = BTreeMap::new();
    let mut renamed: BTreeMap<(String, usize), String> = BTreeMap::new();
    for (&user, &owner) in shared {
        if network.ops[owner].key.is_none() {
            network.ops[owner].key = Some(fresh(network.ops[owner].word, 1));
        }
        let number = uses.entry(owner).or_insert(1);
        *number += 1;
        let key = network.ops[owner].key.clone().unwrap_or_default();
        // A module that is called from outside of the one that it belongs to is known by the end of its path.
        let is_other = |own: &str| {
            let (own, key) = (without_numbers(own), without_numbers(&key));
            own != key && (names_are_kept || !key.ends_with(&format!(".{own}")))
        };
        if network.ops[user].key.as_deref().is_some_and(is_other) {
            continue;
        }
        let first = root(&key);
        let renamed = renamed.entry((first.clone(), *number)).or_insert_with(|| fresh(&first, *number));
        let key = format!("{renamed}{}", &key[first.len()..]);
        let op = &mut network.ops[user];
        op.hint = op.hint.as_ref().map(|_| key.clone());
        op.key = Some(key);
    }
    let firsts: BTreeSet<String> = renamed.keys().map(|(first, _)| first.clone()).collect();
    firsts.iter().for_each(|first| move_plain_operators(network, first, &renamed));
}

/// Moves operators without tensors to the call of the module in which they were computed: if a module runs `n` times,
/// an `n`th of its operators belongs to each run.
fn move_plain_operators(network: &mut Network, first: &str, renamed: &BTreeMap<(String, usize), String>) {
    let runs =
        renamed.keys().filter(|(known, _)| known == first).map(|(_, number)| *number).max().unwrap_or(1);
    let mut by_hint: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, op) in network.ops.iter().enumerate() {
        if let (true, Some(hint)) = (op.tensors.is_empty(), &op.hint)
            && root(hint) == first
        {
            by_hint.entry(without_numbers(hint)).or_default().push(index);
        }
    }
    for (hint, indices) in by_hint.into_iter().filter(|(_, indices)| indices.len() % runs == 0) {
        let each = indices.len() / runs;
        for (at, index) in indices.into_iter().enumerate() {
            if let Some(renamed) = renamed.get(&(first.to_owned(), at / each + 1)) {
                network.ops[index].hint = Some(format!("{renamed}{}", &hint[first.len()..]));
            }
        }
    }
}

/// Completes the hints of operators without tensors. A module that is called from outside of the one that it belongs to is
/// known by the end of its path only; the key of the operator before says what is in front. `hints` are those of the
/// model.
fn complete_hints(network: &mut Network, makers: &BTreeMap<ValueId, usize>, hints: &[Option<String>]) {
    for index in 0..network.ops.len() {
        let op = &network.ops[index];
        let Some(own) = hints[index].as_deref().filter(|own| op.tensors.is_empty() && !own.is_empty()) else {
            continue;
        };
        let before = op.inputs.first().and_then(|input| makers.get(input)).map(|&maker| &network.ops[maker]);
        let before = before.and_then(|before| Some((before.key.as_deref()?, before.output)));
        let Some((key, output)) = before else { continue };
        let Some(known) = makers.get(&output).and_then(|&maker| hints[maker].as_deref()) else { continue };
        let parts: Vec<&str> = key.split('.').collect();
        let (front, end) = parts.split_at(parts.len().saturating_sub(known.split('.').count()));
        let end = end.join(".");
        let own = match () {
            () if end == known => own.to_owned(),
            () if without_numbers(&end) == without_numbers(known) => without_numbers(own),
            () => continue,
        };
        if !front.is_empty() && root(&own) == root(&end) {
            network.ops[index].hint = Some(format!("{}.{own}", front.join(".")));
        }
    }
}

/// Removes the numbers that exporters append to modules that run again: `tower.0_1` becomes `tower.0`.
fn without_numbers(path: &str) -> String {
    let plain = |part: &str| {
        let number = |end: &str| !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit());
        match part.rsplit_once('_') {
            Some((stem, end)) if !stem.is_empty() && number(end) => stem.to_owned(),
            _ => part.to_owned(),
        }
    };
    path.split('.').map(plain).collect::<Vec<_>>().join(".")
}

fn root(key: &str) -> String {
    key.split('.').next().unwrap_or_default().to_owned()
}

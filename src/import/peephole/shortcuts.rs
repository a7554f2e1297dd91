//! Completes shortcuts that pool before they convolve.

use std::collections::BTreeMap;

use super::super::network::Network;
use super::super::op::{Argument, Op, ValueId};

/// The largest number of pools within bodies that are compared with each shortcut.
const MOST_POOLED: usize = 512;

/// A convolution behind an average of `n x n` elements.
struct Pooled {
    key: Vec<String>,
    pool: Op,
}

/// A convolution without such a pool, whose counterpart in another block has one.
struct Bare {
    /// Its index.
    at: usize,
    key: Vec<String>,
}

/// Adds the pool that a shortcut lacks compared with those of other stages: where height and width stay, the pool is an
/// average of one element and exporters drop it. With the pool all stages are instances of one block. The other
/// convolutions of that block get theirs likewise.
pub(super) fn complete(network: &mut Network) {
    let uses = network.uses();
    let maker: BTreeMap<ValueId, usize> =
        network.ops.iter().enumerate().map(|(at, op)| (op.output, at)).collect();
    // Convolutions by the place of their key: those that begin a branch, and the others.
    let (mut shortcuts, mut bodies) = (BTreeMap::new(), Vec::new());
    let (mut bare, mut others) = (Vec::new(), BTreeMap::new());
    for (at, op) in network.ops.iter().enumerate() {
        let (Some(key), "conv", [input]) = (&op.key, op.word, op.inputs.as_slice()) else { continue };
        let key: Vec<String> = key.split('.').map(str::to_owned).collect();
        match maker.get(input).map(|&at| &network.ops[at]) {
            Some(pool) if is_average(pool) && uses[input.0] == 1 => {
                let begins = uses[pool.inputs[0].0] > 1;
                let pooled = Pooled { key, pool: pool.clone() };
                if begins {
                    shortcuts.entry(place(&pooled.key)).or_insert(pooled);
                } else if bodies.len() < MOST_POOLED {
                    bodies.push(pooled);
                }
            }
            _ if uses[input.0] > 1 && is_pointwise(op) => bare.push(Bare { at, key }),
            _ => drop(others.insert(key, at)),
        }
    }
    let mut found: BTreeMap<usize, (Vec<String>, &Pooled)> = BTreeMap::new();
    for Bare { at, key } in bare {
        let Some(sibling) = shortcuts.get(&place(&key)) else { continue };
        for pooled in &bodies {
            let Some(own) = counterpart(&key, &sibling.key, &pooled.key) else { continue };
            if let Some(&at) = others.get(&own) {
                found.insert(at, (own, pooled));
            }
        }
        found.insert(at, (key, sibling));
    }
    let found: Vec<(usize, Op)> = found
        .into_iter()
        .map(|(at, (key, sibling))| {
            let hint = sibling.pool.hint.as_ref().map(|hint| hint_at(hint, &sibling.key, &key));
            (at, Op { hint, ..sibling.pool.clone() })
        })
        .collect();
    for (at, mut pool) in found.into_iter().rev() {
        for argument in &mut pool.arguments {
            if let Argument::Window { dims, stride } = argument {
                (*dims, *stride) = (vec![1, 1], (1, 1));
            }
        }
        let convolution = &network.ops[at];
        let (input, node) = (convolution.inputs[0], convolution.node);
        let output = network.value(network.shape(input));
        network.ops[at].inputs = vec![output];
        network.ops.insert(at, Op { inputs: vec![input], output, node, ..pool });
    }
}

/// The key in the block of the shortcut `own` that corresponds to the key `other` in the block of the shortcut
/// `sibling`.
fn counterpart(own: &[String], sibling: &[String], other: &[String]) -> Option<Vec<String>> {
    let shared = sibling.iter().zip(other).take_while(|(part, other)| part == other).count();
    let (part, rest) = (sibling.get(shared)?, other.get(shared..)?);
    // Blocks differ in their numbers.
    if shared == 0 || blank(part) == blank(rest.first()?) {
        return None;
    }
    Some(own[..shared].iter().chain(rest).cloned().collect())
}

/// A part of a key without its numbers.
fn blank(part: &str) -> String {
    part.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect()
}

/// The position of a key in the model: its parts without the numbers of stages and blocks, but for the last part.
fn place(key: &[String]) -> Vec<String> {
    let last = key.len().saturating_sub(1);
    key[..last].iter().map(|part| blank(part)).chain(key.last().cloned()).collect()
}

/// The module of a pool in front of the convolution `key`, if the pool of its sibling has the module `hint`.
fn hint_at(hint: &str, sibling: &[String], key: &[String]) -> String {
    let parts: Vec<&str> = hint.split('.').collect();
    let shared = parts.iter().zip(sibling).take_while(|(part, own)| *part == own).count();
    let own = key.iter().map(String::as_str).take(shared);
    own.chain(parts[shared..].iter().copied()).collect::<Vec<_>>().join(".")
}

/// Returns whether each value is the average of a square, and no two squares overlap.
fn is_average(op: &Op) -> bool {
    op.word == "avgpool"
        && op.arguments.iter().all(|argument| match argument {
            Argument::Window { dims, stride } => {
                matches!(dims.as_slice(), &[rows, columns] if rows == columns && *stride == (rows, columns))
            }
            Argument::Pads(_, pads) => *pads == [0; 4],
            Argument::Pair(_, pair, default) => *pair == (*default, *default),
            Argument::Flag(flag) => *flag == "ceil",
            _ => false,
        })
}

/// Returns whether a convolution has a kernel of one element, and all channels in one group.
fn is_pointwise(op: &Op) -> bool {
    op.arguments
        .iter()
        .any(|argument| matches!(argument, Argument::Window { dims, stride: (1, 1) } if dims[..2] == [1, 1]))
}

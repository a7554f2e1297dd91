//! Replaces small patterns of operators by one word of the language: undoes the decompositions of exporters.
//!
//! An operator inside a pattern has no user outside of it. The replacement of a rule computes exactly what the replaced
//! operators compute.

mod activations;
mod affine;
mod concats;
mod focus;
mod norms;
mod pads;
mod pools;
mod same;
mod shortcuts;
mod zeros;

use std::collections::BTreeSet;

use super::network::Network;
use super::op::{Argument, Op, ValueId};
use super::tensor::Storage;

pub(super) use same::pads_at_the_end;

/// The number of rounds over all rules; the exporters' patterns need at most three.
const MOST_ROUNDS: usize = 8;

/// The operators of a network that is being rewritten.
struct Rewriter<'a> {
    network: &'a mut Network,
    storage: &'a dyn Storage,
    /// The index of the operator that makes each value.
    maker: Vec<Option<usize>>,
    /// The indices of the operators that use each value, one for each use.
    users: Vec<Vec<usize>>,
    /// Whether each value is an output.
    is_output: Vec<bool>,
    /// The names of weights that several operators have.
    shared: BTreeSet<String>,
    dead: Vec<bool>,
    changed: bool,
}

/// Applies all rules until none applies.
pub(super) fn simplify(network: &mut Network, storage: &dyn Storage) {
    network.drop_unused();
    for _ in 0..MOST_ROUNDS {
        let mut rewriter = Rewriter::new(network, storage);
        for at in 0..rewriter.network.ops.len() {
            for rule in RULES {
                if !rewriter.dead[at] && rule(&mut rewriter, at).is_some() {
                    rewriter.changed = true;
                }
            }
        }
        let (changed, dead) = (rewriter.changed, rewriter.dead);
        let mut dead = dead.into_iter();
        network.ops.retain(|_| !dead.next().unwrap_or(false));
        network.drop_unused();
        if !changed {
            break;
        }
    }
    affine::finish(network);
    concats::share(network);
    same::recognise(network);
    shortcuts::complete(network);
}

/// A rule tries to rewrite at the operator with an index; `None` if it does not apply.
type Rule = fn(&mut Rewriter<'_>, usize) -> Option<()>;

const RULES: &[Rule] = &[
    activations::gated,
    activations::gelu,
    activations::hard_sigmoid,
    activations::hard_swish,
    activations::mish,
    affine::bias,
    affine::scale_bias,
    affine::dense_bias,
    affine::group_norm,
    norms::layer_norm,
    norms::rms_norm,
    norms::l2_norm,
    norms::softmax,
    norms::log_softmax,
    pads::around,
    pads::into_window,
    pads::behind_transposed,
    pools::adaptive,
    pools::counted_border,
    zeros::zero_padded,
    concats::sums,
    focus::unshuffle,
];

impl<'a> Rewriter<'a> {
    fn new(network: &'a mut Network, storage: &'a dyn Storage) -> Rewriter<'a> {
        let values = network.shapes.len();
        let (mut maker, mut users) = (vec![None; values], vec![Vec::new(); values]);
        let mut is_output = vec![false; values];
        for (at, op) in network.ops.iter().enumerate() {
            maker[op.output.0] = Some(at);
            op.inputs.iter().for_each(|input| users[input.0].push(at));
        }
        network.outputs.iter().for_each(|(_, value)| is_output[value.0] = true);
        let mut seen = BTreeSet::new();
        let weights = network.ops.iter().filter_map(|op| op.tensor("weight")?.origin());
        let shared = weights.filter(|name| !seen.insert(*name)).map(str::to_owned).collect();
        let dead = vec![false; network.ops.len()];
        Rewriter { network, storage, maker, users, is_output, shared, dead, changed: false }
    }

    /// Returns whether another operator has the same weight.
    fn shares(&self, at: usize) -> bool {
        let weight = self.op(at).tensor("weight").and_then(|weight| weight.origin());
        weight.is_some_and(|name| self.shared.contains(name))
    }

    fn op(&self, at: usize) -> &Op {
        &self.network.ops[at]
    }

    /// The operator that makes a value, if it has this word.
    fn made_by(&self, value: ValueId, word: &str) -> Option<usize> {
        let at = self.maker[value.0]?;
        (!self.dead[at] && self.op(at).word == word).then_some(at)
    }

    /// The operator that makes a value, if it has this word and the value has no other user.
    fn only_for(&self, value: ValueId, word: &str) -> Option<usize> {
        self.made_by(value, word).filter(|_| self.is_single(value))
    }

    /// Returns whether a value has exactly one user and is no output.
    fn is_single(&self, value: ValueId) -> bool {
        self.has_users(value, 1)
    }

    /// Returns whether exactly `count` operators use a value and it is no output.
    fn has_users(&self, value: ValueId, count: usize) -> bool {
        self.users[value.0].iter().filter(|&&at| !self.dead[at]).count() == count && !self.is_output[value.0]
    }

    /// The only user of a value, if it has this word.
    fn only_user(&self, value: ValueId, word: &str) -> Option<usize> {
        if !self.is_single(value) {
            return None;
        }
        let at = *self.users[value.0].iter().find(|&&at| !self.dead[at])?;
        (self.op(at).word == word).then_some(at)
    }

    /// The first operand.
    fn input(&self, at: usize) -> ValueId {
        self.op(at).inputs[0]
    }

    /// The other operand of an operator with two.
    fn other(&self, at: usize, than: ValueId) -> Option<ValueId> {
        match *self.op(at).inputs.as_slice() {
            [left, right] if left == than => Some(right),
            [left, right] if right == than => Some(left),
            _ => None,
        }
    }

    /// Returns whether an operator of this word has this number.
    fn is(&self, at: usize, word: &str, number: f64) -> bool {
        let op = self.op(at);
        op.word == word
            && op.real().is_some_and(|real| (real - number).abs() <= 1e-5 * number.abs().max(1e-3))
    }

    /// Replaces the operator `at` by another word over other operands, and removes those in `gone`.
    fn become_word(
        &mut self,
        at: usize,
        word: &'static str,
        arguments: Vec<Argument>,
        inputs: Vec<ValueId>,
        gone: &[usize],
    ) -> Option<()> {
        gone.iter().for_each(|&one| self.dead[one] = true);
        inputs.iter().for_each(|input| {
            if !self.users[input.0].contains(&at) {
                self.users[input.0].push(at);
            }
        });
        let op = &mut self.network.ops[at];
        (op.word, op.arguments, op.inputs) = (word, arguments, inputs);
        (op.key, op.tensors) = (None, Vec::new());
        Some(())
    }

    /// Removes the operator `at`; its users take its operand instead.
    fn bypass(&mut self, at: usize) {
        let (from, to) = (self.op(at).output, self.input(at));
        self.dead[at] = true;
        let users = std::mem::take(&mut self.users[from.0]);
        for &user in &users {
            for input in &mut self.network.ops[user].inputs {
                if *input == from {
                    *input = to;
                }
            }
        }
        self.users[to.0].extend(users);
        for (_, value) in &mut self.network.outputs {
            if *value == from {
                *value = to;
                self.is_output[to.0] = true;
            }
        }
    }
}

//! The focus layer of some detectors: every n-th row and column of a map, concatenated.

use super::super::fold::Derivation;
use super::super::op::{Argument, ValueId};
use super::super::tensor::Tensor;
use super::super::values::Values;
use super::Rewriter;

/// The elements of an earlier map that a value holds: every `step`th row and column, from `first` on.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Part {
    of: ValueId,
    step: (u64, u64),
    first: (u64, u64),
}

/// Replaces the concatenation of all parts of a map by `pixelunshuffle r`, where each part has every `r`th row and
/// column. The order of the channels differs from that of most models, so that the weights of the convolution behind it
/// are permuted.
pub(super) fn unshuffle(rewriter: &mut Rewriter<'_>, at: usize) -> Option<()> {
    if rewriter.op(at).word != "concat" {
        return None;
    }
    let inputs = rewriter.op(at).inputs.clone();
    let factor = inputs.len().isqrt();
    if factor < 2 || factor * factor != inputs.len() {
        return None;
    }
    let factor = factor as u64;
    let parts: Vec<Part> = inputs.iter().map(|&input| part(rewriter, input)).collect();
    let of = parts[0].of;
    if parts.iter().any(|part| part.of != of || part.step != (factor, factor)) {
        return None;
    }
    // The operand for each place of a square of `r` rows and columns, row by row.
    let places = (0..factor * factor).map(|place| (place / factor, place % factor));
    let operands: Vec<usize> = places
        .map(|first| parts.iter().position(|part| part.first == first))
        .collect::<Option<Vec<usize>>>()?;
    let (whole, each) = (rewriter.network.shape(of), rewriter.network.shape(inputs[0]));
    let ((height, width), (rows, columns)) = (whole.extent(), each.extent());
    if (height, width) != (rows.checked_mul(factor)?, columns.checked_mul(factor)?) {
        return None;
    }
    let mut arguments = vec![Argument::Count(factor)];
    if operands.iter().enumerate().all(|(place, operand)| place == *operand) {
        arguments.push(Argument::Flag("dcr"));
    } else {
        let channels = whole.channels();
        let order = (0..channels)
            .flat_map(|channel| operands.iter().map(move |&operand| operand as u64 * channels + channel));
        permute(rewriter, at, order.map(|channel| channel as i64).collect())?;
    }
    rewriter.become_word(at, "pixelunshuffle", arguments, vec![of], &[])
}

/// Permutes the input channels of the convolution that alone uses a value.
fn permute(rewriter: &mut Rewriter<'_>, at: usize, order: Vec<i64>) -> Option<()> {
    let user = rewriter.only_user(rewriter.op(at).output, "conv")?;
    let weight = rewriter.op(user).tensor("weight")?.clone();
    if weight.dims().get(1) != Some(&(order.len() as u64)) {
        return None;
    }
    let index = Tensor::known(vec![order.len() as u64], Values::Int(order));
    let permuted = Tensor::derived(Derivation::Gather(1), vec![weight, index], rewriter.storage).ok()?;
    let op = &mut rewriter.network.ops[user];
    for (suffix, tensor) in &mut op.tensors {
        if *suffix == "weight" {
            *tensor = permuted.clone();
        }
    }
    let name = op.key.clone().unwrap_or_else(|| op.word.to_owned());
    rewriter.network.notes.push(format!(
        "the channels that the weight of `{name}` takes are permuted: `pixelunshuffle` puts them in another order"
    ));
    Some(())
}

/// The elements of a map that a value holds, if only crops and windows of one element lie between them.
fn part(rewriter: &Rewriter<'_>, value: ValueId) -> Part {
    let mut part = Part { of: value, step: (1, 1), first: (0, 0) };
    while let Some(next) = before(rewriter, part) {
        part = next;
    }
    part
}

fn before(rewriter: &Rewriter<'_>, part: Part) -> Option<Part> {
    let Part { of, step, first } = part;
    if let Some(at) = rewriter.made_by(of, "crop") {
        let [Argument::Pads("", [top, _, left, _])] = rewriter.op(at).arguments.as_slice() else {
            return None;
        };
        let first = (first.0.checked_add(*top)?, first.1.checked_add(*left)?);
        return Some(Part { of: rewriter.input(at), step, first });
    }
    let at = rewriter.made_by(of, "maxpool")?;
    let [Argument::Window { dims, stride: (down, right) }] = rewriter.op(at).arguments.as_slice() else {
        return None;
    };
    if *dims != [1, 1] {
        return None;
    }
    let times = |pair: (u64, u64)| Some((pair.0.checked_mul(*down)?, pair.1.checked_mul(*right)?));
    Some(Part { of: rewriter.input(at), step: times(step)?, first: times(first)? })
}

//! Rules for normalisations and `softmax` that exporters and ONNX's function bodies write out.

use super::super::convert::eps;
use super::super::fold::Derivation;
use super::super::op::{Argument, ValueId};
use super::super::tensor::Tensor;
use super::super::values::ElementType;
use super::Rewriter;

/// The smallest divisor of an `l2norm` without a written one.
const L2_EPS: f32 = 1e-12;

/// `(x − mean) / √(mean((x − mean)²) + eps) · weight + bias`, all over the channels.
pub(super) fn layer_norm(rewriter: &mut Rewriter<'_>, at: usize) -> Option<()> {
    if rewriter.op(at).word != "div" {
        return None;
    }
    let [above, below] = *rewriter.op(at).inputs.as_slice() else { return None };
    let centred = rewriter.made_by(above, "sub")?;
    let root = rewriter.only_for(below, "sqrt")?;
    let plus = rewriter.only_for(rewriter.input(root), "plus")?;
    let variance = rewriter.only_for(rewriter.input(plus), "mean")?;
    let squared = rewriter.maker[rewriter.input(variance).0]?;
    let is_square = match rewriter.op(squared).word {
        "square" | "mul" => rewriter.op(squared).inputs.iter().all(|&input| input == above),
        _ => false,
    };
    let x = rewriter.input(centred);
    let mean = rewriter.only_for(*rewriter.op(centred).inputs.get(1)?, "mean")?;
    let epsilon = rewriter.op(plus).real()?;
    if !is_square || rewriter.input(mean) != x || rewriter.is_output[above.0] {
        return None;
    }
    let scale = rewriter.only_user(rewriter.op(at).output, "scale")?;
    let (key, weight) = (rewriter.op(scale).key.clone(), rewriter.op(scale).tensor("weight")?.clone());
    let bias = rewriter.op(scale).tensor("bias").cloned();
    let biased = if bias.is_some() { None } else { rewriter.only_user(rewriter.op(scale).output, "bias") };
    let bias = match (bias, biased) {
        (Some(bias), _) => bias,
        (None, Some(biased)) => rewriter.op(biased).tensor("bias")?.clone(),
        (None, None) => {
            let zeros = Derivation::Fill(weight.dims().to_vec(), 0.0, ElementType::F32);
            Tensor::derived(zeros, vec![], &super::affine::Nothing).ok()?
        }
    };
    let mut gone = vec![at, centred, root, plus, variance, squared, mean];
    let last = match biased {
        Some(biased) => {
            gone.push(scale);
            biased
        }
        None => scale,
    };
    rewriter.become_word(last, "layernorm", eps(epsilon), vec![x], &gone)?;
    let op = &mut rewriter.network.ops[last];
    (op.key, op.tensors) = (key, vec![("weight", weight), ("bias", bias)]);
    Some(())
}

/// `x / √(mean(x²) + eps) · weight`, all over the channels.
pub(super) fn rms_norm(rewriter: &mut Rewriter<'_>, at: usize) -> Option<()> {
    if rewriter.op(at).word != "div" {
        return None;
    }
    let [x, below] = *rewriter.op(at).inputs.as_slice() else { return None };
    let root = rewriter.only_for(below, "sqrt")?;
    let plus = rewriter.only_for(rewriter.input(root), "plus")?;
    let mean = rewriter.only_for(rewriter.input(plus), "mean")?;
    let squared = rewriter.maker[rewriter.input(mean).0]?;
    let is_square = matches!(rewriter.op(squared).word, "square" | "mul")
        && rewriter.op(squared).inputs.iter().all(|&input| input == x)
        && rewriter.is_single(rewriter.op(squared).output);
    let epsilon = rewriter.op(plus).real()?;
    let scale = rewriter.only_user(rewriter.op(at).output, "scale").filter(|_| is_square)?;
    let (key, weight) = (rewriter.op(scale).key.clone(), rewriter.op(scale).tensor("weight")?.clone());
    if rewriter.op(scale).tensor("bias").is_some() {
        return None;
    }
    rewriter.become_word(scale, "rmsnorm", eps(epsilon), vec![x], &[at, root, plus, mean, squared])?;
    let op = &mut rewriter.network.ops[scale];
    (op.key, op.tensors) = (key, vec![("weight", weight)]);
    Some(())
}

/// `x / max(√(sum(x²)), eps)`, over the channels.
pub(super) fn l2_norm(rewriter: &mut Rewriter<'_>, at: usize) -> Option<()> {
    if rewriter.op(at).word != "div" {
        return None;
    }
    let [x, below] = *rewriter.op(at).inputs.as_slice() else { return None };
    let clip = rewriter.only_for(below, "clip")?;
    let [Argument::Named("min", epsilon)] = rewriter.op(clip).arguments[..] else { return None };
    let root = rewriter.only_for(rewriter.input(clip), "sqrt")?;
    let summed = rewriter.input(root);
    let times = rewriter.only_for(summed, "times")?;
    let mean = rewriter.only_for(rewriter.input(times), "mean")?;
    let squared = rewriter.only_for(rewriter.input(mean), "square")?;
    if rewriter.input(squared) != x || !rewriter.is_single(summed) {
        return None;
    }
    let sum = sum_over_channels(rewriter, summed, rewriter.op(squared).output)?;
    let arguments = if epsilon as f32 == L2_EPS { vec![] } else { vec![Argument::Named("eps", epsilon)] };
    let gone = [&sum[..], &[clip, root, squared]].concat();
    rewriter.become_word(at, "l2norm", arguments, vec![x], &gone)
}

/// `exp(x − max(x)) / sum(exp(x − max(x)))`, over the channels.
pub(super) fn softmax(rewriter: &mut Rewriter<'_>, at: usize) -> Option<()> {
    if rewriter.op(at).word != "div" {
        return None;
    }
    let [above, below] = *rewriter.op(at).inputs.as_slice() else { return None };
    let exponential = rewriter.made_by(above, "exp")?;
    let sum = sum_over_channels(rewriter, below, above)?;
    let (shifted, greatest) = less_its_maximum(rewriter, rewriter.input(exponential))?;
    let alone = rewriter.is_single(rewriter.input(exponential)) && rewriter.has_users(above, 2);
    let x = rewriter.input(shifted);
    let gone = [&sum[..], &[exponential, shifted, greatest]].concat();
    if alone { rewriter.become_word(at, "softmax", vec![], vec![x], &gone) } else { None }
}

/// `y − log(sum(exp(y)))` of `y = x − max(x)`, over the channels.
pub(super) fn log_softmax(rewriter: &mut Rewriter<'_>, at: usize) -> Option<()> {
    if rewriter.op(at).word != "sub" {
        return None;
    }
    let [y, logarithm] = *rewriter.op(at).inputs.as_slice() else { return None };
    let logarithm = rewriter.only_for(logarithm, "log")?;
    let (shifted, greatest) = less_its_maximum(rewriter, y)?;
    let summed = rewriter.input(logarithm);
    let times = rewriter.made_by(summed, "times")?;
    let exponential = rewriter.maker[rewriter.input(rewriter.made_by(rewriter.input(times), "mean")?).0]?;
    let is_exponential = rewriter.op(exponential).word == "exp"
        && rewriter.input(exponential) == y
        && rewriter.is_single(rewriter.op(exponential).output);
    let sum = sum_over_channels(rewriter, summed, rewriter.op(exponential).output)?;
    let x = rewriter.input(shifted);
    let gone = [&sum[..], &[logarithm, exponential, shifted, greatest]].concat();
    if is_exponential && rewriter.has_users(y, 2) {
        rewriter.become_word(at, "logsoftmax", vec![], vec![x], &gone)
    } else {
        None
    }
}

/// Matches a sum of `of` over its channels (a mean times their number) with the value `value`, and gives its operators.
fn sum_over_channels(rewriter: &Rewriter<'_>, value: ValueId, of: ValueId) -> Option<[usize; 2]> {
    let times = rewriter.only_for(value, "times")?;
    let mean = rewriter.only_for(rewriter.input(times), "mean")?;
    let channels = rewriter.network.shape(of).channels();
    let is_sum = rewriter.input(mean) == of && rewriter.is(times, "times", channels as f64);
    is_sum.then_some([times, mean])
}

/// Matches `x − max(x)` over the channels with the value `value`, and gives the difference and the maximum.
fn less_its_maximum(rewriter: &Rewriter<'_>, value: ValueId) -> Option<(usize, usize)> {
    let difference = rewriter.made_by(value, "sub")?;
    let greatest = rewriter.only_for(*rewriter.op(difference).inputs.get(1)?, "max")?;
    let is_maximum =
        rewriter.op(greatest).has_flag("channels") && rewriter.input(greatest) == rewriter.input(difference);
    is_maximum.then_some((difference, greatest))
}

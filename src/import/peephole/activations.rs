//! Rules for activations that exporters write out.

use super::super::op::Argument;
use super::Rewriter;

/// `x · sigmoid(x)` is `silu`, `x · hsigmoid(x)` is `hswish`.
pub(super) fn gated(rewriter: &mut Rewriter<'_>, at: usize) -> Option<()> {
    if rewriter.op(at).word != "mul" {
        return None;
    }
    for gate in rewriter.op(at).inputs.clone() {
        let x = rewriter.other(at, gate)?;
        for (word, becomes) in [("sigmoid", "silu"), ("hsigmoid", "hswish")] {
            let Some(made) = rewriter.only_for(gate, word) else { continue };
            if rewriter.input(made) == x && rewriter.op(made).arguments.is_empty() {
                return rewriter.become_word(at, becomes, vec![], vec![x], &[made]);
            }
            // `x · sigmoid(1.702·x)`
            let scaled = rewriter.only_for(rewriter.input(made), "times");
            if let Some(scaled) =
                scaled.filter(|&scaled| word == "sigmoid" && rewriter.is(scaled, "times", 1.702))
                && rewriter.input(scaled) == x
            {
                return rewriter.become_word(at, "quickgelu", vec![], vec![x], &[made, scaled]);
            }
        }
    }
    None
}

/// `x · (erf(x / √2) + 1) · ½`, in each order of the two products.
pub(super) fn gelu(rewriter: &mut Rewriter<'_>, at: usize) -> Option<()> {
    if rewriter.op(at).word != "mul" {
        return None;
    }
    for sum in rewriter.op(at).inputs.clone() {
        let Some(plus) = rewriter.only_for(sum, "plus").filter(|&plus| rewriter.is(plus, "plus", 1.0)) else {
            continue;
        };
        if let Some(done) = erf(rewriter, at, plus).or_else(|| tanh(rewriter, at, plus)) {
            return Some(done);
        }
    }
    None
}

fn erf(rewriter: &mut Rewriter<'_>, at: usize, plus: usize) -> Option<()> {
    let erf = rewriter.only_for(rewriter.input(plus), "erf")?;
    let scaled = rewriter.only_for(rewriter.input(erf), "times")?;
    if !rewriter.is(scaled, "times", std::f64::consts::FRAC_1_SQRT_2) {
        return None;
    }
    let x = rewriter.input(scaled);
    halved(rewriter, at, plus, x, vec![], &[plus, erf, scaled])
}

/// `x · (tanh(√(2/π) · (x + 0.044715·x³)) + 1) · ½`
fn tanh(rewriter: &mut Rewriter<'_>, at: usize, plus: usize) -> Option<()> {
    let tanh = rewriter.only_for(rewriter.input(plus), "tanh")?;
    let scaled = rewriter.only_for(rewriter.input(tanh), "times")?;
    if !rewriter.is(scaled, "times", (2.0 / std::f64::consts::PI).sqrt()) {
        return None;
    }
    let sum = rewriter.only_for(rewriter.input(scaled), "add")?;
    for cubic in rewriter.op(sum).inputs.clone() {
        let x = rewriter.other(sum, cubic)?;
        let Some(small) = rewriter.only_for(cubic, "times") else { continue };
        let Some(power) = rewriter.only_for(rewriter.input(small), "pow") else { continue };
        if rewriter.is(small, "times", 0.044715)
            && rewriter.is(power, "pow", 3.0)
            && rewriter.input(power) == x
        {
            let gone = [plus, tanh, scaled, sum, small, power];
            return halved(rewriter, at, plus, x, vec![Argument::Flag("approx")], &gone);
        }
    }
    None
}

/// Matches the product at `at` of x and the result of `plus`, halved before or after.
fn halved(
    rewriter: &mut Rewriter<'_>,
    at: usize,
    plus: usize,
    x: super::ValueId,
    arguments: Vec<Argument>,
    gone: &[usize],
) -> Option<()> {
    let other = rewriter.other(at, rewriter.op(plus).output)?;
    if other == x {
        let half = rewriter.only_user(rewriter.op(at).output, "times")?;
        if !rewriter.is(half, "times", 0.5) {
            return None;
        }
        let gone = [gone, &[at]].concat();
        return rewriter.become_word(half, "gelu", arguments, vec![x], &gone);
    }
    let half = rewriter.only_for(other, "times")?;
    if !rewriter.is(half, "times", 0.5) || rewriter.input(half) != x {
        return None;
    }
    let gone = [gone, &[half]].concat();
    rewriter.become_word(at, "gelu", arguments, vec![x], &gone)
}

/// `clip(x + 3, 0, 6) / 6`
pub(super) fn hard_sigmoid(rewriter: &mut Rewriter<'_>, at: usize) -> Option<()> {
    if !rewriter.is(at, "times", 1.0 / 6.0) {
        return None;
    }
    let clip = rewriter.only_for(rewriter.input(at), "relu6")?;
    let plus = rewriter.only_for(rewriter.input(clip), "plus")?;
    if !rewriter.is(plus, "plus", 3.0) {
        return None;
    }
    let x = rewriter.input(plus);
    rewriter.become_word(at, "hsigmoid", vec![], vec![x], &[clip, plus])
}

/// `x · clip(x + 3, 0, 6) / 6`, with the division last.
pub(super) fn hard_swish(rewriter: &mut Rewriter<'_>, at: usize) -> Option<()> {
    if !rewriter.is(at, "times", 1.0 / 6.0) {
        return None;
    }
    let product = rewriter.only_for(rewriter.input(at), "mul")?;
    for gate in rewriter.op(product).inputs.clone() {
        let x = rewriter.other(product, gate)?;
        let Some(clip) = rewriter.only_for(gate, "relu6") else { continue };
        let Some(plus) = rewriter.only_for(rewriter.input(clip), "plus") else { continue };
        if rewriter.is(plus, "plus", 3.0) && rewriter.input(plus) == x {
            return rewriter.become_word(at, "hswish", vec![], vec![x], &[product, clip, plus]);
        }
    }
    None
}

/// `x · tanh(softplus(x))`
pub(super) fn mish(rewriter: &mut Rewriter<'_>, at: usize) -> Option<()> {
    if rewriter.op(at).word != "mul" {
        return None;
    }
    for gate in rewriter.op(at).inputs.clone() {
        let x = rewriter.other(at, gate)?;
        let Some(tanh) = rewriter.only_for(gate, "tanh") else { continue };
        let Some(softplus) = rewriter.only_for(rewriter.input(tanh), "softplus") else { continue };
        if rewriter.input(softplus) == x {
            return rewriter.become_word(at, "mish", vec![], vec![x], &[tanh, softplus]);
        }
    }
    None
}

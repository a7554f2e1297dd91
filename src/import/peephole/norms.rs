//! Layer normalisation written out, as exporters do before opset 17.

use super::super::convert::eps;
use super::super::fold::Derivation;
use super::super::tensor::{ElementType, Tensor};
use super::Rewriter;

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

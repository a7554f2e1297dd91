//! Rules for constants with one number for each channel: biases, `scale`, affine parts of normalisations.

use std::collections::BTreeSet;

use super::super::fold::Derivation;
use super::super::network::Network;
use super::super::op::Argument;
use super::super::tensor::Tensor;
use super::super::values::ElementType;
use super::Rewriter;

/// Makes a constant that is added after a convolution without bias its bias.
pub(super) fn bias(rewriter: &mut Rewriter<'_>, at: usize) -> Option<()> {
    if rewriter.op(at).word != "bias" {
        return None;
    }
    let before = rewriter.maker[rewriter.input(at).0].filter(|&before| !rewriter.dead[before])?;
    let takes = rewriter.op(before).takes_bias() && rewriter.op(before).tensor("bias").is_none();
    if !takes || !rewriter.is_single(rewriter.input(at)) {
        return None;
    }
    let tensor = rewriter.op(at).tensor("bias")?.clone();
    rewriter.network.ops[before].tensors.push(("bias", tensor));
    rewriter.bypass(at);
    Some(())
}

/// Makes a vector that is added after `MatMul` its bias; the key may come from the vector.
pub(super) fn dense_bias(rewriter: &mut Rewriter<'_>, at: usize) -> Option<()> {
    let op = rewriter.op(at);
    if op.word != "dense" || op.key.is_some() {
        return None;
    }
    let origin = op.tensor("bias")?.origin()?;
    let key = origin.strip_suffix(".bias").filter(|key| super::super::convert::is_path(key))?.to_owned();
    if rewriter.network.ops.iter().any(|op| op.key.as_deref() == Some(&key)) {
        return None;
    }
    rewriter.network.ops[at].key = Some(key);
    Some(())
}

/// Makes a constant that is added after a `scale` its bias.
pub(super) fn scale_bias(rewriter: &mut Rewriter<'_>, at: usize) -> Option<()> {
    if rewriter.op(at).word != "bias" {
        return None;
    }
    let before = rewriter.only_for(rewriter.input(at), "scale")?;
    if rewriter.op(before).tensor("bias").is_some() {
        return None;
    }
    let tensor = rewriter.op(at).tensor("bias")?.clone();
    let scale = &mut rewriter.network.ops[before];
    scale.tensors.push(("bias", tensor));
    scale.arguments.push(Argument::Flag("bias"));
    rewriter.bypass(at);
    Some(())
}

/// Makes a `scale` with its bias the affine part of the group or instance normalisation before it, if that has none.
pub(super) fn group_norm(rewriter: &mut Rewriter<'_>, at: usize) -> Option<()> {
    let op = rewriter.op(at);
    if op.word != "scale" || op.tensor("bias").is_none() {
        return None;
    }
    let norms = ["groupnorm", "instancenorm"];
    let norm = norms.into_iter().find_map(|word| rewriter.only_for(rewriter.input(at), word))?;
    let by_instance = rewriter.op(norm).word == "instancenorm";
    if rewriter.op(norm).key.is_some() || by_instance && rewriter.op(norm).has_flag("affine") {
        return None;
    }
    // A factor and a summand of the model stay; those that the conversion filled in have no name.
    if rewriter.op(norm).tensors.iter().any(|(_, tensor)| tensor.origin().is_some()) {
        return None;
    }
    let (key, tensors, hint) = (op.key.clone(), op.tensors.clone(), op.hint.clone());
    let norm = &mut rewriter.network.ops[norm];
    norm.key = key.map(|key| key.strip_suffix(".weight").map_or(key.clone(), str::to_owned));
    (norm.tensors, norm.hint) = (tensors, hint);
    if by_instance {
        norm.arguments.insert(0, Argument::Flag("affine"));
    }
    rewriter.bypass(at);
    Some(())
}

/// Turns the remaining additions of a constant for each channel into `scale bias` with a factor of 1.
pub(super) fn finish(network: &mut Network) {
    let mut keys: BTreeSet<String> = network.ops.iter().filter_map(|op| op.key.clone()).collect();
    for op in network.ops.iter_mut().filter(|op| op.word == "bias") {
        let Some((_, bias)) = op.tensors.pop() else { continue };
        let ones = Derivation::Fill(bias.dims().to_vec(), 1.0, ElementType::F32);
        // A filled tensor is derived without reading the file.
        let Ok(ones) = Tensor::derived(ones, vec![], &Nothing) else { continue };
        op.word = "scale";
        op.arguments = vec![Argument::Flag("bias")];
        // If the module of the constant is that of another operator, that operator keeps the key.
        op.key = op.key.take().and_then(|key| match key.strip_suffix(".bias") {
            Some(module) => keys.insert(module.to_owned()).then(|| module.to_owned()),
            None => Some(key),
        });
        op.tensors = vec![("weight", ones), ("bias", bias)];
    }
}

/// A storage without bytes.
pub(super) struct Nothing;

impl super::super::tensor::Storage for Nothing {
    fn read(&self, _: Option<&str>, _: u64, _: u64) -> std::io::Result<Vec<u8>> {
        Err(std::io::Error::other("there is no file"))
    }
}

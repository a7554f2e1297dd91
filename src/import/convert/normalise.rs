//! Converts normalisations.

use super::super::fold::Derivation;
use super::super::op::{Argument, ValueId};
use super::super::refusal::Reason;
use super::super::tensor::Tensor;
use super::super::values::ElementType;
use super::super::view::View;
use super::names::{BETA, GAMMA, MEAN, VARIANCE};
use super::reader::Reader;
use super::{Converter, Draft};

/// The default of `eps`.
const EPS: f64 = 1e-5;

/// The argument `eps=`; nothing for the default.
pub(in crate::import) fn eps(value: f64) -> Vec<Argument> {
    if value == EPS { Vec::new() } else { vec![Argument::Named("eps", value)] }
}

impl<'a> Converter<'a> {
    fn filled(&self, channels: u64, value: f64) -> Result<Tensor, Reason> {
        let derivation = Derivation::Fill(vec![channels], value, ElementType::F32);
        Ok(Tensor::derived(derivation, Vec::new(), self.storage)?)
    }

    /// A constant with one number for each channel; axes of extent 1 are ignored.
    fn channel_vector(&self, tensor: Tensor) -> Result<Tensor, Reason> {
        if tensor.dims().len() == 1 {
            return Ok(tensor);
        }
        let dims = vec![tensor.elements()];
        Ok(Tensor::derived(Derivation::Reshape(dims), vec![tensor], self.storage)?)
    }

    /// Returns whether a tensor is a constant that an exporter wrote where its author has no parameter, and holds one
    /// number.
    pub(super) fn is_written_out(&self, tensor: &Tensor, number: f64) -> Result<bool, Reason> {
        let is_made_up = tensor.origin().is_none_or(super::names::is_constant);
        Ok(is_made_up
            && !tensor.is_absent()
            && tensor.reals(self.storage)?.iter().all(|&value| value == number))
    }

    pub(super) fn batch_norm(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        node.must_be("training_mode", 0)?;
        node.must_be("spatial", 1)?;
        if self.opset < 7 {
            if node.int("is_test", 0)? == 0 {
                return Err("`is_test` is 0: it is in training mode".into());
            }
            node.ignore("consumed_inputs");
        }
        node.ignore("momentum");
        if (1..node.node.outputs.len()).any(|output| node.has_output(output)) {
            return Err("its statistics are asked for: it is in training mode".into());
        }
        let eps = eps(node.float("epsilon", EPS)?);
        let view = self.view(node, 0)?;
        let value = self.feature(node, &view)?;
        let mut tensors = Vec::new();
        let parts = [
            (1, "weight", GAMMA),
            (2, "bias", BETA),
            (3, "running_mean", MEAN),
            (4, "running_var", VARIANCE),
        ];
        let mut arguments = Vec::new();
        for (input, name, _) in parts {
            let tensor = self.tensor(node, input, name)?.ok_or_else(|| format!("its {name} is missing"))?;
            tensors.push((name, tensor));
        }
        let named: Vec<_> =
            tensors.iter().zip(parts).map(|((_, tensor), (_, _, endings))| (Some(tensor), endings)).collect();
        let key = self.key(node, &named);
        for (at, flag, neutral) in [(1, "nobias", 0.0), (0, "noscale", 1.0)] {
            if self.is_written_out(&tensors[at].1, neutral)? {
                arguments.insert(0, Argument::Flag(flag));
                tensors.remove(at);
            }
        }
        arguments.extend(eps);
        let draft = Draft { word: "bn", arguments, inputs: vec![value], key, tensors };
        let value = self.emit(node, draft)?;
        self.set(node, 0, self.whole(value));
        Ok(())
    }

    /// Converts `LayerNormalization` over the channels at each position.
    pub(super) fn layer_norm(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        node.must_be("stash_type", 1)?;
        let eps = eps(node.float("epsilon", EPS)?);
        self.over_channels(node, "layernorm", eps, true)
    }

    pub(super) fn rms_norm(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        node.must_be("stash_type", 1)?;
        let eps = eps(node.float("epsilon", EPS)?);
        self.over_channels(node, "rmsnorm", eps, false)
    }

    fn over_channels(
        &mut self,
        node: &Reader<'a>,
        word: &'static str,
        arguments: Vec<Argument>,
        biased: bool,
    ) -> Result<(), Reason> {
        let view = self.view(node, 0)?;
        let view = self.laid(node, view)?;
        let axis = node.int("axis", -1)?;
        self.must_be_channels(&view, axis, true)?;
        if node.has_output(1) || node.has_output(2) {
            return Err("its statistics are asked for".into());
        }
        let weight = self.tensor(node, 1, "scale")?.ok_or("its scale is missing")?;
        let bias = if biased { self.tensor(node, 2, "bias")? } else { None };
        let key = self.key(node, &[(Some(&weight), GAMMA), (bias.as_ref(), BETA)]);
        let channels = self.network.shape(view.value).channels();
        let mut tensors = vec![("weight", self.channel_vector(weight)?)];
        if biased {
            let bias = match bias {
                Some(bias) => self.channel_vector(bias)?,
                None => self.filled(channels, 0.0)?,
            };
            tensors.push(("bias", bias));
        }
        let draft = Draft { word, arguments, inputs: vec![view.value], key, tensors };
        let value = self.emit(node, draft)?;
        self.set(node, 0, view.of(value));
        Ok(())
    }

    /// Checks that an axis (with `to_end`, all axes from it on) is the channels of the value, and gives its index.
    pub(super) fn must_be_channels(&self, view: &View, axis: i64, to_end: bool) -> Result<usize, Reason> {
        let shape = self.network.shape(view.value);
        let rank = view.axes.len() as i64;
        let at = if axis < 0 { axis + rank } else { axis };
        let at = usize::try_from(at).ok().filter(|&at| at < view.axes.len());
        let at = at.ok_or_else(|| format!("axis {axis} is none of the {rank} axes"))?;
        let channels = match view.layout(shape) {
            Some(layout) => layout[0] == at,
            None => shape.extent() == (1, 1) && view.is_flat(shape) && at == 1,
        };
        let rest_is_one = !to_end || view.axes[at + 1..].iter().all(Vec::is_empty);
        if channels && rest_is_one {
            return Ok(at);
        }
        Err(format!("axis {axis} of {:?} is not that of the channels", view.dims()).into())
    }

    pub(super) fn instance_norm(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        let eps = eps(node.float("epsilon", EPS)?);
        let view = self.view(node, 0)?;
        let scale = self.tensor(node, 1, "scale")?.ok_or("its scale is missing")?;
        let bias = self.tensor(node, 2, "bias")?.ok_or("its bias is missing")?;
        let shape = self.network.shape(view.value);
        let trivial = !scale.is_absent()
            && !bias.is_absent()
            && scale.reals(self.storage)?.iter().all(|&value| value == 1.0)
            && bias.reals(self.storage)?.iter().all(|&value| value == 0.0);
        // N×G×rest with trivial parameters is the first part of a group normalisation; its affine part follows as
        // separate nodes.
        let dims = view.dims();
        if let (&[batch, groups, _], true) = (dims.as_slice(), trivial)
            && groups > 0
            && shape.channels().is_multiple_of(groups)
            && let Some(grouped) =
                self.whole(view.value).reshaped(&[batch, groups, shape.elements() / groups])
            && grouped.axes == view.axes
        {
            let channels = shape.channels();
            if shape.is_map() && groups == channels && node.node.remark() != Some("groupnorm") {
                let draft = Draft::new("instancenorm", vec![view.value]).arguments(eps);
                let value = self.emit(node, draft)?;
                self.set(node, 0, view.of(value));
                return Ok(());
            }
            let mut arguments = vec![Argument::Count(groups)];
            arguments.extend(eps);
            let tensors =
                vec![("weight", self.filled(channels, 1.0)?), ("bias", self.filled(channels, 0.0)?)];
            let draft = Draft { word: "groupnorm", arguments, inputs: vec![view.value], key: None, tensors };
            let value = self.emit(node, draft)?;
            self.set(node, 0, view.of(value));
            return Ok(());
        }
        let value = self.plain(node, &view)?;
        let mut arguments = Vec::new();
        let (mut tensors, mut key) = (Vec::new(), None);
        if !trivial {
            arguments.push(Argument::Flag("affine"));
            key = self.key(node, &[(Some(&scale), GAMMA), (Some(&bias), BETA)]);
            tensors = vec![("weight", scale), ("bias", bias)];
        }
        arguments.extend(eps);
        let draft = Draft { word: "instancenorm", arguments, inputs: vec![value], key, tensors };
        let value = self.emit(node, draft)?;
        self.set(node, 0, self.whole(value));
        Ok(())
    }

    pub(super) fn group_norm(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        node.must_be("stash_type", 1)?;
        let groups = u64::try_from(node.int("num_groups", 0)?).ok().filter(|&groups| groups > 0);
        let mut arguments = vec![Argument::Count(groups.ok_or("`num_groups` is no number of groups")?)];
        arguments.extend(eps(node.float("epsilon", EPS)?));
        let view = self.view(node, 0)?;
        let value = self.plain(node, &view)?;
        let scale = self.tensor(node, 1, "scale")?.ok_or("its scale is missing")?;
        let bias = self.tensor(node, 2, "bias")?.ok_or("its bias is missing")?;
        let key = self.key(node, &[(Some(&scale), GAMMA), (Some(&bias), BETA)]);
        let tensors = vec![("weight", scale), ("bias", bias)];
        let value =
            self.emit(node, Draft { word: "groupnorm", arguments, inputs: vec![value], key, tensors })?;
        self.set(node, 0, self.whole(value));
        Ok(())
    }

    pub(super) fn lp_norm(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        node.must_be("p", 2)?;
        let view = self.view(node, 0)?;
        let view = self.laid(node, view)?;
        let axis = node.int("axis", -1)?;
        self.must_be_channels(&view, axis, false)?;
        // ONNX has no eps here; the smallest eps of the language is far below what a float distinguishes.
        let draft = Draft::new("l2norm", vec![view.value]).arguments(vec![Argument::Named("eps", 1e-12)]);
        let value = self.emit(node, draft)?;
        self.set(node, 0, view.of(value));
        Ok(())
    }

    pub(super) fn lrn(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        let size = node.int("size", 0)?;
        let size = u64::try_from(size).ok().filter(|size| size % 2 == 1);
        let size = size.ok_or("its `size` is even: ONNX and the language place such a window differently")?;
        let arguments = vec![
            Argument::Count(size),
            Argument::Named("k", node.float("bias", 1.0)?),
            Argument::Named("alpha", node.float("alpha", 1e-4)?),
            Argument::Named("beta", node.float("beta", 0.75)?),
            Argument::Flag("mean"),
        ];
        let view = self.view(node, 0)?;
        let value: ValueId = self.plain(node, &view)?;
        let value = self.emit(node, Draft::new("lrn", vec![value]).arguments(arguments))?;
        self.set(node, 0, self.whole(value));
        Ok(())
    }
}

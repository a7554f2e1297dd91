//! Converts convolutions.

use super::super::fold::Derivation;
use super::super::op::Argument;
use super::super::refusal::Reason;
use super::super::tensor::Tensor;
use super::names::{BIAS, WEIGHT};
use super::reader::Reader;
use super::sliding::{Sliding, four_of, pair};
use super::{Converter, Draft};

impl<'a> Converter<'a> {
    fn weight(&self, node: &Reader<'a>) -> Result<Tensor, Reason> {
        let mut weight = self.tensor(node, 1, "weight")?.ok_or("its weight is missing")?;
        if let &[outputs, inner, width] = weight.dims()
            && node.node.kind == "Conv"
        {
            let dims = vec![outputs, inner, 1, width];
            weight = Tensor::derived(Derivation::Reshape(dims), vec![weight], self.storage)?;
        }
        if weight.dims().len() != 4 {
            let axes = weight.dims().len().saturating_sub(2);
            return Err(format!("it slides over {axes} axes, not two").into());
        }
        if weight.dims().contains(&0) {
            return Err(format!("its weight has the extents {:?}", weight.dims()).into());
        }
        if !weight.element().is_float() {
            return Err("its weight is no floating-point tensor".into());
        }
        Ok(weight)
    }

    /// The bias of a convolution; `None` also for a computed bias of zeros.
    fn bias(&self, node: &Reader<'a>, outputs: u64) -> Result<Option<Tensor>, Reason> {
        let Some(bias) = self.tensor(node, 2, "bias")? else { return Ok(None) };
        if bias.dims() != [outputs] {
            return Err(format!("its bias has the extents {:?}, not [{outputs}]", bias.dims()).into());
        }
        let zeros = bias.origin().is_none()
            && !bias.is_absent()
            && bias.reals(self.storage)?.iter().all(|&value| value == 0.0);
        Ok((!zeros).then_some(bias))
    }

    pub(super) fn conv(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        let given = self.tensor(node, 1, "weight")?;
        let row = given.is_some_and(|weight| weight.dims().len() == 3);
        let weight = self.weight(node)?;
        let view = self.view(node, 0)?;
        let value = if row { self.row(node, &view)? } else { self.plain(node, &view)? };
        let input = self.network.shape(value);
        let [outputs, inner, height, width] = *weight.dims() else { return Err("no weight".into()) };
        let own = [height as i64, width as i64];
        if let Some(kernel) = node.ints("kernel_shape")?
            && kernel != own[usize::from(row)..]
        {
            return Err(format!("`kernel_shape` is {kernel:?}, but its weight is {height}x{width}").into());
        }
        let groups = node.int("group", 1)?;
        let groups = u64::try_from(groups).ok().filter(|&groups| groups > 0);
        let groups = groups.ok_or("`group` is no number of groups")?;
        let remark = node.node.remark().unwrap_or_default();
        if groups.checked_mul(inner) != Some(input.channels()) {
            let channels = input.channels();
            return Err(format!("its weight is for {groups}·{inner} channels, and {channels} arrive").into());
        }
        let sliding = self.sliding(node, [height, width], input, row)?;
        let bias = self.bias(node, outputs)?;
        let key = self.key(node, &[(Some(&weight), WEIGHT), (bias.as_ref(), BIAS)]);
        if remark == "subsample"
            && let (Some(bias), [0, 0, 0, 0], [1, 1]) = (&bias, sliding.pads, sliding.dilation)
            && (groups, inner, outputs) == (input.channels(), 1, input.channels())
            && let Some(coefficients) = self.equal_taps(&weight)?
        {
            let window = Argument::Window { dims: vec![height, width], stride: sliding.stride.into() };
            let tensors = vec![("weight", coefficients), ("bias", bias.clone())];
            let draft =
                Draft { word: "subsample", arguments: vec![window], inputs: vec![value], key, tensors };
            let value = self.emit(node, draft)?;
            self.set(node, 0, self.whole(value));
            return Ok(());
        }
        let depthwise = groups > 1 && inner == 1 && outputs % groups == 0;
        let (word, dims) =
            if depthwise { ("dwconv", vec![height, width]) } else { ("conv", vec![height, width, outputs]) };
        let mut arguments = sliding.arguments(dims, true);
        let connected = if groups == 1 { self.connected(remark, &weight)? } else { None };
        let weight = match connected {
            Some((table, kernels)) => {
                arguments.push(table);
                kernels
            }
            None if depthwise => {
                arguments.push(Argument::Number("mult", outputs / groups, 1));
                weight
            }
            None => {
                arguments.push(Argument::Number("groups", groups, 1));
                weight
            }
        };
        let tensors = tensors(weight, bias);
        let draft = Draft { word, arguments, inputs: vec![value], key, tensors };
        let value = self.emit(node, draft)?;
        let view = if row { self.unrowed(value) } else { self.whole(value) };
        self.set(node, 0, view);
        Ok(())
    }

    pub(super) fn deconv(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        let weight = self.weight(node)?;
        let view = self.view(node, 0)?;
        let value = self.plain(node, &view)?;
        let [_, inner, height, width] = *weight.dims() else { return Err("no weight".into()) };
        if let Some(kernel) = node.ints("kernel_shape")?
            && kernel != [height as i64, width as i64]
        {
            return Err(format!("`kernel_shape` is {kernel:?}, but its weight is {height}x{width}").into());
        }
        let groups = u64::try_from(node.int("group", 1)?).ok().filter(|&groups| groups > 0);
        let groups = groups.ok_or("`group` is no number of groups")?;
        let outputs = inner.checked_mul(groups).ok_or("its weight is too large")?;
        let (stride, dilation) = (pair(node, "strides", 1, 1)?, pair(node, "dilations", 1, 1)?);
        let mut more = pair(node, "output_padding", 0, 0)?;
        let (auto, mut pads) = (node.text("auto_pad", "NOTSET")?, four_of(node, "pads", false)?);
        let wanted = node.ints("output_shape")?;
        let (rows, columns) = self.network.shape(value).extent();
        for (axis, (extent, kernel)) in [(rows, height), (columns, width)].into_iter().enumerate() {
            let output = match (&wanted, auto) {
                (Some(wanted), _) => Some(wanted.get(axis + wanted.len().saturating_sub(2)).copied()),
                (None, "SAME_UPPER" | "SAME_LOWER") => {
                    Some(extent.checked_mul(stride[axis]).map(|n| n as i64))
                }
                (None, "VALID") => {
                    (pads[2 * axis], pads[2 * axis + 1]) = (0, 0);
                    None
                }
                (None, "NOTSET") => None,
                (None, other) => return Err(format!("`auto_pad` is `{other}`").into()),
            };
            let Some(output) = output else { continue };
            let full = (extent as i128 - 1) * i128::from(stride[axis])
                + i128::from(more[axis])
                + (i128::from(kernel) - 1) * i128::from(dilation[axis])
                + 1;
            let total = full - i128::from(output.ok_or("`output_shape` is malformed")?);
            // The output has one row or column more than the windows reach; the operator adds it at the end.
            if total == -1 && wanted.is_some() {
                (pads[2 * axis], pads[2 * axis + 1]) = (0, 0);
                more[axis] += 1;
                continue;
            }
            let total = u64::try_from(total).map_err(|_| "`output_shape` is more than the windows reach")?;
            let (less, rest) = (total / 2, total - total / 2);
            let before = if auto == "SAME_UPPER" { less } else { rest };
            (pads[2 * axis], pads[2 * axis + 1]) = (before, total - before);
        }
        let bias = self.bias(node, outputs)?;
        let key = self.key(node, &[(Some(&weight), WEIGHT), (bias.as_ref(), BIAS)]);
        let sliding = Sliding { kernel: [height, width], stride, dilation, pads, same: false };
        let mut arguments = sliding.arguments(vec![height, width, outputs], false);
        arguments.push(Argument::Pair("outpad", (more[0], more[1]), 0));
        arguments.push(Argument::Number("groups", groups, 1));
        let draft =
            Draft { word: "deconv", arguments, inputs: vec![value], key, tensors: tensors(weight, bias) };
        let value = self.emit(node, draft)?;
        self.set(node, 0, self.whole(value));
        Ok(())
    }
}

/// The weight and the bias of an operator, by their keys.
pub(super) fn tensors(weight: Tensor, bias: Option<Tensor>) -> Vec<(&'static str, Tensor)> {
    let mut tensors = vec![("weight", weight)];
    tensors.extend(bias.map(|bias| ("bias", bias)));
    tensors
}

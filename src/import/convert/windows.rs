//! Converts convolutions and pools.

use super::super::fold::Derivation;
use super::super::op::Argument;
use super::super::refusal::Reason;
use super::super::tensor::Tensor;
use super::names::{BIAS, WEIGHT};
use super::reader::Reader;
use super::{Converter, Draft};
use crate::tensor::{Shape, Window};

/// Kernel, stride, dilation and pads of a node with a sliding window.
struct Sliding {
    kernel: [u64; 2],
    stride: [u64; 2],
    dilation: [u64; 2],
    /// The pads at the top, at the bottom, on the left and on the right.
    pads: [u64; 4],
    /// Whether the padding is written as `same`.
    same: bool,
}

/// An attribute of two numbers, each at least `least`. For a map of one row only the second is given.
fn pair_of(node: &Reader<'_>, name: &str, default: u64, least: i64, row: bool) -> Result<[u64; 2], Reason> {
    match node.ints(name)?.as_deref() {
        None => Ok([default; 2]),
        Some(&[width]) if row && width >= least => Ok([default, width as u64]),
        Some(values) if row => Err(format!("`{name}` is {values:?}").into()),
        Some(&[height, width]) if height >= least && width >= least => Ok([height as u64, width as u64]),
        Some(values) if values.len() != 2 => {
            Err(format!("`{name}` has {} numbers: only two axes are slid over", values.len()).into())
        }
        Some(values) => Err(format!("`{name}` is {values:?}").into()),
    }
}

/// An attribute of two numbers, each at least `least`.
fn pair(node: &Reader<'_>, name: &str, default: u64, least: i64) -> Result<[u64; 2], Reason> {
    pair_of(node, name, default, least, false)
}

/// An attribute of four pads, in the order of the language. For a map of one row only the last two are given.
fn four_of(node: &Reader<'_>, name: &str, row: bool) -> Result<[u64; 4], Reason> {
    match node.ints(name)?.as_deref() {
        None => Ok([0; 4]),
        Some(&[left, right]) if row && left >= 0 && right >= 0 => Ok([0, 0, left as u64, right as u64]),
        Some(values) if row => Err(format!("`{name}` is {values:?}").into()),
        Some(&[top, left, bottom, right]) if [top, left, bottom, right].iter().all(|&pad| pad >= 0) => {
            Ok([top as u64, bottom as u64, left as u64, right as u64])
        }
        Some(values) => Err(format!("`{name}` is {values:?}").into()),
    }
}

impl<'a> Converter<'a> {
    fn sliding(
        &self,
        node: &Reader<'a>,
        kernel: [u64; 2],
        input: Shape,
        row: bool,
    ) -> Result<Sliding, Reason> {
        let (stride, dilation) =
            (pair_of(node, "strides", 1, 1, row)?, pair_of(node, "dilations", 1, 1, row)?);
        let auto = node.text("auto_pad", "NOTSET")?;
        let mut pads = four_of(node, "pads", row)?;
        let (height, width) = input.extent();
        let mut same = false;
        match auto {
            "NOTSET" => {}
            "VALID" => pads = [0; 4],
            "SAME_UPPER" => same = true,
            "SAME_LOWER" => {
                for (axis, extent) in [height, width].into_iter().enumerate() {
                    let window = Window::same(kernel[axis], stride[axis], dilation[axis], extent);
                    // `SAME_LOWER` puts an odd row or column before the input instead of behind it.
                    pads[2 * axis] = window.pad_after;
                    pads[2 * axis + 1] = window.pad_before;
                }
            }
            other => return Err(format!("`auto_pad` is `{other}`").into()),
        }
        Ok(Sliding { kernel, stride, dilation, pads, same })
    }

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

    pub(super) fn pool(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        let view = self.view(node, 0)?;
        let average = node.node.kind == "AveragePool";
        let kernel = pair(node, "kernel_shape", 0, 1)?;
        if kernel == [0, 0] {
            return Err("`kernel_shape` is missing".into());
        }
        if node.has_output(1) {
            return Err("the positions of the maxima are asked for".into());
        }
        node.ignore("storage_order");
        let countpad = node.int("count_include_pad", 0)? != 0;
        let ceil = node.int("ceil_mode", 0)? != 0;
        let value = self.plain(node, &view)?;
        let input = self.network.shape(value);
        let sliding = self.sliding(node, kernel, input, false)?;
        if sliding.kernel == [1, 1] && sliding.stride == [1, 1] && sliding.pads == [0; 4] {
            self.set(node, 0, view);
            return Ok(());
        }
        let padded = sliding.same || sliding.pads != [0; 4];
        if ceil {
            sliding.check_ceil(input, average, countpad, self.opset)?;
        }
        let mut arguments = sliding.arguments(sliding.kernel.to_vec(), false);
        if ceil && !sliding.same {
            arguments.push(Argument::Flag("ceil"));
        }
        if average && countpad && padded {
            arguments.push(Argument::Flag("countpad"));
        }
        let word = if average { "avgpool" } else { "maxpool" };
        let value = self.emit(node, Draft::new(word, vec![value]).arguments(arguments))?;
        self.set(node, 0, self.whole(value));
        Ok(())
    }

    /// Converts `(Σ |x|^p)^(1/p)` of each window: a mean of absolute values, of squares or of fourth powers.
    pub(super) fn lp_pool(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        let view = self.view(node, 0)?;
        let kernel = pair(node, "kernel_shape", 0, 1)?;
        if kernel == [0, 0] {
            return Err("`kernel_shape` is missing".into());
        }
        node.must_be("ceil_mode", 0)?;
        let (before, behind): (&[&'static str], &[&'static str]) = match node.int("p", 2)? {
            1 => (&["abs"], &[]),
            2 => (&["square"], &["sqrt"]),
            4 => (&["square", "square"], &["sqrt", "sqrt"]),
            p => return Err(format!("`p` is {p}, not 1, 2 or 4").into()),
        };
        let mut value = self.plain(node, &view)?;
        let sliding = self.sliding(node, kernel, self.network.shape(value), false)?;
        for &word in before {
            value = self.emit(node, Draft::new(word, vec![value]))?;
        }
        let mut arguments = sliding.arguments(kernel.to_vec(), false);
        if sliding.same || sliding.pads != [0; 4] {
            arguments.push(Argument::Flag("countpad"));
        }
        value = self.emit(node, Draft::new("avgpool", vec![value]).arguments(arguments))?;
        let count = vec![Argument::Real((kernel[0] * kernel[1]) as f64)];
        value = self.emit(node, Draft::new("times", vec![value]).arguments(count))?;
        for &word in behind {
            value = self.emit(node, Draft::new(word, vec![value]))?;
        }
        self.set(node, 0, self.whole(value));
        Ok(())
    }

    pub(super) fn global_pool(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        let view = self.view(node, 0)?;
        let value = self.plain(node, &view)?;
        let word = if node.node.kind == "GlobalMaxPool" { "maxpool" } else { "avgpool" };
        let value =
            self.emit(node, Draft::new(word, vec![value]).arguments(vec![Argument::Flag("global")]))?;
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

impl Sliding {
    /// Size, padding and dilation as arguments of the language.
    fn arguments(&self, dims: Vec<u64>, convolution: bool) -> Vec<Argument> {
        let [top, bottom, left, right] = self.pads;
        // A kernel of two sizes that keeps height and width is written with `same`.
        let half = |axis: usize, before, after| {
            let reach = self.dilation[axis].saturating_mul(self.kernel[axis].saturating_sub(1));
            self.stride[axis] == 1 && reach.is_multiple_of(2) && before == after && before == reach / 2
        };
        let keeps =
            convolution && self.kernel[0] != self.kernel[1] && half(0, top, bottom) && half(1, left, right);
        let mut arguments = vec![Argument::Window { dims, stride: (self.stride[0], self.stride[1]) }];
        if self.same || keeps {
            arguments.push(Argument::Flag("same"));
        } else {
            arguments.push(Argument::Pads("pad", self.pads));
        }
        arguments.push(Argument::Pair("dilate", (self.dilation[0], self.dilation[1]), 1));
        arguments
    }

    /// Refuses `ceil_mode` where the windows or divisors of ONNX and the language differ.
    fn check_ceil(&self, input: Shape, average: bool, countpad: bool, opset: i64) -> Result<(), Reason> {
        let (height, width) = input.extent();
        for (axis, extent) in [height, width].into_iter().enumerate() {
            let window = Window {
                kernel: self.kernel[axis],
                stride: self.stride[axis],
                dilation: self.dilation[axis],
                pad_before: self.pads[2 * axis],
                pad_after: self.pads[2 * axis + 1],
                ceil: true,
            };
            let room = (window.padded(extent) as i128 - i128::from(window.extent())).max(0);
            let theirs = (room + i128::from(window.stride) - 1) / i128::from(window.stride) + 1;
            let ours = window.output(extent).map_or(0, i128::from);
            // Since version 22 ONNX leaves such a window out, as PyTorch does.
            if ours != theirs && opset < 22 {
                return Err(format!(
                    "with `ceil_mode` ONNX has {theirs} windows along an axis of {extent}, the language {ours}: the \
                     last would start in the padding"
                )
                .into());
            }
            let end = (ours - 1) * i128::from(window.stride) + i128::from(window.extent());
            if average && countpad && end > window.padded(extent) as i128 {
                return Err(
                    "`count_include_pad` with `ceil_mode`: runtimes divide the last window differently"
                        .into(),
                );
            }
        }
        Ok(())
    }
}

//! Converts parts of a value along its axes, and borders around it.

use super::super::op::{Argument, ValueId};
use super::super::refusal::Reason;
use super::super::tensor::Tensor;
use super::super::view::View;
use super::reader::{Reader, axis_at};
use super::{Converter, Draft};

/// The limit of the number of channels in a list.
const MAX_PICKED: u64 = 1 << 16;
/// The limit of the number of contiguous runs in a list.
const MAX_RUNS: usize = 16;

/// The part of one axis that a `Slice` takes. Negative numbers count from the end.
pub(super) struct SliceBounds {
    pub(super) axis: i64,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) step: i64,
}

impl<'a> Converter<'a> {
    /// Takes `count` channels from channel `first` on; the value itself if these are all.
    fn part(
        &mut self,
        node: &Reader<'a>,
        view: &View,
        at: usize,
        first: u64,
        count: u64,
    ) -> Result<View, Reason> {
        let shape = self.network.shape(view.value);
        let permuted = view.layout(shape).filter(|layout| *layout != [1, 2, 3]);
        if permuted.map_or(1, |layout| layout[0]) != at {
            return Err(format!("along axis {at} of {:?}, not the channels", view.dims()).into());
        }
        let value = if permuted.is_some() { view.value } else { self.feature(node, view)? };
        if first == 0 && count == self.network.shape(value).channels() {
            return Ok(view.clone());
        }
        if count == 0 {
            return Err("a part without channels".into());
        }
        let arguments = vec![Argument::Count(count), Argument::Number("at", first, 0)];
        let value = self.emit(node, Draft::new("slice", vec![value]).arguments(arguments))?;
        Ok(self.laid_out(value, permuted))
    }

    /// Takes the channels of a constant list: one `slice` for each contiguous run, concatenated.
    pub(super) fn picked(
        &mut self,
        node: &Reader<'a>,
        view: &View,
        at: usize,
        index: &Tensor,
    ) -> Result<(), Reason> {
        let extent = view.dims()[at];
        if index.dims().len() != 1 || index.elements() > MAX_PICKED {
            return Err(format!("it picks by an index of the extents {:?}", index.dims()).into());
        }
        let resolved = |place: i64| {
            let place = if place < 0 { place.saturating_add(extent as i64) } else { place };
            u64::try_from(place).ok().filter(|&place| place < extent)
        };
        let places = index.values(self.storage)?.integers().into_iter().map(resolved);
        let places = places.collect::<Option<Vec<u64>>>().ok_or("it picks beyond the end")?;
        let is_plain = view.layout(self.network.shape(view.value)) == Some([1, 2, 3]);
        if is_plain
            && at > 1
            && let Some(value) = self.nearest(node, view.value, at, &places)?
        {
            self.set(node, 0, self.whole(value));
            return Ok(());
        }
        let mut runs: Vec<(u64, u64)> = Vec::new();
        for place in places {
            match runs.last_mut() {
                Some((first, count)) if *first + *count == place => *count += 1,
                _ => runs.push((place, 1)),
            }
        }
        if runs.len() > MAX_RUNS {
            return Err(format!("it picks {} parts, more than {MAX_RUNS}", runs.len()).into());
        }
        let parts = runs.into_iter().map(|(first, count)| self.part(node, view, at, first, count));
        let parts = parts.collect::<Result<Vec<View>, Reason>>()?;
        let [first, rest @ ..] = parts.as_slice() else { return Err("it picks nothing".into()) };
        if rest.is_empty() {
            self.set(node, 0, first.clone());
            return Ok(());
        }
        let layout = first.layout(self.network.shape(first.value));
        let value = self.emit(node, Draft::new("concat", parts.iter().map(|part| part.value).collect()))?;
        self.set(node, 0, self.laid_out(value, layout));
        Ok(())
    }

    pub(super) fn split(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        let view = self.view(node, 0)?;
        let dims = view.dims();
        let axis = node.int("axis", 0)?;
        let at = axis_at(axis, dims.len())?;
        let parts = match node.ints("split")? {
            Some(parts) => Some(parts),
            None => self.integers(node, 1, "list of parts")?,
        };
        let count = node.node.outputs.len() as u64;
        node.must_be("num_outputs", count as i64)?;
        let parts: Vec<u64> = match parts {
            Some(parts) => parts.iter().map(|&part| part.max(0) as u64).collect(),
            None => {
                // The last part is smaller if the parts cannot be equal.
                let each = dims[at].div_ceil(count.max(1));
                (0..count).map(|part| each.min(dims[at].saturating_sub(part * each))).collect()
            }
        };
        if parts.iter().try_fold(0u64, |sum, &part| sum.checked_add(part)) != Some(dims[at])
            || parts.len() != node.node.outputs.len()
        {
            return Err(format!("{} channels are split into {parts:?}", dims[at]).into());
        }
        let mut first = 0;
        for (output, &part) in parts.iter().enumerate() {
            let view = self.part(node, &view, at, first, part)?;
            self.set(node, output, view);
            first += part;
        }
        Ok(())
    }

    /// The bounds of a `Slice`, which are attributes in old operator sets and inputs in later ones.
    pub(super) fn slice_bounds(&self, node: &Reader<'a>) -> Result<Vec<SliceBounds>, Reason> {
        let list = |name: &str, input: usize| match node.ints(name)? {
            Some(values) => Ok(Some(values)),
            None => self.integers(node, input, name),
        };
        let starts = list("starts", 1)?.ok_or("its starts are missing")?;
        let ends = list("ends", 2)?.ok_or("its ends are missing")?;
        let axes = list("axes", 3)?.unwrap_or_else(|| (0..starts.len() as i64).collect());
        let steps = self.integers(node, 4, "steps")?.unwrap_or_else(|| vec![1; starts.len()]);
        if ends.len() != starts.len() || axes.len() != starts.len() || steps.len() != starts.len() {
            return Err("its lists have different lengths".into());
        }
        let all = axes.into_iter().zip(starts).zip(ends).zip(steps);
        Ok(all.map(|(((axis, start), end), step)| SliceBounds { axis, start, end, step }).collect())
    }

    pub(super) fn slice(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        let view = self.view(node, 0)?;
        let mut view = self.spelled(node, view)?;
        let bounds = self.slice_bounds(node)?;
        for SliceBounds { axis, start, end, step } in bounds {
            let at = axis_at(axis, view.axes.len())?;
            let extent = view.dims()[at] as i64;
            let within =
                |place: i64| if place < 0 { place.saturating_add(extent) } else { place }.clamp(0, extent);
            let (start, end) = (within(start), within(end));
            let (first, count) = (start as u64, (end - start).max(0) as u64);
            let shape = self.network.shape(view.value);
            let spatial = view.layout(shape) == Some([1, 2, 3]) && at > 1;
            if step < 1 || (step > 1 && !spatial) {
                return Err(format!("in steps of {step} along axis {at}").into());
            }
            if count == 0 {
                return Err("a part without elements".into());
            }
            let steps = step as u64;
            if steps > 1 {
                view = self.every(node, &view, at, first, count, steps)?;
                continue;
            }
            if first == 0 && count == extent as u64 {
                continue;
            }
            view = if spatial {
                let value = self.cropped(node, view.value, at, first, extent as u64 - first - count)?;
                self.whole(value)
            } else {
                self.part(node, &view, at, first, count)?
            };
        }
        self.set(node, 0, view);
        Ok(())
    }

    /// Removes the first and last rows (axis 2) or columns (axis 3) of a map.
    fn cropped(
        &mut self,
        node: &Reader<'a>,
        value: ValueId,
        at: usize,
        first: u64,
        last: u64,
    ) -> Result<ValueId, Reason> {
        let mut crop = [0; 4];
        (crop[2 * (at - 2)], crop[2 * (at - 2) + 1]) = (first, last);
        let arguments = vec![Argument::Pads("", crop)];
        self.emit(node, Draft::new("crop", vec![value]).arguments(arguments))
    }

    /// Takes every `step`th of `count` rows or columns from `first` on, by `maxpool` with windows of one element.
    fn every(
        &mut self,
        node: &Reader<'a>,
        view: &View,
        at: usize,
        first: u64,
        count: u64,
        step: u64,
    ) -> Result<View, Reason> {
        let (height, width) = self.network.shape(view.value).extent();
        let mut value = view.value;
        let behind = [height, width][at - 2] - first - count;
        if first + behind > 0 {
            value = self.cropped(node, value, at, first, behind)?;
        }
        let stride = if at == 2 { (step, 1) } else { (1, step) };
        let arguments = vec![Argument::Window { dims: vec![1, 1], stride }];
        let value = self.emit(node, Draft::new("maxpool", vec![value]).arguments(arguments))?;
        Ok(self.whole(value))
    }

    pub(super) fn pad(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        let view = self.view(node, 0)?;
        let name = if self.opset < 2 { "paddings" } else { "pads" };
        let pads = match node.ints(name)? {
            Some(pads) => pads,
            None => self.integers(node, 1, "list of pads")?.ok_or("its pads are missing")?,
        };
        let fill = if node.has("value") {
            node.float("value", 0.0)?
        } else {
            match self.tensor(node, 2, "value")? {
                Some(value) => value.scalar(self.storage)?.unwrap_or(0.0),
                None => 0.0,
            }
        };
        let rank = view.axes.len();
        let axes = self.integers(node, 3, "list of axes")?.unwrap_or_else(|| (0..rank as i64).collect());
        if pads.len() != 2 * axes.len() {
            return Err(format!("{} pads for {} axes", pads.len(), axes.len()).into());
        }
        let mode = node.text("mode", "constant")?;
        let mut around = [[0i64; 2]; 4];
        for (index, &axis) in axes.iter().enumerate() {
            let at = if axis < 0 { axis + rank as i64 } else { axis };
            let at =
                usize::try_from(at).ok().filter(|&at| at < rank.min(4)).ok_or("an axis does not exist")?;
            around[at] = [pads[index], pads[index + axes.len()]];
        }
        if around.iter().flatten().all(|&pad| pad == 0) {
            self.set(node, 0, view);
            return Ok(());
        }
        let view = self.laid(node, view)?;
        let Some(layout) = view.layout(self.network.shape(view.value)) else {
            return Err(format!("pads of a value of the extents {:?}", view.dims()).into());
        };
        let [channels, height, width] = layout;
        if around[0] != [0; 2] {
            return Err("pads of the batch".into());
        }
        if around[channels] != [0; 2] {
            let [before, behind] = around[channels];
            let zeros = mode == "constant" && fill == 0.0 && behind > 0;
            if !zeros || before != 0 || around[height] != [0; 2] || around[width] != [0; 2] {
                return Err("pads of the channels that are no zeros behind them".into());
            }
            // The shortcut of a residual form uses it, otherwise it is refused.
            let arguments = vec![Argument::Count(behind as u64)];
            let value = self.emit(node, Draft::new("zeros", vec![view.value]).arguments(arguments))?;
            self.set(node, 0, View::map(value, self.network.shape(value), self.batch, layout));
            return Ok(());
        }
        let (rows, columns) = (around[height], around[width]);
        let four = [rows[0], rows[1], columns[0], columns[1]];
        let value = if four.iter().all(|&pad| pad >= 0) {
            let mut arguments = vec![Argument::Pads("", four.map(|pad| pad as u64))];
            match mode {
                "constant" if fill != 0.0 => arguments.push(Argument::Named("value", fill)),
                "constant" => {}
                "reflect" => arguments.push(Argument::Flag("reflect")),
                "edge" => arguments.push(Argument::Flag("replicate")),
                "wrap" => arguments.push(Argument::Flag("circular")),
                other => return Err(format!("`mode` is `{other}`").into()),
            }
            self.pad_draft(node, view.value, arguments)?
        } else if four.iter().all(|&pad| pad <= 0) {
            let arguments = vec![Argument::Pads("", four.map(|pad| pad.unsigned_abs()))];
            self.emit(node, Draft::new("crop", vec![view.value]).arguments(arguments))?
        } else {
            return Err("some pads are positive and some are negative".into());
        };
        self.set(node, 0, View::map(value, self.network.shape(value), self.batch, layout));
        Ok(())
    }

    /// Adds a `pad`. A border of −∞ is allowed here: a peephole rule gives it to the pool that follows, otherwise it is
    /// refused.
    fn pad_draft(
        &mut self,
        node: &Reader<'a>,
        value: super::ValueId,
        arguments: Vec<Argument>,
    ) -> Result<super::ValueId, Reason> {
        let draft = Draft::new("pad", vec![value]);
        let plain = arguments.iter().all(|argument| !matches!(argument, Argument::Named(..)));
        if plain {
            return self.emit(node, draft.arguments(arguments));
        }
        // The shape is the same for every fill, so it is inferred without one.
        let pads =
            arguments.iter().filter(|argument| matches!(argument, Argument::Pads(..))).cloned().collect();
        let value = self.emit(node, draft.arguments(pads))?;
        if let Some(op) = self.network.ops.last_mut() {
            op.arguments = arguments;
        }
        Ok(value)
    }
}

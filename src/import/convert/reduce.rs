//! Converts means, sums and maxima along axes.

use super::super::op::Argument;
use super::super::refusal::Reason;
use super::super::view::View;
use super::reader::{Reader, axis_at};
use super::{Converter, Draft};

/// What computes the mean or the maximum along axes.
struct Reduction {
    word: &'static str,
    argument: Argument,
    /// The number of elements of each mean, by which a sum is the mean times it.
    count: u64,
    /// The axis of the view that holds the channels.
    channels: usize,
}

impl<'a> Converter<'a> {
    pub(super) fn reduce(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        let view = self.view(node, 0)?;
        let kind = node.node.kind.as_str();
        let keep = node.int("keepdims", 1)? != 0;
        let Some(axes) = self.reduced_axes(node, view.axes.len())? else {
            return match kind {
                "ReduceSumSquare" | "ReduceL2" => Err("it has no axes, and `noop_with_empty_axes`".into()),
                _ => self.passes(node),
            };
        };
        if kind == "ReduceSum"
            && !keep
            && view.axes.len() == 3
            && axes == [2]
            && self.distances(node, &view)?
        {
            return Ok(());
        }
        let view = self.laid(node, view)?;
        let reduction = self.reduction(kind, &view, &axes, keep)?;
        let input = match kind {
            "ReduceSumSquare" | "ReduceL2" => self.emit(node, Draft::new("square", vec![view.value]))?,
            _ => view.value,
        };
        let draft = Draft::new(reduction.word, vec![input]).arguments(vec![reduction.argument]);
        let mut value = self.emit(node, draft)?;
        if matches!(kind, "ReduceSum" | "ReduceSumSquare" | "ReduceL2") {
            let arguments = vec![Argument::Real(reduction.count as f64)];
            value = self.emit(node, Draft::new("times", vec![value]).arguments(arguments))?;
        }
        if kind == "ReduceL2" {
            value = self.emit(node, Draft::new("sqrt", vec![value]))?;
        }
        let own = self.whole(value);
        let layout = view.layout(self.network.shape(view.value));
        let reduced =
            (0..view.axes.len()).filter(|axis| keep || !axes.contains(axis)).map(|axis| match axis {
                0 => own.axes[0].clone(),
                axis if axes.contains(&axis) => Vec::new(),
                axis if axis == reduction.channels => own.axes[1].clone(),
                // The other axes keep their arrangement.
                axis => match layout {
                    Some([_, height, _]) => own.axes[if axis == height { 2 } else { 3 }].clone(),
                    None => Vec::new(),
                },
            });
        let axes = reduced.collect();
        self.set(node, 0, View { value, axes, module: None });
        Ok(())
    }

    /// The axes that are reduced, in ascending order; all where none are named. `None` where nothing is reduced.
    fn reduced_axes(&self, node: &Reader<'a>, rank: usize) -> Result<Option<Vec<usize>>, Reason> {
        let named = match node.ints("axes")? {
            Some(axes) => Some(axes),
            None => self.integers(node, 1, "list of axes")?,
        };
        if node.int("noop_with_empty_axes", 0)? != 0 && named.as_ref().is_none_or(Vec::is_empty) {
            return Ok(None);
        }
        let named = named.unwrap_or_else(|| (0..rank as i64).collect());
        let mut axes = named.iter().map(|&axis| axis_at(axis, rank)).collect::<Result<Vec<_>, _>>()?;
        axes.sort_unstable();
        axes.dedup();
        Ok(Some(axes))
    }

    /// The operator that reduces these axes of a view.
    fn reduction(&self, kind: &str, view: &View, axes: &[usize], keep: bool) -> Result<Reduction, Reason> {
        let shape = self.network.shape(view.value);
        let not_said = || Reason::from(format!("over the axes {axes:?} of {:?}", view.dims()));
        let layout = view.layout(shape);
        let (channels, mut places) = match layout {
            Some([channels, height, width]) => (channels, vec![height, width]),
            // A vector: exporters use its mean in written-out normalisations and `softmax`.
            None if view.is_flat(shape) => (1, vec![]),
            // A map with all positions in one axis, such as tokens.
            None if shape.is_map() && view.axes.len() == 3 => {
                let (height, width) = shape.extent();
                let plain = View::whole(view.value, shape, self.batch);
                let merged = plain.reshaped(&[self.batch, shape.channels(), height * width]);
                let is_in_order =
                    |order| merged.as_ref().is_some_and(|merged| merged.transposed(order).axes == view.axes);
                match (is_in_order(&[0, 1, 2]), is_in_order(&[0, 2, 1])) {
                    (true, _) => (1, vec![2]),
                    (_, true) => (2, vec![1]),
                    _ => return Err(not_said()),
                }
            }
            None => return Err(not_said()),
        };
        places.sort_unstable();
        let (height, width) = shape.extent();
        let (over_positions, over_channels) = match kind {
            "ReduceMax" => ("maxpool", "max"),
            _ => ("avgpool", "mean"),
        };
        let window = |kernel: [u64; 2]| Argument::Window { dims: kernel.to_vec(), stride: (1, 1) };
        let (word, argument, count) = match layout {
            _ if axes == [channels] && keep => (over_channels, Argument::Flag("channels"), shape.channels()),
            _ if axes == places && !axes.is_empty() => {
                (over_positions, Argument::Flag("global"), height * width)
            }
            Some([_, down, _]) if axes == [down] && keep => (over_positions, window([height, 1]), height),
            Some([_, _, across]) if axes == [across] && keep => (over_positions, window([1, width]), width),
            _ => return Err(not_said()),
        };
        Ok(Reduction { word, argument, count, channels })
    }
}

//! Converts means, sums and maxima along axes.

use super::super::op::Argument;
use super::super::refusal::Reason;
use super::super::view::View;
use super::reader::{Reader, axis_at};
use super::{Converter, Draft};

impl<'a> Converter<'a> {
    pub(super) fn reduce(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        let view = self.view(node, 0)?;
        let axes = match node.ints("axes")? {
            Some(axes) => Some(axes),
            None => self.integers(node, 1, "list of axes")?,
        };
        let keep = node.int("keepdims", 1)? != 0;
        if node.int("noop_with_empty_axes", 0)? != 0 && axes.as_ref().is_none_or(Vec::is_empty) {
            return match node.node.kind.as_str() {
                "ReduceSumSquare" | "ReduceL2" => Err("it has no axes, and `noop_with_empty_axes`".into()),
                _ => self.passes(node),
            };
        }
        let rank = view.axes.len();
        let axes = axes.unwrap_or_else(|| (0..rank as i64).collect());
        let mut at = Vec::new();
        for axis in axes {
            at.push(axis_at(axis, rank)?);
        }
        at.sort_unstable();
        at.dedup();
        let kind = node.node.kind.as_str();
        if kind == "ReduceSum" && !keep && rank == 3 && at == [2] && self.distances(node, &view)? {
            return Ok(());
        }
        let view = self.laid(node, view)?;
        let shape = self.network.shape(view.value);
        let not_said = || format!("over the axes {at:?} of {:?}", view.dims());
        let (channels, mut places) = match view.layout(shape) {
            Some([channels, height, width]) => (channels, vec![height, width]),
            // A vector: exporters use its mean in written-out normalisations and `softmax`.
            None if view.is_flat(shape) => (1, vec![]),
            // A map with all positions in one axis, such as tokens.
            None if shape.is_map() && rank == 3 => {
                let merged = |order: [usize; 3]| {
                    let plain = View::whole(view.value, shape, self.batch);
                    let (height, width) = shape.extent();
                    let merged = plain.reshaped(&[self.batch, shape.channels(), height * width])?;
                    (merged.transposed(&order).axes == view.axes).then_some(order)
                };
                match (merged([0, 1, 2]), merged([0, 2, 1])) {
                    (Some(_), _) => (1, vec![2]),
                    (_, Some(_)) => (2, vec![1]),
                    _ => return Err(not_said().into()),
                }
            }
            None => return Err(not_said().into()),
        };
        places.sort_unstable();
        let greatest = kind == "ReduceMax";
        let (height, width) = shape.extent();
        let (over_positions, over_channels) = if greatest { ("maxpool", "max") } else { ("avgpool", "mean") };
        let window = |kernel: [u64; 2]| vec![Argument::Window { dims: kernel.to_vec(), stride: (1, 1) }];
        let (word, arguments, count) = match view.layout(shape) {
            _ if at == [channels] && keep => {
                (over_channels, vec![Argument::Flag("channels")], shape.channels())
            }
            _ if at == places && !at.is_empty() => {
                (over_positions, vec![Argument::Flag("global")], height * width)
            }
            Some([_, down, _]) if at == [down] && keep => (over_positions, window([height, 1]), height),
            Some([_, _, across]) if at == [across] && keep => (over_positions, window([1, width]), width),
            _ => return Err(not_said().into()),
        };
        let input = match kind {
            "ReduceSumSquare" | "ReduceL2" => self.emit(node, Draft::new("square", vec![view.value]))?,
            _ => view.value,
        };
        let mut value = self.emit(node, Draft::new(word, vec![input]).arguments(arguments))?;
        // A sum is the mean times the number of elements.
        if matches!(kind, "ReduceSum" | "ReduceSumSquare" | "ReduceL2") {
            let arguments = vec![Argument::Real(count as f64)];
            value = self.emit(node, Draft::new("times", vec![value]).arguments(arguments))?;
        }
        if kind == "ReduceL2" {
            value = self.emit(node, Draft::new("sqrt", vec![value]))?;
        }
        let own = self.whole(value);
        let mut axes: Vec<_> = (0..rank)
            .map(|axis| match axis {
                0 => own.axes[0].clone(),
                axis if at.contains(&axis) => Vec::new(),
                axis if axis == channels => own.axes[1].clone(),
                // The other axes keep their arrangement if they are kept.
                axis => match view.layout(shape) {
                    Some([_, height, _]) => own.axes[if axis == height { 2 } else { 3 }].clone(),
                    None => Vec::new(),
                },
            })
            .collect();
        if !keep {
            let mut axis = 0;
            axes.retain(|_| {
                axis += 1;
                !at.contains(&(axis - 1))
            });
        }
        self.set(node, 0, View { value, axes, module: None });
        Ok(())
    }
}

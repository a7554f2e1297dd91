//! Means and maxima along axes.

use super::super::op::Argument;
use super::super::refusal::Reason;
use super::super::view::View;
use super::reader::Reader;
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
            return self.passes(node);
        }
        let rank = view.axes.len();
        let axes = axes.unwrap_or_else(|| (0..rank as i64).collect());
        let mut at = Vec::new();
        for axis in axes {
            let positive = if axis < 0 { axis + rank as i64 } else { axis };
            at.push(usize::try_from(positive).ok().filter(|&at| at < rank).ok_or("an axis does not exist")?);
        }
        at.sort_unstable();
        at.dedup();
        let average = node.node.kind == "ReduceMean";
        let shape = self.network.shape(view.value);
        let not_said = || format!("over the axes {at:?} of {:?}", view.dims());
        let (channels, mut places) = match view.layout(shape) {
            Some([channels, height, width]) => (channels, vec![height, width]),
            // All positions of a map as one axis, as of tokens.
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
        let value = if at == places {
            let word = if average { "avgpool" } else { "maxpool" };
            self.emit(node, Draft::new(word, vec![view.value]).arguments(vec![Argument::Flag("global")]))?
        } else if at == [channels] && keep {
            let word = if average { "mean" } else { "max" };
            self.emit(node, Draft::new(word, vec![view.value]).arguments(vec![Argument::Flag("channels")]))?
        } else {
            return Err(not_said().into());
        };
        let own = self.whole(value);
        let mut axes: Vec<_> = (0..rank)
            .map(|axis| match axis {
                0 => own.axes[0].clone(),
                axis if at.contains(&axis) => Vec::new(),
                axis if axis == channels => own.axes[1].clone(),
                // Only the mean over channels keeps the others, each as it was.
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

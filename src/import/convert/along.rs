//! Recognises forms that exporters write as slices, maxima and matrix products along the height or width of a map:
//! circular borders, and pools to a given size.

use super::super::op::{Argument, Op, ValueId};
use super::super::refusal::Reason;
use super::super::tensor::Tensor;
use super::super::view::View;
use super::reader::Reader;
use super::{Converter, Draft};
use crate::ops::adaptive_bounds;

/// The difference between a mean's factor and what a file holds, which may be in half precision.
const ROUNDING: f64 = 1e-3;

impl<'a> Converter<'a> {
    /// A concatenation of maps along an axis of rows (2) or columns (3).
    pub(super) fn alongside(&mut self, node: &Reader<'a>, views: &[View], at: usize) -> Result<(), Reason> {
        let values = views.iter().map(|view| self.plain(node, view)).collect::<Result<Vec<_>, _>>()?;
        let value = match (self.circle(&values, at), self.maxima(&values, at)) {
            (Some((whole, before, behind)), _) => {
                let mut pads = [0; 4];
                (pads[2 * (at - 2)], pads[2 * (at - 2) + 1]) = (before, behind);
                let arguments = vec![Argument::Pads("", pads), Argument::Flag("circular")];
                self.emit(node, Draft::new("pad", vec![whole]).arguments(arguments))?
            }
            (None, Some(whole)) => self.pool_to(node, "maxpool", whole, at, values.len() as u64)?,
            (None, None) => {
                let axis = if at == 2 { "height" } else { "width" };
                return Err(format!(
                    "maps are joined along the {axis}, and are no circular border and no adaptive maxima"
                )
                .into());
            }
        };
        self.set(node, 0, self.whole(value));
        Ok(())
    }

    /// Adds a pool to `to` rows (axis 2) or columns (axis 3) that leaves the other axis as it is.
    fn pool_to(
        &mut self,
        node: &Reader<'a>,
        word: &'static str,
        value: ValueId,
        at: usize,
        to: u64,
    ) -> Result<ValueId, Reason> {
        let (height, width) = self.network.shape(value).extent();
        let size = if at == 2 { vec![to, width] } else { vec![height, to] };
        let arguments = vec![Argument::Flag("to"), Argument::Size(size)];
        self.emit(node, Draft::new(word, vec![value]).arguments(arguments))
    }

    fn extent(&self, value: ValueId, at: usize) -> u64 {
        let (height, width) = self.network.shape(value).extent();
        if at == 2 { height } else { width }
    }

    /// The operator that makes a value.
    pub(super) fn maker(&self, value: ValueId) -> Option<&Op> {
        let ops = &self.network.ops;
        ops.binary_search_by_key(&value, |op| op.output).ok().map(|index| &ops[index])
    }

    /// For a value that is a slice of another one along one axis: that other value, and the first row or column.
    fn cut(&self, value: ValueId, at: usize) -> Option<(ValueId, u64)> {
        let op = self.maker(value).filter(|op| op.word == "crop")?;
        let [Argument::Pads("", crop)] = op.arguments[..] else { return None };
        let (own, other) = if at == 2 { (0, 2) } else { (2, 0) };
        (crop[other..other + 2] == [0; 2]).then_some((op.inputs[0], crop[own]))
    }

    /// Recognises a value between copies of its own end and beginning along an axis. Gives the value, and the numbers
    /// of rows or columns in front of it and behind it.
    fn circle(&self, values: &[ValueId], at: usize) -> Option<(ValueId, u64, u64)> {
        values.iter().find_map(|&whole| {
            let extent = self.extent(whole, at);
            let part = |&value: &ValueId| {
                if value == whole {
                    return Some((0, extent));
                }
                let (from, first) = self.cut(value, at)?;
                (from == whole).then_some((first, self.extent(value, at)))
            };
            let parts = values.iter().map(part).collect::<Option<Vec<(u64, u64)>>>()?;
            let before = match parts.first()? {
                (0, count) if *count == extent => 0,
                (first, _) => extent - first,
            };
            let mut next = extent - before;
            for &(first, count) in &parts {
                if first != next % extent {
                    return None;
                }
                next = first + count;
            }
            let total = parts.iter().map(|(_, count)| count).sum::<u64>();
            let behind = total.checked_sub(extent + before)?;
            // A copy of the whole map stands before it and behind it: the language wraps around once on each side.
            let (before, behind) =
                if behind > extent { (before + extent, behind - extent) } else { (before, behind) };
            (before <= extent && behind <= extent).then_some((whole, before, behind))
        })
    }

    /// The value of which each operand is the maximum over an adaptive window.
    fn maxima(&self, values: &[ValueId], at: usize) -> Option<ValueId> {
        let windows = values.iter().map(|&value| {
            let op = self.maker(value).filter(|op| op.word == "maxpool")?;
            let [Argument::Window { dims, stride: (1, 1) }] = op.arguments.as_slice() else { return None };
            let extent = self.extent(op.inputs[0], at);
            let over = if at == 2 { [extent, 1] } else { [1, extent] };
            (dims[..] == over).then_some(op.inputs[0])
        });
        let windows = windows.collect::<Option<Vec<ValueId>>>()?;
        let first = *windows.first()?;
        let bases = [self.cut(first, at).map(|(base, _)| base), Some(first)];
        bases.into_iter().flatten().find(|&whole| {
            let extent = self.extent(whole, at);
            let is_window = |(index, &window): (usize, &ValueId)| {
                let (first, end) = adaptive_bounds(index as u64, extent, values.len() as u64);
                let found = if window == whole { Some((whole, 0)) } else { self.cut(window, at) };
                found == Some((whole, first)) && self.extent(window, at) == end - first
            };
            windows.iter().enumerate().all(is_window)
        })
    }

    /// Converts a product of a map and a constant matrix that takes the means of adaptive windows: of columns if the
    /// matrix stands on the right, of rows otherwise. `None` for any other product.
    pub(super) fn means(
        &mut self,
        node: &Reader<'a>,
        view: &View,
        matrix: &Tensor,
        on_the_right: bool,
    ) -> Result<Option<ValueId>, Reason> {
        let &[rows, columns] = matrix.dims() else { return Ok(None) };
        let (at, from, to) = if on_the_right { (3, rows, columns) } else { (2, columns, rows) };
        let view = self.spelled(node, view.clone())?;
        let shape = self.network.shape(view.value);
        if view.layout(shape) != Some([1, 2, 3])
            || self.extent(view.value, at) != from
            || matrix.is_absent()
            || from == 0
            || to == 0
        {
            return Ok(None);
        }
        let factors = matrix.reals(self.storage)?;
        let is_mean = |index: u64| {
            let (first, end) = adaptive_bounds(index, from, to);
            (0..from).all(|place| {
                let wanted = if (first..end).contains(&place) { 1.0 / (end - first) as f64 } else { 0.0 };
                let at = if on_the_right { place * to + index } else { index * from + place };
                factors.get(at as usize).is_some_and(|factor| (factor - wanted).abs() <= ROUNDING * wanted)
            })
        };
        if !(0..to).all(is_mean) {
            return Ok(None);
        }
        self.pool_to(node, "avgpool", view.value, at, to).map(Some)
    }
}

//! Converts values with one axis besides the channels to maps of one row. Values that are repeated over a map stay
//! small.

use super::super::model::Node;
use super::super::refusal::Reason;
use super::super::view::View;
use super::reader::Reader;
use super::{Converter, Known, ValueId};

impl<'a> Converter<'a> {
    /// A value N×C×L as a map of one row.
    pub(super) fn row(&mut self, node: &Reader<'_>, view: &View) -> Result<ValueId, Reason> {
        let dims = view.dims();
        if dims.len() != 3 {
            return Err(format!("it slides along one axis, but its input has the extents {dims:?}").into());
        }
        let mut axes = view.axes.clone();
        axes.insert(2, Vec::new());
        self.plain(node, &View { axes, ..view.clone() })
    }

    /// A map of one row as a value N×C×L.
    pub(super) fn unrowed(&self, value: ValueId) -> View {
        let mut view = self.whole(value);
        view.axes.remove(2);
        view
    }

    /// Converts `Expand` of a computed value. Nothing is repeated, because products and quotients broadcast the smaller
    /// value.
    pub(super) fn expand(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        let view = self.view(node, 0)?;
        let dims = view.dims();
        let wanted = self.integers(node, 1, "shape")?.ok_or("its shape is missing")?;
        let wanted: Vec<u64> = wanted.iter().map(|&extent| u64::try_from(extent).unwrap_or(0)).collect();
        let rank = dims.len().max(wanted.len());
        let padded = |list: &[u64]| -> Vec<u64> {
            std::iter::repeat_n(1, rank - list.len()).chain(list.iter().copied()).collect()
        };
        let pairs: Vec<(u64, u64)> = padded(&dims).into_iter().zip(padded(&wanted)).collect();
        if pairs
            .iter()
            .any(|&(own, other)| own == 0 || other == 0 || (own != other && own != 1 && other != 1))
        {
            return Err(format!("{dims:?} cannot be spread to {wanted:?}").into());
        }
        let to: Vec<u64> = pairs.into_iter().map(|(own, other)| own.max(other)).collect();
        if let Some(name) = node.node.outputs.first() {
            if to != dims {
                self.spread.insert(name, to);
            }
            self.known.insert(name, Known::View(view));
        }
        Ok(())
    }

    /// Refuses a repeated value as an operand of anything but a product or quotient with a value of the same extents.
    pub(super) fn refuse_spread(&self, node: &Node) -> Result<(), Reason> {
        for (index, name) in node.inputs.iter().enumerate() {
            let Some(extents) = self.spread.get(name.as_str()) else { continue };
            let whole = |other: &String| match self.known.get(other.as_str()) {
                Some(Known::View(view)) => {
                    !self.spread.contains_key(other.as_str()) && view.dims() == *extents
                }
                _ => false,
            };
            let other = node.inputs.iter().enumerate().any(|(at, other)| at != index && whole(other));
            if !matches!(node.kind.as_str(), "Mul" | "Div") || !other {
                let reason = format!("its input {index} is spread to {extents:?} by `Expand`");
                return Err((reason
                    + ", which only a product or quotient with a value of these extents takes")
                    .into());
            }
        }
        Ok(())
    }
}

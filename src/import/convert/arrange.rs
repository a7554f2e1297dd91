//! Rearranges values: an operator that needs a plain map or vector gets a value that words of the language have
//! rearranged.
//!
//! A node of the model that only moves elements changes a view and adds no operator. The words (`flatten`, `shuffle`,
//! `pixelshuffle` …) are added here, once for each arrangement of a value.

use super::super::op::{Argument, ValueId};
use super::super::refusal::Reason;
use super::super::view::{Rearrangement, View};
use super::reader::Reader;
use super::{Converter, Draft};
use crate::tensor::Shape;

/// The axes of channels, rows and columns where the channels stand last.
pub(super) const CHANNELS_LAST: [usize; 3] = [3, 1, 2];
/// The order of axes that moves channels from the last place to the first.
const CHANNELS_FIRST: [usize; 4] = [0, 3, 1, 2];

impl Converter<'_> {
    /// The value as a plain map; adds the word that rearranges it, if one is needed.
    pub(super) fn plain(&mut self, node: &Reader<'_>, view: &View) -> Result<ValueId, Reason> {
        let shape = self.network.shape(view.value);
        if view.layout(shape) == Some([1, 2, 3]) {
            return Ok(view.value);
        }
        if let Some(map) = view.unflattened(shape)
            && let Shape::Map { height, width, channels } = map
        {
            let flat = if shape.is_map() {
                self.arranged(node, view, view.value, "flatten", vec![])?
            } else {
                view.value
            };
            return self.arranged(
                node,
                view,
                flat,
                "unflatten",
                vec![Argument::Size(vec![height, width, channels])],
            );
        }
        if let Some(layout) = view.layout(shape) {
            let text = if layout == CHANNELS_LAST { ": the channels stand last" } else { "" };
            return Err(format!("the axes of its input are permuted{text}").into());
        }
        let (word, mut arguments, before) = match view.rearrangement(shape) {
            Some(Rearrangement::Shuffle(groups)) => ("shuffle", vec![Argument::Count(groups)], false),
            Some(Rearrangement::PixelShuffle(factor, before)) => {
                ("pixelshuffle", vec![Argument::Count(factor)], before)
            }
            Some(Rearrangement::PixelUnshuffle(factor, before)) => {
                ("pixelunshuffle", vec![Argument::Count(factor)], before)
            }
            None => return self.map_of_vector(node, view),
        };
        if before {
            arguments.push(Argument::Flag("dcr"));
        }
        let value = match shape {
            Shape::Map { .. } => view.value,
            Shape::Vector(channels) => {
                let size = Argument::Size(vec![1, 1, channels]);
                self.arranged(node, view, view.value, "unflatten", vec![size])?
            }
        };
        self.arranged(node, view, value, word, arguments)
    }

    /// The value as a plain map whose elements are those of a vector that a word makes.
    fn map_of_vector(&mut self, node: &Reader<'_>, view: &View) -> Result<ValueId, Reason> {
        let dims = view.dims();
        if let &[batch, channels, height, width] = dims.as_slice()
            && let Some(flat) = view.reshaped(&[batch, channels * height * width])
            && let Ok(vector) = self.flat(node, &flat)
        {
            let size = Argument::Size(vec![height, width, channels]);
            return self.arranged(node, view, vector, "unflatten", vec![size]);
        }
        let shape = self.network.shape(view.value);
        Err(format!("its input, {shape}, is arranged as {dims:?}: no map of the language").into())
    }

    /// A view of four axes as a permutation of the axes of a map, and one of two axes as a vector. If it is none, a word
    /// rearranges the value first.
    pub(super) fn laid(&mut self, node: &Reader<'_>, view: View) -> Result<View, Reason> {
        let shape = self.network.shape(view.value);
        match view.axes.len() {
            2 if shape.extent() != (1, 1) => {
                let value = self.flat(node, &view)?;
                Ok(self.whole(value))
            }
            4 if view.layout(shape).is_none() => {
                let channels_first = view.transposed(&CHANNELS_FIRST);
                let (view, layout) = match channels_first.rearrangement(shape) {
                    Some(_) => (channels_first, CHANNELS_LAST),
                    None => (view, [1, 2, 3]),
                };
                let value = self.plain(node, &view)?;
                Ok(self.laid_out(value, Some(layout)))
            }
            _ => Ok(view),
        }
    }

    /// The view, or where a word of the language makes the same arrangement, the value that the word makes.
    pub(super) fn spelled(&mut self, node: &Reader<'_>, view: View) -> Result<View, Reason> {
        let shape = self.network.shape(view.value);
        let is_word = match view.axes.len() {
            2 => shape.extent() != (1, 1) && (view.is_flat(shape) || view.is_channels_last(shape)),
            4 if view.layout(shape).is_none() => [&view, &view.transposed(&CHANNELS_FIRST)]
                .iter()
                .any(|view| view.rearrangement(shape).is_some()),
            _ => false,
        };
        if is_word { self.laid(node, view) } else { Ok(view) }
    }

    /// The value as a vector of all its elements.
    pub(super) fn flat(&mut self, node: &Reader<'_>, view: &View) -> Result<ValueId, Reason> {
        let shape = self.network.shape(view.value);
        if view.is_flat(shape) {
            return if shape.is_map() {
                self.arranged(node, view, view.value, "flatten", vec![])
            } else {
                Ok(view.value)
            };
        }
        if shape.is_map() && view.is_channels_last(shape) {
            return self.arranged(node, view, view.value, "flatten", vec![Argument::Flag("hwc")]);
        }
        // The elements are in another order, such as that of shuffled channels.
        let dims = view.dims();
        if let (&[batch, _], Shape::Map { height, width, channels }) = (dims.as_slice(), shape)
            && let Some(map) = view.reshaped(&[batch, channels, height, width])
            && map.rearrangement(shape).is_some()
        {
            let map = self.plain(node, &map)?;
            return self.arranged(node, view, map, "flatten", vec![]);
        }
        Err(format!("its input, {shape}, is arranged as {dims:?}: no vector of the language").into())
    }

    /// The value as a plain map or a plain vector, depending on its view.
    pub(super) fn feature(&mut self, node: &Reader<'_>, view: &View) -> Result<ValueId, Reason> {
        match view.axes.len() {
            4 => self.plain(node, view),
            2 => self.flat(node, view),
            _ => {
                Err(format!("its input has the extents {:?}: neither a map nor a vector", view.dims()).into())
            }
        }
    }

    /// The value rearranged by a word as its view demands; the word is added only once.
    pub(super) fn arranged(
        &mut self,
        node: &Reader<'_>,
        view: &View,
        value: ValueId,
        word: &'static str,
        arguments: Vec<Argument>,
    ) -> Result<ValueId, Reason> {
        let known = (value, format!("{word} {arguments:?}"));
        if let Some(&made) = self.arranged.get(&known) {
            return Ok(made);
        }
        let made = self.emit(node, Draft::new(word, vec![value]).arguments(arguments))?;
        if let Some(op) = self.network.ops.last_mut().filter(|op| op.hint.is_some()) {
            // The operator belongs to the module that rearranged the value, not to the one that needs it.
            op.hint = Some(view.module.clone().unwrap_or_default());
        }
        self.arranged.insert(known, made);
        Ok(made)
    }

    /// The plain view of a value.
    pub(super) fn whole(&self, value: ValueId) -> View {
        View::whole(value, self.network.shape(value), self.batch)
    }

    /// The view of a value whose channels, rows and columns stand at the axes of a layout; the plain view for `None`.
    pub(super) fn laid_out(&self, value: ValueId, layout: Option<[usize; 3]>) -> View {
        match layout {
            Some(layout) => View::map(value, self.network.shape(value), self.batch, layout),
            None => self.whole(value),
        }
    }
}

//! Views: values of the model as rearrangements of values of the network.
//!
//! Transpositions, reshapes, squeezes and flattenings compute nothing: they change only the place of each element. An
//! axis of a view is a list of atoms: a size, and the distance of neighbours among the elements C×H×W of a picture.
//! Such nodes therefore compose, cancel each other, or equal a word of the language.

use crate::tensor::Shape;

use super::op::ValueId;

/// A part of an axis: `size` elements that lie `stride` apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Atom {
    pub(super) size: u64,
    pub(super) stride: u64,
}

/// An axis: atoms, the outermost first. No atom has size 1, and no two neighbours could be merged.
pub(super) type Axis = Vec<Atom>;

/// A rearrangement of the elements of a value; axis 0 is the batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct View {
    pub(super) value: ValueId,
    pub(super) axes: Vec<Axis>,
    /// The module of the node that made the rearrangement.
    pub(super) module: Option<String>,
}

/// A rearrangement for which the language has a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rearrangement {
    /// A channel shuffle with this number of groups.
    Shuffle(u64),
    /// Depth to space; true if the factor stands before the channels.
    PixelShuffle(u64, bool),
    /// Space to depth; true if the factor stands before the channels.
    PixelUnshuffle(u64, bool),
}

/// The atoms of the axes C, H and W of a shape; a vector has only the first.
fn parts(shape: Shape) -> [Atom; 3] {
    let ((height, width), channels) = (shape.extent(), shape.channels());
    [
        Atom { size: channels, stride: height * width },
        Atom { size: height, stride: width },
        Atom { size: width, stride: 1 },
    ]
}

/// Normalises atoms to an axis.
fn axis(atoms: impl IntoIterator<Item = Atom>) -> Axis {
    let mut axis: Axis = Vec::new();
    for atom in atoms.into_iter().filter(|atom| atom.size != 1) {
        match axis.last_mut() {
            Some(last) if last.stride == atom.size * atom.stride => {
                *last = Atom { size: last.size * atom.size, stride: atom.stride };
            }
            _ => axis.push(atom),
        }
    }
    axis
}

impl View {
    /// The view of a value as N×C×H×W, or as N×n.
    pub(super) fn whole(value: ValueId, shape: Shape, batch: u64) -> View {
        let first = axis([Atom { size: batch, stride: shape.elements() }]);
        let rest = parts(shape).map(|atom| axis([atom]));
        let kept = if shape.is_map() { 3 } else { 1 };
        View {
            value,
            axes: std::iter::once(first).chain(rest.into_iter().take(kept)).collect(),
            module: None,
        }
    }

    /// The view of a value with C, H and W at the given axes from 1 to 3.
    pub(super) fn map(value: ValueId, shape: Shape, batch: u64, layout: [usize; 3]) -> View {
        let plain = View::whole(value, shape, batch);
        let mut view = plain.clone();
        for (part, &at) in layout.iter().enumerate() {
            view.axes[at] = plain.axes[part + 1].clone();
        }
        view
    }

    /// The extents of its axes.
    pub(super) fn dims(&self) -> Vec<u64> {
        self.axes.iter().map(|axis| axis.iter().map(|atom| atom.size).product()).collect()
    }

    /// Axis i of the result is axis `order[i]`.
    pub(super) fn transposed(&self, order: &[usize]) -> View {
        View { axes: order.iter().map(|&from| self.axes[from].clone()).collect(), ..self.clone() }
    }

    /// The view with axis `order[i]` at position i.
    pub(super) fn reshaped(&self, dims: &[u64]) -> Option<View> {
        let mut rest: Vec<Atom> = self.axes.iter().flatten().rev().copied().collect();
        let mut axes = Vec::new();
        for &dim in dims {
            let (mut wanted, mut atoms) = (dim, Vec::new());
            while wanted > 1 {
                let atom = rest.pop()?;
                if wanted % atom.size == 0 {
                    wanted /= atom.size;
                    atoms.push(atom);
                } else if atom.size % wanted == 0 {
                    let inner = atom.size / wanted;
                    atoms.push(Atom { size: wanted, stride: atom.stride * inner });
                    rest.push(Atom { size: inner, stride: atom.stride });
                    wanted = 1;
                } else {
                    return None;
                }
            }
            if wanted == 0 {
                return None;
            }
            axes.push(axis(atoms));
        }
        rest.is_empty().then_some(View { axes, ..self.clone() })
    }

    /// The same rearrangement of another value with the same shape.
    pub(super) fn of(&self, value: ValueId) -> View {
        View { value, ..self.clone() }
    }

    /// The axes of C, H and W; `None` if the view is not a permutation of them.
    pub(super) fn layout(&self, shape: Shape) -> Option<[usize; 3]> {
        if self.axes.len() != 4 || !shape.is_map() {
            return None;
        }
        let mut layout = [0; 3];
        for (part, atom) in parts(shape).into_iter().enumerate().filter(|(_, atom)| atom.size > 1) {
            layout[part] = (1..4).find(|&at| self.axes[at] == [atom])?;
        }
        // Axes of extent 1 are assigned in order.
        for part in 0..3 {
            if layout[part] == 0 {
                layout[part] = (1..4).find(|at| self.axes[*at].is_empty() && !layout.contains(at))?;
            }
        }
        Some(layout)
    }

    /// Returns whether it is N×n with the elements of a picture in the order of the value.
    pub(super) fn is_flat(&self, shape: Shape) -> bool {
        self.axes.len() == 2 && self.axes[1] == axis([Atom { size: shape.elements(), stride: 1 }])
    }

    /// For a view N×n: the index of each element among the elements C×H×W of the value.
    pub(super) fn order(&self, shape: Shape) -> Option<Vec<u64>> {
        let dims = self.dims();
        if dims.len() != 2 || dims[1] != shape.elements() {
            return None;
        }
        let mut order = vec![0];
        for atom in &self.axes[1] {
            order =
                order.iter().flat_map(|&base| (0..atom.size).map(move |i| base + i * atom.stride)).collect();
        }
        Some(order)
    }

    /// Returns whether it is a vector in the order H, W, C.
    pub(super) fn is_channels_last(&self, shape: Shape) -> bool {
        let [channels, height, width] = parts(shape);
        self.axes.len() == 2 && self.axes[1] == axis([height, width, channels])
    }

    /// The shape of a map that has the elements of a value in the same order.
    pub(super) fn unflattened(&self, shape: Shape) -> Option<Shape> {
        let dims = self.dims();
        let [_, channels, height, width] = *dims.as_slice() else { return None };
        let map = Shape::map(height, width, channels);
        (View::whole(self.value, map, dims[0]).axes[1..] == self.axes[1..]
            && map.elements() == shape.elements())
        .then_some(map)
    }

    /// The word of the language that rearranges the elements in this way.
    pub(super) fn rearrangement(&self, shape: Shape) -> Option<Rearrangement> {
        if self.axes.len() != 4 {
            return None;
        }
        let [channels, height, width] = parts(shape);
        let area = channels.stride;
        let same = |wanted: [Axis; 3]| self.axes[1..] == wanted;
        if let [per_group, groups] = self.axes[1][..] {
            let shuffled =
                [Atom { stride: area, ..per_group }, Atom { stride: area * per_group.size, ..groups }];
            if same([axis(shuffled), axis([height]), axis([width])]) {
                return Some(Rearrangement::Shuffle(groups.size));
            }
        }
        let dims = self.dims();
        let factor = dims[2] / height.size.max(1);
        if factor > 1 && channels.size % (factor * factor) == 0 {
            let kept = channels.size / (factor * factor);
            for before in [false, true] {
                let (down, right, own) = if before {
                    (factor * kept * area, kept * area, area)
                } else {
                    (factor * area, area, factor * factor * area)
                };
                let wanted = [
                    axis([Atom { size: kept, stride: own }]),
                    axis([height, Atom { size: factor, stride: down }]),
                    axis([width, Atom { size: factor, stride: right }]),
                ];
                if same(wanted) {
                    return Some(Rearrangement::PixelShuffle(factor, before));
                }
            }
        }
        let factor = height.size.checked_div(dims[2]).unwrap_or(0);
        if factor > 1 {
            let down = Atom { size: factor, stride: width.size };
            let right = Atom { size: factor, stride: 1 };
            let rows = axis([Atom { size: dims[2], stride: factor * width.size }]);
            let columns = axis([Atom { size: dims[3], stride: factor }]);
            for before in [false, true] {
                let order = if before { [down, right, channels] } else { [channels, down, right] };
                if same([axis(order), rows.clone(), columns.clone()]) {
                    return Some(Rearrangement::PixelUnshuffle(factor, before));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: Shape = Shape::Map { height: 6, width: 4, channels: 12 };

    fn map() -> View {
        View::whole(ValueId(0), MAP, 1)
    }

    #[test]
    fn transpositions_cancel() {
        let view = map().transposed(&[0, 2, 3, 1]);
        assert_eq!(view.dims(), [1, 6, 4, 12]);
        assert_eq!(view.layout(MAP), Some([3, 1, 2]));
        assert_eq!(view.transposed(&[0, 3, 1, 2]), map());
    }

    #[test]
    fn reshapes_cancel_and_flatten() {
        let flat = map().reshaped(&[1, 288]).unwrap();
        assert!(flat.is_flat(MAP));
        assert_eq!(flat.reshaped(&[1, 12, 6, 4]), Some(map()));
        assert_eq!(map().reshaped(&[1, 5, 288]), None);
        let last = map().transposed(&[0, 2, 3, 1]).reshaped(&[1, 288]).unwrap();
        assert!(last.is_channels_last(MAP));
        assert_eq!(last.order(MAP).unwrap()[..3], [0, 24, 48]);
    }

    #[test]
    fn shuffles_are_recognised() {
        let shuffled = map().reshaped(&[1, 3, 4, 6, 4]).unwrap().transposed(&[0, 2, 1, 3, 4]);
        let shuffled = shuffled.reshaped(&[1, 12, 6, 4]).unwrap();
        assert_eq!(shuffled.rearrangement(MAP), Some(Rearrangement::Shuffle(3)));
        let pixels = map().reshaped(&[1, 3, 2, 2, 6, 4]).unwrap().transposed(&[0, 1, 4, 2, 5, 3]);
        let pixels = pixels.reshaped(&[1, 3, 12, 8]).unwrap();
        assert_eq!(pixels.rearrangement(MAP), Some(Rearrangement::PixelShuffle(2, false)));
        let space = map().reshaped(&[1, 12, 3, 2, 2, 2]).unwrap().transposed(&[0, 3, 5, 1, 2, 4]);
        let space = space.reshaped(&[1, 48, 3, 2]).unwrap();
        assert_eq!(space.rearrangement(MAP), Some(Rearrangement::PixelUnshuffle(2, true)));
    }
}

//! Receptive fields: which part of the input a position of a value can see.
//!
//! Two things are followed from the input forwards, along each axis. A [`Field`] is how the fields move: the effective
//! stride S from one position to the next and the centre c of position 0, after the closed form of Araujo, Norris &
//! Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks" (Distill); the effective padding is
//! P = (r − 1)/2 − c. A window of extent k, stride s and padding p makes S·s, c + ((k − 1)/2 − p)·S and hence
//! P + p·S. Behind enlarging operators S is a fraction. [`band::Band`]s are what each position sees exactly; their
//! size r is the figure. Without enlarging it is the r of the closed form, r + (k − 1)·S; behind it the positions
//! differ and the largest counts.
//!
//! Over several operands the fields are joined, and the status says whether their strides and centres agree. An
//! operator that sees its whole operand sees the whole input. A vector counts as seeing what all of its elements see,
//! so flattening a map of several positions makes it `whole`.

mod band;
mod taps;

use crate::ir::{Graph, Node};
use crate::ops::{Geometry, Operator, Reach};
use crate::tensor::Window;

use super::fraction::Fraction;
use band::{Band, Bands};

/// The meaning of the figures of a receptive field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All paths agree, and the fields of all positions have the same size.
    Exact,
    /// All paths agree; the fields of positions differ in size, and the size is that of the largest.
    ByPosition,
    /// The whole input is seen.
    Whole,
    /// Paths with different strides or centres meet; the size is that of all together, where it is largest.
    Misaligned,
}

impl Status {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Status::Exact => "exact",
            Status::ByPosition => "by-position",
            Status::Whole => "whole",
            Status::Misaligned => "misaligned",
        }
    }
}

/// The receptive field along one axis, in pixels of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Pixels from the first to the last that a position sees, padding included, at the position where they are
    /// most; of the input alone where the status is `whole`.
    pub size: u128,
    /// The same at the position where they are fewest: another number than `size` only behind enlarged values.
    pub least: u128,
    /// The number of pixels by which the field moves from one position to the next.
    pub stride: Fraction,
    /// The number of pixels by which the field of the first position reaches beyond the input.
    pub padding: Fraction,
    /// The centre of the field of the first position.
    pub centre: Fraction,
}

/// The receptive field of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receptive {
    /// Along the height.
    pub rows: Axis,
    /// Along the width.
    pub columns: Axis,
    /// The meaning of the figures.
    pub status: Status,
}

impl Receptive {
    /// The metric `receptive_field`: the larger of the two sizes.
    pub fn size(&self) -> u128 {
        self.rows.size.max(self.columns.size)
    }
}

/// The fields of a value along one axis: their extent and their movement.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Field {
    stride: Fraction,
    centre: Fraction,
}

impl Field {
    const POINT: Field = Field { stride: Fraction::ONE, centre: Fraction::ZERO };

    /// Outputs that are `step` positions apart, the first of them centred at position `centre`.
    fn moved(self, step: Fraction, centre: Fraction) -> Option<Field> {
        Some(Field {
            stride: self.stride.times(step)?,
            centre: self.centre.plus(centre.times(self.stride)?)?,
        })
    }

    fn through(self, reach: Reach) -> Option<Field> {
        match reach {
            Reach::Window(window) => {
                let middle = i128::from(window.extent()) - 1 - 2 * i128::from(window.pad_before);
                self.moved(Fraction::whole(window.stride.into()), Fraction::new(middle, 2)?)
            }
            Reach::Transposed(window) => {
                let (stride, dilation) = (i128::from(window.stride), i128::from(window.dilation));
                let middle = dilation.checked_mul(i128::from(window.kernel) - 1)?;
                let centre = 2 * i128::from(window.pad_before) - middle;
                self.moved(Fraction::new(1, stride)?, Fraction::new(centre, stride.checked_mul(2)?)?)
            }
            Reach::Resampled(resampling) => {
                let (outputs, inputs) = resampling.period();
                let (position, unit) = resampling.position(0);
                self.moved(Fraction::new(inputs.into(), outputs.into())?, Fraction::new(position, unit)?)
            }
            Reach::Adaptive { input, output } => {
                let (input, output) = (i128::from(input), i128::from(output));
                self.moved(Fraction::new(input, output)?, Fraction::new(input - output, 2 * output)?)
            }
            Reach::Shifted { before } => self.moved(Fraction::ONE, Fraction::whole(-i128::from(before))),
        }
    }
}

/// The fields of a value along one axis, while the graph is walked.
#[derive(Clone, Debug)]
struct Seen {
    field: Field,
    bands: Bands,
}

impl Seen {
    fn input() -> Seen {
        Seen { field: Field::POINT, bands: vec![Band::identity()] }
    }

    fn through(&self, reach: Reach) -> Option<Seen> {
        let bands = self.bands.iter().map(|band| band.through(reach)).collect::<Option<_>>()?;
        Some(Seen { field: self.field.through(reach)?, bands })
    }

    /// The movement of the first path is kept.
    fn join(&self, other: &Seen) -> Option<Seen> {
        Some(Seen { field: self.field, bands: band::join(&self.bands, &other.bands)? })
    }

    /// The axis of a value with so many positions.
    fn axis(&self, positions: u64) -> Option<Axis> {
        let Field { stride, centre } = self.field;
        let (least, size) = band::sizes(&self.bands, positions)?;
        let reach = Fraction::new(i128::try_from(size).ok()? - 1, 2)?;
        Some(Axis { size, least, stride, padding: reach.minus(centre)?, centre })
    }
}

/// The fields of a value while the graph is walked; no axes if a number left 128 bits.
#[derive(Clone, Debug)]
struct State {
    axes: Option<(Seen, Seen)>,
    status: Status,
    /// The largest height and width among the inputs that are seen.
    extent: (u64, u64),
}

/// The receptive field of every value.
pub(super) fn of(graph: &Graph) -> Vec<Receptive> {
    let mut states: Vec<Option<Box<State>>> = Vec::with_capacity(graph.len());
    let mut receptives = Vec::with_capacity(graph.len());
    let mut uses: Vec<usize> = graph.ids().map(|id| graph.users(id).len()).collect();
    for (id, node) in graph.nodes() {
        let mut operands = graph.operands(id);
        let seen = operands.iter().filter_map(|one| {
            let state = states[one.index()].as_ref()?;
            Some(through(state, graph.node(*one), node))
        });
        let state = seen.reduce(|one, other| merge(&one, &other));
        let state = state.unwrap_or_else(|| State::input(node.shape.extent()));
        receptives.push(state.receptive(node.shape.extent()));
        states.push(Some(Box::new(state)));
        // Drop the fields that no later node takes: bands of long periods are large.
        operands.sort_unstable();
        operands.dedup();
        for operand in operands {
            uses[operand.index()] -= 1;
            if uses[operand.index()] == 0 {
                states[operand.index()] = None;
            }
        }
    }
    receptives
}

/// The fields of a node, seen through one of its operands.
fn through(state: &State, operand: &Node, node: &Node) -> State {
    let Some(op) = node.op() else { return state.clone() };
    let (height, width) = operand.shape.extent();
    let several = height > 1 || width > 1;
    let geometry = op.geometry(operand.shape, node.shape);
    let seen = |axes: Option<&(Seen, Seen)>, down: Reach, across: Reach| {
        axes.and_then(|(rows, columns)| rows.through(down).zip(columns.through(across)))
    };
    let whole = matches!(geometry, Geometry::Whole) || operand.shape.is_map() && !node.shape.is_map();
    if whole && several {
        let all = |extent: u64| Reach::Window(Window::new(extent, extent));
        let axes = seen(state.axes.as_ref(), all(height), all(width));
        return State { axes, status: Status::Whole, ..*state };
    }
    match geometry {
        // A gate of one position for all positions of the other operand.
        Geometry::Pointwise if !several && operand.shape.extent() != node.shape.extent() => {
            State { status: Status::Whole, ..state.clone() }
        }
        Geometry::Pointwise | Geometry::Whole => state.clone(),
        Geometry::Axes { rows, columns } => {
            State { axes: seen(state.axes.as_ref(), rows, columns), ..*state }
        }
    }
}

/// The fields of a node over two paths, and whether both agree.
fn merge(a: &State, b: &State) -> State {
    let extent = (a.extent.0.max(b.extent.0), a.extent.1.max(b.extent.1));
    // A gate that sees everything tells nothing of how the fields move: the other path does.
    let (kept, other) = if a.status == Status::Whole { (b, a) } else { (a, b) };
    if other.status == Status::Whole {
        return State { axes: kept.axes.clone(), status: Status::Whole, extent };
    }
    let both = kept.axes.as_ref().zip(other.axes.as_ref());
    let aligned = both.is_some_and(|(one, two)| one.0.field == two.0.field && one.1.field == two.1.field);
    let status = if aligned && a.status == b.status { a.status } else { Status::Misaligned };
    let axes = both.and_then(|(one, two)| one.0.join(&two.0).zip(one.1.join(&two.1)));
    State { axes, status, extent }
}

impl State {
    fn input(extent: (u64, u64)) -> State {
        State { axes: Some((Seen::input(), Seen::input())), status: Status::Exact, extent }
    }

    /// The field of a value of this height and width.
    fn receptive(&self, (height, width): (u64, u64)) -> Receptive {
        let whole = |extent: u64, stride: Option<Fraction>| {
            let centre = Fraction::new(i128::from(extent) - 1, 2).unwrap_or(Fraction::ZERO);
            let (size, stride) = (extent.into(), stride.unwrap_or(Fraction::ONE));
            Axis { size, least: size, stride, padding: Fraction::ZERO, centre }
        };
        let axes = self.axes.as_ref();
        let exact = axes.and_then(|(rows, columns)| rows.axis(height).zip(columns.axis(width)));
        match (self.status, exact) {
            (Status::Exact | Status::ByPosition | Status::Misaligned, Some((rows, columns))) => {
                let even = rows.least == rows.size && columns.least == columns.size;
                let status = if self.status == Status::Misaligned {
                    Status::Misaligned
                } else if even {
                    Status::Exact
                } else {
                    Status::ByPosition
                };
                Receptive { rows, columns, status }
            }
            _ => Receptive {
                rows: whole(self.extent.0, axes.map(|axes| axes.0.field.stride)),
                columns: whole(self.extent.1, axes.map(|axes| axes.1.field.stride)),
                status: Status::Whole,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::network::{Network, conv};
    use super::*;

    fn shown(axis: Axis) -> (u128, String, String) {
        (axis.size, axis.stride.to_string(), axis.padding.to_string())
    }

    #[test]
    fn the_fields_of_vgg_are_the_published_ones() {
        let mut net = Network::default();
        let mut value = net.input(224, 224, 3);
        for convolutions in [2, 2, 3, 3, 3] {
            for _ in 0..convolutions {
                value = net.conv(value, conv(3, 1, 1, 4));
                value = net.relu(value);
            }
            value = net.conv(value, conv(2, 2, 0, 4));
        }
        let receptive = of(&net.finish(value))[value.index()];
        assert_eq!(receptive.status, Status::Exact);
        assert_eq!(shown(receptive.rows), (212, "32".to_owned(), "90".to_owned()));
        assert_eq!(receptive.rows, receptive.columns);
    }

    fn state(reach: Reach) -> State {
        let seen = Seen::input().through(reach).unwrap();
        State { axes: Some((seen.clone(), seen)), ..State::input((15, 9)) }
    }

    #[test]
    fn a_shift_between_paths_is_misaligned() {
        for (pad, status) in [(1, Status::Exact), (0, Status::Misaligned)] {
            let one = state(Reach::Window(Window { pad_before: pad, ..Window::new(3, 2) }));
            let other = state(Reach::Window(Window::new(1, 2)));
            let merged = merge(&one, &other).receptive((7, 4));
            assert_eq!((merged.status, merged.size()), (status, 3));
        }
    }

    #[test]
    fn a_gate_sees_the_whole_input_and_keeps_the_stride() {
        let gate = State { status: Status::Whole, ..State::input((15, 9)) };
        let path = state(Reach::Window(Window::new(3, 2)));
        for merged in [merge(&gate, &path), merge(&path, &gate)] {
            let merged = merged.receptive((7, 4));
            assert_eq!(merged.status, Status::Whole);
            assert_eq!((merged.rows.size, merged.columns.size), (15, 9));
            assert_eq!(merged.rows.stride, Fraction::whole(2));
        }
    }

    /// Paths of rates 1 and 2 drift apart: at position p they see p and 2p.
    #[test]
    fn paths_of_different_strides_are_measured_where_they_are_farthest_apart() {
        let merged = merge(&State::input((64, 64)), &state(Reach::Window(Window::new(1, 2))));
        assert_eq!(merged.receptive((20, 4)).rows.size, 20);
        assert_eq!(merged.receptive((20, 4)).columns.size, 4);
    }

    /// Long periods are replaced by bounds, which are never below the exact size.
    #[test]
    fn a_long_period_is_bounded_from_above() {
        let enlarged = |value: &Seen, input: u64, factor: u64| {
            let kernel = Window { pad_before: 1, ..Window::new(3, 1) };
            let resampling = crate::tensor::Resampling {
                input,
                output: input * factor,
                interpolation: crate::tensor::Interpolation::Linear,
                corners: false,
            };
            value.through(Reach::Resampled(resampling)).unwrap().through(Reach::Window(kernel)).unwrap()
        };
        let input = Seen::input().through(Reach::Window(Window::new(64, 64))).unwrap();
        let long = enlarged(&enlarged(&enlarged(&input, 8, 16), 128, 16), 2048, 16);
        let size = long.axis(32_768).unwrap().size;
        assert!((129..=4 * 64).contains(&size), "{size}");
    }
}

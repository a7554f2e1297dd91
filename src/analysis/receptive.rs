//! Receptive fields: which part of the input a position of a value can see.
//!
//! The closed form of Araujo, Norris & Sim 2019, "Computing Receptive Fields of Convolutional Neural
//! Networks" (Distill), per axis and from the input forwards. A value has a size r, an effective stride S
//! (how far its field moves in the input from one position to the next) and the centre c of the field of its
//! position 0; the effective padding is P = (r − 1)/2 − c. A window of extent k, stride s and padding p makes
//! r + (k − 1)·S, S·s and c + ((k − 1)/2 − p)·S, hence P + p·S.
//!
//! Behind enlarging operators S is a fraction, and the size that is shown is rounded up: the largest over
//! all positions. Over several operands the largest field counts, and the status says whether their strides
//! and centres agree. An operator that sees its whole operand sees the whole input. A vector counts as
//! seeing what all of its elements see, so flattening a map of several positions makes it `whole`.

use std::cmp::Ordering;

use crate::ir::{Graph, Node};
use crate::ops::{Geometry, Op, Operator};
use crate::tensor::Window;

use super::fraction::{Fraction, gcd};

/// How a receptive field is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All paths agree.
    Exact,
    /// The whole input is seen.
    Whole,
    /// Paths with different strides or centres meet; the largest field is given.
    Misaligned,
}

impl Status {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Status::Exact => "exact",
            Status::Whole => "whole",
            Status::Misaligned => "misaligned",
        }
    }
}

/// The receptive field along one axis, in pixels of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Pixels, padding included; of the input alone where the status is `whole`.
    pub size: u128,
    /// How far the field moves from one position to the next.
    pub stride: Fraction,
    /// How far the field of the first position reaches beyond the input.
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
    /// How it is to be read.
    pub status: Status,
}

impl Receptive {
    /// The metric `receptive_field`: the larger of the two sizes.
    pub fn size(&self) -> u128 {
        self.rows.size.max(self.columns.size)
    }
}

/// The field along one axis before rounding.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Field {
    size: Fraction,
    stride: Fraction,
    centre: Fraction,
}

impl Field {
    const POINT: Field = Field { size: Fraction::ONE, stride: Fraction::ONE, centre: Fraction::ZERO };

    /// A window whose first and last tap are `reach` positions apart, which moves by `step` positions and is
    /// centred for the first output at `centre`, all in positions of this field's value.
    fn through(self, reach: Fraction, step: Fraction, centre: Fraction) -> Option<Field> {
        Some(Field {
            size: self.size.plus(reach.times(self.stride)?)?,
            stride: self.stride.times(step)?,
            centre: self.centre.plus(centre.times(self.stride)?)?,
        })
    }

    fn window(self, window: Window) -> Option<Field> {
        let reach = i128::from(window.extent()) - 1;
        let centre = Fraction::new(reach - 2 * i128::from(window.pad_before), 2)?;
        self.through(Fraction::whole(reach), Fraction::whole(window.stride.into()), centre)
    }

    /// Output u sees the inputs i with i·stride + tap·dilation = u + pad. Of these taps every m-th fits, with
    /// m = stride / gcd(stride, dilation).
    fn transposed(self, window: Window) -> Option<Field> {
        let (stride, dilation) = (i128::from(window.stride), i128::from(window.dilation));
        let every = stride / gcd(stride.unsigned_abs(), dilation.unsigned_abs()) as i128;
        let taps = i128::from(window.kernel) - 1;
        let reach = Fraction::new((taps / every * every).checked_mul(dilation)?, stride)?;
        let middle = Fraction::new(dilation.checked_mul(taps)?, 2)?;
        let centre = Fraction::whole(window.pad_before.into()).minus(middle)?;
        let step = Fraction::new(1, stride)?;
        self.through(reach, step, centre.times(step)?)
    }

    fn enlarged(self, factor: u64, reach: u64) -> Option<Field> {
        let factor = i128::from(factor);
        let reach = if factor > 1 { i128::from(reach) } else { 0 };
        self.through(
            Fraction::whole(reach),
            Fraction::new(1, factor)?,
            Fraction::new(1 - factor, 2 * factor)?,
        )
    }

    fn shifted(self, before: u64) -> Option<Field> {
        self.through(Fraction::ZERO, Fraction::ONE, Fraction::whole(-i128::from(before)))
    }

    fn axis(self) -> Option<Axis> {
        let half = Fraction::new(1, 2)?;
        let padding = self.size.minus(Fraction::ONE)?.times(half)?.minus(self.centre)?;
        let size = u128::try_from(self.size.ceil()).ok()?;
        Some(Axis { size, stride: self.stride, padding, centre: self.centre })
    }
}

/// What is known of a value while the graph is walked; `None` for fields that left 128 bits.
#[derive(Clone, Copy, Debug)]
struct State {
    fields: Option<(Field, Field)>,
    status: Status,
    /// The largest height and width among the inputs that are seen.
    extent: (u64, u64),
}

/// The receptive field of every value.
pub(super) fn of(graph: &Graph) -> Vec<Receptive> {
    let mut states: Vec<State> = Vec::with_capacity(graph.len());
    for (id, node) in graph.nodes() {
        let state = match node.op() {
            None => State::input(node.shape.extent()),
            Some(_) => {
                let operands = graph.operands(id).into_iter();
                let seen = operands.map(|one| through(states[one.index()], graph.node(one), node));
                seen.reduce(merge).unwrap_or(State::input((1, 1)))
            }
        };
        states.push(state);
    }
    states.into_iter().map(State::receptive).collect()
}

/// What a node sees through one of its operands.
fn through(state: State, operand: &Node, node: &Node) -> State {
    let Some(op) = node.op() else { return state };
    let (height, width) = operand.shape.extent();
    let several = height > 1 || width > 1;
    let geometry = match op {
        Op::Add(add) => add.operand_geometry(operand.shape, node.shape),
        _ => op.geometry(operand.shape),
    };
    let whole = matches!(geometry, Geometry::Whole) || operand.shape.is_map() && !node.shape.is_map();
    if whole && several {
        let all = |field: Field, extent: u64| field.window(Window::new(extent, extent));
        let fields =
            state.fields.and_then(|(rows, columns)| Some((all(rows, height)?, all(columns, width)?)));
        return State { fields, status: Status::Whole, ..state };
    }
    let Some((rows, columns)) = state.fields else { return state };
    let fields = match geometry {
        Geometry::Pointwise | Geometry::Whole => Some((rows, columns)),
        Geometry::Windows { rows: down, columns: across } => rows.window(down).zip(columns.window(across)),
        Geometry::Transposed { rows: down, columns: across } => {
            rows.transposed(down).zip(columns.transposed(across))
        }
        Geometry::Enlarged { factor: (down, across), reach } => {
            rows.enlarged(down, reach).zip(columns.enlarged(across, reach))
        }
        Geometry::Shifted { before: (above, left) } => rows.shifted(above).zip(columns.shifted(left)),
    };
    State { fields, ..state }
}

/// The larger of two fields; whether they agree.
fn merge(a: State, b: State) -> State {
    let extent = (a.extent.0.max(b.extent.0), a.extent.1.max(b.extent.1));
    // A gate that sees everything tells nothing of how the fields move: the other path does.
    let (kept, other) = match (a.status, b.status) {
        (Status::Whole, _) => (b, a),
        _ => (a, b),
    };
    if other.status == Status::Whole {
        return State { fields: kept.fields, status: Status::Whole, extent };
    }
    let mut status = if a.status == b.status { a.status } else { Status::Misaligned };
    let fields = kept.fields.zip(other.fields).map(|((rows, columns), (other_rows, other_columns))| {
        let aligned = |one: Field, two: Field| one.stride == two.stride && one.centre == two.centre;
        if !aligned(rows, other_rows) || !aligned(columns, other_columns) {
            status = Status::Misaligned;
        }
        (larger(rows, other_rows), larger(columns, other_columns))
    });
    State { fields, status, extent }
}

fn larger(a: Field, b: Field) -> Field {
    if b.size.compare(a.size) == Some(Ordering::Greater) { b } else { a }
}

impl State {
    fn input(extent: (u64, u64)) -> State {
        State { fields: Some((Field::POINT, Field::POINT)), status: Status::Exact, extent }
    }

    fn receptive(self) -> Receptive {
        let stride = |field: Option<Field>| field.map_or(Fraction::ONE, |field| field.stride);
        let whole = |extent: u64, field: Option<Field>| {
            let centre = Fraction::new(i128::from(extent) - 1, 2).unwrap_or(Fraction::ZERO);
            Axis { size: extent.into(), stride: stride(field), padding: Fraction::ZERO, centre }
        };
        let axes = self.fields.and_then(|(rows, columns)| rows.axis().zip(columns.axis()));
        match (self.status, axes) {
            (Status::Exact | Status::Misaligned, Some((rows, columns))) => {
                Receptive { rows, columns, status: self.status }
            }
            _ => Receptive {
                rows: whole(self.extent.0, self.fields.map(|fields| fields.0)),
                columns: whole(self.extent.1, self.fields.map(|fields| fields.1)),
                status: Status::Whole,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    #[test]
    fn a_shift_between_paths_is_misaligned() {
        for (pad, status) in [(1, Status::Exact), (0, Status::Misaligned)] {
            let mut one = State::input((8, 8));
            let mut other = one;
            let field = |window| Field::POINT.window(window).map(|field| (field, field));
            one.fields = field(Window { pad_before: pad, ..Window::new(3, 2) });
            other.fields = field(Window::new(1, 2));
            let merged = merge(one, other).receptive();
            assert_eq!((merged.status, merged.size()), (status, 3));
        }
    }

    #[test]
    fn a_gate_sees_the_whole_input_and_keeps_the_stride() {
        let field = Field::POINT.window(Window::new(3, 2));
        let gate = State { status: Status::Whole, ..State::input((15, 9)) };
        let path = State { fields: field.zip(field), ..State::input((15, 9)) };
        for merged in [merge(gate, path).receptive(), merge(path, gate).receptive()] {
            assert_eq!(merged.status, Status::Whole);
            assert_eq!((merged.rows.size, merged.columns.size), (15, 9));
            assert_eq!(merged.rows.stride, Fraction::whole(2));
        }
    }

    proptest! {
        #[test]
        fn windows_see_what_enumeration_finds(
            layers in prop::collection::vec((1u64..5, 1u64..4, 1u64..3, 0u64..3), 1..5)
        ) {
            let mut field = Field::POINT;
            for &(kernel, stride, dilation, pad_before) in &layers {
                field = field.window(Window { dilation, pad_before, ..Window::new(kernel, stride) }).unwrap();
            }
            let axis = field.axis().unwrap();
            for position in 0i64..3 {
                let (mut low, mut high) = (position, position);
                for &(kernel, stride, dilation, pad) in layers.iter().rev() {
                    low = low * stride as i64 - pad as i64;
                    high = high * stride as i64 - pad as i64 + (dilation * (kernel - 1)) as i64;
                }
                prop_assert_eq!(axis.size, (high - low + 1) as u128);
                let centre = axis.centre.to_f64() + position as f64 * axis.stride.to_f64();
                prop_assert_eq!(centre, (low + high) as f64 / 2.0);
                prop_assert_eq!(axis.padding.to_f64(), -(low as f64) + position as f64 * axis.stride.to_f64());
            }
        }

        #[test]
        fn transposed_windows_see_what_enumeration_finds(
            kernel in 1u64..8, stride in 1u64..5, dilation in 1u64..4, pad_before in 0u64..3
        ) {
            let window = Window { dilation, pad_before, ..Window::new(kernel, stride) };
            let axis = Field::POINT.transposed(window).unwrap().axis().unwrap();
            let mut largest = 0;
            for position in 0..24 {
                let seen: Vec<i64> = (-40i64..60)
                    .filter(|input| {
                        let taps = position + pad_before as i64 - input * stride as i64;
                        taps >= 0 && taps % dilation as i64 == 0 && taps / (dilation as i64) < kernel as i64
                    })
                    .collect();
                if let (Some(first), Some(last)) = (seen.first(), seen.last()) {
                    largest = largest.max(last - first + 1);
                }
            }
            prop_assert_eq!(axis.size, largest as u128);
        }
    }

    #[test]
    fn enlarging_halves_the_stride() {
        let field = Field::POINT.window(Window::new(2, 2)).and_then(|field| field.enlarged(2, 0)).unwrap();
        let axis = field.window(Window { pad_before: 1, ..Window::new(3, 1) }).and_then(Field::axis).unwrap();
        assert_eq!((axis.size, axis.stride), (4, Fraction::ONE));
    }
}

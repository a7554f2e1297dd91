//! `pad`: adds rows and columns around a map.

use super::family::{Rearrange, Source, rearrange_operator};
use crate::ops::border::{BORDER, Border};
use crate::ops::field::{Arguments, Field, arguments, exclusive};
use crate::ops::input::map_of;
use crate::ops::onnx::{OnnxBuilder, OnnxValue, ToOnnx};
use crate::ops::torch::{ToTorch, Torch};
use crate::ops::{Attribute, Bound, Default, Geometry, Kind, OpError, Reach, Spec, Value, Written};
use crate::tensor::Shape;

/// The spec of `pad`.
pub(crate) static SPEC: Spec = Spec {
    name: "pad",
    summary: "Adds rows and columns around a map: zeros, another value, or pixels of the map itself.",
    example: "input 28x28x1;\npad 2  -> 32x32x1;\n",
    rules: "Takes a map. `reflect` adds at most one row or column less than the map has, `circular` at most as many as it has (E0311); `value=` stands with zeros only.",
    cost: "none: data is only moved",
    ..Pad::WRITTEN
};

arguments! {
    /// Adds rows and columns around a map.
    pub struct Pad {
        /// Top, bottom, left, right.
        pads: [u64; 4] = Field::value(&Value {
            name: "padding",
            kind: Kind::FourPads,
            default: Default::Required,
            doc: "n, or (top, bottom, left, right)",
        }),
        /// The content of the added rows and columns.
        border: Border = BORDER,
        /// A constant for them in place of zeros.
        value: Option<f64> = Field::optional(&[Attribute {
            name: "value",
            kind: Kind::Real,
            default: Default::Absent,
            doc: "the value that is added in place of zeros",
        }]),
    }
}

impl ToTorch for Pad {
    fn to_torch(&self, _inputs: &[Shape], _output: Shape) -> Torch {
        let [top, bottom, left, right] = self.pads.map(|pad| i64::try_from(pad).unwrap_or(i64::MAX));
        let torch = Torch::module(match (self.border, self.value) {
            (Border::Zeros, None) => "nn.ZeroPad2d",
            (Border::Zeros, Some(_)) => "nn.ConstantPad2d",
            (Border::Reflect, _) => "nn.ReflectionPad2d",
            (Border::Replicate, _) => "nn.ReplicationPad2d",
            (Border::Circular, _) => "nn.CircularPad2d",
        });
        let torch = torch.positional("padding", [left, right, top, bottom]);
        match self.value {
            Some(value) if self.border == Border::Zeros => torch.positional("value", value),
            _ => torch,
        }
    }
}

impl ToOnnx for Pad {
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let input = builder.operand();
        padded(builder, &input, self.pads, self.border, self.value.unwrap_or(0.0))
    }
}

/// Adds the nodes that pad a map: top, bottom, left, right.
pub(crate) fn padded(
    builder: &mut dyn OnnxBuilder,
    input: &str,
    [top, bottom, left, right]: [u64; 4],
    border: Border,
    value: f64,
) -> String {
    let mode = match border {
        Border::Zeros => "constant",
        Border::Reflect => "reflect",
        Border::Replicate => "edge",
        Border::Circular => {
            // ONNX's `Pad` supports `wrap` only from operator set 19 on.
            let (height, width) = builder.input().extent();
            let rows = wrap(builder, input, 2, height, top, bottom);
            return wrap(builder, &rows, 3, width, left, right);
        }
    };
    let pads = [0, 0, top, left, 0, 0, bottom, right].map(|pad| pad as i64);
    let mut inputs = vec![input.to_owned(), builder.integers(&pads)];
    if value != 0.0 {
        inputs.push(builder.number(value));
    }
    builder.node("Pad", &inputs, vec![("mode", OnnxValue::Text(mode))])
}

/// Puts the last positions of an axis before it and its first positions behind it.
fn wrap(
    builder: &mut dyn OnnxBuilder,
    input: &str,
    axis: i64,
    length: u64,
    before: u64,
    after: u64,
) -> String {
    let mut parts = Vec::new();
    if before > 0 {
        parts.push(builder.slice(input, axis, length - before, length));
    }
    parts.push(input.to_owned());
    if after > 0 {
        parts.push(builder.slice(input, axis, 0, after));
    }
    builder.concat(&parts, axis)
}

impl Written for Pad {
    const SPECS: &'static [&'static Spec] = &[&SPEC];

    fn check(self, _bound: &Bound) -> Result<Pad, OpError> {
        match (self.border, self.value) {
            (Border::Zeros, _) | (_, None) => Ok(self),
            (border, Some(_)) => Err(exclusive(border.word(), "value=")),
        }
    }
}

impl Rearrange for Pad {
    fn rearranged(&self, input: Shape) -> Result<Shape, OpError> {
        let (height, width, channels) = map_of("pad", input)?;
        let [top, bottom, left, right] = self.pads;
        self.border.check("height", height, top.max(bottom))?;
        self.border.check("width", width, left.max(right))?;
        let padded = |input: u64, before: u64, after: u64| input.saturating_add(before).saturating_add(after);
        Ok(Shape::map(padded(height, top, bottom), padded(width, left, right), channels))
    }

    fn source(&self, input: Shape, [channel, y, x]: [u64; 3]) -> Source {
        let (height, width) = input.extent();
        let row = self.border.source(y as i64 - self.pads[0] as i64, height);
        let column = self.border.source(x as i64 - self.pads[2] as i64, width);
        match row.zip(column) {
            Some((row, column)) => Source::At([channel, row, column]),
            None => Source::Fill(self.value.unwrap_or(0.0)),
        }
    }

    fn inside(&self) -> (u64, u64) {
        (self.pads[0], self.pads[2])
    }

    fn moves(&self, _input: Shape) -> Geometry {
        let shifted = |before: u64| Reach::Shifted { before: i64::try_from(before).unwrap_or(i64::MAX) };
        Geometry::Axes { rows: shifted(self.pads[0]), columns: shifted(self.pads[2]) }
    }
}

rearrange_operator!(Pad);

//! `crop`: removes rows and columns at the edges.

use super::family::{Rearrange, Source, rearrange_operator};
use crate::diag::Code;
use crate::ops::field::{Arguments, Field, arguments};
use crate::ops::input::map_of;
use crate::ops::onnx::{OnnxBuilder, ToOnnx};
use crate::ops::torch::{Helper, ToTorch, Torch};
use crate::ops::{Bound, Default, Geometry, Kind, Literal, OpError, Reach, Sizes, Spec, Value, Written};
use crate::tensor::Shape;

/// The spec of `crop`.
pub(crate) static SPEC: Spec = Spec {
    name: "crop",
    summary: "Removes rows and columns at the edges of a map, or all but its centre.",
    example: "input 64x64x8;\ncrop to 56x56  -> 56x56x8;\n",
    rules: "Takes a map. At least one row and one column are left, and `to` enlarges nothing (E0319).",
    cost: "none: data is only moved",
    since: "0.2",
    ..Crop::WRITTEN
};

/// The part of the map that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// All but these numbers of rows and columns: top, bottom, left, right.
    Within([u64; 4]),
    /// The centre of this height and width. If the rest is odd, one more is removed at the bottom or right.
    Centre(u64, u64),
}

arguments! {
    /// Removes rows and columns at the edges.
    pub struct Crop {
        /// The part that is kept.
        kept: Kept = KEPT,
    }
}

/// The rows and columns to remove, or `to` the size to keep.
const KEPT: Field<Kept> = Field {
    sizes: Sizes::To,
    value: Some(&Value {
        name: "rows and columns",
        kind: Kind::FourPads,
        default: Default::Required,
        doc: "n, or (top, bottom, left, right); or `to HxW`, `to n`: the centre, of an odd rest one more goes at the bottom and right",
    }),
    ..Field::new(
        |_, bound| match (bound.adaptive(), bound.pads("lone value")) {
            (Some(_), Some(_)) => Err(OpError::new(Code::E0206, "`crop to` stands alone")
                .at("lone value")
                .here("does not go with `to`")),
            (Some((height, width)), None) => Ok(Kept::Centre(height, width)),
            (None, Some(edges)) => Ok(Kept::Within(edges)),
            (None, None) => Err(OpError::new(Code::E0203, "`crop` needs its rows and columns")),
        },
        |_, kept, bound| match *kept {
            Kept::Within(edges) => bound.set("lone value", Literal::Pads(edges)),
            Kept::Centre(height, width) => bound.set_adaptive((height, width)),
        },
    )
};

impl Crop {
    /// The first row and column that are kept, and the number of each.
    fn window(&self, (height, width): (u64, u64)) -> Option<([u64; 2], [u64; 2])> {
        match self.kept {
            Kept::Within([top, bottom, left, right]) => {
                let rows = height.checked_sub(top)?.checked_sub(bottom)?;
                let columns = width.checked_sub(left)?.checked_sub(right)?;
                (rows > 0 && columns > 0).then_some(([top, left], [rows, columns]))
            }
            Kept::Centre(rows, columns) => {
                let first = [height.checked_sub(rows)? / 2, width.checked_sub(columns)? / 2];
                Some((first, [rows, columns]))
            }
        }
    }
}

/// The class Crop2d of exported PyTorch files.
static CROP: Helper = Helper {
    name: "Crop2d",
    source: r#"class Crop2d(nn.Module):
    """Keeps a rectangle of a map."""

    def __init__(self, top: int, left: int, height: int, width: int) -> None:
        super().__init__()
        self.rows = slice(top, top + height)
        self.columns = slice(left, left + width)

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :, self.rows, self.columns]"#,
};

impl ToTorch for Crop {
    fn to_torch(&self, inputs: &[Shape], output: Shape) -> Torch {
        let (height, width) = inputs[0].extent();
        let (out_height, out_width) = output.extent();
        let (top, left) = match self.kept {
            Kept::Within([top, _, left, _]) => (top, left),
            Kept::Centre(..) => (height.saturating_sub(out_height) / 2, width.saturating_sub(out_width) / 2),
        };
        Torch::helper(&CROP)
            .named("top", top)
            .named("left", left)
            .named("height", out_height)
            .named("width", out_width)
    }
}

impl ToOnnx for Crop {
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let (input, before, after) = (builder.operand(), builder.input().extent(), builder.output().extent());
        let (top, left) = match self.kept {
            Kept::Within([top, _, left, _]) => (top, left),
            Kept::Centre(rows, columns) => ((before.0 - rows) / 2, (before.1 - columns) / 2),
        };
        let [starts, ends, axes] = [[top, left], [top + after.0, left + after.1], [2, 3]]
            .map(|list| builder.integers(&list.map(|value| value as i64)));
        builder.node("Slice", &[input, starts, ends, axes], Vec::new())
    }
}

impl Written for Crop {
    const SPECS: &'static [&'static Spec] = &[&SPEC];

    fn check(self, _bound: &Bound) -> Result<Crop, OpError> {
        Ok(self)
    }
}

impl Rearrange for Crop {
    fn rearranged(&self, input: Shape) -> Result<Shape, OpError> {
        let (height, width, channels) = map_of("crop", input)?;
        match (self.window((height, width)), self.kept) {
            (Some((_, [rows, columns])), _) => Ok(Shape::map(rows, columns, channels)),
            (None, Kept::Centre(rows, columns)) => {
                Err(OpError::new(Code::E0319, "`crop` cannot enlarge a map")
                    .at("to")
                    .here(format!("{rows}x{columns} is more than {height}x{width}")))
            }
            (None, Kept::Within([top, bottom, left, right])) => {
                Err(OpError::new(Code::E0319, "`crop` takes the whole map away").at("lone value").here(
                    format!("{top} + {bottom} of {height} rows and {left} + {right} of {width} columns"),
                ))
            }
        }
    }

    fn source(&self, input: Shape, [channel, y, x]: [u64; 3]) -> Source {
        let ([top, left], _) = self.window(input.extent()).unwrap_or_default();
        Source::At([channel, y + top, x + left])
    }

    fn moves(&self, input: Shape) -> Geometry {
        let ([top, left], _) = self.window(input.extent()).unwrap_or_default();
        let shifted = |before: u64| Reach::Shifted { before: -i64::try_from(before).unwrap_or(i64::MAX) };
        Geometry::Axes { rows: shifted(top), columns: shifted(left) }
    }
}

rearrange_operator!(Crop);

//! `pixelshuffle` and `pixelunshuffle`: move channels to pixels, and pixels to channels.

use super::family::{Rearrange, Source, rearrange_operator};
use crate::diag::Code;
use crate::ops::field::{Arguments, Field, arguments};
use crate::ops::input::map_of;
use crate::ops::onnx::{OnnxBuilder, OnnxValue, ToOnnx};
use crate::ops::torch::{Helper, ToTorch, Torch};
use crate::ops::{Default, Flag, Geometry, Kind, OpError, Reach, Spec, Value, Written};
use crate::tensor::{Interpolation, Resampling, Shape, Window};

/// The spec of `pixelshuffle`.
pub(crate) static SHUFFLE: Spec = Spec {
    name: "pixelshuffle",
    summary: "Makes r·r pixels of r·r channels at each position: HxWxC becomes (H·r)x(W·r)x(C/r²) (Shi et al. 2016).",
    example: "input 8x8x12;\npixelshuffle 2  -> 16x16x3;\n",
    rules: "Takes a map; r² divides its channels (E0303).",
    ..SPEC
};

/// The spec of `pixelunshuffle`.
pub(crate) static UNSHUFFLE: Spec = Spec {
    name: "pixelunshuffle",
    summary: "Makes r·r channels of squares of r·r pixels: HxWxC becomes (H/r)x(W/r)x(C·r²).",
    example: "input 8x8x3;\npixelunshuffle 2  -> 4x4x12;\n",
    rules: "Takes a map; r divides its rows and its columns (E0303).",
    ..SPEC
};

const SPEC: Spec = Spec { cost: "none: data is only moved", since: "0.2", ..PixelShuffle::WRITTEN };

arguments! {
    /// Moves channels to pixels, or pixels to channels.
    pub struct PixelShuffle {
        /// The side of the square of pixels.
        factor: u64 = Field::value(&Value {
            name: "factor",
            kind: Kind::Count { min: 1 },
            default: Default::Required,
            doc: "the factor r of height and width",
        }),
        /// Whether channels are ordered by the place in the square first, as in TensorFlow and ONNX's mode DCR;
        /// otherwise by the channel first, as in PyTorch.
        dcr: bool = Field::flag(&[Flag {
            name: "dcr",
            doc: "channels in the order place, channel (TensorFlow, ONNX' default) in place of channel, place (PyTorch)",
        }]),
        /// Whether pixels become channels; it follows from the word.
        inverse: bool = Field::new(|_, bound| Ok(bound.spec().name == UNSHUFFLE.name), |_, _, _| {}),
    }
}

impl PixelShuffle {
    /// The channel in the deep map, for one of the `channels` channels of the flat map and a place in the square.
    fn deep(&self, channel: u64, channels: u64, row: u64, column: u64) -> u64 {
        let (place, places) = (row * self.factor + column, self.factor * self.factor);
        if self.dcr { place * channels + channel } else { channel * places + place }
    }
}

/// The class DepthToSpace of exported PyTorch files.
static DCR: Helper = Helper {
    name: "DepthToSpace",
    source: r#"class DepthToSpace(nn.Module):
    """Pixel shuffle with channels in the order place, channel."""

    def __init__(self, factor: int) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        x = x.unflatten(1, (self.factor**2, -1)).transpose(1, 2).flatten(1, 2)
        return F.pixel_shuffle(x, self.factor)"#,
};

/// The class SpaceToDepth of exported PyTorch files.
static DCR_INVERSE: Helper = Helper {
    name: "SpaceToDepth",
    source: r#"class SpaceToDepth(nn.Module):
    """Pixel unshuffle with channels in the order place, channel."""

    def __init__(self, factor: int) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        x = F.pixel_unshuffle(x, self.factor)
        return x.unflatten(1, (-1, self.factor**2)).transpose(1, 2).flatten(1, 2)"#,
};

impl ToTorch for PixelShuffle {
    fn to_torch(&self, _inputs: &[Shape], _output: Shape) -> Torch {
        match (self.dcr, self.inverse) {
            (false, false) => Torch::module("nn.PixelShuffle").positional("upscale_factor", self.factor),
            (false, true) => Torch::module("nn.PixelUnshuffle").positional("downscale_factor", self.factor),
            (true, false) => Torch::helper(&DCR).positional("factor", self.factor),
            (true, true) => Torch::helper(&DCR_INVERSE).positional("factor", self.factor),
        }
    }
}

impl ToOnnx for PixelShuffle {
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let (input, shape) = (builder.operand(), builder.input());
        let size = ("blocksize", OnnxValue::Int(self.factor as i64));
        if !self.inverse {
            let mode = if self.dcr { "DCR" } else { "CRD" };
            return builder.node("DepthToSpace", &[input], vec![size, ("mode", OnnxValue::Text(mode))]);
        }
        if self.dcr {
            return builder.node("SpaceToDepth", &[input], vec![size]);
        }
        // ONNX's `SpaceToDepth` has no mode for this order.
        let ((height, width), factor) = (shape.extent(), self.factor);
        let cut = [shape.channels(), height / factor, factor, width / factor, factor];
        let squares = builder.reshape(&input, &cut);
        let ordered = builder.transpose(&squares, &[0, 1, 3, 5, 2, 4]);
        let dims = builder.output().stored();
        builder.reshape(&ordered, &dims)
    }
}

impl Written for PixelShuffle {
    const SPECS: &'static [&'static Spec] = &[&SHUFFLE, &UNSHUFFLE];

    fn spec(&self) -> &'static Spec {
        if self.inverse { &UNSHUFFLE } else { &SHUFFLE }
    }
}

impl Rearrange for PixelShuffle {
    fn rearranged(&self, input: Shape) -> Result<Shape, OpError> {
        let factor = self.factor;
        let (height, width, channels) = map_of(self.spec().name, input)?;
        let uneven = |what: &str, count: u64, divisor: u64| {
            OpError::new(Code::E0303, format!("{count} {what} cannot be cut into parts of {divisor}"))
                .at("lone value")
                .here(format!("{count} mod {divisor} = {}", count % divisor))
        };
        let places = factor.saturating_mul(factor);
        if self.inverse {
            for (what, count) in [("rows", height), ("columns", width)] {
                if count % factor != 0 {
                    return Err(uneven(what, count, factor));
                }
            }
            return Ok(Shape::map(height / factor, width / factor, channels.saturating_mul(places)));
        }
        if channels % places != 0 {
            return Err(uneven("channels", channels, places).note(format!("{factor}² = {places}")));
        }
        Ok(Shape::map(height.saturating_mul(factor), width.saturating_mul(factor), channels / places))
    }

    fn source(&self, input: Shape, [channel, y, x]: [u64; 3]) -> Source {
        let factor = self.factor;
        if !self.inverse {
            let channels = input.channels() / (factor * factor);
            let deep = self.deep(channel, channels, y % factor, x % factor);
            return Source::At([deep, y / factor, x / factor]);
        }
        let (channels, places) = (input.channels(), factor * factor);
        let (flat, place) = if self.dcr {
            (channel % channels, channel / channels)
        } else {
            (channel / places, channel % places)
        };
        Source::At([flat, y * factor + place / factor, x * factor + place % factor])
    }

    fn period(&self) -> u64 {
        if self.inverse { 1 } else { self.factor }
    }

    fn moves(&self, input: Shape) -> Geometry {
        let factor = self.factor;
        if self.inverse {
            let window = Window::new(factor, factor);
            return Geometry::sliding((window, window));
        }
        let (height, width) = input.extent();
        let along = |input: u64| {
            let output = input.saturating_mul(factor);
            let interpolation = Interpolation::Nearest;
            Reach::Resampled(Resampling { input, output, interpolation, corners: false })
        };
        Geometry::Axes { rows: along(height), columns: along(width) }
    }
}

rearrange_operator!(PixelShuffle);

//! `flatten`, `unflatten`, `dropout`, `pad`, `shuffle` and `upsample`: operators that move data.

use ndarray::{ArrayViewD, ArrayViewMutD, Axis, IxDyn, Slice};

use super::window::map_of;
use super::{
    Bound, Cost, Default, Flag, Geometry, Kind, Number, Op, OpError, Operator, Parameter, Reuse, Sizes, Spec,
    Value,
};
use crate::diag::Code;
use crate::tensor::Shape;

const MOVES: &str = "none: data is only moved";

/// How `flatten` is written.
pub(super) static FLATTEN: Spec = Spec {
    name: "flatten",
    trailing: false,
    summary: "Makes a vector of a map, in the order channels, rows, columns, as PyTorch and ONNX weights expect.",
    example: "input 5x5x16;\nflatten -> 400;\n",
    sizes: Sizes::None,
    value: None,
    flags: &[Flag { name: "hwc", doc: "in the order rows, columns, channels, as Keras weights expect" }],
    attributes: &[],
    cost: MOVES,
    onnx: "Flatten",
    torch: "nn.Flatten",
    construct: |bound| Ok(Op::Flatten(Flatten { hwc: bound.flag("hwc") })),
};

/// How `unflatten` is written.
pub(super) static UNFLATTEN: Spec = Spec {
    name: "unflatten",
    trailing: false,
    summary: "Makes a map of a vector, in the order channels, rows, columns.",
    example: "input 784;\nunflatten 7x7x16 -> 7x7x16;\n",
    sizes: Sizes::Map,
    value: None,
    flags: &[],
    attributes: &[],
    cost: MOVES,
    onnx: "Reshape",
    torch: "nn.Unflatten",
    construct: |bound| match *bound.dims() {
        [height, width, channels] => Ok(Op::Unflatten(Unflatten { height, width, channels })),
        _ => Err(OpError::new(Code::E0203, "`unflatten` needs a size")),
    },
};

/// How `dropout` is written.
pub(super) static DROPOUT: Spec = Spec {
    name: "dropout",
    trailing: true,
    summary: "Drops elements with probability p in training (Srivastava et al. 2014); the identity when run.",
    example: "input 100;\ndense 10 relu dropout 0.5 -> 10;\n",
    sizes: Sizes::None,
    value: Some(Value {
        name: "probability",
        kind: Kind::Real,
        default: Default::Required,
        doc: "at least 0 and below 1",
    }),
    flags: &[],
    attributes: &[],
    cost: "none: the identity when run",
    onnx: "Dropout",
    torch: "nn.Dropout",
    construct: |bound| {
        let probability = bound.real("value").unwrap_or(0.0);
        if !(0.0..1.0).contains(&probability) {
            return Err(OpError::new(
                Code::E0205,
                "the probability of `dropout` must be at least 0 and below 1",
            )
            .at("value")
            .here(format!("this is {probability}")));
        }
        Ok(Op::Dropout(Dropout { probability }))
    },
};

/// How `pad` is written.
pub(super) static PAD: Spec = Spec {
    name: "pad",
    trailing: false,
    summary: "Puts zeros around a map.",
    example: "input 28x28x1;\npad 2 -> 32x32x1;\n",
    sizes: Sizes::None,
    value: Some(Value {
        name: "padding",
        kind: Kind::FourPads,
        default: Default::Required,
        doc: "n, or (top, bottom, left, right)",
    }),
    flags: &[],
    attributes: &[],
    cost: MOVES,
    onnx: "Pad",
    torch: "nn.ZeroPad2d",
    construct: |bound| Ok(Op::Pad(Pad { pads: bound.pads("value").unwrap_or([0; 4]) })),
};

/// How `shuffle` is written.
pub(super) static SHUFFLE: Spec = Spec {
    name: "shuffle",
    trailing: true,
    summary: "Channel shuffle: channel i·(C/g) + j becomes channel j·g + i (Zhang et al. 2018).",
    example: "input 8x8x12;\nconv 1x1x12 groups=3 shuffle 3 -> 8x8x12;\n",
    sizes: Sizes::None,
    value: Some(Value {
        name: "number of groups",
        kind: Kind::Count { min: 1 },
        default: Default::Required,
        doc: "the groups of channels",
    }),
    flags: &[],
    attributes: &[],
    cost: MOVES,
    onnx: "Reshape, Transpose, Reshape",
    torch: "nn.ChannelShuffle",
    construct: |bound| Ok(Op::Shuffle(Shuffle { groups: bound.count("value").unwrap_or(1) })),
};

/// How `upsample` is written.
pub(super) static UPSAMPLE: Spec = Spec {
    name: "upsample",
    trailing: false,
    summary: "Enlarges a map by whole factors: repeats pixels, or interpolates between them.",
    example: "input 8x8x4;\nupsample 2 bilinear -> 16x16x4;\n",
    sizes: Sizes::Factor,
    value: None,
    flags: &[
        Flag { name: "nearest", doc: "repeats each pixel (the default)" },
        Flag { name: "bilinear", doc: "interpolates, sampling at (i + ½)/n − ½, clamped to the map" },
    ],
    attributes: &[],
    cost: "nearest: none; bilinear: per element 6 multiplications and 3 additions",
    onnx: "Resize",
    torch: "nn.Upsample",
    construct: |bound| Upsample::new(bound).map(Op::Upsample),
};

/// Makes a vector of a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Flatten {
    /// In the order rows, columns, channels.
    pub hwc: bool,
}

impl Operator for Flatten {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        map_of("flatten", inputs[0])
            .map_err(|error| OpError { helps: vec!["remove it: a vector is flat".to_owned()], ..error })?;
        Ok(Shape::Vector(inputs[0].elements()))
    }

    fn parameters(&self, _inputs: &[Shape]) -> Vec<Parameter> {
        Vec::new()
    }

    fn cost(&self, _inputs: &[Shape], _output: Shape) -> Cost {
        Cost::default()
    }

    fn geometry(&self, _input: Shape) -> Geometry {
        Geometry::Pointwise
    }

    fn reuse(&self) -> Reuse {
        if self.hwc { Reuse::Fresh } else { Reuse::Alias }
    }

    fn reference<N: Number>(
        &self,
        inputs: &[ArrayViewD<'_, N>],
        _parameters: &[ArrayViewD<'_, N>],
        mut output: ArrayViewMutD<'_, N>,
    ) {
        let ordered =
            if self.hwc { inputs[0].view().permuted_axes(IxDyn(&[1, 2, 0])) } else { inputs[0].view() };
        output.iter_mut().zip(&ordered).for_each(|(out, &x)| *out = x);
    }
}

/// Makes a map of a vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Unflatten {
    /// Rows.
    pub height: u64,
    /// Columns.
    pub width: u64,
    /// Channels.
    pub channels: u64,
}

impl Operator for Unflatten {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        let shape = Shape::map(self.height, self.width, self.channels);
        match inputs[0] {
            Shape::Vector(elements) if elements == shape.elements() => Ok(shape),
            Shape::Vector(elements) => Err(OpError::new(
                Code::E0307,
                format!("a vector of {elements} does not make a map of {shape}"),
            )
            .at("size")
            .here(format!("has {} elements", shape.elements()))
            .note(format!(
                "{}·{}·{} = {}, not {elements}",
                self.height,
                self.width,
                self.channels,
                shape.elements()
            ))),
            Shape::Map { .. } => Err(OpError::new(Code::E0302, "`unflatten` needs a vector, not a map")
                .here(format!("a map of {} arrives here", inputs[0]))),
        }
    }

    fn parameters(&self, _inputs: &[Shape]) -> Vec<Parameter> {
        Vec::new()
    }

    fn cost(&self, _inputs: &[Shape], _output: Shape) -> Cost {
        Cost::default()
    }

    fn geometry(&self, _input: Shape) -> Geometry {
        Geometry::Whole
    }

    fn reuse(&self) -> Reuse {
        Reuse::Alias
    }

    fn reference<N: Number>(
        &self,
        inputs: &[ArrayViewD<'_, N>],
        _parameters: &[ArrayViewD<'_, N>],
        mut output: ArrayViewMutD<'_, N>,
    ) {
        output.iter_mut().zip(&inputs[0]).for_each(|(out, &x)| *out = x);
    }
}

/// The identity when run.
#[derive(Clone, Debug, PartialEq)]
pub struct Dropout {
    /// The probability in training.
    pub probability: f64,
}

impl Operator for Dropout {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        Ok(inputs[0])
    }

    fn parameters(&self, _inputs: &[Shape]) -> Vec<Parameter> {
        Vec::new()
    }

    fn cost(&self, _inputs: &[Shape], _output: Shape) -> Cost {
        Cost::default()
    }

    fn geometry(&self, _input: Shape) -> Geometry {
        Geometry::Pointwise
    }

    fn reuse(&self) -> Reuse {
        Reuse::Alias
    }

    fn reference<N: Number>(
        &self,
        inputs: &[ArrayViewD<'_, N>],
        _parameters: &[ArrayViewD<'_, N>],
        mut output: ArrayViewMutD<'_, N>,
    ) {
        output.assign(&inputs[0]);
    }
}

/// Zeros around a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Pad {
    /// Top, bottom, left, right.
    pub pads: [u64; 4],
}

impl Operator for Pad {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        let (height, width, channels) = map_of("pad", inputs[0])?;
        let [top, bottom, left, right] = self.pads;
        let padded = |input: u64, before: u64, after: u64| input.saturating_add(before).saturating_add(after);
        Ok(Shape::map(padded(height, top, bottom), padded(width, left, right), channels))
    }

    fn parameters(&self, _inputs: &[Shape]) -> Vec<Parameter> {
        Vec::new()
    }

    fn cost(&self, _inputs: &[Shape], _output: Shape) -> Cost {
        Cost::default()
    }

    fn geometry(&self, _input: Shape) -> Geometry {
        Geometry::Shifted { before: (self.pads[0], self.pads[2]) }
    }

    fn reuse(&self) -> Reuse {
        Reuse::Fresh
    }

    fn reference<N: Number>(
        &self,
        inputs: &[ArrayViewD<'_, N>],
        _parameters: &[ArrayViewD<'_, N>],
        mut output: ArrayViewMutD<'_, N>,
    ) {
        output.fill(N::from_f64(0.0));
        let (top, left) = (self.pads[0] as usize, self.pads[2] as usize);
        let (height, width) = (inputs[0].shape()[1], inputs[0].shape()[2]);
        let mut rows = output.slice_axis_mut(Axis(1), Slice::from(top..top + height));
        rows.slice_axis_mut(Axis(2), Slice::from(left..left + width)).assign(&inputs[0]);
    }
}

/// ShuffleNet's channel shuffle.
#[derive(Clone, Debug, PartialEq)]
pub struct Shuffle {
    /// Groups of channels.
    pub groups: u64,
}

impl Operator for Shuffle {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        let (_, _, channels) = map_of("shuffle", inputs[0])?;
        if channels % self.groups != 0 {
            return Err(OpError::new(
                Code::E0303,
                format!("{channels} channels cannot be shuffled in {} groups", self.groups),
            )
            .at("value")
            .here(format!("{channels} is not a multiple of {}", self.groups)));
        }
        Ok(inputs[0])
    }

    fn parameters(&self, _inputs: &[Shape]) -> Vec<Parameter> {
        Vec::new()
    }

    fn cost(&self, _inputs: &[Shape], _output: Shape) -> Cost {
        Cost::default()
    }

    fn geometry(&self, _input: Shape) -> Geometry {
        Geometry::Pointwise
    }

    fn reuse(&self) -> Reuse {
        Reuse::Fresh
    }

    fn reference<N: Number>(
        &self,
        inputs: &[ArrayViewD<'_, N>],
        _parameters: &[ArrayViewD<'_, N>],
        mut output: ArrayViewMutD<'_, N>,
    ) {
        let groups = self.groups as usize;
        let per_group = inputs[0].shape()[0] / groups;
        for (channel, mut plane) in output.axis_iter_mut(Axis(0)).enumerate() {
            let source = channel % groups * per_group + channel / groups;
            plane.assign(&inputs[0].index_axis(Axis(0), source));
        }
    }
}

/// Enlarges a map by whole factors.
#[derive(Clone, Debug, PartialEq)]
pub struct Upsample {
    /// Factors along height and width.
    pub factor: (u64, u64),
    /// Interpolates instead of repeating.
    pub bilinear: bool,
}

impl Upsample {
    fn new(bound: &Bound) -> Result<Upsample, OpError> {
        if bound.flag("nearest") && bound.flag("bilinear") {
            return Err(OpError::new(Code::E0206, "`nearest` and `bilinear` exclude each other")
                .at("bilinear")
                .here("decide for one"));
        }
        Ok(Upsample { factor: bound.window(), bilinear: bound.flag("bilinear") })
    }
}

/// The two neighbours of a sample and the weight of the second.
fn neighbours(index: usize, factor: u64, input: usize) -> (usize, usize, f64) {
    let position = ((index as f64 + 0.5) / factor as f64 - 0.5).clamp(0.0, (input - 1) as f64);
    let first = position.floor() as usize;
    (first, (first + 1).min(input - 1), position - first as f64)
}

impl Operator for Upsample {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        let (height, width, channels) = map_of("upsample", inputs[0])?;
        Ok(Shape::map(height.saturating_mul(self.factor.0), width.saturating_mul(self.factor.1), channels))
    }

    fn parameters(&self, _inputs: &[Shape]) -> Vec<Parameter> {
        Vec::new()
    }

    fn cost(&self, _inputs: &[Shape], output: Shape) -> Cost {
        let elements = if self.bilinear { u128::from(output.elements()) } else { 0 };
        Cost { mul: 6 * elements, add: 3 * elements, ..Cost::default() }
    }

    fn geometry(&self, _input: Shape) -> Geometry {
        Geometry::Enlarged { factor: self.factor, reach: u64::from(self.bilinear) }
    }

    fn reuse(&self) -> Reuse {
        Reuse::Fresh
    }

    fn reference<N: Number>(
        &self,
        inputs: &[ArrayViewD<'_, N>],
        _parameters: &[ArrayViewD<'_, N>],
        mut output: ArrayViewMutD<'_, N>,
    ) {
        let input = &inputs[0];
        for (index, out) in output.indexed_iter_mut() {
            let (channel, y, x) = (index[0], index[1], index[2]);
            if !self.bilinear {
                *out = input[IxDyn(&[channel, y / self.factor.0 as usize, x / self.factor.1 as usize])];
                continue;
            }
            let (top, bottom, down) = neighbours(y, self.factor.0, input.shape()[1]);
            let (left, right, across) = neighbours(x, self.factor.1, input.shape()[2]);
            let along = |row: usize| {
                let (a, b) = (input[IxDyn(&[channel, row, left])], input[IxDyn(&[channel, row, right])]);
                a * N::from_f64(1.0 - across) + b * N::from_f64(across)
            };
            *out = along(top) * N::from_f64(1.0 - down) + along(bottom) * N::from_f64(down);
        }
    }
}

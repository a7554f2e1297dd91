//! The addition of `add` and `residual`: element by element, without broadcasting.

use ndarray::{Axis, Slice, Zip};

use crate::diag::Code;
use crate::ops::field::{Field, arguments};
use crate::ops::forms::{CombiningForm, RESIDUAL, TWO_OR_MORE};
use crate::ops::onnx::{OnnxBuilder, ToOnnx};
use crate::ops::tools::counted_by_no_tool;
use crate::ops::torch::{Both, Helper, ToTorch, Torch};
use crate::ops::{
    Arrays, Attribute, Cost, Default, Geometry, Join, Kind, Number, OpError, Operator, Reuse, Spec, Written,
};
use crate::tensor::{Shape, Window};

/// The form `add`.
pub(crate) static ADD: CombiningForm = CombiningForm {
    spec: Spec {
        name: "add",
        summary: "Adds its branches element by element; all have the same shape.",
        example: "input 8x8x4;\nadd < identity | conv 3x3x4 same >  -> 8x8x4;\n",
        cost: "one addition per element for each operand beyond the first",
        joins: Some(Join::Sum),
        ..Spec::EMPTY
    },
    branches: TWO_OR_MORE,
    operator: || Add { scale: None, zeropad: None }.into(),
};

arguments! {
    /// A sum. For a residual the body is the first operand and the shortcut the second.
    pub struct Add {
        /// Multiplies the first operand (Szegedy et al. 2016, residual scaling).
        scale: Option<f64> = Field::optional(&[Attribute {
            name: "scale",
            kind: Kind::Real,
            default: Default::Absent,
            doc: "multiplies the end of the body",
        }]),
        /// He et al.'s option A: every stride-th pixel (rows, columns) of the second operand, with zeros as further
        /// channels.
        zeropad: Option<(u64, u64)> = ZEROPAD,
    }
}

/// The strides follow from the shapes of the branches, so only the word is written.
const ZEROPAD: Field<Option<(u64, u64)>> = Field::new(
    |_, _| Ok(None),
    |_, strides, bound| {
        if strides.is_some() {
            bound.set_flag("zeropad");
        }
    },
);

/// The function add_padded of exported PyTorch files.
static ADD_PADDED: Helper = Helper {
    name: "add_padded",
    source: r#"def add_padded(
    body: Tensor, shortcut: Tensor, stride: tuple[int, int], scale: float
) -> Tensor:
    """Adds every stride-th pixel of a shortcut; channels that it lacks are zero."""
    shortcut = shortcut[:, :, :: stride[0], :: stride[1]]
    missing = body.shape[1] - shortcut.shape[1]
    return body * scale + F.pad(shortcut, (0, 0, 0, 0, 0, missing))"#,
};

impl ToTorch for Add {
    fn to_torch(&self, inputs: &[Shape], _output: Shape) -> Torch {
        if let Some((rows, columns)) = self.zeropad {
            let torch = Torch::expression("add_padded({0}, {1}, {stride}, {scale})");
            return Torch { helper: Some(&ADD_PADDED), ..torch }
                .named("stride", Both(rows, columns))
                .named("scale", self.scale.unwrap_or(1.0));
        }
        let mut text = (if self.scale.is_some() { "{0} * {scale}" } else { "{0}" }).to_owned();
        for operand in 1..inputs.len() {
            text.push_str(&format!(" + {{{operand}}}"));
        }
        match self.scale {
            Some(scale) => Torch::expression(&text).named("scale", scale),
            None => Torch::expression(&text),
        }
    }
}

impl ToOnnx for Add {
    /// The sum of the branches; for a residual with the body scaled, or with the shortcut subsampled and padded.
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let mut operands = builder.operands();
        if let Some(scale) = self.scale {
            operands[0] = builder.with_number("Mul", &operands[0], scale);
        }
        if let Some(strides) = self.zeropad {
            operands[1] = thinned_and_filled(builder, &operands[1], strides);
        }
        builder.chain("Add", &operands)
    }
}

/// Every stride-th row and column of the shortcut, with zeros as further channels (He et al. 2015, option A).
fn thinned_and_filled(builder: &mut dyn OnnxBuilder, shortcut: &str, (rows, columns): (u64, u64)) -> String {
    let shape = builder.inputs()[1];
    let mut value = shortcut.to_owned();
    if (rows, columns) != (1, 1) {
        let (height, width) = shape.extent();
        let lists = [[0, 0], [height, width], [2, 3], [rows, columns]];
        let [starts, ends, axes, steps] = lists.map(|list| builder.integers(&list.map(|value| value as i64)));
        value = builder.node("Slice", &[value, starts, ends, axes, steps], Vec::new());
    }
    let missing = builder.output().channels() - shape.channels();
    if missing > 0 {
        let pads = builder.integers(&[0, 0, 0, 0, 0, missing as i64, 0, 0]);
        value = builder.join("Pad", &value, &pads);
    }
    value
}

impl Written for Add {
    const SPECS: &'static [&'static Spec] = &[];

    fn spec(&self) -> &'static Spec {
        if *self == (Add { scale: None, zeropad: None }) { &ADD.spec } else { &RESIDUAL }
    }
}

/// The shape of the body, if it matches the subsampled shortcut and has at least as many channels.
fn zero_padded(inputs: &[Shape], (rows, columns): (u64, u64)) -> Result<Shape, OpError> {
    let (body, shortcut) = (inputs[0], inputs[1]);
    let (height, width) = shortcut.extent();
    if (height.div_ceil(rows), width.div_ceil(columns)) != body.extent() || body.is_map() != shortcut.is_map()
    {
        return Err(OpError::new(Code::E0307, "the shortcut does not have the pixels of the body")
            .here(format!("every {rows}x{columns}-th pixel of {shortcut} does not make {body}")));
    }
    if shortcut.channels() > body.channels() {
        return Err(OpError::new(Code::E0318, "a zero-padded shortcut cannot lose channels").here(format!(
            "{} channels do not fit into {}",
            shortcut.channels(),
            body.channels()
        )));
    }
    Ok(body)
}

impl Operator for Add {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        if let Some(strides) = self.zeropad {
            return zero_padded(inputs, strides);
        }
        let differs = inputs.iter().position(|&other| other != inputs[0]);
        match differs {
            Some(index) => Err(OpError::new(Code::E0307, "the branches have different shapes")
                .here(format!("{} cannot be added to {}", inputs[index], inputs[0]))
                .note("`add` never broadcasts")),
            None => Ok(inputs[0]),
        }
    }

    fn cost(&self, inputs: &[Shape], output: Shape) -> Cost {
        let elements = u128::from(output.elements());
        let add = match self.zeropad {
            // Nothing is added to the channels that the shortcut lacks.
            Some(_) => u128::from(output.with_channels(inputs[1].channels()).elements()),
            None => elements * (inputs.len() as u128 - 1),
        };
        Cost { add, mul: if self.scale.is_some() { elements } else { 0 }, ..Cost::default() }
    }

    counted_by_no_tool!();

    fn geometry(&self, operand: Shape, output: Shape) -> Geometry {
        match self.zeropad {
            // Of a strided shortcut only every stride-th pixel is read.
            Some((rows, columns)) if operand.extent() != output.extent() => {
                Geometry::sliding((Window::new(1, rows), Window::new(1, columns)))
            }
            _ => Geometry::Pointwise,
        }
    }

    fn reuse(&self) -> Reuse {
        Reuse::InPlace
    }

    fn reference<N: Number>(&self, Arrays { inputs, mut output, .. }: Arrays<'_, N>) {
        output.assign(&inputs[0]);
        if let Some(scale) = self.scale {
            output.mapv_inplace(|x| x * N::from_f64(scale));
        }
        if let Some((rows, columns)) = self.zeropad {
            let shortcut = inputs[1].slice_axis(Axis(1), Slice::new(0, None, rows as isize));
            let shortcut = shortcut.slice_axis(Axis(2), Slice::new(0, None, columns as isize));
            let channels = shortcut.shape()[0];
            let filled = output.slice_axis_mut(Axis(0), Slice::from(..channels));
            Zip::from(filled).and(&shortcut).for_each(|out, &x| *out = *out + x);
        } else {
            for input in &inputs[1..] {
                Zip::from(&mut output).and(input).for_each(|out, &x| *out = *out + x);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{ArrayD, IxDyn};

    use super::*;

    #[test]
    fn a_zero_padded_shortcut_takes_every_second_pixel() {
        let add = Add { scale: Some(0.5), zeropad: Some((2, 2)) };
        let body = ArrayD::from_elem(IxDyn(&[2, 2, 2]), 2.0f64);
        let shortcut = ArrayD::from_shape_fn(IxDyn(&[1, 3, 3]), |index| (index[1] * 3 + index[2]) as f64);
        let mut output = ArrayD::zeros(IxDyn(&[2, 2, 2]));
        let inputs = [body.view(), shortcut.view()];
        add.reference(Arrays { inputs: &inputs, parameters: &[], output: output.view_mut() });
        assert_eq!(output.iter().copied().collect::<Vec<_>>(), [1.0, 3.0, 7.0, 9.0, 1.0, 1.0, 1.0, 1.0]);
        let cost = add.cost(&[Shape::map(2, 2, 2), Shape::map(3, 3, 1)], Shape::map(2, 2, 2));
        assert_eq!((cost.add, cost.mul), (4, 8));
    }
}

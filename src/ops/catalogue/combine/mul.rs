//! The product of `mul`: element by element; a factor may be 1x1xC or HxWx1.

use ndarray::Zip;

use crate::diag::Code;
use crate::ops::field::arguments;
use crate::ops::forms::{CombiningForm, TWO_OR_MORE};
use crate::ops::onnx::{OnnxBuilder, ToOnnx};
use crate::ops::tools::counted_by_no_tool;
use crate::ops::torch::{ToTorch, Torch};
use crate::ops::{Arrays, Cost, Geometry, Number, OpError, Operator, Reuse, Spec, Written};
use crate::tensor::Shape;

/// The form `mul`.
pub(crate) static MUL: CombiningForm = CombiningForm {
    spec: Spec {
        name: "mul",
        summary: "Multiplies its branches element by element; a branch may be 1x1xC or HxWx1, one has the full shape.",
        example: "input 8x8x4;\nmul < identity | avgpool global; conv 1x1x4 sigmoid >  -> 8x8x4;\n",
        rules: "Other shapes than these are E0307.",
        cost: "one multiplication per element for each operand beyond the first",
        ..Spec::EMPTY
    },
    branches: TWO_OR_MORE,
    operator: || Mul.into(),
};

arguments! {
    /// A product with broadcasting (squeeze-and-excitation, Hu et al. 2018).
    pub struct Mul;
}

impl ToTorch for Mul {
    fn to_torch(&self, inputs: &[Shape], _output: Shape) -> Torch {
        let operands: Vec<String> = (0..inputs.len()).map(|operand| format!("{{{operand}}}")).collect();
        Torch::expression(&operands.join(" * "))
    }
}

impl ToOnnx for Mul {
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let operands = builder.operands();
        builder.chain("Mul", &operands)
    }
}

impl Written for Mul {
    const SPECS: &'static [&'static Spec] = &[];

    fn spec(&self) -> &'static Spec {
        &MUL.spec
    }
}

impl Operator for Mul {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        let full = inputs.iter().copied().max_by_key(Shape::elements).unwrap_or(inputs[0]);
        let fits = |shape: Shape| match (shape, full) {
            _ if shape == full => true,
            (Shape::Map { channels, .. }, Shape::Map { channels: all, .. }) => {
                let (extent, one) = (shape.extent(), (1, 1));
                extent == one && channels == all || extent == full.extent() && channels == 1
            }
            _ => false,
        };
        match inputs.iter().find(|&&shape| !fits(shape)) {
            Some(misfit) => Err(OpError::new(Code::E0307, "the branches cannot be multiplied")
                .here(format!("{misfit} does not fit {full}"))
                .note(match full {
                    Shape::Map { height, width, channels } => {
                        format!("a factor of {full} is {full}, 1x1x{channels} or {height}x{width}x1")
                    }
                    Shape::Vector(_) => "vectors must have the same number of elements".to_owned(),
                })),
            None => Ok(full),
        }
    }

    fn cost(&self, inputs: &[Shape], output: Shape) -> Cost {
        Cost { mul: u128::from(output.elements()) * (inputs.len() as u128 - 1), ..Cost::default() }
    }

    counted_by_no_tool!();

    fn geometry(&self, _input: Shape, _output: Shape) -> Geometry {
        Geometry::Pointwise
    }

    fn reuse(&self) -> Reuse {
        Reuse::Fresh
    }

    fn reference<N: Number>(&self, Arrays { inputs, mut output, .. }: Arrays<'_, N>) {
        let shape = output.raw_dim();
        for (index, input) in inputs.iter().enumerate() {
            let factor =
                input.broadcast(shape.clone()).expect("the shape rule admits only factors that broadcast");
            if index == 0 {
                output.assign(&factor);
            } else {
                Zip::from(&mut output).and(&factor).for_each(|out, &x| *out = *out * x);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_broadcast_over_positions_or_channels() {
        let full = Shape::map(4, 5, 6);
        assert_eq!(Mul.infer(&[full, Shape::map(1, 1, 6)]), Ok(full));
        assert_eq!(Mul.infer(&[Shape::map(4, 5, 1), full]), Ok(full));
        let position = Shape::map(1, 1, 6);
        assert_eq!(Mul.infer(&[Shape::map(1, 1, 1), position]), Ok(position));
        assert!(Mul.infer(&[full, Shape::map(1, 5, 6)]).is_err());
        assert!(Mul.infer(&[Shape::map(4, 5, 1), Shape::map(1, 1, 6)]).is_err());
        assert!(Mul.infer(&[Shape::Vector(3), Shape::Vector(1)]).is_err());
    }
}

//! The difference of `sub` and the greatest and least elements of `max` and `min`: element by element, without
//! broadcasting.

use ndarray::Zip;

use crate::diag::Code;
use crate::ops::field::{Field, arguments};
use crate::ops::forms::{CombiningForm, TWO_OR_MORE};
use crate::ops::onnx::{OnnxBuilder, ToOnnx};
use crate::ops::tools::counted_by_no_tool;
use crate::ops::torch::{ToTorch, Torch};
use crate::ops::{Arrays, Cost, Geometry, Number, OpError, Operator, Reuse, Spec, Written};
use crate::tensor::Shape;

/// The form `sub`.
pub(crate) static SUB: CombiningForm = CombiningForm {
    spec: Spec {
        name: "sub",
        summary: "Subtracts the second branch from the first, element by element; both have the same shape.",
        example: "input 8x8x4;\nsub < identity | conv 3x3x4 same >  -> 8x8x4;\n",
        rules: "There are two branches (E0215) of one shape (E0307).",
        cost: "one subtraction per element",
        since: "0.2",
        ..Spec::EMPTY
    },
    branches: 2..=2,
    operator: || Pairwise { joined: Joined::Difference }.into(),
};

/// The form `max`.
pub(crate) static MAX: CombiningForm = CombiningForm {
    spec: Spec {
        name: "max",
        summary: "The greatest of its branches, element by element; all have the same shape.",
        example: "input 8x8x4;\nmax < identity | conv 3x3x4 same >  -> 8x8x4;\n",
        cost: "one comparison per element for each operand beyond the first",
        since: "0.2",
        ..Spec::EMPTY
    },
    branches: TWO_OR_MORE,
    operator: || Pairwise { joined: Joined::Greatest }.into(),
};

/// The form `min`.
pub(crate) static MIN: CombiningForm = CombiningForm {
    spec: Spec {
        name: "min",
        summary: "The least of its branches, element by element; all have the same shape.",
        example: "input 8x8x4;\nmin < identity | conv 3x3x4 same >  -> 8x8x4;\n",
        cost: "one comparison per element for each operand beyond the first",
        since: "0.2",
        ..Spec::EMPTY
    },
    branches: TWO_OR_MORE,
    operator: || Pairwise { joined: Joined::Least }.into(),
};

/// The operation on the elements at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joined {
    /// The first minus the second; exactly two operands.
    Difference,
    /// The greatest; NaN if one is NaN.
    Greatest,
    /// The least; NaN if one is NaN.
    Least,
}

arguments! {
    /// A difference, or the greatest or least elements.
    pub struct Pairwise {
        /// The combination; it follows from the word.
        joined: Joined = Field::new(
            |_, bound| {
                Ok(match bound.spec().name {
                    "sub" => Joined::Difference,
                    "max" => Joined::Greatest,
                    _ => Joined::Least,
                })
            },
            |_, _, _| {},
        ),
    }
}

impl ToTorch for Pairwise {
    fn to_torch(&self, inputs: &[Shape], _output: Shape) -> Torch {
        let function = match self.joined {
            Joined::Difference => {
                let operands: Vec<String> =
                    (0..inputs.len()).map(|operand| format!("{{{operand}}}")).collect();
                return Torch::expression(&operands.join(" - "));
            }
            Joined::Greatest => "maximum",
            Joined::Least => "minimum",
        };
        let first = "{0}".to_owned();
        let text = (1..inputs.len())
            .fold(first, |so_far, operand| format!("torch.{function}({so_far}, {{{operand}}})"));
        Torch::expression(&text)
    }
}

impl ToOnnx for Pairwise {
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let operator = match self.joined {
            Joined::Difference => "Sub",
            Joined::Greatest => "Max",
            Joined::Least => "Min",
        };
        let operands = builder.operands();
        builder.chain(operator, &operands)
    }
}

impl Written for Pairwise {
    const SPECS: &'static [&'static Spec] = &[];

    fn spec(&self) -> &'static Spec {
        match self.joined {
            Joined::Difference => &SUB.spec,
            Joined::Greatest => &MAX.spec,
            Joined::Least => &MIN.spec,
        }
    }
}

impl Operator for Pairwise {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        let word = self.spec().name;
        if self.joined == Joined::Difference && inputs.len() != 2 {
            return Err(OpError::new(Code::E0215, "`sub` takes exactly two branches")
                .here(format!("{} branches", inputs.len())));
        }
        match inputs.iter().find(|&&other| other != inputs[0]) {
            Some(other) => Err(OpError::new(Code::E0307, "the branches have different shapes")
                .here(format!("{other} is combined with {}", inputs[0]))
                .note(format!("`{word}` never broadcasts"))),
            None => Ok(inputs[0]),
        }
    }

    fn cost(&self, inputs: &[Shape], output: Shape) -> Cost {
        let operations = u128::from(output.elements()) * (inputs.len() as u128 - 1);
        match self.joined {
            Joined::Difference => Cost { add: operations, ..Cost::default() },
            Joined::Greatest | Joined::Least => Cost { cmp: operations, ..Cost::default() },
        }
    }

    counted_by_no_tool!();

    fn geometry(&self, _input: Shape, _output: Shape) -> Geometry {
        Geometry::Pointwise
    }

    fn reuse(&self) -> Reuse {
        Reuse::InPlace
    }

    fn reference<N: Number>(&self, Arrays { inputs, mut output, .. }: Arrays<'_, N>) {
        output.assign(&inputs[0]);
        for input in &inputs[1..] {
            Zip::from(&mut output).and(input).for_each(|out, &x| {
                *out = match self.joined {
                    Joined::Difference => *out - x,
                    Joined::Greatest => out.max(x),
                    Joined::Least => out.min(x),
                };
            });
        }
    }
}

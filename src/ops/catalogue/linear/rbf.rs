//! `rbf`: LeNet's output layer, squared Euclidean distances to one code for each class.

use ndarray::IxDyn;

use crate::ops::field::{Arguments, Field, arguments};
use crate::ops::input::vector_of;
use crate::ops::onnx::{OnnxBuilder, OnnxValue, ToOnnx};
use crate::ops::tools::{WEIGHTS, rules};
use crate::ops::torch::{Helper, ToTorch, Torch};
use crate::ops::{
    Arrays, Cost, Counted, Default, Flag, Geometry, Init, Kind, Number, OpError, Operator, Parameter, Reuse,
    Role, Spec, Tool, Value, Written,
};
use crate::tensor::Shape;

/// The spec of `rbf`.
pub(crate) static SPEC: Spec = Spec {
    name: "rbf",
    trailing: false,
    summary: "Radial basis functions: squared distances of a vector to a code for each class (LeCun et al. 1998).",
    example: "input 84;\nrbf 10 fixed  -> 10;\n",
    cost: "classes·in subtractions, classes·in multiplications, classes·(in − 1) additions",
    ..Rbf::WRITTEN
};

arguments! {
    /// Squared distances to a code for each class.
    pub struct Rbf {
        /// Number of classes.
        classes: u64 = Field::value(&Value {
            name: "number of classes",
            kind: Kind::Count { min: 1 },
            default: Default::Required,
            doc: "the number of classes",
        }),
        /// Whether the codes are frozen.
        fixed: bool = Field::flag(&[Flag { name: "fixed", doc: "the codes are frozen; 10 classes of 84 elements have the built-in 7x12 bitmaps of the digits" }]),
    }
}

/// The class SquaredDistances of exported PyTorch files.
static DISTANCES: Helper = Helper {
    name: "SquaredDistances",
    source: r#"class SquaredDistances(nn.Module):
    """Squared Euclidean distances to a code for each class."""

    def __init__(
        self, in_features: int, out_features: int, fixed: bool = False
    ) -> None:
        super().__init__()
        codes = torch.randn(out_features, in_features)
        self.weight = nn.Parameter(codes, requires_grad=not fixed)

    def forward(self, x: Tensor) -> Tensor:
        return (x[:, None] - self.weight).square().sum(dim=2)"#,
};

impl ToTorch for Rbf {
    fn to_torch(&self, inputs: &[Shape], _output: Shape) -> Torch {
        Torch::helper(&DISTANCES)
            .positional("in_features", inputs[0].channels())
            .positional("out_features", self.classes)
            .optional("fixed", self.fixed, false)
    }
}

impl ToOnnx for Rbf {
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let (input, axis) = (builder.operand(), builder.integers(&[1]));
        let row = builder.join("Unsqueeze", &input, &axis);
        let codes = builder.stored(0);
        let difference = builder.join("Sub", &row, &codes);
        builder.remark("codes");
        let square = builder.join("Mul", &difference, &difference);
        let axis = builder.integers(&[2]);
        let distances = builder.node("ReduceSum", &[square, axis], vec![("keepdims", OnnxValue::Int(0))]);
        if self.fixed {
            builder.remark("fixed");
        }
        distances
    }
}

impl Written for Rbf {
    const SPECS: &'static [&'static Spec] = &[&SPEC];
}

impl Operator for Rbf {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        vector_of("rbf", inputs[0])?;
        Ok(Shape::Vector(self.classes))
    }

    fn parameters(&self, inputs: &[Shape]) -> Vec<Parameter> {
        let elements = inputs[0].elements();
        let mut codes = Parameter::weight(&[self.classes, elements], elements);
        if self.fixed {
            codes.role = Role::Frozen;
            if (self.classes, elements) == (10, 84) {
                codes.init = Init::DigitCodes;
            }
        }
        vec![codes]
    }

    fn cost(&self, inputs: &[Shape], _output: Shape) -> Cost {
        let (classes, elements) = (u128::from(self.classes), u128::from(inputs[0].elements()));
        Cost {
            add: classes * (2 * elements - 1),
            mul: classes * elements,
            connections: classes * elements,
            ..Cost::default()
        }
    }

    fn counted(&self, inputs: &[Shape], _output: Shape) -> Vec<Counted> {
        let weights = u128::from(self.classes) * u128::from(inputs[0].elements());
        rules([(Tool::Torchinfo, WEIGHTS, weights)])
    }

    fn geometry(&self, _input: Shape, _output: Shape) -> Geometry {
        Geometry::Whole
    }

    fn reuse(&self) -> Reuse {
        Reuse::Fresh
    }

    fn reference<N: Number>(&self, Arrays { inputs, parameters, mut output }: Arrays<'_, N>) {
        for (class, out) in output.iter_mut().enumerate() {
            let mut sum: Option<N> = None;
            for (element, &x) in inputs[0].iter().enumerate() {
                let difference = x - parameters[0][IxDyn(&[class, element])];
                let square = difference * difference;
                sum = Some(sum.map_or(square, |sum| sum + square));
            }
            *out = sum.unwrap_or(N::from_f64(0.0));
        }
    }
}

/// The digits as 7×12 bitmaps in the manner of LeCun et al. 1998, figure 3: `#` is +1, `.` is −1.
const DIGITS: [[&str; 12]; 10] = [
    [
        ".#####.", ".......", "..###..", ".##.##.", "##...##", "##...##", "##...##", "##...##", ".##.##.",
        "..###..", ".......", ".......",
    ],
    [
        "...##..", "..###..", ".####..", "...##..", "...##..", "...##..", "...##..", "...##..", "...##..",
        ".######", ".......", ".......",
    ],
    [
        ".#####.", ".......", ".#####.", "##...##", "#....##", "....##.", "..###..", ".##....", "##.....",
        "#######", ".......", ".......",
    ],
    [
        "#######", ".....##", "....##.", "...##..", "..####.", ".....##", ".....##", ".....##", "##...##",
        ".#####.", ".......", ".......",
    ],
    [
        ".#####.", ".......", ".......", ".##..##", ".##..##", "###..##", "##...##", "##...##", "##..###",
        ".######", ".....##", ".....##",
    ],
    [
        ".#####.", ".......", "#######", "##.....", "##.....", ".####..", "..####.", ".....##", "##...##",
        ".#####.", ".......", ".......",
    ],
    [
        "..####.", ".##....", "##.....", "##.....", "######.", "###..##", "##...##", "##...##", "###..##",
        ".#####.", ".......", ".......",
    ],
    [
        "#######", ".....##", ".....##", "....##.", "...##..", "...##..", "..##...", "..##...", "..##...",
        "..##...", ".......", ".......",
    ],
    [
        ".#####.", "##...##", "##...##", "##...##", ".#####.", "##...##", "##...##", "##...##", "##...##",
        ".#####.", ".......", ".......",
    ],
    [
        ".#####.", "##..###", "##...##", "##...##", "##..###", ".######", ".....##", ".....##", "....##.",
        ".####..", ".......", ".......",
    ],
];

/// The values of [`Init::DigitCodes`], 10 × 84, row by row from the top of each bitmap.
pub fn digit_codes() -> Vec<f32> {
    let pixels = DIGITS.iter().flatten().flat_map(|row| row.bytes());
    pixels.map(|pixel| if pixel == b'#' { 1.0 } else { -1.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_ten_different_bitmaps() {
        let codes = digit_codes();
        assert_eq!(codes.len(), 840);
        let rows: Vec<&[f32]> = codes.chunks(84).collect();
        for (index, row) in rows.iter().enumerate() {
            assert!(rows[..index].iter().all(|other| other != row), "digit {index} repeats another");
        }
    }
}

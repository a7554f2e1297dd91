//! `dense`: the fully-connected layer.

use ndarray::IxDyn;

use crate::ops::catalogue::weighted::{self, BIAS};
use crate::ops::field::{Arguments, Field, arguments};
use crate::ops::input::vector_of;
use crate::ops::onnx::{OnnxBuilder, OnnxValue, ToOnnx};
use crate::ops::tools::{BIAS as BIAS_RULE, DENSE_BIAS, nothing, rules};
use crate::ops::torch::{ToTorch, Torch};
use crate::ops::{
    Arrays, Cost, Counted, Default, Geometry, Kind, Number, OpError, Operator, Parameter, Product, Reuse,
    Spec, Tool, Value, Written,
};
use crate::tensor::Shape;

/// The spec of `dense`.
pub(crate) static SPEC: Spec = Spec {
    name: "dense",
    trailing: false,
    summary: "Fully-connected layer: every output is a weighted sum of all elements of a vector.",
    example: "input 5x5x16;\nflatten         -> 400;\ndense 120 tanh  -> 120;\n",
    rules: "Takes a vector: `flatten` makes one of a map.",
    cost: "macs = out × in; one addition for each output with a bias",
    ..Dense::WRITTEN
};

arguments! {
    /// A fully-connected layer.
    pub struct Dense {
        /// Number of outputs.
        outputs: u64 = Field::value(&Value {
            name: "number of outputs",
            kind: Kind::Count { min: 1 },
            default: Default::Required,
            doc: "the number of outputs",
        }),
        /// Whether a bias is added.
        bias: bool = BIAS,
    }
}

impl ToTorch for Dense {
    fn to_torch(&self, inputs: &[Shape], _output: Shape) -> Torch {
        Torch::module("nn.Linear")
            .positional("in_features", inputs[0].channels())
            .positional("out_features", self.outputs)
            .optional("bias", self.bias, true)
    }
}

impl ToOnnx for Dense {
    fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
        let mut inputs = vec![builder.operand()];
        inputs.extend((0..builder.parameters().len()).map(|index| builder.stored(index)));
        builder.node("Gemm", &inputs, vec![("transB", OnnxValue::Int(1))])
    }
}

impl Written for Dense {
    const SPECS: &'static [&'static Spec] = &[&SPEC];
}

impl Operator for Dense {
    fn infer(&self, inputs: &[Shape]) -> Result<Shape, OpError> {
        vector_of("dense", inputs[0])?;
        Ok(Shape::Vector(self.outputs))
    }

    fn parameters(&self, inputs: &[Shape]) -> Vec<Parameter> {
        let fan_in = inputs[0].elements();
        weighted::parameters(&[self.outputs, fan_in], fan_in, self.bias.then_some(self.outputs))
    }

    fn cost(&self, inputs: &[Shape], _output: Shape) -> Cost {
        let macs = Product::new(&[self.outputs], &[inputs[0].elements()]);
        let useful = macs.value();
        weighted::cost(macs, useful, self.bias.then_some(self.outputs.into()))
    }

    fn counted(&self, _inputs: &[Shape], output: Shape) -> Vec<Counted> {
        if !self.bias {
            return nothing();
        }
        let outputs = u128::from(output.elements());
        rules([(Tool::Ptflops, BIAS_RULE, outputs), (Tool::Torchinfo, DENSE_BIAS, outputs)])
    }

    fn geometry(&self, _input: Shape, _output: Shape) -> Geometry {
        Geometry::Whole
    }

    fn reuse(&self) -> Reuse {
        Reuse::Fresh
    }

    fn reference<N: Number>(&self, Arrays { inputs, parameters, mut output }: Arrays<'_, N>) {
        for (index, out) in output.iter_mut().enumerate() {
            let mut sum = N::from_f64(0.0);
            for (element, &x) in inputs[0].iter().enumerate() {
                sum = sum.mac(x, parameters[0][IxDyn(&[index, element])]);
            }
            *out = if self.bias { sum + parameters[1][IxDyn(&[index])] } else { sum };
        }
    }
}

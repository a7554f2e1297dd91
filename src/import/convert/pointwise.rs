//! Converts activations and other functions of single elements.

use super::super::fold::Derivation;
use super::super::op::Argument;
use super::super::refusal::Reason;
use super::super::tensor::Tensor;
use super::super::values::ElementType;
use super::names::SLOPE;
use super::reader::Reader;
use super::{Converter, Draft, Known};

/// Kinds of nodes without attributes, and their words.
const PLAIN: &[(&str, &str)] = &[
    ("Relu", "relu"),
    ("Sigmoid", "sigmoid"),
    ("Tanh", "tanh"),
    ("HardSwish", "hswish"),
    ("Mish", "mish"),
    ("Softplus", "softplus"),
    ("Softsign", "softsign"),
    ("Abs", "abs"),
    ("Sqrt", "sqrt"),
    ("Exp", "exp"),
    ("Log", "log"),
    ("Neg", "neg"),
    ("Erf", "erf"),
    ("Reciprocal", "reciprocal"),
];

/// The parameters of SELU (Klambauer et al. 2017) as ONNX states them.
const SELU: (f64, f64) = (1.673_263_242_354_377_2, 1.050_700_987_355_480_5);

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * b.abs().max(1.0)
}

impl<'a> Converter<'a> {
    /// Converts a node of a kind that has no other rule.
    pub(super) fn activation(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        let kind = node.node.kind.as_str();
        if let Some((_, word)) = PLAIN.iter().find(|(known, _)| *known == kind) {
            if self.opset < 6 {
                node.ignore("consumed_inputs");
            }
            return self.pointwise(node, word, vec![]);
        }
        let value =
            |value: f64, default: f64| if value == default { vec![] } else { vec![Argument::Real(value)] };
        match kind {
            "LeakyRelu" => {
                let alpha = node.float("alpha", 0.01)?;
                self.pointwise(node, "leaky", value(alpha, 0.01))
            }
            "Elu" => {
                let alpha = node.float("alpha", 1.0)?;
                self.pointwise(node, "elu", value(alpha, 1.0))
            }
            "Celu" => {
                let alpha = node.float("alpha", 1.0)?;
                self.pointwise(node, "celu", value(alpha, 1.0))
            }
            "Selu" => {
                let (alpha, gamma) = (node.float("alpha", SELU.0)?, node.float("gamma", SELU.1)?);
                if !near(alpha, SELU.0) || !near(gamma, SELU.1) {
                    return Err(
                        format!("`alpha` and `gamma` are {alpha} and {gamma}: not those of SELU").into()
                    );
                }
                self.pointwise(node, "selu", vec![])
            }
            "HardSigmoid" => {
                let (alpha, beta) = (node.float("alpha", 0.2)?, node.float("beta", 0.5)?);
                if beta != 0.5 {
                    return Err(format!("`beta` is {beta}: the language has 0.5").into());
                }
                let arguments = if near(alpha, 1.0 / 6.0) { vec![] } else { vec![Argument::Real(alpha)] };
                self.pointwise(node, "hsigmoid", arguments)
            }
            "Gelu" => match node.text("approximate", "none")? {
                "none" => self.pointwise(node, "gelu", vec![]),
                "tanh" => self.pointwise(node, "gelu", vec![Argument::Flag("approx")]),
                other => Err(format!("`approximate` is `{other}`").into()),
            },
            "Swish" => {
                let alpha = node.float("alpha", 1.0)?;
                if alpha == 1.0 {
                    return self.pointwise(node, "silu", vec![]);
                }
                if near(alpha, 1.702) {
                    return self.pointwise(node, "quickgelu", vec![]);
                }
                Err(format!("`alpha` is {alpha}: the language has 1 and 1.702").into())
            }
            _ => Err("the language has no such operator".into()),
        }
    }

    pub(super) fn softmax(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        let view = self.view(node, 0)?;
        let view = self.laid(node, view)?;
        let word = if node.node.kind == "Softmax" { "softmax" } else { "logsoftmax" };
        // Before opset 13, all axes from `axis` on were normalised together.
        let (axis, to_end) =
            if self.opset >= 13 { (node.int("axis", -1)?, false) } else { (node.int("axis", 1)?, true) };
        self.must_be_channels(&view, axis, to_end)?;
        let value = self.emit(node, Draft::new(word, vec![view.value]))?;
        self.set(node, 0, view.of(value));
        Ok(())
    }

    pub(super) fn prelu(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        let view = self.view(node, 0)?;
        let slope = self.tensor(node, 1, "slope")?.ok_or("its slope is missing")?;
        let shared = slope.elements() == 1;
        if !shared {
            self.per_channel(&view, &slope)?;
        }
        let key = self.key(node, &[(Some(&slope), SLOPE)]);
        let dims = vec![slope.elements()];
        let slope = Tensor::derived(Derivation::Reshape(dims), vec![slope], self.storage)?;
        let one = self.network.shape(view.value).channels() == 1;
        let arguments = if shared && !one { vec![Argument::Flag("shared")] } else { vec![] };
        let draft = Draft {
            word: "prelu",
            arguments,
            inputs: vec![view.value],
            key,
            tensors: vec![("weight", slope)],
        };
        let value = self.emit(node, draft)?;
        self.set(node, 0, view.of(value));
        Ok(())
    }

    pub(super) fn clip(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        let limit = |name: &str, input: usize| -> Result<Option<f64>, Reason> {
            if node.has(name) {
                return node.float(name, 0.0).map(Some);
            }
            match self.tensor(node, input, "limit")? {
                None => Ok(None),
                Some(tensor) => {
                    Ok(Some(tensor.scalar(self.storage)?.ok_or("its limit is no single number")?))
                }
            }
        };
        let (low, high) = (limit("min", 1)?, limit("max", 2)?);
        let low = low.filter(|&low| low > -3e38);
        let high = high.filter(|&high| high < 3e38);
        match (low, high) {
            (None, None) => self.passes(node),
            (Some(0.0), Some(6.0)) => self.pointwise(node, "relu6", vec![]),
            (Some(0.0), None) => self.pointwise(node, "relu", vec![]),
            (Some(low), Some(high)) if low > high => Err(format!("it clips to {low} … {high}").into()),
            (Some(-1.0), Some(1.0)) => self.pointwise(node, "hardtanh", vec![]),
            (low, high) => {
                let low = low.map(|low| Argument::Named("min", low));
                let high = high.map(|high| Argument::Named("max", high));
                self.pointwise(node, "clip", low.into_iter().chain(high).collect())
            }
        }
    }

    pub(super) fn dropout(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        if node.has_output(1) {
            return Err("its mask is asked for".into());
        }
        node.ignore("seed");
        node.ignore("is_test");
        node.ignore("consumed_inputs");
        if let Some(training) = self.tensor(node, 2, "training mode")?
            && training.scalar(self.storage)? != Some(0.0)
        {
            return Err("it is in training mode".into());
        }
        let ratio = match self.tensor(node, 1, "ratio")? {
            Some(ratio) => ratio.scalar(self.storage)?.ok_or("its ratio is no single number")?,
            None => node.float("ratio", 0.5)?,
        };
        if !(0.0..1.0).contains(&ratio) {
            return Err(format!("its ratio is {ratio}").into());
        }
        let ratio = super::reader::written(ratio as f32);
        self.pointwise(node, "dropout", vec![Argument::Real(ratio)])
    }

    /// Converts a node whose output equals its input.
    pub(super) fn passes(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        if node.node.kind == "Cast" {
            let to = node.int("to", 1)?;
            let float = super::super::values::ElementType::of(to).is_some_and(|element| element.is_float());
            if !float {
                return Err(format!("it casts to the type {to}, which is no floating-point type").into());
            }
            node.ignore("saturate");
            node.ignore("round_mode");
        }
        if node.node.kind == "CastLike" {
            node.input(1);
            node.ignore("saturate");
            node.ignore("round_mode");
            // A cast of a constant; values of the network are floating-point already.
            if let super::Operand::Tensor(tensor) = self.operand(node, 0)? {
                let cast = Derivation::Cast(ElementType::F32);
                let tensor = Tensor::derived(cast, vec![tensor], self.storage)?;
                if let Some(name) = node.node.outputs.first() {
                    self.known.insert(name, super::Known::Tensor(tensor));
                }
                return Ok(());
            }
        }
        let view = self.view(node, 0)?;
        if let Some(name) = node.node.outputs.first() {
            self.known.insert(name, Known::View(view));
        }
        Ok(())
    }

    pub(super) fn power(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        let exponent = self.tensor(node, 1, "exponent")?.ok_or("its exponent is missing")?;
        match exponent.scalar(self.storage)? {
            Some(2.0) => self.pointwise(node, "square", vec![]),
            Some(0.5) => self.pointwise(node, "sqrt", vec![]),
            Some(1.0) => self.passes(node),
            Some(other) => self.pointwise(node, "pow", vec![Argument::Real(other)]),
            None => Err("its exponent is no single number".into()),
        }
    }
}

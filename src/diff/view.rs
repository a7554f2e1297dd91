//! The comparison as data, in the form of the JSON of `cnnc diff --format json`. Every other form is drawn from it.

use serde::Serialize;

use crate::analysis::budget::{Budget, used};
use crate::analysis::{COST_MODEL, Checked, Metric, Unit};

use super::side::NODE_METRICS;
use super::signed::amount;

/// The version of the JSON; a field that changes its meaning or goes raises it.
pub const SCHEMA_VERSION: u32 = 1;

/// Two versions of one or several networks.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DiffReport {
    /// The version of this structure.
    pub schema_version: u32,
    /// The definitions behind the figures.
    pub cost_model: String,
    /// The old version, as it was named.
    pub old: String,
    /// The new version, as it was named.
    pub new: String,
    /// What does not compile, or breaks what it expects; the new version first.
    pub failed: Vec<FailedNetwork>,
    /// The networks of both versions.
    pub networks: Vec<NetworkDiff>,
    /// The networks of the new version only.
    pub added: Vec<NetworkFigures>,
    /// The networks of the old version only.
    pub removed: Vec<NetworkFigures>,
    /// The gates that changes went beyond.
    pub broken: Vec<Broken>,
    /// The budgets of the project, and what the networks of the new version use of them.
    pub budgets: Vec<BudgetUse>,
}

/// A budget of the project, and what a network of the new version uses of it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BudgetUse {
    /// The network's file.
    pub file: String,
    /// The network.
    pub network: String,
    /// The metric, behind the part that it is of: `params`, `layer3.params`.
    pub budget: String,
    /// The limit, rounded down.
    pub limit: u128,
    /// What is used of it.
    pub used: u128,
    /// Whether the figures are bytes.
    pub bytes: bool,
}

impl BudgetUse {
    /// What a network uses of a budget; `None` where it has no such figure or no such part.
    pub fn of(file: &str, checked: &Checked, budget: &Budget) -> Option<BudgetUse> {
        let (number, divisor) = budget.limit;
        Some(BudgetUse {
            file: file.to_owned(),
            network: checked.graph().name().to_owned(),
            budget: budget.name(),
            limit: u128::try_from(number).unwrap_or(0) / divisor.max(1),
            used: used(checked, budget)?,
            bytes: budget.metric.unit() == Unit::Bytes,
        })
    }

    /// `38.3 k left (38.3 %)`, or `1.20 k over`.
    pub(super) fn rest(&self) -> String {
        let amount = amount(self.limit.abs_diff(self.used), self.bytes);
        if self.used > self.limit {
            return format!("{amount} over");
        }
        let percent = (self.limit - self.used) as f64 / self.limit.max(1) as f64 * 100.0;
        format!("{amount} left ({:.1} %)", (percent * 10.0).floor() / 10.0)
    }
}

/// A network, or a whole file, with an error.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FailedNetwork {
    /// `old` or `new`.
    pub version: String,
    /// Its name; none where the error is not within a network.
    pub network: Option<String>,
    /// Whether it compiles all the same, such as one that breaks an `expect`: then it is compared, too.
    pub compiles: bool,
    /// The file of the first error.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// The headline of the first error.
    pub message: String,
}

impl FailedNetwork {
    /// `does not compile`, with the version where it is the old one.
    pub(super) fn verb(&self) -> &'static str {
        match (self.compiles, self.version == "new") {
            (true, true) => "breaks what it expects",
            (true, false) => "broke before what it expects",
            (false, true) => "does not compile",
            (false, false) => "did not compile before, so that it counts as new",
        }
    }

    /// The network, or the file where the error is in none.
    pub(super) fn subject(&self) -> &str {
        self.network.as_deref().unwrap_or(&self.file)
    }
}

/// A network of one version only.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NetworkFigures {
    /// Its file.
    pub file: String,
    /// Its name.
    pub network: String,
    /// Trainable elements.
    pub params: u128,
    /// Multiply-accumulates for one picture.
    pub macs: u128,
}

/// A change that went beyond a gate.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Broken {
    /// The network.
    pub network: String,
    /// The gate as it was written.
    pub gate: String,
    /// The metric.
    #[cfg_attr(test, schemars(with = "String"))]
    pub metric: Metric,
    /// Its old value.
    pub old: u128,
    /// Its new value.
    pub new: u128,
}

/// Two versions of a network.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NetworkDiff {
    /// The file of the new version.
    pub file: String,
    /// The network's name in the new version.
    pub network: String,
    /// Whether any layer or figure differs.
    pub changed: bool,
    /// The shapes of the inputs and of the output `out` before.
    pub old_shapes: ShapesView,
    /// The shapes of the inputs and of the output `out` now.
    pub new_shapes: ShapesView,
    /// The figures of the network, in the order of the reference.
    pub totals: Vec<FigureChange>,
    /// What caused the differences, by place.
    pub edits: Vec<EditView>,
    /// The differences that several edits cause together.
    pub together: Vec<TogetherView>,
    /// The layers that differ, in the order of the new version; removed ones stand where they were.
    pub layers: Vec<LayerChange>,
    /// How many layers differ in nothing but an automatic name.
    pub renumbered: usize,
    /// How many layers differ in their receptive field only.
    pub receptive_only: usize,
}

/// The shapes at the ends of a network: `[h, w, c]` or `[n]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ShapesView {
    /// The inputs in source order.
    pub inputs: Vec<Vec<u64>>,
    /// The output `out`.
    pub out: Option<Vec<u64>>,
}

/// A figure before and now.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FigureChange {
    /// The metric.
    #[cfg_attr(test, schemars(with = "String"))]
    pub metric: Metric,
    /// The value before.
    pub old: u128,
    /// The value now.
    pub new: u128,
    /// The difference.
    pub change: i128,
    /// The size of the difference in percent of the old value, with its sign; none where that is 0.
    pub percent: Option<f64>,
}

/// An edit of the source.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EditView {
    /// `changed`, `added` or `removed`.
    pub kind: String,
    /// The file; of a removed layer that of the old version.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// What was done, such as `filters 64 → 96`.
    pub text: String,
    /// How many layers it touches itself.
    pub touched: usize,
    /// What differs because of it alone.
    #[serde(flatten)]
    pub change: ChangeView,
}

/// What several edits cause together.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TogetherView {
    /// The edits, by position.
    pub edits: Vec<usize>,
    /// What differs because of them.
    #[serde(flatten)]
    pub change: ChangeView,
}

/// What edits cause.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ChangeView {
    /// How many layers differ because of the edits.
    pub layers: usize,
    /// The difference of the parameters in these layers.
    pub params: i128,
    /// The difference of the multiply-accumulates in these layers.
    pub macs: i128,
    /// The difference of the bytes of the values of these layers.
    pub activation_bytes: i128,
}

impl ChangeView {
    /// Adds a layer by its differences, in the order of [`NODE_METRICS`].
    pub(super) fn add_layer(&mut self, [params, macs, activation_bytes]: [i128; NODE_METRICS.len()]) {
        self.layers += 1;
        self.params += params;
        self.macs += macs;
        self.activation_bytes += activation_bytes;
    }
}

/// A layer that differs.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LayerChange {
    /// `changed`, `added` or `removed`.
    pub kind: String,
    /// Its path in the new version; of a removed layer in the old one.
    pub name: String,
    /// Its path in the old version, where that differs.
    pub old_name: Option<String>,
    /// The word that it is written with.
    pub op: String,
    /// What is written otherwise.
    pub attributes: Vec<AttributeChange>,
    /// The shape before; none for an added layer.
    pub old_shape: Option<Vec<u64>>,
    /// The shape now; none for a removed layer.
    pub new_shape: Option<Vec<u64>>,
    /// The figures that differ: `params`, `macs`, `activation_bytes`, `receptive_field`.
    pub figures: Vec<FigureChange>,
    /// The edits that reach it, by position.
    pub edits: Vec<usize>,
    /// The file that it is written in.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// An attribute before and now.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AttributeChange {
    /// Its name.
    pub name: String,
    /// The value before.
    pub old: String,
    /// The value now.
    pub new: String,
}

impl NetworkFigures {
    /// The figures of a network.
    pub fn of(file: &str, checked: &Checked) -> NetworkFigures {
        NetworkFigures {
            file: file.to_owned(),
            network: checked.graph().name().to_owned(),
            params: checked.totals().elements.params,
            macs: checked.totals().macs,
        }
    }
}

impl DiffReport {
    /// A comparison without networks yet.
    pub fn new(old: &str, new: &str) -> DiffReport {
        DiffReport {
            schema_version: SCHEMA_VERSION,
            cost_model: COST_MODEL.to_owned(),
            old: old.to_owned(),
            new: new.to_owned(),
            failed: Vec::new(),
            networks: Vec::new(),
            added: Vec::new(),
            removed: Vec::new(),
            broken: Vec::new(),
            budgets: Vec::new(),
        }
    }
}

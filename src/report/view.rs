//! The report as data: the JSON of `cnnc report --format json`.

use serde::Serialize;

use crate::analysis::{COST_MODEL, Checked, Dtype, Fraction, Metric, Receptive, Status};
use crate::base::SourceMap;
use crate::ir::{Node, NodeId};
use crate::ops::Operator;
use crate::tensor::Shape;

use super::preprocessing::Preprocessing;
use super::sums::Sums;

/// The version of the JSON; a field that changes its meaning or goes raises it.
pub const SCHEMA_VERSION: u32 = 1;

/// What the figures are for.
#[derive(Clone, Copy, Debug)]
pub struct ReportSettings {
    /// The type of weights and values.
    pub dtype: Dtype,
    /// Pictures at once: multiplies activation bytes, MACs and FLOPs.
    pub batch: u64,
}

impl Default for ReportSettings {
    fn default() -> ReportSettings {
        ReportSettings { dtype: Dtype::F32, batch: 1 }
    }
}

/// The report of a network.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Report {
    /// The version of this structure.
    pub schema_version: u32,
    /// The definitions behind the figures.
    pub cost_model: String,
    /// The network's name.
    pub network: String,
    /// The type of weights and values: `f32`, `f16` or `int8`.
    pub dtype: String,
    /// Pictures at once.
    pub batch: u64,
    /// The inputs in source order.
    pub inputs: Vec<Port>,
    /// The output `out`, then the `aux` outputs.
    pub outputs: Vec<OutputPort>,
    /// The rows in source order.
    pub layers: Vec<Layer>,
    /// The sums over the rows that are run.
    pub totals: NetworkTotals,
    /// The sums over the rows of `aux train` branches, which `totals` leaves out.
    pub totals_train_only: Sums,
}

/// An input.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Port {
    /// Its name.
    pub name: String,
    /// `[h, w, c]` or `[n]`.
    pub shape: Vec<u64>,
    /// How a picture becomes it, where the network says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<Preprocessing>,
}

/// An output.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OutputPort {
    /// `out`, or the name of an `aux`.
    pub name: String,
    /// The row or input that gives it.
    pub layer: String,
    /// `[h, w, c]` or `[n]`.
    pub shape: Vec<u64>,
    /// Whether it serves training only.
    pub train_only: bool,
}

/// One row.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Layer {
    /// Its path.
    pub name: String,
    /// The word that it was written with.
    pub op: String,
    /// The rows and inputs that feed it, in the order of its ports.
    pub inputs: Vec<String>,
    /// The shapes of what feeds it, each `[h, w, c]` or `[n]`, in the order of its ports.
    pub input_shapes: Vec<Vec<u64>>,
    /// `[h, w, c]` or `[n]`.
    pub shape: Vec<u64>,
    /// The window that it slides, `[height, width]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<[u64; 2]>,
    /// The stride of the window, `[down, across]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stride: Option<[u64; 2]>,
    /// Its counts.
    #[serde(flatten)]
    pub counts: Sums,
    /// Which part of the input a position sees.
    pub receptive_field: ReceptiveView,
    /// Whether it serves training only.
    pub train_only: bool,
    /// The row whose parameters it takes (`shared`); it has none of its own then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shares: Option<String>,
    /// Where it is written.
    pub source: SourceView,
}

/// The totals of a network.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NetworkTotals {
    /// The sums over its rows.
    #[serde(flatten)]
    pub sums: Sums,
    /// Memory for values while it runs.
    pub peak_memory: MemoryView,
    /// Layers with weights on the longest path.
    pub depth: u64,
    /// Pixels of the receptive field of `out`, along its longer side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receptive_field: Option<u128>,
}

/// Activation memory in bytes, in source order.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MemoryView {
    /// High-water mark of the planned offsets.
    pub planned: u128,
    /// The largest sum of values that live at once.
    pub lower_bound: u128,
    /// All values, without reuse.
    pub naive: u128,
    /// The row that runs at the lower bound's peak.
    pub at: Option<String>,
    /// The values that live at the peak.
    pub live: Vec<LiveView>,
}

/// A value that lives at the peak.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LiveView {
    /// Its row or input.
    pub name: String,
    /// Its bytes.
    pub bytes: u128,
}

/// A receptive field; `[height, width]` throughout.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ReceptiveView {
    /// Pixels of the input from the first to the last that a position sees, at the position where they are most.
    pub size: [u128; 2],
    /// Behind enlarged values, where `status` is `by-position`: the pixels at the position that sees fewest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least: Option<[u128; 2]>,
    /// Beside `least`: the same as `size`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub greatest: Option<[u128; 2]>,
    /// Pixels from one position to the next.
    pub stride: [f64; 2],
    /// Pixels beyond the border at the first position.
    pub padding: [f64; 2],
    /// `exact`, `by-position`, `whole` or `misaligned`.
    pub status: &'static str,
}

/// Where a row is written.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SourceView {
    /// The file, with `/` between its parts.
    pub file: String,
    /// Counted from 1.
    pub line: u32,
    /// Counted from 1, in characters.
    pub column: u32,
    /// The block calls and copies that led there, innermost first.
    pub expansion: Vec<RowExpansionView>,
}

/// A block call or a copy of a repetition.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RowExpansionView {
    /// The block that was called.
    pub block: Option<String>,
    /// The line of the call or repetition.
    pub line: u32,
    /// Its column.
    pub column: u32,
    /// Which copy, from 1.
    pub copy: Option<u64>,
    /// Of how many.
    pub copies: Option<u64>,
}

impl Report {
    /// The report of a network.
    pub fn of(checked: &Checked, sources: &SourceMap, settings: ReportSettings) -> Report {
        let graph = checked.graph();
        let inputs = graph.inputs().map(|(_, node)| Port {
            name: node.path.clone(),
            shape: node.shape.dims(),
            picture: Preprocessing::of(node),
        });
        let outputs = graph.outputs().iter().map(|output| {
            let node = graph.node(output.node);
            OutputPort {
                name: output.name.clone(),
                layer: shown_source(checked, output.node),
                shape: node.shape.dims(),
                train_only: output.train_only,
            }
        });
        let layers = graph.layers().map(|(id, node)| layer(checked, id, node, sources, settings));
        let memory = checked.memory_for(settings.dtype, settings.batch);
        let live =
            memory.live.iter().map(|live| LiveView { name: live.path.clone(), bytes: live.bytes }).collect();
        Report {
            schema_version: SCHEMA_VERSION,
            cost_model: COST_MODEL.to_owned(),
            network: graph.name().to_owned(),
            dtype: settings.dtype.name().to_owned(),
            batch: settings.batch,
            inputs: inputs.collect(),
            outputs: outputs.collect(),
            layers: layers.collect(),
            totals: NetworkTotals {
                sums: Sums::of(checked.totals(), settings.dtype, settings.batch),
                peak_memory: MemoryView {
                    planned: memory.planned,
                    lower_bound: memory.lower_bound,
                    naive: memory.naive,
                    at: memory.peak.map(|id| graph.node(id).path.clone()),
                    live,
                },
                depth: checked.depth(),
                receptive_field: Metric::ReceptiveField.of_network(checked),
            },
            totals_train_only: Sums::of(checked.totals_train_only(), settings.dtype, settings.batch),
        }
    }
}

/// The row or input behind a value: a slice is shown as what it is a slice of.
fn shown_source(checked: &Checked, id: NodeId) -> String {
    let graph = checked.graph();
    let node = graph.node(id);
    match (node.is_layer, node.op(), graph.operands(id).first()) {
        (false, Some(_), Some(&operand)) => shown_source(checked, operand),
        _ => node.path.clone(),
    }
}

fn layer(checked: &Checked, id: NodeId, node: &Node, sources: &SourceMap, settings: ReportSettings) -> Layer {
    let at = sources.location(node.span);
    let expansion = node.trace.innermost_first().map(|expansion| {
        let call = sources.location(expansion.call);
        RowExpansionView {
            block: expansion.block.as_ref().map(|block| block.to_string()),
            line: call.line,
            column: call.column,
            copy: expansion.copy.map(|(copy, _)| copy),
            copies: expansion.copy.map(|(_, copies)| copies),
        }
    });
    let operands = checked.graph().operand_shapes(id);
    let windows =
        node.op().zip(operands.first()).and_then(|(op, input)| op.geometry(*input, node.shape).windows());
    Layer {
        name: node.path.clone(),
        op: node.word.to_owned(),
        inputs: checked
            .graph()
            .operands(id)
            .into_iter()
            .map(|operand| shown_source(checked, operand))
            .collect(),
        input_shapes: operands.iter().map(Shape::dims).collect(),
        shape: node.shape.dims(),
        kernel: windows.map(|(rows, columns)| [rows.kernel, columns.kernel]),
        stride: windows.map(|(rows, columns)| [rows.stride, columns.stride]),
        counts: Sums::of(checked.layer_totals(id), settings.dtype, settings.batch),
        receptive_field: receptive(checked.receptive(id)),
        train_only: node.train_only,
        shares: node.shares.map(|owner| checked.graph().node(owner).path.clone()),
        source: SourceView {
            file: sources.name(node.span.file).replace('\\', "/"),
            line: at.line,
            column: at.column,
            expansion: expansion.collect(),
        },
    }
}

fn receptive(receptive: &Receptive) -> ReceptiveView {
    let both = |of: fn(&crate::analysis::Axis) -> Fraction| {
        [of(&receptive.rows).to_f64(), of(&receptive.columns).to_f64()]
    };
    let size = [receptive.rows.size, receptive.columns.size];
    let differs = receptive.status == Status::ByPosition;
    ReceptiveView {
        size,
        least: differs.then_some([receptive.rows.least, receptive.columns.least]),
        greatest: differs.then_some(size),
        stride: both(|axis| axis.stride),
        padding: both(|axis| axis.padding),
        status: receptive.status.name(),
    }
}

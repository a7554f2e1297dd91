//! Bounds of the time that a network takes on a device, layer by layer and as a whole, and its bytes for each
//! type. They are bounds, never predictions.

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::analysis::roofline::{Device, Work, whole, work};
use crate::analysis::{COST_MODEL, Checked, Dtype};

use super::numbers::{Figures, bytes, count};
use super::sums::Sums;
use super::view::ReportSettings;

/// The version of the JSON; a field that changes its meaning or goes raises it.
pub const SCHEMA_VERSION: u32 = 1;

/// Bounds for a device.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EstimateReport {
    /// The version of this structure.
    pub schema_version: u32,
    /// The definitions behind the figures.
    pub cost_model: String,
    /// The network's name.
    pub network: String,
    /// The device's name.
    pub device: String,
    /// Where the figures of the device come from.
    pub source: String,
    /// Operations of the device in a second; a multiply-accumulate is two.
    pub peak: f64,
    /// Bytes from and to its memory in a second.
    pub bandwidth: f64,
    /// The type of weights and values: `f32`, `f16` or `int8`.
    pub dtype: String,
    /// Pictures at once.
    pub batch: u64,
    /// The seconds that the layers take at least, one after the other: the sum of their bounds.
    pub bound_layer_by_layer: f64,
    /// The seconds that the network takes at least, however its layers are fused.
    pub bound_fused: f64,
    /// The rows that run, in source order.
    pub layers: Vec<LayerBound>,
    /// The bytes for each type.
    pub memory: Vec<TypeMemory>,
}

/// The bound of a layer.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LayerBound {
    /// Its path.
    pub name: String,
    /// The word that it was written with.
    pub op: String,
    /// Floating-point operations.
    pub flops: u128,
    /// Bytes of operands, parameters and value, each once.
    pub bytes: u128,
    /// Operations for each byte.
    pub intensity: f64,
    /// The seconds that it takes at least.
    pub bound: f64,
    /// What bounds it: `compute` or `memory`; `nothing` where nothing is done.
    pub bounded_by: String,
}

/// The bytes of a network for a type.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TypeMemory {
    /// `f32`, `f16` or `int8`.
    pub dtype: String,
    /// Of all parameters.
    pub weight_bytes: u128,
    /// Of all values.
    pub activation_bytes: u128,
    /// Of the planned peak of the values.
    pub peak_memory: u128,
}

/// The bytes of a network for each type.
pub fn memory(checked: &Checked, batch: u64) -> Vec<TypeMemory> {
    let one = |dtype: Dtype| {
        let sums = Sums::of(checked.totals(), dtype, batch);
        TypeMemory {
            dtype: dtype.name().to_owned(),
            weight_bytes: sums.weight_bytes,
            activation_bytes: sums.activation_bytes,
            peak_memory: checked.memory_for(dtype, batch).planned,
        }
    };
    Dtype::ALL.into_iter().map(one).collect()
}

/// The bounds of a network on a device of this name and source.
pub fn estimate(
    checked: &Checked,
    settings: ReportSettings,
    device: &Device,
    (name, source): (&str, &str),
) -> EstimateReport {
    let graph = checked.graph();
    let layers: Vec<LayerBound> = checked
        .run_layers()
        .into_iter()
        .map(|id| {
            let work = work(checked, id, settings.dtype, settings.batch);
            let node = graph.node(id);
            let bounded_by = match work {
                Work { flops: 0, bytes: 0 } => "nothing",
                work if work.is_memory_bound(device) => "memory",
                _ => "compute",
            };
            LayerBound {
                name: node.path.clone(),
                op: node.word.to_owned(),
                flops: work.flops,
                bytes: work.bytes,
                intensity: work.intensity(),
                bound: work.bound(device),
                bounded_by: bounded_by.to_owned(),
            }
        })
        .collect();
    EstimateReport {
        schema_version: SCHEMA_VERSION,
        cost_model: COST_MODEL.to_owned(),
        network: graph.name().to_owned(),
        device: name.to_owned(),
        source: source.to_owned(),
        peak: device.peak,
        bandwidth: device.bandwidth,
        dtype: settings.dtype.name().to_owned(),
        batch: settings.batch,
        bound_layer_by_layer: layers.iter().map(|layer| layer.bound).sum(),
        bound_fused: whole(checked, settings.dtype, settings.batch).bound(device),
        layers,
        memory: memory(checked, settings.batch),
    }
}

/// `12.3 ms`: three digits of seconds.
fn seconds(value: f64) -> String {
    let units = [(1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")];
    let (size, unit) = units.into_iter().find(|(size, _)| value >= *size).unwrap_or((1e-9, "ns"));
    let scaled = value / size;
    let places = if scaled >= 100.0 {
        0
    } else if scaled >= 10.0 {
        1
    } else {
        2
    };
    format!("{scaled:.places$} {unit}")
}

/// The bounds for a terminal.
pub fn estimate_table(report: &EstimateReport) -> String {
    let heading = ["layer", "operator", "flops", "bytes", "flops/byte", "at least", "bounded by"];
    let mut rows: Vec<Vec<String>> = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(report.layers.iter().map(|layer| {
        vec![
            layer.name.clone(),
            layer.op.clone(),
            count(layer.flops, Figures::Rounded),
            bytes(layer.bytes, Figures::Rounded),
            format!("{:.1}", layer.intensity),
            seconds(layer.bound),
            layer.bounded_by.clone(),
        ]
    }));
    let widths: Vec<usize> = (0..heading.len())
        .map(|index| rows.iter().map(|row| row[index].width()).max().unwrap_or(0))
        .collect();
    let batch = if report.batch == 1 { String::new() } else { format!(", batch {}", report.batch) };
    let mut text = format!("{}  on {}  ({}{batch})\n\n", report.network, report.device, report.dtype);
    for row in &rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(index, (cell, &width))| {
            let space = " ".repeat(width - cell.width());
            if (2..6).contains(&index) { format!("{space}{cell}") } else { format!("{cell}{space}") }
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text.push_str(&format!(
        "\nat least {} layer by layer, {} however fused: a bound, no prediction\n",
        seconds(report.bound_layer_by_layer),
        seconds(report.bound_fused)
    ));
    text.push_str(&format!(
        "peak {}FLOP/s, bandwidth {}B/s ({})\n\n",
        count(report.peak as u128, Figures::Rounded),
        count(report.bandwidth as u128, Figures::Rounded),
        report.source
    ));
    for one in &report.memory {
        text.push_str(&format!(
            "{:<5} weights {}, values {}, peak memory {}\n",
            one.dtype,
            bytes(one.weight_bytes, Figures::Rounded),
            bytes(one.activation_bytes, Figures::Rounded),
            bytes(one.peak_memory, Figures::Rounded)
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_have_three_digits() {
        assert_eq!(seconds(0.0123), "12.3 ms");
        assert_eq!(seconds(1.5), "1.50 s");
        assert_eq!(seconds(2.34e-4), "234 µs");
        assert_eq!(seconds(0.0), "0.00 ns");
    }
}

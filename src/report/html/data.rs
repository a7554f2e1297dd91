//! The data in the HTML page, from which the page's script draws the graph and the charts.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::analysis::{Checked, Dtype, roofline};

use super::super::view::Report;

/// The data of a page. Names are short: there are hundreds of nodes.
#[derive(Serialize)]
pub(super) struct PageData {
    /// Inputs, then rows, in source order.
    nodes: Vec<Node>,
    outputs: Vec<Output>,
    memory: Memory,
}

#[derive(Serialize)]
struct Node {
    /// Path.
    n: String,
    /// Operator.
    o: String,
    /// Operands, by position.
    i: Vec<usize>,
    /// Shape.
    s: String,
    /// Parameters.
    p: u128,
    /// Multiply-accumulates.
    m: u128,
    /// Bytes of the value.
    a: u128,
    /// Floating-point operations.
    f: u128,
    /// Compulsory bytes.
    b: u128,
    /// Receptive field.
    r: u128,
    /// The position among the rows; −1 for an input.
    l: i64,
    /// Whether it serves training only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    t: bool,
}

#[derive(Serialize)]
struct Output {
    name: String,
    node: usize,
}

#[derive(Serialize)]
struct Memory {
    /// The bytes in use during each step.
    curve: Vec<u128>,
    /// The path of each step's node.
    steps: Vec<String>,
    planned: u128,
    bound: u128,
    naive: u128,
    /// The values in memory at the peak.
    live: Vec<(String, u128)>,
}

impl PageData {
    pub(super) fn of(report: &Report, checked: &Checked) -> PageData {
        let graph = checked.graph();
        let dtype = Dtype::ALL.into_iter().find(|dtype| dtype.name() == report.dtype).unwrap_or_default();
        let mut at: BTreeMap<&str, usize> = BTreeMap::new();
        let mut nodes = Vec::new();
        let names = report.inputs.iter().map(|input| &input.name);
        for (index, name) in names.chain(report.layers.iter().map(|layer| &layer.name)).enumerate() {
            at.insert(name, index);
        }
        for input in &report.inputs {
            nodes.push(Node {
                n: input.name.clone(),
                o: "input".to_owned(),
                i: Vec::new(),
                s: shape(&input.shape),
                p: 0,
                m: 0,
                a: 0,
                f: 0,
                b: 0,
                r: 1,
                l: -1,
                t: false,
            });
        }
        for (index, ((id, _), layer)) in graph.layers().zip(&report.layers).enumerate() {
            let work = roofline::work(checked, id, dtype, report.batch);
            nodes.push(Node {
                n: layer.name.clone(),
                o: layer.op.clone(),
                i: layer.inputs.iter().filter_map(|name| at.get(name.as_str()).copied()).collect(),
                s: shape(&layer.shape),
                p: layer.counts.params,
                m: layer.counts.macs,
                a: layer.counts.activation_bytes,
                f: work.flops,
                b: work.bytes,
                r: layer.receptive_field.size[0],
                l: index as i64,
                t: layer.train_only,
            });
        }
        let memory = checked.memory_for(dtype, report.batch);
        let outputs = report.outputs.iter().filter_map(|output| {
            Some(Output { name: output.name.clone(), node: *at.get(output.layer.as_str())? })
        });
        let outputs = outputs.collect();
        PageData {
            outputs,
            memory: Memory {
                steps: checked.liveness().steps().iter().map(|&id| graph.node(id).path.clone()).collect(),
                planned: memory.planned,
                bound: memory.lower_bound,
                naive: memory.naive,
                live: memory.live.iter().map(|live| (live.path.clone(), live.bytes)).collect(),
                curve: memory.curve,
            },
            nodes,
        }
    }
}

fn shape(dims: &[u64]) -> String {
    dims.iter().map(u64::to_string).collect::<Vec<_>>().join("×")
}

//! Writes out the arithmetic behind the figures of a row or a part: `28·28·32 × 5·5·192 = 120 422 400`.

use crate::ir::NodeId;

use super::{Checked, Dtype, Flops, Metric, Status, parts};
use crate::base::{grouped, percent};

/// The lines that explain a row or a part; `None` where nothing has this name.
pub fn lines(checked: &Checked, name: &str) -> Option<Vec<String>> {
    let graph = checked.graph();
    let rows = parts::rows(graph, name)?;
    match graph.layers().find(|(_, node)| node.path == name) {
        Some((id, _)) if rows.len() == 1 => Some(row(checked, id)),
        _ => Some(part(checked, name, &rows)),
    }
}

fn row(checked: &Checked, id: NodeId) -> Vec<String> {
    let graph = checked.graph();
    let node = graph.node(id);
    let inputs: Vec<String> = graph
        .operands(id)
        .into_iter()
        .map(|operand| format!("{} {}", graph.node(operand).path, graph.node(operand).shape))
        .collect();
    let train = if node.train_only { ", for training only" } else { "" };
    let mut lines = vec![
        format!("{}: {}{train}", node.path, node.word),
        line("input", &inputs.join(", ")),
        line("output", &equation(&node.shape.dims(), u128::from(node.shape.elements()))),
    ];
    lines.extend(parameters(checked, id));
    let cost = checked.cost(id);
    let macs = cost.macs.value();
    if macs > 0 {
        lines.push(line("macs", &format!("{} = {}", cost.macs, grouped(macs))));
        let padding = macs - cost.macs_useful;
        let rest = if padding > 0 {
            format!(": {} ({}) fall on padding", grouped(padding), percent(padding, macs))
        } else {
            String::new()
        };
        lines.push(line("useful", &format!("{}{rest}", grouped(cost.macs_useful))));
    }
    if cost.connections > 0 {
        lines.push(line("connections", &grouped(cost.connections)));
    }
    lines.push(line("flops", &flops(&checked.layer_totals(id).flops)));
    lines.push(line("memory", &memory(checked, id)));
    lines.push(line("sees", &receptive(checked, id)));
    lines
}

fn part(checked: &Checked, name: &str, rows: &[NodeId]) -> Vec<String> {
    let totals = checked.sum(rows);
    let count = if rows.len() == 1 { "1 row".to_owned() } else { format!("{} rows", rows.len()) };
    let mut lines = vec![format!("{name}: {count}")];
    for metric in Metric::ALL.into_iter().filter(|metric| metric.is_sum()) {
        let value = metric.of_totals(&totals, Dtype::F32).unwrap_or_default();
        let largest: Vec<String> = metric
            .largest(checked, rows, 3)
            .into_iter()
            .map(|(id, value)| format!("{} {}", checked.graph().node(id).path, grouped(value)))
            .collect();
        let largest = if largest.is_empty() { String::new() } else { format!(": {}", largest.join(", ")) };
        lines.push(line(metric.name(), &format!("{}{largest}", grouped(value))));
    }
    lines
}

fn line(name: &str, text: &str) -> String {
    format!("  {name:<17} {text}")
}

/// `28·28·32 = 25 088`; the number alone where there is one factor.
fn equation(factors: &[u64], value: u128) -> String {
    if factors.len() < 2 {
        return grouped(value);
    }
    let factors: Vec<String> = factors.iter().map(u64::to_string).collect();
    format!("{} = {}", factors.join("·"), grouped(value))
}

fn parameters(checked: &Checked, id: NodeId) -> Vec<String> {
    let node = checked.graph().node(id);
    let each = node
        .parameters
        .iter()
        .map(|parameter| line(parameter.key, &equation(&parameter.shape, u128::from(parameter.elements()))));
    let mut lines: Vec<String> = each.collect();
    let totals = checked.layer_totals(id);
    let metrics = [Metric::Params, Metric::Frozen, Metric::State].into_iter();
    let counts = metrics.filter_map(|metric| Some((metric.name(), metric.of_totals(totals, Dtype::F32)?)));
    lines.extend(counts.filter(|&(_, count)| count > 0).map(|(name, count)| line(name, &grouped(count))));
    lines
}

/// `2·118 013 952 (mac) + 802 816 (add) = 236 830 720`
fn flops(flops: &Flops) -> String {
    let kinds = flops.kinds().filter(|&(_, count)| count > 0);
    let terms: Vec<String> = kinds
        .map(|(kind, count)| match kind {
            "mac" => format!("2·{} ({kind})", grouped(count / 2)),
            _ => format!("{} ({kind})", grouped(count)),
        })
        .collect();
    match (&terms[..], flops.mac) {
        ([], _) => "0".to_owned(),
        ([term], 0) => term.clone(),
        _ => format!("{} = {}", terms.join(" + "), grouped(flops.total())),
    }
}

fn memory(checked: &Checked, id: NodeId) -> String {
    let bytes = checked.layer_totals(id).activation_bytes(Dtype::F32);
    let shared = match checked.liveness().storage_of(id) {
        None => ", not in memory: it is not run".to_owned(),
        Some(storage) => {
            let before = storage.values.iter().rev().find(|&&value| value < id);
            before.map_or(String::new(), |&before| {
                format!(", in the memory of {}", checked.graph().node(before).path)
            })
        }
    };
    format!("{} bytes (f32){shared}", grouped(bytes))
}

fn receptive(checked: &Checked, id: NodeId) -> String {
    let receptive = checked.receptive(id);
    let (rows, columns) = (receptive.rows, receptive.columns);
    let both = |row: String, column: String| if row == column { row } else { format!("{row} x {column}") };
    let size = format!("{} x {} pixels", rows.size, columns.size);
    if receptive.status == Status::Whole {
        return format!("the whole input: {size}");
    }
    let stride = both(rows.stride.to_string(), columns.stride.to_string());
    let padding = both(rows.padding.to_string(), columns.padding.to_string());
    let status = match receptive.status {
        Status::Misaligned => "; the paths that meet here are not aligned".to_owned(),
        Status::ByPosition => format!("; the least over the positions is {} x {}", rows.least, columns.least),
        Status::Exact | Status::Whole => String::new(),
    };
    format!("{size}, stride {stride}, padding {padding}{status}")
}

#[cfg(test)]
mod tests {
    use super::super::network::{Network, conv};
    use super::*;

    #[test]
    fn a_convolution_is_written_out() {
        let mut net = Network::default();
        let input = net.input(28, 28, 192);
        let first = net.conv(input, conv(5, 1, 2, 32));
        let relu = net.relu(first);
        let checked = Checked::new(net.finish(relu));
        let text = lines(&checked, "conv1").unwrap().join("\n");
        assert!(text.contains("28·28·32 × 5·5·192 = 120 422 400"), "{text}");
        assert!(text.contains("32·192·5·5 = 153 600"), "{text}");
        assert!(text.contains("2·120 422 400 (mac) + 25 088 (add) = 240 869 888"), "{text}");
        assert!(text.contains("5 x 5 pixels, stride 1, padding 2"), "{text}");
        let relu = lines(&checked, "relu2").unwrap().join("\n");
        assert!(relu.contains("in the memory of conv1"), "{relu}");
        assert!(relu.contains("flops             25 088 (cmp)\n"), "{relu}");
        assert_eq!(lines(&checked, "conv"), None);
    }
}

//! What expectations and budgets share: exact comparison, and the layers that contribute most to a figure.

use std::cmp::Ordering;

use crate::base::{grouped, percent};
use crate::diag::Builder;
use crate::ir::NodeId;

use super::{Checked, Metric};

/// The number of layers that a broken expectation or budget names.
const CONTRIBUTORS: usize = 3;

/// Adds a note with the largest contributions: rows, or for `peak_memory` the values in memory at the peak.
pub(super) fn contributors<'a>(
    mut error: Builder<'a>,
    checked: &Checked,
    metric: Metric,
    rows: &[NodeId],
    actual: u128,
) -> Builder<'a> {
    let largest = metric.largest(checked, rows, CONTRIBUTORS);
    if !largest.is_empty() {
        let shares = largest.iter().map(|&(id, value)| {
            let path = &checked.graph().node(id).path;
            format!("`{path}` {} ({})", grouped(value), percent(value, actual))
        });
        error = error.note(format!("most comes from {}", shares.collect::<Vec<_>>().join(", ")));
    }
    if metric == Metric::PeakMemory {
        error = error.note(peak(checked));
    }
    error
}

/// The values that are in memory at the peak.
fn peak(checked: &Checked) -> String {
    let memory = checked.memory();
    let live = memory.live.iter().take(CONTRIBUTORS);
    let live: Vec<String> = live.map(|live| format!("`{}` {}", live.path, grouped(live.bytes))).collect();
    let more = memory.live.len().saturating_sub(CONTRIBUTORS);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let at = memory.peak.map_or("", |id| &checked.graph().node(id).path);
    format!("while `{at}` runs, the memory holds {}{more}", live.join(", "))
}

/// Compares `actual` with `number / divisor`.
pub(super) fn compare(actual: u128, number: i128, divisor: u128) -> Ordering {
    let Ok(number) = u128::try_from(number) else { return Ordering::Greater };
    // A product beyond 128 bits is larger than every numerator.
    actual.checked_mul(divisor).map_or(Ordering::Greater, |product| product.cmp(&number))
}

/// A fraction with a power of ten below it, as it is written: `0.5`.
pub(super) fn decimal(number: i128, divisor: u128) -> String {
    let sign = if number < 0 { "-" } else { "" };
    let magnitude = number.unsigned_abs();
    let digits = divisor.checked_ilog10().unwrap_or(0) as usize;
    let whole = grouped(magnitude / divisor.max(1));
    let rest = format!("{:0digits$}", magnitude % divisor.max(1));
    let rest = rest.trim_end_matches('0');
    if rest.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}

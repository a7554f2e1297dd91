//! The operations of each node for one picture, as its operator declares them.

use std::ops::{AddAssign, Mul};

use crate::ir::{Graph, NodeId};
use crate::ops::{Cost, Operations, Operator};

/// The cost of a node; nothing for an input.
pub(super) fn of(graph: &Graph, id: NodeId) -> Cost {
    let node = graph.node(id);
    node.op().map_or_else(Cost::default, |op| op.cost(&graph.operand_shapes(id), node.shape))
}

/// Floating-point operations by kind; their sum is the metric `flops`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flops {
    /// Operations of multiply-accumulates: two for each.
    pub mac: u128,
    /// All others.
    pub other: Operations,
}

impl Flops {
    /// The operations of a cost.
    pub fn of(cost: &Cost) -> Flops {
        Flops { mac: 2 * cost.macs.value(), other: cost.operations() }
    }

    /// The kinds with their names, in the order of reports.
    pub fn kinds(&self) -> impl Iterator<Item = (&'static str, u128)> {
        let other = self.other.kinds().map(|(kind, count)| (kind.name(), count));
        std::iter::once(("mac", self.mac)).chain(other)
    }

    /// All operations.
    pub fn total(&self) -> u128 {
        self.mac + self.other.total()
    }
}

impl AddAssign for Flops {
    fn add_assign(&mut self, more: Flops) {
        self.mac += more.mac;
        self.other += more.other;
    }
}

impl Mul<u128> for Flops {
    type Output = Flops;

    fn mul(self, times: u128) -> Flops {
        Flops { mac: self.mac * times, other: self.other * times }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::network::Network;
    use super::*;
    use crate::ops::{Border, Conv, Padding, Sliding};

    proptest! {
        #[test]
        fn a_convolution_costs_what_enumeration_counts(
            (height, width) in (1i64..7, 1i64..7), (kh, kw) in (1u64..4, 1u64..4), (sh, sw) in (1u64..3, 1u64..3),
            dilation in 1u64..3, pads in prop::array::uniform4(0u64..3), groups in 1u64..3, bias: bool,
        ) {
            let (channels, filters) = (2 * groups, 3 * groups);
            let mut net = Network::default();
            let input = net.input(height as u64, width as u64, channels);
            let sliding = Sliding {
                kernel: (kh, kw),
                stride: (sh, sw),
                dilation: (dilation, dilation),
                padding: Padding::Explicit(pads),
                ceil: false,
            };
            let conv = Conv { sliding, filters, groups, border: Border::Zeros, bias, table: None };
            let Ok(id) = net.try_add("conv", conv, &[input]) else { return Ok(()) };
            let graph = net.finish(id);
            let (mut rows, mut columns) = (Vec::new(), Vec::new());
            let axis = |positions: &mut Vec<bool>, size: i64, kernel: u64, stride: u64, before: u64, after: u64| {
                let mut start = -(before as i64);
                while start + (dilation * (kernel - 1)) as i64 <= size - 1 + after as i64 {
                    positions.extend((0..kernel).map(|tap| start + (tap * dilation) as i64).map(|at| at >= 0 && at < size));
                    start += stride as i64;
                }
            };
            axis(&mut rows, height, kh, sh, pads[0], pads[1]);
            axis(&mut columns, width, kw, sw, pads[2], pads[3]);
            let (mut macs, mut useful) = (0u128, 0u128);
            for &row in &rows {
                for &column in &columns {
                    for _pair in 0..filters * (channels / groups) {
                        macs += 1;
                        useful += u128::from(row && column);
                    }
                }
            }
            let cost = of(&graph, id);
            let outputs = rows.len() as u128 / u128::from(kh) * columns.len() as u128 / u128::from(kw) * u128::from(filters);
            prop_assert_eq!(cost.macs.value(), macs);
            prop_assert_eq!(cost.macs_useful, useful);
            prop_assert_eq!(cost.add, if bias { outputs } else { 0 });
            prop_assert_eq!(Flops::of(&cost).total(), cost.flops());
        }
    }
}

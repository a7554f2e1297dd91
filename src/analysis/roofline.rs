//! Lower bounds of the time that a network takes on a device, by the roofline model of Williams, Waterman & Patterson
//! (2009). A bound is not a prediction: no program can be faster, and most are much slower.
//!
//! An operator moves at least its operands, its parameters and its value once: the compulsory bytes. With them
//! and its operations it takes at least `max(operations / peak, bytes / bandwidth)`.

use crate::ir::NodeId;
use crate::ops::{Operator, Reuse};

use super::{Checked, Dtype};

/// The peak rates of a device.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Device {
    /// Operations in a second; a multiply-accumulate is two.
    pub peak: f64,
    /// Bytes from and to memory in a second.
    pub bandwidth: f64,
}

/// Operations and compulsory bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Floating-point operations.
    pub flops: u128,
    /// Bytes of operands, parameters and value, each once.
    pub bytes: u128,
}

impl Work {
    /// Operations for each byte; 0 where nothing is moved.
    pub fn intensity(&self) -> f64 {
        if self.bytes == 0 { 0.0 } else { self.flops as f64 / self.bytes as f64 }
    }

    /// The least time that the work takes on a device, in seconds.
    pub fn bound(&self, device: &Device) -> f64 {
        self.compute(device).max(self.bytes as f64 / device.bandwidth)
    }

    /// Returns whether the bandwidth of the memory bounds the time, and not the rate of operations.
    pub fn is_memory_bound(&self, device: &Device) -> bool {
        self.bytes as f64 / device.bandwidth > self.compute(device)
    }

    fn compute(&self, device: &Device) -> f64 {
        self.flops as f64 / device.peak
    }
}

/// The work of one operator for a number of pictures. Inputs, and operators that only give memory another shape, have
/// none.
pub fn work(checked: &Checked, id: NodeId, dtype: Dtype, batch: u64) -> Work {
    let graph = checked.graph();
    let node = graph.node(id);
    let Some(op) = node.op() else { return Work::default() };
    if op.reuse() == Reuse::Alias {
        return Work::default();
    }
    let totals = checked.layer_totals(id);
    let moved: u128 = graph.operand_shapes(id).iter().map(|shape| u128::from(shape.elements())).sum();
    let values = (moved + u128::from(node.shape.elements())) * u128::from(batch);
    Work {
        flops: totals.flops.total() * u128::from(batch),
        bytes: values * dtype.bytes() + totals.weight_bytes(dtype),
    }
}

/// The work of the network as if it were one operator: inputs, parameters and outputs move once. However operators are
/// fused, no less moves.
pub fn whole(checked: &Checked, dtype: Dtype, batch: u64) -> Work {
    let graph = checked.graph();
    let inputs = graph.inputs().map(|(_, node)| node.shape);
    let outputs = graph.outputs().iter().filter(|output| !output.train_only);
    let outputs = outputs.map(|output| graph.node(output.node).shape);
    let values: u128 = inputs.chain(outputs).map(|shape| u128::from(shape.elements())).sum();
    let totals = checked.totals();
    Work {
        flops: totals.flops.total() * u128::from(batch),
        bytes: values * u128::from(batch) * dtype.bytes() + totals.weight_bytes(dtype),
    }
}

#[cfg(test)]
mod tests {
    use super::super::network::{Network, conv};
    use super::*;

    #[test]
    fn a_convolution_moves_its_operand_weights_and_value_once() {
        let mut net = Network::default();
        let input = net.input(8, 8, 3);
        let first = net.conv(input, conv(3, 1, 1, 4));
        let relu = net.relu(first);
        let checked = Checked::new(net.finish(relu));
        let one = work(&checked, first, Dtype::F32, 1);
        assert_eq!(one.bytes, 4 * (64 * 3 + 64 * 4 + 112));
        assert_eq!(one.flops, 2 * 64 * 108 + 64 * 4);
        let two = work(&checked, first, Dtype::Int8, 2);
        assert_eq!(two.bytes, 2 * (64 * 3 + 64 * 4) + 112);
        let all = whole(&checked, Dtype::F32, 1);
        assert_eq!(all.bytes, 4 * (64 * 3 + 64 * 4 + 112));
        assert_eq!(all.flops, one.flops + 64 * 4);
    }

    #[test]
    fn the_larger_of_two_times_bounds() {
        let device = Device { peak: 100.0, bandwidth: 10.0 };
        let heavy = Work { flops: 1000, bytes: 50 };
        assert_eq!((heavy.bound(&device), heavy.is_memory_bound(&device)), (10.0, false));
        let light = Work { flops: 100, bytes: 50 };
        assert_eq!((light.bound(&device), light.is_memory_bound(&device)), (5.0, true));
        assert_eq!(light.intensity(), 2.0);
    }
}

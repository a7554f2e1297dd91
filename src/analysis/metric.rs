//! The one table of metrics: the words of `expect`, reports, budgets and the command line.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::base::did_you_mean;
use crate::ir::NodeId;

use super::{Checked, Dtype, Totals};

/// A metric of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Trainable elements.
    Params,
    /// Fixed weights.
    Frozen,
    /// Running statistics.
    State,
    /// Multiply-accumulates, taps on padding included.
    Macs,
    /// Multiply-accumulates without the taps on padding.
    MacsUseful,
    /// Floating-point operations.
    Flops,
    /// Bytes of all parameters.
    WeightBytes,
    /// Bytes of the values of all rows.
    ActivationBytes,
    /// Elements of the outputs of convolutions and dense layers.
    Activations,
    /// Bytes of the planned peak.
    PeakMemory,
    /// Layers on the longest path.
    Depth,
    /// Size of the receptive field of `out`.
    ReceptiveField,
    /// The shape.
    Out,
}

/// The unit of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Elements, operations, layers or pixels.
    Count,
    /// Bytes.
    Bytes,
    /// The metric is a shape, not a number.
    Shape,
}

impl fmt::Display for Metric {
    /// Its word.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Metric {
    /// As its word.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Metric {
    /// Every metric, in the order of the reference.
    pub const ALL: [Metric; 13] = [
        Metric::Params,
        Metric::Frozen,
        Metric::State,
        Metric::Macs,
        Metric::MacsUseful,
        Metric::Flops,
        Metric::WeightBytes,
        Metric::ActivationBytes,
        Metric::Activations,
        Metric::PeakMemory,
        Metric::Depth,
        Metric::ReceptiveField,
        Metric::Out,
    ];

    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            Metric::Params => "params",
            Metric::Frozen => "frozen",
            Metric::State => "state",
            Metric::Macs => "macs",
            Metric::MacsUseful => "macs_useful",
            Metric::Flops => "flops",
            Metric::WeightBytes => "weight_bytes",
            Metric::ActivationBytes => "activation_bytes",
            Metric::Activations => "activations",
            Metric::PeakMemory => "peak_memory",
            Metric::Depth => "depth",
            Metric::ReceptiveField => "receptive_field",
            Metric::Out => "out",
        }
    }

    /// The meaning of the metric, in one line.
    pub fn summary(self) -> &'static str {
        match self {
            Metric::Params => "trainable elements",
            Metric::Frozen => "fixed weights",
            Metric::State => "running means and variances",
            Metric::Macs => "multiply-accumulates of convolutions and dense layers, taps on padding included",
            Metric::MacsUseful => "multiply-accumulates without the taps on padding",
            Metric::Flops => "floating-point operations: two for each multiply-accumulate, and all others",
            Metric::WeightBytes => "bytes of all parameters",
            Metric::ActivationBytes => "bytes of the values of all rows",
            Metric::Activations => "elements of the outputs of convolutions and dense layers",
            Metric::PeakMemory => "bytes of the planned peak of the values in memory",
            Metric::Depth => "layers with weights on the longest path",
            Metric::ReceptiveField => "pixels of the receptive field of the output, along its longer side",
            Metric::Out => "the shape of the output",
        }
    }

    /// Its unit.
    pub fn unit(self) -> Unit {
        match self {
            Metric::WeightBytes | Metric::ActivationBytes | Metric::PeakMemory => Unit::Bytes,
            Metric::Out => Unit::Shape,
            _ => Unit::Count,
        }
    }

    /// Returns whether the metric grows with the number of pictures at once: operations and values do, weights do not.
    pub fn is_per_picture(self) -> bool {
        matches!(
            self,
            Metric::Macs
                | Metric::MacsUseful
                | Metric::Flops
                | Metric::ActivationBytes
                | Metric::Activations
                | Metric::PeakMemory
        )
    }

    /// Returns whether the metric of a network is the sum over its layers. Such metrics, and `out`, exist for parts, too.
    pub fn is_sum(self) -> bool {
        !matches!(self, Metric::PeakMemory | Metric::Depth | Metric::ReceptiveField | Metric::Out)
    }

    /// Returns whether a named part has the metric.
    pub fn of_parts(self) -> bool {
        self.is_sum() || self == Metric::Out
    }

    /// The metric of this word.
    pub fn parse(word: &str) -> Option<Metric> {
        Metric::ALL.into_iter().find(|metric| metric.name() == word)
    }

    /// The metric that a word of other tools means, or whose word is nearest to a misspelt one.
    pub fn suggestion(word: &str) -> Option<&'static str> {
        let other = match word {
            "parameters" | "parameter" | "num_params" | "n_params" | "trainable_params" | "total_params"
            | "weights" => Metric::Params,
            "buffers" => Metric::State,
            "mult_adds" | "madds" | "multiply_adds" | "gmacs" | "mmacs" => Metric::Macs,
            "gflops" | "mflops" => Metric::Flops,
            "size" | "model_size" | "bytes" => Metric::WeightBytes,
            "memory" | "ram" => Metric::PeakMemory,
            "layers" => Metric::Depth,
            "rf" | "field" => Metric::ReceptiveField,
            _ => return Metric::near(word),
        };
        Some(other.name())
    }

    fn near(word: &str) -> Option<&'static str> {
        did_you_mean(word, Metric::ALL.into_iter().map(Metric::name))
    }

    /// The value of the metric for layers whose totals are given; `None` for a metric that is not a sum over layers.
    pub fn of_totals(self, totals: &Totals, dtype: Dtype) -> Option<u128> {
        match self {
            Metric::Params => Some(totals.elements.params),
            Metric::Frozen => Some(totals.elements.frozen),
            Metric::State => Some(totals.elements.state),
            Metric::Macs => Some(totals.macs),
            Metric::MacsUseful => Some(totals.macs_useful),
            Metric::Flops => Some(totals.flops.total()),
            Metric::WeightBytes => Some(totals.weight_bytes(dtype)),
            Metric::ActivationBytes => Some(totals.activation_bytes(dtype)),
            Metric::Activations => Some(totals.layer_outputs),
            Metric::PeakMemory | Metric::Depth | Metric::ReceptiveField | Metric::Out => None,
        }
    }

    /// The value of the metric for a network, for f32 and one picture; `None` for `out`, which is a shape.
    pub fn of_network(self, checked: &Checked) -> Option<u128> {
        match self {
            Metric::PeakMemory => Some(checked.memory().planned),
            Metric::Depth => Some(checked.depth().into()),
            Metric::ReceptiveField => checked.out().map(|out| checked.receptive(out).size()),
            _ => self.of_totals(checked.totals(), Dtype::F32),
        }
    }

    /// The `count` layers that contribute most to the metric, largest first. Layers that contribute nothing are left out.
    pub fn largest(self, checked: &Checked, rows: &[NodeId], count: usize) -> Vec<(NodeId, u128)> {
        let value = |&id: &NodeId| Some((id, self.of_totals(checked.layer_totals(id), Dtype::F32)?));
        let mut rows: Vec<(NodeId, u128)> =
            rows.iter().filter_map(value).filter(|&(_, value)| value > 0).collect();
        rows.sort_by_key(|&(id, value)| (std::cmp::Reverse(value), id));
        rows.truncate(count);
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_and_slips_are_mended() {
        for metric in Metric::ALL {
            assert_eq!(Metric::parse(metric.name()), Some(metric));
        }
        assert_eq!(Metric::suggestion("param"), Some("params"));
        assert_eq!(Metric::suggestion("peak_memroy"), Some("peak_memory"));
    }
}

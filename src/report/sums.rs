//! The counts of a row, of a part or of a network, as the JSON holds them and as tables add them up.

use std::ops::AddAssign;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::analysis::{Dtype, Flops, Metric, Totals};

/// Counts of a row or of several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Sums {
    /// Trainable elements.
    pub params: u128,
    /// Fixed weights.
    pub frozen: u128,
    /// Running statistics.
    pub state: u128,
    /// Multiply-accumulates, taps on padding included.
    pub macs: u128,
    /// Multiply-accumulates without the taps on padding.
    pub macs_useful: u128,
    /// Floating-point operations by kind.
    pub flops: FlopsView,
    /// LeCun's count of connections: outputs × (fan-in + 1).
    pub connections: u128,
    /// Bytes of all parameters.
    pub weight_bytes: u128,
    /// Bytes of the values.
    pub activation_bytes: u128,
    /// Elements of the outputs of convolutions and dense layers, as RegNet and timm count activations.
    pub activations: u128,
}

impl Sums {
    /// The counts of rows for a type and a number of pictures at once.
    pub(super) fn of(totals: &Totals, dtype: Dtype, batch: u64) -> Sums {
        let mut sums = Sums {
            flops: FlopsView(totals.flops * u128::from(batch)),
            connections: totals.connections,
            ..Sums::default()
        };
        for (metric, count) in sums.each_mut() {
            let one = metric.of_totals(totals, dtype).unwrap_or(0);
            *count = if metric.is_per_picture() { one * u128::from(batch) } else { one };
        }
        sums
    }

    /// A metric that is the sum of rows; 0 for others.
    pub fn get(mut self, wanted: Metric) -> u128 {
        if wanted == Metric::Flops {
            return self.flops.total();
        }
        let found = self.each_mut().into_iter().find(|(metric, _)| *metric == wanted);
        found.map_or(0, |(_, count)| *count)
    }

    /// The counts that are a single number, each with its metric.
    fn each_mut(&mut self) -> [(Metric, &mut u128); 8] {
        [
            (Metric::Params, &mut self.params),
            (Metric::Frozen, &mut self.frozen),
            (Metric::State, &mut self.state),
            (Metric::Macs, &mut self.macs),
            (Metric::MacsUseful, &mut self.macs_useful),
            (Metric::WeightBytes, &mut self.weight_bytes),
            (Metric::ActivationBytes, &mut self.activation_bytes),
            (Metric::Activations, &mut self.activations),
        ]
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, mut other: Sums) {
        for ((_, count), (_, more)) in self.each_mut().into_iter().zip(other.each_mut()) {
            *count += *more;
        }
        self.flops.0 += other.flops.0;
        self.connections += other.connections;
    }
}

/// Floating-point operations by kind; `mac` counts two for each multiply-accumulate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlopsView(pub Flops);

impl FlopsView {
    /// All kinds together.
    pub fn total(&self) -> u128 {
        self.0.total()
    }
}

impl Serialize for FlopsView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("total", &self.total())?;
        for (kind, count) in self.0.kinds() {
            map.serialize_entry(kind, &count)?;
        }
        map.end()
    }
}

#[cfg(test)]
impl schemars::JsonSchema for FlopsView {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FlopsView".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        use crate::ops::Arithmetic;
        let others = Arithmetic::ALL.map(|kind| (kind.name(), kind.summary()));
        let kinds = [
            ("total", "All kinds together."),
            ("mac", "Multiplications and additions of multiply-accumulates."),
        ];
        let mut properties = serde_json::Map::new();
        let mut required = Vec::new();
        for (name, description) in kinds.into_iter().chain(others) {
            let mut count = generator.subschema_for::<u128>();
            count.insert("description".to_owned(), description.into());
            properties.insert(name.to_owned(), count.into());
            required.push(name);
        }
        schemars::json_schema!({
            "description": "Floating-point operations by kind; `mac` counts two for each multiply-accumulate.",
            "type": "object",
            "properties": properties,
            "required": required,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_that_adds_up_has_a_count_that_adds_up() {
        let mut one = Sums { flops: FlopsView(Flops { mac: 1, ..Flops::default() }), ..Sums::default() };
        one.each_mut().into_iter().for_each(|(_, count)| *count = 1);
        let mut two = one;
        two += one;
        for metric in Metric::ALL {
            let expected = if metric.is_sum() { (1, 2) } else { (0, 0) };
            assert_eq!((one.get(metric), two.get(metric)), expected, "{}", metric.name());
        }
    }
}

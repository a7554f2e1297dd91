//! The parameters that an operator declares. Counts, sizes in bytes, keys and initial values follow from them.

/// A tensor of an operator that a weights file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// The last part of its key: `weight`, `bias`, `running_mean`, `running_var`.
    pub key: &'static str,
    /// Its dimensions as stored.
    pub shape: Vec<u64>,
    /// The count that it belongs to.
    pub role: Role,
    /// The distribution of its seeded values.
    pub init: Init,
}

impl Parameter {
    /// The number of elements; exact for the parameters of a graph, saturating otherwise.
    pub fn elements(&self) -> u64 {
        self.shape.iter().fold(1, |product, &dim| product.saturating_mul(dim))
    }

    /// A trainable weight with He's initialisation for this fan-in.
    pub fn weight(shape: &[u64], fan_in: u64) -> Parameter {
        Parameter {
            key: "weight",
            shape: shape.to_vec(),
            role: Role::Trainable,
            init: Init::Kaiming { fan_in },
        }
    }

    /// A trainable bias of `elements` elements, for outputs with this fan-in.
    pub fn bias(elements: u64, fan_in: u64) -> Parameter {
        Parameter { key: "bias", shape: vec![elements], role: Role::Trainable, init: Init::Bias { fan_in } }
    }
}

/// The count that a parameter belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Counted in `params`.
    Trainable,
    /// Counted in `frozen`: fixed weights.
    Frozen,
    /// Counted in `state`: running statistics.
    State,
}

/// The distribution of a parameter's seeded values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// Uniform in ±√(6 / fan_in) (He et al. 2015, with the gain of ReLU).
    Kaiming {
        /// Inputs of one output.
        fan_in: u64,
    },
    /// Uniform in ±1/√fan_in.
    Bias {
        /// Inputs of one output.
        fan_in: u64,
    },
    /// Uniform in [−1, 1): a seeded input.
    Input,
    /// A constant.
    Constant(f32),
    /// The factor of a normalisation: 1, or uniform in [0.5, 1.5) with random statistics.
    NormWeight,
    /// The summand of a normalisation: 0, or uniform in [−0.5, 0.5).
    NormBias,
    /// A running mean: 0, or uniform in [−0.5, 0.5).
    NormMean,
    /// A running variance: 1, or uniform in [0.5, 1.5).
    NormVariance,
    /// The 7×12 bitmaps of the ten digits (LeCun et al. 1998, figure 3); a file may leave them out.
    DigitCodes,
}

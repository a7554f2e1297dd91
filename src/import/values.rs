//! Values of constant tensors in memory, their element types, and the reasons why values are unavailable.

/// The type of the elements of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ElementType {
    F16,
    BF16,
    F32,
    F64,
    Signed(usize),
    Unsigned(usize),
    Bool,
    Text,
}

impl ElementType {
    /// The type with this number in the format.
    pub(super) fn of(number: i64) -> Option<ElementType> {
        Some(match number {
            1 => ElementType::F32,
            2 => ElementType::Unsigned(1),
            3 => ElementType::Signed(1),
            4 => ElementType::Unsigned(2),
            5 => ElementType::Signed(2),
            6 => ElementType::Signed(4),
            7 => ElementType::Signed(8),
            8 => ElementType::Text,
            9 => ElementType::Bool,
            10 => ElementType::F16,
            11 => ElementType::F64,
            12 => ElementType::Unsigned(4),
            13 => ElementType::Unsigned(8),
            16 => ElementType::BF16,
            _ => return None,
        })
    }

    /// The size of an element in bytes; `None` for texts.
    pub(super) fn bytes(self) -> Option<usize> {
        Some(match self {
            ElementType::F16 | ElementType::BF16 => 2,
            ElementType::F32 => 4,
            ElementType::F64 => 8,
            ElementType::Signed(bytes) | ElementType::Unsigned(bytes) => bytes,
            ElementType::Bool => 1,
            ElementType::Text => return None,
        })
    }

    /// Returns whether the elements are floating-point numbers.
    pub(super) fn is_float(self) -> bool {
        matches!(self, ElementType::F16 | ElementType::BF16 | ElementType::F32 | ElementType::F64)
    }
}

/// The values of a tensor, in C order.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Values {
    Real(Vec<f64>),
    Int(Vec<i64>),
}

impl Values {
    /// Converts the values to real numbers.
    pub(super) fn reals(self) -> Vec<f64> {
        match self {
            Values::Real(values) => values,
            Values::Int(values) => values.into_iter().map(|value| value as f64).collect(),
        }
    }

    /// Converts the values to integers; real ones are truncated.
    pub(super) fn integers(self) -> Vec<i64> {
        match self {
            Values::Int(values) => values,
            Values::Real(values) => values.into_iter().map(|value| value as i64).collect(),
        }
    }
}

/// The reason why values are unavailable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unavailable {
    /// The model holds none.
    Absent,
    /// The file cannot be read, or its content is invalid.
    Unreadable(String),
    /// No rule computes them.
    Unsupported(String),
}

/// The number of elements of a shape, saturating.
pub(super) fn count(dims: &[u64]) -> u64 {
    dims.iter().fold(1, |elements, &dim| elements.saturating_mul(dim))
}

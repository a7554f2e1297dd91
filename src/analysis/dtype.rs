//! The element type for which bytes are stated.

use std::fmt;

/// The type of the elements of weights and values, where a figure is in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dtype {
    /// IEEE 754 binary32, the type of execution.
    #[default]
    F32,
    /// IEEE 754 binary16.
    F16,
    /// Eight-bit integers, as quantised networks use them.
    Int8,
}

impl Dtype {
    /// Every type, the largest first.
    pub const ALL: [Dtype; 3] = [Dtype::F32, Dtype::F16, Dtype::Int8];

    /// Bytes of an element.
    pub fn bytes(self) -> u128 {
        match self {
            Dtype::F32 => 4,
            Dtype::F16 => 2,
            Dtype::Int8 => 1,
        }
    }

    /// The word on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Dtype::F32 => "f32",
            Dtype::F16 => "f16",
            Dtype::Int8 => "int8",
        }
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

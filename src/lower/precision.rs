//! How exact products are: what a caller asks for, and what the kernel of a step computes.

use std::fmt;

/// The precision of the products of convolutions and fully-connected layers, in the words of PyTorch's
/// [`torch.set_float32_matmul_precision`](https://docs.pytorch.org/docs/stable/generated/torch.set_float32_matmul_precision.html).
/// Values between steps are f32 in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// "float32 matrix multiplications use the float32 datatype (24 mantissa bits with 23 bits explicitly stored) for
    /// internal computations."
    #[default]
    Highest,
    /// "float32 matrix multiplications either use the TensorFloat32 datatype (10 mantissa bits explicitly stored) or
    /// treat each float32 number as the sum of two bfloat16 numbers (approximately 16 mantissa bits with 14 bits
    /// explicitly stored), if the appropriate fast matrix multiplication algorithms are available. Otherwise float32
    /// matrix multiplications are computed as if the precision is "highest"."
    High,
    /// "float32 matrix multiplications use the bfloat16 datatype (8 mantissa bits with 7 bits explicitly stored) for
    /// internal computations, if a fast matrix multiplication algorithm using that datatype internally is available.
    /// Otherwise float32 matrix multiplications are computed as if the precision is "high"."
    ///
    /// Fully-connected layers keep their weights as bf16 on every machine, and multiply them with inputs of f32.
    Medium,
}

impl Precision {
    /// The word that asks for it.
    pub fn word(self) -> &'static str {
        match self {
            Precision::Highest => "highest",
            Precision::High => "high",
            Precision::Medium => "medium",
        }
    }

    /// The factors of a fully-connected layer.
    pub(super) fn of_dense(self) -> Factors {
        match self {
            Precision::Highest | Precision::High => Factors::F32,
            Precision::Medium => Factors::Bf16Weights,
        }
    }
}

/// The bf16 products that stand for a product of two f32, each the sum of one, two or three bf16 numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Products {
    /// a·a′: eight bits of each number.
    One,
    /// a·a′ + a·b′ + b·a′: sixteen bits.
    Three,
    /// a·a′ + a·b′ + b·a′ + b·b′ + a·c′ + c·a′: all 24 bits.
    Six,
}

impl Products {
    /// The bf16 numbers whose sum is an f32.
    pub fn parts(self) -> usize {
        match self {
            Products::One => 1,
            Products::Three => 2,
            Products::Six => 3,
        }
    }
}

/// The numbers whose products a kernel sums. Sums are f32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Factors {
    /// Inputs and weights are f32.
    #[default]
    F32,
    /// Inputs are f32, weights are rounded to bf16. Weights of which one is finite and would round to infinity are
    /// packed as f32 instead, where the weights are known.
    Bf16Weights,
    /// Inputs and weights are sums of bf16, of whose products so many are summed.
    Bf16Parts(Products),
}

impl fmt::Display for Factors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Factors::F32 => "f32",
            Factors::Bf16Weights => "bf16-weights",
            Factors::Bf16Parts(Products::One) => "bf16",
            Factors::Bf16Parts(Products::Three) => "bf16x3",
            Factors::Bf16Parts(Products::Six) => "bf16x6",
        })
    }
}

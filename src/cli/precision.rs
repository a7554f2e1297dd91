//! The option `--precision` of the commands that run a network.

use crate::lower::Precision;

/// The precisions by the words of PyTorch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Asked {
    /// f32
    #[default]
    Highest,
    /// 16 bits of each factor where the processor has a matrix unit, else f32
    High,
    /// 8 bits (bf16); without a matrix unit of the weights of dense layers alone
    Medium,
}

impl From<Asked> for Precision {
    fn from(asked: Asked) -> Precision {
        match asked {
            Asked::Highest => Precision::Highest,
            Asked::High => Precision::High,
            Asked::Medium => Precision::Medium,
        }
    }
}

//! Finds steps that can use one packed copy of their constants: one is a `shared` use of the other's parameters, and
//! the kernels of both read them in the same form.

use std::collections::BTreeMap;

use super::constants::ParameterId;
use super::plan::{Algorithm, Kernel, Plan, Step, WinogradTile};
use super::precision::Products;

/// The properties of a step that determine the packed form of its constants.
#[derive(Clone, Debug, PartialEq)]
enum PackedForm {
    /// The form does not depend on the step.
    Fixed,
    /// A direct convolution's form depends on the lanes of its input and on its groups.
    Direct { lanes: usize, groups: usize },
    /// Transformed for tiles of these sizes.
    Transformed { tile: WinogradTile, groups: usize },
    /// In parts of bf16, in the steps of a matrix unit.
    Parts { products: Products, lanes: usize, groups: usize },
    /// Cut into the phases of a transposed convolution.
    Phases { kernel: Kernel, lanes: usize, phases: (usize, usize) },
}

impl PackedForm {
    fn of(step: &Step) -> PackedForm {
        let lanes = || step.inputs[0].layout.lanes;
        match &step.kernel {
            Kernel::Conv(convolution) => match convolution.algorithm {
                Algorithm::Direct => PackedForm::Direct { lanes: lanes(), groups: convolution.groups },
                Algorithm::Winograd(tile) => PackedForm::Transformed { tile, groups: convolution.groups },
                Algorithm::Matrix(products) => {
                    PackedForm::Parts { products, lanes: lanes(), groups: convolution.groups }
                }
            },
            Kernel::TransposedConv(convolution) => PackedForm::Phases {
                kernel: step.kernel.clone(),
                lanes: lanes(),
                phases: convolution.phases(&step.output.layout),
            },
            _ => PackedForm::Fixed,
        }
    }
}

impl Plan {
    /// For each step, the step that packs its constants: an earlier one whose copy it uses, or itself.
    pub fn packed_by(&self) -> Vec<usize> {
        let mut known: BTreeMap<Vec<ParameterId>, Vec<usize>> = BTreeMap::new();
        let mut packed_by = Vec::with_capacity(self.steps.len());
        for (index, step) in self.steps.iter().enumerate() {
            let reads: Vec<ParameterId> =
                step.constants.iter().flat_map(|constant| constant.reads()).collect();
            if reads.is_empty() {
                packed_by.push(index);
                continue;
            }
            let candidates = known.entry(reads).or_default();
            let is_same = |&&other: &&usize| {
                let other = &self.steps[other];
                other.constants == step.constants
                    && std::mem::discriminant(&other.kernel) == std::mem::discriminant(&step.kernel)
                    && PackedForm::of(other) == PackedForm::of(step)
            };
            let earlier = candidates.iter().find(is_same).copied();
            if earlier.is_none() {
                candidates.push(index);
            }
            packed_by.push(earlier.unwrap_or(index));
        }
        packed_by
    }
}

//! The shared parts of operators that multiply by a trained weight and may add a bias to each output.

use crate::ops::field::{Field, one_of};
use crate::ops::{Cost, Flag, Parameter, Product};

/// Whether a bias is added: yes, unless `nobias` is given.
pub(crate) const BIAS: Field<bool> = Field {
    flags: &[
        Flag { name: "bias", doc: "keeps the bias before a trailing `bn`" },
        Flag { name: "nobias", doc: "no bias" },
    ],
    ..Field::new(
        |field, bound| Ok(one_of(bound, field.flags)? != Some("nobias")),
        |_, &bias, bound| {
            if !bias {
                bound.set_flag("nobias");
            }
        },
    )
};

/// The weight of a shape, and a bias with as many elements as given.
pub(crate) fn parameters(weight: &[u64], fan_in: u64, bias: Option<u64>) -> Vec<Parameter> {
    let weight = Parameter::weight(weight, fan_in);
    let bias = bias.map(|elements| Parameter::bias(elements, fan_in));
    std::iter::once(weight).chain(bias).collect()
}

/// The cost of the products, of which `useful` do not fall on padding, and of a bias for each of `biased` outputs.
pub(crate) fn cost(macs: Product, useful: u128, biased: Option<u128>) -> Cost {
    let add = biased.unwrap_or(0);
    Cost { macs_useful: useful, add, connections: macs.value() + add, macs, ..Cost::default() }
}

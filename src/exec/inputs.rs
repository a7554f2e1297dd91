//! Checks the inputs of a run against the ports of the plan. An executor runs only with a complete, well-shaped
//! set of inputs, so that no run can read what an earlier one left in the arena.

use std::fmt;

use ndarray::ArrayD;

use crate::lower::Plan;

/// The reason why a run was refused. Nothing was computed, and the executor can be used again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputError {
    /// An input of the network was not given.
    Missing {
        /// The input.
        name: String,
    },
    /// The network has no input of this name.
    Unknown {
        /// The name that was given.
        name: String,
        /// The inputs of the network, in order.
        known: Vec<String>,
    },
    /// An input was given more than once.
    Repeated {
        /// The input.
        name: String,
    },
    /// An array has another shape than its input.
    Shape {
        /// The input.
        name: String,
        /// The shape that the plan was made for, batch first.
        expected: Vec<usize>,
        /// The shape of the array.
        found: Vec<usize>,
    },
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InputError::Missing { name } => write!(f, "the input `{name}` is missing"),
            InputError::Unknown { name, known } => {
                write!(f, "the network has no input `{name}`; its inputs are {}", known.join(", "))
            }
            InputError::Repeated { name } => write!(f, "the input `{name}` is given twice"),
            InputError::Shape { name, expected, found } => {
                write!(f, "the input `{name}` must have the shape {expected:?}, not {found:?}")
            }
        }
    }
}

impl std::error::Error for InputError {}

/// Sorts the given arrays into the order of the plan's inputs.
pub(super) fn in_order<'a>(
    plan: &Plan,
    given: &[(&str, &'a ArrayD<f32>)],
) -> Result<Vec<&'a ArrayD<f32>>, InputError> {
    if let Some((name, _)) = given.iter().find(|(name, _)| plan.inputs.iter().all(|port| port.name != *name))
    {
        let known = plan.inputs.iter().map(|port| port.name.clone()).collect();
        return Err(InputError::Unknown { name: (*name).to_owned(), known });
    }
    let find = |port: &crate::lower::PlanPort| {
        let mut arrays = given.iter().filter(|(name, _)| *name == port.name).map(|(_, array)| *array);
        let name = || port.name.clone();
        let array = arrays.next().ok_or_else(|| InputError::Missing { name: name() })?;
        if arrays.next().is_some() {
            return Err(InputError::Repeated { name: name() });
        }
        let expected = plan.array_shape(port);
        if array.shape() != expected {
            return Err(InputError::Shape { name: name(), expected, found: array.shape().to_vec() });
        }
        Ok(array)
    };
    plan.inputs.iter().map(find).collect()
}

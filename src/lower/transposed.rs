//! Splits a transposed convolution into ordinary ones. Along an axis, all outputs whose positions leave the same
//! remainder by the stride see the same taps of the kernel: a phase, which is a convolution of stride 1. With stride 2
//! there are four phases, each of every second row and column:
//!
//! ```text
//! deconv 4x4/2 pad=1 along an axis      taps 0 1 2 3, tap t of input i lands on output 2·i + t − 1
//!
//! outputs 0 2 4 …   taps 3 and 1        of inputs −1, 0 for the first output
//! outputs 1 3 5 …   taps 2 and 0        of inputs  0, 1 for the first output
//! ```

use crate::tensor::Window;

/// The outputs of a transposed convolution at one remainder of their position by the stride, along one axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// The position of the first output; the others follow at the distance of the stride.
    pub first: usize,
    /// The number of outputs, at least one.
    pub outputs: usize,
    /// The taps of the kernel that these outputs see, in the order of the input. There may be none.
    pub taps: Vec<usize>,
    /// The input position that the first output sees with its first tap; negative among the zeros before the input.
    pub first_input: i64,
    /// The distance in the input between two taps.
    pub dilation: usize,
}

impl Phase {
    /// All phases along an axis of `input` elements with `output` results. `window` slides over the output, as that of
    /// [`Deconv::windows`](crate::ops::Deconv::windows).
    pub fn all(window: &Window, input: usize, output: usize) -> Vec<Phase> {
        let (stride, dilation) = (window.stride as i64, window.dilation as i64);
        let shared = greatest_common_divisor(window.stride, window.dilation);
        let phase = |first: usize| {
            let position = first as i64 + window.pad_before as i64;
            let sees = |&tap: &i64| (position - tap * dilation).rem_euclid(stride) == 0;
            let taps: Vec<i64> = (0..window.kernel as i64).rev().filter(sees).collect();
            let first_input = taps.first().map_or(0, |tap| (position - tap * dilation) / stride);
            Phase {
                first,
                outputs: (output - first).div_ceil(window.stride as usize),
                taps: taps.into_iter().map(|tap| tap as usize).collect(),
                first_input,
                dilation: (window.dilation / shared) as usize,
            }
        };
        debug_assert!(input > 0 && output > 0, "shapes have no empty axis");
        (0..output.min(window.stride as usize)).map(phase).collect()
    }

    /// The zeros that the outputs see before and behind an axis of `input` elements.
    pub fn zeros(&self, input: usize) -> (usize, usize) {
        let reach = (self.taps.len().saturating_sub(1) * self.dilation + self.outputs) as i64;
        let behind = self.first_input + reach - input as i64;
        if self.taps.is_empty() {
            (0, 0)
        } else {
            ((-self.first_input).max(0) as usize, behind.max(0) as usize)
        }
    }
}

/// Phases along an axis, and zeros around it, up to which phases are computed as convolutions. Beyond lie kernels such
/// as 500x500 on a map of one pixel, whose zeros would need more memory than the result.
const MOST: u64 = 64;

/// Returns whether a transposed convolution is computed by phases along this axis.
pub(super) fn has_phases(window: &Window, input: u64, output: u64) -> bool {
    let few = window.stride <= MOST && window.extent() / window.stride < MOST;
    few && Phase::all(window, input as usize, output as usize).iter().all(|phase| {
        let (before, behind) = phase.zeros(input as usize);
        before.max(behind) as u64 <= MOST
    })
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn phases_pair_the_inputs_and_taps_of_the_definition(
            kernel in 1u64..8, stride in 1u64..6, dilation in 1u64..5,
            before in 0u64..7, input in 1usize..7, output in 1usize..40,
        ) {
            let window = Window { dilation, pad_before: before, ..Window::new(kernel, stride) };
            let mut defined = Vec::new();
            for index in 0..input {
                for tap in window.taps_inside(index as u64, output as u64) {
                    defined.push((window.position(index as u64, tap) as usize, index, tap as usize));
                }
            }
            let mut found = Vec::new();
            let mut computed = vec![0; output];
            for phase in Phase::all(&window, input, output) {
                let (zeros_before, zeros_behind) = phase.zeros(input);
                for index in 0..phase.outputs {
                    let at = phase.first + index * stride as usize;
                    computed[at] += 1;
                    for (number, &tap) in phase.taps.iter().enumerate() {
                        let seen = phase.first_input + (index + number * phase.dilation) as i64;
                        prop_assert!(seen >= -(zeros_before as i64) && seen < (input + zeros_behind) as i64);
                        if seen >= 0 && seen < input as i64 {
                            found.push((at, seen as usize, tap));
                        }
                    }
                }
            }
            prop_assert!(computed.iter().all(|&times| times == 1));
            defined.sort_unstable();
            found.sort_unstable();
            prop_assert_eq!(found, defined);
        }
    }
}

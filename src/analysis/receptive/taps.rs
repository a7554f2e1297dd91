//! The input positions that one output position of an operator reads, along one axis.

use crate::ops::Reach;
use crate::tensor::gcd;

/// `count` positions from `first` on, `step` apart; none where `count` is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taps {
    pub(super) first: i128,
    pub(super) step: i128,
    pub(super) count: i128,
}

/// The taps of output `index`, which may be negative; `None` beyond 128 bits.
pub(super) fn taps(reach: Reach, index: i128) -> Option<Taps> {
    Some(match reach {
        Reach::Window(window) => Taps {
            first: index.checked_mul(window.stride.into())?.checked_sub(window.pad_before.into())?,
            step: window.dilation.into(),
            count: window.kernel.into(),
        },
        Reach::Transposed(window) => {
            let (stride, dilation) = (i128::from(window.stride), i128::from(window.dilation));
            let target = index.checked_add(window.pad_before.into())?;
            // Input i reaches the target with tap t where i·stride + t·dilation is the target: with every
            // `every`-th tap from the first that fits.
            let shared = gcd(stride as u128, dilation as u128) as i128;
            let every = stride / shared;
            let fits = |tap: &i128| (target - tap * dilation).rem_euclid(stride) == 0;
            let Some(tap) = (0..every.min(window.kernel.into())).find(fits) else {
                return Some(Taps { first: 0, step: 1, count: 0 });
            };
            let count = (i128::from(window.kernel) - 1 - tap) / every + 1;
            let step = dilation / shared;
            let last = (target - tap * dilation) / stride;
            Taps { first: last - (count - 1).checked_mul(step)?, step, count }
        }
        Reach::Resampled(resampling) => {
            let (first, count) = resampling.taps(index);
            Taps { first, step: 1, count }
        }
        Reach::Adaptive { input, output } => {
            let (input, output) = (i128::from(input), i128::from(output));
            let first = index.checked_mul(input)?.div_euclid(output);
            let end = -(-(index + 1).checked_mul(input)?).div_euclid(output);
            Taps { first, step: 1, count: end - first }
        }
        Reach::Shifted { before } => Taps { first: index - i128::from(before), step: 1, count: 1 },
    })
}

/// After how many outputs the pattern of taps repeats, moved by how many inputs.
pub(super) fn period(reach: Reach) -> (u128, u128) {
    match reach {
        Reach::Window(window) => (1, window.stride.into()),
        Reach::Transposed(window) => (window.stride.into(), 1),
        Reach::Resampled(resampling) => {
            let (outputs, inputs) = resampling.period();
            (outputs.into(), inputs.into())
        }
        Reach::Adaptive { input, output } => {
            let shared = gcd(input.into(), output.into());
            (u128::from(output) / shared, u128::from(input) / shared)
        }
        Reach::Shifted { .. } => (1, 1),
    }
}

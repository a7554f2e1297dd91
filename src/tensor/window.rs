//! The formula of sliding windows along one axis, shared by shapes, costs, receptive fields and kernels.
//!
//! Output size, taps that fall inside the input, and `same` padding are decided here and nowhere else.

/// A window that slides along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// Number of taps, at least 1.
    pub kernel: u64,
    /// Distance between two windows, at least 1.
    pub stride: u64,
    /// Distance between two taps, at least 1.
    pub dilation: u64,
    /// Padding before the first element (top or left).
    pub pad_before: u64,
    /// Padding behind the last element (bottom or right).
    pub pad_after: u64,
    /// Rounds the number of windows up; windows that would start behind the input and its padding before are
    /// dropped (PyTorch's rule).
    pub ceil: bool,
}

impl Window {
    /// A window without padding and dilation.
    pub fn new(kernel: u64, stride: u64) -> Window {
        Window { kernel, stride, dilation: 1, pad_before: 0, pad_after: 0, ceil: false }
    }

    /// The window with `same` padding for an input of `input` elements: the output has
    /// `ceil(input / stride)` elements; of an odd padding the larger half is behind (ONNX `SAME_UPPER`).
    pub fn same(kernel: u64, stride: u64, dilation: u64, input: u64) -> Window {
        let window = Window { dilation, ..Window::new(kernel, stride) };
        let output = input.div_ceil(stride);
        let reach = u128::from(output.saturating_sub(1)) * u128::from(stride) + u128::from(window.extent());
        let total = reach.saturating_sub(u128::from(input)) as u64;
        Window { pad_before: total / 2, pad_after: total - total / 2, ..window }
    }

    /// The elements from the first tap to the last: `dilation · (kernel − 1) + 1`; saturating.
    pub fn extent(&self) -> u64 {
        self.dilation.saturating_mul(self.kernel.saturating_sub(1)).saturating_add(1)
    }

    /// The input with its padding.
    pub fn padded(&self, input: u64) -> u128 {
        u128::from(input) + u128::from(self.pad_before) + u128::from(self.pad_after)
    }

    /// The number of windows: `floor((input + pads − extent) / stride) + 1`, or with `ceil` as said there.
    /// `None` where not a single window fits.
    pub fn output(&self, input: u64) -> Option<u64> {
        let stride = i128::from(self.stride.max(1));
        let room = self.padded(input) as i128 - i128::from(self.extent());
        let steps = if self.ceil { (room + stride - 1).div_euclid(stride) } else { room.div_euclid(stride) };
        let mut output = steps + 1;
        if self.ceil {
            let starts = i128::from(input) + i128::from(self.pad_before);
            output = output.min((starts + stride - 1).div_euclid(stride));
        }
        u64::try_from(output).ok().filter(|&output| output > 0)
    }

    /// The input position of tap `tap` of window `index`; negative or ≥ the input where it falls on padding.
    pub fn position(&self, index: u64, tap: u64) -> i64 {
        (index * self.stride + tap * self.dilation) as i64 - self.pad_before as i64
    }

    /// The taps of window `index` that fall inside the input, as a range of tap numbers.
    pub fn taps_inside(&self, index: u64, input: u64) -> std::ops::Range<u64> {
        let start = self.position(index, 0);
        let dilation = self.dilation as i64;
        let first = if start < 0 { (-start + dilation - 1) / dilation } else { 0 };
        let room = input as i64 - start;
        let end = if room <= 0 { 0 } else { (room + dilation - 1) / dilation };
        let end = (end as u64).min(self.kernel);
        let first = (first as u64).min(end);
        first..end
    }

    /// The number of taps of the first `outputs` windows that fall inside the input, in closed form.
    pub fn useful_taps(&self, input: u64, outputs: u64) -> u128 {
        let before = i128::from(self.pad_before);
        self.taps_up_to(before + i128::from(input) - 1, outputs) - self.taps_up_to(before - 1, outputs)
    }

    /// Returns whether each of the first `outputs` windows has a tap inside the input, in closed form; `outputs` is at
    /// least 1.
    pub fn all_touch(&self, input: u64, outputs: u64) -> bool {
        let last_starts_inside = u128::from(outputs - 1) * u128::from(self.stride)
            < u128::from(input) + u128::from(self.pad_before);
        if !last_starts_inside || self.pad_before >= self.extent() {
            return false;
        }
        if input >= self.dilation {
            return true;
        }
        // The taps of a window that starts in the padding may jump over an input narrower than their distance:
        // its first tap at or behind the start of the input is at (start mod dilation).
        let (input, dilation) = (u128::from(input), u128::from(self.dilation));
        let stride = u128::from(self.stride);
        let early = u128::from(outputs).min(u128::from(self.pad_before).div_ceil(stride));
        let first = (dilation - u128::from(self.pad_before) % dilation) % dilation;
        let beyond = floor_sum(early, dilation, stride, first + dilation - input);
        beyond == floor_sum(early, dilation, stride, first)
    }

    /// The number of pairs (window, tap) with `window · stride + tap · dilation ≤ limit`.
    fn taps_up_to(&self, limit: i128, outputs: u64) -> u128 {
        if limit < 0 || outputs == 0 {
            return 0;
        }
        let (stride, dilation) = (i128::from(self.stride), i128::from(self.dilation));
        let (kernel, outputs) = (i128::from(self.kernel), i128::from(outputs));
        // Taps 0..full are at or before the limit in every window, taps full..some in at least one.
        let some = (limit / dilation + 1).min(kernel);
        let slack = limit - (outputs - 1) * stride;
        let full = if slack < 0 { 0 } else { (slack / dilation + 1).min(kernel) };
        // The tap some − 1 − j is reached by floor((limit − (some − 1 − j)·dilation) / stride) + 1 windows.
        let rest = some - full;
        let offset = limit - (some - 1) * dilation;
        (full * outputs) as u128
            + rest as u128
            + floor_sum(rest as u128, stride as u128, dilation as u128, offset as u128)
    }
}

/// `Σ floor((a·i + b) / m)` for i in `0..n`, by the Euclidean-like recursion over (a, m).
fn floor_sum(mut n: u128, mut m: u128, mut a: u128, mut b: u128) -> u128 {
    let mut sum = 0;
    while n > 0 {
        sum += n * (n - 1) / 2 * (a / m) + n * (b / m);
        a %= m;
        b %= m;
        let top = a * n + b;
        if top < m {
            break;
        }
        n = top / m;
        b = top % m;
        (a, m) = (m, a);
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn closed_forms_agree_with_enumeration(
            kernel in 1u64..8, stride in 1u64..6, dilation in 1u64..5,
            pad_before in 0u64..9, pad_after in 0u64..9, ceil: bool, input in 1u64..30,
        ) {
            let window = Window { kernel, stride, dilation, pad_before, pad_after, ceil };
            let padded = input + pad_before + pad_after;
            let fits = |index: u64| {
                let start = index * stride;
                let end = start + window.extent();
                if ceil { end < padded + stride && start < input + pad_before } else { end <= padded }
            };
            let counted = (0..100).take_while(|&index| fits(index)).count() as u64;
            prop_assert_eq!(window.output(input).unwrap_or(0), counted);
            let inside = |index: u64, tap: u64| {
                let position = window.position(index, tap);
                position >= 0 && position < input as i64
            };
            let mut useful = 0u128;
            for index in 0..counted {
                let taps: Vec<u64> = (0..kernel).filter(|&tap| inside(index, tap)).collect();
                prop_assert_eq!(&taps, &window.taps_inside(index, input).collect::<Vec<_>>());
                useful += taps.len() as u128;
            }
            prop_assert_eq!(window.useful_taps(input, counted), useful);
            if counted > 0 {
                let touch = (0..counted).all(|index| !window.taps_inside(index, input).is_empty());
                prop_assert_eq!(window.all_touch(input, counted), touch);
            }
        }

        // `pooling_output_shape` of PyTorch 2: with `ceil_mode`, at most one window is taken back.
        #[test]
        fn rounding_up_is_pytorchs(
            kernel in 1u64..8, stride in 1u64..6, dilation in 1u64..4,
            pad_before in 0u64..9, pad_after in 0u64..9, input in 1u64..30,
        ) {
            let window = Window { kernel, stride, dilation, pad_before, pad_after, ceil: true };
            prop_assume!(pad_before < window.extent() && pad_after < window.extent());
            let room = window.padded(input) as i64 - window.extent() as i64;
            let mut output = (room + stride as i64 - 1).div_euclid(stride as i64) + 1;
            if (output - 1) * stride as i64 >= (input + pad_before) as i64 {
                output -= 1;
            }
            // Of all windows that PyTorch has, the last must begin inside: else the pool is refused.
            let begins_inside = (output - 1) * (stride as i64) < (input + pad_before) as i64;
            if output > 0 && begins_inside {
                prop_assert_eq!(window.output(input), Some(output as u64));
            }
        }

        #[test]
        fn same_padding_gives_the_rounded_up_quotient(
            kernel in 1u64..8, stride in 1u64..6, dilation in 1u64..5, input in 1u64..40,
        ) {
            let window = Window::same(kernel, stride, dilation, input);
            prop_assert_eq!(window.output(input), Some(input.div_ceil(stride)));
            prop_assert!(window.pad_after - window.pad_before <= 1);
        }
    }

    #[test]
    fn huge_windows_are_counted_at_once() {
        let window = Window {
            kernel: 1 << 30,
            stride: 1,
            dilation: 1,
            pad_before: 1 << 29,
            pad_after: 1 << 29,
            ceil: false,
        };
        assert_eq!(window.output(1 << 31), Some((1 << 31) + 1));
        assert!(window.useful_taps(1 << 31, 1 << 31) > 1 << 60);
    }
}

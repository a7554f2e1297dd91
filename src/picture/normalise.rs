//! Converts samples to the numbers that a network was trained on.

use ndarray::{ArrayD, Axis};

/// The last step of a preparation: scale, subtract the mean, divide by the standard deviation, each rounded to f32.
#[derive(Clone, Debug, PartialEq)]
pub struct Normalisation {
    /// The value of white: 1, or 255 for networks trained on bytes.
    pub range: f32,
    /// Subtracted: one value a channel, one for all, or none.
    pub mean: Vec<f32>,
    /// Divides the difference: one value a channel, one for all, or none.
    pub std: Vec<f32>,
}

impl Default for Normalisation {
    fn default() -> Normalisation {
        Normalisation { range: 1.0, mean: Vec::new(), std: Vec::new() }
    }
}

impl Normalisation {
    /// Normalises samples from 0 to `white` in place: 255 for bytes, 65 535 for samples of 16 bits. Mean and standard
    /// deviation go by the position along the axis `channels`.
    pub fn apply(&self, values: &mut ArrayD<f32>, channels: Axis, white: f32) {
        let divisor = white / self.range;
        values.mapv_inplace(|value| value / divisor);
        self.standardise(values, channels);
    }

    /// Subtracts the mean and divides by the standard deviation.
    pub(super) fn standardise(&self, values: &mut ArrayD<f32>, channels: Axis) {
        let of = |list: &[f32], channel: usize| match list {
            [] => None,
            [one] => Some(*one),
            many => Some(many[channel]),
        };
        for (channel, mut plane) in values.axis_iter_mut(channels).enumerate() {
            let mean = of(&self.mean, channel).unwrap_or(0.0);
            let std = of(&self.std, channel).unwrap_or(1.0);
            plane.mapv_inplace(|value| (value - mean) / std);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_of_integers_take_the_same_last_step_as_pictures() {
        let normalisation =
            Normalisation { mean: vec![0.5, 0.25], std: vec![2.0], ..Normalisation::default() };
        for white in [255.0f32, 65_535.0] {
            let mut values =
                ArrayD::from_shape_vec(vec![1, 2, 1, 1], vec![white, (white / 5.0).floor()]).unwrap();
            normalisation.apply(&mut values, Axis(1), white);
            assert_eq!(values.into_raw_vec_and_offset().0, [0.25, (0.2f32 - 0.25) / 2.0]);
        }
    }

    #[test]
    fn a_range_of_255_leaves_bytes_as_they_are_and_scales_16_bits() {
        let normalisation = Normalisation { range: 255.0, mean: vec![100.0], std: vec![] };
        for (white, value) in [(255.0, 130.0), (65_535.0, 130.0 * 257.0)] {
            let mut values = ArrayD::from_elem(vec![1, 1], value);
            normalisation.apply(&mut values, Axis(0), white);
            assert_eq!(values[[0, 0]], 30.0);
        }
    }
}

//! Computes where the positions of a resampled axis lie in its input.
//!
//! A map that is brought to another size takes its values at positions between those of the input. Which neighbours
//! each of them reads is decided here.

/// The interpolation of values between positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interpolation {
    /// The value at `floor(i · input / output)`.
    Nearest,
    /// Between two neighbours.
    Linear,
    /// Between four neighbours.
    Cubic,
}

/// An axis of `input` positions brought to `output` positions, both at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Resampling {
    /// Positions before.
    pub input: u64,
    /// Positions afterwards.
    pub output: u64,
    /// The interpolation of values between positions.
    pub interpolation: Interpolation,
    /// The first and last positions of both axes coincide (`align_corners`, not with `Nearest`); else the edges of
    /// their pixels do.
    pub corners: bool,
}

impl Resampling {
    /// The position of output `index` in the input as a fraction (numerator, denominator > 0), not clamped.
    /// With the edges of the pixels in common it is `(index + ½) · input / output − ½`.
    pub fn position(&self, index: i128) -> (i128, i128) {
        let (input, output) = (i128::from(self.input), i128::from(self.output));
        match (self.corners, output) {
            (true, 1) => (0, 1),
            (true, _) => (index * (input - 1), output - 1),
            (false, _) => ((2 * index + 1) * input - output, 2 * output),
        }
    }

    /// The first input position that output `index` reads, and how many it reads. At the border some of them may
    /// lie outside of the input.
    pub fn taps(&self, index: i128) -> (i128, i128) {
        let (position, unit) = self.position(index);
        let before = position.div_euclid(unit);
        match self.interpolation {
            Interpolation::Nearest => {
                ((index * i128::from(self.input)).div_euclid(i128::from(self.output)), 1)
            }
            // The weights of the neighbours of a position that is hit exactly are 0.
            _ if position.rem_euclid(unit) == 0 => (before, 1),
            Interpolation::Linear => (before, 2),
            Interpolation::Cubic => (before - 1, 4),
        }
    }

    /// After how many outputs the pattern of taps repeats, moved by how many inputs; in lowest terms.
    pub fn period(&self) -> (u64, u64) {
        let (outputs, inputs) = match (self.corners, self.output) {
            (true, 1) => (1, 0),
            (true, output) => (output - 1, self.input - 1),
            (false, output) => (output, self.input),
        };
        let divisor = gcd(outputs.into(), inputs.into()) as u64;
        (outputs / divisor, inputs / divisor)
    }
}

/// The greatest common divisor; the other number where one is 0.
pub fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taps_lie_around_the_position_and_repeat() {
        for interpolation in [Interpolation::Nearest, Interpolation::Linear, Interpolation::Cubic] {
            for (input, output, corners) in
                [(4, 8, false), (6, 9, false), (9, 6, true), (5, 1, true), (3, 3, false)]
            {
                let corners = corners && interpolation != Interpolation::Nearest;
                let axis = Resampling { input, output, interpolation, corners };
                let (outputs, inputs) = axis.period();
                for index in 0..i128::from(output) {
                    let (first, count) = axis.taps(index);
                    let (position, unit) = axis.position(index);
                    if interpolation != Interpolation::Nearest {
                        assert!(first * unit <= position && position <= (first + count - 1) * unit);
                    }
                    let later = axis.taps(index + i128::from(outputs));
                    assert_eq!(later, (first + i128::from(inputs), count), "{axis:?} at {index}");
                }
            }
        }
    }
}

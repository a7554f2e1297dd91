//! The outputs of a run: their arrays, and their elements ranked by value.

use ndarray::{ArrayD, Axis};

use crate::tensor::Shape;

/// The values of one output for all pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputValues {
    /// `out`, the name of an `aux`, or the name under which the value was asked for.
    pub name: String,
    /// The shape for one picture.
    pub shape: Shape,
    /// Pictures × C×H×W, or × n.
    pub values: ArrayD<f32>,
}

/// An element of an output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked {
    /// Its position among the elements of the picture.
    pub index: usize,
    /// Its value.
    pub score: f32,
}

impl OutputValues {
    /// Returns whether the output is a vector, also one that is written as a map of 1x1: then its elements are classes.
    pub fn is_vector(&self) -> bool {
        matches!(self.shape, Shape::Vector(_) | Shape::Map { height: 1, width: 1, .. })
    }

    /// The `count` largest elements of one picture, largest first; of equal ones the first, NaN last.
    ///
    /// # Panics
    ///
    /// If there is no such picture.
    pub fn top(&self, picture: usize, count: usize) -> Vec<Ranked> {
        let elements = self.values.index_axis(Axis(0), picture);
        let ranked = elements.iter().enumerate().map(|(index, &score)| Ranked { index, score });
        let mut ranked: Vec<Ranked> = ranked.collect();
        let key = |one: &Ranked| if one.score.is_nan() { f32::NEG_INFINITY } else { one.score };
        ranked.sort_by(|a, b| key(b).total_cmp(&key(a)).then(a.index.cmp(&b.index)));
        ranked.truncate(count);
        ranked
    }

    /// The number of elements that are NaN or infinite.
    pub fn nonfinite(&self) -> usize {
        self.values.iter().filter(|value| !value.is_finite()).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_come_first_and_nan_last() {
        let values =
            ndarray::array![[1.0, f32::NAN, 3.0, 3.0], [0.0, 5.0, f32::NEG_INFINITY, 2.0]].into_dyn();
        let output = OutputValues { name: "out".to_owned(), shape: Shape::Vector(4), values };
        let indices =
            |picture, count| output.top(picture, count).iter().map(|one| one.index).collect::<Vec<_>>();
        assert_eq!(indices(0, 9), [2, 3, 0, 1]);
        assert_eq!(indices(1, 2), [1, 3]);
        assert_eq!(output.nonfinite(), 2);
    }
}

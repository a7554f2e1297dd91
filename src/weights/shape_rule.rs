//! Decides whether a stored tensor has the shape of a parameter.
//!
//! A tensor of the same rank must have exactly the declared shape. One of another rank may lack or add dimensions of
//! size 1 behind the first axis: a `Linear` serves a 1×1 convolution, a `Conv1d` one of 1×k. The ranks decide, because
//! Keras stores kernels as (h, w, in, out), and 1×1×8×8 would otherwise pass for 8×8×1×1.

/// The relation between a stored shape and a declared one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    Exact,
    /// The shapes are equal up to dimensions of size 1 behind the first axis.
    UpToOnes,
    /// The shapes differ; with the likely reason where one is known.
    No(Option<&'static str>),
}

/// Compares a stored shape with the declared one.
pub(super) fn fit(declared: &[u64], found: &[usize]) -> Fit {
    let found: Vec<u64> = found.iter().map(|&dim| dim as u64).collect();
    if declared == found {
        return Fit::Exact;
    }
    let behind_first =
        |dims: &[u64]| dims.iter().skip(1).copied().filter(|&dim| dim != 1).collect::<Vec<_>>();
    if declared.len() != found.len()
        && declared.first() == found.first()
        && behind_first(declared) == behind_first(&found)
    {
        return Fit::UpToOnes;
    }
    Fit::No(hint(declared, &found))
}

/// The permutation of the axes that would make the shapes equal.
fn hint(declared: &[u64], found: &[u64]) -> Option<&'static str> {
    let is_permuted = |axes: [usize; 4]| found.len() == 4 && axes.map(|axis| found[axis]) == *declared;
    let sorted = |dims: &[u64]| {
        let mut dims = dims.to_vec();
        dims.sort_unstable();
        dims
    };
    if is_permuted([3, 2, 0, 1]) {
        return Some("looks like Keras' layout (h, w, in, out): transpose it by (3, 2, 0, 1)");
    }
    // Keras' depthwise kernels are (h, w, channels, multiplier).
    let is_depthwise =
        found.len() == 4 && *declared == [found[2].saturating_mul(found[3]), 1, found[0], found[1]];
    if is_depthwise {
        return Some(
            "looks like Keras' layout (h, w, channels, multiplier): transpose it by (2, 3, 0, 1) and join the first two axes",
        );
    }
    if declared.len() == 2 && sorted(declared) == sorted(found) {
        return Some("looks like Keras' layout (in, out): transpose it");
    }
    (declared.len() == found.len() && sorted(declared) == sorted(found))
        .then_some("has the same dimensions in another order of the axes")
}

/// A shape in a message: `3x2x5`.
pub(super) fn dims(shape: &[impl ToString]) -> String {
    let text: Vec<String> = shape.iter().map(ToString::to_string).collect();
    if text.is_empty() { "scalar".to_owned() } else { text.join("x") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_keras(declared: &[u64], found: &[usize]) -> bool {
        matches!(fit(declared, found), Fit::No(Some(hint)) if hint.starts_with("looks like Keras"))
    }

    #[test]
    fn another_rank_may_differ_by_ones_behind_the_first_axis() {
        assert_eq!(fit(&[8, 4, 1, 1], &[8, 4]), Fit::UpToOnes);
        assert_eq!(fit(&[8, 4, 1, 3], &[8, 4, 3]), Fit::UpToOnes);
        assert_eq!(fit(&[8, 4], &[8, 4, 1, 1]), Fit::UpToOnes);
        assert_eq!(fit(&[8], &[8, 1, 1]), Fit::UpToOnes);
        assert_eq!(fit(&[8], &[1, 8]), Fit::No(None));
        assert_eq!(fit(&[1], &[]), Fit::No(None));
        assert_eq!(fit(&[8, 4, 1, 1], &[4, 8]), Fit::No(None));
    }

    #[test]
    fn the_same_rank_must_have_the_same_shape() {
        assert_eq!(fit(&[8, 4, 3, 3], &[8, 4, 3, 3]), Fit::Exact);
        assert_eq!(
            fit(&[8, 1, 3, 3], &[8, 3, 1, 3]),
            Fit::No(Some("has the same dimensions in another order of the axes"))
        );
        assert_eq!(fit(&[8, 4, 3, 3], &[8, 5, 3, 3]), Fit::No(None));
    }

    #[test]
    fn keras_kernels_of_lucky_sizes_are_recognised() {
        assert!(is_keras(&[8, 8, 1, 1], &[1, 1, 8, 8]));
        assert!(is_keras(&[3, 1, 3, 3], &[3, 3, 3, 1]));
        assert!(is_keras(&[6, 1, 3, 3], &[3, 3, 3, 2]));
        assert!(is_keras(&[5, 1, 5, 5], &[5, 5, 1, 5]));
        assert!(is_keras(&[64, 3, 7, 7], &[7, 7, 3, 64]));
        assert!(is_keras(&[10, 84], &[84, 10]));
        assert!(!is_keras(&[10, 84], &[85, 10]));
    }
}

//! Cuts out the centre of a picture, by the rule of torchvision's `CenterCrop`.

use super::raster::{Raster, Sample};

/// Cuts the centre out; where the picture is smaller than wanted, zeros surround it.
pub(super) fn crop<S: Sample>(raster: &Raster<S>, height: usize, width: usize) -> Raster<S> {
    let rows = Overlap::of(raster.height, height);
    let columns = Overlap::of(raster.width, width);
    let channels = raster.channels;
    let mut samples = vec![S::default(); height * width * channels];
    for row in 0..rows.length {
        let from = ((rows.from + row) * raster.width + columns.from) * channels;
        let to = ((rows.to + row) * width + columns.to) * channels;
        let length = columns.length * channels;
        samples[to..to + length].copy_from_slice(&raster.samples[from..from + length]);
    }
    Raster { channels, height, width, samples }
}

/// The range that picture and result share along one axis.
#[derive(Debug, PartialEq, Eq)]
struct Overlap {
    /// The first position in the picture.
    from: usize,
    /// The first position in the result.
    to: usize,
    length: usize,
}

impl Overlap {
    fn of(has: usize, wanted: usize) -> Overlap {
        if has >= wanted {
            Overlap { from: half_to_even(has - wanted), to: 0, length: wanted }
        } else {
            Overlap { from: 0, to: (wanted - has) / 2, length: has }
        }
    }
}

/// Half of `n`, where a half is rounded to the even neighbour, as Python rounds.
fn half_to_even(n: usize) -> usize {
    let half = n / 2;
    if n % 2 == 1 && half % 2 == 1 { half + 1 } else { half }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_differences_round_to_even() {
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 7].map(half_to_even), [0, 0, 1, 2, 2, 2, 3, 4]);
    }

    #[test]
    fn each_axis_is_cut_or_padded_on_its_own() {
        let raster = Raster { channels: 1, height: 1, width: 4, samples: vec![1u8, 2, 3, 4] };
        let cropped = crop(&raster, 4, 1);
        assert_eq!(cropped.samples, [0, 3, 0, 0]);
        let two = Raster { channels: 2, height: 1, width: 2, samples: vec![1u8, 2, 3, 4] };
        assert_eq!(crop(&two, 1, 3).samples, [1, 2, 3, 4, 0, 0]);
        assert_eq!(crop(&two, 1, 2), two);
    }
}

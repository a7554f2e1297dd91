//! Antialiased bilinear resizing, bit for bit as Pillow 12 resizes pictures of 8 bits (in fixed point) and grey ones
//! of 16 bits (in f64).
//!
//! Two passes, each rounded to samples. A sample of the result is a weighted sum over a triangle that is two
//! samples wide where the picture grows, and two samples of the result wide where it shrinks.
//!
//! The order of the passes shows in the last bit. The rows come first, but in a picture that is more than a
//! hundred times as high as wide and loses height. (Pillow 13.0 takes the columns first wherever more than
//! twice as many rows as columns fall away; in such pictures some samples differ by a level.)

use super::raster::{Raster, Sample};

/// The picture in another size; neither side is zero.
pub(super) fn resize<S: Sample>(raster: Raster<S>, height: usize, width: usize) -> Raster<S> {
    if raster.height > 100 * raster.width && height < raster.height {
        resize_rows(resize_columns(raster, height), width)
    } else {
        resize_columns(resize_rows(raster, width), height)
    }
}

/// Every row in another length.
fn resize_rows<S: Sample>(raster: Raster<S>, width: usize) -> Raster<S> {
    if width == raster.width {
        return raster;
    }
    let channels = raster.channels;
    let taps = taps::<S>(raster.width, width);
    let mut samples = Vec::with_capacity(raster.height * width * channels);
    for row in raster.samples.chunks_exact(raster.width * channels) {
        for tap in &taps {
            for channel in 0..channels {
                samples.push(tap.sum(|offset| row[(tap.first + offset) * channels + channel]));
            }
        }
    }
    Raster { width, samples, ..raster }
}

/// Every column in another length.
fn resize_columns<S: Sample>(raster: Raster<S>, height: usize) -> Raster<S> {
    if height == raster.height {
        return raster;
    }
    let row = raster.width * raster.channels;
    let mut samples = Vec::with_capacity(height * row);
    for tap in taps::<S>(raster.height, height) {
        for at in 0..row {
            samples.push(tap.sum(|offset| raster.samples[(tap.first + offset) * row + at]));
        }
    }
    Raster { height, samples, ..raster }
}

/// The samples that are summed for one sample of the result.
struct Tap<S: Sample> {
    first: usize,
    /// Their weights; about one in all.
    weights: Vec<S::Weight>,
}

impl<S: Sample> Tap<S> {
    fn sum(&self, sample: impl Fn(usize) -> S) -> S {
        S::sum(self.weights.iter().enumerate().map(|(offset, &weight)| (sample(offset), weight)))
    }
}

/// The taps of `result` samples over `source` samples along one axis.
fn taps<S: Sample>(source: usize, result: usize) -> Vec<Tap<S>> {
    let scale = source as f64 / result as f64;
    let support = scale.max(1.0);
    (0..result)
        .map(|index| {
            let centre = (index as f64 + 0.5) * scale;
            let first = (centre - support + 0.5).max(0.0) as usize;
            let end = ((centre + support + 0.5) as usize).min(source);
            let triangle = |at: usize| {
                let distance = ((at as f64 - centre + 0.5) * (1.0 / support)).abs();
                if distance < 1.0 { 1.0 - distance } else { 0.0 }
            };
            let weights: Vec<f64> = (first..end).map(triangle).collect();
            let total = weights.iter().fold(0.0, |sum, weight| sum + weight);
            Tap { first, weights: weights.iter().map(|weight| S::weight(weight / total)).collect() }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{raster, raster16};
    use super::*;

    macro_rules! resized {
        ($($name:literal),*) => {
            [$(include_bytes!(concat!("../../tests/fixtures/pictures/resized-", $name, ".npy")).as_slice()),*]
        };
    }

    #[test]
    fn every_byte_is_pillows() {
        let source = raster(include_bytes!("../../tests/fixtures/pictures/rgb.RGB.npy"));
        for bytes in resized!["14x19", "13x3", "1x1", "19x7", "5x26", "24x33", "40x9", "7x50", "18x25"] {
            let expected = raster(bytes);
            let (height, width) = (expected.height, expected.width);
            assert_eq!(resize(source.clone(), height, width), expected, "{height}x{width}");
        }
    }

    #[test]
    fn grey_of_sixteen_bits_is_pillows() {
        let source = raster16(include_bytes!("../../tests/fixtures/pictures/deep.npy"));
        for bytes in [
            include_bytes!("../../tests/fixtures/pictures/deep-9x14.npy").as_slice(),
            include_bytes!("../../tests/fixtures/pictures/deep-31x40.npy"),
            include_bytes!("../../tests/fixtures/pictures/deep-5x23.npy"),
        ] {
            let expected = raster16(bytes);
            let (height, width) = (expected.height, expected.width);
            assert_eq!(resize(source.clone(), height, width), expected, "{height}x{width}");
        }
    }

    #[test]
    fn a_thread_of_a_picture_is_shortened_first() {
        let source = raster(include_bytes!("../../tests/fixtures/pictures/thread.npy"));
        let expected = raster(include_bytes!("../../tests/fixtures/pictures/thread-40x3.npy"));
        assert_eq!(resize(source.clone(), 40, 3), expected);
        assert_ne!(resize_columns(resize_rows(source, 3), 40), expected);
    }

    #[test]
    fn hard_edges_stay_within_bytes() {
        let samples = vec![255u8, 0, 255, 255, 0, 0, 255];
        let source = Raster { channels: 1, height: 1, width: 7, samples };
        for width in 1..40 {
            assert_eq!(resize(source.clone(), 1, width).samples.len(), width);
        }
        let white = Raster { channels: 1, height: 3, width: 300, samples: vec![255u8; 900] };
        assert!(resize(white, 2, 7).samples.iter().all(|&sample| sample == 255));
    }

    #[test]
    fn the_same_size_is_the_same_picture() {
        let source = Raster { channels: 3, height: 1, width: 2, samples: vec![1u8, 2, 3, 4, 5, 6] };
        assert_eq!(resize(source.clone(), 1, 2), source);
    }
}

//! Antialiased bilinear resizing in fixed point, bit for bit as Pillow 12 resizes 8-bit pictures.
//!
//! A pass along the rows, then one along the columns, each rounded to bytes. A sample of the result is a
//! weighted sum over a triangle that is two samples wide where the picture grows, and two samples of the
//! result wide where it shrinks.
//!
//! Pillow 13.0 takes the columns first where more than twice as many rows as columns fall away, which is a
//! tall picture whose height is more than twice its width; some samples then differ by a level. The order
//! here is always the same.

use super::Raster;

/// Bits behind the point: two of 32 are left for sums beyond a byte.
const PRECISION: u32 = 32 - 8 - 2;

/// The picture in another size; neither side is zero.
pub(super) fn resize(raster: Raster, height: usize, width: usize) -> Raster {
    let Raster { channels, height: rows, width: columns, mut samples } = raster;
    if width != columns {
        let taps = taps(columns, width);
        let mut out = Vec::with_capacity(rows * width * channels);
        for row in samples.chunks_exact(columns * channels) {
            for tap in &taps {
                for channel in 0..channels {
                    out.push(tap.sum(|offset| row[(tap.first + offset) * channels + channel]));
                }
            }
        }
        samples = out;
    }
    if height != rows {
        let length = width * channels;
        let mut out = Vec::with_capacity(height * length);
        for tap in taps(rows, height) {
            for at in 0..length {
                out.push(tap.sum(|offset| samples[(tap.first + offset) * length + at]));
            }
        }
        samples = out;
    }
    Raster { channels, height, width, samples }
}

/// The samples that make one sample of the result.
struct Tap {
    /// The first of them.
    first: usize,
    /// Their weights, in fixed point; about one in all.
    weights: Vec<i32>,
}

impl Tap {
    fn sum(&self, sample: impl Fn(usize) -> u8) -> u8 {
        let half = 1 << (PRECISION - 1);
        let products = self.weights.iter().enumerate().map(|(at, weight)| i32::from(sample(at)) * weight);
        (products.fold(half, |sum, product| sum + product) >> PRECISION).clamp(0, 255) as u8
    }
}

/// How `result` samples come from `source` samples along one axis.
fn taps(source: usize, result: usize) -> Vec<Tap> {
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
            let fixed = |weight: &f64| (weight / total * f64::from(1 << PRECISION) + 0.5) as i32;
            Tap { first, weights: weights.iter().map(fixed).collect() }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::raster;
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
    fn hard_edges_stay_within_bytes() {
        let samples = vec![255, 0, 255, 255, 0, 0, 255];
        let source = Raster { channels: 1, height: 1, width: 7, samples };
        for width in 1..40 {
            assert_eq!(resize(source.clone(), 1, width).samples.len(), width);
        }
        let white = Raster { channels: 1, height: 3, width: 300, samples: vec![255; 900] };
        assert!(resize(white, 2, 7).samples.iter().all(|&sample| sample == 255));
    }

    #[test]
    fn the_same_size_is_the_same_picture() {
        let source = Raster { channels: 3, height: 1, width: 2, samples: vec![1, 2, 3, 4, 5, 6] };
        assert_eq!(resize(source.clone(), 1, 2), source);
    }
}

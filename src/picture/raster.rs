//! Rows of pixels in memory, of 8 or 16 bits a sample.

/// A sample of a pixel, and the arithmetic in which Pillow resizes samples of its size.
pub(super) trait Sample: Copy + Default {
    /// The greatest sample, which is white.
    const MAX: f32;
    /// The weight of a sample in a sum.
    type Weight: Copy;
    /// Converts a share from 0 to 1 to a weight.
    fn weight(share: f64) -> Self::Weight;
    /// Rounds a weighted sum to a sample.
    fn sum(products: impl Iterator<Item = (Self, Self::Weight)>) -> Self;
    /// Luma of ITU-R BT.601, rounded, in Pillow's 16-bit fixed point.
    fn luma(pixel: [Self; 3]) -> Self;
    /// The sample as a number from 0 to [`Sample::MAX`].
    fn to_f32(self) -> f32;
}

/// Bits of a fixed-point weight behind the point: two of 32 are left for sums beyond a byte.
const PRECISION: u32 = 32 - 8 - 2;
/// Weights of red, green and blue in luma, in units of 2⁻¹⁶; one in all.
const LUMA: [u32; 3] = [19_595, 38_470, 7_471];

impl Sample for u8 {
    const MAX: f32 = 255.0;
    type Weight = i32;

    fn weight(share: f64) -> i32 {
        (share * f64::from(1 << PRECISION) + 0.5) as i32
    }

    fn sum(products: impl Iterator<Item = (u8, i32)>) -> u8 {
        let half = 1 << (PRECISION - 1);
        let sum = products.fold(half, |sum, (sample, weight)| sum + i32::from(sample) * weight);
        (sum >> PRECISION).clamp(0, 255) as u8
    }

    fn luma(pixel: [u8; 3]) -> u8 {
        u16::luma(pixel.map(u16::from)) as u8
    }

    fn to_f32(self) -> f32 {
        f32::from(self)
    }
}

impl Sample for u16 {
    const MAX: f32 = 65_535.0;
    type Weight = f64;

    fn weight(share: f64) -> f64 {
        share
    }

    fn sum(products: impl Iterator<Item = (u16, f64)>) -> u16 {
        let sum = products.fold(0.0, |sum, (sample, weight)| sum + f64::from(sample) * weight);
        (sum + 0.5).floor().clamp(0.0, 65_535.0) as u16
    }

    fn luma(pixel: [u16; 3]) -> u16 {
        // The largest sum is 65 535 · 65 536 + 32 768, below 2³².
        let sum = pixel.iter().zip(LUMA).map(|(&sample, weight)| u32::from(sample) * weight).sum::<u32>();
        ((sum + 0x8000) >> 16) as u16
    }

    fn to_f32(self) -> f32 {
        f32::from(self)
    }
}

/// Rows of pixels of one sample (grey) or three (RGB).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Raster<S> {
    pub channels: usize,
    pub height: usize,
    pub width: usize,
    /// Row by row, the channels of a pixel side by side.
    pub samples: Vec<S>,
}

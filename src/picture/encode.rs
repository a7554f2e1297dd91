//! Writes outputs as pictures: the values of a map, or the class of each position, as a PNG file of 8 bits.

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use ndarray::ArrayView3;

use crate::diag::{Advice, Code, Failure};
use crate::tensor::Shape;

use super::palette;

/// The meaning of the pixels of a written picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Meaning {
    /// The values themselves: 0 is black, 1 is white. One channel is grey, three are red, green and blue.
    #[default]
    Values,
    /// The channel of the greatest value, in the colour of [`class_colour`](super::class_colour).
    Classes,
}

impl Meaning {
    /// Returns whether an output of this shape can be written so.
    ///
    /// # Errors
    /// E0606 for a vector, and for a number of channels that is no picture of this meaning.
    pub fn check(self, shape: Shape, name: &str) -> Result<(), Failure> {
        let refused = |message: String| Failure::new(Code::E0606, message);
        let Shape::Map { channels, .. } = shape else {
            return Err(refused(format!(
                "`{name}` is a vector of {shape}, and a picture has rows and columns"
            ))
            .help("write it as .npy"));
        };
        match (self, channels) {
            (Meaning::Values, 1 | 3) => Ok(()),
            (Meaning::Values, _) => {
                let failure =
                    refused(format!("`{name}` is {shape}, and a picture of values has one channel or three"));
                Err(failure.advise(Advice::ShowClasses))
            }
            (Meaning::Classes, 1) => {
                let failure = refused(format!("`{name}` is {shape}: one channel has no greatest one"));
                Err(failure.advise(Advice::ShowValues))
            }
            (Meaning::Classes, _) => Ok(()),
        }
    }

    /// The PNG file of the values C×H×W of one picture, which have a [checked](Meaning::check) shape. Values below 0
    /// and above 1 are black and white, between them they are rounded to the nearest of 256 steps; NaN is black. Of
    /// equal greatest channels the first counts, and NaN is greater than nothing.
    ///
    /// # Errors
    /// E0609 where a picture cannot have this size.
    pub fn encode(self, values: ArrayView3<'_, f32>, name: &str) -> Result<Vec<u8>, Failure> {
        let (channels, height, width) = values.dim();
        let (pixels, colour) = match self {
            Meaning::Classes => (class_pixels(values), ExtendedColorType::Rgb8),
            Meaning::Values if channels == 1 => (value_pixels(values), ExtendedColorType::L8),
            Meaning::Values => (value_pixels(values), ExtendedColorType::Rgb8),
        };
        let failed =
            |why: String| Failure::new(Code::E0609, format!("`{name}` cannot become a picture: {why}"));
        let side =
            |side: usize| u32::try_from(side).map_err(|_| failed(format!("{height}x{width} is too large")));
        let mut png = Vec::new();
        let written = PngEncoder::new(&mut png).write_image(&pixels, side(width)?, side(height)?, colour);
        written.map_err(|error| failed(error.to_string().escape_debug().to_string()))?;
        Ok(png)
    }
}

/// The samples row by row, channels last.
fn value_pixels(values: ArrayView3<'_, f32>) -> Vec<u8> {
    let byte = |value: f32| (value.clamp(0.0, 1.0) * 255.0).round() as u8;
    values.permuted_axes([1, 2, 0]).iter().map(|&value| byte(value)).collect()
}

fn class_pixels(values: ArrayView3<'_, f32>) -> Vec<u8> {
    let (channels, height, width) = values.dim();
    let mut pixels = Vec::with_capacity(height * width * 3);
    for row in 0..height {
        for column in 0..width {
            let mut best = 0;
            for channel in 1..channels {
                let (value, greatest) = (values[[channel, row, column]], values[[best, row, column]]);
                if value > greatest || greatest.is_nan() && !value.is_nan() {
                    best = channel;
                }
            }
            pixels.extend(palette::class_colour(best));
        }
    }
    pixels
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::diag::FailureHelp;

    #[test]
    fn values_are_rounded_and_limited() {
        let values = array![[[0.0, 1.0, 0.5, -3.0, 7.0, f32::NAN, f32::INFINITY, 0.001]]];
        assert_eq!(value_pixels(values.view()), [0, 255, 128, 0, 255, 0, 255, 0]);
        let colours = array![[[1.0, 0.0]], [[0.0, 1.0]], [[0.2, 0.4]]];
        assert_eq!(value_pixels(colours.view()), [255, 0, 51, 0, 255, 102]);
    }

    #[test]
    fn the_first_of_the_greatest_channels_counts() {
        let nan = f32::NAN;
        let values = array![[[1.0, 0.0, nan, nan]], [[1.0, 2.0, -5.0, nan]], [[0.5, 1.0, nan, nan]]];
        let colours: Vec<u8> = [0, 1, 1, 0].into_iter().flat_map(palette::class_colour).collect();
        assert_eq!(class_pixels(values.view()), colours);
    }

    #[test]
    fn shapes_that_are_no_pictures_are_refused() {
        let failure = |meaning: Meaning, shape| meaning.check(shape, "out").unwrap_err();
        assert_eq!(
            failure(Meaning::Values, Shape::map(4, 4, 21)).helps,
            [FailureHelp::Advice(Advice::ShowClasses)]
        );
        assert_eq!(
            failure(Meaning::Classes, Shape::map(4, 4, 1)).helps,
            [FailureHelp::Advice(Advice::ShowValues)]
        );
        for meaning in [Meaning::Values, Meaning::Classes] {
            assert_eq!(failure(meaning, Shape::Vector(3)).code, Code::E0606);
        }
        assert!(Meaning::Values.check(Shape::map(4, 4, 3), "out").is_ok());
        assert!(Meaning::Classes.check(Shape::map(4, 4, 2), "out").is_ok());
    }
}

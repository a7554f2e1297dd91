//! Computes how a picture is brought to the size of an input: the size that it is resized to, and its place in the
//! input.

use crate::diag::{Code, Failure};

use super::{MAX_BYTES, MAX_SIDE};

/// The way in which a picture is brought to the size of the input.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Scaling {
    /// Not at all: the picture must have the size of the input.
    #[default]
    None,
    /// The shorter side gets this length and the longer one keeps the proportion, rounded down; then the centre is
    /// cut out, with zeros around it where the picture is smaller than the input.
    ShorterSide(u64),
    /// The picture gets this size, whatever its proportion; then the centre is cut out, as above.
    Exact {
        /// Rows.
        height: u64,
        /// Columns.
        width: u64,
    },
    /// The largest size of the picture's proportion that fits into the input, centred; the rest is grey.
    Letterbox {
        /// The grey, from 0 (black) to 1 (white), before mean and standard deviation.
        grey: f32,
    },
}

impl Scaling {
    /// The size that a picture is resized to before it is placed in the input. Sizes are rows and columns.
    ///
    /// # Errors
    /// E0606 where the picture does not fit, or would become larger than the limits.
    pub(super) fn resized(
        &self,
        picture: (usize, usize),
        input: (usize, usize),
        name: &str,
    ) -> Result<(usize, usize), Failure> {
        let (height, width) = (picture.0 as u128, picture.1 as u128);
        let (rows, columns) = (input.0 as u128, input.1 as u128);
        let size = match *self {
            Scaling::None if picture == input => (height, width),
            Scaling::None => {
                let message =
                    format!("`{name}`: the picture is {height}x{width}, the input {rows}x{columns}");
                let shorter = rows.max(columns);
                return Err(Failure::new(Code::E0606, message).help(format!(
                    "`resize={shorter}` at the input scales the shorter side and crops the centre"
                )));
            }
            Scaling::ShorterSide(shorter) => {
                let shorter = u128::from(shorter);
                let longer = shorter * height.max(width) / height.min(width);
                if height <= width { (shorter, longer) } else { (longer, shorter) }
            }
            Scaling::Exact { height, width } => (u128::from(height), u128::from(width)),
            // Rounded to the nearest, and at least one pixel.
            Scaling::Letterbox { .. } if height * columns >= width * rows => {
                (rows, ((2 * width * rows + height) / (2 * height)).clamp(1, columns))
            }
            Scaling::Letterbox { .. } => {
                (((2 * height * columns + width) / (2 * width)).clamp(1, rows), columns)
            }
        };
        if !fits(1, size.0, size.1) {
            let message = format!(
                "`{name}`: the picture would be resized from {height}x{width} to {}x{}",
                size.0, size.1
            );
            return Err(Failure::new(Code::E0606, message).note(limits()));
        }
        Ok((size.0 as usize, size.1 as usize))
    }
}

/// Returns whether a picture of this size, with so many bytes a pixel, is within the limits and not empty.
pub(super) fn fits(pixel_bytes: u128, height: u128, width: u128) -> bool {
    let side = 1..=MAX_SIDE as u128;
    side.contains(&height) && side.contains(&width) && pixel_bytes * height * width <= MAX_BYTES as u128
}

/// The limits in words.
pub(super) fn limits() -> String {
    format!("a side has 1 to {MAX_SIDE} pixels, a picture at most {MAX_BYTES} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(scaling: Scaling, picture: (usize, usize), input: (usize, usize)) -> (usize, usize) {
        scaling.resized(picture, input, "p").unwrap()
    }

    #[test]
    fn the_longer_side_is_rounded_down() {
        let shorter = |height, width, shorter| of(Scaling::ShorterSide(shorter), (height, width), (9, 9));
        assert_eq!(shorter(375, 500, 256), (256, 341));
        assert_eq!(shorter(500, 375, 256), (341, 256));
        assert_eq!(shorter(5, 5, 7), (7, 7));
        assert_eq!(shorter(1, 64, 256), (256, 16_384));
    }

    #[test]
    fn a_letterbox_keeps_the_proportion() {
        let letterbox = |picture, input| of(Scaling::Letterbox { grey: 0.5 }, picture, input);
        assert_eq!(letterbox((480, 640), (640, 640)), (480, 640));
        assert_eq!(letterbox((1080, 810), (640, 640)), (640, 480));
        assert_eq!(letterbox((427, 640), (320, 320)), (214, 320));
        assert_eq!(letterbox((1, 9000), (32, 32)), (1, 32));
        assert_eq!(letterbox((10, 10), (20, 30)), (20, 20));
    }

    #[test]
    fn sizes_beyond_the_limits_are_refused() {
        for scaling in [
            Scaling::ShorterSide(0),
            Scaling::ShorterSide(u64::MAX),
            Scaling::Exact { height: 16_385, width: 1 },
            Scaling::Exact { height: 0, width: 1 },
        ] {
            assert_eq!(scaling.resized((5, 5), (5, 5), "p").unwrap_err().code, Code::E0606);
        }
    }
}

//! Pictures as inputs: PNG and JPEG to the f32 tensor that a network was trained on.
//!
//! The steps are those of torchvision's usual transforms on an image of Pillow 12, with the same bits: decode,
//! convert to grey or RGB, resize the shorter side (antialiased bilinear), crop the centre, divide by 255,
//! subtract the mean, divide by the standard deviation. Two things differ: a JPEG file in colour decodes to
//! values a few levels away, since decoders interpolate and round in their own ways, and 16-bit grey keeps
//! its upper byte where Pillow clips it. The orientation that a camera notes (EXIF) is not applied, as
//! Pillow does not apply it either.
//!
//! Nothing here opens a file, and nothing here knows the network: a [`Preparation`] says what is wanted.

mod centre;
mod decode;
mod resample;

use ndarray::{Array3, ArrayD, Axis};

use crate::diag::{Code, Failure};

/// The longest side of a picture, as read and as resized.
const MAX_SIDE: usize = 16_384;
/// Bytes of a picture, as read and as resized.
const MAX_BYTES: usize = 256 * 1024 * 1024;

/// What a picture becomes.
#[derive(Clone, Debug, PartialEq)]
pub struct Preparation {
    /// 1 for grey, 3 for RGB.
    pub channels: usize,
    /// Rows of the tensor.
    pub height: usize,
    /// Columns of the tensor.
    pub width: usize,
    /// Length of the shorter side before the centre is cropped; without it the size must be exact.
    pub resize: Option<u64>,
    /// Subtracted after the division by 255: one value a channel, one for all, or none.
    pub mean: Vec<f32>,
    /// Divides the difference: one value a channel, one for all, or none.
    pub std: Vec<f32>,
}

/// Rows of pixels of one or three bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Raster {
    channels: usize,
    height: usize,
    width: usize,
    /// Row by row, the channels of a pixel side by side.
    samples: Vec<u8>,
}

/// The most bytes that a file of a picture may have.
pub const MAX_FILE_BYTES: u64 = MAX_BYTES as u64;
/// How many bytes of a file tell its format.
pub const FORMAT_BYTES: u64 = 64;

/// Refuses a file that is no picture by its first [`FORMAT_BYTES`] bytes, before the rest is read (E0605).
pub fn check_format(start: &[u8], name: &str) -> Result<(), Failure> {
    decode::format_of(start, name).map(|_| ())
}

/// Turns the PNG or JPEG file in `bytes`, which messages call `name`, into a tensor C×H×W.
///
/// # Errors
/// E0605 where the bytes are no picture of these formats, are damaged, or the picture is larger than
/// 16 384 pixels a side or 256 MiB; E0606 where the input does not have one or three channels, or the size
/// does not fit and `resize` is absent or leads beyond these limits.
pub fn prepare(bytes: &[u8], wanted: &Preparation, name: &str) -> Result<ArrayD<f32>, Failure> {
    if !matches!(wanted.channels, 1 | 3) {
        let message = format!("`{name}`: a picture cannot become an input of {} channels", wanted.channels);
        return Err(Failure::new(Code::E0606, message)
            .note("a picture has one channel (grey) or three (RGB)")
            .help("give the input as a .npy array"));
    }
    if !fits(wanted.channels as u128, wanted.height as u128, wanted.width as u128) {
        let message =
            format!("`{name}`: no picture is as large as the input, {}x{}", wanted.height, wanted.width);
        return Err(Failure::new(Code::E0606, message).note(limits()));
    }
    let mut raster = decode::decode(bytes, wanted.channels, name)?;
    if let Some(shorter) = wanted.resize {
        let (height, width) = resized(&raster, shorter, name)?;
        raster = resample::resize(raster, height, width);
        raster = centre::crop(&raster, wanted.height, wanted.width);
    }
    if (raster.height, raster.width) != (wanted.height, wanted.width) {
        let (height, width) = (raster.height, raster.width);
        let message = format!(
            "`{name}`: the picture is {height}x{width}, the input {}x{}",
            wanted.height, wanted.width
        );
        let shorter = wanted.height.max(wanted.width);
        return Err(Failure::new(Code::E0606, message)
            .help(format!("`resize={shorter}` at the input scales the shorter side and crops the centre")));
    }
    let mut tensor = tensor(&raster).into_dyn();
    normalise(&mut tensor, Axis(0), &wanted.mean, &wanted.std);
    Ok(tensor)
}

/// Turns bytes (0 to 255) into what the network expects, in place: ÷ 255, − mean, ÷ std, each rounded to
/// f32. `mean` and `std` have one value for each channel along the axis, one for all, or none.
pub fn normalise(values: &mut ArrayD<f32>, channels: Axis, mean: &[f32], std: &[f32]) {
    let of = |list: &[f32], channel: usize| match list {
        [] => None,
        [one] => Some(*one),
        many => Some(many[channel]),
    };
    for (channel, mut plane) in values.axis_iter_mut(channels).enumerate() {
        let mean = of(mean, channel).unwrap_or(0.0);
        let std = of(std, channel).unwrap_or(1.0);
        plane.mapv_inplace(|value| (value / 255.0 - mean) / std);
    }
}

/// The size whose shorter side is as wanted and whose longer one keeps the proportion, rounded down.
fn resized(raster: &Raster, shorter: u64, name: &str) -> Result<(usize, usize), Failure> {
    let (height, width) = (raster.height as u128, raster.width as u128);
    let longer = u128::from(shorter) * height.max(width) / height.min(width);
    if !fits(raster.channels as u128, u128::from(shorter), longer) {
        let message =
            format!("`{name}`: resize={shorter} makes a side of {longer} pixels of {height}x{width}");
        return Err(Failure::new(Code::E0606, message).note(limits()));
    }
    let (shorter, longer) = (shorter as usize, longer as usize);
    Ok(if height <= width { (shorter, longer) } else { (longer, shorter) })
}

/// Whether a picture of this size is within the limits, and not empty.
fn fits(channels: u128, height: u128, width: u128) -> bool {
    let side = 1..=MAX_SIDE as u128;
    side.contains(&height) && side.contains(&width) && channels * height * width <= MAX_BYTES as u128
}

fn limits() -> String {
    format!("a side has 1 to {MAX_SIDE} pixels, a picture at most {MAX_BYTES} bytes")
}

/// The samples as numbers from 0 to 255, C×H×W.
fn tensor(raster: &Raster) -> Array3<f32> {
    let Raster { channels, height, width, samples } = raster;
    Array3::from_shape_fn((*channels, *height, *width), |(channel, row, column)| {
        f32::from(samples[(row * width + column) * channels + channel])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::npy;

    /// Reads an array of `tests/fixtures/pictures`, which Pillow and numpy made.
    pub(super) fn fixture(bytes: &[u8]) -> ArrayD<f32> {
        let mut reader = bytes;
        let header = npy::read_header(&mut reader, "fixture").unwrap();
        npy::read_f32(&mut reader, &header, u64::MAX, "fixture").unwrap()
    }

    /// A raster of the bytes of an array H×W×C or H×W.
    pub(super) fn raster(bytes: &[u8]) -> Raster {
        let array = fixture(bytes);
        Raster {
            channels: array.shape().get(2).copied().unwrap_or(1),
            height: array.shape()[0],
            width: array.shape()[1],
            samples: array.iter().map(|&sample| sample as u8).collect(),
        }
    }

    const RGB: &[u8] = include_bytes!("../../tests/fixtures/pictures/rgb.png");

    fn wanted(channels: usize, height: usize, width: usize, resize: Option<u64>) -> Preparation {
        Preparation { channels, height, width, resize, mean: vec![], std: vec![] }
    }

    #[test]
    fn the_whole_way_is_torchvisions() {
        let mean = vec![0.485, 0.456, 0.406];
        let std = vec![0.229, 0.224, 0.225];
        let preparation = Preparation { mean, std, ..wanted(3, 11, 12, Some(14)) };
        let expected = fixture(include_bytes!("../../tests/fixtures/pictures/prepared.npy"));
        assert_eq!(prepare(RGB, &preparation, "p"), Ok(expected));
        let preparation = Preparation { mean: vec![0.5], std: vec![0.25], ..wanted(1, 16, 18, Some(15)) };
        let expected = fixture(include_bytes!("../../tests/fixtures/pictures/prepared-grey.npy"));
        assert_eq!(prepare(RGB, &preparation, "p"), Ok(expected));
    }

    #[test]
    fn without_resize_the_size_must_be_exact() {
        assert_eq!(prepare(RGB, &wanted(3, 19, 26, None), "p").unwrap().shape(), [3, 19, 26]);
        let failure = prepare(RGB, &wanted(3, 16, 20, None), "p").unwrap_err();
        assert_eq!(failure.code, Code::E0606);
        assert_eq!(failure.message, "`p`: the picture is 19x26, the input 16x20");
        assert!(failure.helps[0].contains("resize=20"));
    }

    #[test]
    fn other_channels_and_sizes_without_reason_are_refused() {
        assert_eq!(prepare(RGB, &wanted(4, 19, 26, None), "p").unwrap_err().code, Code::E0606);
        for side in [0, 16_385, usize::MAX] {
            let failure = prepare(RGB, &wanted(3, side, 5, Some(5)), "p").unwrap_err();
            assert_eq!(failure.code, Code::E0606, "an input of {side} rows");
        }
        for resize in [0, 16_384, u64::MAX] {
            let failure = prepare(RGB, &wanted(3, 5, 5, Some(resize)), "p").unwrap_err();
            assert_eq!(failure.code, Code::E0606, "resize={resize}");
        }
    }

    #[test]
    fn the_longer_side_is_rounded_down() {
        let of = |height, width, shorter| {
            let raster = Raster { channels: 1, height, width, samples: vec![] };
            resized(&raster, shorter, "p").unwrap()
        };
        assert_eq!(of(375, 500, 256), (256, 341));
        assert_eq!(of(500, 375, 256), (341, 256));
        assert_eq!(of(5, 5, 7), (7, 7));
        assert_eq!(of(1, 64, 256), (256, 16_384));
    }

    #[test]
    fn arrays_of_bytes_take_the_same_last_step() {
        let mut values = ArrayD::from_shape_vec(vec![1, 2, 1, 1], vec![255.0, 51.0]).unwrap();
        normalise(&mut values, Axis(1), &[0.5, 0.25], &[2.0]);
        assert_eq!(values.into_raw_vec_and_offset().0, [0.25, (51.0f32 / 255.0 - 0.25) / 2.0]);
    }
}

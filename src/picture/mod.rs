//! Converts pictures (PNG, JPEG) to the f32 tensor that a network was trained on, and outputs to pictures.
//!
//! The steps are those of torchvision's usual transforms on an image of Pillow 12, with the same bits: decode,
//! convert to grey or RGB, resize (antialiased bilinear), crop the centre, scale to 0…1, subtract the mean, divide by
//! the standard deviation. Two things differ: a JPEG file in colour decodes to values a few levels away, since
//! decoders interpolate and round in their own ways, and 16-bit pictures keep their bits, where Pillow keeps eight of
//! colours and clips grey. The orientation that a camera notes (EXIF) is applied only where [`Preparation::orient`]
//! says so, as Pillow does not apply it either; else there is a warning.
//!
//! A picture of a refused size is refused by its header, before its pixels are decoded. A grey picture has one channel
//! until the last step.
//!
//! Nothing here opens a file, and nothing here knows the network: a [`Preparation`] says what is wanted.

mod centre;
mod decode;
mod encode;
mod normalise;
mod palette;
mod raster;
mod resample;
mod scaling;

use ndarray::{Array3, ArrayD, Axis, s};

use crate::diag::{Code, Failure};

use decode::{Header, Pixels};
use raster::{Raster, Sample};

pub use encode::Meaning;
pub use normalise::Normalisation;
pub use palette::class_colour;
pub use scaling::Scaling;

/// The longest side of a picture, as read and as resized.
const MAX_SIDE: usize = 16_384;
/// Bytes of a picture, as read and as resized.
const MAX_BYTES: usize = 256 * 1024 * 1024;

/// The steps that make a picture the tensor of an input.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preparation {
    /// 1 for grey, 3 for colours.
    pub channels: usize,
    /// Rows of the tensor.
    pub height: usize,
    /// Columns of the tensor.
    pub width: usize,
    /// The way in which the picture is brought to this size.
    pub scaling: Scaling,
    /// Whether a picture is turned as its EXIF orientation says.
    pub orient: bool,
    /// Whether the channels are blue, green, red.
    pub bgr: bool,
    /// The last step. Mean and standard deviation are in the order of the tensor's channels.
    pub normalisation: Normalisation,
}

/// A picture that became a tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// C×H×W, or 1×C×H×W where an input of a model is prepared.
    pub tensor: ArrayD<f32>,
    /// Warnings about what the author of the network may not expect, one line each.
    pub warnings: Vec<String>,
}

/// The most bytes that a file of a picture may have.
pub const MAX_FILE_BYTES: u64 = MAX_BYTES as u64;
/// The number of bytes of a file that tell its format.
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
/// does not fit and there is no scaling, or it leads beyond these limits.
pub fn prepare(bytes: &[u8], wanted: &Preparation, name: &str) -> Result<Prepared, Failure> {
    if !matches!(wanted.channels, 1 | 3) {
        let message = format!("`{name}`: a picture cannot become an input of {} channels", wanted.channels);
        return Err(Failure::new(Code::E0606, message)
            .note("a picture has one channel (grey) or three (RGB)")
            .help("give the input as a .npy array"));
    }
    if !scaling::fits(wanted.channels as u128, wanted.height as u128, wanted.width as u128) {
        let message =
            format!("`{name}`: no picture is as large as the input, {}x{}", wanted.height, wanted.width);
        return Err(Failure::new(Code::E0606, message).note(scaling::limits()));
    }
    let header = Header::read(bytes, name)?;
    let input = (wanted.height, wanted.width);
    let resized = wanted.scaling.resized(header.size(wanted.orient), input, name)?;
    let mut warnings = Vec::new();
    if let Some(rotation) = header.rotation().filter(|_| !wanted.orient) {
        warnings.push(format!(
            "`{name}` was taken with a turned camera (EXIF orientation {rotation}) and is read as stored; `orient` at \
             the input turns it"
        ));
    }
    let mut tensor = match header.decode(wanted.channels == 1, wanted.orient)? {
        Pixels::Eight(raster) => wanted.place(raster, resized),
        Pixels::Sixteen(raster) => wanted.place(raster, resized),
    };
    wanted.normalisation.standardise(&mut tensor, Axis(0));
    Ok(Prepared { tensor, warnings })
}

impl Preparation {
    /// Resizes a picture and places it in the tensor, as numbers from 0 to the range.
    fn place<S: Sample>(&self, raster: Raster<S>, (height, width): (usize, usize)) -> ArrayD<f32> {
        let raster = resample::resize(raster, height, width);
        if let Scaling::Letterbox { grey } = self.scaling {
            let mut tensor =
                Array3::from_elem((self.channels, self.height, self.width), grey * self.normalisation.range);
            let (top, left) = ((self.height - height) / 2, (self.width - width) / 2);
            tensor.slice_mut(s![.., top..top + height, left..left + width]).assign(&self.tensor(&raster));
            return tensor.into_dyn();
        }
        if (height, width) == (self.height, self.width) {
            return self.tensor(&raster).into_dyn();
        }
        self.tensor(&centre::crop(&raster, self.height, self.width)).into_dyn()
    }

    /// The samples as numbers from 0 to the range, C×H×W.
    fn tensor<S: Sample>(&self, raster: &Raster<S>) -> Array3<f32> {
        let divisor = S::MAX / self.normalisation.range;
        let Raster { channels, height, width, samples } = raster;
        Array3::from_shape_fn((self.channels, *height, *width), |(channel, row, column)| {
            let channel = if self.bgr { self.channels - 1 - channel } else { channel };
            // Grey is the same in all channels.
            let channel = channel.min(channels - 1);
            samples[(row * width + column) * channels + channel].to_f32() / divisor
        })
    }
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
    pub(super) fn raster(bytes: &[u8]) -> Raster<u8> {
        let array = fixture(bytes);
        Raster {
            channels: array.shape().get(2).copied().unwrap_or(1),
            height: array.shape()[0],
            width: array.shape()[1],
            samples: array.iter().map(|&sample| sample as u8).collect(),
        }
    }

    /// A raster of an array H×W of 16 bits.
    pub(super) fn raster16(bytes: &[u8]) -> Raster<u16> {
        let array = fixture(bytes);
        let samples = array.iter().map(|&sample| sample as u16).collect();
        Raster { channels: 1, height: array.shape()[0], width: array.shape()[1], samples }
    }

    const RGB: &[u8] = include_bytes!("../../tests/fixtures/pictures/rgb.png");

    fn wanted(channels: usize, height: usize, width: usize, resize: Option<u64>) -> Preparation {
        let scaling = resize.map_or(Scaling::None, Scaling::ShorterSide);
        Preparation { channels, height, width, scaling, ..Preparation::default() }
    }

    fn tensor(bytes: &[u8], preparation: &Preparation) -> ArrayD<f32> {
        prepare(bytes, preparation, "p").unwrap().tensor
    }

    /// Compares with a fixture that numpy made of Pillow's picture.
    fn is(preparation: &Preparation, bytes: &[u8], expected: &[u8]) {
        assert_eq!(tensor(bytes, preparation), fixture(expected), "{preparation:?}");
    }

    #[test]
    fn the_whole_way_is_torchvisions() {
        let mean = vec![0.485, 0.456, 0.406];
        let std = vec![0.229, 0.224, 0.225];
        let normalisation = Normalisation { mean, std, ..Normalisation::default() };
        let preparation = Preparation { normalisation, ..wanted(3, 11, 12, Some(14)) };
        is(&preparation, RGB, include_bytes!("../../tests/fixtures/pictures/prepared.npy"));
        let normalisation = Normalisation { mean: vec![0.5], std: vec![0.25], ..Normalisation::default() };
        let preparation = Preparation { normalisation, ..wanted(1, 16, 18, Some(15)) };
        is(&preparation, RGB, include_bytes!("../../tests/fixtures/pictures/prepared-grey.npy"));
    }

    #[test]
    fn exact_sizes_letterboxes_ranges_and_orders_are_those_of_numpy() {
        let exact =
            Preparation { scaling: Scaling::Exact { height: 12, width: 20 }, ..wanted(3, 10, 16, None) };
        is(&exact, RGB, include_bytes!("../../tests/fixtures/pictures/exact.npy"));
        let bytes = Normalisation { range: 255.0, mean: vec![103.939, 116.779, 123.68], std: vec![] };
        let caffe = Preparation { bgr: true, normalisation: bytes, ..exact };
        is(&caffe, RGB, include_bytes!("../../tests/fixtures/pictures/caffe.npy"));
        let letterbox = Scaling::Letterbox { grey: 0.5 };
        let boxed = Preparation { scaling: letterbox, ..wanted(3, 16, 16, None) };
        is(&boxed, RGB, include_bytes!("../../tests/fixtures/pictures/letterbox.npy"));
    }

    #[test]
    fn a_ramp_of_sixteen_bits_keeps_its_values() {
        let deep = include_bytes!("../../tests/fixtures/pictures/ramp16.png");
        let values = tensor(deep, &wanted(1, 64, 64, None));
        let expected: Vec<f32> = (0..4096).map(|index| (index * 16) as f32 / 65_535.0).collect();
        assert_eq!(values.into_raw_vec_and_offset().0, expected);
        let colours = tensor(deep, &wanted(3, 64, 64, None));
        assert_eq!(colours[[2, 0, 1]], 16.0 / 65_535.0);
        let normalisation = Normalisation { range: 255.0, ..Normalisation::default() };
        let bytes = tensor(deep, &Preparation { normalisation, ..wanted(1, 64, 64, None) });
        assert_eq!(bytes[[0, 0, 1]], 16.0 / 257.0);
    }

    #[test]
    fn a_turned_camera_is_warned_of_or_obeyed() {
        let rotated = include_bytes!("../../tests/fixtures/pictures/rotated.jpg");
        let plain = wanted(3, 8, 8, Some(8));
        let stored = prepare(rotated, &plain, "p").unwrap();
        assert!(stored.warnings[0].contains("EXIF orientation 6"), "{:?}", stored.warnings);
        let upright = prepare(rotated, &Preparation { orient: true, ..plain }, "p").unwrap();
        assert_eq!(upright.warnings, [""; 0]);
        assert_ne!(upright.tensor, stored.tensor);
    }

    #[test]
    fn a_size_that_cannot_be_used_is_refused_by_the_header() {
        // A header without any pixels behind it.
        let png = include_bytes!("../../tests/fixtures/pictures/header16384.png");
        let failure = prepare(png, &wanted(3, 224, 224, None), "p").unwrap_err();
        assert_eq!(failure.message, "`p`: the picture is 16384x16384, the input 224x224");
    }

    #[test]
    fn without_scaling_the_size_must_be_exact() {
        assert_eq!(tensor(RGB, &wanted(3, 19, 26, None)).shape(), [3, 19, 26]);
        let failure = prepare(RGB, &wanted(3, 16, 20, None), "p").unwrap_err();
        assert_eq!(failure.code, Code::E0606);
        assert_eq!(failure.message, "`p`: the picture is 19x26, the input 16x20");
        assert!(failure.helps[0].to_string().contains("resize=20"));
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
}

//! Decodes PNG and JPEG files: first the header, then samples of 8 or 16 bits, grey or RGB.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::raster::{Raster, Sample};
use super::scaling::fits;
use super::{MAX_BYTES, MAX_SIDE};
use crate::diag::{Code, Failure};

/// A picture whose header is read and whose pixels are not.
pub(super) struct Header<'a> {
    decoder: Box<dyn ImageDecoder + 'a>,
    name: &'a str,
    /// The orientation of the camera, by the EXIF data.
    orientation: Orientation,
}

/// The pixels of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pixels {
    Eight(Raster<u8>),
    Sixteen(Raster<u16>),
}

impl<'a> Header<'a> {
    /// Reads the header of the picture that messages call `name`.
    ///
    /// # Errors
    /// E0605 for what is neither PNG nor JPEG, is damaged, or is larger than the limits.
    pub(super) fn read(bytes: &'a [u8], name: &'a str) -> Result<Header<'a>, Failure> {
        let mut reader = ImageReader::with_format(Cursor::new(bytes), format_of(bytes, name)?);
        if reader.format() == Some(ImageFormat::Jpeg) && !is_complete_jpeg(bytes) {
            return Err(broken(name, "cannot be decoded: the file ends early"));
        }
        let mut limits = Limits::default();
        limits.max_image_width = Some(MAX_SIDE as u32);
        limits.max_image_height = Some(MAX_SIDE as u32);
        limits.max_alloc = Some(MAX_BYTES as u64);
        reader.limits(limits);
        let mut decoder = reader.into_decoder().map_err(|error| undecodable(name, &error))?;
        let (width, height) = decoder.dimensions();
        if width == 0 || height == 0 {
            return Err(broken(name, "has no pixels"));
        }
        let pixel_bytes = decoder.color_type().bytes_per_pixel();
        if !fits(u128::from(pixel_bytes), u128::from(height), u128::from(width)) {
            return Err(too_large(name));
        }
        // Metadata that cannot be read says nothing about the orientation.
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        Ok(Header { decoder: Box::new(decoder), name, orientation })
    }

    /// The number of the EXIF orientation, from 2 to 8; none where the picture is stored upright.
    pub(super) fn rotation(&self) -> Option<u8> {
        (self.orientation != Orientation::NoTransforms).then(|| self.orientation.to_exif())
    }

    /// Rows and columns: as stored, or as the camera was held.
    pub(super) fn size(&self, upright: bool) -> (usize, usize) {
        let (width, height) = self.decoder.dimensions();
        let turns = matches!(
            self.orientation,
            Orientation::Rotate90
                | Orientation::Rotate270
                | Orientation::Rotate90FlipH
                | Orientation::Rotate270FlipH
        );
        let (height, width) = (height as usize, width as usize);
        if upright && turns { (width, height) } else { (height, width) }
    }

    /// Decodes the pixels: grey where the picture or the input is grey, else RGB. Transparency is dropped.
    ///
    /// # Errors
    /// E0605 where the pixels are damaged.
    pub(super) fn decode(self, to_grey: bool, upright: bool) -> Result<Pixels, Failure> {
        let Header { decoder, name, orientation } = self;
        let mut image = DynamicImage::from_decoder(decoder).map_err(|error| undecodable(name, &error))?;
        if upright {
            image.apply_orientation(orientation);
        }
        let (height, width) = (image.height() as usize, image.width() as usize);
        let stored = usize::from(image.color().channel_count());
        Ok(match image {
            DynamicImage::ImageLuma8(_)
            | DynamicImage::ImageLumaA8(_)
            | DynamicImage::ImageRgb8(_)
            | DynamicImage::ImageRgba8(_) => {
                Pixels::Eight(raster(image.into_bytes(), stored, (height, width), to_grey))
            }
            DynamicImage::ImageLuma16(image) => {
                Pixels::Sixteen(raster(image.into_raw(), stored, (height, width), to_grey))
            }
            DynamicImage::ImageLumaA16(image) => {
                Pixels::Sixteen(raster(image.into_raw(), stored, (height, width), to_grey))
            }
            DynamicImage::ImageRgb16(image) => {
                Pixels::Sixteen(raster(image.into_raw(), stored, (height, width), to_grey))
            }
            DynamicImage::ImageRgba16(image) => {
                Pixels::Sixteen(raster(image.into_raw(), stored, (height, width), to_grey))
            }
            _ => return Err(broken(name, "has an unknown kind of pixels")),
        })
    }
}

fn broken(name: &str, text: &str) -> Failure {
    Failure::new(Code::E0605, format!("`{name}` {text}"))
}

fn too_large(name: &str) -> Failure {
    broken(name, &format!("is larger than {MAX_SIDE}x{MAX_SIDE} pixels or {MAX_BYTES} bytes"))
}

fn undecodable(name: &str, error: &ImageError) -> Failure {
    match error {
        ImageError::Limits(_) => too_large(name),
        other => broken(name, &format!("cannot be decoded: {}", other.to_string().escape_debug())),
    }
}

/// Keeps the colours of pixels with `stored` samples, or makes them grey, in place.
fn raster<S: Sample>(
    mut samples: Vec<S>,
    stored: usize,
    (height, width): (usize, usize),
    to_grey: bool,
) -> Raster<S> {
    let channels = if to_grey || stored <= 2 { 1 } else { 3 };
    if stored != channels {
        let pixels = samples.len() / stored;
        for pixel in 0..pixels {
            let from = pixel * stored;
            if channels == 1 && stored >= 3 {
                samples[pixel] = S::luma([samples[from], samples[from + 1], samples[from + 2]]);
            } else {
                samples.copy_within(from..from + channels, pixel * channels);
            }
        }
        samples.truncate(pixels * channels);
        samples.shrink_to_fit();
    }
    Raster { channels, height, width, samples }
}

/// The format that the first bytes of a file show; E0605 if it is neither PNG nor JPEG.
pub(super) fn format_of(start: &[u8], name: &str) -> Result<ImageFormat, Failure> {
    let what = match image::guess_format(start) {
        Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg)) => return Ok(format),
        Ok(other) => format!("is a .{} file", other.extensions_str().first().copied().unwrap_or("picture")),
        Err(_) => "is no picture".to_owned(),
    };
    Err(Failure::new(Code::E0605, format!("`{name}` {what}")).help("pictures are PNG or JPEG files"))
}

/// Returns whether the markers of a JPEG file lead to its end marker. The decoder fills up what is missing with grey,
/// and a network would silently see that.
fn is_complete_jpeg(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = rest.windows(2).position(|pair| pair[0] == 0xff && pair[1] != 0xff) {
        let marker = rest[at + 1];
        rest = &rest[at + 2..];
        match marker {
            0xd9 => return true,
            // Stuffed bytes in the coded pixels, and markers without a segment.
            0x00 | 0x01 | 0xd0..=0xd8 => {}
            _ => {
                let length = rest.first_chunk().map_or(0, |&length| usize::from(u16::from_be_bytes(length)));
                rest = rest.get(length..).unwrap_or_default();
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::tests::raster;
    use super::*;

    /// The picture as bytes, grey or RGB.
    fn decode(bytes: &[u8], channels: usize, name: &str) -> Result<Raster<u8>, Failure> {
        match Header::read(bytes, name)?.decode(channels == 1, false)? {
            Pixels::Eight(raster) if raster.channels == 1 && channels == 3 => {
                let samples = raster.samples.iter().flat_map(|&sample| [sample; 3]).collect();
                Ok(Raster { channels, samples, ..raster })
            }
            Pixels::Eight(raster) => Ok(raster),
            Pixels::Sixteen(_) => panic!("{name} has 16 bits"),
        }
    }

    macro_rules! fixture {
        ($name:expr) => {
            include_bytes!(concat!("../../tests/fixtures/pictures/", $name)).as_slice()
        };
    }

    /// A PNG file, and what Pillow makes of it as grey and as RGB.
    macro_rules! png {
        ($name:literal) => {
            (
                $name,
                fixture!(concat!($name, ".png")),
                fixture!(concat!($name, ".L.npy")),
                fixture!(concat!($name, ".RGB.npy")),
            )
        };
    }

    #[test]
    fn every_kind_of_png_becomes_grey_and_rgb_as_in_pillow() {
        for (name, png, grey, rgb) in [
            png!("rgb"),
            png!("rgba"),
            png!("grey"),
            png!("grey-alpha"),
            png!("grey2"),
            png!("bits"),
            png!("palette"),
            png!("clear-palette"),
        ] {
            assert_eq!(decode(png, 1, name), Ok(raster(grey)), "{name} as grey");
            assert_eq!(decode(png, 3, name), Ok(raster(rgb)), "{name} as RGB");
        }
    }

    #[test]
    fn sixteen_bits_are_kept() {
        let grey = Header::read(fixture!("grey16.png"), "p").unwrap().decode(false, false).unwrap();
        let Pixels::Sixteen(grey) = grey else { panic!("16 bits are kept") };
        let upper: Vec<u16> = grey.samples.iter().map(|sample| sample >> 8).collect();
        assert_eq!((grey.channels, upper), (1, vec![0, 0, 1, 127, 128, 255]));
        assert!(grey.samples.iter().any(|sample| sample & 0xff != sample >> 8));
        let rgb = Header::read(fixture!("rgb16.png"), "p").unwrap().decode(false, false).unwrap();
        let Pixels::Sixteen(rgb) = rgb else { panic!("16 bits are kept") };
        let upper: Vec<u8> = rgb.samples.iter().map(|sample| (sample >> 8) as u8).collect();
        assert_eq!(upper, raster(fixture!("rgb16.RGB.npy")).samples);
    }

    #[test]
    fn a_camera_that_was_turned_is_noticed_and_the_picture_turned_back() {
        let header = |bytes| Header::read(bytes, "p").unwrap();
        assert_eq!(header(fixture!("rgb.jpg")).rotation(), None);
        let rotation = header(fixture!("rotated.jpg")).rotation().unwrap();
        assert_eq!(rotation, 6);
        let (height, width) = header(fixture!("rotated.jpg")).size(false);
        assert_eq!(header(fixture!("rotated.jpg")).size(true), (width, height));
        let stored = header(fixture!("rotated.jpg")).decode(false, false).unwrap();
        let upright = header(fixture!("rotated.jpg")).decode(false, true).unwrap();
        let (Pixels::Eight(stored), Pixels::Eight(upright)) = (stored, upright) else { panic!("8 bits") };
        assert_eq!((upright.height, upright.width), (width, height));
        // Clockwise by 90 degrees: the lower left corner comes to the upper left.
        assert_eq!(upright.samples[..3], stored.samples[(height - 1) * width * 3..][..3]);
    }

    #[test]
    fn jpegs_are_within_a_few_levels_of_pillow() {
        for (name, jpeg, expected, bound) in [
            ("grey", fixture!("grey.jpg"), fixture!("grey.jpg.npy"), 1),
            ("rgb", fixture!("rgb.jpg"), fixture!("rgb.jpg.npy"), 8),
            ("rotated", fixture!("rotated.jpg"), fixture!("rgb.jpg.npy"), 8),
        ] {
            let expected = raster(expected);
            let decoded = decode(jpeg, expected.channels, name).unwrap();
            assert_eq!((decoded.height, decoded.width), (expected.height, expected.width));
            let pairs = decoded.samples.iter().zip(&expected.samples);
            let worst = pairs.map(|(a, b)| a.abs_diff(*b)).max();
            assert!(worst <= Some(bound), "{name}: {worst:?}");
        }
    }

    #[test]
    fn other_formats_and_damage_are_named() {
        let message = |bytes: &[u8]| decode(bytes, 3, "p").unwrap_err().message;
        assert_eq!(message(b""), "`p` is no picture");
        assert_eq!(message(b"GIF89a\x01\0\x01\0"), "`p` is a .gif file");
        let png = fixture!("rgb.png");
        for length in 0..png.len() - 12 {
            assert_eq!(decode(&png[..length], 3, "p").unwrap_err().code, Code::E0605, "cut to {length}");
        }
        let jpeg = fixture!("rgb.jpg");
        for length in 0..jpeg.len() {
            assert_eq!(decode(&jpeg[..length], 3, "p").unwrap_err().code, Code::E0605, "cut to {length}");
        }
        let surplus = [jpeg, b"\xff\0more"].concat();
        assert_eq!(decode(&surplus, 3, "p"), decode(jpeg, 3, "p"));
    }

    #[test]
    fn declared_sizes_are_limited_before_pixels_are_decoded() {
        for (width, height) in
            [(20_000_u32, 1_u32), (1, 20_000), (16_384, 16_384), (u32::MAX, u32::MAX), (0, 1)]
        {
            let mut header = b"IHDR".to_vec();
            header.extend(width.to_be_bytes());
            header.extend(height.to_be_bytes());
            header.extend([8, 2, 0, 0, 0]);
            let mut png = fixture!("rgb.png").to_vec();
            png.splice(12..29, header.iter().copied());
            png.splice(29..33, crc32(&header).to_be_bytes());
            assert_eq!(decode(&png, 3, "p").unwrap_err().code, Code::E0605, "{width}x{height}");
        }
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
        })
    }

    #[test]
    fn each_changed_byte_ends_well() {
        for bytes in [fixture!("palette.png"), fixture!("grey.jpg")] {
            let mut changed = bytes.to_vec();
            for at in 0..bytes.len() {
                for byte in [0, 0x7f, 0xff] {
                    changed[at] = byte;
                    let _ = decode(&changed, 1, "p");
                }
                changed[at] = bytes[at];
            }
        }
    }
}

//! PNG and JPEG to bytes, grey or RGB as wanted.

use std::io::Cursor;

use image::{DynamicImage, ImageError, ImageFormat, ImageReader, Limits};

use super::{MAX_BYTES, MAX_SIDE, Raster};
use crate::diag::{Code, Failure};

/// Decodes the picture to one or three channels. Of 16 bits the upper eight are kept, and transparency is
/// dropped.
pub(super) fn decode(bytes: &[u8], channels: usize, name: &str) -> Result<Raster, Failure> {
    let failure = |text: &str| Failure::new(Code::E0605, format!("`{name}` {text}"));
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format_of(bytes, name)?);
    if reader.format() == Some(ImageFormat::Jpeg) && !is_complete_jpeg(bytes) {
        return Err(failure("cannot be decoded: the file ends early"));
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE as u32);
    limits.max_image_height = Some(MAX_SIDE as u32);
    limits.max_alloc = Some(MAX_BYTES as u64);
    reader.limits(limits);
    let image = reader.decode().map_err(|error| match error {
        ImageError::Limits(_) => {
            failure(&format!("is larger than {MAX_SIDE}x{MAX_SIDE} pixels or {MAX_BYTES} bytes"))
        }
        other => failure(&format!("cannot be decoded: {}", other.to_string().escape_debug())),
    })?;
    let (height, width) = (image.height() as usize, image.width() as usize);
    if height == 0 || width == 0 {
        return Err(failure("has no pixels"));
    }
    let samples = samples(image, channels).ok_or_else(|| failure("has an unknown kind of pixels"))?;
    Ok(Raster { channels, height, width, samples })
}

/// What the first bytes of a file say; E0605 where it is neither PNG nor JPEG.
pub(super) fn format_of(start: &[u8], name: &str) -> Result<ImageFormat, Failure> {
    let what = match image::guess_format(start) {
        Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg)) => return Ok(format),
        Ok(other) => format!("is a .{} file", other.extensions_str().first().copied().unwrap_or("picture")),
        Err(_) => "is no picture".to_owned(),
    };
    Err(Failure::new(Code::E0605, format!("`{name}` {what}")).help("pictures are PNG or JPEG files"))
}

/// Whether the markers of a JPEG file lead to its end marker. The decoder fills up what is missing with grey,
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

/// The samples in 8 bits, in the wanted number of channels.
fn samples(image: DynamicImage, channels: usize) -> Option<Vec<u8>> {
    let stored = usize::from(image.color().channel_count());
    let bytes = match image {
        DynamicImage::ImageLuma8(_)
        | DynamicImage::ImageLumaA8(_)
        | DynamicImage::ImageRgb8(_)
        | DynamicImage::ImageRgba8(_) => image.into_bytes(),
        DynamicImage::ImageLuma16(image) => upper_bytes(&image),
        DynamicImage::ImageLumaA16(image) => upper_bytes(&image),
        DynamicImage::ImageRgb16(image) => upper_bytes(&image),
        DynamicImage::ImageRgba16(image) => upper_bytes(&image),
        _ => return None,
    };
    let pixels = bytes.chunks_exact(stored);
    Some(match (stored, channels) {
        (1, 1) | (3, 3) => bytes,
        (2, 1) => pixels.map(|pixel| pixel[0]).collect(),
        (1 | 2, _) => pixels.flat_map(|pixel| [pixel[0]; 3]).collect(),
        (_, 1) => pixels.map(|pixel| grey(pixel[0], pixel[1], pixel[2])).collect(),
        _ => pixels.flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect(),
    })
}

fn upper_bytes(samples: &[u16]) -> Vec<u8> {
    samples.iter().map(|sample| (sample >> 8) as u8).collect()
}

/// Luma of ITU-R BT.601, rounded, in Pillow's 16-bit fixed point.
fn grey(red: u8, green: u8, blue: u8) -> u8 {
    let sum = u32::from(red) * 19_595 + u32::from(green) * 38_470 + u32::from(blue) * 7_471 + 0x8000;
    (sum >> 16) as u8
}

#[cfg(test)]
mod tests {
    use super::super::tests::raster;
    use super::*;

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
            png!("rgb16"),
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
    fn sixteen_bits_of_grey_keep_the_upper_eight() {
        let decoded = decode(fixture!("grey16.png"), 1, "p").unwrap();
        assert_eq!(decoded.samples, [0, 0, 1, 127, 128, 255]);
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

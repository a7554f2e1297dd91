//! The elements of stored arrays: checked counts, decoding to f32, encoding from f32.

use std::io::{self, Read, Write};

use super::StoredDtype;
use super::file_label::FileLabel;
use crate::diag::Failure;

/// Dimensions of a stored array.
const MAX_RANK: usize = 8;
/// Elements along one dimension.
const MAX_DIMENSION: u64 = i32::MAX as u64;
/// Elements of a stored array.
const MAX_ELEMENTS: u64 = 1 << 48;
/// Bytes that are read and decoded at once; a multiple of every element's size.
const CHUNK: usize = 64 * 1024;

/// The shape of a stored array, within the limits: at most 8 dimensions of at most 2³¹−1 elements, 2⁴⁸
/// elements in all. A dimension of zero elements does not hide excessive others.
pub(super) fn checked_shape(dimensions: &[u64]) -> Result<Vec<usize>, String> {
    if dimensions.len() > MAX_RANK {
        return Err(format!("has {} dimensions, more than {MAX_RANK}", dimensions.len()));
    }
    let mut elements: u64 = 1;
    let mut shape = Vec::with_capacity(dimensions.len());
    for &dimension in dimensions {
        if dimension > MAX_DIMENSION {
            return Err(format!("has a dimension of {dimension}, more than {MAX_DIMENSION}"));
        }
        elements = elements.saturating_mul(dimension.max(1));
        shape.push(dimension as usize);
    }
    if elements > MAX_ELEMENTS {
        return Err(format!("has a shape of more than {MAX_ELEMENTS} elements"));
    }
    Ok(shape)
}

/// The number of elements of a checked shape; 1 for a scalar.
pub(super) fn count(shape: &[usize]) -> u64 {
    shape.iter().fold(1, |elements, &dimension| elements.saturating_mul(dimension as u64))
}

/// Reads exactly `count` elements and converts them to f32: f64 is rounded to nearest, integers become
/// 0 to 255 or 65 535, NaN and infinities stay.
///
/// At most one chunk is allocated, or twice the bytes that have arrived, and never more than the values need.
pub(super) fn read(
    reader: &mut impl Read,
    dtype: &StoredDtype,
    big_endian: bool,
    count: u64,
    place: &FileLabel,
) -> Result<Vec<f32>, Failure> {
    let Some(size) = dtype.bytes() else {
        return Err(place.unsupported(format!("elements of type {dtype} are not read")));
    };
    let needed = count.saturating_mul(size as u64);
    let mut values: Vec<f32> = Vec::new();
    let mut arrived: u64 = 0;
    let mut chunk = [0; CHUNK];
    while arrived < needed {
        let wanted = (needed - arrived).min(CHUNK as u64) as usize;
        let found = fill(reader, &mut chunk[..wanted]).map_err(|error| place.unreadable(&error))?;
        arrived += found as u64;
        if found < wanted {
            return Err(place.broken(format!("ends after {arrived} of the {needed} bytes of its values")));
        }
        if values.capacity() - values.len() < wanted / size {
            let missing = count - values.len() as u64;
            let more = missing.min(values.len().max(CHUNK) as u64) as usize;
            values.try_reserve_exact(more).map_err(|_| place.no_memory(count.saturating_mul(4)))?;
        }
        decode(&chunk[..wanted], dtype, big_endian, &mut values);
    }
    Ok(values)
}

/// Reads until the buffer is full or the reader ends, and returns how many bytes came.
pub(super) fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn decode(bytes: &[u8], dtype: &StoredDtype, big_endian: bool, values: &mut Vec<f32>) {
    match dtype {
        StoredDtype::U8 => values.extend(bytes.iter().map(|&byte| f32::from(byte))),
        StoredDtype::U16 => convert(bytes, big_endian, values, |b| f32::from(u16::from_le_bytes(b))),
        StoredDtype::F16 => convert(bytes, big_endian, values, |b| half::f16::from_le_bytes(b).to_f32()),
        StoredDtype::BF16 => convert(bytes, big_endian, values, |b| half::bf16::from_le_bytes(b).to_f32()),
        StoredDtype::F32 => convert(bytes, big_endian, values, f32::from_le_bytes),
        StoredDtype::F64 => convert(bytes, big_endian, values, |b| f64::from_le_bytes(b) as f32),
        StoredDtype::Other(_) => {}
    }
}

fn convert<const N: usize>(
    bytes: &[u8],
    big_endian: bool,
    values: &mut Vec<f32>,
    from_le: impl Fn([u8; N]) -> f32,
) {
    let (elements, _) = bytes.as_chunks::<N>();
    values.extend(elements.iter().map(|&element| {
        let mut element = element;
        if big_endian {
            element.reverse();
        }
        from_le(element)
    }));
}

/// Writes f32 elements, little-endian.
pub(super) fn write<'a>(
    writer: &mut impl Write,
    values: impl IntoIterator<Item = &'a f32>,
) -> io::Result<()> {
    let mut chunk = Vec::with_capacity(CHUNK);
    for value in values {
        chunk.extend_from_slice(&value.to_le_bytes());
        if chunk.len() >= CHUNK {
            writer.write_all(&chunk)?;
            chunk.clear();
        }
    }
    writer.write_all(&chunk)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Code;

    fn read_all(bytes: &[u8], dtype: StoredDtype, big_endian: bool, count: u64) -> Result<Vec<f32>, Failure> {
        read(&mut &bytes[..], &dtype, big_endian, count, &FileLabel::array("a"))
    }

    #[test]
    fn every_type_and_byte_order_becomes_f32() {
        assert_eq!(read_all(&[0, 200, 255], StoredDtype::U8, false, 3), Ok(vec![0.0, 200.0, 255.0]));
        assert_eq!(
            read_all(&[0x01, 0x02, 0xff, 0xff], StoredDtype::U16, false, 2),
            Ok(vec![513.0, 65_535.0])
        );
        assert_eq!(read_all(&[0x01, 0x02], StoredDtype::U16, true, 1), Ok(vec![258.0]));
        assert_eq!(read_all(&[0x00, 0x3c], StoredDtype::F16, false, 1), Ok(vec![1.0]));
        assert_eq!(read_all(&[0x3c, 0x00], StoredDtype::F16, true, 1), Ok(vec![1.0]));
        assert_eq!(read_all(&[0x80, 0x3f], StoredDtype::BF16, false, 1), Ok(vec![1.0]));
        assert_eq!(read_all(&1.5f32.to_be_bytes(), StoredDtype::F32, true, 1), Ok(vec![1.5]));
        assert_eq!(read_all(&0.1f64.to_le_bytes(), StoredDtype::F64, false, 1), Ok(vec![0.1]));
        assert_eq!(read_all(&1e300f64.to_le_bytes(), StoredDtype::F64, false, 1), Ok(vec![f32::INFINITY]));
        assert!(read_all(&f32::NAN.to_le_bytes(), StoredDtype::F32, false, 1).unwrap()[0].is_nan());
    }

    #[test]
    fn many_chunks_are_joined() {
        let values: Vec<f32> = (0..100_000).map(|i| i as f32).collect();
        let mut bytes = Vec::new();
        write(&mut bytes, &values).unwrap();
        let read = read_all(&bytes, StoredDtype::F32, false, 100_000).unwrap();
        assert_eq!(read, values);
        assert_eq!(read.capacity(), read.len());
    }

    #[test]
    fn a_lying_count_ends_with_the_bytes() {
        let failure = read_all(&[0; 10], StoredDtype::F32, false, 1 << 48).unwrap_err();
        assert_eq!(failure.code, Code::E0604);
        assert_eq!(failure.message, "`a`: ends after 10 of the 1125899906842624 bytes of its values");
    }

    #[test]
    fn a_type_that_is_not_read_is_named() {
        let failure = read_all(&[0; 8], StoredDtype::Other("I64".into()), false, 1).unwrap_err();
        assert_eq!(failure.code, Code::E0603);
        assert_eq!(failure.message, "`a`: elements of type I64 are not read");
    }

    #[test]
    fn shapes_have_limits() {
        assert_eq!(checked_shape(&[]), Ok(vec![]));
        assert_eq!(checked_shape(&[0, 3]), Ok(vec![0, 3]));
        assert_eq!(checked_shape(&[1 << 24, 1 << 24]), Ok(vec![1 << 24, 1 << 24]));
        assert!(checked_shape(&[1 << 24, 1 << 25]).is_err());
        assert!(checked_shape(&[0, 1 << 30, 1 << 30]).is_err());
        assert!(checked_shape(&[1 << 31]).is_err());
        assert!(checked_shape(&[u64::MAX; 8]).is_err());
        assert!(checked_shape(&[1; 9]).is_err());
        assert_eq!((count(&[]), count(&[0, 3]), count(&[2, 3])), (1, 0, 6));
    }
}

//! `.npy` arrays: reading f16, f32, f64, u8 and u16 in both byte orders and both memory orders; writing f32.
//!
//! Reading has two steps, so that the caller can refuse a shape before anything is allocated for it:
//! [`read_header`], then [`read_f32`], which wants exactly the bytes that the header promises.

use std::io::{Read, Write};

use ndarray::{ArrayD, ArrayViewD, IxDyn, ShapeBuilder};

use super::file_label::FileLabel;
use super::npy_header;
pub use super::npy_header::Header;
use super::{StoredDtype, elements};
use crate::diag::Failure;

/// The first bytes of every `.npy` file.
pub const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// Bytes of a header, without magic, version and length.
const MAX_HEADER: u32 = 64 * 1024;
/// The values begin at a multiple of this.
const ALIGNMENT: usize = 64;

impl Header {
    /// The number of elements; 1 for a scalar.
    pub fn elements(&self) -> u64 {
        elements::count(&self.shape)
    }

    /// The value of white, where the array is a picture of integers: 255 for bytes, 65 535 for 16 bits.
    pub fn white(&self) -> Option<f32> {
        match self.dtype {
            StoredDtype::U8 => Some(255.0),
            StoredDtype::U16 => Some(65_535.0),
            _ => None,
        }
    }
}

/// Reads the header of the array that messages call `name`; the reader then stands at the values.
///
/// # Errors
/// E0604 where this is no `.npy` header, the header is longer than 64 KiB, or the shape is beyond the
/// limits (8 dimensions, 2³¹−1 elements along one, 2⁴⁸ in all); E0609 where the reader fails. An element
/// type that is not read is no error yet.
pub fn read_header(reader: &mut impl Read, name: &str) -> Result<Header, Failure> {
    header_at(reader, &FileLabel::array(name))
}

/// Reads the values that follow the header to the end of the reader, in C order.
///
/// # Errors
/// E0603 for an element type other than u8, u16, f16, f32 and f64; E0604 for more than `max_elements`, too few
/// bytes, or bytes after the values; E0607 where the memory does not suffice; E0609 where the reader fails.
pub fn read_f32(
    reader: &mut impl Read,
    header: &Header,
    max_elements: u64,
    name: &str,
) -> Result<ArrayD<f32>, Failure> {
    let place = FileLabel::array(name);
    let count = header.elements();
    if count > max_elements {
        return Err(place.broken(format!("has {count} elements, more than {max_elements}")));
    }
    values_at(reader, header, &place)
}

pub(super) fn header_at(reader: &mut impl Read, place: &FileLabel) -> Result<Header, Failure> {
    let mut start = [0; 8];
    let found = elements::fill(reader, &mut start).map_err(|error| place.unreadable(&error))?;
    if !start[..found].starts_with(MAGIC) {
        return Err(place.broken("is no .npy array, which begins with \\x93NUMPY"));
    }
    let length_bytes = match (found, start[6]) {
        (8, 1) => 2,
        (8, 2 | 3) => 4,
        (8, version) => return Err(place.broken(format!("has the unknown .npy version {version}"))),
        _ => return Err(place.broken("ends within its version")),
    };
    let mut length = [0; 4];
    let found = elements::fill(reader, &mut length[..length_bytes]).map_err(|e| place.unreadable(&e))?;
    if found < length_bytes {
        return Err(place.broken("ends within the length of its header"));
    }
    let length = u32::from_le_bytes(length);
    if length > MAX_HEADER {
        return Err(place.broken(format!("has a header of {length} bytes, more than {MAX_HEADER}")));
    }
    let mut text = vec![0; length as usize];
    let found = elements::fill(reader, &mut text).map_err(|error| place.unreadable(&error))?;
    if found < text.len() {
        return Err(place.broken(format!("ends after {found} of the {length} bytes of its header")));
    }
    npy_header::parse(&text).map_err(|error| place.broken(error))
}

pub(super) fn values_at(
    reader: &mut impl Read,
    header: &Header,
    place: &FileLabel,
) -> Result<ArrayD<f32>, Failure> {
    let count = header.elements();
    let values = elements::read(reader, &header.dtype, header.big_endian, count, place)?;
    let surplus = elements::fill(reader, &mut [0]).map_err(|error| place.unreadable(&error))?;
    if surplus > 0 {
        let bytes = count.saturating_mul(header.dtype.bytes().unwrap_or_default() as u64);
        return Err(place.broken(format!("goes on after the {bytes} bytes of its values")));
    }
    let shape = IxDyn(&header.shape).set_f(header.fortran);
    let array = ArrayD::from_shape_vec(shape, values).map_err(|error| place.broken(error.to_string()))?;
    Ok(if header.fortran { array.as_standard_layout().into_owned() } else { array })
}

/// Writes f32 values in C order as version 1.0, byte for byte as `numpy.save` does.
///
/// # Errors
/// E0609 where the writer fails.
pub fn write_f32(writer: &mut impl Write, array: ArrayViewD<f32>, name: &str) -> Result<(), Failure> {
    let written =
        writer.write_all(&header_bytes(array.shape())).and_then(|()| elements::write(writer, array.iter()));
    written.map_err(|error| FileLabel::array(name).unwritable(&error))
}

/// Magic, version 1.0, length and dictionary, padded so that the values begin at a multiple of 64.
pub(super) fn header_bytes(shape: &[usize]) -> Vec<u8> {
    let mut text = npy_header::format(shape);
    let unpadded = MAGIC.len() + 4 + text.len() + 1;
    text.extend(std::iter::repeat_n(' ', ALIGNMENT - unpadded % ALIGNMENT));
    text.push('\n');
    let length = u16::try_from(text.len()).expect("the dictionary of an array in memory is below 64 KiB");
    let mut bytes = MAGIC.to_vec();
    bytes.extend([1, 0]);
    bytes.extend(length.to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Code;
    use ndarray::{Array, array};

    fn file(descr: &str, fortran: &str, shape: &str, values: &[u8]) -> Vec<u8> {
        let text = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes.extend(values);
        bytes
    }

    fn read(bytes: &[u8]) -> Result<ArrayD<f32>, Failure> {
        let mut reader = bytes;
        let header = read_header(&mut reader, "a.npy")?;
        read_f32(&mut reader, &header, u64::MAX, "a.npy")
    }

    #[test]
    fn written_arrays_are_numpys_bytes() {
        let mut bytes = Vec::new();
        write_f32(&mut bytes, array![[1.0, -2.0, 0.5]].into_dyn().view(), "a").unwrap();
        // numpy.save of numpy.array([[1, -2, 0.5]], 'f4'), numpy 2.4
        let mut expected = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        expected.extend(b"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), }");
        expected.extend([b' '; 58]);
        expected.extend(b"\n\0\0\x80\x3f\0\0\0\xc0\0\0\0\x3f");
        assert_eq!(bytes, expected);
    }

    #[test]
    fn written_arrays_are_read_again() {
        for shape in [vec![], vec![0], vec![5], vec![2, 3, 4, 5], vec![1; 8]] {
            let count = shape.iter().product::<usize>();
            let array = Array::from_iter((0..count).map(|i| i as f32)).into_shape_with_order(shape).unwrap();
            let mut bytes = Vec::new();
            write_f32(&mut bytes, array.view(), "a").unwrap();
            assert_eq!((bytes.len() - 4 * count) % ALIGNMENT, 0);
            assert_eq!(read(&bytes), Ok(array));
        }
    }

    #[test]
    fn a_transposed_view_is_written_in_logical_order() {
        let array = array![[1.0, 2.0], [3.0, 4.0]].into_dyn();
        let mut bytes = Vec::new();
        write_f32(&mut bytes, array.t(), "a").unwrap();
        assert_eq!(read(&bytes), Ok(array![[1.0, 3.0], [2.0, 4.0]].into_dyn()));
    }

    #[test]
    fn memory_and_byte_orders_become_c_order() {
        let values: Vec<u8> = [1f32, 4.0, 2.0, 5.0, 3.0, 6.0].iter().flat_map(|v| v.to_be_bytes()).collect();
        let array = read(&file(">f4", "True", "(2, 3)", &values)).unwrap();
        assert_eq!(array, array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]].into_dyn());
        assert!(array.is_standard_layout());
    }

    #[test]
    fn bytes_are_kept_apart_as_pictures() {
        let bytes = file("|u1", "False", "(2,)", &[7, 255]);
        let header = read_header(&mut &bytes[..], "a.npy").unwrap();
        assert_eq!(header.white(), Some(255.0));
        assert_eq!(read(&bytes), Ok(array![7.0, 255.0].into_dyn()));
    }

    #[test]
    fn versions_2_and_3_are_read_and_4_is_not() {
        let first = file("<f4", "False", "(1,)", &1f32.to_le_bytes());
        for version in [2, 3, 4] {
            let mut bytes = first.clone();
            bytes[6] = version;
            bytes.splice(10..10, [0, 0]);
            assert_eq!(read(&bytes).is_ok(), version < 4);
        }
    }

    #[test]
    fn missing_and_surplus_bytes_are_errors() {
        let bytes = file("<f4", "False", "(2,)", &[0; 8]);
        for length in 0..bytes.len() {
            let failure = read(&bytes[..length]).unwrap_err();
            assert_eq!(failure.code, Code::E0604, "cut to {length}");
        }
        let failure = read(&file("<f4", "False", "(2,)", &[0; 9])).unwrap_err();
        assert_eq!(failure.message, "`a.npy`: goes on after the 8 bytes of its values");
    }

    #[test]
    fn lengths_of_headers_are_checked_before_they_are_read() {
        let mut bytes = b"\x93NUMPY\x02\x00".to_vec();
        bytes.extend(u32::MAX.to_le_bytes());
        let failure = read(&bytes).unwrap_err();
        assert_eq!(failure.message, "`a.npy`: has a header of 4294967295 bytes, more than 65536");
        let empty = b"\x93NUMPY\x01\x00\x00\x00";
        assert_eq!(read(empty).unwrap_err().code, Code::E0604);
    }

    #[test]
    fn huge_shapes_and_other_types_are_refused() {
        let huge = file("<f4", "False", "(9000000000000,)", &[]);
        assert_eq!(read(&huge).unwrap_err().code, Code::E0604);
        let large = file("<f4", "False", "(2147483647,)", &[0; 8]);
        assert_eq!(read(&large).unwrap_err().code, Code::E0604);
        let integers = file("<i8", "False", "(1,)", &[0; 8]);
        assert_eq!(read(&integers).unwrap_err().code, Code::E0603);
        let header = Header { dtype: StoredDtype::F32, big_endian: false, fortran: false, shape: vec![9] };
        let failure = read_f32(&mut &[0; 36][..], &header, 8, "a.npy").unwrap_err();
        assert_eq!(failure.message, "`a.npy`: has 9 elements, more than 8");
        let hollow = file("<f4", "False", "(0, 2147483647, 4)", &[]);
        assert_eq!(read(&hollow).map(|array| array.len()), Ok(0));
    }
}

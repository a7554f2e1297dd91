//! safetensors files: a strict reader and a deterministic writer.
//!
//! A file is the length of its header (8 bytes, little-endian), a JSON header that gives each tensor's
//! type, shape and byte range, and the bytes. The whole header is checked before the first tensor is read.

use std::io::{Read, Seek, SeekFrom, Write};

use ndarray::{ArrayD, IxDyn};

use super::file_label::FileLabel;
use super::safetensors_header::{self, MAX_HEADER};
use super::{TensorEntry, elements};
use crate::diag::Failure;

/// An opened file with a checked header.
pub struct SafeTensors<R> {
    reader: R,
    name: String,
    entries: Vec<TensorEntry>,
    /// The byte of the file at which each tensor begins.
    starts: Vec<u64>,
}

impl<R: Read + Seek> SafeTensors<R> {
    /// Reads and checks the header of the file that messages call `name`.
    ///
    /// # Errors
    /// E0602 where the header or a range is wrong, E0603 for a type that the format does not have, E0609
    /// where the reader fails.
    pub fn open(mut reader: R, name: &str) -> Result<SafeTensors<R>, Failure> {
        let (entries, starts) = safetensors_header::read(&mut reader, &FileLabel::weights(name))?;
        Ok(SafeTensors { reader, name: name.to_owned(), entries, starts })
    }

    /// The tensors, in the order of the header.
    pub fn entries(&self) -> &[TensorEntry] {
        &self.entries
    }

    /// Reads the tensor at this index of the entries, which must exist.
    ///
    /// # Errors
    /// E0603 for an element type other than F16, BF16, F32 and F64; E0602 where the file ends early; E0607
    /// where the memory does not suffice; E0609 where the reader fails.
    pub fn read(&mut self, index: usize) -> Result<ArrayD<f32>, Failure> {
        let entry = &self.entries[index];
        let name = format!("{}: {}", self.name, entry.name);
        let place = FileLabel::weights(&name);
        let sought = self.reader.seek(SeekFrom::Start(self.starts[index]));
        sought.map_err(|error| place.unreadable(&error))?;
        let count = elements::count(&entry.shape);
        let values = elements::read(&mut self.reader, &entry.dtype, false, count, &place)?;
        ArrayD::from_shape_vec(IxDyn(&entry.shape), values).map_err(|error| place.broken(error.to_string()))
    }
}

/// Writes f32 tensors, sorted by name and without metadata: byte for byte what the Python package writes
/// for the same tensors. `values` gives the tensor at an index of `tensors`, with the shape written there.
/// No two names are equal.
///
/// # Errors
/// E0609 where the writer fails, or the header would be longer than a reader accepts (16 MiB).
pub fn write(
    writer: &mut impl Write,
    name: &str,
    tensors: &[(String, Vec<usize>)],
    mut values: impl FnMut(usize) -> ArrayD<f32>,
) -> Result<(), Failure> {
    let place = FileLabel::weights(name);
    let mut order: Vec<usize> = (0..tensors.len()).collect();
    order.sort_by_key(|&index| &tensors[index].0);
    let header = header_of(order.iter().map(|&index| &tensors[index]));
    if header.len() as u64 > MAX_HEADER {
        return Err(place.unwritable(&std::io::Error::other("its header is longer than 16 MiB")));
    }
    let unwritable = |error| place.unwritable(&error);
    writer.write_all(&(header.len() as u64).to_le_bytes()).map_err(unwritable)?;
    writer.write_all(header.as_bytes()).map_err(unwritable)?;
    for index in order {
        let tensor = values(index);
        assert_eq!(tensor.shape(), tensors[index].1, "the values have the declared shape");
        elements::write(writer, &tensor).map_err(unwritable)?;
    }
    Ok(())
}

/// The JSON header, padded with spaces to a multiple of 8 bytes.
fn header_of<'a>(tensors: impl Iterator<Item = &'a (String, Vec<usize>)>) -> String {
    let mut begin: u64 = 0;
    let listings: Vec<String> = tensors
        .map(|(name, shape)| {
            let end = begin.saturating_add(elements::count(shape).saturating_mul(4));
            let name = serde_json::Value::from(name.as_str());
            let dimensions: Vec<String> = shape.iter().map(usize::to_string).collect();
            let listing = format!(
                "{name}:{{\"dtype\":\"F32\",\"shape\":[{}],\"data_offsets\":[{begin},{end}]}}",
                dimensions.join(",")
            );
            begin = end;
            listing
        })
        .collect();
    let mut header = format!("{{{}}}", listings.join(","));
    let padding = header.len().next_multiple_of(8) - header.len();
    header.extend(std::iter::repeat_n(' ', padding));
    header
}

#[cfg(test)]
mod tests {
    use super::super::safetensors_header::tests::{file, tensors};
    use super::*;
    use crate::diag::Code;
    use ndarray::array;
    use std::io::Cursor;

    fn open(bytes: &[u8]) -> Result<SafeTensors<Cursor<&[u8]>>, Failure> {
        SafeTensors::open(Cursor::new(bytes), "w")
    }

    fn f32s(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    #[test]
    fn written_files_are_the_python_packages_bytes() {
        let tensors = [
            ("b.weight".to_owned(), vec![2, 2]),
            ("a \"q\"\té".to_owned(), vec![]),
            ("z".to_owned(), vec![0, 3]),
        ];
        let values = [
            array![[1.0, 2.0], [3.0, 4.0]].into_dyn(),
            ndarray::arr0(0.5).into_dyn(),
            ArrayD::zeros(vec![0, 3]),
        ];
        let mut bytes = Vec::new();
        write(&mut bytes, "w", &tensors, |index| values[index].clone()).unwrap();
        // safetensors.numpy.save of the same tensors, safetensors 0.8
        let mut expected = b"\xb8\0\0\0\0\0\0\0{\"a \\\"q\\\"\\t\xc3\xa9\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},".to_vec();
        expected.extend(b"\"b.weight\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[4,20]},");
        expected.extend(b"\"z\":{\"dtype\":\"F32\",\"shape\":[0,3],\"data_offsets\":[20,20]}} ");
        expected.extend(f32s(&[0.5, 1.0, 2.0, 3.0, 4.0]));
        assert_eq!(bytes, expected);

        let mut opened = open(&bytes).unwrap();
        let names: Vec<&str> = opened.entries().iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["a \"q\"\té", "b.weight", "z"]);
        assert_eq!(opened.read(1), Ok(values[0].clone()));
        assert_eq!(opened.read(0), Ok(values[1].clone()));
        assert_eq!(opened.read(2), Ok(values[2].clone()));
    }

    #[test]
    fn the_four_float_types_are_read_and_others_are_listed() {
        let header = r#"{"__metadata__":{"format":"pt"},
            "h":{"dtype":"F16","shape":[1],"data_offsets":[0,2]},
            "d":{"dtype":"F64","shape":[],"data_offsets":[4,12]},
            "b":{"dtype":"BF16","shape":[1],"data_offsets":[2,4]},
            "n":{"dtype":"I64","shape":[],"data_offsets":[12,20]},
            "u":{"dtype":"U8","shape":[1],"data_offsets":[20,21]}}"#;
        let mut data = vec![0x00, 0x3c, 0x80, 0x3f];
        data.extend(2.5f64.to_le_bytes());
        data.extend([0; 9]);
        let bytes = file(header, &data);
        let mut opened = open(&bytes).unwrap();
        let listed: Vec<String> =
            opened.entries().iter().map(|entry| format!("{} {}", entry.name, entry.dtype)).collect();
        assert_eq!(listed, ["h F16", "d F64", "b BF16", "n I64", "u U8"]);
        assert_eq!(opened.read(0), Ok(array![1.0].into_dyn()));
        assert_eq!(opened.read(1), Ok(ndarray::arr0(2.5).into_dyn()));
        assert_eq!(opened.read(2), Ok(array![1.0].into_dyn()));
        for index in [3, 4] {
            assert_eq!(opened.read(index).unwrap_err().code, Code::E0603);
        }
        assert_eq!(opened.read(3).unwrap_err().message, "`w: n`: elements of type I64 are not read");
    }

    #[test]
    fn each_cut_and_each_changed_byte_ends_well() {
        let good = file(&tensors(&[("a", 0, 4), ("b", 4, 12)]), &[0; 12]);
        for length in 0..good.len() {
            assert_eq!(
                SafeTensors::open(Cursor::new(&good[..length]), "w").err().map(|f| f.code),
                Some(Code::E0602)
            );
        }
        let mut changed = good.clone();
        for at in 0..good.len() - 12 {
            for byte in [0, 1, b'0', b'9', b'"', b'{', b'}', b',', 0x7f, 0x80, 0xff] {
                changed[at] = byte;
                if let Ok(mut opened) = SafeTensors::open(Cursor::new(&changed[..]), "w") {
                    for index in 0..opened.entries().len() {
                        let _ = opened.read(index);
                    }
                }
            }
            changed[at] = good[at];
        }
    }
}

//! A weights file of either format behind one type.
//!
//! The format is told from the content, never from the name of the file.

use std::io::{Read, Seek, SeekFrom};

use ndarray::ArrayD;

use super::file_label::FileLabel;
use super::npz::Npz;
use super::safetensors::SafeTensors;
use super::{TensorEntry, elements, npy};
use crate::diag::Failure;

/// The format of a weights file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The order of its tensors is not the model's.
    SafeTensors,
    /// The order of its tensors is that in which they were saved.
    Npz,
}

/// An opened weights file: its tensors are listed, their values are read one by one.
pub struct WeightFile<R> {
    content: Content<R>,
}

enum Content<R> {
    SafeTensors(SafeTensors<R>),
    Npz(Npz<R>),
}

impl<R: Read + Seek> WeightFile<R> {
    /// Reads the list of tensors of the file that messages call `name`.
    ///
    /// # Errors
    /// E0602 where the file is neither safetensors nor `.npz` (the message says what it looks like) or is
    /// damaged, E0603 for a type that the format does not have, E0609 where the reader fails.
    pub fn open(mut reader: R, name: &str) -> Result<WeightFile<R>, Failure> {
        let place = FileLabel::weights(name);
        let mut start = [0; 64];
        let found = elements::fill(&mut reader, &mut start).map_err(|error| place.unreadable(&error))?;
        reader.seek(SeekFrom::Start(0)).map_err(|error| place.unreadable(&error))?;
        let start = &start[..found];
        let content = if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
            Content::Npz(Npz::open(reader, name)?)
        } else {
            if let Some(failure) = refusal(start, &place) {
                return Err(failure);
            }
            Content::SafeTensors(SafeTensors::open(reader, name)?)
        };
        Ok(WeightFile { content })
    }

    /// The format that the content has.
    pub fn format(&self) -> Format {
        match &self.content {
            Content::SafeTensors(_) => Format::SafeTensors,
            Content::Npz(_) => Format::Npz,
        }
    }

    /// The tensors in the order of the file.
    pub fn entries(&self) -> &[TensorEntry] {
        match &self.content {
            Content::SafeTensors(file) => file.entries(),
            Content::Npz(file) => file.entries(),
        }
    }

    /// Reads the tensor at this index of the entries, which must exist. The caller has accepted its shape:
    /// the values are allocated. NaN and infinities pass.
    ///
    /// # Errors
    /// E0603 for an element type other than F16, BF16, F32 and F64; E0602 where the file is damaged; E0607
    /// where the memory does not suffice; E0609 where the reader fails.
    pub fn read(&mut self, index: usize) -> Result<ArrayD<f32>, Failure> {
        match &mut self.content {
            Content::SafeTensors(file) => file.read(index),
            Content::Npz(file) => file.read(index),
        }
    }
}

/// The failure for a file that certainly is something else, by its first bytes. The ninth byte decides for
/// safetensors: the length before it may look like the beginning of any other format.
fn refusal(start: &[u8], place: &FileLabel) -> Option<Failure> {
    if start.get(8) == Some(&b'{') {
        return None;
    }
    let safetensors = "weights are safetensors or .npz files";
    let is = |what: &str| place.broken(format!("is {what}"));
    Some(match start {
        [] => is("empty").help(safetensors),
        [0x80, 2..=5, ..] => is("a Python pickle, such as an old PyTorch checkpoint").help(
            "convert it in Python: `safetensors.torch.save_file(model.state_dict(), \"w.safetensors\")`",
        ),
        _ if start.starts_with(npy::MAGIC) => is("a single .npy array, without names")
            .help("save the arrays by name: `numpy.savez(\"w.npz\", **arrays)`"),
        _ if start.starts_with(b"\x89HDF\r\n\x1a\n") => {
            is("an HDF5 file, such as Keras weights").help("save its arrays by name as safetensors or .npz")
        }
        _ if start.starts_with(b"GGUF") => is("a GGUF file").help(safetensors),
        _ if start.starts_with(b"version https://git-lfs") => {
            is("a pointer of Git LFS, not the file itself").help("`git lfs pull` fetches the file")
        }
        _ if start.trim_ascii_start().starts_with(b"<") => {
            is("a web page, not the file itself").help(safetensors)
        }
        _ if start.len() > 8 => is("neither a safetensors file nor a .npz archive").help(safetensors),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Code;
    use std::io::Cursor;

    fn open(bytes: &[u8]) -> Result<WeightFile<Cursor<&[u8]>>, Failure> {
        WeightFile::open(Cursor::new(bytes), "w")
    }

    #[test]
    fn both_formats_of_the_same_tensors_give_the_same_values() {
        let mut npz = open(include_bytes!("../../tests/fixtures/weights/stored.npz")).unwrap();
        let mut safetensors = open(include_bytes!("../../tests/fixtures/weights/numpy.safetensors")).unwrap();
        assert_eq!((npz.format(), safetensors.format()), (Format::Npz, Format::SafeTensors));
        assert_eq!(npz.entries().len(), 5);
        assert_eq!(safetensors.entries().len(), 5);
        for name in ["conv1.weight", "conv1.bias", "fc.weight"] {
            let index =
                |entries: &[TensorEntry]| entries.iter().position(|entry| entry.name == name).unwrap();
            let (left, right) = (index(npz.entries()), index(safetensors.entries()));
            assert_eq!(npz.read(left).unwrap(), safetensors.read(right).unwrap(), "{name}");
        }
    }

    #[test]
    fn what_a_file_looks_like_is_said() {
        for (bytes, wanted) in [
            (&b""[..], "`w`: is empty"),
            (b"\x80\x02ctorch", "`w`: is a Python pickle, such as an old PyTorch checkpoint"),
            (b"\x93NUMPY\x01\0", "`w`: is a single .npy array, without names"),
            (b"\x89HDF\r\n\x1a\n\0\0", "`w`: is an HDF5 file, such as Keras weights"),
            (b"GGUF\x03\0\0\0\0", "`w`: is a GGUF file"),
            (
                b"version https://git-lfs.github.com/spec/v1\n",
                "`w`: is a pointer of Git LFS, not the file itself",
            ),
            (b"\n<!DOCTYPE html>", "`w`: is a web page, not the file itself"),
            (b"hello, world", "`w`: is neither a safetensors file nor a .npz archive"),
        ] {
            let failure = open(bytes).err().expect("refused");
            assert_eq!((failure.code, failure.message.as_str()), (Code::E0602, wanted));
            assert!(!failure.helps.is_empty());
        }
    }

    #[test]
    fn an_empty_archive_is_a_weights_file_without_tensors() {
        let mut empty = b"PK\x05\x06".to_vec();
        empty.extend([0; 18]);
        assert!(open(&empty).unwrap().entries().is_empty());
    }

    #[test]
    fn a_header_whose_length_looks_like_another_format_is_safetensors() {
        // These lengths begin like a web page and like a pickle.
        for length in [0x3c, 0x280] {
            let mut bytes = u64::to_le_bytes(length).to_vec();
            bytes.extend(b"{}");
            bytes.resize(8 + length as usize, b' ');
            assert_eq!(open(&bytes).map(|file| file.format()).ok(), Some(Format::SafeTensors));
        }
    }
}

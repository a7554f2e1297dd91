//! `.npz` archives: zip files of `.npy` arrays, as `numpy.savez` writes them.
//!
//! Opening an archive inflates the header of every member and nothing else. The values of a member are read on demand,
//! exactly as many bytes as its header promises.

use std::io::{Read, Seek, Write};

use ndarray::ArrayD;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::file_label::{FileLabel, shown};
use super::first_failure::FirstFailure;
use super::{StoredDtype, TensorEntry, elements, npy};
use crate::diag::Failure;

/// Arrays of one archive, as read and as written.
const MAX_MEMBERS: usize = 1 << 18;
/// The end of a member's name.
const SUFFIX: &str = ".npy";

/// An opened archive whose members are all arrays.
pub struct Npz<R> {
    archive: ZipArchive<R>,
    name: String,
    entries: Vec<TensorEntry>,
}

impl<R: Read + Seek> Npz<R> {
    /// Reads the directory and every array's header of the archive that messages call `name`.
    ///
    /// # Errors
    /// E0602 where it is no zip file, a member is no array, a name comes twice, there are more than 262 144
    /// members, or one is encrypted or compressed otherwise than by deflate; E0609 where the reader fails.
    pub fn open(reader: R, name: &str) -> Result<Npz<R>, Failure> {
        let place = FileLabel::weights(name);
        let mut archive = ZipArchive::new(reader).map_err(|error| broken(error, &place))?;
        if archive.file_names_raw().any(|member| member.ends_with(b"data.pkl")) {
            return Err(place.broken("is a PyTorch checkpoint, which holds Python objects").help(
                "convert it in Python: `safetensors.torch.save_file(model.state_dict(), \"w.safetensors\")`",
            ));
        }
        if archive.has_duplicate_names() {
            return Err(place.broken("has two members of the same name"));
        }
        if archive.len() > MAX_MEMBERS {
            return Err(place.broken(format!("has {} members, more than {MAX_MEMBERS}", archive.len())));
        }
        let mut entries = Vec::with_capacity(archive.len());
        for index in 0..archive.len() {
            entries.push(entry(&mut archive, index, name)?);
        }
        Ok(Npz { archive, name: name.to_owned(), entries })
    }

    /// The arrays in the order of the archive's directory, without `.npy`.
    pub fn entries(&self) -> &[TensorEntry] {
        &self.entries
    }

    /// Reads the array at this index of the entries, which must exist.
    ///
    /// # Errors
    /// E0603 for an element type other than f16, f32 and f64; E0602 for too few or too many bytes or a wrong
    /// checksum; E0607 where the memory does not suffice; E0609 where the reader fails.
    pub fn read(&mut self, index: usize) -> Result<ArrayD<f32>, Failure> {
        let entry = &self.entries[index];
        let name = format!("{}: {}", self.name, entry.name);
        let place = FileLabel::weights(&name);
        if let StoredDtype::U8 | StoredDtype::U16 = entry.dtype {
            return Err(place.unsupported("integers are not read as weights"));
        }
        let mut member = self.archive.by_index(index).map_err(|error| broken(error, &place))?;
        let header = npy::header_at(&mut member, &place)?;
        npy::values_at(&mut member, &header, &place)
    }
}

fn entry<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    index: usize,
    archive_name: &str,
) -> Result<TensorEntry, Failure> {
    let place = FileLabel::weights(archive_name);
    let mut member = archive.by_index(index).map_err(|error| broken(error, &place))?;
    let file_name = member.name().map_err(|error| broken(error, &place))?.into_owned();
    let Some(name) = file_name.strip_suffix(SUFFIX) else {
        return Err(place.broken(format!("its member `{}` is no .npy array", shown(&file_name))));
    };
    let member_name = format!("{archive_name}: {name}");
    let place = FileLabel::weights(&member_name);
    if !matches!(member.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
        let method = member.compression();
        return Err(place.broken(format!("is compressed by {method}, not by deflate")));
    }
    let header = npy::header_at(&mut member, &place)?;
    Ok(TensorEntry { name: name.to_owned(), dtype: header.dtype, shape: header.shape })
}

fn broken(error: ZipError, place: &FileLabel) -> Failure {
    match error {
        ZipError::Io(error) => place.unreadable(&error),
        other => place.broken(format!("is no readable zip archive: {}", shown(&other.to_string()))),
    }
}

/// Writes f32 tensors in the given order, stored and with a fixed time, so that equal tensors give equal
/// bytes. `values` gives the tensor at an index of `tensors`, with the shape written there. No two names are
/// equal.
///
/// # Errors
/// E0609 where the writer fails, or there are more tensors than a reader accepts (262 144).
pub fn write(
    writer: &mut (impl Write + Seek),
    name: &str,
    tensors: &[(String, Vec<usize>)],
    mut values: impl FnMut(usize) -> ArrayD<f32>,
) -> Result<(), Failure> {
    let place = FileLabel::weights(name);
    let unwritable = |error: ZipError| place.unwritable(&error.into());
    if tensors.len() > MAX_MEMBERS {
        let text = format!("{} tensors are more than an archive may have, {MAX_MEMBERS}", tensors.len());
        return Err(place.unwritable(&std::io::Error::other(text)).help("write a .safetensors file"));
    }
    let mut archive = ZipWriter::new(FirstFailure::new(writer));
    for (index, (key, shape)) in tensors.iter().enumerate() {
        let tensor = values(index);
        assert_eq!(tensor.shape(), shape, "the values have the declared shape");
        let bytes = elements::count(shape).saturating_mul(4);
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644)
            .large_file(bytes >= u64::from(u32::MAX) - 4096);
        archive.start_file(format!("{key}{SUFFIX}"), options).map_err(unwritable)?;
        npy::write_f32(&mut archive, tensor.view(), name)?;
    }
    archive.finish().map_err(unwritable)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Code;
    use ndarray::array;
    use std::io::Cursor;

    const STORED: &[u8] = include_bytes!("../../tests/fixtures/weights/stored.npz");
    const DEFLATED: &[u8] = include_bytes!("../../tests/fixtures/weights/deflated.npz");

    fn open(bytes: &[u8]) -> Result<Npz<Cursor<&[u8]>>, Failure> {
        Npz::open(Cursor::new(bytes), "w.npz")
    }

    fn message(bytes: &[u8]) -> String {
        let failure = open(bytes).err().expect("the archive is not fine");
        assert_eq!(failure.code, Code::E0602);
        failure.message
    }

    fn archive(members: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in members {
            archive.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
            archive.write_all(bytes).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    fn zeros(shape: &[usize], bytes: usize) -> Vec<u8> {
        let mut member = npy::header_bytes(shape);
        member.resize(member.len() + bytes, 0);
        member
    }

    #[test]
    fn numpys_archives_are_read_in_their_order() {
        for bytes in [STORED, DEFLATED] {
            let mut npz = open(bytes).unwrap();
            let listed: Vec<String> =
                npz.entries().iter().map(|e| format!("{} {} {:?}", e.name, e.dtype, e.shape)).collect();
            assert_eq!(
                listed,
                [
                    "conv1.weight F32 [2, 3, 2, 2]",
                    "conv1.bias F64 [2]",
                    "bn1.running_mean F16 [2]",
                    "bn1.num_batches_tracked int64 []",
                    "fc.weight F32 [2, 3]"
                ]
            );
            assert!(npz.read(0).unwrap().iter().copied().eq((0..24).map(|i| i as f32)));
            assert_eq!(npz.read(1), Ok(array![0.5, -1.5].into_dyn()));
            assert!(npz.read(2).unwrap()[1].is_nan());
            let failure = npz.read(3).unwrap_err();
            assert_eq!(failure.code, Code::E0603);
            assert_eq!(
                failure.message,
                "`w.npz: bn1.num_batches_tracked`: elements of type int64 are not read"
            );
            assert_eq!(npz.read(4), Ok(array![[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]].into_dyn()));
        }
    }

    #[test]
    fn written_archives_are_equal_and_keep_their_order() {
        let tensors = [("z".to_owned(), vec![2]), ("a.weight".to_owned(), vec![1, 2])];
        let values = [array![1.0, 2.0].into_dyn(), array![[3.0, 4.0]].into_dyn()];
        let mut files = Vec::new();
        for _ in 0..2 {
            let mut file = Cursor::new(Vec::new());
            write(&mut file, "w.npz", &tensors, |index| values[index].clone()).unwrap();
            files.push(file.into_inner());
        }
        assert_eq!(files[0], files[1]);
        let mut npz = open(&files[0]).unwrap();
        assert_eq!(npz.entries()[0].name, "z");
        for (index, value) in values.iter().enumerate() {
            assert_eq!(npz.read(index).as_ref(), Ok(value));
        }
    }

    #[test]
    fn a_lying_member_ends_with_its_bytes() {
        for (shape, bytes, wanted) in [
            (vec![1 << 20, 1 << 20], 100, "ends after 100 of the 4398046511104 bytes of its values"),
            (vec![2], 9, "goes on after the 8 bytes of its values"),
            (vec![2], 1 << 24, "goes on after the 8 bytes of its values"),
        ] {
            let bytes = archive(&[("a.npy", &zeros(&shape, bytes))], CompressionMethod::Deflated);
            let failure = open(&bytes).unwrap().read(0).unwrap_err();
            assert_eq!((failure.code, failure.message), (Code::E0602, format!("`w.npz: a`: {wanted}")));
        }
    }

    #[test]
    fn other_members_are_refused() {
        let other = archive(&[("readme.txt", b"hello")], CompressionMethod::Stored);
        assert_eq!(message(&other), "`w.npz`: its member `readme.txt` is no .npy array");
        let other = archive(&[("a.npy", b"hello")], CompressionMethod::Stored);
        assert_eq!(message(&other), "`w.npz: a`: is no .npy array, which begins with \\x93NUMPY");
        let checkpoint = archive(&[("archive/data.pkl", b"\x80\x02")], CompressionMethod::Stored);
        assert_eq!(message(&checkpoint), "`w.npz`: is a PyTorch checkpoint, which holds Python objects");
        let bytes =
            archive(&[("a.npy", &zeros(&[1], 4)), ("b.npy", &zeros(&[1], 4))], CompressionMethod::Stored);
        let twice: Vec<u8> = replaced(&bytes, b"b.npy", b"a.npy");
        assert_eq!(message(&twice), "`w.npz`: has two members of the same name");
    }

    #[test]
    fn as_many_tensors_as_are_written_are_read() {
        let tensors: Vec<(String, Vec<usize>)> =
            (0..10_001).map(|index| (index.to_string(), vec![])).collect();
        let scalar = |_| ArrayD::zeros(vec![]);
        let mut file = Cursor::new(Vec::new());
        write(&mut file, "w.npz", &tensors, scalar).unwrap();
        assert_eq!(open(&file.into_inner()).unwrap().entries().len(), 10_001);
        let too_many = vec![("a".to_owned(), vec![]); MAX_MEMBERS + 1];
        let failure = write(&mut Cursor::new(Vec::new()), "w.npz", &too_many, scalar).unwrap_err();
        assert_eq!(failure.code, Code::E0609);
    }

    fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
        let mut out = bytes.to_vec();
        for at in 0..=bytes.len() - from.len() {
            if bytes[at..].starts_with(from) {
                out[at..at + to.len()].copy_from_slice(to);
            }
        }
        out
    }

    #[test]
    fn bytes_are_no_weights() {
        let mut member = npy::header_bytes(&[4]);
        member = replaced(&member, b"'<f4'", b"'|u1'");
        member.extend([0; 4]);
        let bytes = archive(&[("a.npy", &member)], CompressionMethod::Stored);
        let mut npz = open(&bytes).unwrap();
        assert_eq!(npz.entries()[0].dtype, StoredDtype::U8);
        assert_eq!(npz.read(0).unwrap_err().code, Code::E0603);
    }

    #[test]
    fn a_wrong_checksum_is_damage() {
        let bytes = archive(&[("a.npy", &zeros(&[2], 8))], CompressionMethod::Stored);
        let header = npy::header_bytes(&[2]);
        let at = bytes.windows(header.len()).position(|window| window == header).unwrap() + header.len();
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert_eq!(open(&damaged).unwrap().read(0).unwrap_err().code, Code::E0602);
    }

    #[test]
    fn each_cut_and_each_changed_byte_ends_well() {
        let good = archive(&[("a.npy", &zeros(&[2], 8))], CompressionMethod::Deflated);
        for length in 0..good.len() {
            assert!(open(&good[..length]).is_err(), "cut to {length}");
        }
        let mut changed = good.clone();
        for at in 0..good.len() {
            for byte in [0, 1, 0x7f, 0x80, 0xff] {
                changed[at] = byte;
                if let Ok(mut npz) = open(&changed) {
                    for index in 0..npz.entries().len() {
                        let _ = npz.read(index);
                    }
                }
            }
            changed[at] = good[at];
        }
    }
}

//! The header of a safetensors file, read and checked as a whole.
//!
//! After the check, no name occurs twice, the byte ranges cover the data without holes or overlaps, and each range is
//! as long as the tensor's type and shape require. The format's own reader accepts every header that passes.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::file_label::{FileLabel, shown};
use super::{StoredDtype, TensorEntry, elements};
use crate::diag::Failure;

/// Bytes of the header; more than a hundred thousand tensors fit.
pub(super) const MAX_HEADER: u64 = 16 * 1024 * 1024;
/// The key that holds free text instead of a tensor.
const METADATA: &str = "__metadata__";
/// Every type of the format, with its bits.
const BITS: [(&str, u64); 22] = [
    ("F4", 4),
    ("F6_E2M3", 6),
    ("F6_E3M2", 6),
    ("BOOL", 8),
    ("U8", 8),
    ("I8", 8),
    ("F8_E5M2", 8),
    ("F8_E4M3", 8),
    ("F8_E8M0", 8),
    ("F8_E4M3FNUZ", 8),
    ("F8_E5M2FNUZ", 8),
    ("I16", 16),
    ("U16", 16),
    ("F16", 16),
    ("BF16", 16),
    ("I32", 32),
    ("U32", 32),
    ("F32", 32),
    ("F64", 64),
    ("I64", 64),
    ("U64", 64),
    ("C64", 64),
];

/// The tensors in the order of the header, and where in the file the bytes of each begin.
pub(super) fn read<R: Read + Seek>(
    reader: &mut R,
    place: &FileLabel,
) -> Result<(Vec<TensorEntry>, Vec<u64>), Failure> {
    let (Header(listed), data) = read_listed(reader, place)?;
    check_names(&listed, place)?;
    let mut entries = Vec::with_capacity(listed.len());
    let mut starts = Vec::with_capacity(listed.len());
    for (tensor, listing) in &listed {
        entries.push(check_size(tensor, listing, place)?);
        starts.push(data.start.saturating_add(listing.data_offsets[0]));
    }
    check_ranges(&listed, data.end - data.start, place)?;
    Ok((entries, starts))
}

/// The tensors of the header in its order, and where in the file their bytes lie.
fn read_listed<R: Read + Seek>(reader: &mut R, place: &FileLabel) -> Result<(Header, Range<u64>), Failure> {
    let unreadable = |error: std::io::Error| place.unreadable(&error);
    let file_length = reader.seek(SeekFrom::End(0)).map_err(unreadable)?;
    reader.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let mut length = [0; 8];
    if elements::fill(reader, &mut length).map_err(unreadable)? < length.len() {
        return Err(place.broken("ends within the length of its header"));
    }
    let length = u64::from_le_bytes(length);
    if length > MAX_HEADER {
        return Err(place.broken(format!("has a header of {length} bytes, more than {MAX_HEADER}")));
    }
    let data_start = length + 8;
    if data_start > file_length {
        let found = file_length.saturating_sub(8);
        return Err(place.broken(format!("ends after {found} of the {length} bytes of its header")));
    }
    let mut text = vec![0; length as usize];
    if elements::fill(reader, &mut text).map_err(unreadable)? < text.len() {
        return Err(place.broken("ends within its header"));
    }
    if text.first() != Some(&b'{') {
        return Err(place.broken("has a header that does not begin with `{`"));
    }
    let text = std::str::from_utf8(&text).map_err(|_| place.broken("has a header that is not UTF-8"))?;
    let header = serde_json::from_str(text)
        .map_err(|error| place.broken(format!("has a malformed header: {}", shown(&error.to_string()))))?;
    Ok((header, data_start..file_length))
}

fn check_names(listed: &[(String, Listing)], place: &FileLabel) -> Result<(), Failure> {
    let mut names: Vec<&str> = listed.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(place.broken(format!("has the tensor `{}` twice", shown(pair[0])))),
        None => Ok(()),
    }
}

/// The entry of a tensor whose range is as long as its type and shape say.
fn check_size(tensor: &str, listing: &Listing, place: &FileLabel) -> Result<TensorEntry, Failure> {
    let label = shown(tensor);
    let Some(&(_, bits)) = BITS.iter().find(|(name, _)| *name == listing.dtype) else {
        let dtype = shown(&listing.dtype);
        return Err(place.unsupported(format!("the tensor `{label}` is of the unknown type `{dtype}`")));
    };
    let shape = elements::checked_shape(&listing.shape)
        .map_err(|error| place.broken(format!("the tensor `{label}` {error}")))?;
    let [begin, end] = listing.data_offsets;
    let Some(length) = end.checked_sub(begin) else {
        return Err(place.broken(format!("the range of the tensor `{label}` ends before it begins")));
    };
    let needed = u128::from(elements::count(&shape)) * u128::from(bits);
    if needed != u128::from(length) * 8 {
        let dtype = &listing.dtype;
        let needed = needed.div_ceil(8);
        return Err(place.broken(format!(
            "the tensor `{label}` has {length} bytes, but {dtype} of shape {shape:?} needs {needed}"
        )));
    }
    let dtype = match listing.dtype.as_str() {
        "F16" => StoredDtype::F16,
        "BF16" => StoredDtype::BF16,
        "F32" => StoredDtype::F32,
        "F64" => StoredDtype::F64,
        other => StoredDtype::Other(other.into()),
    };
    Ok(TensorEntry { name: tensor.to_owned(), dtype, shape })
}

/// The ranges cover all bytes of the data, and each byte once.
fn check_ranges(listed: &[(String, Listing)], data: u64, place: &FileLabel) -> Result<(), Failure> {
    let mut ranges: Vec<(u64, u64, &str)> = listed
        .iter()
        .map(|(name, listing)| (listing.data_offsets[0], listing.data_offsets[1], name.as_str()))
        .collect();
    ranges.sort_unstable();
    let mut covered = 0;
    for (begin, end, tensor) in ranges {
        let tensor = shown(tensor);
        if end > data {
            return Err(place.broken(format!(
                "ends after {data} bytes of data, but the tensor `{tensor}` reaches to {end}"
            )));
        }
        if begin != covered {
            let what =
                if begin < covered { "overlaps the tensor before it" } else { "leaves a hole before it" };
            return Err(place.broken(format!("the tensor `{tensor}` {what}, at byte {begin} of the data")));
        }
        covered = end;
    }
    if covered != data {
        return Err(place.broken(format!("has {} bytes after its last tensor", data - covered)));
    }
    Ok(())
}

/// The entry of a tensor in the header.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listing {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: [u64; 2],
}

/// The tensors of a header in its order, doubles included.
struct Header(Vec<(String, Listing)>);

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Header, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Header;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
                let mut listed = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    if name == METADATA {
                        map.next_value::<BTreeMap<String, String>>()?;
                    } else {
                        listed.push((name, map.next_value()?));
                    }
                }
                Ok(Header(listed))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::io::Cursor;

    fn message(bytes: &[u8]) -> String {
        let ours = read(&mut Cursor::new(bytes), &FileLabel::weights("w"));
        let theirs = safetensors::SafeTensors::deserialize(bytes);
        assert!(ours.is_err() || theirs.is_ok(), "the format's own reader refuses what this one takes");
        ours.err().map_or("fine".to_owned(), |failure| failure.message)
    }

    /// A file of this header and data.
    pub(in super::super) fn file(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn a_file_without_tensors_is_fine() {
        assert_eq!(message(&file("{}", &[])), "fine");
        assert_eq!(message(&file("{}      ", &[])), "fine");
    }

    #[test]
    fn lengths_are_checked_first() {
        assert_eq!(message(&[]), "`w`: ends within the length of its header");
        assert_eq!(message(&[0; 8]), "`w`: has a header that does not begin with `{`");
        assert_eq!(
            message(&u64::MAX.to_le_bytes()),
            format!("`w`: has a header of {} bytes, more than {MAX_HEADER}", u64::MAX)
        );
        assert_eq!(
            message(&MAX_HEADER.to_le_bytes()),
            format!("`w`: ends after 0 of the {MAX_HEADER} bytes of its header")
        );
        let mut bytes = file("{}", &[]);
        bytes[0] = 3;
        assert_eq!(message(&bytes), "`w`: ends after 2 of the 3 bytes of its header");
    }

    /// A header of f32 tensors with these ranges.
    pub(in super::super) fn tensors(listings: &[(&str, u64, u64)]) -> String {
        let listings: Vec<String> = listings
            .iter()
            .map(|(name, begin, end)| {
                let shape = end.wrapping_sub(*begin) / 4;
                format!(r#""{name}":{{"dtype":"F32","shape":[{shape}],"data_offsets":[{begin},{end}]}}"#)
            })
            .collect();
        format!("{{{}}}", listings.join(","))
    }

    #[test]
    fn ranges_cover_the_data_once() {
        for (listings, data, wanted) in [
            (&[("a", 0, 4), ("b", 4, 8)][..], 8, "fine"),
            (&[("b", 4, 8), ("a", 0, 4)], 8, "fine"),
            (
                &[("a", 0, 4), ("b", 8, 12)],
                12,
                "`w`: the tensor `b` leaves a hole before it, at byte 8 of the data",
            ),
            (&[("a", 4, 8)], 8, "`w`: the tensor `a` leaves a hole before it, at byte 4 of the data"),
            (
                &[("a", 0, 8), ("b", 4, 8)],
                8,
                "`w`: the tensor `b` overlaps the tensor before it, at byte 4 of the data",
            ),
            (
                &[("a", 0, 4), ("b", 0, 4)],
                4,
                "`w`: the tensor `b` overlaps the tensor before it, at byte 0 of the data",
            ),
            (&[("a", 0, 4)], 6, "`w`: has 2 bytes after its last tensor"),
            (&[("a", 0, 4)], 3, "`w`: ends after 3 bytes of data, but the tensor `a` reaches to 4"),
            (&[("a", 0, 4), ("a", 4, 8)], 8, "`w`: has the tensor `a` twice"),
            (&[("a", 0, 4), ("\\u0061", 4, 8)], 8, "`w`: has the tensor `a` twice"),
        ] {
            assert_eq!(message(&file(&tensors(listings), &vec![0; data])), wanted);
        }
    }

    #[test]
    fn sizes_agree_and_cannot_overflow() {
        let max = u64::MAX;
        for (listing, wanted) in [
            (
                r#"{"dtype":"F32","shape":[2],"data_offsets":[0,4]}"#.to_owned(),
                "has 4 bytes, but F32 of shape [2] needs 8",
            ),
            (
                r#"{"dtype":"F4","shape":[3],"data_offsets":[0,1]}"#.to_owned(),
                "has 1 bytes, but F4 of shape [3] needs 2",
            ),
            (r#"{"dtype":"F32","shape":[1],"data_offsets":[4,0]}"#.to_owned(), "ends before it begins"),
            (
                format!(r#"{{"dtype":"F32","shape":[{max},{max}],"data_offsets":[0,4]}}"#),
                "has a dimension of",
            ),
            (
                format!(r#"{{"dtype":"F32","shape":[1],"data_offsets":[0,{max}]}}"#),
                "but F32 of shape [1] needs 4",
            ),
            (format!(r#"{{"dtype":"F32","shape":[1],"data_offsets":[{},{max}]}}"#, max - 4), "reaches to"),
            (
                r#"{"dtype":"F128","shape":[1],"data_offsets":[0,16]}"#.to_owned(),
                "is of the unknown type `F128`",
            ),
            (r#"{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}"#.to_owned(), "malformed header"),
            (r#"{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}"#.to_owned(), "malformed header"),
            (r#"{"dtype":"F32","shape":[1],"data_offsets":[0]}"#.to_owned(), "malformed header"),
            (r#"{"dtype":"F32","shape":[NaN],"data_offsets":[0,4]}"#.to_owned(), "malformed header"),
            (r#"{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}"#.to_owned(), "malformed header"),
            (
                r#"{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}"#.to_owned(),
                "malformed header",
            ),
            (r#"{"dtype":"F32","shape":[1]}"#.to_owned(), "malformed header"),
        ] {
            let message = message(&file(&format!(r#"{{"NaN":{listing}}}"#), &[0; 4]));
            assert!(message.contains(wanted), "{listing}: {message}");
        }
        // Nine tensors whose bytes sum to 2^64 - 1: a sum without a check would overflow.
        let huge: Vec<String> = (0..9)
            .map(|i| {
                format!(r#""t{i}":{{"dtype":"U8","shape":[{}],"data_offsets":[0,{}]}}"#, max / 9, max / 9)
            })
            .collect();
        assert!(
            read(&mut Cursor::new(file(&format!("{{{}}}", huge.join(",")), &[])), &FileLabel::weights("w"))
                .is_err()
        );
    }

    #[test]
    fn malformed_json_is_an_error() {
        for header in
            ["{", "{]", "[]", " {}", "{}}", "{\"a\":1}", "{\"__metadata__\":{\"a\":1}}", "{\"a\u{1b}\":1}"]
        {
            assert_ne!(message(&file(header, &[])), "fine", "{header}");
        }
        let deep = format!("{{\"__metadata__\":{}", "[".repeat(1_000_000));
        assert_ne!(message(&file(&deep, &[])), "fine");
        let mut bytes = file("{}", &[]);
        bytes[9] = 0xff;
        assert_eq!(message(&bytes), "`w`: has a header that is not UTF-8");
    }
}

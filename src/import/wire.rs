//! Reads the wire format of protocol buffers: fields of a message in memory, and of a stream whose large parts are
//! skipped.
//!
//! Nothing recurses, and no memory is allocated for a length before that many bytes have arrived.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

/// The size limit of a message that is read into memory as a whole, in bytes.
pub(super) const MAX_MESSAGE: u64 = 256 << 20;

/// The reason why bytes are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) &'static str);

impl From<Malformed> for io::Error {
    fn from(error: Malformed) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, error.0)
    }
}

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Content<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Bytes(&'a [u8]),
    Fixed32([u8; 4]),
}

impl<'a> Content<'a> {
    /// The bytes of a length-delimited field.
    pub(super) fn bytes(self) -> Result<&'a [u8], Malformed> {
        match self {
            Content::Bytes(bytes) => Ok(bytes),
            _ => Err(Malformed("a field has the wrong type")),
        }
    }

    /// A text field.
    pub(super) fn text(self) -> Result<String, Malformed> {
        let text = std::str::from_utf8(self.bytes()?);
        text.map(str::to_owned).map_err(|_| Malformed("a name is not UTF-8"))
    }

    /// A message of a key and a value, both texts.
    pub(super) fn entry(self) -> Result<(String, String), Malformed> {
        let mut entry = (String::new(), String::new());
        let mut fields = Fields(self.bytes()?);
        while let Some((field, content)) = fields.next()? {
            match field {
                1 => entry.0 = content.text()?,
                2 => entry.1 = content.text()?,
                _ => {}
            }
        }
        Ok(entry)
    }

    /// An integer field.
    pub(super) fn integer(self) -> Result<i64, Malformed> {
        match self {
            Content::Varint(value) => Ok(value as i64),
            _ => Err(Malformed("a field has the wrong type")),
        }
    }

    /// A float field.
    pub(super) fn float(self) -> Result<f32, Malformed> {
        match self {
            Content::Fixed32(bytes) => Ok(f32::from_le_bytes(bytes)),
            _ => Err(Malformed("a field has the wrong type")),
        }
    }

    /// Appends the integers of a repeated field, a single one or many packed.
    pub(super) fn integers_into(self, values: &mut Vec<i64>) -> Result<(), Malformed> {
        let Content::Bytes(mut rest) = self else {
            values.push(self.integer()?);
            return Ok(());
        };
        while !rest.is_empty() {
            values.push(varint(&mut rest)? as i64);
        }
        Ok(())
    }

    /// Appends the floats of a repeated field, a single one or many packed.
    pub(super) fn floats_into(self, values: &mut Vec<f32>) -> Result<(), Malformed> {
        let Content::Bytes(bytes) = self else {
            values.push(self.float()?);
            return Ok(());
        };
        let (floats, rest) = bytes.as_chunks::<4>();
        values.extend(floats.iter().map(|&float| f32::from_le_bytes(float)));
        if rest.is_empty() { Ok(()) } else { Err(Malformed("a list of floats is cut")) }
    }
}

/// The fields of a message, in the order of its bytes.
#[derive(Clone, Debug)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    /// The number and the value of the next field; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Content<'a>)>, Malformed> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = varint(&mut self.0)?;
        let content = match tag & 7 {
            0 => Content::Varint(varint(&mut self.0)?),
            1 => Content::Fixed64(self.fixed()?),
            2 => {
                let length = varint(&mut self.0)?;
                let length = usize::try_from(length).ok().filter(|&length| length <= self.0.len());
                let (bytes, rest) = self.0.split_at(length.ok_or(Malformed("a length is beyond the end"))?);
                self.0 = rest;
                Content::Bytes(bytes)
            }
            5 => Content::Fixed32(self.fixed()?),
            _ => return Err(Malformed("a field is of an unknown type")),
        };
        Ok(Some((tag >> 3, content)))
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (bytes, rest) = self.0.split_first_chunk::<N>().ok_or(Malformed("it ends within a field"))?;
        self.0 = rest;
        Ok(*bytes)
    }
}

fn varint(bytes: &mut &[u8]) -> Result<u64, Malformed> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or(Malformed("it ends within a number"))?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(Malformed("a number is longer than ten bytes"))
}

/// The header of a field in a stream, before its bytes are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    /// The number of the field.
    pub(super) field: u64,
    /// The length of the value in bytes; `None` for another kind of value, which was consumed with the header.
    pub(super) length: Option<u64>,
    /// The value of an integer field.
    pub(super) varint: u64,
}

/// A stream of fields: large ones are skipped and can be read later by their position.
pub(super) struct Stream<R> {
    reader: BufReader<R>,
    position: u64,
}

impl<R: Read + Seek> Stream<R> {
    /// Opens a stream, and gives its length in bytes.
    pub(super) fn open(mut reader: R) -> io::Result<(Stream<R>, u64)> {
        let length = reader.seek(SeekFrom::End(0))?;
        reader.seek(SeekFrom::Start(0))?;
        Ok((Stream { reader: BufReader::with_capacity(1 << 16, reader), position: 0 }, length))
    }

    /// The position of the next byte.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// The header of the next field of a message that ends at `end`; its bytes follow.
    pub(super) fn header(&mut self, end: u64) -> io::Result<Option<Header>> {
        if self.position >= end {
            return Ok(None);
        }
        let tag = self.varint()?;
        let (mut length, mut varint) = (None, 0);
        match tag & 7 {
            0 => varint = self.varint()?,
            1 => self.skip(8)?,
            2 => length = Some(self.varint()?),
            5 => self.skip(4)?,
            _ => return Err(Malformed("a field is of an unknown type").into()),
        }
        if self.position.checked_add(length.unwrap_or(0)).is_none_or(|last| last > end) {
            return Err(Malformed("a length is beyond the end").into());
        }
        Ok(Some(Header { field: tag >> 3, length, varint }))
    }

    fn varint(&mut self) -> io::Result<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let Some(&byte) = self.reader.fill_buf()?.first() else {
                return Err(Malformed("it ends within a number").into());
            };
            self.reader.consume(1);
            self.position += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Malformed("a number is longer than ten bytes").into())
    }

    /// Skips bytes.
    pub(super) fn skip(&mut self, length: u64) -> io::Result<()> {
        let offset = i64::try_from(length).map_err(|_| Malformed("a length is beyond the end"))?;
        self.reader.seek_relative(offset)?;
        self.position += length;
        Ok(())
    }

    /// Reads bytes; memory grows only with what arrives.
    pub(super) fn bytes(&mut self, length: u64) -> io::Result<Vec<u8>> {
        if length > MAX_MESSAGE {
            return Err(Malformed("a message is larger than 256 MiB").into());
        }
        let mut bytes = Vec::new();
        self.reader.by_ref().take(length).read_to_end(&mut bytes)?;
        self.position += bytes.len() as u64;
        if bytes.len() as u64 == length { Ok(bytes) } else { Err(Malformed("it ends within a field").into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_in_order() {
        let mut fields = Fields(&[0x08, 0x96, 0x01, 0x12, 0x02, b'h', b'i', 0x1d, 0, 0, 0x80, 0x3f]);
        assert_eq!(fields.next(), Ok(Some((1, Content::Varint(150)))));
        assert_eq!(fields.next().unwrap().unwrap().1.text(), Ok("hi".to_owned()));
        assert_eq!(fields.next().unwrap().unwrap().1.float(), Ok(1.0));
        assert_eq!(fields.next(), Ok(None));
    }

    #[test]
    fn lengths_that_lie_and_numbers_without_end_are_refused() {
        for bytes in [&[0x0a, 0x05, 1][..], &[0xff; 11], &[0x0b], &[0x0d, 1], &[0x0a, 0xff, 0xff, 0xff, 0x7f]]
        {
            assert!(Fields(bytes).next().is_err(), "{bytes:?}");
            let (mut stream, length) = Stream::open(io::Cursor::new(bytes)).unwrap();
            assert!(stream.header(length).is_err(), "{bytes:?}");
        }
    }
}

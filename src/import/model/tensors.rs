//! Reads the tensors of an ONNX file: initialisers from the stream, where the values of large ones are skipped, and the
//! tensors of attributes from memory.

use std::io::{self, Read, Seek};
use std::rc::Rc;

use crate::import::tensor::{DataLocation, Tensor};
use crate::import::values::ElementType;
use crate::import::wire::{Content, Fields, Header, Malformed, Stream};

/// The size up to which a tensor is read together with the graph, in bytes.
const SMALL: u64 = 4096;
/// The number of dimensions of a tensor.
const MAX_RANK: usize = 8;
/// The number of elements of a tensor.
const MAX_ELEMENTS: u64 = 1 << 48;

/// The fields of a tensor besides its values.
#[derive(Default)]
struct Description {
    name: String,
    dims: Vec<i64>,
    kind: i64,
    external: Vec<(String, String)>,
    is_external: bool,
    texts: bool,
}

impl Description {
    fn take(&mut self, field: u64, content: Content<'_>) -> Result<(), Malformed> {
        match field {
            1 => content.integers_into(&mut self.dims)?,
            2 => self.kind = content.integer()?,
            6 => self.texts = true,
            8 => self.name = content.text()?,
            13 => self.external.push(content.entry()?),
            14 => self.is_external = content.integer()? == 1,
            _ => {}
        }
        Ok(())
    }

    fn finish(self, values: Option<DataLocation>) -> Result<(String, Tensor), Malformed> {
        let element = ElementType::of(self.kind).ok_or(Malformed("a tensor has an unknown type"))?;
        if self.dims.len() > MAX_RANK {
            return Err(Malformed("a tensor has more than eight dimensions"));
        }
        let mut elements: u64 = 1;
        let mut dims = Vec::new();
        for dim in self.dims {
            let dim = u64::try_from(dim).map_err(|_| Malformed("a tensor has a negative dimension"))?;
            elements = elements.saturating_mul(dim.max(1));
            dims.push(dim);
        }
        if elements > MAX_ELEMENTS {
            return Err(Malformed("a tensor has more than 2^48 elements"));
        }
        let place = if self.is_external {
            let find = |key: &str| {
                self.external.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
            };
            let number = |key: &str| match find(key) {
                None => Ok(None),
                Some(text) => text.parse::<u64>().map(Some).map_err(|_| Malformed("a place is no number")),
            };
            DataLocation::External {
                path: find("location").ok_or(Malformed("external data without a place"))?.into(),
                offset: number("offset")?.unwrap_or(0),
                length: number("length")?,
            }
        } else {
            match values {
                _ if self.texts => DataLocation::Absent,
                Some(place) => place,
                None if elements == 0 || dims.contains(&0) => DataLocation::Memory(Rc::from([])),
                None => DataLocation::Absent,
            }
        };
        Ok((self.name, Tensor::stored(dims, element, place)))
    }
}

/// Reads an initialiser of the stream; large values are skipped.
pub(super) fn read_tensor<R: Read + Seek>(stream: &mut Stream<R>, end: u64) -> io::Result<(String, Tensor)> {
    let mut description = Description::default();
    let (mut place, mut typed) = (None, Vec::new());
    while let Some(Header { field, length, varint }) = stream.header(end)? {
        let Some(size) = length else {
            if matches!(field, 4 | 5 | 7 | 10 | 11) {
                return Err(Malformed("values of a tensor are not packed").into());
            }
            description.take(field, Content::Varint(varint))?;
            continue;
        };
        match field {
            // Raw values and packed floats and doubles have the same bytes.
            4 | 9 | 10 if size > SMALL => {
                place = Some(DataLocation::File { offset: stream.position(), length: size });
                stream.skip(size)?;
            }
            9 => place = Some(DataLocation::Memory(stream.bytes(size)?.into())),
            4 | 5 | 7 | 10 | 11 => typed.push((field, stream.bytes(size)?)),
            _ => {
                let bytes = stream.bytes(size)?;
                description.take(field, Content::Bytes(&bytes))?;
            }
        }
    }
    if place.is_none() && !typed.is_empty() {
        let mut bytes = Vec::new();
        for (field, content) in &typed {
            append_typed(description.kind, *field, Content::Bytes(content), &mut bytes)?;
        }
        place = Some(DataLocation::Memory(bytes.into()));
    }
    Ok(description.finish(place)?)
}

/// Decodes the tensor of an attribute.
pub(super) fn decode_tensor(bytes: &[u8]) -> Result<Tensor, Malformed> {
    let mut description = Description::default();
    let (mut raw, mut typed): (Option<&[u8]>, Vec<(u64, Content<'_>)>) = (None, Vec::new());
    let mut fields = Fields(bytes);
    while let Some((field, content)) = fields.next()? {
        match field {
            9 => raw = Some(content.bytes()?),
            4 | 5 | 7 | 10 | 11 => typed.push((field, content)),
            _ => description.take(field, content)?,
        }
    }
    let place = match raw {
        Some(raw) => Some(DataLocation::Memory(raw.into())),
        None if typed.is_empty() => None,
        None => {
            let mut bytes = Vec::new();
            for (field, content) in typed {
                append_typed(description.kind, field, content, &mut bytes)?;
            }
            Some(DataLocation::Memory(bytes.into()))
        }
    };
    Ok(description.finish(place)?.1)
}

/// Appends the values of a typed field as the raw bytes of the tensor's type.
fn append_typed(kind: i64, field: u64, content: Content<'_>, bytes: &mut Vec<u8>) -> Result<(), Malformed> {
    match (field, content) {
        (4 | 10, Content::Bytes(raw)) => bytes.extend_from_slice(raw),
        (4, Content::Fixed32(raw)) => bytes.extend_from_slice(&raw),
        (10, Content::Fixed64(raw)) => bytes.extend_from_slice(&raw),
        _ => {
            let mut values = Vec::new();
            content.integers_into(&mut values)?;
            let element = ElementType::of(kind).ok_or(Malformed("a tensor has an unknown type"))?;
            let size = element.bytes().unwrap_or(8);
            for value in values {
                bytes.extend_from_slice(&value.to_le_bytes()[..size]);
            }
        }
    }
    Ok(())
}

//! Reads a model from the bytes of an ONNX file.

use std::collections::BTreeSet;
use std::io::{self, Read, Seek};

use super::tensors::{decode_tensor, read_tensor};
use super::{Attribute, Dim, Model, Node, Port, is_standard};
use crate::import::values::ElementType;
use crate::import::wire::{Content, Fields, Header, Malformed, Stream};

impl Model {
    /// Reads a model; the values of large tensors stay in the file.
    pub(in crate::import) fn read<R: Read + Seek>(reader: R) -> io::Result<Model> {
        let (mut stream, length) = Stream::open(reader)?;
        let mut model = Model::default();
        let mut has_graph = false;
        while let Some(header) = stream.header(length)? {
            let Some(size) = header.length else { continue };
            match header.field {
                2 => model.producer = String::from_utf8_lossy(&stream.bytes(size)?).into_owned(),
                7 => {
                    has_graph = true;
                    let end = stream.position() + size;
                    model.read_graph(&mut stream, end)?;
                }
                8 => model.read_opset(&stream.bytes(size)?)?,
                14 => model.metadata.push(Content::Bytes(&stream.bytes(size)?).entry()?),
                25 => {
                    model.functions = true;
                    stream.skip(size)?;
                }
                _ => stream.skip(size)?,
            }
        }
        if !has_graph {
            return Err(Malformed("it holds no graph").into());
        }
        model.check_made_once()?;
        Ok(model)
    }

    /// Every value is made once: a second maker would be dropped, or the first one.
    fn check_made_once(&self) -> Result<(), Malformed> {
        let named = |name: &&str| !name.is_empty();
        let nodes = self.nodes.iter().flat_map(|node| &node.outputs).map(String::as_str);
        let mut made = BTreeSet::new();
        if !self.inputs.iter().all(|input| made.insert(input.name.as_str())) {
            return Err(Malformed("two inputs have one name"));
        }
        // An initialiser may have the name of an input: it is the input's default.
        made.extend(self.initialisers.keys().map(String::as_str));
        match nodes.filter(named).all(|name| made.insert(name)) {
            true => Ok(()),
            false => Err(Malformed("two nodes make the same value")),
        }
    }

    fn read_opset(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        let (mut domain, mut version) = (String::new(), 1);
        let mut fields = Fields(bytes);
        while let Some((field, content)) = fields.next()? {
            match field {
                1 => domain = content.text()?,
                2 => version = content.integer()?,
                _ => {}
            }
        }
        if is_standard(&domain) {
            self.opset = Some(version);
        }
        Ok(())
    }

    fn read_graph<R: Read + Seek>(&mut self, stream: &mut Stream<R>, end: u64) -> io::Result<()> {
        while let Some(Header { field, length, .. }) = stream.header(end)? {
            let Some(size) = length else { continue };
            match field {
                1 => self.nodes.push(Node::decode(&stream.bytes(size)?)?),
                5 => {
                    let end = stream.position() + size;
                    let (name, tensor) = read_tensor(stream, end)?;
                    self.initialisers.insert(name, tensor);
                }
                11 => self.inputs.push(Port::decode(&stream.bytes(size)?)?),
                12 => self.outputs.push(Port::decode(&stream.bytes(size)?)?),
                15 => {
                    self.sparse += 1;
                    stream.skip(size)?;
                }
                _ => stream.skip(size)?,
            }
        }
        Ok(())
    }
}

impl Node {
    fn decode(bytes: &[u8]) -> Result<Node, Malformed> {
        let mut node = Node::default();
        let mut fields = Fields(bytes);
        while let Some((field, content)) = fields.next()? {
            match field {
                1 => node.inputs.push(content.text()?),
                2 => node.outputs.push(content.text()?),
                3 => node.name = content.text()?,
                4 => node.kind = content.text()?,
                5 => node.attributes.push(decode_attribute(content.bytes()?)?),
                6 => node.doc = content.text()?,
                7 => node.domain = content.text()?,
                9 => node.metadata.push(content.entry()?),
                _ => {}
            }
        }
        Ok(node)
    }
}

fn decode_attribute(bytes: &[u8]) -> Result<(String, Attribute), Malformed> {
    let (mut name, mut kind) = (String::new(), 0);
    let (mut float, mut int, mut text) = (0.0, 0, String::new());
    let (mut floats, mut ints, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    let (mut tensor, mut present) = (None, Attribute::Other);
    let mut fields = Fields(bytes);
    while let Some((field, content)) = fields.next()? {
        // Before version 3 of the format writers omit the kind; it follows from the field that is present.
        match field {
            1 => name = content.text()?,
            2 => (float, present) = (content.float()?, Attribute::Float(content.float()?)),
            3 => (int, present) = (content.integer()?, Attribute::Int(content.integer()?)),
            4 => {
                text = String::from_utf8_lossy(content.bytes()?).into_owned();
                present = Attribute::Text(text.clone());
            }
            5 => tensor = Some(decode_tensor(content.bytes()?)?),
            7 => content.floats_into(&mut floats)?,
            8 => content.integers_into(&mut ints)?,
            9 => texts.push(String::from_utf8_lossy(content.bytes()?).into_owned()),
            20 => kind = content.integer()?,
            _ => {}
        }
    }
    let attribute = match kind {
        1 => Attribute::Float(float),
        2 => Attribute::Int(int),
        3 => Attribute::Text(text),
        4 => tensor.map_or(Attribute::Other, Attribute::Tensor),
        6 => Attribute::Floats(floats),
        7 => Attribute::Ints(ints),
        8 => Attribute::Texts(texts),
        0 if tensor.is_some() => tensor.map_or(Attribute::Other, Attribute::Tensor),
        0 if !ints.is_empty() => Attribute::Ints(ints),
        0 if !floats.is_empty() => Attribute::Floats(floats),
        0 if !texts.is_empty() => Attribute::Texts(texts),
        0 => present,
        _ => Attribute::Other,
    };
    Ok((name, attribute))
}

impl Port {
    fn decode(bytes: &[u8]) -> Result<Port, Malformed> {
        let mut port = Port::default();
        let mut fields = Fields(bytes);
        while let Some((field, content)) = fields.next()? {
            match field {
                1 => port.name = content.text()?,
                2 => port.decode_type(content.bytes()?)?,
                _ => {}
            }
        }
        Ok(port)
    }

    fn decode_type(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        let mut fields = Fields(bytes);
        while let Some((field, content)) = fields.next()? {
            if field != 1 {
                continue;
            }
            let mut tensor = Fields(content.bytes()?);
            while let Some((field, content)) = tensor.next()? {
                match field {
                    1 => self.element = ElementType::of(content.integer()?),
                    2 => self.dims = Some(decode_dims(content.bytes()?)?),
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

fn decode_dims(bytes: &[u8]) -> Result<Vec<Dim>, Malformed> {
    let (mut dims, mut fields) = (Vec::new(), Fields(bytes));
    while let Some((field, content)) = fields.next()? {
        if field != 1 {
            continue;
        }
        let mut dim = Dim::Open(String::new());
        let mut inner = Fields(content.bytes()?);
        while let Some((field, content)) = inner.next()? {
            match (field, content) {
                // Some writers use −1 or 0 for an open dimension.
                (1, Content::Varint(value)) if (value as i64) > 0 => dim = Dim::Fixed(value),
                (2, content) => dim = Dim::Open(content.text()?),
                _ => {}
            }
        }
        dims.push(dim);
    }
    Ok(dims)
}

//! Reads an ONNX file: nodes, attributes, tensors, inputs and outputs. The values of large tensors stay in the file.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Seek};
use std::rc::Rc;

use super::tensor::{DataLocation, Tensor};
use super::values::ElementType;
use super::wire::{Content, Fields, Header, Malformed, Stream};

/// The size up to which a tensor is read together with the graph, in bytes.
const SMALL: u64 = 4096;
/// The number of dimensions of a tensor.
const MAX_RANK: usize = 8;
/// The number of elements of a tensor.
const MAX_ELEMENTS: u64 = 1 << 48;

/// A model: one graph, and the operator sets that it uses.
#[derive(Debug, Default)]
pub(crate) struct Model {
    /// The version of the standard operators; `None` if the file names none.
    pub(super) opset: Option<i64>,
    /// The program that wrote the file.
    pub(super) producer: String,
    /// The metadata of the model: keys and values.
    pub(super) metadata: Vec<(String, String)>,
    pub(super) nodes: Vec<Node>,
    pub(super) initialisers: BTreeMap<String, Tensor>,
    /// Inputs in the order of the file; old files list initialisers among them.
    pub(super) inputs: Vec<Port>,
    pub(super) outputs: Vec<Port>,
    /// Whether the file defines functions, which are not supported.
    pub(super) functions: bool,
    /// The number of sparse tensors, which are not supported.
    pub(super) sparse: usize,
}

/// A node of the graph.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) domain: String,
    /// Names of values; an empty name is an omitted input.
    pub(super) inputs: Vec<String>,
    pub(super) outputs: Vec<String>,
    pub(super) attributes: Vec<(String, Attribute)>,
    /// The comment of its author.
    pub(super) doc: String,
    pub(super) metadata: Vec<(String, String)>,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Attribute {
    Int(i64),
    Float(f32),
    Text(String),
    Ints(Vec<i64>),
    Floats(Vec<f32>),
    Texts(Vec<String>),
    Tensor(Tensor),
    /// A graph within the node, or another kind that no rule reads.
    Other,
}

/// An input or output of the graph.
#[derive(Clone, Debug, Default)]
pub(super) struct Port {
    pub(super) name: String,
    /// `None` if the file does not state a shape.
    pub(super) dims: Option<Vec<Dim>>,
    pub(super) element: Option<ElementType>,
}

/// A dimension of an input or output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Dim {
    Fixed(u64),
    /// Open, with a name that may be empty.
    Open(String),
}

impl Model {
    /// Reads a model; the values of large tensors stay in the file.
    pub(super) fn read<R: Read + Seek>(reader: R) -> io::Result<Model> {
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
                14 => model.metadata.push(decode_entry(&stream.bytes(size)?)?),
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

    /// Returns whether `cnnc export` wrote the file.
    pub(super) fn is_ours(&self) -> bool {
        self.producer == "cnnc"
    }

    /// Every value is made once: a second maker would be dropped, or the first one.
    fn check_made_once(&self) -> Result<(), Malformed> {
        let named = |name: &&str| !name.is_empty();
        let nodes = self.nodes.iter().flat_map(|node| &node.outputs).map(String::as_str);
        let mut made: BTreeSet<&str> = self.inputs.iter().map(|input| input.name.as_str()).collect();
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

/// Returns whether a domain is that of the standard operators.
pub(super) fn is_standard(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx")
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
                9 => node.metadata.push(decode_entry(content.bytes()?)?),
                _ => {}
            }
        }
        Ok(node)
    }

    /// The remark with which `cnnc export` describes what the node alone does not show.
    pub(super) fn remark(&self) -> Option<&str> {
        self.doc.strip_prefix("cnnc: ")
    }

    /// The name of the node, or else of its first output.
    pub(super) fn label(&self) -> &str {
        let output = self.outputs.first().map_or("", String::as_str);
        if self.name.is_empty() { output } else { &self.name }
    }
}

fn decode_entry(bytes: &[u8]) -> Result<(String, String), Malformed> {
    let mut entry = (String::new(), String::new());
    let mut fields = Fields(bytes);
    while let Some((field, content)) = fields.next()? {
        match field {
            1 => entry.0 = content.text()?,
            2 => entry.1 = content.text()?,
            _ => {}
        }
    }
    Ok(entry)
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
            13 => self.external.push(decode_entry(content.bytes()?)?),
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
fn read_tensor<R: Read + Seek>(stream: &mut Stream<R>, end: u64) -> io::Result<(String, Tensor)> {
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
fn decode_tensor(bytes: &[u8]) -> Result<Tensor, Malformed> {
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

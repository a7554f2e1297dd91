//! Changes ONNX models field by field, so that most of the changed models are still readable and reach the importer.

use std::iter;

use super::chance::Chance;

/// A message, as far as the fields of ONNX that the importer reads are known.
#[derive(Clone, Copy)]
enum Kind {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    Port,
    Type,
    TensorType,
    Shape,
    Dim,
}

/// The kind of message that a field holds; `None` for bytes.
fn kind_of(parent: Kind, field: u64) -> Option<Kind> {
    Some(match (parent, field) {
        (Kind::Model, 7) => Kind::Graph,
        (Kind::Graph, 1) => Kind::Node,
        (Kind::Graph, 5) | (Kind::Attribute, 5) => Kind::Tensor,
        (Kind::Graph, 11..=13) => Kind::Port,
        (Kind::Node, 5) => Kind::Attribute,
        (Kind::Port, 2) => Kind::Type,
        (Kind::Type, 1) => Kind::TensorType,
        (Kind::TensorType, 2) => Kind::Shape,
        (Kind::Shape, 1) => Kind::Dim,
        _ => return None,
    })
}

#[derive(Clone)]
enum Value {
    Number(u64),
    Fixed(Vec<u8>),
    Bytes(Vec<u8>),
    Message(Kind, Vec<Field>),
}

#[derive(Clone)]
struct Field {
    number: u64,
    value: Value,
}

fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn take<'a>(bytes: &mut &'a [u8], length: u64) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
    *bytes = rest;
    Some(taken)
}

fn decode(kind: Kind, mut bytes: &[u8]) -> Option<Vec<Field>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let tag = read_number(&mut bytes)?;
        let number = tag >> 3;
        let value = match tag & 7 {
            0 => Value::Number(read_number(&mut bytes)?),
            1 => Value::Fixed(take(&mut bytes, 8)?.to_vec()),
            5 => Value::Fixed(take(&mut bytes, 4)?.to_vec()),
            2 => {
                let length = read_number(&mut bytes)?;
                let content = take(&mut bytes, length)?;
                let inner = kind_of(kind, number).and_then(|inner| Some((inner, decode(inner, content)?)));
                inner.map_or_else(
                    || Value::Bytes(content.to_vec()),
                    |(inner, fields)| Value::Message(inner, fields),
                )
            }
            _ => return None,
        };
        fields.push(Field { number, value });
    }
    Some(fields)
}

fn write_number(mut value: u64, bytes: &mut Vec<u8>) {
    while value > 127 {
        bytes.push(value as u8 | 128);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn encode(fields: &[Field]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for Field { number, value } in fields {
        let (wire, content) = match value {
            Value::Number(value) => {
                write_number(number << 3, &mut bytes);
                write_number(*value, &mut bytes);
                continue;
            }
            Value::Fixed(content) => (if content.len() == 8 { 1 } else { 5 }, content.clone()),
            Value::Bytes(content) => (2, content.clone()),
            Value::Message(_, fields) => (2, encode(fields)),
        };
        write_number(number << 3 | wire, &mut bytes);
        if wire == 2 {
            write_number(content.len() as u64, &mut bytes);
        }
        bytes.extend(content);
    }
    bytes
}

/// The paths of all fields, and all bytes with the kind of message and the field that hold them.
fn walk<'f>(
    kind: Kind,
    fields: &'f [Field],
    path: &[usize],
    paths: &mut Vec<Vec<usize>>,
    bytes: &mut Vec<(u8, u64, &'f [u8])>,
) {
    for (index, field) in fields.iter().enumerate() {
        let here: Vec<usize> = path.iter().copied().chain(iter::once(index)).collect();
        match &field.value {
            Value::Message(inner, fields) => walk(*inner, fields, &here, paths, bytes),
            Value::Bytes(content) => bytes.push((kind as u8, field.number, content)),
            Value::Number(_) | Value::Fixed(_) => {}
        }
        paths.push(here);
    }
}

/// The message that holds the field at a path.
fn parent<'f>(fields: &'f mut Vec<Field>, path: &[usize]) -> Option<&'f mut Vec<Field>> {
    let (&first, rest) = path.split_first()?;
    if rest.is_empty() {
        return Some(fields);
    }
    match &mut fields.get_mut(first)?.value {
        Value::Message(_, inner) => parent(inner, rest),
        _ => None,
    }
}

const OPERATORS: [&str; 44] = [
    "Add",
    "AveragePool",
    "BatchNormalization",
    "Cast",
    "Clip",
    "Concat",
    "Constant",
    "Conv",
    "ConvTranspose",
    "DepthToSpace",
    "Div",
    "Erf",
    "Expand",
    "Flatten",
    "Gather",
    "Gemm",
    "GlobalAveragePool",
    "HardSigmoid",
    "Identity",
    "InstanceNormalization",
    "LRN",
    "LayerNormalization",
    "LeakyRelu",
    "MatMul",
    "MaxPool",
    "Mul",
    "PRelu",
    "Pad",
    "Pow",
    "ReduceMax",
    "ReduceMean",
    "ReduceSum",
    "Relu",
    "Reshape",
    "Resize",
    "Sigmoid",
    "Slice",
    "Softmax",
    "SpaceToDepth",
    "Split",
    "Squeeze",
    "Sub",
    "Transpose",
    "Unsqueeze",
];
const NUMBERS: [u64; 14] = [0, 1, 2, 3, 4, 5, 7, 8, 16, 255, 1 << 16, 1 << 32, 1 << 62, u64::MAX];
const FLOATS: [f32; 10] = [0.0, -0.0, 1.0, -1.0, 0.5, 1e-5, 1e30, f32::INFINITY, f32::NAN, f32::MIN_POSITIVE];

/// The model with a few of its fields changed; `None` if it is no message.
pub fn mutate(model: &[u8], seed: u32) -> Option<Vec<u8>> {
    let mut fields = decode(Kind::Model, model)?;
    let mut chance = Chance(u64::from(seed) << 16 | 0x9e37);
    for _ in 0..=chance.below(4) {
        let original = fields.clone();
        let (mut paths, mut bytes) = (Vec::new(), Vec::new());
        walk(Kind::Model, &original, &[], &mut paths, &mut bytes);
        if paths.is_empty() {
            return None;
        }
        let path = paths.swap_remove(chance.below(paths.len()));
        let last = path.last().copied().unwrap_or(0);
        let holder = parent(&mut fields, &path)?;
        match chance.below(8) {
            0 => {
                holder.remove(last);
            }
            1 => {
                let copy = holder[last].clone();
                holder.insert(last, copy);
            }
            2 => {
                let other = chance.below(holder.len());
                holder.swap(last, other);
            }
            _ => change(&mut holder[last], &bytes, &mut chance),
        }
    }
    Some(encode(&fields))
}

/// Changes the value of a field: numbers a little or to one at a border, names and tensors to others of the model.
fn change(field: &mut Field, bytes: &[(u8, u64, &[u8])], chance: &mut Chance) {
    match &mut field.value {
        Value::Number(value) => {
            *value = match chance.below(4) {
                0 => value.wrapping_add(1),
                1 => value.wrapping_sub(1),
                _ => chance.of(&NUMBERS),
            }
        }
        Value::Fixed(content) if content.len() == 4 => {
            *content = chance.of(&FLOATS).to_le_bytes().to_vec();
        }
        Value::Fixed(content) => *content = chance.of(&NUMBERS).to_le_bytes().to_vec(),
        Value::Bytes(content) => {
            let number = field.number;
            let alike: Vec<&[u8]> = bytes.iter().filter(|one| one.1 == number).map(|one| one.2).collect();
            match chance.below(6) {
                0 => *content = chance.of(&OPERATORS).as_bytes().to_vec(),
                1 if !content.is_empty() => {
                    let at = chance.below(content.len());
                    content[at] ^= 1 << chance.below(8);
                }
                2 => content.truncate(chance.below(content.len() + 1)),
                3 => content.extend_from_slice(&chance.of(&NUMBERS).to_le_bytes()),
                4 if !bytes.is_empty() => *content = chance.of(bytes).2.to_vec(),
                _ if !alike.is_empty() => *content = chance.of(&alike).to_vec(),
                _ => {}
            }
        }
        // A list of fields: its order says what comes first.
        Value::Message(_, fields) => fields.reverse(),
    }
}

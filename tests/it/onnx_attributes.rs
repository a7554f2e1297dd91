//! No attribute of an ONNX operator is passed over: for every operator that the importer accepts, each attribute that
//! ONNX defines for it (`tests/fixtures/onnx_attributes.txt`, written by `tests/interop/attributes.py`) changes what is
//! imported, is refused, or stands here with the reason why it says nothing about a network that runs.

use cnnc::import::{ImportOptions, Storage, import};

use super::hostile_models::{integer, message, number, text};

const ATTRIBUTES: &str = include_str!("../fixtures/onnx_attributes.txt");

/// Attributes that a network that runs does not depend on.
const WITHOUT_EFFECT: &[(&str, &str, &str)] = &[
    ("Add", "broadcast", "says that an operand is smaller, as its extents do"),
    ("Mul", "broadcast", "says that an operand is smaller, as its extents do"),
    ("Sub", "broadcast", "says that an operand is smaller, as its extents do"),
    ("Div", "broadcast", "says that an operand is smaller, as its extents do"),
    ("ReduceL2", "noop_with_empty_axes", "of no axes, which are refused"),
    ("ReduceMax", "noop_with_empty_axes", "of no axes, which are refused without it"),
    ("ReduceSum", "noop_with_empty_axes", "of no axes, which are refused without it"),
    ("ReduceSumSquare", "noop_with_empty_axes", "of no axes, which are refused"),
    ("BatchNormalization", "momentum", "of the running statistics while training"),
    ("Cast", "saturate", "of casts to 8-bit types, which are refused"),
    ("Cast", "round_mode", "of casts to 8-bit types, which are refused"),
    ("CastLike", "saturate", "of casts to 8-bit types, which are refused"),
    ("CastLike", "round_mode", "of casts to 8-bit types, which are refused"),
    ("Dropout", "seed", "of the draws while training"),
    ("Dropout", "is_test", "the language's dropout does nothing when it runs"),
    ("Gemm", "broadcast", "says that the bias is smaller than the product, as its extents do"),
    ("MaxPool", "storage_order", "of the positions of the maxima, which are refused"),
    ("Resize", "extrapolation_value", "of `tf_crop_and_resize`, which is refused"),
];

#[derive(Clone)]
enum Value {
    Int(i64),
    Float(f32),
    Text(&'static str),
    Ints(Vec<i64>),
    Floats(Vec<f32>),
    Texts(Vec<&'static str>),
    Tensor(f32),
    /// A value of another kind: its field and its type.
    Foreign(u64, u64),
}

#[derive(Clone)]
enum Operand {
    /// The input of the model.
    Computed,
    /// A constant of these extents, of different numbers.
    Reals(Vec<u64>),
    /// A constant list of these numbers.
    RealList(Vec<f32>),
    Wholes(Vec<i64>),
    /// Left out.
    None,
}

use Operand::{Computed, None as Absent, RealList, Reals, Wholes};

/// A node that the importer accepts.
#[derive(Clone)]
struct Base {
    input: Vec<u64>,
    operands: Vec<Operand>,
    attributes: Vec<(&'static str, Value)>,
    outputs: usize,
}

fn base(operands: &[Operand], attributes: &[(&'static str, Value)]) -> Base {
    Base { input: vec![1, 4, 6, 6], operands: operands.to_vec(), attributes: attributes.to_vec(), outputs: 1 }
}

fn vector(operands: &[Operand], attributes: &[(&'static str, Value)]) -> Base {
    Base { input: vec![1, 4], ..base(operands, attributes) }
}

/// Nodes of a kind, for all versions of the operator; none where the language has no such operator.
fn bases(kind: &str) -> Vec<Base> {
    use Value::{Float, Floats, Int, Ints, Tensor};
    let four = || Reals(vec![4]);
    let column = || Reals(vec![1, 4, 1, 1]);
    match kind {
        "Conv" | "ConvTranspose" => vec![base(&[Computed, Reals(vec![4, 4, 3, 3])], &[])],
        "AveragePool" => {
            let window = [("kernel_shape", Ints(vec![3, 3])), ("pads", Ints(vec![1; 4]))];
            vec![base(&[Computed], &window)]
        }
        "MaxPool" | "LpPool" => {
            vec![base(&[Computed], &[("kernel_shape", Ints(vec![3, 3]))])]
        }
        "ReduceMean" | "ReduceMax" | "ReduceSum" | "ReduceSumSquare" | "ReduceL2" => vec![
            base(&[Computed], &[("axes", Ints(vec![2, 3]))]),
            base(&[Computed, Wholes(vec![2, 3])], &[]),
            base(&[Reals(vec![1, 4, 2, 2])], &[("axes", Ints(vec![2, 3]))]),
        ],
        "Gemm" => vec![vector(&[Computed, Reals(vec![4, 3]), Reals(vec![3])], &[])],
        "MatMul" => vec![vector(&[Computed, Reals(vec![4, 3])], &[])],
        "BatchNormalization" => {
            let operands = [Computed, four(), four(), four(), four()];
            vec![base(&operands, &[]), base(&operands, &[("is_test", Int(1))])]
        }
        "InstanceNormalization" => vec![base(&[Computed, four(), four()], &[])],
        "GroupNormalization" => vec![base(&[Computed, four(), four()], &[("num_groups", Int(2))])],
        "LayerNormalization" | "RMSNormalization" => vec![vector(&[Computed, four()], &[])],
        "LpNormalization" => vec![base(&[Computed], &[("axis", Int(1))])],
        "LRN" => vec![base(&[Computed], &[("size", Int(3))])],
        "Softmax" | "LogSoftmax" => vec![vector(&[Computed], &[])],
        "PRelu" => vec![base(&[Computed, Reals(vec![4, 1, 1])], &[])],
        "Clip" => vec![
            base(&[Computed], &[("min", Float(-1.0)), ("max", Float(2.0))]),
            base(&[Computed, RealList(vec![-1.0]), RealList(vec![2.0])], &[]),
            base(&[column()], &[("min", Float(0.1)), ("max", Float(0.2))]),
        ],
        "Cast" => vec![base(&[Computed], &[("to", Int(1))]), base(&[column()], &[("to", Int(1))])],
        "CastLike" => vec![base(&[Computed, four()], &[]), base(&[column(), four()], &[])],
        "Dropout" | "Identity" => vec![base(&[Computed], &[]), base(&[column()], &[])],
        "Add" | "Sub" | "Mul" | "Div" | "Max" | "Min" | "Sum" | "Mean" => vec![
            base(&[Computed, Computed], &[]),
            base(&[Computed, RealList(vec![2.0])], &[]),
            base(&[Computed, four()], &[("broadcast", Int(1)), ("axis", Int(1))]),
        ],
        "Mod" => vec![base(&[Wholes(vec![-3, 5, 7, -9]), Wholes(vec![4, -4, 4, 4])], &[])],
        "Pow" => vec![base(&[Computed, RealList(vec![2.0])], &[])],
        "Concat" => vec![
            base(&[Computed, Computed], &[("axis", Int(1))]),
            base(&[Reals(vec![1, 2, 1, 1]), Reals(vec![1, 2, 1, 1])], &[("axis", Int(1))]),
        ],
        "Split" => {
            let two = |operands: &[Operand]| Base { outputs: 2, ..base(operands, &[("axis", Int(1))]) };
            vec![two(&[Computed]), two(&[Computed, Wholes(vec![2, 2])])]
        }
        "Slice" => vec![
            base(&[Computed], &[("starts", Ints(vec![1])), ("ends", Ints(vec![3])), ("axes", Ints(vec![1]))]),
            base(&[Computed, Wholes(vec![1]), Wholes(vec![3]), Wholes(vec![1])], &[]),
        ],
        "Pad" => vec![
            base(&[Computed], &[("pads", Ints(vec![0, 0, 1, 1, 0, 0, 1, 1]))]),
            base(&[Computed, Wholes(vec![0, 0, 1, 1, 0, 0, 1, 1])], &[]),
        ],
        "Resize" => vec![
            base(&[Computed, RealList(vec![1.0, 1.0, 2.0, 2.0])], &[]),
            base(&[Computed, Absent, RealList(vec![1.0, 1.0, 2.0, 2.0])], &[]),
            base(&[Computed, Absent, RealList(vec![1.0, 1.0, 0.4, 0.4])], &[]),
            base(
                &[Computed, Absent, RealList(vec![1.0, 1.0, 2.0, 2.0])],
                &[
                    ("mode", Value::Text("linear")),
                    ("coordinate_transformation_mode", Value::Text("half_pixel")),
                ],
            ),
            base(
                &[Computed, Absent, RealList(vec![1.0, 1.0, 2.0, 2.0])],
                &[
                    ("mode", Value::Text("cubic")),
                    ("cubic_coeff_a", Float(-0.75)),
                    ("coordinate_transformation_mode", Value::Text("half_pixel")),
                ],
            ),
        ],
        "Upsample" => vec![
            base(&[Computed], &[("scales", Floats(vec![1.0, 1.0, 2.0, 2.0]))]),
            base(&[Computed, RealList(vec![1.0, 1.0, 2.0, 2.0])], &[]),
        ],
        "Flatten" => vec![base(&[Computed], &[])],
        "Reshape" => {
            vec![base(&[Computed, Wholes(vec![0, 144])], &[]), base(&[four(), Wholes(vec![1, 4, 1, 1])], &[])]
        }
        "Squeeze" | "Unsqueeze" => {
            let (dims, axes) =
                if kind == "Squeeze" { (vec![1, 4, 1, 1], vec![2, 3]) } else { (vec![1, 4], vec![2, 3]) };
            let of = |operands: &[Operand], attributes: &[(&'static str, Value)]| Base {
                input: dims.clone(),
                ..base(operands, attributes)
            };
            vec![
                of(&[Computed], &[("axes", Ints(axes.clone()))]),
                of(&[Computed, Wholes(axes.clone())], &[]),
                of(&[Reals(dims.clone())], &[("axes", Ints(axes.clone()))]),
            ]
        }
        "Transpose" => vec![
            base(&[Computed], &[("perm", Ints(vec![0, 2, 3, 1]))]),
            base(&[Reals(vec![4, 1, 1, 1])], &[("perm", Ints(vec![1, 0, 2, 3]))]),
        ],
        "DepthToSpace" | "SpaceToDepth" => vec![base(&[Computed], &[("blocksize", Int(2))])],
        "Gather" => vec![
            base(&[Computed, Wholes(vec![3, 2, 1, 0])], &[("axis", Int(1))]),
            base(&[Reals(vec![1, 5, 1, 1]), Wholes(vec![3, 2, 1, 0])], &[("axis", Int(1))]),
        ],
        "Expand" => vec![base(&[Reals(vec![1, 4]), Wholes(vec![1, 4])], &[])],
        "Constant" => vec![base(&[], &[("value_floats", Floats(vec![0.5, 0.25, 0.125, 1.0]))])],
        "ConstantOfShape" => vec![base(&[Wholes(vec![1, 4, 1, 1])], &[("value", Tensor(2.0))])],
        "Shape" => vec![base(&[Computed], &[])],
        // The elements of four zeros.
        "Size" => vec![],
        "Range" => vec![],
        "Where" | "Equal" | "Less" | "Greater" | "Not" | "Floor" | "Ceil" | "Round" => vec![],
        _ => vec![base(&[Computed], &[])],
    }
}

/// The values that an attribute of a type is tried with.
fn values(kind: &str) -> Vec<Value> {
    let ints = [
        vec![0],
        vec![1],
        vec![1, 1],
        vec![2, 2],
        vec![1, 2],
        vec![2, 3],
        vec![1, 1, 1, 1],
        vec![2, 2, 2, 2],
        vec![0, 1, 2, 3],
        vec![0, 0, 0, 0, 0, 0, 1, 1],
    ];
    match kind {
        "INT" => [-1, 0, 1, 2, 3, 10].map(Value::Int).to_vec(),
        "FLOAT" => [0.0, 0.3, 2.0].map(Value::Float).to_vec(),
        "STRING" => vec![Value::Text("nonsense")],
        "INTS" => ints.map(Value::Ints).to_vec(),
        "FLOATS" => vec![Value::Floats(vec![0.5]), Value::Floats(vec![1.0, 1.0, 3.0, 3.0])],
        "STRINGS" => vec![Value::Texts(vec!["nonsense"])],
        "TENSOR" => vec![Value::Tensor(3.0)],
        "GRAPH" => vec![Value::Foreign(6, 5)],
        "SPARSE_TENSOR" => vec![Value::Foreign(22, 11)],
        "TYPE_PROTO" => vec![Value::Foreign(14, 13)],
        kind => panic!("{kind}"),
    }
}

fn real(field: u64, value: f32) -> Vec<u8> {
    [number(field << 3 | 5), value.to_le_bytes().to_vec()].concat()
}

fn attribute(name: &str, value: &Value) -> Vec<u8> {
    let (kind, content) = match value {
        Value::Float(value) => (1, real(2, *value)),
        Value::Int(value) => (2, integer(3, *value as u64)),
        Value::Text(value) => (3, text(4, value)),
        Value::Tensor(value) => (4, message(5, &tensor("", &[1], 1, &value.to_le_bytes()))),
        Value::Floats(values) => (6, values.iter().flat_map(|&value| real(7, value)).collect()),
        Value::Ints(values) => (7, values.iter().flat_map(|&value| integer(8, value as u64)).collect()),
        Value::Foreign(field, kind) => (*kind, message(*field, &[])),
        Value::Texts(values) => (8, values.iter().flat_map(|value| text(9, value)).collect()),
    };
    message(5, &[text(1, name), content, integer(20, kind)].concat())
}

fn tensor(name: &str, dims: &[u64], kind: u64, bytes: &[u8]) -> Vec<u8> {
    let dims: Vec<u8> = dims.iter().flat_map(|&dim| integer(1, dim)).collect();
    [dims, integer(2, kind), text(8, name), message(9, bytes)].concat()
}

fn port(field: u64, name: &str, dims: &[u64]) -> Vec<u8> {
    let dims: Vec<u8> = dims.iter().flat_map(|&dim| message(1, &integer(1, dim))).collect();
    let kind = message(1, &[integer(1, 1), message(2, &dims)].concat());
    message(field, &[text(1, name), message(2, &kind)].concat())
}

fn node(kind: &str, inputs: &[String], outputs: &[&str], attributes: &[(&str, Value)]) -> Vec<u8> {
    let mut bytes: Vec<u8> = inputs.iter().flat_map(|input| text(1, input)).collect();
    outputs.iter().for_each(|output| bytes.extend(text(2, output)));
    bytes.extend(text(4, kind));
    attributes.iter().for_each(|(name, value)| bytes.extend(attribute(name, value)));
    message(1, &bytes)
}

/// A model of the node, whose value is flattened; a constant is brought to the extents 1x4x1x1 and added to the input.
fn model(kind: &str, base: &Base, opset: u64) -> Vec<u8> {
    let (mut parts, mut inputs) = (vec![port(11, "x", &base.input), port(12, "y", &[1, 4])], Vec::new());
    let mut constant = |name: &str, dims: &[u64], kind: u64, bytes: Vec<u8>| {
        parts.push(message(5, &tensor(name, dims, kind, &bytes)));
        name.to_owned()
    };
    for (index, operand) in base.operands.iter().enumerate() {
        let name = format!("c{index}");
        inputs.push(match operand {
            Computed => "x".to_owned(),
            Absent => String::new(),
            Reals(dims) => {
                let bytes = (0..dims.iter().product::<u64>()).map(|at| 0.1 + at as f32 / 16.0);
                constant(&name, dims, 1, bytes.flat_map(f32::to_le_bytes).collect())
            }
            RealList(values) => {
                let dims = if values.len() == 1 { vec![] } else { vec![values.len() as u64] };
                constant(&name, &dims, 1, values.iter().flat_map(|value| value.to_le_bytes()).collect())
            }
            Wholes(values) => {
                let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
                constant(&name, &[values.len() as u64], 7, bytes)
            }
        });
    }
    let shape =
        constant("shape", &[4], 7, [1i64, 4, 1, 1].iter().flat_map(|dim| dim.to_le_bytes()).collect());
    let outputs = ["k", "l"];
    parts.push(node(kind, &inputs, &outputs[..base.outputs], &base.attributes));
    let one = |name: &str| vec![name.to_owned()];
    let is_constant = kind == "Shape" || !base.operands.iter().any(|operand| matches!(operand, Computed));
    if is_constant {
        parts.push(node("Cast", &one("k"), &["f"], &[("to", Value::Int(1))]));
        parts.push(node("Reshape", &["f".to_owned(), shape], &["c"], &[]));
        parts.push(node("Add", &["x".to_owned(), "c".to_owned()], &["y"], &[]));
    } else if kind == "Transpose" {
        parts.push(node("Flatten", &one("k"), &["y"], &[]));
    } else {
        parts.push(node("Identity", &one("k"), &["y"], &[]));
    }
    [integer(1, 8), message(7, &parts.concat()), message(8, &integer(2, opset))].concat()
}

struct Nothing;

impl Storage for Nothing {
    fn read(&self, _: Option<&str>, _: u64, _: u64) -> std::io::Result<Vec<u8>> {
        Err(std::io::Error::other("there is nothing"))
    }
}

/// The text and the weights, or the refusal.
fn imported(kind: &str, base: &Base, opset: u64) -> Result<String, String> {
    let options = ImportOptions { name: "n".to_owned(), ..ImportOptions::default() };
    let bytes = model(kind, base, opset);
    let done = import(std::io::Cursor::new(bytes), "n.onnx", &options, &Nothing);
    let done = done.map_err(|failure| format!("{failure} {:?}", failure.notes))?;
    let weights = done.weights.iter().map(|weight| match weight.values(&Nothing) {
        Ok(values) => format!("{} {values:?}", weight.key),
        Err(failure) => format!("{} {failure}", weight.key),
    });
    Ok(format!("{}{}", done.text, weights.collect::<Vec<_>>().join("\n")))
}

/// Operators, attributes, types and versions of the operator sets.
fn listed() -> impl Iterator<Item = (&'static str, &'static str, &'static str, u64)> {
    ATTRIBUTES.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let [operator, attribute, kind, version] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        (operator, attribute, kind, version.parse().unwrap())
    })
}

#[test]
fn every_attribute_is_read_or_refused_or_has_no_effect() {
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for (operator, name, kind, opset) in listed().filter(|(_, name, ..)| *name != "-") {
        let accepted = bases(operator).into_iter().filter_map(|base| {
            // An attribute of the node itself is tried with other values.
            let plain = imported(operator, &base, opset).ok()?;
            Some((base, plain))
        });
        let accepted: Vec<(Base, String)> = accepted.collect();
        let mut has_effect = accepted.is_empty();
        for (base, plain) in &accepted {
            for value in values(kind) {
                let mut changed = base.clone();
                changed.attributes.retain(|(known, _)| *known != name);
                changed.attributes.push((name, value));
                tried += 1;
                has_effect |= imported(operator, &changed, opset).as_ref() != Ok(plain);
            }
        }
        let excused =
            WITHOUT_EFFECT.iter().any(|(known, attribute, _)| (*known, *attribute) == (operator, name));
        if has_effect == excused && !accepted.is_empty() {
            let what = if excused { "has an effect" } else { "is passed over" };
            wrong.push(format!("{operator} {opset}: `{name}` {what}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 1000, "{tried}");
}

#[test]
fn operators_that_no_rule_knows_are_refused_as_such() {
    let mut wrong = Vec::new();
    for (operator, _, _, opset) in listed() {
        let known = bases(operator).iter().any(|base| imported(operator, base, opset).is_ok());
        let said = imported(operator, &base(&[Computed], &[]), opset).err().unwrap_or_default();
        let is_refused = ["the language has no", "it is constant"].iter().any(|why| said.contains(why));
        if !known && !is_refused {
            wrong.push(format!("{operator} {opset}: {said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

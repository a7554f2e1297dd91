//! Derives tensors from others: shape arithmetic and arithmetic on weights, for nodes whose inputs are all constant.
//!
//! Shapes are computed at once, here; values on demand, by `evaluate`.

mod evaluate;

use super::values::{ElementType, Unavailable, count};
pub(super) use evaluate::evaluate;

/// The size limit of a derived tensor whose values decide a shape.
const MAX_ELEMENTS: u64 = 1 << 30;

/// The shape and type of an input of a derivation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operand<'a> {
    pub(super) dims: &'a [u64],
    pub(super) element: ElementType,
}

/// The operation that computes a tensor from others.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Derivation {
    /// The same values under another shape.
    Reshape(Vec<u64>),
    /// Axis i of the result is axis `[i]` of the input.
    Transpose(Vec<usize>),
    /// Converts the elements to another type.
    Cast(ElementType),
    /// Fills a shape with one value.
    Fill(Vec<u64>, f64, ElementType),
    /// Element-wise with broadcasting.
    Binary(Binary),
    Unary(Unary),
    /// Mean along axes, which stay with extent 1.
    Mean(Vec<usize>),
    Concat(usize),
    /// Takes the positions of an axis that the second input lists.
    Gather(usize),
    /// Takes a start, step and extent of each axis.
    Slice(Vec<(u64, i64, u64)>),
    Expand(Vec<u64>),
    /// Weight standardisation: the first axis is normalised over all others, by (scale, shift, eps).
    Standardise(f64),
    Where,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    Min,
    Max,
    Equal,
    Less,
    Greater,
    /// The remainder with the sign of the divisor.
    Mod,
    /// The remainder with the sign of the dividend, as in C.
    Remainder,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Unary {
    Sqrt,
    Neg,
    Floor,
    Ceil,
    Round,
    Exp,
    Log,
    Abs,
    Reciprocal,
    Not,
    Clip(f64, f64),
}

/// The shape and type of the result.
pub(super) fn shape(
    derivation: &Derivation,
    inputs: &[Operand<'_>],
) -> Result<(Vec<u64>, ElementType), Unavailable> {
    let wrong = |text: &str| Err(Unavailable::Unsupported(text.to_owned()));
    let least = match derivation {
        Derivation::Fill(..) => 0,
        Derivation::Binary(_) | Derivation::Gather(_) => 2,
        Derivation::Where | Derivation::Standardise(_) => 3,
        _ => 1,
    };
    if inputs.len() < least {
        return wrong("it lacks inputs");
    }
    let element = inputs.first().map_or(ElementType::F32, |input| input.element);
    let dims = match derivation {
        Derivation::Reshape(dims) => {
            if count(dims) != count(inputs[0].dims) {
                return wrong("a constant is reshaped to another number of elements");
            }
            dims.clone()
        }
        Derivation::Transpose(order) => {
            let mut sorted = order.clone();
            sorted.sort_unstable();
            if sorted != (0..inputs[0].dims.len()).collect::<Vec<_>>() {
                return wrong("the order of a transposition is none");
            }
            order.iter().map(|&axis| inputs[0].dims[axis]).collect()
        }
        Derivation::Cast(to) => return Ok((inputs[0].dims.to_vec(), *to)),
        Derivation::Fill(dims, _, element) => return Ok((dims.clone(), *element)),
        Derivation::Binary(binary) => {
            let dims = broadcast(inputs[0].dims, inputs[1].dims)?;
            let element = match binary {
                Binary::Equal | Binary::Less | Binary::Greater => ElementType::Bool,
                _ => element,
            };
            return Ok((dims, element));
        }
        Derivation::Unary(_) | Derivation::Standardise(_) => inputs[0].dims.to_vec(),
        Derivation::Mean(axes) => {
            let mut dims = inputs[0].dims.to_vec();
            axes.iter().for_each(|&axis| dims[axis] = 1);
            dims
        }
        Derivation::Concat(axis) => {
            let mut dims = inputs[0].dims.to_vec();
            for input in &inputs[1..] {
                let fits = input.dims.len() == dims.len()
                    && (0..dims.len()).all(|one| one == *axis || input.dims[one] == dims[one]);
                if !fits {
                    return wrong("constants of unequal shapes are concatenated");
                }
                dims[*axis] = dims[*axis].saturating_add(input.dims[*axis]);
            }
            dims
        }
        Derivation::Gather(axis) => {
            let (dims, index) = (inputs[0].dims, inputs[1].dims);
            [&dims[..*axis], index, &dims[axis + 1..]].concat()
        }
        Derivation::Slice(cuts) => cuts.iter().map(|&(_, _, extent)| extent).collect(),
        Derivation::Expand(to) => broadcast(inputs[0].dims, to)?,
        Derivation::Where => {
            let both = broadcast(inputs[1].dims, inputs[2].dims)?;
            return Ok((broadcast(inputs[0].dims, &both)?, inputs[1].element));
        }
    };
    if dims.len() > 8 || count(&dims) > MAX_ELEMENTS {
        return wrong("a constant is too large");
    }
    Ok((dims, element))
}

/// The shape to which two shapes are broadcast.
fn broadcast(left: &[u64], right: &[u64]) -> Result<Vec<u64>, Unavailable> {
    let rank = left.len().max(right.len());
    let at = |dims: &[u64], axis: usize| (axis + dims.len()).checked_sub(rank).map_or(1, |axis| dims[axis]);
    (0..rank)
        .map(|axis| match (at(left, axis), at(right, axis)) {
            (a, b) if a == b || b == 1 => Ok(a),
            (1, b) => Ok(b),
            (a, b) => Err(Unavailable::Unsupported(format!("constants of extents {a} and {b} are combined"))),
        })
        .collect()
}

//! Computes the values of derived tensors.

use super::{Binary, Derivation, Operand, Unary};
use crate::import::values::{ElementType, Unavailable, Values, count};

/// Reads the values of the operand with an index.
type Read<'a> = &'a dyn Fn(usize) -> Result<Values, Unavailable>;

/// For each element of a shape in C order, its position in a tensor that is broadcast to the shape.
fn positions(dims: &[u64], of: &[u64]) -> Vec<usize> {
    let mut strides = vec![0usize; dims.len()];
    let mut stride = 1;
    for axis in (0..of.len()).rev() {
        if of[axis] != 1 {
            strides[axis + dims.len() - of.len()] = stride;
        }
        stride *= of[axis] as usize;
    }
    strided(dims, &strides, 0)
}

/// The positions of the elements of a shape, given the stride of each axis.
fn strided(dims: &[u64], strides: &[usize], first: usize) -> Vec<usize> {
    let mut positions = vec![first];
    for (&dim, &stride) in dims.iter().zip(strides) {
        positions =
            positions.iter().flat_map(|&base| (0..dim as usize).map(move |i| base + i * stride)).collect();
    }
    positions
}

/// The stride of each axis of a tensor in C order.
fn strides(dims: &[u64]) -> Vec<usize> {
    let mut strides = vec![1usize; dims.len()];
    for axis in (0..dims.len().saturating_sub(1)).rev() {
        strides[axis] = strides[axis + 1] * dims[axis + 1] as usize;
    }
    strides
}

fn pick(values: Values, positions: &[usize]) -> Values {
    match values {
        Values::Real(values) => Values::Real(positions.iter().map(|&at| values[at]).collect()),
        Values::Int(values) => Values::Int(positions.iter().map(|&at| values[at]).collect()),
    }
}

/// The values of the result; its shape was checked.
pub(in crate::import) fn evaluate(
    derivation: &Derivation,
    inputs: &[Operand<'_>],
    dims: &[u64],
    read: Read<'_>,
) -> Result<Values, Unavailable> {
    let first = || read(0);
    Ok(match derivation {
        Derivation::Reshape(_) => first()?,
        Derivation::Transpose(order) => {
            let from = strides(inputs[0].dims);
            let strides: Vec<usize> = order.iter().map(|&axis| from[axis]).collect();
            pick(first()?, &strided(dims, &strides, 0))
        }
        Derivation::Cast(to) => match (to.is_float(), first()?) {
            (true, values) => Values::Real(values.reals()),
            (false, values) if *to == ElementType::Bool => {
                Values::Int(values.reals().into_iter().map(|value| i64::from(value != 0.0)).collect())
            }
            (false, values) => Values::Int(values.integers()),
        },
        Derivation::Fill(dims, value, element) => {
            let count = count(dims) as usize;
            if element.is_float() {
                Values::Real(vec![*value; count])
            } else {
                Values::Int(vec![*value as i64; count])
            }
        }
        Derivation::Binary(binary) => {
            let left = pick(first()?, &positions(dims, inputs[0].dims));
            let right = pick(read(1)?, &positions(dims, inputs[1].dims));
            combine(*binary, left, right)?
        }
        Derivation::Unary(unary) => apply(*unary, first()?),
        Derivation::Mean(axes) => mean(inputs[0].dims, axes, &first()?.reals()),
        Derivation::Concat(axis) => concat(*axis, inputs, read)?,
        Derivation::Gather(axis) => gather(*axis, inputs, read)?,
        Derivation::Slice(cuts) => {
            let from = strides(inputs[0].dims);
            let mut positions = vec![0i64];
            for (&(start, step, extent), &stride) in cuts.iter().zip(&from) {
                let offset = |i: u64| (start as i64 + i as i64 * step) * stride as i64;
                positions =
                    positions.iter().flat_map(|&base| (0..extent).map(move |i| base + offset(i))).collect();
            }
            let positions: Vec<usize> = positions.into_iter().map(|at| at as usize).collect();
            pick(first()?, &positions)
        }
        Derivation::Expand(_) => pick(first()?, &positions(dims, inputs[0].dims)),
        Derivation::Standardise(eps) => standardise(inputs, *eps, read)?,
        Derivation::Where => {
            let choice = first()?.integers();
            let yes = read(1)?.reals();
            let no = read(2)?.reals();
            let at = positions(dims, inputs[0].dims);
            let (yes_at, no_at) = (positions(dims, inputs[1].dims), positions(dims, inputs[2].dims));
            let chosen: Vec<f64> = (0..at.len())
                .map(|i| if choice[at[i]] != 0 { yes[yes_at[i]] } else { no[no_at[i]] })
                .collect();
            if inputs[1].element.is_float() {
                Values::Real(chosen)
            } else {
                Values::Int(chosen.into_iter().map(|value| value as i64).collect())
            }
        }
    })
}

fn combine(binary: Binary, left: Values, right: Values) -> Result<Values, Unavailable> {
    let overflow = || Unavailable::Unsupported("arithmetic on shapes overflows".to_owned());
    if let (Values::Int(left), Values::Int(right)) = (&left, &right) {
        let each = left.iter().zip(right).map(|(&a, &b)| {
            Some(match binary {
                Binary::Add => a.checked_add(b)?,
                Binary::Sub => a.checked_sub(b)?,
                Binary::Mul => a.checked_mul(b)?,
                Binary::Div => a.checked_div(b)?,
                Binary::Pow => a.checked_pow(u32::try_from(b).ok()?)?,
                Binary::Min => a.min(b),
                Binary::Max => a.max(b),
                Binary::Equal => i64::from(a == b),
                Binary::Less => i64::from(a < b),
                Binary::Greater => i64::from(a > b),
                Binary::Mod => match a.checked_rem(b)? {
                    rest if rest != 0 && (rest < 0) != (b < 0) => rest + b,
                    rest => rest,
                },
                Binary::Remainder => a.checked_rem(b)?,
            })
        });
        return each.collect::<Option<Vec<i64>>>().map(Values::Int).ok_or_else(overflow);
    }
    let (left, right) = (left.reals(), right.reals());
    let each = left.into_iter().zip(right);
    if matches!(binary, Binary::Equal | Binary::Less | Binary::Greater) {
        let compare = |(a, b): (f64, f64)| {
            i64::from(match binary {
                Binary::Equal => a == b,
                Binary::Less => a < b,
                _ => a > b,
            })
        };
        return Ok(Values::Int(each.map(compare).collect()));
    }
    let compute = |(a, b): (f64, f64)| match binary {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div => a / b,
        Binary::Pow => a.powf(b),
        Binary::Min => a.min(b),
        Binary::Mod => a - b * (a / b).floor(),
        Binary::Remainder => a % b,
        _ => a.max(b),
    };
    Ok(Values::Real(each.map(compute).collect()))
}

fn apply(unary: Unary, values: Values) -> Values {
    if let (Unary::Neg | Unary::Abs | Unary::Not, Values::Int(values)) = (unary, &values) {
        let of = |&value: &i64| match unary {
            Unary::Neg => value.wrapping_neg(),
            Unary::Abs => value.wrapping_abs(),
            _ => i64::from(value == 0),
        };
        return Values::Int(values.iter().map(of).collect());
    }
    let whole = matches!(values, Values::Int(_));
    let of = |value: f64| match unary {
        Unary::Sqrt => value.sqrt(),
        Unary::Neg => -value,
        Unary::Floor => value.floor(),
        Unary::Ceil => value.ceil(),
        Unary::Round => value.round_ties_even(),
        Unary::Exp => value.exp(),
        Unary::Log => value.ln(),
        Unary::Abs => value.abs(),
        Unary::Reciprocal => value.recip(),
        Unary::Not => f64::from(value == 0.0),
        Unary::Clip(low, high) => value.max(low).min(high),
    };
    let results: Vec<f64> = values.reals().into_iter().map(of).collect();
    if whole {
        Values::Int(results.into_iter().map(|value| value as i64).collect())
    } else {
        Values::Real(results)
    }
}

fn mean(dims: &[u64], axes: &[usize], values: &[f64]) -> Values {
    let kept: Vec<u64> =
        dims.iter().enumerate().map(|(axis, &dim)| if axes.contains(&axis) { 1 } else { dim }).collect();
    let mut sums = vec![0.0; count(&kept) as usize];
    let count = values.len() as f64 / sums.len().max(1) as f64;
    for (value, at) in values.iter().zip(positions(dims, &kept)) {
        sums[at] += value;
    }
    Values::Real(sums.into_iter().map(|sum| sum / count).collect())
}

fn concat(axis: usize, inputs: &[Operand<'_>], read: Read<'_>) -> Result<Values, Unavailable> {
    let all = (0..inputs.len()).map(read).collect::<Result<Vec<_>, _>>()?;
    let outer = count(&inputs[0].dims[..axis]) as usize;
    let runs: Vec<usize> = inputs.iter().map(|input| count(&input.dims[axis..]) as usize).collect();
    let order =
        (0..outer).flat_map(|o| runs.iter().enumerate().map(move |(input, &run)| (input, o * run, run)));
    if all.iter().all(|values| matches!(values, Values::Int(_))) {
        let all: Vec<Vec<i64>> = all.into_iter().map(Values::integers).collect();
        return Ok(Values::Int(order.flat_map(|(i, at, run)| all[i][at..at + run].to_vec()).collect()));
    }
    let all: Vec<Vec<f64>> = all.into_iter().map(Values::reals).collect();
    Ok(Values::Real(order.flat_map(|(i, at, run)| all[i][at..at + run].to_vec()).collect()))
}

fn gather(axis: usize, inputs: &[Operand<'_>], read: Read<'_>) -> Result<Values, Unavailable> {
    let dims = inputs[0].dims;
    let index = read(1)?.integers();
    let (outer, extent) = (count(&dims[..axis]) as usize, dims[axis] as i64);
    let inner = count(&dims[axis + 1..]) as usize;
    let mut positions = Vec::new();
    for o in 0..outer {
        for &at in &index {
            let at = if at < 0 { at + extent } else { at };
            if !(0..extent).contains(&at) {
                return Err(Unavailable::Unsupported("an index is beyond the end".to_owned()));
            }
            let start = (o * extent as usize + at as usize) * inner;
            positions.extend(start..start + inner);
        }
    }
    Ok(pick(read(0)?, &positions))
}

/// `scale · (w − mean) / √(var + eps) + shift` for each extent of axis 1 of a tensor 1 × C × n.
fn standardise(inputs: &[Operand<'_>], eps: f64, read: Read<'_>) -> Result<Values, Unavailable> {
    let dims = inputs[0].dims;
    let mut values = read(0).map(Values::reals)?;
    let (scale, shift) = (read(1).map(Values::reals)?, read(2).map(Values::reals)?);
    let channels = dims.get(1).copied().unwrap_or(1) as usize;
    if dims.first() != Some(&1) || scale.len() != channels || shift.len() != channels {
        return Err(Unavailable::Unsupported("batch normalisation of a constant".to_owned()));
    }
    let run = values.len() / channels.max(1);
    if run > 0 {
        for (channel, part) in values.chunks_mut(run).enumerate() {
            let mean = part.iter().sum::<f64>() / run as f64;
            let variance = part.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / run as f64;
            let factor = scale[channel] / (variance + eps).sqrt();
            part.iter_mut().for_each(|value| *value = (*value - mean) * factor + shift[channel]);
        }
    }
    Ok(Values::Real(values))
}

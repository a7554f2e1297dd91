//! Evaluates nodes whose inputs are all constant.

use super::super::fold::{Binary, Derivation, Unary};
use super::super::model::Node;
use super::super::refusal::Reason;
use super::super::tensor::Tensor;
use super::super::values::{ElementType, Values};
use super::reader::{Reader, axis_at};
use super::rearrange::resolve;
use super::slices::SliceBounds;
use super::{Converter, Known};

/// The limit of the number of elements of a range.
const MAX_RANGE: f64 = 1e6;

/// Returns whether a node computes a constant.
pub(super) fn is_constant(converter: &Converter<'_>, node: &Node) -> bool {
    let constant = |name: &String| {
        name.is_empty() || matches!(converter.known.get(name.as_str()), Some(Known::Tensor(_)))
    };
    match node.kind.as_str() {
        "Shape" | "Size" => true,
        _ => node.inputs.iter().all(constant),
    }
}

impl<'a> Converter<'a> {
    /// Evaluates a node with constant inputs; false if there is no rule for its kind.
    pub(super) fn constant(&mut self, node: &Reader<'a>) -> Result<bool, Reason> {
        let Some(tensor) = self.folded(node)? else { return Ok(false) };
        if let Some(name) = node.node.outputs.first() {
            self.known.insert(name, Known::Tensor(tensor));
        }
        Ok(true)
    }

    fn constants(&self, node: &Reader<'a>) -> Result<Vec<Tensor>, Reason> {
        let mut tensors = Vec::new();
        for index in 0..node.node.inputs.len() {
            if let Some(tensor) = self.tensor(node, index, "input")? {
                tensors.push(tensor);
            }
        }
        Ok(tensors)
    }

    fn folded(&mut self, node: &Reader<'a>) -> Result<Option<Tensor>, Reason> {
        let kind = node.node.kind.as_str();
        match kind {
            "Constant" => return self.written_constant(node).map(Some),
            "Shape" | "Size" => return self.extents(node).map(Some),
            "Range" => return self.range(node).map(Some),
            _ => {}
        }
        let binary = match kind {
            "Add" => Some(Binary::Add),
            "Sub" => Some(Binary::Sub),
            "Mul" => Some(Binary::Mul),
            "Div" => Some(Binary::Div),
            "Pow" => Some(Binary::Pow),
            "Min" => Some(Binary::Min),
            "Max" => Some(Binary::Max),
            "Equal" => Some(Binary::Equal),
            "Less" => Some(Binary::Less),
            "Greater" => Some(Binary::Greater),
            "Mod" if node.int("fmod", 0)? != 0 => Some(Binary::Remainder),
            "Mod" => Some(Binary::Mod),
            _ => None,
        };
        if let Some(binary) = binary {
            let inputs = self.constants(node)?;
            return match inputs.len() {
                1 => Ok(inputs.into_iter().next()),
                2 => Ok(Some(Tensor::derived(Derivation::Binary(binary), inputs, self.storage)?)),
                _ => Err("more than two constants are combined".into()),
            };
        }
        let unary = match kind {
            "Sqrt" => Some(Unary::Sqrt),
            "Neg" => Some(Unary::Neg),
            "Floor" => Some(Unary::Floor),
            "Ceil" => Some(Unary::Ceil),
            "Round" => Some(Unary::Round),
            "Exp" => Some(Unary::Exp),
            "Log" => Some(Unary::Log),
            "Abs" => Some(Unary::Abs),
            "Reciprocal" => Some(Unary::Reciprocal),
            "Not" => Some(Unary::Not),
            _ => None,
        };
        if let Some(unary) = unary {
            return Ok(Some(Tensor::derived(Derivation::Unary(unary), self.constants(node)?, self.storage)?));
        }
        self.folded_shape(node, kind)
    }

    fn folded_shape(&mut self, node: &Reader<'a>, kind: &str) -> Result<Option<Tensor>, Reason> {
        let first =
            |converter: &Self| converter.tensor(node, 0, "input")?.ok_or(Reason::from("it has no input"));
        let axis_of =
            |axis: i64, rank: usize| axis_at(axis, rank).ok_or(Reason::from("an axis does not exist"));
        let derive = |derivation, inputs| -> Result<Option<Tensor>, Reason> {
            Ok(Some(Tensor::derived(derivation, inputs, self.storage)?))
        };
        match kind {
            "Identity" => {
                let tensor = first(self)?;
                // Exporters store equal tensors once: the output of this `Identity` has the name of the other tensor.
                let name = node.node.outputs.first().map_or("", String::as_str);
                let named = name.contains('.') && !name.contains('/') && !name.contains("::");
                Ok(Some(if named { tensor.with_origin(name) } else { tensor }))
            }
            "Dropout" => {
                node.ignore("ratio");
                node.ignore("seed");
                node.ignore("is_test");
                node.input(1);
                node.input(2);
                Ok(Some(first(self)?))
            }
            "Cast" => {
                let to = ElementType::of(node.int("to", 1)?).ok_or("a cast to an unknown type")?;
                node.ignore("saturate");
                node.ignore("round_mode");
                derive(Derivation::Cast(to), vec![first(self)?])
            }
            "CastLike" => {
                let like = self.tensor(node, 1, "type")?.ok_or("it has no type")?;
                node.ignore("saturate");
                node.ignore("round_mode");
                derive(Derivation::Cast(like.element()), vec![first(self)?])
            }
            "Transpose" => {
                let tensor = first(self)?;
                let rank = tensor.dims().len();
                let order = node.ints("perm")?.unwrap_or_else(|| (0..rank as i64).rev().collect());
                let order = order.iter().map(|&axis| axis_of(axis, rank)).collect::<Result<Vec<_>, _>>()?;
                derive(Derivation::Transpose(order), vec![tensor])
            }
            "Reshape" => {
                let tensor = first(self)?;
                let wanted = match self.integers(node, 1, "shape")? {
                    Some(wanted) => wanted,
                    None => node.ints("shape")?.ok_or("its shape is missing")?,
                };
                let keeps_zero = node.int("allowzero", 0)? != 0;
                let dims =
                    resolve(&wanted, tensor.dims(), keeps_zero).ok_or("a constant cannot be reshaped")?;
                derive(Derivation::Reshape(dims), vec![tensor])
            }
            "Flatten" | "Squeeze" | "Unsqueeze" => {
                let tensor = first(self)?;
                let dims = self.regrouped(node, kind, tensor.dims())?;
                derive(Derivation::Reshape(dims), vec![tensor])
            }
            "Expand" => {
                let tensor = first(self)?;
                let to = self.integers(node, 1, "shape")?.ok_or("its shape is missing")?;
                let to = to.iter().map(|&dim| dim.max(1) as u64).collect();
                derive(Derivation::Expand(to), vec![tensor])
            }
            "ConstantOfShape" => {
                let dims = self.integers(node, 0, "shape")?.ok_or("its shape is missing")?;
                let dims = dims.iter().map(|&dim| u64::try_from(dim)).collect::<Result<Vec<_>, _>>();
                let dims = dims.map_err(|_| "a negative extent")?;
                let (value, element) = match node.tensor("value")? {
                    Some(value) => (value.scalar(self.storage)?.unwrap_or(0.0), value.element()),
                    None => (0.0, ElementType::F32),
                };
                derive(Derivation::Fill(dims, value, element), vec![])
            }
            "Gather" => {
                let tensor = first(self)?;
                let axis = axis_of(node.int("axis", 0)?, tensor.dims().len())?;
                let index = self.tensor(node, 1, "index")?.ok_or("its index is missing")?;
                derive(Derivation::Gather(axis), vec![tensor, index])
            }
            "Concat" => {
                let inputs = self.constants(node)?;
                let rank = inputs.first().map_or(0, |first| first.dims().len());
                let axis = axis_of(node.int("axis", 1)?, rank)?;
                derive(Derivation::Concat(axis), inputs)
            }
            "Slice" => {
                let tensor = first(self)?;
                let cuts = self.cuts(node, tensor.dims())?;
                derive(Derivation::Slice(cuts), vec![tensor])
            }
            "Where" => derive(Derivation::Where, self.constants(node)?),
            "Clip" => {
                let tensor = first(self)?;
                let limit = |name: &str, input: usize, default: f64| -> Result<f64, Reason> {
                    if node.has(name) {
                        return node.float(name, default);
                    }
                    Ok(match self.tensor(node, input, "limit")? {
                        Some(limit) => limit.scalar(self.storage)?.unwrap_or(default),
                        None => default,
                    })
                };
                let clip = Unary::Clip(limit("min", 1, f64::NEG_INFINITY)?, limit("max", 2, f64::INFINITY)?);
                derive(Derivation::Unary(clip), vec![tensor])
            }
            "ReduceMean" => {
                let tensor = first(self)?;
                let rank = tensor.dims().len();
                let axes = match node.ints("axes")? {
                    Some(axes) => axes,
                    None => self.integers(node, 1, "axes")?.unwrap_or_else(|| (0..rank as i64).collect()),
                };
                let keeps = node.int("keepdims", 1)? != 0;
                let axes = axes.iter().map(|&axis| axis_of(axis, rank)).collect::<Result<Vec<_>, _>>()?;
                let dims = tensor.dims().to_vec();
                let kept = dims.iter().enumerate().filter(|(axis, _)| !axes.contains(axis));
                let kept: Vec<u64> = kept.map(|(_, &extent)| extent).collect();
                let mean = Tensor::derived(Derivation::Mean(axes), vec![tensor], self.storage)?;
                if keeps { Ok(Some(mean)) } else { derive(Derivation::Reshape(kept), vec![mean]) }
            }
            // The number of elements over which a statistic is taken.
            "ReduceProd" => {
                let tensor = first(self)?;
                if tensor.dims().len() > 1 || node.has("axes") || node.input(1).is_some() {
                    return Ok(None);
                }
                let Values::Int(numbers) = tensor.values(self.storage)? else { return Ok(None) };
                let product = numbers.iter().try_fold(1i64, |product, &number| product.checked_mul(number));
                let product = Values::Int(vec![product.ok_or("its product is too large")?]);
                let keeps = node.int("keepdims", 1)? != 0;
                let dims = if keeps { vec![1; tensor.dims().len()] } else { vec![] };
                Ok(Some(Tensor::known(dims, product)))
            }
            // Weight standardisation that the model performs when it runs.
            "BatchNormalization" => {
                let inputs = self.constants(node)?;
                node.must_be("training_mode", 1)?;
                node.ignore("momentum");
                let eps = node.float("epsilon", 1e-5)?;
                derive(Derivation::Standardise(eps), inputs)
            }
            _ => Ok(None),
        }
    }

    /// The extents after `Flatten`, `Squeeze` or `Unsqueeze` of a constant.
    fn regrouped(&self, node: &Reader<'a>, kind: &str, dims: &[u64]) -> Result<Vec<u64>, Reason> {
        if kind == "Flatten" {
            let axis = node.int("axis", 1)?;
            let axis = usize::try_from(if axis < 0 { axis + dims.len() as i64 } else { axis }).unwrap_or(0);
            let (left, right) = dims.split_at(axis.min(dims.len()));
            return Ok(vec![left.iter().product(), right.iter().product()]);
        }
        let axes = match node.ints("axes")? {
            Some(axes) => Some(axes),
            None => self.integers(node, 1, "axes")?,
        };
        let Some(axes) = axes else {
            return Ok(dims.iter().copied().filter(|&dim| dim != 1).collect());
        };
        let rank = if kind == "Squeeze" { dims.len() } else { dims.len() + axes.len() };
        let axes: Vec<i64> = axes.iter().map(|&a| if a < 0 { a + rank as i64 } else { a }).collect();
        let mut rest = dims.iter().copied();
        let mut regrouped = Vec::new();
        for axis in 0..rank as i64 {
            match (kind, axes.contains(&axis)) {
                ("Squeeze", true) => drop(rest.next()),
                ("Squeeze", false) => regrouped.extend(rest.next()),
                (_, true) => regrouped.push(1),
                (_, false) => regrouped.push(rest.next().unwrap_or(1)),
            }
        }
        Ok(regrouped)
    }

    /// Start, step and extent of each axis of a slice.
    fn cuts(&self, node: &Reader<'a>, dims: &[u64]) -> Result<Vec<(u64, i64, u64)>, Reason> {
        let mut cuts: Vec<(u64, i64, u64)> = dims.iter().map(|&dim| (0, 1, dim)).collect();
        for SliceBounds { axis, start, end, step } in self.slice_bounds(node)? {
            let at = axis_at(axis, dims.len()).ok_or("an axis does not exist")?;
            let extent = dims[at] as i64;
            let positive = |place: i64| if place < 0 { place.saturating_add(extent) } else { place };
            let (start, end) = (positive(start), positive(end));
            let (start, count) = match step {
                1.. => {
                    let (start, end) = (start.clamp(0, extent), end.clamp(0, extent));
                    (start, (end - start).max(0).unsigned_abs().div_ceil(step.unsigned_abs()))
                }
                ..=-1 => {
                    let (start, end) = (start.clamp(-1, extent - 1), end.clamp(-1, extent - 1));
                    (start.max(0), (start - end).max(0).unsigned_abs().div_ceil(step.unsigned_abs()))
                }
                0 => return Err("a step of 0".into()),
            };
            cuts[at] = (start as u64, step, count);
        }
        Ok(cuts)
    }

    fn written_constant(&self, node: &Reader<'a>) -> Result<Tensor, Reason> {
        if let Some(tensor) = node.tensor("value")? {
            return Ok(tensor);
        }
        let one = |values| Tensor::known(vec![], values);
        if node.has("value_float") {
            return Ok(one(Values::Real(vec![node.float("value_float", 0.0)?])));
        }
        if node.has("value_int") {
            return Ok(one(Values::Int(vec![node.int("value_int", 0)?])));
        }
        if let Some(values) = node.ints("value_ints")? {
            return Ok(Tensor::known(vec![values.len() as u64], Values::Int(values)));
        }
        if let Some(values) = node.floats("value_floats")? {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            return Ok(Tensor::known(vec![values.len() as u64], Values::Real(values)));
        }
        Err("a constant that is no tensor of numbers".into())
    }

    /// The extents of a value (`Shape`), which are always known.
    fn extents(&self, node: &Reader<'a>) -> Result<Tensor, Reason> {
        let dims: Vec<i64> = match self.operand(node, 0)? {
            super::Operand::Tensor(tensor) => tensor.dims().iter().map(|&dim| dim as i64).collect(),
            super::Operand::View(view) => view.dims().iter().map(|&dim| dim as i64).collect(),
        };
        if node.node.kind == "Size" {
            let size = dims.iter().try_fold(1i64, |size, &dim| size.checked_mul(dim));
            return Ok(Tensor::known(vec![], Values::Int(vec![size.ok_or("its size is too large")?])));
        }
        let rank = dims.len() as i64;
        let within = |place: i64| if place < 0 { place + rank } else { place }.clamp(0, rank) as usize;
        let (start, end) = (within(node.int("start", 0)?), within(node.int("end", rank)?));
        let dims = dims.get(start..end.max(start)).unwrap_or_default().to_vec();
        Ok(Tensor::known(vec![dims.len() as u64], Values::Int(dims)))
    }

    fn range(&self, node: &Reader<'a>) -> Result<Tensor, Reason> {
        let mut numbers = [0.0; 3];
        let mut whole = true;
        for (index, number) in numbers.iter_mut().enumerate() {
            let tensor = self.tensor(node, index, "limit")?.ok_or("a limit is missing")?;
            whole &= !tensor.element().is_float();
            *number = tensor.scalar(self.storage)?.ok_or("a limit is no single number")?;
        }
        let [start, limit, step] = numbers;
        let count = ((limit - start) / step).ceil().max(0.0);
        if !count.is_finite() || count > MAX_RANGE {
            return Err("a range of too many numbers".into());
        }
        let values: Vec<f64> = (0..count as u64).map(|i| start + i as f64 * step).collect();
        let values = if whole {
            Values::Int(values.iter().map(|&v| v as i64).collect())
        } else {
            Values::Real(values)
        };
        Ok(Tensor::known(vec![count as u64], values))
    }
}

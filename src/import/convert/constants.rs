//! Evaluates nodes whose inputs are all constant.

mod values;

use super::super::fold::{Binary, Derivation, Unary};
use super::super::model::Node;
use super::super::refusal::Reason;
use super::super::tensor::Tensor;
use super::super::values::{ElementType, Values};
use super::reader::{Reader, axis_at};
use super::rearrange::resolve;
use super::slices::SliceBounds;
use super::{Converter, Known};

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

fn binary(node: &Reader<'_>, kind: &str) -> Result<Option<Binary>, Reason> {
    Ok(Some(match kind {
        "Add" => Binary::Add,
        "Sub" => Binary::Sub,
        "Mul" => Binary::Mul,
        "Div" => Binary::Div,
        "Pow" => Binary::Pow,
        "Min" => Binary::Min,
        "Max" => Binary::Max,
        "Equal" => Binary::Equal,
        "Less" => Binary::Less,
        "Greater" => Binary::Greater,
        "Mod" if node.int("fmod", 0)? != 0 => Binary::Remainder,
        "Mod" => Binary::Mod,
        _ => return Ok(None),
    }))
}

fn unary(kind: &str) -> Option<Unary> {
    Some(match kind {
        "Sqrt" => Unary::Sqrt,
        "Neg" => Unary::Neg,
        "Floor" => Unary::Floor,
        "Ceil" => Unary::Ceil,
        "Round" => Unary::Round,
        "Exp" => Unary::Exp,
        "Log" => Unary::Log,
        "Abs" => Unary::Abs,
        "Reciprocal" => Unary::Reciprocal,
        "Not" => Unary::Not,
        _ => return None,
    })
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
        if let Some(binary) = binary(node, kind)? {
            let inputs = self.constants(node)?;
            return match inputs.len() {
                1 => Ok(inputs.into_iter().next()),
                2 => self.derive(Derivation::Binary(binary), inputs).map(Some),
                _ => Err("more than two constants are combined".into()),
            };
        }
        if let Some(unary) = unary(kind) {
            return self.derive(Derivation::Unary(unary), self.constants(node)?).map(Some);
        }
        self.derived(node, kind)
    }

    /// Evaluates a node that gives its first input other extents, another order or another type, or that reduces it.
    fn derived(&mut self, node: &Reader<'a>, kind: &str) -> Result<Option<Tensor>, Reason> {
        let derivation = match kind {
            "Identity" => return self.identity(node).map(Some),
            "Dropout" => return self.dropped_nothing(node).map(Some),
            "ReduceMean" => return self.mean(node).map(Some),
            "ReduceProd" => return self.product(node),
            "ConstantOfShape" => return self.constant_of_shape(node).map(Some),
            "Concat" => {
                let inputs = self.constants(node)?;
                let rank = inputs.first().map_or(0, |first| first.dims().len());
                let axis = axis_at(node.int("axis", 1)?, rank)?;
                return self.derive(Derivation::Concat(axis), inputs).map(Some);
            }
            "Where" => return self.derive(Derivation::Where, self.constants(node)?).map(Some),
            // Weight standardisation that the model performs when it runs.
            "BatchNormalization" => {
                let inputs = self.constants(node)?;
                node.must_be("training_mode", 1)?;
                node.ignore("momentum");
                let eps = node.float("epsilon", 1e-5)?;
                return self.derive(Derivation::Standardise(eps), inputs).map(Some);
            }
            "Gather" => {
                let tensor = self.first(node)?;
                let axis = axis_at(node.int("axis", 0)?, tensor.dims().len())?;
                let index = self.tensor(node, 1, "index")?.ok_or("its index is missing")?;
                return self.derive(Derivation::Gather(axis), vec![tensor, index]).map(Some);
            }
            "Cast" | "CastLike" => Derivation::Cast(self.cast_to(node, kind)?),
            "Transpose" => {
                let rank = self.first(node)?.dims().len();
                let order = node.ints("perm")?.unwrap_or_else(|| (0..rank as i64).rev().collect());
                let order = order.iter().map(|&axis| axis_at(axis, rank));
                Derivation::Transpose(order.collect::<Result<_, _>>()?)
            }
            "Reshape" => {
                let wanted = match self.integers(node, 1, "shape")? {
                    Some(wanted) => wanted,
                    None => node.ints("shape")?.ok_or("its shape is missing")?,
                };
                let keeps_zero = node.int("allowzero", 0)? != 0;
                let dims = resolve(&wanted, self.first(node)?.dims(), keeps_zero);
                Derivation::Reshape(dims.ok_or("a constant cannot be reshaped")?)
            }
            "Flatten" | "Squeeze" | "Unsqueeze" => {
                Derivation::Reshape(self.regrouped(node, kind, self.first(node)?.dims())?)
            }
            "Expand" => {
                let to = self.integers(node, 1, "shape")?.ok_or("its shape is missing")?;
                Derivation::Expand(to.iter().map(|&dim| dim.max(1) as u64).collect())
            }
            "Slice" => Derivation::Slice(self.cuts(node, self.first(node)?.dims())?),
            "Clip" => {
                let least = self.clip_limit(node, "min", 1, f64::NEG_INFINITY)?;
                Derivation::Unary(Unary::Clip(least, self.clip_limit(node, "max", 2, f64::INFINITY)?))
            }
            _ => return Ok(None),
        };
        self.derive(derivation, vec![self.first(node)?]).map(Some)
    }

    fn derive(&self, derivation: Derivation, inputs: Vec<Tensor>) -> Result<Tensor, Reason> {
        Ok(Tensor::derived(derivation, inputs, self.storage)?)
    }

    fn first(&self, node: &Reader<'a>) -> Result<Tensor, Reason> {
        self.tensor(node, 0, "input")?.ok_or_else(|| "it has no input".into())
    }

    /// Exporters store equal tensors once: the output of this `Identity` has the name of the other tensor.
    fn identity(&self, node: &Reader<'a>) -> Result<Tensor, Reason> {
        let tensor = self.first(node)?;
        let name = node.node.outputs.first().map_or("", String::as_str);
        let named = name.contains('.') && !name.contains('/') && !name.contains("::");
        Ok(if named { tensor.with_origin(name) } else { tensor })
    }

    /// `Dropout`, which does nothing outside of training.
    fn dropped_nothing(&self, node: &Reader<'a>) -> Result<Tensor, Reason> {
        ["ratio", "seed", "is_test"].into_iter().for_each(|name| node.ignore(name));
        [1, 2].into_iter().for_each(|input| _ = node.input(input));
        self.first(node)
    }

    /// The type to which `Cast` or `CastLike` converts.
    fn cast_to(&self, node: &Reader<'a>, kind: &str) -> Result<ElementType, Reason> {
        ["saturate", "round_mode"].into_iter().for_each(|name| node.ignore(name));
        if kind == "CastLike" {
            return Ok(self.tensor(node, 1, "type")?.ok_or("it has no type")?.element());
        }
        ElementType::of(node.int("to", 1)?).ok_or_else(|| "a cast to an unknown type".into())
    }

    /// A limit of `Clip`: an attribute in old operator sets, an input in new ones.
    fn clip_limit(&self, node: &Reader<'a>, name: &str, input: usize, default: f64) -> Result<f64, Reason> {
        if node.has(name) {
            return node.float(name, default);
        }
        Ok(match self.tensor(node, input, "limit")? {
            Some(limit) => limit.scalar(self.storage)?.unwrap_or(default),
            None => default,
        })
    }

    /// `ReduceMean`
    fn mean(&self, node: &Reader<'a>) -> Result<Tensor, Reason> {
        let tensor = self.first(node)?;
        let dims = tensor.dims().to_vec();
        let axes = match node.ints("axes")? {
            Some(axes) => axes,
            None => self.integers(node, 1, "axes")?.unwrap_or_else(|| (0..dims.len() as i64).collect()),
        };
        let keeps = node.int("keepdims", 1)? != 0;
        let axes = axes.iter().map(|&axis| axis_at(axis, dims.len())).collect::<Result<Vec<_>, _>>()?;
        let kept = dims.iter().enumerate().filter(|(axis, _)| !axes.contains(axis));
        let kept: Vec<u64> = kept.map(|(_, &extent)| extent).collect();
        let mean = self.derive(Derivation::Mean(axes), vec![tensor])?;
        if keeps { Ok(mean) } else { self.derive(Derivation::Reshape(kept), vec![mean]) }
    }

    /// `ReduceProd` of a few integers: the number of elements over which a statistic is taken.
    fn product(&self, node: &Reader<'a>) -> Result<Option<Tensor>, Reason> {
        let tensor = self.first(node)?;
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
            let at = axis_at(axis, dims.len())?;
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
}

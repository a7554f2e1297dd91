//! Constants whose values a node states: written in the model, filled, counted, or the extents of another value.

use super::super::super::fold::Derivation;
use super::super::super::refusal::Reason;
use super::super::super::tensor::Tensor;
use super::super::super::values::{ElementType, Values};
use super::super::reader::Reader;
use super::super::{Converter, Operand};

/// The limit of the number of elements of a range.
const MAX_RANGE: f64 = 1e6;

impl<'a> Converter<'a> {
    /// `Constant`
    pub(super) fn written_constant(&self, node: &Reader<'a>) -> Result<Tensor, Reason> {
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
    pub(super) fn extents(&self, node: &Reader<'a>) -> Result<Tensor, Reason> {
        let dims: Vec<i64> = match self.operand(node, 0)? {
            Operand::Tensor(tensor) => tensor.dims().iter().map(|&dim| dim as i64).collect(),
            Operand::View(view) => view.dims().iter().map(|&dim| dim as i64).collect(),
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

    /// `Range`
    pub(super) fn range(&self, node: &Reader<'a>) -> Result<Tensor, Reason> {
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

    /// `ConstantOfShape`
    pub(super) fn constant_of_shape(&self, node: &Reader<'a>) -> Result<Tensor, Reason> {
        let dims = self.integers(node, 0, "shape")?.ok_or("its shape is missing")?;
        let dims = dims.iter().map(|&dim| u64::try_from(dim)).collect::<Result<Vec<_>, _>>();
        let dims = dims.map_err(|_| "a negative extent")?;
        let (value, element) = match node.tensor("value")? {
            Some(value) => (value.scalar(self.storage)?.unwrap_or(0.0), value.element()),
            None => (0.0, ElementType::F32),
        };
        self.derive(Derivation::Fill(dims, value, element), vec![])
    }
}

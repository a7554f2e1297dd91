//! Converts operators that ONNX can only write as a full convolution. A remark of our own exporter tells them apart,
//! and the weights must agree with the remark.

use std::sync::Arc;

use super::super::fold::Derivation;
use super::super::op::Argument;
use super::super::refusal::Reason;
use super::super::tensor::Tensor;
use super::super::values::Values;
use super::Converter;
use crate::ops::ConnectionTable;

impl Converter<'_> {
    /// The number to which all taps of each filter are equal; `None` if they differ.
    pub(super) fn equal_taps(&self, weight: &Tensor) -> Result<Option<Tensor>, Reason> {
        let (filters, taps) = (weight.dims()[0], weight.dims()[1..].iter().product::<u64>());
        let is_equal = weight.is_absent()
            || weight
                .reals(self.storage)?
                .chunks(taps as usize)
                .all(|filter| filter.iter().all(|tap| *tap == filter[0]));
        if !is_equal {
            return Ok(None);
        }
        let derived = |derivation, inputs| Tensor::derived(derivation, inputs, self.storage);
        let rows = derived(Derivation::Reshape(vec![filters, taps]), vec![weight.clone()])?;
        let first = Tensor::known(vec![1], Values::Int(vec![0]));
        let column = derived(Derivation::Gather(1), vec![rows, first])?;
        Ok(Some(derived(Derivation::Reshape(vec![filters]), vec![column])?))
    }

    /// The connection table that a remark states, and the kernels that it keeps; `None` without a remark, or where
    /// kernels outside of the table are not zero.
    pub(super) fn connected(
        &mut self,
        remark: &str,
        weight: &Tensor,
    ) -> Result<Option<(Argument, Tensor)>, Reason> {
        let &[filters, maps, height, width] = weight.dims() else { return Ok(None) };
        let Some(table) = remark.strip_prefix("table ").and_then(|rows| table(rows, filters, maps)) else {
            return Ok(None);
        };
        let place = |(filter, row): (usize, &Vec<u64>)| -> Vec<i64> {
            row.iter().map(|map| (filter as u64 * maps + map) as i64).collect()
        };
        let kept: Vec<i64> = table.rows.iter().enumerate().flat_map(place).collect();
        if !weight.is_absent() {
            let taps = (height * width) as usize;
            let values = weight.reals(self.storage)?;
            let mut others =
                values.chunks(taps).enumerate().filter(|(at, _)| kept.binary_search(&(*at as i64)).is_err());
            if others.any(|(_, kernel)| kernel.iter().any(|&tap| tap != 0.0)) {
                return Ok(None);
            }
        }
        let derived = |derivation, inputs| Tensor::derived(derivation, inputs, self.storage);
        let all = derived(Derivation::Reshape(vec![filters * maps, 1, height, width]), vec![weight.clone()])?;
        let index = Tensor::known(vec![kept.len() as u64], Values::Int(kept));
        let kernels = derived(Derivation::Gather(0), vec![all, index])?;
        let known = self.network.tables.iter().position(|known| **known == table);
        let number = known.unwrap_or_else(|| {
            self.network.tables.push(Arc::new(table));
            self.network.tables.len() - 1
        });
        Ok(Some((Argument::Table(number, Arc::clone(&self.network.tables[number])), kernels)))
    }
}

/// Reads a table such as `0 1; 1 2`: for each of the filters, its maps in order.
fn table(rows: &str, filters: u64, maps: u64) -> Option<ConnectionTable> {
    let row = |text: &str| text.split_whitespace().map(|map| map.parse().ok()).collect::<Option<Vec<u64>>>();
    let rows = rows.split(';').map(row).collect::<Option<Vec<Vec<u64>>>>()?;
    let is_row = |row: &Vec<u64>| {
        row.windows(2).all(|two| two[0] < two[1]) && row.last().is_some_and(|&last| last < maps)
    };
    (rows.len() as u64 == filters && rows.iter().all(is_row))
        .then_some(ConnectionTable { inputs: maps, rows })
}

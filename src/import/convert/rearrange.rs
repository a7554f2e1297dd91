//! Converts nodes that only rearrange elements: they become views.

use super::super::op::Argument;
use super::super::refusal::Reason;
use super::super::view::View;
use super::reader::{Reader, axis_at};
use super::{Converter, Draft};

impl<'a> Converter<'a> {
    pub(super) fn rearrange(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        let view = self.view(node, 0)?;
        let dims = view.dims();
        let rank = dims.len();
        let view = if node.node.kind == "Reshape" && rank == 4 {
            // A group normalisation takes the groups of a map that a word made.
            self.grouped(node, view)?
        } else {
            view
        };
        let view = match node.node.kind.as_str() {
            "Transpose" => {
                let order = node.ints("perm")?.unwrap_or_else(|| (0..rank as i64).rev().collect());
                let order: Vec<usize> = order.iter().filter_map(|&axis| usize::try_from(axis).ok()).collect();
                let mut sorted = order.clone();
                sorted.sort_unstable();
                if sorted != (0..rank).collect::<Vec<_>>() {
                    return Err("`perm` is no order of its axes".into());
                }
                view.transposed(&order)
            }
            kind => {
                let to = match kind {
                    "Flatten" => {
                        let axis = node.int("axis", 1)?;
                        let axis = if axis < 0 { axis + rank as i64 } else { axis };
                        let axis = usize::try_from(axis).ok().filter(|&axis| axis <= rank);
                        let (left, right) = dims.split_at(axis.ok_or("`axis` does not exist")?);
                        vec![left.iter().product(), right.iter().product()]
                    }
                    "Reshape" => self.reshape_to(node, &dims)?,
                    "Squeeze" => self.squeeze_to(node, &dims)?,
                    _ => self.unsqueeze_to(node, &dims)?,
                };
                match view.reshaped(&to) {
                    Some(reshaped) => reshaped,
                    None => {
                        let reshaped = self.spelled(node, view)?.reshaped(&to);
                        reshaped
                            .ok_or_else(|| format!("{dims:?} cannot be arranged as {to:?} by whole axes"))?
                    }
                }
            }
        };
        self.set(node, 0, View { module: node.hint.clone(), ..view });
        Ok(())
    }

    /// The view of a map, which a word makes if the node joins rows and columns only.
    fn grouped(&mut self, node: &Reader<'a>, view: View) -> Result<View, Reason> {
        match self.reshape_to(node, &view.dims())?.len() {
            3 => self.spelled(node, view),
            _ => Ok(view),
        }
    }

    fn reshape_to(&self, node: &Reader<'a>, dims: &[u64]) -> Result<Vec<u64>, Reason> {
        let wanted = match self.integers(node, 1, "shape")? {
            Some(wanted) => wanted,
            None => node.ints("shape")?.ok_or("its shape is missing")?,
        };
        node.ignore("consumed_inputs");
        let keeps_zero = node.int("allowzero", 0)? != 0;
        resolve(&wanted, dims, keeps_zero).ok_or_else(|| format!("{dims:?} cannot become {wanted:?}").into())
    }

    fn axes(&self, node: &Reader<'a>) -> Result<Option<Vec<i64>>, Reason> {
        match node.ints("axes")? {
            Some(axes) => Ok(Some(axes)),
            None => self.integers(node, 1, "list of axes"),
        }
    }

    fn squeeze_to(&self, node: &Reader<'a>, dims: &[u64]) -> Result<Vec<u64>, Reason> {
        let Some(axes) = self.axes(node)? else {
            return Ok(dims.iter().copied().filter(|&dim| dim != 1).collect());
        };
        let rank = dims.len() as i64;
        let axes: Vec<i64> = axes.iter().map(|&axis| if axis < 0 { axis + rank } else { axis }).collect();
        let kept = (0..rank).zip(dims).filter(|(axis, _)| !axes.contains(axis)).map(|(_, &dim)| dim);
        Ok(kept.collect())
    }

    fn unsqueeze_to(&self, node: &Reader<'a>, dims: &[u64]) -> Result<Vec<u64>, Reason> {
        let axes = self.axes(node)?.ok_or("its axes are missing")?;
        let rank = dims.len() + axes.len();
        if rank > 8 {
            return Err("it has more than eight axes".into());
        }
        let axes: Vec<i64> =
            axes.iter().map(|&axis| if axis < 0 { axis + rank as i64 } else { axis }).collect();
        let mut rest = dims.iter().copied();
        let to: Vec<u64> = (0..rank as i64)
            .map(|axis| if axes.contains(&axis) { 1 } else { rest.next().unwrap_or(1) })
            .collect();
        Ok(to)
    }

    /// Converts a gathering that takes each element of a flat value once and in order, as PyTorch exports a changed
    /// stride.
    pub(super) fn gather(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        let view = self.view(node, 0)?;
        let index = self.tensor(node, 1, "index")?.ok_or("its index is missing")?;
        let dims = view.dims();
        let axis = node.int("axis", 0)?;
        if axis != 0 {
            let at = axis_at(axis, dims.len())?;
            let view = self.spelled(node, view)?;
            return self.picked(node, &view, at, &index);
        }
        let in_order = dims.len() == 1
            && index.elements() == dims[0]
            && index.values(self.storage)?.integers().into_iter().eq(0..dims[0] as i64);
        match view.reshaped(index.dims()).filter(|_| in_order) {
            Some(reshaped) => {
                self.set(node, 0, View { module: node.hint.clone(), ..reshaped });
                Ok(())
            }
            None => Err(format!("it picks elements of {dims:?} by an index of {:?}", index.dims()).into()),
        }
    }

    /// Converts `DepthToSpace` and `SpaceToDepth`.
    pub(super) fn depth_space(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        let view = self.view(node, 0)?;
        let value = self.plain(node, &view)?;
        let block = u64::try_from(node.int("blocksize", 0)?).ok().filter(|&block| block > 0);
        let mut arguments = vec![Argument::Count(block.ok_or("`blocksize` is no size")?)];
        match node.text("mode", "DCR")? {
            "DCR" => arguments.push(Argument::Flag("dcr")),
            "CRD" => {}
            other => return Err(format!("`mode` is `{other}`").into()),
        }
        let word = if node.node.kind == "DepthToSpace" { "pixelshuffle" } else { "pixelunshuffle" };
        let value = self.emit(node, Draft::new(word, vec![value]).arguments(arguments))?;
        self.set(node, 0, self.whole(value));
        Ok(())
    }
}

/// The extents that a reshape asks for: 0 keeps an extent, −1 takes what is left.
pub(super) fn resolve(wanted: &[i64], dims: &[u64], keeps_zero: bool) -> Option<Vec<u64>> {
    let total = dims.iter().try_fold(1u64, |total, &dim| total.checked_mul(dim))?;
    let mut to: Vec<Option<u64>> = Vec::new();
    for (axis, &want) in wanted.iter().enumerate() {
        to.push(match want {
            -1 => None,
            0 if !keeps_zero => Some(*dims.get(axis)?),
            want => Some(u64::try_from(want).ok()?),
        });
    }
    let known = to.iter().flatten().try_fold(1u64, |total, &dim| total.checked_mul(dim))?;
    match to.iter().filter(|dim| dim.is_none()).count() {
        0 if known == total => {}
        1 if known > 0 && total % known == 0 => {}
        _ => return None,
    }
    Some(to.into_iter().map(|dim| dim.unwrap_or(total / known.max(1))).collect())
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn reshapes_follow_onnx() {
        assert_eq!(resolve(&[0, -1], &[1, 8, 2, 2], false), Some(vec![1, 32]));
        assert_eq!(resolve(&[1, 2, 16], &[1, 8, 2, 2], false), Some(vec![1, 2, 16]));
        assert_eq!(resolve(&[-1, -1], &[1, 8], false), None);
        assert_eq!(resolve(&[3, -1], &[1, 8], false), None);
    }
}

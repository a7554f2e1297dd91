//! Converts matrix products by a constant.

use super::super::fold::{Binary, Derivation};
use super::super::op::Argument;
use super::super::refusal::Reason;
use super::super::tensor::Tensor;
use super::super::view::View;
use super::names::{BIAS, WEIGHT};
use super::reader::Reader;
use super::windows::tensors;
use super::{Converter, Draft, Operand};

/// The weight rows that belong to a permuted order of the elements of the input.
fn permuted_columns(weight: Tensor, order: &[u64], converter: &Converter<'_>) -> Result<Tensor, Reason> {
    // Column j of the model's weight belongs to element order[j]: the inverse gathers them.
    let mut inverse = vec![0i64; order.len()];
    order.iter().enumerate().for_each(|(at, &element)| inverse[element as usize] = at as i64);
    let index = Tensor::known(vec![order.len() as u64], super::super::values::Values::Int(inverse));
    Ok(Tensor::derived(Derivation::Gather(1), vec![weight, index], converter.storage)?)
}

impl<'a> Converter<'a> {
    /// `Gemm` and `MatMul` by a constant: `dense`, or a 1x1 convolution of maps whose channels stand last.
    pub(super) fn dense(&mut self, node: &Reader<'a>) -> Result<(), Reason> {
        let operands = (self.operand(node, 0)?, self.operand(node, 1)?);
        let means = match &operands {
            (Operand::View(view), Operand::Tensor(matrix)) if node.node.kind == "MatMul" => {
                self.means(node, view, matrix, true)?
            }
            (Operand::Tensor(matrix), Operand::View(view)) if node.node.kind == "MatMul" => {
                self.means(node, view, matrix, false)?
            }
            _ => None,
        };
        if let Some(value) = means {
            self.set(node, 0, self.whole(value));
            return Ok(());
        }
        let (view, weight) = match operands {
            (Operand::View(view), Operand::Tensor(weight)) => (view, weight),
            (Operand::Tensor(_), _) => {
                return Err("a constant matrix times a value; only adaptive means are said".into());
            }
            _ => return Err("a product of two computed values; the language has no such operator".into()),
        };
        let &[rows, columns] = weight.dims() else {
            return Err(format!("its weight has {} axes", weight.dims().len()).into());
        };
        let mut transposed = false;
        if node.node.kind == "Gemm" {
            node.must_be("transA", 0)?;
            transposed = node.int("transB", 0)? != 0;
            node.ignore("broadcast");
        }
        let (outputs, inputs) = if transposed { (rows, columns) } else { (columns, rows) };
        let bias = self.dense_bias(node, outputs)?;
        let key = self.key(node, &[(Some(&weight), WEIGHT), (bias.as_ref(), BIAS)]);
        let mut weight = self.multiplied(node, weight, "alpha")?;
        let bias = bias.map(|bias| self.multiplied(node, bias, "beta")).transpose()?;
        // Without a bias its factor has no effect.
        node.ignore("beta");
        if !transposed {
            weight = Tensor::derived(Derivation::Transpose(vec![1, 0]), vec![weight], self.storage)?;
        }
        let shape = self.network.shape(view.value);
        if view.axes.len() == 4 && view.layout(shape) == Some([3, 1, 2]) && shape.channels() == inputs {
            let dims = vec![outputs, inputs, 1, 1];
            let weight = Tensor::derived(Derivation::Reshape(dims), vec![weight], self.storage)?;
            let arguments = vec![Argument::Window { dims: vec![1, 1, outputs], stride: (1, 1) }];
            let tensors = tensors(weight, bias);
            let value =
                self.emit(node, Draft { word: "conv", arguments, inputs: vec![view.value], key, tensors })?;
            let view = View::map(value, self.network.shape(value), self.batch, [3, 1, 2]);
            self.set(node, 0, view);
            return Ok(());
        }
        let value = match self.flat(node, &view) {
            Ok(value) => value,
            Err(reason) => {
                let Some(order) = view.order(shape).filter(|order| order.len() as u64 == inputs) else {
                    return Err(reason);
                };
                weight = permuted_columns(weight, &order, self)?;
                self.network.notes.push(format!(
                    "the columns of the weight of `{}` are permuted: its input was flattened in another order",
                    key.as_deref().unwrap_or(node.node.label())
                ));
                if shape.is_map() {
                    self.arranged(node, &view, view.value, "flatten", vec![])?
                } else {
                    view.value
                }
            }
        };
        let arguments = vec![Argument::Count(outputs)];
        let draft =
            Draft { word: "dense", arguments, inputs: vec![value], key, tensors: tensors(weight, bias) };
        let value = self.emit(node, draft)?;
        self.set(node, 0, self.whole(value));
        Ok(())
    }

    /// A constant times an attribute of the node, where that is not 1.
    fn multiplied(&self, node: &Reader<'a>, tensor: Tensor, name: &str) -> Result<Tensor, Reason> {
        let factor = node.float(name, 1.0)?;
        if factor == 1.0 {
            return Ok(tensor);
        }
        let factor = Tensor::known(vec![], super::super::values::Values::Real(vec![factor]));
        Ok(Tensor::derived(Derivation::Binary(Binary::Mul), vec![tensor, factor], self.storage)?)
    }

    /// The third input of `Gemm`, as one number for each output.
    fn dense_bias(&self, node: &Reader<'a>, outputs: u64) -> Result<Option<Tensor>, Reason> {
        if node.node.kind == "MatMul" {
            return Ok(None);
        }
        let Some(bias) = self.tensor(node, 2, "bias")? else { return Ok(None) };
        let dims = bias.dims();
        let last = dims.last().copied().unwrap_or(1);
        let rows: u64 = dims.iter().rev().skip(1).product();
        if rows != 1 || !(last == outputs || last == 1) {
            return Err(format!("its bias has the extents {dims:?}, not [{outputs}]").into());
        }
        let flat = Tensor::derived(Derivation::Reshape(vec![last]), vec![bias.clone()], self.storage)?;
        if last == outputs {
            return Ok(Some(if dims.len() == 1 { bias } else { flat }));
        }
        Ok(Some(Tensor::derived(Derivation::Expand(vec![outputs]), vec![flat], self.storage)?))
    }
}

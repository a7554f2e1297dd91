//! Recognises `rbf`: differences of a vector and the code of each class, squared and summed.

use super::super::op::Argument;
use super::super::refusal::Reason;
use super::super::tensor::Tensor;
use super::super::view::View;
use super::names::WEIGHT;
use super::reader::Reader;
use super::{Converter, Draft};

impl<'a> Converter<'a> {
    /// Converts `x − codes` of a value N×1×n and a constant m×n to an operator that only the sum of its squares can
    /// use. Returns whether the difference is one.
    pub(super) fn differences(
        &mut self,
        node: &Reader<'a>,
        view: &View,
        codes: &Tensor,
    ) -> Result<bool, Reason> {
        let (dims, &[classes, elements]) = (view.dims(), codes.dims()) else { return Ok(false) };
        // A single code could be a bias as well; it is one unless the file says otherwise.
        let is_code = classes > 1 || node.node.remark() == Some("codes");
        if dims.len() != 3 || dims[1] != 1 || dims[2] != elements || !is_code {
            return Ok(false);
        }
        let row = View { axes: vec![view.axes[0].clone(), view.axes[2].clone()], ..view.clone() };
        let Some(all) = classes.checked_mul(elements) else { return Ok(false) };
        let Ok(vector) = self.flat(node, &row) else { return Ok(false) };
        let draft = Draft {
            word: "differences",
            arguments: vec![Argument::Count(all)],
            inputs: vec![vector],
            key: self.key(node, &[(Some(codes), WEIGHT)]),
            tensors: vec![("weight", codes.clone())],
        };
        let value = self.emit(node, draft)?;
        let spread = self.whole(value).reshaped(&[dims[0], classes, elements]);
        self.set(node, 0, spread.ok_or("its differences cannot be arranged by classes")?);
        Ok(true)
    }

    /// Converts the sum of squared differences over the elements of each code. Returns whether the sum is one.
    pub(super) fn distances(&mut self, node: &Reader<'a>, view: &View) -> Result<bool, Reason> {
        let squared = self.maker(view.value).filter(|op| match op.word {
            "square" => true,
            "mul" => op.inputs.len() == 2 && op.inputs[0] == op.inputs[1],
            _ => false,
        });
        let differences = squared.and_then(|op| self.maker(op.inputs[0]));
        let Some(op) = differences.filter(|op| op.word == "differences").cloned() else { return Ok(false) };
        let &[_, classes, _] = view.dims().as_slice() else { return Ok(false) };
        let mut arguments = vec![Argument::Count(classes)];
        if node.node.remark() == Some("fixed") {
            arguments.push(Argument::Flag("fixed"));
        }
        let draft = Draft { word: "rbf", arguments, inputs: op.inputs, key: op.key, tensors: op.tensors };
        let value = self.emit(node, draft)?;
        self.set(node, 0, self.whole(value));
        Ok(true)
    }
}

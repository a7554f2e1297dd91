//! Forms that combine the ends of their branches: `concat`, `inception`, and the element-wise ones.

use crate::ops::{Add, Concat, Joined, Mul, Op, Pairwise};

use super::{Context, Expander, Form, Incoming};
use crate::sema::incoming::Current;

impl<'a> Expander<'a> {
    /// `concat`, `inception`, `add`, `mul`.
    pub(super) fn combination(&mut self, form: &Form<'a>, cx: &mut Context<'_>) -> Incoming {
        let ends = self.branch_ends(form, cx);
        let op: Op = match form.word.value.as_str() {
            "add" => Add { scale: None, zeropad: None }.into(),
            "mul" => Mul.into(),
            "sub" => Pairwise { joined: Joined::Difference }.into(),
            "max" => Pairwise { joined: Joined::Greatest }.into(),
            "min" => Pairwise { joined: Joined::Least }.into(),
            _ => Concat.into(),
        };
        if !matches!(op, Op::Concat(_)) && ends.len() < 2 {
            return self.wrong_branches(form, "two or more");
        }
        if form.word.value == "sub" && ends.len() != 2 {
            return self.wrong_branches(form, "two");
        }
        match self.operands(form, &ends) {
            Some(operands) => self.combine(op, form, &operands),
            None => Incoming::Unavailable,
        }
    }

    /// The values of all branches, where all are known.
    pub(super) fn operands(&mut self, form: &Form<'_>, ends: &[Incoming]) -> Option<Vec<Current>> {
        if ends.iter().any(|end| end.is_nothing()) {
            self.nothing_arrives(&form.word.value, form.word.span);
            return None;
        }
        ends.iter().map(|end| end.value().ok()).collect()
    }

    /// Adds the node of a form; shape errors name the ends of all branches.
    pub(super) fn combine(&mut self, op: Op, form: &Form<'_>, operands: &[Current]) -> Incoming {
        let info = self.node_info(form.path.clone(), form.bound.spec().name, form.word.span);
        let error = match self.try_add(op, operands, form.span, info) {
            Ok(value) => return value,
            Err(error) => error,
        };
        let shapes: Vec<_> = operands.iter().map(|operand| self.builder.shape(operand.node)).collect();
        let cause = self.shrinking_statement(form, operands);
        let mut builder = self.error(error.code, form.word.span, error.message).here(error.here);
        for (index, (operand, shape)) in operands.iter().zip(&shapes).enumerate() {
            builder = builder.label(operand.span, format!("branch {} ends here as {shape}", index + 1));
        }
        for note in error.notes {
            builder = builder.note(note);
        }
        builder = match cause {
            Some(cause) => cause.attach(builder),
            None => error.helps.into_iter().fold(builder, |builder, help| builder.help(help)),
        };
        builder.emit();
        Incoming::Unavailable
    }
}

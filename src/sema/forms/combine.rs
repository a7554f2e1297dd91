//! Forms that combine the ends of their branches: `concat`, `inception`, and the element-wise ones.

use crate::ops::{CombiningForm, Op};

use super::{Context, Expander, Form, Incoming};
use crate::sema::incoming::Current;

impl<'a> Expander<'a> {
    /// Expands a form that is an operator of the ends of its branches.
    pub(super) fn combination(
        &mut self,
        combination: &CombiningForm,
        form: &Form<'a>,
        cx: &mut Context<'_>,
    ) -> Incoming {
        let ends = self.branch_ends(form, cx);
        if !combination.branches.contains(&ends.len()) {
            let is_two = *combination.branches.end() == 2;
            return self.wrong_branches(form, if is_two { "two" } else { "two or more" });
        }
        match self.operands(form, &ends) {
            Some(operands) => self.combine((combination.operator)(), form, &operands),
            None => Incoming::Unavailable,
        }
    }

    /// The values of all branches; `None` where one is not known.
    pub(super) fn operands(&mut self, form: &Form<'_>, ends: &[Incoming]) -> Option<Vec<Current>> {
        if ends.iter().any(|end| end.is_nothing()) {
            self.nothing_arrives(&form.word.value, form.word.span);
            return None;
        }
        ends.iter().map(|end| end.value().ok()).collect()
    }

    /// Adds the node of a form. Shape errors label the ends of all branches.
    pub(super) fn combine(&mut self, op: Op, form: &Form<'_>, operands: &[Current]) -> Incoming {
        let info = self.node_info(form.path.clone(), form.bound.spec().name, form.word.span);
        let error = match self.try_add(op, operands, form.span, info) {
            Ok(value) => return value,
            Err(error) => error,
        };
        let shapes: Vec<_> = operands.iter().map(|operand| self.draft.graph.shape(operand.node)).collect();
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

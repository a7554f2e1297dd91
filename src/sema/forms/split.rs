//! `split n < a | b >` and `split (n1, n2, …) < a | b >`: each branch takes a part of the channels.

use crate::diag::Code;
use crate::ir::NodeInfo;
use crate::ops::{Concat, Slice};

use super::{Context, Expander, Form, Incoming};
use crate::sema::Unavailable;
use crate::sema::incoming::Current;

impl<'a> Expander<'a> {
    pub(super) fn split(&mut self, form: &Form<'a>, cx: &mut Context<'_>) -> Incoming {
        let arriving = cx.arriving;
        if arriving.is_nothing() {
            self.nothing_arrives("split", form.word.span);
        }
        let parts = self.parts(form, arriving);
        let mut ends = Vec::new();
        for (index, branch) in form.branches.iter().enumerate() {
            let part = match (&parts, arriving) {
                (Ok(parts), Incoming::Value(current)) => self.part(form, index, parts, current),
                _ => Incoming::Unavailable,
            };
            ends.push(self.branch(branch, cx.receiving(part)));
        }
        match ends.iter().map(|end| end.value()).collect::<Result<Vec<Current>, Unavailable>>() {
            Ok(operands) if parts.is_ok() => self.combine(Concat.into(), form, &operands),
            _ => Incoming::Unavailable,
        }
    }

    /// The number of channels of each part.
    fn parts(&mut self, form: &Form<'_>, arriving: Incoming) -> Result<Vec<u64>, Unavailable> {
        let given = form.bound.counts("lone value").unwrap_or(&[]).to_vec();
        let branches = form.branches.len();
        let number = match given[..] {
            [parts] => parts,
            _ => given.len() as u64,
        };
        if number != branches as u64 {
            self.wrong_branches(form, &format!("{number}, one for each part"));
            return Err(Unavailable);
        }
        let current = arriving.value()?;
        let shape = self.draft.graph.shape(current.node);
        let channels = shape.channels();
        let at = form.bound.span("lone value").unwrap_or(form.word.span);
        let (message, here) = match given[..] {
            [parts] if channels.is_multiple_of(parts) => return Ok(vec![channels / parts; branches]),
            [parts] => (
                format!("{channels} channels cannot be split into {parts} equal parts"),
                format!("{channels} is not a multiple of {parts}"),
            ),
            _ => {
                let sum = given.iter().map(|&part| u128::from(part)).sum::<u128>();
                if sum == u128::from(channels) {
                    return Ok(given);
                }
                let terms = given.iter().map(u64::to_string).collect::<Vec<_>>().join(" + ");
                (format!("the parts hold {sum} channels, and {channels} arrive"), format!("{terms} = {sum}"))
            }
        };
        self.error(Code::E0308, at, message)
            .here(here)
            .label(current.span, format!("{shape} comes from here"))
            .emit();
        Err(Unavailable)
    }

    /// The value of one part.
    fn part(&mut self, form: &Form<'_>, index: usize, parts: &[u64], from: Current) -> Incoming {
        let first = parts[..index].iter().sum();
        let path = [form.path.as_slice(), &[format!("part{index}")]].concat();
        let info = NodeInfo { is_layer: false, ..self.node_info(path, "slice", form.word.span) };
        match self.add(Slice { first, count: parts[index] }.into(), &[from], &form.bound, from.span, info) {
            Incoming::Value(value) => Incoming::Value(Current { span: form.word.span, ..value }),
            other => other,
        }
    }
}
